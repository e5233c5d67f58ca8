"""The game of R-LACE under log loss: an eraser of r directions against a linear predictor.

Problem. Find the r-dimensional subspace whose removal makes the best linear predictor of K classes
worst, and bound how far it is from the optimum. The least loss of a predictor is not concave in
the removed subspace, so no relaxation of the loss bounds the value.

Solution. In whitened coordinates, follow the gradient of the least loss uphill on the Grassmannian.
There are many maxima, so the starts are informed: the solutions of two quadratic losses, and
subspaces whose removal makes the means of some classes equal. The loss at the best maximum, minus
the gap of the predictor, is a lower bound of the value. Böhning's inequality gives an upper bound.

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

# Starts by merging classes: mergers tried per round, mergers that go on, tolerance in nats, rounds.
TRIED_MERGERS, BEST_MERGERS, ROUGH_TOL = 48, 3, 1e-2
ROUNDS = 8
INNER_SHARE = 0.01  # tolerance of a predictor, as a share of the ascent's: it must not disturb it


@dataclass(frozen=True)
class Game:
    """Bounds on the value of the game: the largest least loss after removing r directions.

    Attributes
    ----------
    lower : float
        Lower bound: the fitted eraser leaves at least this loss. Under log loss in nats,
        including the predictor's penalty; without the penalty the loss may be slightly smaller.
        Under squared loss in variances of the uncorrelated unit-variance variables of the
        concept.
    upper : float
        Upper bound: no eraser of this rank leaves a larger loss.
    trivial : float
        Loss of the best constant; no least loss exceeds it.
    rank : int
        Number of removed directions.
    iterations : int
        Steps of the ascent, summed over all starts; 0 for a closed form.
    exact : bool
        Whether the solution has a closed form; then both bounds equal the value.

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
        """Upper minus lower bound: no eraser of this rank is better by more."""
        return self.upper - self.lower


class Rules(NamedTuple):
    """The rank, the penalty ½ ridge |V|² on weights, most steps of an ascent, its tolerance."""

    rank: int
    ridge: float
    max_iter: int
    tol: float


def play(predictors: Predictors, rules: Rules, rng: np.random.Generator) -> tuple[np.ndarray, Game]:
    """Find the r directions whose removal makes the best predictor worst.

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
    for M in (C, C / np.sqrt(predictors.shares)):
        yield np.linalg.svd(M, full_matrices=False)[0][:, :rank]
    yield from mergers(predictors, rank, rng)


def mergers(predictors: Predictors, rank: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return orthonormal (q, r) whose removal makes class means equal within each of K - r groups.

    If classes lie far from each other, this is the most that r directions can do. Groups are
    merged in pairs at random; the best mergers of each round go on to the next.
    """
    C, K = predictors.cross, len(predictors.shares)
    means, zeros = C / predictors.shares, np.zeros((1 + len(C), K))
    beam, spans = [np.arange(K)], []
    for times in np.diff(np.linspace(0, rank, min(rank, ROUNDS) + 1).astype(int)):
        candidates = {}
        for _ in range(8 * TRIED_MERGERS):
            groups = join(beam[rng.integers(len(beam))], times, rng)
            candidates[groups.tobytes()] = groups
            if len(candidates) == TRIED_MERGERS:
                break
        tried = list(candidates.values())
        others = [np.flatnonzero(groups != np.arange(K)) for groups in tried]
        spans = [
            np.linalg.qr(means[:, other] - means[:, groups[other]])[0]
            for groups, other in zip(tried, others, strict=True)
        ]
        left = np.array([predictors.reply(A, zeros, ROUGH_TOL).value for A in spans])
        best = np.argsort(-left, kind="stable")[:BEST_MERGERS]
        beam, spans = [tried[i] for i in best], [spans[i] for i in best]
    return spans


def join(groups: np.ndarray, times: int, rng: np.random.Generator) -> np.ndarray:
    """Merge two random groups, ``times`` times; groups (K,) hold the first class of each group."""
    groups = groups.copy()
    for _ in range(times):
        first, second = np.sort(rng.choice(np.unique(groups), 2, replace=False))
        groups[groups == second] = first
    return groups


def reply_to_span(
    predictors: Predictors, M: np.ndarray, V: np.ndarray, tol: float
) -> tuple[Reply, np.ndarray]:
    """Return the reply after removal of the span of M (q, r), and its gradient (q, r) in M."""
    Q, T = np.linalg.qr(M)
    reply = predictors.reply(Q, V, tol)
    # It is a function of the span alone: its gradient in M = Q T is its gradient in Q times T⁻ᵀ.
    return reply, np.linalg.solve(T, reply.slope.T).T


def ascend(predictors: Predictors, A: np.ndarray, rules: Rules) -> tuple[Reply, int]:
    """Follow the least loss uphill from A (q, r); return the best reply and the number of steps."""
    tol = INNER_SHARE * rules.tol
    best = last = predictors.reply(A, np.zeros((1 + len(A), len(predictors.shares))), tol)

    def downhill(m: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal best, last
        last, slope = reply_to_span(predictors, m.reshape(A.shape), last.V, tol)
        if last.certain > best.certain:
            best = last
        return -last.value, -slope.ravel()

    solution = minimize(
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
    return best, int(solution.nit)
