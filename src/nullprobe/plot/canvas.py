"""Canvas: the axes that a plot is drawn on, with its legend and its notes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from importlib import import_module
from numbers import Real
from typing import TYPE_CHECKING, Any

from nullprobe._core.validation import InputTypeError, complain
from nullprobe.report.figures import axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_KEYS = 16  # of a legend
HANDLE = 6  # letters that a mark takes in a legend
LETTERS = 2.1  # letters of a point's height in a point of width


def canvas(
    ax: Any, size: tuple[float, float] | None, font_size: float | None,
    usual: tuple[float, float], columns: int = 1,
) -> list[Axes]:  # fmt: skip
    """Return the axes that were passed, or new ones that `pyplot` shows.

    Parameters
    ----------
    ax : Axes, sequence of Axes or None
    size : tuple of two floats or None
        Width and height of a new figure in inches; ``usual`` by default.
    font_size : float or None
        Points of the letters; by default those of the axes.
    usual : tuple of two floats
    columns : int
        How many axes are needed.

    Raises
    ------
    InputError
        If ax are not as many axes as needed, or a size is not positive.
    """
    for name, values in (("size", size), ("font_size", None if font_size is None else [font_size])):
        _positive(name, values)
    if ax is None:
        pyplot = import_module("matplotlib.pyplot")
        figure = pyplot.figure(figsize=size or usual, layout="constrained")
        axes = figure.subplots(1, columns, squeeze=False)[0].tolist()
    else:
        axes = _passed(ax, size, columns)
    for one in axes:
        if font_size is not None:
            one.xaxis.label.set_size(font_size)
            one.yaxis.label.set_size(font_size)
    return axes


def _positive(name: str, values: Any) -> None:
    if values is None:
        return
    pair = name == "size"
    try:
        numbers = list(values)
    except TypeError:
        numbers = [values]
    positive = all(isinstance(value, Real) and float(value) > 0 for value in numbers)
    if not positive or (pair and len(numbers) != 2):
        shown = numbers[0] if not pair else tuple(numbers)
        required = "width and height in inches, above 0" if pair else "a number of points above 0"
        complain(f"{name} must be {required}", f"{shown!r} arrived")


def _passed(ax: Any, size: Any, columns: int) -> list[Any]:
    kind = import_module("matplotlib.axes").Axes
    try:
        axes = [ax] if isinstance(ax, kind) else list(getattr(ax, "flat", ax))
    except TypeError:
        axes = []
    if len(axes) != columns or not all(isinstance(one, kind) for one in axes):
        complain(
            "ax must be Matplotlib axes" if columns == 1 else f"ax must be {columns} axes",
            f"{type(ax).__name__} arrived" if columns == 1 else f"{len(axes)} arrived",
            "leave ax out, and new axes are made",
        )
    if size is not None:
        complain("size is for new axes only", "ax was passed, too", "set the size of its figure")
    return axes


def finish(axes: Sequence[Axes], notes: Sequence[str], *, legend: bool, new: bool) -> None:
    """Add a legend, and notes below the first axes.

    Parameters
    ----------
    axes : sequence of Axes
    notes : sequence of str
    legend : bool
        Whether marks are explained.
    new : bool
        Whether the figure was made for the plot: then the legend stands above it.
    """
    notes = list(notes)
    if legend:
        notes += _legend(axes[0], new)
    if notes:
        ax = axes[0]
        width = int(axis.pixels(ax)[0] * LETTERS)
        lines = [line for note in notes for line in textwrap.wrap(note, max(20, width))]
        label = ax.xaxis.label
        label.set_text("\n".join([part for part in (label.get_text(), *lines) if part]))


def _legend(ax: Axes, new: bool) -> list[str]:
    """Add a legend where there is something to explain; return a note on what it leaves out."""
    handles, names = ax.get_legend_handles_labels()
    unique = dict(reversed([*zip(names, handles, strict=True)]))
    names = list(dict.fromkeys(names))
    left_out = len(names) - MOST_KEYS
    names = names[:MOST_KEYS]
    if not names:
        return []
    letters = axis.SMALL * axis.size(ax)
    owner: Any = ax.get_figure(root=True) if new else ax
    width = owner.bbox.width / (owner.figure if not new else owner).dpi * 72 / letters * LETTERS
    columns = max(1, min(len(names), int(width / (max(map(len, names)) + HANDLE))))
    legend = owner.legend(
        [unique[name] for name in names], names, loc="outside upper left" if new else "best",
        ncols=columns if new else 1, frameon=False, fontsize=letters, labelcolor=axis.ink(ax),
    )  # fmt: skip
    for words in legend.get_texts():
        words.set(**axis.LITERAL)
    return [f"{left_out} more are not named."] if left_out > 0 else []


def wrong(function: str, required: str, result: Any) -> InputTypeError:
    """Return the error of a plot that was given another kind of result."""
    return InputTypeError(f"plot.{function} needs {required}", f"{type(result).__name__} arrived")
