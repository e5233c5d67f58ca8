"""Planes: a sample of the rows before and after erasure, on the same axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe.report.figures import axis, roles
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.limits import constant, floats, limits
from nullprobe.report.text import wording
from nullprobe.report.text.wording import number

STRIP = 0.7  # height that the points of one class take in a strip
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
GOLDEN_SHARE = 0.6180339887498949
LONGEST = 26  # letters of a class next to its strip
MOST_POINTS = 1200
TITLES = ("before erasure", "after erasure")


def before_and_after(
    portrait: Mapping[str, Any], numeric: bool, axes: Sequence[Axes], *, standardised: bool = False
) -> list[str]:
    """Draw a sample of the rows on the first two axes of a portrait, or a strip for one axis.

    Points that coincide are fanned out.

    Parameters
    ----------
    portrait : mapping
        Of a document.
    numeric : bool
        Whether the concept is numbers, drawn as shades, rather than labels.
    axes : sequence of two Axes
        For the rows before and after erasure.
    standardised : bool
        Whether features are standardised.

    Returns
    -------
    list of str
        What is not shown, in sentences.
    """
    suffix = "_standardised" if standardised else ""
    rows = axis.thinned(len(portrait["labels"]), MOST_POINTS)
    labels = [portrait["labels"][i] for i in rows]
    views = [_points(portrait[f"{view}{suffix}"], rows) for view in ("raw", "erased")]
    strip = views[0].shape[1] == 1
    if strip:
        heights = floats(roles.numbers(labels)) if numeric else _strip(labels)
        views = [np.column_stack([view, heights]) for view in views]
    shown = [limits([view[:, side] for view in views]) for side in (0, 1)]
    names = [*portrait["axes"], "concept" if numeric else ""][:2]
    for ax, view, title in zip(axes, views, TITLES, strict=True):
        spans = np.array([one.ends[1] - one.ends[0] for one in shown])
        flat = view if strip else fanned(view, spans)
        _draw(ax, flat, labels, numeric)
        axis.frame(ax, *names)
        axis.heading(ax, title)
        ax.set_xlim(*shown[0].ends)
        ax.set_ylim(*shown[1].ends)
        if strip and not numeric:
            classes = wording.classes(labels)
            axis.names_at(ax, "y", range(len(classes)), classes, LONGEST)
        else:
            ax.locator_params(axis="y", nbins=6)
        ax.locator_params(axis="x", nbins=6)
    if numeric and not strip:
        _scale(axes[-1], labels)
    notes = [note for one in shown for note in axis.not_shown(one, "coordinate")]
    if len(rows) < len(portrait["labels"]):
        notes.append(f"{len(rows):,} of {len(portrait['labels']):,} rows are shown.")
    return notes


def _points(coordinates: Sequence[Sequence[Any]], rows: np.ndarray) -> np.ndarray:
    """Return the first two coordinates of some rows."""
    return np.array([floats(coordinates[i][:2]) for i in rows]).reshape(len(rows), -1)


def _draw(ax: Axes, points: np.ndarray, labels: Sequence[Any], numeric: bool) -> None:
    style: dict[str, Any] = {"linestyle": "", "markersize": 4.5, "alpha": 0.75}
    if numeric:
        values = floats(roles.numbers(labels))
        shades, step = roles.shades(), _steps(values)
        for i, colour in enumerate(shades):
            chosen = points[step == i]
            ax.plot(*chosen.T, marker="o", color=colour, markeredgewidth=0, **style)
        return
    codes = {name: i for i, name in enumerate(wording.classes(labels))}
    position = np.array([codes[label] for label in labels])
    for name, i in codes.items():
        look, chosen = roles.look(i), points[position == i]
        edge = 0.0 if look.filled else 1.0
        label = axis.key(name)
        ax.plot(*chosen.T, **look.mark, markeredgewidth=edge, label=label, **style)


def _steps(values: np.ndarray) -> np.ndarray:
    """Return the number of the shade of each value; −1 for one that is unknown."""
    if constant(values) is not None or np.isnan(values).all():
        return np.where(np.isnan(values), -1, 0)
    low, high = limits([values]).low, limits([values]).high
    share = np.clip((values - low) / (high - low or 1.0), 0, 1)
    return np.where(np.isnan(share), -1, np.nan_to_num(share * (roles.N_SHADES - 1)).round())


def _scale(ax: Axes, labels: Sequence[Any]) -> None:
    """Draw the scale of the numbers at the right."""
    values = floats(roles.numbers(labels))
    if np.isnan(values).all():
        return
    bar = ax.inset_axes((1.03, 0.15, 0.03, 0.7))
    shown = limits([values])
    bar.bar(0, 1, 1, np.arange(roles.N_SHADES), color=roles.shades(), linewidth=0)
    bar.patch.set_visible(False)
    bar.spines[:].set_visible(False)
    bar.set_xlim(-0.5, 0.5)
    bar.set_ylim(0, roles.N_SHADES)
    bar.set_xticks([])
    bar.yaxis.tick_right()
    bar.set_yticks([0, roles.N_SHADES], labels=[number(shown.low), number(shown.high)])
    bar.tick_params(length=0, labelsize=axis.SMALL * axis.size(ax), labelcolor=axis.ink(ax))
    bar.set_title("concept", fontsize=axis.SMALL * axis.size(ax), color=axis.ink(ax))


def fanned(points: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Return points (n, 2) with those that coincide spread like the seeds of a sunflower.

    Points alone stay where they are; of m in one place each stays near it, on a disc whose
    area grows with m.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
    spans : ndarray of shape (2,)
        Lengths of the axes.

    Examples
    --------
    >>> import numpy as np
    >>> spread = fanned(np.zeros((3, 2)), np.ones(2))
    >>> len(np.unique(spread, axis=0)), bool(np.abs(spread).max() < 0.03)
    (3, True)
    """
    cells = np.round(np.nan_to_num(points) / spans * 1e5)
    _, place, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    place = place.reshape(-1)
    step = min(0.012, 0.055 / np.sqrt(counts.max(initial=1)))
    order = np.argsort(place, kind="stable")
    rank = np.empty(len(points))
    rank[order] = np.arange(len(points)) - np.repeat(np.cumsum(counts) - counts, counts)
    radius = np.where(counts[place] > 1, step * np.sqrt(rank), 0.0)
    turn = np.column_stack([np.cos(GOLDEN_ANGLE * rank), np.sin(GOLDEN_ANGLE * rank)])
    return points + radius[:, None] * turn * spans


def _strip(labels: Sequence[Any]) -> np.ndarray:
    """Return a height for each point of a strip: its class, spread evenly around it."""
    position = {name: i for i, name in enumerate(wording.classes(labels))}
    golden = (np.arange(len(labels)) * GOLDEN_SHARE) % 1.0
    return np.array([position[label] for label in labels]) + STRIP * (golden - 0.5)
