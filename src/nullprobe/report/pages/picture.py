"""Picture: what stands around a figure on a page: its question, key, notes, numbers and links."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from nullprobe.report.figures import sheet
from nullprobe.report.text.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HALF, WHOLE = 600, 1120  # pixels wide: next to the words, or below them


@dataclass(frozen=True)
class Picture:
    """A figure with all that stands around it.

    Attributes
    ----------
    key : str
        Its anchor, which differs between the pictures of a page.
    title : str
        The question that it answers.
    description : str
        What it shows, for those who do not see it.
    svg : Markup
        The figure.
    notes : sequence of str
        What it does not show.
    entries : sequence of mapping
        Its key: a "glyph" or a "swatch", its class "ink", and a "name".
    table : Table or None
        Its numbers.
    """

    key: str
    title: str
    description: str
    svg: Markup
    notes: Sequence[str] = ()
    entries: Sequence[Mapping[str, Any]] = ()
    table: Table | None = None


def drawn(
    key: str, size: tuple[float, float], draw: Callable[[Axes], list[str]]
) -> tuple[Markup, list[str]]:
    """Return a figure as SVG, and what it does not show.

    Parameters
    ----------
    key : str
    size : tuple of two floats
        Pixels.
    draw : callable
        Draws on axes, and returns notes.
    """
    return drawn_together(key, size, lambda axes: draw(axes[0]), 1)


def drawn_together(
    key: str, size: tuple[float, float], draw: Callable[[Sequence[Axes]], list[str]], columns: int
) -> tuple[Markup, list[str]]:
    """Return a figure of several axes side by side as SVG, and what it does not show."""
    figure, axes = sheet.new(*size, columns=columns)
    notes = draw(axes)
    return Markup(sheet.svg(figure, key)), notes


@dataclass(frozen=True)
class Later(Table):
    """A table that the page's script writes when it is looked at, from the embedded numbers.

    Attributes
    ----------
    source : str
        Where the numbers are.
    """

    source: str = ""


def later(table: Table, source: str, data: dict[str, Any]) -> Later:
    """Return a table to be written later; its numbers join the data."""
    data[source] = {"caption": table.caption, "columns": table.columns, "rows": table.rows}
    return Later(**vars(table), source=source)


def glyph(letter: str, ink: str, name: str) -> dict[str, str]:
    """Return an entry of a key: a letter in some colour."""
    return {"glyph": letter, "ink": ink, "name": name}


def swatch(kind: str, ink: str, name: str) -> dict[str, str]:
    """Return an entry of a key: an area, "plain", "hatched", "crossed" or "faint"."""
    return {"swatch": kind, "ink": ink, "name": name}


def anchor(text: str) -> str:
    """Return what a title is called in a link.

    Examples
    --------
    >>> anchor("Digits: odd or even?")
    'digits-odd-or-even'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
