"""Layers: one claim over several representations, with its nulls and simpler readers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe.report.figures import axis, roles
from nullprobe.report.figures.sheet import Axes
from nullprobe.report.limits import Limits, finite, floats, limits
from nullprobe.report.text.rungs import rung
from nullprobe.report.text.wording import claim_name, counted

BANDS = ("chance", "moments", "noise")  # nulls that are drawn as bands
RANGE = (0.025, 0.975)  # quantiles of the draws
MARKS = {"yes": "full", "no": "none", "unclear": "left"}  # how the mark of a verdict is filled
SHOWN = 0.1  # of the way from chance to 1 at least, or noise would look like a finding
LONGEST = 22  # letters of a representation below its tick
MOST_READERS = 8  # simpler readers that are drawn
PIECES = re.compile(r"\w+|\W", re.UNICODE)


@dataclass(frozen=True)
class Reader:
    """A simpler reader of the rows, in each representation.

    Attributes
    ----------
    name : str
    rung : str
        Whose colour it has.
    values : tuple of float or None
        What it reads, in the order of the representations.
    """

    name: str
    rung: str
    values: tuple[float | None, ...]


def layers(
    documents: Sequence[Mapping[str, Any]],
    claim_name: str,
    ax: Axes,
    readers: Sequence[Reader] | None = None,
) -> list[str]:
    """Draw a claim over representations: observation, intervals, bands of draws, simpler readers.

    The mark of the observation is filled where the claim holds, hollow where it does not, and half
    filled where that is unclear.

    Parameters
    ----------
    documents : sequence of mapping
        Documents of audits, in the order of the representations.
    claim_name : str
        Such as "readable".
    ax : Axes
    readers : sequence of Reader, optional
        Simpler readers; by default those of the claim.

    Returns
    -------
    list of str
        What is not shown, in sentences.
    """
    claims = [_claim(document, claim_name) for document in documents]
    judged = [(x, claim) for x, claim in enumerate(claims) if claim is not None]
    names = [document["representation"] or document["title"] for document in documents]
    pattern, short = shortened_names(names)
    if not judged:
        axis.frame(ax, pattern, "")
        axis.names_at(ax, "x", range(len(names)), short, LONGEST)
        return [f"{_title(claim_name)} was not judged in any representation."]
    metric = judged[0][1]["metric"]
    chosen = readers_of(claims) if readers is None else readers
    drawn = [*_bands(ax, claims, metric), *_readers(ax, chosen)]
    shown = _limits(judged, drawn, metric)
    if metric["chance"] is not None:
        axis.rule(ax, metric["chance"], "chance", upright=False)
    _observations(ax, judged, shown)
    axis.frame(ax, pattern, metric["name"])
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.set_ylim(*shown.ends)
    ax.locator_params(axis="y", nbins=6)
    axis.names_at(ax, "x", range(len(names)), short, LONGEST)
    notes = axis.not_shown(shown, "observation")
    missing = len(claims) - len(judged)
    if missing:
        notes.append(
            f"{_title(claim_name)} was not judged in {counted(missing, 'representation')}."
        )
    return notes


def _title(name: str) -> str:
    return f"“{claim_name(name)}”"


def _claim(document: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    return next((claim for claim in document["claims"] if claim["name"] == name), None)


def _bands(
    ax: Axes, claims: Sequence[Mapping[str, Any] | None], metric: Mapping[str, Any]
) -> list[float]:
    """Draw where 95 % of the draws lie, a step for each representation; return the ends."""
    edges = np.arange(len(claims) + 1) - 0.5
    ends: list[float] = []
    for key in BANDS:
        samples = [_draws(claim, key, metric) for claim in claims]
        quantiles = [
            np.quantile(draws, RANGE) if len(draws) else np.full(2, np.nan) for draws in samples
        ]
        low, high = np.array(quantiles).T
        if np.isnan(low).all():
            continue
        known = rung(key)
        ax.stairs(
            high, edges, baseline=low, fill=True, color=roles.rung_hex(key), alpha=0.28,
            linewidth=0, label=axis.key(known.drawn),
        )  # fmt: skip
        ends += [*low[~np.isnan(low)].tolist(), *high[~np.isnan(high)].tolist()]
    return ends


def _draws(claim: Mapping[str, Any] | None, key: str, metric: Mapping[str, Any]) -> np.ndarray:
    """Return the draws of a null that has the metric of the claim."""
    nulls: list[Any] = claim["nulls"] if claim is not None else []
    values = [
        floats(null["values"])
        for null in nulls
        if null["rung"] == key and null["metric"]["name"] == metric["name"]
    ]
    draws = np.concatenate(values) if values else np.zeros(0)
    return draws[~np.isnan(draws)]


def readers_of(claims: Sequence[Mapping[str, Any] | None]) -> list[Reader]:
    """Return the simpler readers of a claim in each representation, or None where it has none."""
    simpler = [{one["name"]: one for one in claim["beside"]} if claim else {} for claim in claims]
    rungs = {name: one["rung"] for each in simpler for name, one in each.items()}
    return [
        Reader(name, key, tuple(each[name]["value"] if name in each else None for each in simpler))
        for name, key in rungs.items()
    ]


def _readers(ax: Axes, readers: Sequence[Reader]) -> list[float]:
    """Draw each simpler reader as a thin line; return what they read."""
    values: list[float] = []
    for position, one in enumerate(readers[:MOST_READERS]):
        y = floats(one.values)
        known = ~np.isnan(y)
        if not known.any():
            continue
        ax.plot(
            np.flatnonzero(known), y[known], color=roles.rung_hex(one.rung), linewidth=1.1,
            linestyle=roles.DASHES[position], marker="o", markersize=3.5,
            markerfacecolor="none", label=axis.key(one.name),
        )  # fmt: skip
        values += y[known].tolist()
    return values


def _limits(
    judged: Sequence[tuple[int, Mapping[str, Any]]],
    drawn: Sequence[float],
    metric: Mapping[str, Any],
) -> Limits:
    """Return the range of the readings: without outliers, with chance and a little above it."""
    observed = [claim["observed"] for _, claim in judged]
    ends = [end for _, claim in judged for end in (claim["interval"] or ())]
    chance = metric["chance"]
    visible = [] if chance is None else [chance, chance + SHOWN * (1 - chance)]
    inner = limits([observed], visible, axis.floor(metric))
    outer = limits([observed, ends, drawn], visible, axis.floor(metric))
    known = finite(observed)
    below, above = int((known < outer.low).sum()), int((known > outer.high).sum())
    return Limits(min(inner.low, outer.low), max(inner.high, outer.high), below, above)


def _observations(ax: Axes, judged: Sequence[tuple[int, Mapping[str, Any]]], shown: Limits) -> None:
    """Draw the observations with their intervals, marked by their verdicts."""
    ink = axis.ink(ax)
    size = 6.5 if len(judged) <= 40 else 4.5
    x = floats([place for place, _ in judged])
    y = floats([claim["observed"] for _, claim in judged])
    axis.whiskers(
        ax, [claim["observed"] for _, claim in judged],
        [claim["interval"] for _, claim in judged], x.tolist(), ink,
    )  # fmt: skip
    ax.plot(x, y, color=ink, linewidth=0.9, alpha=0.6)
    for holds, filled in MARKS.items():
        chosen = np.array([claim["holds"] == holds for _, claim in judged]) & ~np.isnan(y)
        if chosen.any():
            ax.plot(
                x[chosen], y[chosen], "o", color=ink, fillstyle=filled, markersize=size,
                markerfacecoloralt="none", label=f"observed: {holds}", zorder=3,
            )  # fmt: skip
    for beyond, mark, end in ((y < shown.low, "v", shown.low), (y > shown.high, "^", shown.high)):
        if beyond.any():
            ax.plot(x[beyond], np.full(beyond.sum(), end), mark, color=ink, markersize=size)


def shortened_names(names: Sequence[str]) -> tuple[str, list[str]]:
    """Return what names have in common, and the part of each that differs.

    Examples
    --------
    >>> shortened_names(["layers.1.output", "layers.12.output"])
    ('layers.*.output', ['1', '12'])
    >>> shortened_names(["layer 0", "layer 1"]), shortened_names(["early", "late"])
    (('layer *', ['0', '1']), ('representation', ['early', 'late']))
    """
    pieces = [PIECES.findall(name) for name in names]
    least = min(map(len, pieces), default=0) - 1
    first = pieces[0] if pieces else []
    start = next((i for i in range(max(0, least)) if _differ(pieces, i)), max(0, least))
    room = max(0, least - start)
    end = next((i for i in range(room) if _differ(pieces, -1 - i)), room)
    if len(names) < 2 or start + end == 0 or not any(_letters(first, start, end)):
        return "representation", list(names)
    stop = [len(each) - end for each in pieces]
    short = ["".join(each[start:last]).strip() for each, last in zip(pieces, stop, strict=True)]
    if not all(short):
        return "representation", list(names)
    common = "".join([*first[:start], "*", *first[len(first) - end :]])
    return common, short


def _differ(pieces: Sequence[Sequence[str]], position: int) -> bool:
    return len({each[position] for each in pieces}) > 1


def _letters(first: Sequence[str], start: int, end: int) -> list[bool]:
    return [piece.strip() != "" for piece in [*first[:start], *first[len(first) - end :]]]
