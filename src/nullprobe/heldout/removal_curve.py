"""Curve of removals: what is read on held-out rows while direction after direction is taken out.

Problem. "It is one feature": once the best direction is gone, how much is left, and is that more or
less than class means and covariances alone would leave?

Solution. A probe is fitted to two of three parts, its direction is removed, and so on, in units of
the standard deviations (`Nullspace`); each fit is scored on the third part. The parts take turns,
so that every row is scored once after 0, 1, 2, ... removals.

Reference. S. Ravfogel et al., "Null it out", 2020, arXiv 2004.07667, algorithm 1.
"""

from __future__ import annotations

import numpy as np

from nullprobe._core import linalg
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts
from nullprobe.moments import Moments
from nullprobe.probes.base.nullspace import Nullspace
from nullprobe.probes.linear.lda import LDAProbe
from nullprobe.probes.linear.logistic import LogisticProbe

ROUNDS = 6
TOLERANCE = 1e-6  # of the log-odds: a hundredth of what would move an AUC by 1e-4


def curve(X: np.ndarray, z: Concept, parts: Parts, rounds: int = ROUNDS) -> np.ndarray:
    """Return the held-out scores after 0, 1, ... removals.

    Logistic regression reads classes, the shrunk discriminant numbers.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
    parts : Parts
        Each part is scored by a probe that was fitted to the others.
    rounds : int
        Most fits; fewer where nothing is left to remove.

    Returns
    -------
    ndarray of shape (rounds, n, k)
        k = 1 for two classes, K for more. After the last removal that was possible, scores are 0.
    """
    k = 1 if z.is_classes and z.n_columns == 2 else z.n_columns
    scores = np.zeros((rounds, len(z), k))
    for part in range(parts.n_parts):
        train, held = parts.part != part, parts.rows(part)
        told = z.take(train)
        rows, there = _in_units(X[train], X[held])
        moments = Moments.of(rows, told)
        probe = LogisticProbe(C=1.0, tol=TOLERANCE) if z.is_classes else LDAProbe()
        space = Nullspace(probe, rows, told, w=None, moments=moments, most=X.shape[1])
        for step in range(rounds):
            if space.is_full:
                break
            W = space.read()
            scores[step, held] = there @ W
            if z.codes is None:  # R² is about levels
                scores[step, held] += moments.concept_mean
            if step + 1 < rounds and not space.grow(W):
                break
    return scores


def _in_units(X: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows, and other rows, less the mean of the first, in their standard deviations.

    Float32 rows are rounded again once they are small: products may be those of float32.
    """
    mean = X.mean(axis=0, dtype=np.float64)
    rows = X - mean
    unit = linalg.reciprocal(linalg.feature_scale(mean, np.einsum("nd,nd->d", rows, rows) / len(X)))
    rows *= unit
    own = rows.astype(np.float32) if X.dtype == np.float32 else rows
    return own, (other - mean) * unit
