"""The game of R-LACE under log loss: who removes r directions against whoever predicts.

Problem. Of all r-dimensional subspaces, find the one without which the best linear predictor of
K classes does worst, and say how far from the worst it may be. The least loss of a predictor is
not concave in what is removed, so no relaxation of it bounds the value.

Solution. In whitened coordinates the predictor's problem is convex; solved with a penalty on the
weights its gap is known, and its solution is the gradient of its least loss. Follow that gradient
uphill on the Grassmannian from informed starts: what is reached, less the gap, is a lower bound
of the value. Böhning's quadratic bound on the log loss, which a singular value decomposition
solves for all subspaces at once, is an upper one.

Reference. S. Ravfogel, M. Twiton, Y. Goldberg, R. Cotterell, "Linear adversarial concept
erasure", ICML 2022, arXiv 2201.12091; D. Böhning, "Multinomial logistic regression algorithm",
Annals of the Institute of Statistical Mathematics 44 (1992).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

SCREENED, KEPT, GLANCE = 32, 3, 1e-2  # partitions looked at; kept of them; nats of tolerance
PREDICTOR_STEPS = 2000  # that one solve may take; what it then lacks is in the gap
INNER_SHARE = 0.01  # of the tolerance: what one solve may lack, lest it disturb the ascent
MEMORY = 20  # pairs of steps and slopes that either quasi-Newton method remembers


@dataclass(frozen=True)
class Game:
    """Bounds on the value of the game: the largest least loss that removing r directions leaves.

    Attributes
    ----------
    lower : float
        What the eraser that was found is certain to leave. In nats under log loss; under
        squared loss, in variances of the uncorrelated unit-variance variables of the concept.
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
    max_steps: int
    tol: float


class Reply(NamedTuple):
    """The best predictor where the span of A (q, r) is gone, and what it says of A.

    ``value`` is its loss, ``gap`` the most by which another may do better; V (1 + q, K) its
    intercepts and weights, ``slope`` (q, r) the gradient of the least loss in A.
    """

    A: np.ndarray
    value: float
    gap: float
    V: np.ndarray
    slope: np.ndarray

    @property
    def certain(self) -> float:
        """A lower bound of the least loss; no log loss is below zero."""
        return max(self.value - self.gap, 0.0)


class Predictors:
    """Linear predictors of labels from whitened rows: softmax(log p + [1, x] V).

    The intercept is a feature of second moment 1 like the others, counted from the log of the
    shares and penalised with the rest: the best constant pays nothing, and the penalised loss
    is strongly convex in everything, which is what makes the gap a bound.

    Parameters
    ----------
    rows : ndarray of shape (n, q)
        Centred, and of second moment I under the weights.
    codes : ndarray of shape (n,)
        Classes, each of which occurs.
    weights : ndarray of shape (n,)
        Above zero, of sum 1.
    ridge : float
    """

    def __init__(
        self, rows: np.ndarray, codes: np.ndarray, weights: np.ndarray, ridge: float
    ) -> None:
        self.F = np.column_stack([np.ones(len(rows)), rows])
        self.codes, self.weights, self.ridge = codes, weights, ridge
        self.shares = np.bincount(codes, weights)
        Z = codes[:, None] == np.arange(len(self.shares))
        self.cross = rows.T @ (weights[:, None] * (Z - self.shares))

    @property
    def trivial(self) -> float:
        """Loss of the best constant, in nats."""
        return float(-(self.shares @ np.log(self.shares)))

    def bound(self, rank: int) -> float:
        """Return what no subspace of this rank can exceed (docs/methods/rlace.md)."""
        size = np.linalg.svd(self.cross, compute_uv=False)[rank:]
        return self.trivial - float(size @ size) / (1.0 + 2.0 * self.ridge)

    def loss(self, V: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log loss of weights V (1 + q, K), and its gradient."""
        # (K, n): over so few classes, sums of rows are much faster than rows of sums
        scores = V.T @ self.F.T + np.log(self.shares)[:, None]
        scores -= scores.max(axis=0)
        own_label = self.codes, np.arange(len(self.F))
        own = scores[own_label]
        R = np.exp(scores, out=scores)
        total = R.sum(axis=0)
        R *= self.weights / total
        R[own_label] -= self.weights
        return float(self.weights @ (np.log(total) - own)), (R @ self.F).T

    def reply(self, A: np.ndarray, V: np.ndarray, tol: float) -> Reply:
        """Return the best predictor that does not see the span of orthonormal A (q, r).

        Parameters
        ----------
        V : ndarray of shape (1 + q, K)
            Where to begin.
        tol : float
            How far from the best it may be.
        """
        shape = V.shape

        def seen(V: np.ndarray) -> np.ndarray:
            return np.vstack([V[:1], V[1:] - A @ (A.T @ V[1:])])

        def penalised(v: np.ndarray) -> tuple[float, np.ndarray]:
            V = v.reshape(shape)
            value, slope = self.loss(V)
            slope = seen(slope) + self.ridge * V
            return value + 0.5 * self.ridge * float(v @ v), slope.ravel()

        # Begun in the complement of A, all steps stay there: gradients are projected.
        found = minimize(
            penalised,
            seen(V).ravel(),
            jac=True,
            method="L-BFGS-B",
            options={
                "maxiter": PREDICTOR_STEPS,
                "maxfun": 2 * PREDICTOR_STEPS,
                "maxcor": MEMORY,
                "ftol": 0.0,
                "gtol": np.sqrt(2.0 * self.ridge * tol / V.size),
            },
        )
        V = seen(found.x.reshape(shape))
        value, slope = self.loss(V)
        left = seen(slope) + self.ridge * V
        return Reply(
            A,
            value + 0.5 * self.ridge * float(np.vdot(V, V)),
            float(np.vdot(left, left)) / (2.0 * self.ridge),
            V,
            -V[1:] @ (A.T @ slope[1:]).T,
        )


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
    """Yield orthonormal (q, r): the best under Böhning's bound, under squared loss, and others.

    The others come of what r directions can do to classes that are far apart: make the means of
    some equal, in K - r groups. Many such partitions are looked at, the best are kept.
    """
    C, K = predictors.cross, len(predictors.shares)
    for known in (C, C / np.sqrt(predictors.shares)):
        yield np.linalg.svd(known, full_matrices=False)[0][:, :rank]
    merging = []
    for groups in partitions(K, K - rank, rng):
        joined = np.flatnonzero(groups != np.arange(K))
        means = C / predictors.shares
        merging.append(np.linalg.qr(means[:, joined] - means[:, groups[joined]])[0])
    nothing = np.zeros((1 + len(C), K))
    left = [predictors.reply(A, nothing, GLANCE).value for A in merging]
    for best in np.argsort(-np.array(left), kind="stable")[:KEPT]:
        yield merging[best]


def partitions(n_items: int, n_groups: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return different partitions (n_items,): for each item, the first of its group.

    All of them where there are few; else some, by joining two groups at random again and again.
    """
    found = {}
    for _ in range(8 * SCREENED):
        groups = np.arange(n_items)
        for _ in range(n_items - n_groups):
            first, second = np.sort(rng.choice(np.unique(groups), 2, replace=False))
            groups[groups == second] = first
        found[groups.tobytes()] = groups
        if len(found) == SCREENED:
            break
    return list(found.values())


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
            "maxiter": rules.max_steps,
            "maxcor": MEMORY,
            "ftol": rules.tol,
            "gtol": np.sqrt(np.finfo(np.float64).eps),
        },
    )
    return best, int(found.nit)
