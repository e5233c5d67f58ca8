"""Metrics: what a reading is called, and what it is where nothing can be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """What a statistic is, so that nobody has to read it from its name.

    Attributes
    ----------
    name : str
        Such as "AUC" or "R²".
    chance : float or None
        Its value when nothing can be read; None where there is no such value.
    kind : str
        "reading" (on held-out rows), "residual" (left in the whole sample), "departure" (from a
        band), "change" (of what a model does) or "association" (in the whole sample).
    better : str or None
        "higher" where larger values read more; None where neither direction is better.
    """

    name: str
    chance: float | None
    kind: str = "reading"
    better: str | None = "higher"


AUC = Metric("AUC", 0.5)
MACRO_AUC = Metric("macro AUC", 0.5)  # the mean over classes, each against the rest
QUARTERS_AUC = Metric("AUC of quarters", 0.5)  # the mean over quarters, each against the rest
RANK_CORRELATION = Metric("rank correlation", 0.0)
R_SQUARED = Metric("R²", 0.0)
BALANCED_ACCURACY = Metric("balanced accuracy", 0.5)  # of one class against the rest
