"""Logistic regressions on the same rows, brought close to their answers in float32.

Problem. From no weights to three digits, products in float64 and a system to each Newton step are
more than is needed, and a thousand labellings of one X shall cost little more than one.

Solution. Problems are columns of one matrix, so that X is only ever multiplied by all of them
together. Conjugate gradients on the loss itself take one product with X and one with Xᵀ a step,
which the second derivative along the direction makes long enough; no loss is evaluated. The
covariance of X with the penalty, factored once, preconditions all columns. Nothing is lost where
that fails: a column whose slope did not get smaller is given back as it came.

Reference. D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of
Statistical Mathematics 44 (1992); J. Nocedal, S. Wright, "Numerical optimization" (2006),
algorithm 5.4, with the formula of Polak and Ribière.
"""

from __future__ import annotations

import numpy as np

from nullprobe.probes.solvers.design import Design, Preconditioner

LEAVE_TOGETHER = 4  # columns that are close leave when they are one in so many
TINY = np.finfo(np.float32).tiny


class Problems:
    """A few problems on the same rows, in float32 or float64.

    Parameters
    ----------
    design : Design
        n rows of r features.
    targets : ndarray of shape (n, m, k), bool, or chances
        Who is a positive: k = 1 for two classes, or each of k > 2 classes.
    ready : Preconditioner
        It says what the penalty is, and what the solution keeps to.
    dtype : type
        float32 or float64.
    """

    def __init__(
        self, design: Design, targets: np.ndarray, ready: Preconditioner, dtype: type
    ) -> None:
        self.design, self.ready, self.penalty = design, ready, dtype(ready.penalty)
        self.rows = design.narrow if dtype is np.float32 else design.rows
        self.targets = targets.astype(dtype, order="C")
        self.shares = design.shares.astype(dtype)[:, None, None]

    def approach(self, begin: np.ndarray, aim: float, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Return A (r + 1, m, k) close to the answers, and the sizes (m,) of the slopes there.

        A column that is not closer than where it began is given back as it was, its size infinite.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is not closer
            found, first, size = self._conjugate(begin.astype(self.rows.dtype), aim, most)
        closer = (size < first) | (size <= aim)
        return np.where(closer[:, None], found, begin), np.where(closer, size, np.inf)

    def _conjugate(
        self, A: np.ndarray, aim: float, most: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return A (r + 1, m, k), and the sizes (m,) of the first slopes and of the last."""
        found, left, margins = A, np.arange(A.shape[1]), product(self.rows, A)
        first, last = np.empty(len(left)), np.empty(len(left))
        before, steep, direction = A, np.ones(len(left)), np.zeros_like(A)
        for number in range(most + 1):
            chances = chances_of(margins)
            slope = self.slope(chances, A)
            curves, curvature = self.curves(chances)
            ahead, older = self.preceded(slope), steep
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
            if np.count_nonzero(~moves) * LEAVE_TOGETHER >= len(left):
                found[:, left] = A
                left, steep, stay = left[moves], steep[moves], np.flatnonzero(moves)
                A, margins, before, direction, self.targets = (
                    a[:, stay] for a in (A, margins, before, direction, self.targets)
                )
        found[:, left] = A
        return found, first, last

    def slope(self, chances: np.ndarray, A: np.ndarray) -> np.ndarray:
        """Return the slopes (r + 1, m, k) of the penalised mean losses at A."""
        over = chances - self.targets
        over *= self.shares
        slope = product(self.rows.T, over)
        slope[:-1] += self.penalty * A[:-1]
        return self.ready.keep_within(slope)

    def curves(self, chances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what is needed of the second derivatives, and their mean (m,)."""
        both = 1.0 - chances
        both *= chances
        both *= self.shares
        curvature = np.maximum(both.sum(axis=0).mean(axis=1), TINY)
        return both if chances.shape[2] == 1 else chances, curvature

    def bent(self, change: np.ndarray, curves: np.ndarray) -> np.ndarray:
        """Return what a small change (n, m, k) of the log-odds adds to shares × chances."""
        if change.shape[2] == 1:
            return change * curves
        bent = change - np.einsum("nmk,nmk->nm", change, curves)[:, :, None]
        bent *= curves
        bent *= self.shares
        return bent

    def preceded(self, G: np.ndarray) -> np.ndarray:
        """Return M⁻¹ G for float32 slopes (r + 1, m, k)."""
        return self.ready(G.reshape(len(G), -1)).reshape(G.shape)


def product(rows: np.ndarray, A: np.ndarray) -> np.ndarray:
    """Return rows @ A for an array A (r, m, k)."""
    return (rows @ A.reshape(len(A), -1)).reshape(len(rows), *A.shape[1:])


def chances_of(margins: np.ndarray) -> np.ndarray:
    """Return the chances (n, m, k) of the classes, of log-odds."""
    if margins.shape[2] == 1:
        chances = 0.5 * margins
        np.tanh(chances, out=chances)
        chances *= 0.5
        chances += 0.5
        return chances
    chances = margins - margins.max(axis=2, keepdims=True)
    np.exp(chances, out=chances)
    chances /= chances.sum(axis=2, keepdims=True)
    return chances


def dots(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the inner products (m,) of the problems of two arrays (r, m, k)."""
    if A.shape[2] == 1:
        return np.einsum("rm,rm->m", A[:, :, 0], B[:, :, 0])
    return np.einsum("rmk,rmk->m", A, B)
