"""Trials: every eraser is fitted on F, erases rows of P and S, and fresh probes read them.

Each trial is one eraser in one turn of the three parts. Rows of S and their labels are only used to
erase and to score. An eraser that needs labels also gets the labels of P and S.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from nullprobe._core.progress import Report
from nullprobe._core.validation import InputError
from nullprobe.data.concept import Concept, target
from nullprobe.data.splits import Parts
from nullprobe.erasers import SPLINCE
from nullprobe.erasers.estimator import LabelledEstimator
from nullprobe.heldout.fresh_probe import Fresh
from nullprobe.measures.damage import Damage, damage
from nullprobe.moments import Moments
from nullprobe.stats.bootstrap import replicates, resampled_weights

RESAMPLED = 1e7  # scores to sort in all bootstrap samples together


@dataclass(frozen=True, eq=False)
class Reading:
    """A concept of all n rows, with its probes and bootstrap weights for each part.

    Attributes
    ----------
    z : Concept
    probes : tuple of Fresh
    weights : tuple of ndarrays of shape (1 + m, n_j)
        Weights of the rows of each part: ones, then the weights of m bootstrap samples.
    reason : str
        Reason why the concept cannot be read; "" if it can.
    """

    z: Concept
    probes: tuple[Fresh, ...]
    weights: tuple[np.ndarray, ...]
    reason: str = ""

    @classmethod
    def of(cls, z: Concept, probes: tuple[Fresh, ...], parts: Parts, key: Sequence[int]) -> Reading:
        """Draw the bootstrap weights with the seed ``key``, unless a class is too rare."""
        members = [parts.rows(j) for j in range(parts.n_parts)]
        if z.codes is not None:
            least = min(np.bincount(z.codes[rows], minlength=z.n_columns).min() for rows in members)
            if least < 2:
                why = "a part of the split has fewer than two rows of a class"
                return cls(z, probes, (), why)
        rng = np.random.default_rng(key)
        m = replicates(len(z) * z.n_columns, drawn=RESAMPLED)
        weights = []
        for rows in members:
            groups = None if parts.groups is None else parts.groups[rows]
            drawn = resampled_weights(z.take(rows).codes, groups, len(rows), m, rng)
            weights.append(np.vstack([np.ones((1, len(rows))), drawn]))
        return cls(z, probes, tuple(weights))

    @property
    def y(self) -> np.ndarray:
        """The labels (n,), or numbers (n, k), in the form for estimators."""
        return self.z.labels if self.z.is_classes else self.z.data


@dataclass(frozen=True, eq=False)
class Trial:
    """Result of one eraser in one turn of the parts.

    Attributes
    ----------
    rank : int or None
        Number of directions in which rows may move; None if the eraser has no rank.
    seconds : float or None
        Processor time of the fit; None if nothing was fitted.
    damage : Damage
        Damage to the rows of S.
    nothing_left : bool
        Whether the rows of S differed before erasure and are all equal after it.
    read : tuple of tuples of ndarray of shape (1 + m,) or str
        For each concept and each of its probes, the reading of S with each weighting, or the reason
        why there is no reading.
    """

    rank: int | None
    seconds: float | None
    damage: Damage
    nothing_left: bool
    read: tuple[tuple[np.ndarray | str, ...], ...]


class Trials:
    """Trials of all erasers on one representation.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    readings : sequence of Reading
        The concept to erase, then other labels. SPLINCE keeps the first of these.
    parts : Parts
    erasers : mapping of str to estimator or None
        Unfitted erasers; None for the row without an eraser.
    """

    def __init__(
        self,
        X: np.ndarray,
        readings: Sequence[Reading],
        parts: Parts,
        erasers: Mapping[str, Any],
    ) -> None:
        self.X, self.readings, self.erasers = X, tuple(readings), dict(erasers)
        self.roles = [tuple((j, parts.rows(j)) for j in role) for role in parts.roles()]
        target = self.readings[0].z
        self.moments = [Moments.of(X[F], target.take(F)) for (_, F), _, _ in self.roles]
        self.y = [r.y for r in self.readings]

    def run(self, report: Report, n_jobs: int | None = None) -> dict[str, list[Trial | str]]:
        """Return the trials of every eraser, one per turn, or reasons why it cannot be fitted.

        Trials run in threads, since NumPy does the work. Each thread has one BLAS thread, so
        results do not depend on the number of threads.
        """
        jobs = [(name, turn) for turn in range(len(self.roles)) for name in self.erasers]
        trials: dict[str, list[Trial | str]] = {name: [] for name in self.erasers}
        with threadpool_limits(1, "blas"):
            n_jobs = effective_n_jobs(n_jobs)  # pyright: ignore[reportArgumentType]
            parallel = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")
            results: Any = parallel(delayed(self.trial)(*job) for job in jobs)
            for done, ((name, _), result) in enumerate(zip(jobs, results, strict=True), 1):
                trials[name].append(result)
                report("erasers", done, len(jobs))
        return trials

    def trial(self, name: str, turn: int) -> Trial | str:
        """Fit an eraser in one turn, erase, and read; return a reason if this is not possible."""
        (_, F), (_, P), (s, S) = self.roles[turn]
        try:
            eraser, seconds = self._fitted(self.erasers[name], F)
            X_P, X_S = self._erased(eraser, P), self._erased(eraser, S)
        except InputError as error:
            return str(error)
        rank = 0 if eraser is None else getattr(getattr(eraser, "eraser_", None), "rank", None)
        read = []
        for r, y in zip(self.readings, self.y, strict=True):
            rows = (X_P, y[P]), X_S, r.z.take(S)
            read.append(tuple(r.reason or _read(probe, *rows, r.weights[s]) for probe in r.probes))
        moved = damage(self.X[S], X_S, moments=self.moments[turn])
        nothing_left = _differ(self.X[S]) and not _differ(X_S)
        return Trial(rank, seconds, moved, nothing_left, tuple(read))

    def _fitted(self, unfitted: Any, F: np.ndarray) -> tuple[Any, float | None]:
        if unfitted is None:
            return None, None
        eraser: Any = clone(unfitted)
        task = {}
        if isinstance(eraser, SPLINCE) and len(self.y) > 1:
            task = {"task": self.readings[1].z.take(F)}
        X, start = self.X[F], time.thread_time()
        y = target(eraser, self.y[0][F], self.readings[0].z)
        eraser.fit(X, y, **task)
        return eraser, time.thread_time() - start

    def _erased(self, eraser: Any, rows: np.ndarray) -> np.ndarray:
        X = self.X[rows]
        if eraser is None:
            return X
        if isinstance(eraser, LabelledEstimator):
            return eraser.transform(X, self.y[0][rows])
        return np.asarray(eraser.transform(X))


def _differ(X: np.ndarray) -> bool:
    return bool((X != X[:1]).any())


def _read(
    probe: Fresh,
    P: tuple[np.ndarray, np.ndarray],
    S: np.ndarray,
    z: Concept,
    weights: np.ndarray,
) -> np.ndarray | str:
    try:
        return probe.read(P, S, z, weights)
    except InputError as error:
        return str(error)
