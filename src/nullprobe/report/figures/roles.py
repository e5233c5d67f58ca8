"""Roles: what all pictures share, from the colours of the rungs to the letters of a user.

A colour stands for a role ("class-0", "rung-chance"). Here are the colours on light paper; the
page has those of dark paper under the same names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nullprobe._core.printable import in_a_line

LIGHT = {
    "ink": "#1b1d22", "muted": "#5d626c", "rule": "#e7e3dc", "rule-strong": "#b9b4aa",
    "paper": "#fdfcfa", "wash": "#f5f2ec",
    "rung-linear_algebra": "#4a62a8", "rung-chance": "#747b88", "rung-moments": "#b06a00",
    "rung-noise": "#9a3d2a", "rung-structure": "#a3195b", "rung-other": "#5d626c",
    "rung-inputs": "#0b7f70", "rung-architecture": "#2b7a3d", "rung-corpus": "#6b6f1e",
    "class-0": "#0072b2", "class-1": "#d55e00", "class-2": "#009e73", "class-3": "#b1559a",
    "class-4": "#c08a00", "class-5": "#56a9d9", "class-6": "#7a5230", "class-7": "#6b6f78",
    "heat": "#3a92c8",
}  # fmt: skip
# Matplotlib's marker, whether it is filled, and the letter that looks like it.
SYMBOLS = (
    ("o", True, "●"), ("D", True, "◆"), ("s", True, "■"), ("P", True, "✚"), ("X", True, "✖"),
    ("o", False, "○"), ("D", False, "◇"), ("s", False, "□"),
)  # fmt: skip
# Lines of several classes that have one colour: lengths of strokes and gaps, in line widths.
DASHES: tuple[Any, ...] = (
    "solid", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)), (0, (8, 2)), (0, (2, 2)),
    (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)),
)  # fmt: skip
HATCHES = ("", "////", "\\\\\\\\")  # tell overlapping bars apart without colour
N_COLOURS = 8
LONGEST = 60  # characters of a user's string that a picture shows
# Numbers are drawn in shades between two roles, which differ to every kind of eye.
LOW_END, HIGH_END, N_SHADES = "class-0", "class-4", 12


@dataclass(frozen=True)
class Look:
    """How a class is drawn.

    Attributes
    ----------
    colour : int
        Number of its colour.
    marker : str
        Matplotlib's name of its marker.
    filled : bool
        Whether the marker is filled.
    glyph : str
        The letter that looks like the marker.
    dash : str or tuple
        Matplotlib's name of its line.
    """

    colour: int
    marker: str
    filled: bool
    glyph: str
    dash: Any

    @property
    def hex(self) -> str:
        """Its colour on light paper."""
        return LIGHT[f"class-{self.colour}"]

    @property
    def mark(self) -> dict[str, Any]:
        """Keywords of a mark for Matplotlib's ``plot``."""
        face = self.hex if self.filled else "none"
        return {"marker": self.marker, "color": self.hex, "markerfacecolor": face}


def look(position: int) -> Look:
    """Return the look of the class at this position; 64 differ.

    Examples
    --------
    >>> look(1).glyph, look(9).glyph, look(9).hex
    ('◆', '■', '#d55e00')
    """
    turn = (position + position // N_COLOURS) % len(SYMBOLS)
    return Look(position % N_COLOURS, *SYMBOLS[turn], DASHES[(position // N_COLOURS) % len(DASHES)])


def rung_hex(key: str) -> str:
    """Return the colour of a rung; "other" is the colour of one without a colour.

    Examples
    --------
    >>> rung_hex("moments"), rung_hex("random_subspaces") == rung_hex("other")
    ('#b06a00', True)
    """
    return LIGHT.get(f"rung-{key}", LIGHT["rung-other"])


def legend(names: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what the page shows of names in order: each with its colour and its letter."""
    return [
        {"name": str(name), "colour": look(i).colour, "glyph": look(i).glyph}
        for i, name in enumerate(names)
    ]


def text(value: Any, longest: int = LONGEST) -> str:
    r"""Return a user's string as a picture shows it: in one line, printable, shortened.

    Examples
    --------
    >>> text("a  very\nlong name", 10), text("a\x1b[2J")
    ('a very lo…', 'a\\x1b[2J')
    """
    line = in_a_line(" ".join(str(value).split()))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def numbers(labels: Sequence[Any]) -> list[Any]:
    """Return the (first) value of each label of a numeric concept.

    Examples
    --------
    >>> numbers([1.0, 2.0]), numbers([[1.0, 5.0], [2.0, 6.0]])
    ([1.0, 2.0], [1.0, 2.0])
    """
    return [label[0] if isinstance(label, list | tuple) else label for label in labels]


def shades() -> list[str]:
    """Return the colours of numbers, from the smallest to the largest."""
    return list(_MIXTURES)


def colours() -> dict[str, str]:
    """Return, for each colour of a picture, how the page writes it in CSS.

    Examples
    --------
    >>> colours()["#1b1d22"]
    'var(--ink, #1b1d22)'
    """
    known = {colour: f"var(--{role}, {colour})" for role, colour in reversed(LIGHT.items())}
    return _MIXTURES | known


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _mixtures() -> dict[str, str]:
    """Return each shade, with how CSS mixes it from the two roles."""
    low, high = LIGHT[LOW_END], LIGHT[HIGH_END]
    mixed: dict[str, str] = {}
    for share in (i / (N_SHADES - 1) for i in range(N_SHADES)):
        pairs = zip(_channels(low), _channels(high), strict=True)
        channels = [round((1 - share) * one + share * other) for one, other in pairs]
        colour = "#" + "".join(f"{channel:02x}" for channel in channels)
        ends = f"var(--{HIGH_END}, {high}) {100 * share:.0f}%, var(--{LOW_END}, {low})"
        mixed[colour] = f"color-mix(in srgb, {ends})"
    return mixed


_MIXTURES = _mixtures()
