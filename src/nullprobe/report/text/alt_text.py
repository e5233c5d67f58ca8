"""Text alternatives of pictures, in words computed from their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe.report.histograms import Bins, present
from nullprobe.report.text import rungs, wording
from nullprobe.report.text.wording import number


def portrait(shown: Mapping[str, Any], view: str, n_rows: int, numeric: bool) -> str:
    """Say how far apart the classes lie before and after erasure.

    Parameters
    ----------
    shown : mapping
        The portrait of a document.
    view : str
        "raw" or "standardised".
    n_rows : int
        Rows of the data set; the points may be a sample of them.
    numeric : bool
        Whether the concept is numbers.
    """
    labels = shown["labels"]
    suffix = "" if view == "raw" else "_standardised"
    before, after = (
        np.array(shown[name + suffix], dtype=np.float64) for name in ("raw", "erased")
    )  # None becomes NaN
    many = f"{len(labels):,}" + (f" of {n_rows:,}" if n_rows > len(labels) else "")
    text = f"{many} points along {_listed(shown['axes'])}, {view}. "
    if numeric:
        ties = [_strongest_tie(points, labels) for points in (before, after)]
        return text + (
            "The strongest correlation of a coordinate shown with the concept is "
            f"{number(ties[0])} before erasure and {number(ties[1])} after it."
        )
    gaps = [_widest_gap(points, labels) for points in (before, after)]
    after = number(gaps[1]) if gaps[1] >= 1e-3 else "less than 0.001"
    furthest = " (the two furthest)" if len(wording.classes(labels)) > 2 else ""
    sampled = " (the eraser was fitted on all rows, these are some)" if n_rows > len(labels) else ""
    return text + (
        f"The class means of these points lie {number(gaps[0])} apart before erasure"
        f"{furthest} and {after} after it{sampled}: "
        + ("one centre for all." if gaps[1] <= 0.05 * gaps[0] else "not one centre, as shown.")
    )


def _widest_gap(points: np.ndarray, labels: Sequence[Any]) -> float:
    means = [
        np.nanmean(points[[label == name for label in labels]], axis=0)
        for name in wording.classes(labels)
    ]
    return float(f"{max(np.linalg.norm(a - b) for a in means for b in means):.6g}")


def _strongest_tie(points: np.ndarray, labels: Sequence[Any]) -> float:
    values = np.array([v[0] if isinstance(v, list) else v for v in labels], dtype=np.float64)
    ties = [0.0]
    for column in points.T:
        finite = np.isfinite(column) & np.isfinite(values)
        if finite.sum() > 2 and np.ptp(column[finite]) > 0 and np.ptp(values[finite]) > 0:
            ties.append(abs(float(np.corrcoef(column[finite], values[finite])[0, 1])))
    return float(f"{max(ties):.6g}")


def scores(view: str, bins: Bins, names: Sequence[Any], medians: Sequence[float | None]) -> str:
    """Say how far the scores of the classes overlap."""
    when = wording.VIEWS.get(view, view)
    if len(names) == 2:
        return (
            f"Held-out scores {when}: the histograms of “{names[0]}” and “{names[1]}” have "
            f"{bins.overlap(0, 1):.0%} in common; medians {number(medians[0])} and "
            f"{number(medians[1])}."
        )
    known = [(m, name) for m, name in zip(medians, names, strict=True) if m is not None]
    if not known:
        return f"Held-out scores {when}: none could be computed."
    low, high = min(known, key=lambda k: k[0]), max(known, key=lambda k: k[0])
    return (
        f"Held-out scores {when}: class medians run from {number(low[0])} (“{low[1]}”) to "
        f"{number(high[0])} (“{high[1]}”)."
    )


def scores_numeric(view: str, shown: Sequence[Any], labels: Sequence[Any]) -> str:
    """Say how closely the scores follow a numeric concept."""
    pairs = [(s, v) for s, v in zip(shown, labels, strict=True) if s is not None]
    points = np.array([[s] for s, _ in pairs], dtype=np.float64)
    tie = _strongest_tie(points, [v for _, v in pairs]) if pairs else 0.0
    when = wording.VIEWS.get(view, view)
    return f"Held-out scores {when} against the concept: correlation {number(tie)} in size."


def claim(shown: Mapping[str, Any]) -> str:
    """Say where the observation lies among the draws of its nulls."""
    observed, metric = shown["observed"], shown["metric"]
    if observed is None:
        return f"No {metric['name']} could be computed: it is undefined for these data."
    between = wording.interval(shown["interval"])
    text = [
        f"Observed {metric['name']} {number(observed)}"
        + (
            f", 95 % interval {between}."
            if between
            else f" ({wording.no_interval(metric['kind'])})."
        )
    ]
    for null in shown["nulls"]:
        values = present(null["values"])
        if len(values) == 0:
            continue
        above, below = int((values >= observed).sum()), int((values <= observed).sum())
        name = wording.sentence(rungs.rung(null["rung"]).drawn)
        where = f"{above:,} as high or higher"
        if not null["one_sided"]:
            where += f", {below:,} as low or lower"
        if min(above, below) == len(values):
            where = "all equal to it"
        text.append(
            f"{name}: {len(values):,} draws from {number(float(values.min()))} to "
            f"{number(float(values.max()))}; {where}."
        )
    text += [_simpler(one) for one in shown["beside"] if one["value"] is not None]
    return " ".join(text)


def _simpler(one: Mapping[str, Any]) -> str:
    between = wording.interval(one["interval"])
    text = f"For comparison, {one['name']}: {number(one['value'])}"
    text += f", 95 % interval {between}" if between else ""
    if one["gain"] is not None:
        of = wording.percent(one["coverage"])
        text += f"; the observed is larger by {wording.interval(one['gain'])} ({of} interval)"
    for key, what in (("adds", "both together read more"), ("adds_nats", "in nats")):
        if one.get(key) is not None:
            value, *ends = one[key]
            text += f"; {what} by {number(value)}, 95 % interval {wording.interval(ends)}"
    return f"{text}."


def curve(shown: Mapping[str, Any]) -> str:
    """Say where the curve of removals leaves the band of its draws."""
    values, unit = shown["values"], shown["metric"]["name"]
    first, last = (number(value) for value in (values[0], values[-1]))
    steps = len(values) - 1
    text = f"Held-out {unit} {first} before any removal"
    text += f" and {last} after {_removals(steps)}. " if steps else ". "
    out: dict[str, list[str]] = {"above": [], "below": []}
    ends = zip(values, shown["low"], shown["high"], strict=True)
    for step, (value, low, high) in enumerate(ends):
        if None not in (value, low, high) and not low <= value <= high:
            out["above" if value > high else "below"].append(str(step))
    band = f"where 95 % of the draws lie ({rungs.rung(shown['rung']).drawn})"
    parts = [
        f"{where} {band} after {', '.join(places)} removal{'' if places == ['1'] else 's'}"
        for where, places in out.items()
        if places
    ]
    if not parts:
        return text + f"It stays {band} all the way."
    return text + f"It lies {' and '.join(parts)}."


def _removals(steps: int) -> str:
    return "1 removal" if steps == 1 else f"{steps} removals"


def matrix(groups: Sequence[str], values: Sequence[Sequence[Any]], what: str) -> str:
    """Say what stands on the diagonal of a matrix of groups, and what off it.

    Examples
    --------
    >>> matrix(["a", "b"], [[0.9, 0.5], [0.6, 0.8]], "AUC of a probe")
    'AUC of a probe, 2 groups: within a group from 0.800 to 0.900; from one to another from \
0.500 (“a” to “b”) to 0.600 (“b” to “a”).'
    """
    cells = [
        (value, a == b, f"“{groups[a]}” to “{groups[b]}”")
        for a, row in enumerate(values)
        for b, value in enumerate(row)
        if value is not None
    ]
    within = [value for value, same, _ in cells if same]
    across = sorted((value, name) for value, same, name in cells if not same)
    text: list[str] = []
    if within:
        text.append(f"within a group from {number(min(within))} to {number(max(within))}")
    if across:
        (low, least), (high, most) = across[0], across[-1]
        ends = f"from {number(low)} ({least}) to {number(high)} ({most})"
        text.append(f"from one to another {ends}")
    return f"{what}, {len(groups)} groups: {'; '.join(text) or 'no reading'}."


def _listed(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + f" and {quoted[-1]}"


def layers(documents: Sequence[Mapping[str, Any]], name: str) -> str:
    """Say in how many representations a claim holds, and where most and least is observed.

    Examples
    --------
    >>> claim = {"name": "readable", "metric": {"name": "AUC"}, "observed": 0.9, "holds": "yes"}
    >>> other = {**claim, "observed": 0.5, "holds": "no"}
    >>> pages = [
    ...     {"representation": f"layer {i}", "title": "", "claims": [one]}
    ...     for i, one in enumerate((claim, other))
    ... ]
    >>> layers(pages, "readable")
    'Readable holds in 1 of 2 representations. AUC from 0.500 (layer 1) to 0.900 (layer 0).'
    """
    claims = [
        (claim, one["representation"] or one["title"])
        for one in documents
        for claim in one["claims"]
        if claim["name"] == name
    ]
    held = sum(claim["holds"] == "yes" for claim, _ in claims)
    text = f"{wording.claim_name(name)} holds in {held} of {len(claims)} representations."
    read = [(claim["observed"], where) for claim, where in claims if claim["observed"] is not None]
    if not read:
        return text
    (low, least), (high, most) = min(read), max(read)
    unit = claims[0][0]["metric"]["name"]
    return f"{text} {unit} from {number(low)} ({least}) to {number(high)} ({most})."


def doses(points: Sequence[Mapping[str, Any]], whole: float | None) -> str:
    """Say how far the answer moves with each dose of the concept.

    Examples
    --------
    >>> doses([{"dose": 0.5, "value": 0.2}, {"dose": 1.0, "value": 0.5}], 0.8)
    'Shift towards the partner: 0.200 at 0.5, 0.500 at 1; whole state: 0.800.'
    """
    each = ", ".join(f"{number(one['value'])} at {one['dose']:g}" for one in points)
    most = "" if whole is None else f"; whole state: {number(whole)}"
    return f"Shift towards the partner: {each}{most}."
