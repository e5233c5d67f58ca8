"""Conjugate gradients in float32 for many logistic regressions on the same rows.

Problem. Products in float64 and a linear system per Newton step are wasteful for the first three
digits. A thousand labellings of one X should cost little more than one.

Solution. Problems are columns of one matrix, so that each product with X serves all of them.
Nonlinear conjugate gradients on the loss take one product with X and one with Xᵀ per step. The
second derivative along the direction gives the step length, without evaluations of the loss. The
covariance of X plus the penalty, factored once, preconditions all columns. A failure is harmless: a
column whose gradient did not shrink keeps its start.

Reference. D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of
Statistical Mathematics 44 (1992); J. Nocedal, S. Wright, "Numerical optimization" (2006),
algorithm 5.4, with the formula of Polak and Ribière.
"""

from __future__ import annotations

import numpy as np

from nullprobe.probes.solvers.design import Design, Preconditioner

REMOVAL_SHARE = 4  # converged columns are removed when they are at least one in four
TINY = np.finfo(np.float32).tiny


class Problems:
    """Logistic regressions on the same rows, in float32 or float64.

    Parameters
    ----------
    design : Design
        n rows of r features.
    targets : ndarray of shape (n, m, k), bool or probabilities
        Which rows are positive: k = 1 for two classes, or one column for each of k > 2 classes.
    preconditioner : Preconditioner
        Holds the penalty, and the constraint on the solution.
    dtype : type
        float32 or float64.
    """

    def __init__(
        self, design: Design, targets: np.ndarray, preconditioner: Preconditioner, dtype: type
    ) -> None:
        self.design, self.preconditioner = design, preconditioner
        self.penalty = dtype(preconditioner.penalty)
        self.rows = design.narrow if dtype is np.float32 else design.rows
        self.targets = targets.astype(dtype, order="C")
        self.shares = design.shares.astype(dtype)[:, None, None]

    def improve(self, begin: np.ndarray, aim: float, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Return A (r + 1, m, k) close to the solutions, and the gradient sizes (m,) there.

        A column that did not improve keeps its start, and its size is infinite.
        """
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # a column that overflows did not improve
            A, first, size = self._conjugate(begin.astype(self.rows.dtype), aim, most)
        closer = (size < first) | (size <= aim)
        return np.where(closer[:, None], A, begin), np.where(closer, size, np.inf)

    def _conjugate(
        self, A: np.ndarray, aim: float, most: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return A (r + 1, m, k), and the sizes (m,) of the first and the last gradient."""
        solution, left, margins = A, np.arange(A.shape[1]), product(self.rows, A)
        first, last = np.empty(len(left)), np.empty(len(left))
        before, steep, direction = A, np.ones(len(left)), np.zeros_like(A)
        for number in range(most + 1):
            p = probabilities(margins)
            slope = self.slope(p, A)
            curves, curvature = self.curves(p)
            ahead, older = self.precondition(slope), steep
            steep = np.maximum(dots(slope, ahead), TINY)
            last[left] = size = np.sqrt(steep / curvature)
            if number == 0:
                first[:] = size
            moves = ~(size <= aim)
            if number == most or not moves.any():
                break
            direction *= (np.maximum(steep - dots(before, ahead), 0.0) / older)[:, None]
            direction -= ahead
            change = product(self.rows, direction)
            bend = dots(change, self.bent(change, curves))
            bend += self.penalty * dots(direction[:-1], direction[:-1])
            stride = (moves * -dots(slope, direction) / np.maximum(bend, TINY))[:, None]
            A += stride * direction
            change *= stride
            margins += change
            before = slope
            if np.count_nonzero(~moves) * REMOVAL_SHARE >= len(left):
                solution[:, left] = A
                left, steep, stay = left[moves], steep[moves], np.flatnonzero(moves)
                A, margins, before, direction, self.targets = (
                    a[:, stay] for a in (A, margins, before, direction, self.targets)
                )
        solution[:, left] = A
        return solution, first, last

    def slope(self, p: np.ndarray, A: np.ndarray) -> np.ndarray:
        """Return the gradients (r + 1, m, k) of the penalised mean losses at A."""
        over = p - self.targets
        over *= self.shares
        slope = product(self.rows.T, over)
        slope[:-1] += self.penalty * A[:-1]
        return self.preconditioner.keep_within(slope)

    def curves(self, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the part of the second derivatives that `bent` needs, and their mean (m,)."""
        both = 1.0 - p
        both *= p
        both *= self.shares
        curvature = np.maximum(both.sum(axis=0).mean(axis=1), TINY)
        return both if p.shape[2] == 1 else p, curvature

    def bent(self, change: np.ndarray, curves: np.ndarray) -> np.ndarray:
        """Return the change of shares × probabilities for a small change (n, m, k) of log-odds."""
        if change.shape[2] == 1:
            return change * curves
        bent = change - np.einsum("nmk,nmk->nm", change, curves)[:, :, None]
        bent *= curves
        bent *= self.shares
        return bent

    def precondition(self, G: np.ndarray) -> np.ndarray:
        """Return M⁻¹ G for float32 gradients (r + 1, m, k)."""
        return self.preconditioner(G.reshape(len(G), -1)).reshape(G.shape)


def product(rows: np.ndarray, A: np.ndarray) -> np.ndarray:
    """Return rows @ A for an array A (r, m, k)."""
    return (rows @ A.reshape(len(A), -1)).reshape(len(rows), *A.shape[1:])


def probabilities(margins: np.ndarray) -> np.ndarray:
    """Return the class probabilities (n, m, k) for log-odds."""
    if margins.shape[2] == 1:
        p = 0.5 * margins
        np.tanh(p, out=p)
        p *= 0.5
        p += 0.5
        return p
    p = margins - margins.max(axis=2, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis=2, keepdims=True)
    return p


def dots(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the inner products (m,) of the problems of two arrays (r, m, k)."""
    if A.shape[2] == 1:
        return np.einsum("rm,rm->m", A[:, :, 0], B[:, :, 0])
    return np.einsum("rmk,rmk->m", A, B)
