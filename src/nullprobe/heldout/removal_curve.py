"""Curve of removals: what is read on held-out rows while direction after direction is taken out.

Problem. "It is one feature": once the best direction is gone, how much is left, and is that more or
less than class means and covariances alone would leave?

Solution. A probe is fitted to two of three parts, its direction is removed, and so on, in units of
the standard deviations (`Nullspace`); each fit is scored on the third part. The parts take turns,
so that every row is scored once after 0, 1, 2, ... removals.

Of numbers, and of more than 256 features, the probe is the shrunk discriminant, all of whose
removals come from one factorisation of its covariance S. With U what was removed,

    w = V c,   V = S⁻¹ − S⁻¹ U (Uᵀ S⁻¹ U)⁻¹ Uᵀ S⁻¹,

is the discriminant within what is orthogonal to U, c being the covariance with the concept.

Reference. S. Ravfogel et al., "Null it out", 2020, arXiv 2004.07667, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nullprobe._core import linalg
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts
from nullprobe.moments import Moments
from nullprobe.probes.base.nullspace import Nullspace
from nullprobe.probes.linear.logistic import LogisticProbe

ROUNDS = 6
MOST_FEATURES = 256  # above, a draw of logistic fits would take most of a minute
SHRINKAGE = 0.1
LEAST_LEFT = 1e-10
TOLERANCE = 1e-6  # of the log-odds: a hundredth of what would move an AUC by 1e-4


def curve(X: np.ndarray, z: Concept, parts: Parts, rounds: int = ROUNDS) -> np.ndarray:
    """Return the held-out scores after 0, 1, ... removals.

    Logistic regression reads classes of up to 256 features, the shrunk discriminant all else.

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
    scores = np.zeros((rounds, len(z), z.n_scores))
    for part in range(parts.n_parts):
        train, held = parts.part != part, parts.rows(part)
        told = z.take(train)
        rows, there = _in_units(X[train], X[held])
        moments = Moments.summed(rows, told)
        if not z.is_classes or X.shape[1] > MOST_FEATURES:
            for step, W in enumerate(_discriminants(moments, rounds)):
                scores[step, held] = there @ W[:, -z.n_scores :]
                if z.codes is None:  # R² is about levels
                    scores[step, held] += moments.concept_mean
            continue
        probe = LogisticProbe(C=1.0, tol=TOLERANCE)
        space = Nullspace(probe, rows, told, w=None, moments=moments, most=X.shape[1])
        for step in range(rounds):
            if space.is_full:
                break
            W = space.read()
            scores[step, held] = there @ W
            if step + 1 < rounds and not space.grow(W):
                break
    return scores


def _discriminants(moments: Moments, rounds: int) -> Iterator[np.ndarray]:
    """Yield the weights (d, k) of shrunk discriminants, each orthogonal to all before it.

    Fewer than so many rounds where no direction is left, or nothing covaries with the concept.
    """
    inverse = linalg.reciprocal(moments.scale)
    # The formula may shrink all the way, and then a single direction holds all that there is.
    factor = moments.factor(SHRINKAGE)
    C = moments.cross_covariance
    solved, whole = _solve(factor, inverse, C), float(np.abs(C).max(initial=0.0))
    U = np.zeros((len(C), 0))
    back = np.zeros_like(U)  # S⁻¹ U
    W = solved
    for step in range(rounds):
        if np.abs(W).max(initial=0.0) <= LEAST_LEFT * np.abs(solved).max(initial=0.0) or not whole:
            return
        yield W
        left, sizes, _ = np.linalg.svd(W, full_matrices=False)
        new = left[:, sizes > LEAST_LEFT * sizes.max()]
        if U.shape[1] + new.shape[1] >= len(C) or step + 1 == rounds:
            return
        U = np.linalg.qr(np.hstack([U, new]))[0]
        back = np.hstack([back, _solve(factor, inverse, U[:, back.shape[1] :])])
        W = solved - back @ np.linalg.solve(U.T @ back, U.T @ solved)


def _solve(factor: linalg.PSDFactor, inverse: np.ndarray, C: np.ndarray) -> np.ndarray:
    return inverse[:, None] * factor.solve(inverse[:, None] * C)


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
