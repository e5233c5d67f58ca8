"""Looks: what all pictures share, from the symbols of the classes to the letters of a user.

Colours stand for roles ("class-0", "rung-chance"), named in the ``meta`` of each trace; the
page paints them for light, dark and paper. No user string reaches Plotly as markup, and none
becomes part of a template that it would interpret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nullprobe.report.figures.canvas import Figure

# Plotly's name of each symbol, and the letter that looks like it.
SYMBOLS = {
    "circle": "●", "diamond": "◆", "square": "■", "cross": "✚", "x": "✖", "circle-open": "○",
    "diamond-open": "◇", "square-open": "□",
}  # fmt: skip
N_COLOURS = 8
LONGEST = 60  # characters of a user string that a picture shows
MARGIN = {"l": 56, "r": 12, "t": 8, "b": 44}


@dataclass(frozen=True)
class Look:
    """How a class is drawn.

    Attributes
    ----------
    colour : int
        Number of its colour.
    symbol : str
        Plotly's name of its marker.
    letter : str
        The letter that looks like it.
    """

    colour: int
    symbol: str
    letter: str


def look(position: int) -> Look:
    """Return the look of the class at this position; 64 differ.

    Examples
    --------
    >>> look(1)
    Look(colour=1, symbol='diamond', letter='◆')
    >>> look(9)
    Look(colour=1, symbol='square', letter='■')
    """
    turn = (position + position // N_COLOURS) % len(SYMBOLS)
    return Look(position % N_COLOURS, *list(SYMBOLS.items())[turn])


def text(value: Any, longest: int = LONGEST) -> str:
    r"""Return a user string as Plotly shows it letter by letter.

    Plotly reads tags, entities and %{templates} in its texts, in flat pictures more than in 3-D
    ones; an invisible word joiner after their first letter makes them plain letters in both.

    Examples
    --------
    >>> text("<b>bold</b>").replace("\u2060", "|")
    '<|b>bold<|/b>'
    """
    line = " ".join(str(value).split())
    line = line if len(line) <= longest else line[: longest - 1] + "…"
    return re.sub("[<&%]", "\\g<0>\u2060", line)


def legend(names: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what the page shows of names in order: each with its colour and its letter."""
    return [
        {"name": str(name), "colour": look(i).colour, "glyph": look(i).letter}
        for i, name in enumerate(names)
    ]


def error(
    values: Sequence[Any],
    ends: Sequence[Sequence[Any]],
    *,
    width: int = 0,
    thickness: float = 1.8,
) -> dict[str, Any]:
    """Return bars from values to the ends of their intervals; of no length where one is unknown."""
    reach = [
        (0.0, 0.0) if value is None or None in (low, high) else (high - value, value - low)
        for value, (low, high) in zip(values, ends, strict=True)
    ]
    return {
        "type": "data",
        "symmetric": False,
        "thickness": thickness,
        "width": width,
        "array": [max(0.0, up) for up, _ in reach],
        "arrayminus": [max(0.0, down) for _, down in reach],
    }


def numbers(labels: Sequence[Any]) -> list[Any]:
    """Return the (first) value of each label of a numeric concept."""
    return [label[0] if isinstance(label, list) else label for label in labels]


def plain(figure: Figure) -> dict[str, Any]:
    """Return data and layout as plain values, without Plotly's own looks."""
    figure.update_layout(template="none", showlegend=False, margin=MARGIN)
    spec = json.loads(figure.to_json() or "{}")
    spec["layout"].pop("template", None)
    return {"data": spec["data"], "layout": spec["layout"]}
