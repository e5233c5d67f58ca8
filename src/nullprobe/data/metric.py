"""Metrics: the name of a statistic, and its value at chance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """Description of a statistic; its name does not have to be parsed.

    Attributes
    ----------
    name : str
        For example "AUC" or "R²".
    chance : float or None
        Value without any information about the concept; None if there is no such value.
    kind : str
        "reading" (a score on held-out rows), "residual" (what remains in the whole sample),
        "departure" (from a band), "change" (of a model's output) or "association" (in the whole
        sample).
    better : str or None
        "higher" if larger values mean more information; None if neither direction is better.
    """

    name: str
    chance: float | None
    kind: str = "reading"
    better: str | None = "higher"


AUC = Metric("AUC", 0.5)
MACRO_AUC = Metric("macro AUC", 0.5)  # mean over classes, each class against the rest
QUARTERS_AUC = Metric("AUC of quarters", 0.5)  # mean over quarters, each against the rest
RANK_CORRELATION = Metric("rank correlation", 0.0)
R_SQUARED = Metric("R²", 0.0)
BALANCED_ACCURACY = Metric("balanced accuracy", 0.5)  # one class against the rest
