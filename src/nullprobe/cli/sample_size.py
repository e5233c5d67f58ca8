"""Planning: what to plan for, where a file says it, and a plan in words."""

from __future__ import annotations

import math

from nullprobe._core.parameters import real_number
from nullprobe._core.validation import complain
from nullprobe.data.files import Table
from nullprobe.measures.absence import LEAST, METRICS, need_planned, rows_for_absence
from nullprobe.measures.expected_auc import unbiased_gap
from nullprobe.measures.planner import Plan, plan
from nullprobe.measures.verdict_rows import OF_NUMBERS, rows_for_verdict
from nullprobe.moments import Moments
from nullprobe.report.text.wording import number

SAY_IT = "say --d and --gap yourself (--gap inf if it is not known)"


def measured(data: Table) -> tuple[int, float, float]:
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
    moments = Moments.of(data.X, z)
    d, gap = moments.factor().rank, unbiased_gap(moments)
    if moments.n - d - 3 <= 0:
        width = data.X.shape[1]
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
    lines = [_setting(made), *_expectation(made)]
    if auc is not None:
        lines.append(
            f"These are the fewest rows for an AUC of at most {auc:g}."
            if made.raw_auc > auc
            else f"That is no more than {auc:g} even before: no eraser is needed for it."
        )
    if d > 1 and math.isfinite(gap):
        most = plan(d, math.inf, auc, n=n, n_probe=n_probe, positive_fraction=share)
        lines.append(
            f"However large the gap, it would be at most {number(most.auc)}."
            if auc is None
            else f"However large the gap, {most.n:,} rows are enough."
        )
    lines.append(
        "This is for Gaussian classes of one covariance, and any eraser that makes their means "
        "equal on its rows."
    )
    return "\n".join(lines)


def absence(
    probe_rows: int, share: float | None, claim: str = "readable", min_effect: float = 0.05
) -> str:
    """Return in words how many rows an audit needs to say that probes of so many read nothing."""
    share = _rarer(share)
    need_planned(claim)
    most = f"{0.5 + min_effect:g}".lstrip("0")
    text = (
        f"To say that no probe trained on up to {probe_rows:,} rows reads more than "
        f"{'an' if METRICS[claim] == 'AUC' else 'a'} {METRICS[claim]} of {most}, "
    )
    options = {"claim": claim, "positive_fraction": share, "min_effect": min_effect}
    few = rows_for_absence(probe_rows, **options)
    of_fitted = rows_for_absence(probe_rows, **options, n_parts=2)
    return (
        f"{text}an audit of the claim {claim!r} needs {few:,} rows where classes have {share:.1%} "
        f"and {1 - share:.1%} of them ({of_fitted:,} where a fitted eraser is passed). "
        "With so many, it does so in four of five data sets that hold nothing."
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
        setting = f"of a number and {features} features"
        assumed = (
            "independent rows, uncorrelated features" if metric == "R²" else "independent rows"
        )
    else:
        metric, assumed = METRICS[claim], "independent rows"
        setting = f"where classes have {share:.1%} and {1.0 - share:.1%} of them"
    return (
        f"A verdict on {claim!r} takes {rows:,} rows {setting}. With so many, an audit detects an "
        f"effect or excludes every effect of {min_effect:g} or more ({metric}) in four of five "
        f"data sets, whatever is true. This is for {assumed} and one claim alone."
    )


def _rarer(share: float | None) -> float:
    """Return the share of the rarer class, for the share of either class."""
    if share is None:
        return 0.5
    share = real_number("positive_fraction", share, least=LEAST, most=1.0 - LEAST)
    return min(share, 1.0 - share)


def origin(data: Table) -> str:
    """Return in words where the gap came from."""
    return (
        f"Measured from the {len(data.X):,} rows of {data.source!r}; the squared gap is "
        "debiased: what sampling error adds to it on average is taken off."
    )


def _setting(made: Plan) -> str:
    features = "1 feature" if made.d == 1 else f"{made.d:,} features"
    gap = number(made.gap) if math.isfinite(made.gap) else "any size"
    shares = f"{made.positive_fraction:.1%} and {1.0 - made.positive_fraction:.1%}"
    return f"{features}, a gap of {gap}, classes of {shares}."


def _expectation(made: Plan) -> list[str]:
    probe = "with endless data" if made.n_probe is None else f"fitted to {made.n_probe:,} rows"
    read = f"A fresh probe {probe} then reads the classes back at AUC {number(made.auc)}"
    if math.isfinite(made.gap):
        read += f"; before erasure, one with endless data reaches {number(made.raw_auc)}"
    return [
        f"An eraser fitted to {made.n:,} rows (both classes together) leaves a squared gap of "
        f"{number(made.gap_left)} on new data.",
        f"{read}.",
    ]
