"""The game of R-LACE under log loss: who removes r directions against whoever predicts.

Problem. Of all r-dimensional subspaces, find the one without which the best linear predictor of
K classes does worst, and say how far from the worst it may be. The least loss of a predictor is
not concave in what is removed, so no relaxation of it bounds the value.

Solution. In whitened coordinates follow the gradient of the least loss uphill on the Grassmannian.
There are many maxima, so starts are informed: the solutions of two quadratic losses, and
subspaces without which some classes cannot be told apart at all. What is reached, less the gap
of the predictor, is a lower bound of the value; Böhning's inequality gives an upper one.

Reference. S. Ravfogel, M. Twiton, Y. Goldberg, R. Cotterell, "Linear adversarial concept
erasure", ICML 2022, arXiv 2201.12091. The bounds and the ascent are ours (docs/methods/rlace.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from nullprobe.erasers.rlace.predictors import MEMORY, Predictors, Reply

LOOKS, KEPT, GLANCE = 48, 3, 1e-2  # mergers looked at in a round; kept; nats of tolerance
ROUNDS = 8  # in which classes are merged
INNER_SHARE = 0.01  # of the tolerance: what a predictor may lack, lest it disturb the ascent


@dataclass(frozen=True)
class Game:
    """Bounds on the value of the game: the largest least loss that removing r directions leaves.

    Attributes
    ----------
    lower : float
        What the eraser that was found is certain to leave. In nats under log loss, where the
        predictor's payment for its weights counts: one that pays nothing may lose a little
        less. Under squared loss, in variances of the uncorrelated unit-variance variables of
        the concept.
    upper : float
        What no eraser of this rank exceeds.
    trivial : float
        Loss of the best constant, which nothing exceeds.
    rank : int
        Number of directions that are removed.
    iterations : int
        Steps of the ascent, over all starts; 0 where the solution has a closed form.
    exact : bool
        Whether the solution has a closed form, so that the bounds are the value.

    Examples
    --------
    >>> Game(lower=0.5, upper=0.625, trivial=0.6875, rank=1, iterations=9, exact=False).gap
    0.125
    """

    lower: float
    upper: float
    trivial: float
    rank: int
    iterations: int
    exact: bool

    @property
    def gap(self) -> float:
        """The most by which another eraser of this rank could do better."""
        return self.upper - self.lower


class Rules(NamedTuple):
    """The rank, the penalty ½ ridge |V|² on weights, steps of an ascent, and when it may stop."""

    rank: int
    ridge: float
    max_iter: int
    tol: float


def play(predictors: Predictors, rules: Rules, rng: np.random.Generator) -> tuple[np.ndarray, Game]:
    """Seek the r directions without which the best predictor does worst.

    Returns
    -------
    A : ndarray of shape (q, r)
        Orthonormal, in the coordinates of the whitened rows.
    game : Game
    """
    ends = [ascend(predictors, A, rules) for A in starts(predictors, rules.rank, rng)]
    best, _ = max(ends, key=lambda end: end[0].certain)
    trivial = predictors.trivial
    game = Game(
        lower=best.certain,
        upper=min(trivial, predictors.bound(rules.rank)),
        trivial=trivial,
        rank=rules.rank,
        iterations=sum(steps for _, steps in ends),
        exact=False,
    )
    return best.A, game


def starts(predictors: Predictors, rank: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield orthonormal (q, r): the best under Böhning's bound, under squared loss, and mergers."""
    C = predictors.cross
    for known in (C, C / np.sqrt(predictors.shares)):
        yield np.linalg.svd(known, full_matrices=False)[0][:, :rank]
    yield from mergers(predictors, rank, rng)


def mergers(predictors: Predictors, rank: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return orthonormal (q, r) that make the means of classes equal in K - r groups.

    That is what r directions can do to classes that are far apart. Groups are joined two by two,
    and of those looked at the best are carried on.
    """
    C, K = predictors.cross, len(predictors.shares)
    means, nothing = C / predictors.shares, np.zeros((1 + len(C), K))
    kept, spans = [np.arange(K)], []
    for times in np.diff(np.linspace(0, rank, min(rank, ROUNDS) + 1).astype(int)):
        found = {}
        for _ in range(8 * LOOKS):
            groups = join(kept[rng.integers(len(kept))], times, rng)
            found[groups.tobytes()] = groups
            if len(found) == LOOKS:
                break
        tried = list(found.values())
        others = [np.flatnonzero(groups != np.arange(K)) for groups in tried]
        spans = [
            np.linalg.qr(means[:, other] - means[:, groups[other]])[0]
            for groups, other in zip(tried, others, strict=True)
        ]
        left = np.array([predictors.reply(A, nothing, GLANCE).value for A in spans])
        best = np.argsort(-left, kind="stable")[:KEPT]
        kept, spans = [tried[i] for i in best], [spans[i] for i in best]
    return spans


def join(groups: np.ndarray, times: int, rng: np.random.Generator) -> np.ndarray:
    """Join two groups at random, so many times; groups (K,) hold the first class of each group."""
    groups = groups.copy()
    for _ in range(times):
        first, second = np.sort(rng.choice(np.unique(groups), 2, replace=False))
        groups[groups == second] = first
    return groups


def reply_to_span(
    predictors: Predictors, M: np.ndarray, V: np.ndarray, tol: float
) -> tuple[Reply, np.ndarray]:
    """Return the reply where the span of M (q, r) is gone, and the slope (q, r) in M itself."""
    Q, T = np.linalg.qr(M)
    reply = predictors.reply(Q, V, tol)
    # A function of the span alone: its gradient in M = Q T is that in Q, times T⁻ᵀ.
    return reply, np.linalg.solve(T, reply.slope.T).T


def ascend(predictors: Predictors, A: np.ndarray, rules: Rules) -> tuple[Reply, int]:
    """Follow the least loss uphill from A (q, r); return the best reply met, and the steps."""
    tol = INNER_SHARE * rules.tol
    best = last = predictors.reply(A, np.zeros((1 + len(A), len(predictors.shares))), tol)

    def downhill(m: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal best, last
        last, slope = reply_to_span(predictors, m.reshape(A.shape), last.V, tol)
        if last.certain > best.certain:
            best = last
        return -last.value, -slope.ravel()

    found = minimize(
        downhill,
        A.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={
            "maxiter": rules.max_iter,
            "maxcor": MEMORY,
            "ftol": rules.tol,
            "gtol": np.sqrt(np.finfo(np.float64).eps),
        },
    )
    return best, int(found.nit)
