"""The linear predictors that R-LACE plays against under log loss, and what they cannot do.

Problem. Find the best linear predictor of K classes that does not see a subspace, and say how far
from the best it may be, how the least loss changes with the subspace, and what no subspace of a
dimension can make of it.

Solution. With a penalty on the weights the problem is strongly convex: the gap of a solution
follows from its gradient, and so does the slope of the least loss. Böhning's quadratic bound on
the log loss is solved for all subspaces at once by a singular value decomposition.

Reference. D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of
Statistical Mathematics 44 (1992).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

STEPS = 2000  # that one solve may take; what it then lacks is in the gap
MEMORY = 20  # pairs of steps and slopes that the quasi-Newton method remembers


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
                "maxiter": STEPS,
                "maxfun": 2 * STEPS,
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
