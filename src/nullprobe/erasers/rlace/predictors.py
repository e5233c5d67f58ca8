"""The linear predictors that R-LACE plays against under log loss, and bounds on their loss.

Problem. Find the best linear predictor of K classes that is blind to a subspace. Bound its distance
from the optimum, differentiate its loss with respect to the subspace, and bound the loss over all
subspaces of one dimension.

Solution. With a penalty on the weights the problem is strongly convex: the gradient of a solution
bounds its gap, and gives the slope of the least loss. Böhning's quadratic bound on the log loss is
solved for all subspaces at once by a singular value decomposition.

Reference. D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of
Statistical Mathematics 44 (1992).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

STEPS = 2000  # most steps of one solve; the gap measures what is missing
MEMORY = 20  # pairs of steps and slopes in the memory of the quasi-Newton method


class Reply(NamedTuple):
    """The best predictor after removal of the span of A (q, r), and its loss.

    ``value`` is its loss. ``gap`` bounds how much better another predictor may be. V (1 + q, K)
    holds its intercepts and weights. ``slope`` (q, r) is the gradient of the least loss in A.
    """

    A: np.ndarray
    value: float
    gap: float
    V: np.ndarray
    slope: np.ndarray

    @property
    def certain(self) -> float:
        """A lower bound of the least loss, at least zero."""
        return max(self.value - self.gap, 0.0)


class Predictors:
    """Linear predictors of labels from whitened rows: softmax(log p + [1, x] V).

    The intercept is a feature of second moment 1 like the others. It counts from the log of the
    class shares and is penalised with the weights. So the best constant has no penalty, and the
    penalised loss is strongly convex in all parameters: this makes the gap a bound.

    Parameters
    ----------
    rows : ndarray of shape (n, q)
        Rows with mean 0 and second moment I under the weights.
    codes : ndarray of shape (n,)
        Class of each row; every class occurs.
    weights : ndarray of shape (n,)
        Positive weights with sum 1.
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
        """Return the upper bound for subspaces of this rank (docs/methods/rlace.md)."""
        size = np.linalg.svd(self.cross, compute_uv=False)[rank:]
        return self.trivial - float(size @ size) / (1.0 + 2.0 * self.ridge)

    def loss(self, V: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log loss of weights V (1 + q, K), and its gradient."""
        # Shape (K, n): sums over few classes are much faster along columns.
        scores = V.T @ self.F.T + np.log(self.shares)[:, None]
        scores -= scores.max(axis=0)
        label = self.codes, np.arange(len(self.F))
        score = scores[label]
        R = np.exp(scores, out=scores)
        total = R.sum(axis=0)
        R *= self.weights / total
        R[label] -= self.weights
        return float(self.weights @ (np.log(total) - score)), (R @ self.F).T

    def reply(self, A: np.ndarray, V: np.ndarray, tol: float) -> Reply:
        """Return the best predictor that is blind to the span of orthonormal A (q, r).

        Parameters
        ----------
        V : ndarray of shape (1 + q, K)
            Start of the search.
        tol : float
            Largest distance of its loss from the optimum.
        """
        shape = V.shape

        def visible(V: np.ndarray) -> np.ndarray:
            return np.vstack([V[:1], V[1:] - A @ (A.T @ V[1:])])

        def penalised(v: np.ndarray) -> tuple[float, np.ndarray]:
            V = v.reshape(shape)
            value, slope = self.loss(V)
            slope = visible(slope) + self.ridge * V
            return value + 0.5 * self.ridge * float(v @ v), slope.ravel()

        # A search that starts in the complement of A stays in it: gradients are projected.
        solution = minimize(
            penalised,
            visible(V).ravel(),
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
        V = visible(solution.x.reshape(shape))
        value, slope = self.loss(V)
        left = visible(slope) + self.ridge * V
        return Reply(
            A,
            value + 0.5 * self.ridge * float(np.vdot(V, V)),
            float(np.vdot(left, left)) / (2.0 * self.ridge),
            V,
            -V[1:] @ (A.T @ slope[1:]).T,
        )
