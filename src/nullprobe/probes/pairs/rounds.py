"""Rounds of a probe of pairs: the best direction, the best one orthogonal to it, and so on.

Recursive CCS (Burns et al. 2022, arXiv 2212.03827, in their code): sides are normalised once, and
each round is fitted to the sides without the directions of earlier rounds.
"""

from __future__ import annotations

import numpy as np

from nullprobe.data.pairs import ContrastPairs
from nullprobe.probes.base.pairs import Normaliser, PairEstimator


def rounds(
    probe: PairEstimator, r: int, train: ContrastPairs, held: ContrastPairs
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Run r rounds, or fewer if the probe finds no direction.

    Parameters
    ----------
    probe : PairEstimator
    r : int
    train, held : ContrastPairs
        Training pairs and held-out pairs; labels are not used.

    Returns
    -------
    basis : ndarray of shape (d, s)
        Orthonormal directions, in units of the standard deviations of the training sides.
    scores : list of two ndarrays of shape (n_train,) and (n_held,)
        Scores of the differences within pairs in each round, with unresolved sign.
    """
    normaliser = Normaliser.of(train)
    left, other = normaliser.sides(train), normaliser.sides(held)
    basis, scores, mirrors = np.zeros((train.d, 0)), [], []
    while basis.shape[1] < min(r, train.d):
        w, _ = probe.read(*left)
        length = float(np.linalg.norm(w))
        if length == 0.0:
            break
        scores.append(tuple((sides[1] - sides[0]) @ w for sides in (left, other)))
        q = w / length
        basis = np.column_stack([basis, _lifted(q, mirrors)])
        # A reflection that maps q to an axis; the next round uses the other axes.
        mirror = q.copy()
        mirror[0] += np.copysign(1.0, q[0])
        mirror /= np.linalg.norm(mirror)
        mirrors.append(mirror)
        left, other = ([_mirrored(X, mirror)[:, 1:] for X in sides] for sides in (left, other))
    return basis, scores


def _mirrored(X: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    return X - 2.0 * np.outer(X @ mirror, mirror)


def _lifted(q: np.ndarray, mirrors: list[np.ndarray]) -> np.ndarray:
    """Return a direction of the remaining axes as a direction of the features."""
    for mirror in reversed(mirrors):
        q = np.append(0.0, q)
        q -= 2.0 * (q @ mirror) * mirror
    return q
