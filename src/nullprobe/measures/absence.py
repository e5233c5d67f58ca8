"""Absence: how many rows it takes to say that no probe of so many rows reads a concept."""

from __future__ import annotations

from math import ceil

from nullprobe._core import parameters, validation
from nullprobe.claims.rows_needed import NO_NUMBER
from nullprobe.data.partitions import N_PARTS
from nullprobe.stats.sample_size import POWER, spread, to_exclude

LEAST = 1e-6
# What each claim reads that rests on one held-out reading of two classes.
METRICS = {
    "readable": "AUC",
    "erasure_holds": "AUC",
    "no_halfspace": "balanced accuracy",
    "gone": "AUC",
}


def need_planned(claim: str) -> None:
    """Complain about a claim that has no number of rows, with the reason where one is known."""
    if claim in NO_NUMBER:
        validation.complain(
            f"claim must be one of {', '.join(METRICS)}, which rest on one held-out reading",
            f"{claim!r} arrived",
            f"{claim} has no number of rows: {NO_NUMBER[claim]}",
        )
    parameters.choice("claim", claim, list(METRICS))


def rows_for_absence(
    probe_rows: int,
    *,
    claim: str = "readable",
    positive_fraction: float = 0.5,
    min_effect: float = 0.05,
    alpha: float = 0.05,
    power: float = POWER,
    n_parts: int = N_PARTS,
) -> int:
    """Return how many rows an audit needs to say that no probe of so many rows reads two classes.

    Parameters
    ----------
    probe_rows : int
        Rows N that the probe in question is trained on.
    claim : {"readable", "erasure_holds", "no_halfspace", "gone"}
        Claim that is to deny a reading. `no_halfspace` reads balanced accuracy, the others AUC.
    positive_fraction : float up to .5
        Share of the rarer class.
    min_effect : float
        Smallest effect of interest, in AUC or balanced accuracy.
    alpha, power : float
        Level of the audit, and how often it is to say so where nothing is there.
    n_parts : {3, 2}
        Parts of a partition: 2 where an eraser is given, and none is fitted to a part.

    Returns
    -------
    int
        The larger of two: n_parts · N, so that a probe of a part has so many rows, and what brings
        the interval of the AUC below chance plus ``min_effect``, n ≥ (z_{1−α/4} + z_{power})² /
        (12 s (1 − s) min_effect²) with s the share: an AUC of nothing has variance
        1 / (12 s (1 − s) n). A balanced accuracy has at most 1 / (16 s (1 − s) n).

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
    wide = spread(METRICS[claim], share)
    return max(n_parts * probe_rows, ceil((to_exclude(alpha, power) * wide / effect) ** 2))
