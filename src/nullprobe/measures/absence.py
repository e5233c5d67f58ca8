"""Absence: rows that an audit needs to conclude that no probe of N rows reads a concept."""

from __future__ import annotations

from math import ceil

from nullprobe._core import parameters, validation
from nullprobe.claims.rows_needed import NO_NUMBER
from nullprobe.data.partitions import N_PARTS
from nullprobe.stats.sample_size import POWER, spread, to_exclude

LEAST = 1e-6
# Metric of each claim that rests on one held-out reading of two classes.
METRICS = {
    "readable": "AUC",
    "erasure_holds": "AUC",
    "no_halfspace": "balanced accuracy",
    "gone": "AUC",
}


def need_planned(claim: str) -> None:
    """Raise an error if a claim has no number of rows; include the reason if there is one."""
    if claim in NO_NUMBER:
        validation.complain(
            f"claim must be one of {', '.join(METRICS)}",
            f"{claim!r} arrived",
            f"{claim} has no number of rows: {NO_NUMBER[claim]}",
        )
    parameters.choice("claim", claim, list(METRICS))


def rows_for_absence(  # noqa: PLR0913  an entry point
    probe_rows: int,
    *,
    claim: str = "readable",
    positive_fraction: float = 0.5,
    min_effect: float = 0.05,
    alpha: float = 0.05,
    power: float = POWER,
    n_parts: int = N_PARTS,
) -> int:
    """Return the rows that an audit needs to conclude that no probe of N rows reads two classes.

    Parameters
    ----------
    probe_rows : int
        Training rows N of the probe in the conclusion.
    claim : {"readable", "erasure_holds", "no_halfspace", "gone"}
        Claim that the audit is to decide. `no_halfspace` reads balanced accuracy, the others AUC.
    positive_fraction : float up to .5
        Share of the rarer class.
    min_effect : float
        Smallest effect of interest, in AUC or balanced accuracy.
    alpha, power : float
        Significance level of the audit, and its power to conclude absence if nothing is readable.
    n_parts : {3, 2}
        Parts of a partition: 2 if the eraser is passed to the audit, 3 if the audit fits erasers.

    Returns
    -------
    int
        The larger of two numbers. With n_parts · N rows, a part has N rows to train a probe. With
        n ≥ (z_{1−α/4} + z_{power})² / (12 s (1 − s) min_effect²) rows, the interval of the AUC ends
        below chance plus ``min_effect``; s is the share. If nothing is readable, the AUC has the
        variance 1 / (12 s (1 − s) n), and balanced accuracy at most 1 / (16 s (1 − s) n).

    Raises
    ------
    InputError
        If a number is out of range, or the claim has no such number.

    Examples
    --------
    >>> [rows_for_absence(20_000), rows_for_absence(9), rows_for_absence(9, positive_fraction=0.1)]
    [60000, 1268, 3521]
    """
    need_planned(claim)
    probe_rows = parameters.whole_number("probe_rows", probe_rows, least=1)
    share = parameters.real_number("positive_fraction", positive_fraction, least=LEAST, most=0.5)
    effect = parameters.real_number("min_effect", min_effect, least=LEAST, most=0.5)
    alpha = parameters.real_number("alpha", alpha, least=LEAST, most=0.5)
    power = parameters.real_number("power", power, least=0.5, most=1.0 - LEAST)
    n_parts = parameters.whole_number("n_parts", n_parts, least=2)
    sd = spread(METRICS[claim], share)
    return max(n_parts * probe_rows, ceil((to_exclude(alpha, power) * sd / effect) ** 2))
