"""Verdict rows: how many rows a claim needs for a verdict, whatever is true."""

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
    """Return how many rows an audit of two classes needs for a verdict on a claim.

    Parameters
    ----------
    claim : {"readable", "erasure_holds", "no_halfspace", "gone"}
        Claims that rest on one held-out reading.
    positive_fraction : float up to .5
        Share of the rarer class.
    min_effect : float
        Smallest effect of interest, in AUC; of `no_halfspace` in balanced accuracy.
    alpha, power : float
        Level of the audit, and how often it is to reach a verdict.

    Returns
    -------
    int
        (z_{1−α/2} + z_{1−α/4} + 2 z_{power})² / (12 s (1 − s) min_effect²), with s the share. For
        `no_halfspace` 16 stands in place of 12.

    Raises
    ------
    InputError
        If a number is out of range, or the claim has no such number.

    Notes
    -----
    With so many rows the audit either detects an effect or excludes every effect of
    ``min_effect`` or more, with this power, for each true effect. If nothing is there, fewer are
    enough (`rows_for_absence`). Rows are independent, and the p-value is not adjusted for further
    claims. An audit that ends in "unclear" has `Claim.rows_needed`, from its own spreads.

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
    wide = spread(METRICS[claim], share)
    return ceil(rows_to_decide(wide, wide, effect, alpha, power))
