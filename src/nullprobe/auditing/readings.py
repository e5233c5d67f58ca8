"""Readings: all observations of a representation, averaged over several partitions.

Data and draws are read with the same partitions, erasers and probes. A reading that costs hundreds
of times as much as a linear one is averaged over fewer partitions, in data and draws alike.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nullprobe._core.parallel import one_blas_thread
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts
from nullprobe.heldout.few_features import Chosen, few_features_scores, read_few_features
from nullprobe.heldout.nonlinear_family import Family
from nullprobe.heldout.removal_curve import ROUNDS, curve
from nullprobe.heldout.sparse_three_way import three_way
from nullprobe.heldout.targets import Labellings
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.nulls.action import Action
from nullprobe.stats.metrics import NO_VARIANCE

# Largest number of partitions that each reading is averaged over: see docs/decisions.
SPLITS = {"halfspace": 4, "family": 1, "curve": 2}
LINEAR = ("raw", "erased")
WIDE, SPLITS_OF_WIDE = 256, 2  # with more features, readings other than linear have fewer
OF_CLAIMS = {
    "dependent": "association",
    "readable": "raw",
    "erasure_holds": "erased",
    "no_halfspace": "halfspace",
    "gone": "family",
    "one_feature": "curve",
    "few_features": "few",
}


def splits(key: str, X: np.ndarray) -> int:
    """Return the largest number of partitions that a reading of X (n, d) is averaged over."""
    return min(SPLITS[key], SPLITS_OF_WIDE if X.shape[1] > WIDE else SPLITS[key])


@dataclass(frozen=True, eq=False)
class Readings:
    """How rows are read: the concept, the partitions, and a seed; it can be sent to processes.

    Attributes
    ----------
    z : Concept
    partitions : tuple of Parts
    seed : int
        Seed of searches and choices.
    erases : bool
        Whether an eraser is fitted to a part of the rows. Otherwise rows are read as they are.
    n_features : int
        Most features of the probe of few features.
    """

    z: Concept
    partitions: tuple[Parts, ...]
    seed: int
    erases: bool = True
    n_features: int = 1

    def of(self, X: np.ndarray, *, raw_only: bool = False) -> Reader:
        """Return the reader of a representation (n, d), or one whose "erased" repeats "raw"."""
        return Reader(X, self, raw_only)

    @property
    def asis(self) -> np.ndarray:
        """Order of the observed labelling, (n, 1)."""
        return np.arange(len(self.z))[:, None]

    def draw(self, action: Action, keys: Sequence[str], k: int) -> dict[str, np.ndarray]:
        """Return the readings of draw k of an action on the rows, by key."""
        with one_blas_thread:
            reader = self.of(action.draw(k))
            readings = reader.read(self.asis, [key for key in keys if key != "curve"])
            if "curve" in keys:
                readings["curve"] = reader.curve()[None]
        return {key: values[0] for key, values in readings.items()}

    def raw(self, X: np.ndarray) -> float:
        """Return the raw reading of a representation (n, d)."""
        with one_blas_thread:
            return float(self.of(X).read(self.asis, ["raw"])["raw"][0])


class Reader:
    """A representation, split and factored in each partition on first use.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    how : Readings
    raw_only : bool
        Whether readings after erasure are not needed, as of baselines.
    """

    def __init__(self, X: np.ndarray, how: Readings, raw_only: bool = False) -> None:
        self.X, self.how, self.z, self.raw_only = X, how, how.z, raw_only
        self.name = f"{os.getpid()} {next(_NUMBERS)}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Send the rows alone: each process factors them once, with its first piece of work."""
        return _received, (self.name, self.X, self.how, self.raw_only)

    @cached_property
    def data(self) -> list[ThreeWay]:
        """The rows, split and factored in each partition."""
        erases, alone = self.how.erases, self.raw_only
        return [
            three_way(self.X, self.z, parts, erases, raw_only=alone)
            for parts in self.how.partitions
        ]

    @cached_property
    def families(self) -> list[Family]:
        """Nonlinear readers of the first partitions."""
        return [Family(data, self.how.seed) for data in self.data[: splits("family", self.X)]]

    def read(self, order: np.ndarray, keys: Sequence[str]) -> dict[str, np.ndarray]:
        """Return the readings of m reordered labellings y[order[:, j]], (m,), by key.

        Parameters
        ----------
        order : ndarray of shape (n, m)
        keys : sequence of str
            Among "raw", "erased", "halfspace", "family" and "few".
        """
        readings: dict[str, list[np.ndarray]] = {key: [] for key in keys}
        if {*LINEAR} & {*keys}:
            for data in self.data:
                for key, values in zip(LINEAR, data.read(order), strict=True):
                    if key in readings:
                        readings[key].append(values)
        if "halfspace" in keys:
            for data in self.data[: splits("halfspace", self.X)]:
                readings["halfspace"].append(data.halfspace(order, self.how.seed))
        if "family" in keys:
            readings["family"] = [family.read(order) for family in self.families]
        if "few" in keys:
            count = self.how.n_features
            readings["few"] = [read_few_features(data, order, count) for data in self.data]
        return {key: np.mean(values, axis=0) for key, values in readings.items()}

    def few(self) -> list[Chosen]:
        """Return the held-out scores of the probe of few features, and its features."""
        return [few_features_scores(data, self.how.n_features) for data in self.data]

    def tested(self, order: np.ndarray) -> dict[str, np.ndarray]:
        """Return the readings of m reordered labellings, and their standard errors, by key.

        Parameters
        ----------
        order : ndarray of shape (n, m)

        Returns
        -------
        dict of str to ndarray of shape (m,)
            "raw" and "erased". For classes also "raw error" and "erased error": the standard error
            of the AUC on new rows, if the parts were independent.
        """
        if not self.z.is_classes:
            return self.read(order, LINEAR)
        every = np.mean([data.read_with_variance(order) for data in self.data], axis=0)
        readings = {key: values for key, (values, _) in zip(LINEAR, every, strict=True)}
        return readings | {
            f"{key} error": np.sqrt(variance + NO_VARIANCE)
            for key, (_, variance) in zip(LINEAR, every, strict=True)
        }

    def curve_scores(self) -> list[np.ndarray]:
        """Return the held-out scores after 0, 1, ... removals, (r, n, k), in each partition."""
        # One fit per feature at most, and one after all are removed.
        rounds = min(ROUNDS, self.X.shape[1] + 1)
        return [curve(self.X, self.z, parts, rounds) for parts in self.curve_partitions]

    @property
    def curve_partitions(self) -> tuple[Parts, ...]:
        """The partitions that the curve of removals is averaged over."""
        return self.how.partitions[: splits("curve", self.X)]

    def curve(self) -> np.ndarray:
        """Return the readings after 0, 1, ... removals, (r,)."""
        labellings = Labellings(self.z)
        truth = labellings.columns(self.how.asis).transpose(1, 2, 0)
        by_part = []
        for scores, parts in zip(self.curve_scores(), self.curve_partitions, strict=True):
            for j in range(parts.n_parts):
                rows = parts.rows(j)
                each = scores[:, rows].transpose(0, 2, 1)
                by_part.append(
                    labellings.statistic(each, np.broadcast_to(truth[:, :, rows], each.shape))
                )
        return np.mean(by_part, axis=0)


_NUMBERS = itertools.count()
_RECEIVED: dict[str, Reader] = {}  # the last reader that came to this process, by name


def _received(name: str, X: np.ndarray, how: Readings, raw_only: bool) -> Reader:
    """Return the reader of this name, with its factorisations if it came here before."""
    if name not in _RECEIVED:
        _RECEIVED.clear()
        _RECEIVED[name] = Reader(X, how, raw_only)
    return _RECEIVED[name]
