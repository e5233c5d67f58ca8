"""Planning: what to plan for, where a file says it, and a plan in words."""

from __future__ import annotations

import math

from nullprobe._core.parameters import real_number
from nullprobe._core.validation import complain
from nullprobe.data.row_streams import RowStream
from nullprobe.measures.absence import LEAST, METRICS, need_planned, rows_for_absence
from nullprobe.measures.expected_auc import unbiased_gap
from nullprobe.measures.planner import Plan, plan
from nullprobe.measures.verdict_rows import OF_NUMBERS, rows_for_verdict
from nullprobe.moments import Moments
from nullprobe.moments.streams import gathered
from nullprobe.report.text.wording import number

SAY_IT = "say --d and --gap yourself (--gap inf if it is not known)"


def measured(data: RowStream) -> tuple[int, float, float]:
    """Return what a file says of its two classes.

    Returns
    -------
    d : int
        Features that vary on their own.
    gap : float
        Mahalanobis distance of the class means, debiased.
    share : float
        Share of the second class.
    """
    z = data.y
    z.need_two_classes()
    if z.classes is None or len(z.classes) != 2:
        numeric = z.classes is None
        complain(
            "a plan is made for two classes",
            f"{data.source!r} has {'numbers' if numeric else len(z.classes or ())} there",
            "name a column of labels"
            if numeric
            else "plan for each pair of classes, from files that hold the two of them",
        )
    moments = gathered(Moments, ((X, z.take(rows), None) for rows, X in data.blocks()))
    assert isinstance(moments, Moments), "this kind was chosen"
    d, gap = moments.factor().rank, unbiased_gap(moments)
    if moments.n - d - 3 <= 0:
        width = moments.d
        complain(
            f"more than {width + 3} rows are needed to measure a gap in {width} features",
            f"{data.source!r} has {moments.n}",
            f"pass more rows, or {SAY_IT}",
        )
    if gap is None:
        complain(
            "the classes must overlap for their gap to be measured",
            f"those of {data.source!r} do not",
            SAY_IT,
        )
    if gap == 0.0:
        complain(
            "a gap that sampling error alone would not make is needed to plan for",
            f"the class means of the {moments.n} rows in {data.source!r} show none",
            f"pass more rows, or {SAY_IT}",
        )
    return d, gap, float(moments.concept_mean[1])


def answer(
    d: int, gap: float, share: float, auc: float | None, *, n: int | None, n_probe: int | None
) -> str:
    """Return a plan in words, one sentence a line; what it is for stands in `Plan`."""
    made = plan(d, gap, auc, n=n, n_probe=n_probe, positive_fraction=share)
    lines = [_conclusion(made, auc), *_expectation(made)]
    if d > 1 and math.isfinite(gap):
        most = plan(d, math.inf, auc, n=n, n_probe=n_probe, positive_fraction=share)
        lines.append(
            f"However large the gap, the AUC would be at most {number(most.auc)}."
            if auc is None
            else f"However large the gap, {most.n:,} rows are enough."
        )
    lines.append(
        f"Planned for {_setting(made)}; Gaussian classes of one covariance; any eraser that makes "
        "the class means equal on its rows."
    )
    return "\n".join(lines)


def absence(
    probe_rows: int, share: float | None, claim: str = "readable", min_effect: float = 0.05
) -> str:
    """Return in words how many rows an audit needs to say that probes of so many read nothing."""
    share = _rarer(share)
    need_planned(claim)
    most = f"{0.5 + min_effect:g}".lstrip("0")
    options = {"claim": claim, "positive_fraction": share, "min_effect": min_effect}
    few = rows_for_absence(probe_rows, **options)
    of_fitted = rows_for_absence(probe_rows, **options, n_parts=2)
    return (
        f"An audit of the claim {claim!r} needs {few:,} rows to conclude that no probe trained on "
        f"up to {probe_rows:,} rows reads more than {'an' if METRICS[claim] == 'AUC' else 'a'} "
        f"{METRICS[claim]} of {most}.\n"
        f"If a fitted eraser is passed, it needs {of_fitted:,} rows.\n"
        "With so many rows, it concludes this in four of five data sets that hold nothing.\n"
        f"Planned for classes of {share:.1%} and {1 - share:.1%}."
    )


def verdict(
    claim: str,
    share: float | None,
    min_effect: float = 0.05,
    kind: str = "labels",
    d: int | None = None,
) -> str:
    """Return in words how many rows bring a verdict on a claim."""
    share = _rarer(share)
    rows = rows_for_verdict(claim, kind=kind, d=d, positive_fraction=share, min_effect=min_effect)
    if kind == "numeric":
        metric = OF_NUMBERS[claim]
        features = "any number of" if d is None or claim == "gone" else f"{d:,}"
        setting = f"a number, {features} features"
        assumed = (
            "independent rows, uncorrelated features" if metric == "R²" else "independent rows"
        )
    else:
        metric, assumed = METRICS[claim], "independent rows"
        setting = f"classes of {share:.1%} and {1.0 - share:.1%}"
    return (
        f"An audit needs {rows:,} rows for a verdict on {claim!r}.\n"
        "With so many rows, in four of five data sets it detects an effect, or excludes every "
        f"effect of {min_effect:g} or more ({metric}), whatever is true.\n"
        f"Planned for {setting}, {assumed}, one claim alone."
    )


def _rarer(share: float | None) -> float:
    """Return the share of the rarer class, for the share of either class."""
    if share is None:
        return 0.5
    share = real_number("positive_fraction", share, least=LEAST, most=1.0 - LEAST)
    return min(share, 1.0 - share)


def origin(data: RowStream) -> str:
    """Return in words where the gap came from."""
    return (
        f"Measured from the {data.n:,} rows of {data.source!r}; the squared gap is "
        "debiased: what sampling error adds to it on average is taken off."
    )


def _setting(made: Plan) -> str:
    features = "1 feature" if made.d == 1 else f"{made.d:,} features"
    gap = number(made.gap) if math.isfinite(made.gap) else "any size"
    shares = f"{made.positive_fraction:.1%} and {1.0 - made.positive_fraction:.1%}"
    return f"{features}, a gap of {gap}, classes of {shares}"


def _conclusion(made: Plan, auc: float | None) -> str:
    """Return the answer: how many rows, or how much is read."""
    probe = "with endless data" if made.n_probe is None else f"fitted to {made.n_probe:,} rows"
    if auc is None:
        return (
            f"After an eraser that is fitted to {made.n:,} rows (both classes together), a fresh "
            f"probe {probe} reads the classes of new rows with AUC {number(made.auc)}."
        )
    if made.raw_auc <= auc:
        return (
            "No eraser is needed: before erasure, a probe with endless data reads the classes with "
            f"AUC {number(made.raw_auc)}, which is at most {auc:g}."
        )
    return (
        f"Fit the eraser to at least {made.n:,} rows (both classes together): a fresh probe "
        f"{probe} then reads the classes of new rows with an AUC of at most {auc:g}."
    )


def _expectation(made: Plan) -> list[str]:
    lines = [f"With {made.n:,} rows, erasure leaves a squared gap of {number(made.gap_left)}."]
    if math.isfinite(made.gap):
        reached = number(made.raw_auc)
        lines.append(f"Before erasure, a probe with endless data reaches AUC {reached}.")
    return lines
