"""Plots of comparisons: of erasers, and of probes of contrast pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nullprobe._core import parameters
from nullprobe.comparing.eraser_result import Comparison
from nullprobe.comparing.pair_result import PairComparison
from nullprobe.plot.canvas import canvas, finish, wrong
from nullprobe.report.figures import erasers as eraser_figures
from nullprobe.report.figures import pairs as pair_figures
from nullprobe.report.text.comparisons import ordered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INCH = 100  # pixels of the heights that pictures ask for


def erasers(
    result: Comparison,
    show: Literal["read_back", "damage"] = "read_back",
    *,
    ax: Axes | None = None,
    size: tuple[float, float] | None = None,
    font_size: float | None = None,
) -> Axes:
    """Plot what fresh probes read after each eraser, or how far each eraser moves rows.

    Parameters
    ----------
    result : Comparison
    show : {"read_back", "damage"}
    ax, size, font_size
        As for :func:`verdicts`.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If the result is of another kind, or ``show`` another word.

    Examples
    --------
    >>> from nullprobe import compare, plot, worlds
    >>> w = worlds.gaussian(n=120, d=3, gap=3.0, random_state=0)
    >>> result = compare(w.X, w.y, erasers=["leace"], probes=["linear"])
    >>> ax = plot.erasers(result)
    >>> ax.get_xlabel(), [label.get_text() for label in ax.get_yticklabels()]
    ('AUC', ['nothing erased', 'leace'])
    """
    if not isinstance(result, Comparison):
        raise wrong("erasers", "a Comparison", result)
    parameters.choice("show", show, ["read_back", "damage"])
    document = result.document().plain()
    rows, columns = ordered(document["rows"]), document["probes"]
    n_marks = len(columns) if show == "read_back" else 1
    high = eraser_figures.height(len(rows), n_marks) / INCH
    axes = canvas(ax, size, font_size, (6.0, high + 0.3))
    if show == "damage":
        notes = eraser_figures.damage(rows, axes[0])
    else:
        notes = eraser_figures.readings(rows, columns, "read_back", axes[0])
    finish(axes, notes, legend=n_marks > 1, new=ax is None)
    return axes[0]


def pairs(
    result: PairComparison,
    *,
    ax: Axes | None = None,
    size: tuple[float, float] | None = None,
    font_size: float | None = None,
) -> Axes:
    """Plot how often probes of contrast pairs agree with each label, and random directions.

    Parameters
    ----------
    result : PairComparison
    ax, size, font_size
        As for :func:`verdicts`.

    Returns
    -------
    Axes

    Raises
    ------
    InputError
        If the result is of another kind.

    Examples
    --------
    >>> from nullprobe import compare_pairs, plot, worlds
    >>> w = worlds.contrast(n=90, d=3, random_state=0)
    >>> result = compare_pairs(w.pairs, n_random=99, n_permutations=39)
    >>> plot.pairs(result).get_xlabel()
    'share of held-out pairs'
    """
    if not isinstance(result, PairComparison):
        raise wrong("pairs", "a PairComparison", result)
    document = result.document().plain()
    n_marks = len(document["labels"])
    high = eraser_figures.height(len(document["rows"]) + 1, n_marks) / INCH
    axes = canvas(ax, size, font_size, (6.0, high + 0.3))
    notes = pair_figures.agreements(document, axes[0])
    finish(axes, notes, legend=n_marks > 1, new=ax is None)
    return axes[0]
