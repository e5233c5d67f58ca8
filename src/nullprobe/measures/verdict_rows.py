"""Verdict rows: rows that a claim needs for a verdict, whether it holds or not."""

from __future__ import annotations

from math import ceil

from nullprobe._core import parameters
from nullprobe.measures.absence import LEAST, METRICS, need_planned
from nullprobe.stats.sample_size import POWER, rows_to_decide, spread


def rows_for_verdict(
    claim: str = "readable",
    *,
    positive_fraction: float = 0.5,
    min_effect: float = 0.05,
    alpha: float = 0.05,
    power: float = POWER,
) -> int:
    """Return the rows that an audit of two classes needs for a verdict on a claim.

    Parameters
    ----------
    claim : {"readable", "erasure_holds", "no_halfspace", "gone"}
        Claim. It must rest on one held-out reading.
    positive_fraction : float up to .5
        Share of the rarer class.
    min_effect : float
        Smallest effect of interest, in AUC; in balanced accuracy for `no_halfspace`.
    alpha, power : float
        Significance level of the audit, and its power to reach a verdict.

    Returns
    -------
    int
        (z_{1−α/2} + z_{1−α/4} + 2 z_{power})² / (12 s (1 − s) min_effect²), where s is the share.
        For `no_halfspace`, 16 replaces 12.

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

    Examples
    --------
    >>> rows_for_verdict("erasure_holds"), rows_for_verdict("no_halfspace", min_effect=0.1)
    (4618, 866)
    """
    need_planned(claim)
    share = parameters.real_number("positive_fraction", positive_fraction, least=LEAST, most=0.5)
    effect = parameters.real_number("min_effect", min_effect, least=LEAST, most=0.5)
    alpha = parameters.real_number("alpha", alpha, least=LEAST, most=0.5)
    power = parameters.real_number("power", power, least=0.5, most=1.0 - LEAST)
    sd = spread(METRICS[claim], share)
    return ceil(rows_to_decide(sd, sd, effect, alpha, power))
