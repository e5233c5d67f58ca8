"""Settings of a run: claims, seed, number of draws, and how labels may be permuted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nullprobe._core.progress import Report
from nullprobe.claims import Thresholds


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes
    ----------
    names : sequence of str
        Names of the claims that need evidence.
    seed : int
    draws, draws_to_explain : int
        Largest number of draws of the null of chance, and of each null after it.
    explain : bool
        Whether to draw the nulls after chance, which show what a reading takes.
    quick : bool
        Whether to leave out numbers that decide no verdict.
    thresholds : Thresholds
    progress : callable
    n_jobs : int or None
        Number of threads or processes, as joblib counts them.
    number : int
        Position of the representation: each has different draws of its rows.
    within : {"permuted", "shifted", "kept"}
        How labels within a group change, if they differ (`Permutations`).
    place : ndarray of shape (n,), optional
        Order of the rows in a series.
    unit : ndarray of shape (n,), optional
        Groups inside the groups of the partitions, if those are blocks of one series.
    erases : bool
        Whether erasers are fitted; False for rows that are erased already.
    n_features : int
        Most features of the probe of the claim `few_features`.
    feature_names : sequence of str
        Names of the features; empty for their numbers.
    no_noise : str
        Why the shape of the noise cannot be drawn; empty if it can.
    """

    names: Sequence[str]
    seed: int
    draws: int
    draws_to_explain: int
    explain: bool
    quick: bool
    thresholds: Thresholds
    progress: Report
    n_jobs: int | None = None
    number: int = 0
    within: str = "permuted"
    place: np.ndarray | None = None
    unit: np.ndarray | None = None
    no_noise: str = ""
    erases: bool = True
    n_features: int = 8
    feature_names: Sequence[str] = ()

    def asks(self, *names: str) -> bool:
        """Return whether any of these claims is requested."""
        return bool({*names} & {*self.names})
