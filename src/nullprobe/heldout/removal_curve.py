"""Removal curve: held-out scores of a probe after 0, 1, 2, ... of its directions are removed.

Problem. Test the claim "it is one feature". After removal of the best direction, how much can still
be read? Is this more or less than class means and covariances alone would leave?

Solution. A probe is fitted to two of three parts, its direction is removed, and so on, in units of
the standard deviations (`Nullspace`). Each fit is scored on the third part. Each part is held out
once, so that every row is scored once after 0, 1, 2, ... removals.

For a numeric concept, or more than 256 features, the probe is the shrunk discriminant: one
factorisation of its covariance S gives all removals. Let U be the removed directions and c the
covariance with the concept. Then

    w = V c,   V = S⁻¹ − S⁻¹ U (Uᵀ S⁻¹ U)⁻¹ Uᵀ S⁻¹,

is the discriminant among directions orthogonal to U.

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
MOST_FEATURES = 256  # with more, logistic fits of one draw would take most of a minute
SHRINKAGE = 0.1
LEAST_LEFT = 1e-10
TOLERANCE = 1e-6  # of the log-odds: a hundredth of the error that moves an AUC by 1e-4


def curve(X: np.ndarray, z: Concept, parts: Parts, rounds: int = ROUNDS) -> np.ndarray:
    """Return the held-out scores after 0, 1, ... removals.

    The probe is logistic regression for classes with up to 256 features, otherwise the shrunk
    discriminant.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
    parts : Parts
        Each part is scored by a probe that was fitted to the other parts.
    rounds : int
        Most fits; fewer if no direction is left.

    Returns
    -------
    ndarray of shape (rounds, n, k)
        k = 1 for two classes, K for more. After the last possible removal, scores are 0.
    """
    scores = np.zeros((rounds, len(z), z.n_scores))
    for part in range(parts.n_parts):
        train, held = parts.part != part, parts.rows(part)
        z_train = z.take(train)
        rows, held_rows = _in_units(X[train], X[held])
        moments = Moments.summed(rows, z_train)
        if not z.is_classes or X.shape[1] > MOST_FEATURES:
            for step, W in enumerate(_discriminants(moments, rounds)):
                scores[step, held] = held_rows @ W[:, -z.n_scores :]
                if z.codes is None:  # R² depends on the level
                    scores[step, held] += moments.concept_mean
            continue
        probe = LogisticProbe(C=1.0, tol=TOLERANCE)
        space = Nullspace(probe, rows, z_train, w=None, moments=moments, most=X.shape[1])
        for step in range(rounds):
            if space.is_full:
                break
            W = space.read()
            scores[step, held] = held_rows @ W
            if step + 1 < rounds and not space.grow(W):
                break
    return scores


def _discriminants(moments: Moments, rounds: int) -> Iterator[np.ndarray]:
    """Yield the weights (d, k) of shrunk discriminants, each orthogonal to all before it.

    Ends before the last round if no direction is left, or if nothing covaries with the concept.
    """
    inverse = linalg.reciprocal(moments.scale)
    # Full shrinkage is possible; then a single direction holds all covariance with the concept.
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
    """Return rows and other rows, minus the mean of the first, over their standard deviations.

    Rows that were float32 are rounded to float32 after scaling, so that products are fast.
    """
    mean = X.mean(axis=0, dtype=np.float64)
    rows = X - mean
    unit = linalg.reciprocal(linalg.feature_scale(mean, np.einsum("nd,nd->d", rows, rows) / len(X)))
    rows *= unit
    rounded = rows.astype(np.float32) if X.dtype == np.float32 else rows
    return rounded, (other - mean) * unit
