"""Verdict rows: rows that a claim needs for a verdict, whether it holds or not."""

from __future__ import annotations

from math import ceil

from nullprobe._core import parameters, validation
from nullprobe.data.partitions import N_PARTS
from nullprobe.measures.absence import LEAST, METRICS, need_planned
from nullprobe.stats.sample_size import POWER, rows_to_decide, rows_to_decide_numbers, spread

QUARTER = 0.25  # share of the rows in each quarter of a number, which `gone` reads
# Metric of each claim about numbers that rests on one held-out reading.
OF_NUMBERS = {"readable": "R²", "erasure_holds": "R²", "gone": "AUC of quarters"}


def rows_for_verdict(  # noqa: PLR0913  an entry point
    claim: str = "readable",
    *,
    kind: str = "labels",
    d: int | None = None,
    positive_fraction: float = 0.5,
    min_effect: float = 0.05,
    alpha: float = 0.05,
    power: float = POWER,
) -> int:
    """Return the rows that an audit needs for a verdict on a claim about two classes or a number.

    Parameters
    ----------
    claim : {"readable", "erasure_holds", "no_halfspace", "gone"}
        Claim. It must rest on one held-out reading. `no_halfspace` is about classes only.
    kind : {"labels", "numeric"}
        Kind of concept: two classes, or one number.
    d : int, optional
        Number of features. Needed for a number, except for `gone`.
    positive_fraction : float up to .5
        Share of the rarer class; not used for a number.
    min_effect : float
        Smallest effect of interest, in AUC; in balanced accuracy for `no_halfspace`, and in R² for
        a number (in AUC for `gone`).
    alpha, power : float
        Significance level of the audit, and its power to reach a verdict.

    Returns
    -------
    int
        (z_{1−α/2} + z_{1−α/4} + 2 z_{power})² / (12 s (1 − s) min_effect²), where s is the share.
        For `no_halfspace`, 16 replaces 12. For a number, the least n with 3 (d + 2) / n ≤ E and
        (z_{1−α/2} + z_{power}) s₀ + (z_{1−α/4} + z_{power}) s₁ ≤ E, where E is min_effect,
        s₀² = 18 (d + 2) / n² and s₁² = s₀² + 4 E (1 − E)² / n. For `gone`, s is 1/4, the share of
        each quarter of the number: this many rows are enough.

    Raises
    ------
    InputError
        If a number is out of range, or the claim has no such number.

    Notes
    -----
    With this number of rows, and with this power, the audit either detects an effect or excludes
    every effect of ``min_effect`` or more. This holds for each true effect. If nothing is readable,
    fewer rows are enough (`rows_for_absence`). Rows are assumed to be independent, and the p-value
    is not adjusted for other claims. If an audit ends in "unclear", `Claim.rows_needed` is computed
    from the standard errors of this audit.

    For a number, d features are assumed to be uncorrelated. Probes of correlated features overfit
    more, and need more rows, where there are few rows per feature.

    Examples
    --------
    >>> rows_for_verdict("erasure_holds"), rows_for_verdict("no_halfspace", min_effect=0.1)
    (4618, 866)
    >>> rows_for_verdict(kind="numeric", d=8), rows_for_verdict(kind="numeric", d=64)
    (2243, 4716)
    """
    need_planned(claim)
    parameters.choice("kind", kind, ["labels", "numeric"])
    share = parameters.real_number("positive_fraction", positive_fraction, least=LEAST, most=0.5)
    effect = parameters.real_number("min_effect", min_effect, least=LEAST, most=0.5)
    alpha = parameters.real_number("alpha", alpha, least=LEAST, most=0.5)
    power = parameters.real_number("power", power, least=0.5, most=1.0 - LEAST)
    if kind == "numeric":
        _need_plan_of_numbers(claim, d, share)
        if claim != "gone":
            return rows_to_decide_numbers(d or 1, effect, alpha, power, n_parts=N_PARTS)
        share = QUARTER
    elif d is not None:
        validation.complain(
            "d belongs to kind='numeric'", f"d={d} arrived", "leave d out: an AUC does not need it"
        )
    sd = spread(METRICS[claim], share)
    return ceil(rows_to_decide(sd, sd, effect, alpha, power))


def _need_plan_of_numbers(claim: str, d: int | None, share: float) -> None:
    """Complain about what a plan for a number does not have, or lacks."""
    if claim not in OF_NUMBERS:
        validation.complain(
            f"claims about a number that have a plan are {', '.join(OF_NUMBERS)}",
            f"{claim!r} arrived",
            f"{claim} is about classes, which a number does not have",
        )
    if share != 0.5:
        validation.complain(
            "positive_fraction belongs to two classes", f"{share:g} arrived with kind='numeric'"
        )
    if claim == "gone":
        return
    if d is None:
        validation.complain(
            f"the plan of {claim!r} for a number needs the number of features",
            "none arrived",
            "pass it as d=64, for example; probes of more features overfit more",
        )
    parameters.whole_number("d", d, least=1)
