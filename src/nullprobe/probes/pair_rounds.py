"""Rounds of a probe of pairs: its direction, then the best orthogonal to it, and so on.

Recursive CCS (Burns et al. 2022, arXiv 2212.03827, in their code): sides are normalised once, and
each round is fitted to what is left of them.
"""

from __future__ import annotations

import numpy as np

from nullprobe import _array
from nullprobe.pairs import ContrastPairs
from nullprobe.probes.paired import Normaliser, PairEstimator

LEAST_LEFT = 1e-8  # of weights, once earlier directions are out of them: less is rounding


def rounds(
    probe: PairEstimator, r: int, train: ContrastPairs, held: ContrastPairs
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Go round r times, or till nothing is left.

    Parameters
    ----------
    probe : PairEstimator
    r : int
    train, held : ContrastPairs
        Pairs to fit to, and others to score; neither's labels are looked at.

    Returns
    -------
    basis : ndarray of shape (d, s)
        Orthonormal directions, in units of the standard deviations of the training sides.
    scores : list of ndarray of shape (n_held,)
        Of each round: p⁺ − p⁻ of the held-out pairs as logits, sign unresolved.
    """
    normaliser = Normaliser.of(train)
    left, there = (
        [
            normaliser.apply(_array.host(X), side, normaliser.codes(pairs.groups, len(pairs)))
            for side, X in enumerate((pairs.negative, pairs.positive))
        ]
        for pairs in (train, held)
    )
    basis, scores = np.zeros((train.d, 0)), []
    while basis.shape[1] < min(r, train.d):
        w, _ = probe.read(*left)
        new = w - basis @ (basis.T @ w)
        new -= basis @ (basis.T @ new)
        length = float(np.linalg.norm(new))
        if length <= LEAST_LEFT * float(np.linalg.norm(w)) or length == 0:
            break
        scores.append((there[1] - there[0]) @ new)
        q = new / length
        basis = np.column_stack([basis, q])
        left, there = ([X - np.outer(X @ q, q) for X in sides] for sides in (left, there))
    return basis, scores
