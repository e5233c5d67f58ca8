"""Newton steps for logistic regressions on the same rows, many at once.

Problem. A thousand labellings of one X ask for a thousand logistic regressions, and a path of
penalties, an inner fold or a further direction for more of them, on the same rows each time.

Solution. Problems are columns of one matrix. Each takes Newton steps whose systems are solved by
conjugate gradients, so that X is only ever multiplied by all columns together. The covariance of
X with the penalty, factored once, preconditions all of them: where no row is told from another it
is the second derivative up to a factor, and the first step is then exact. Directions are sought
in float32; gradients and losses are float64, which decide what the answer is. A column that has
converged leaves.

Reference. D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of
Statistical Mathematics 44 (1992); J. Nocedal, S. Wright, "Numerical optimization" (2006),
algorithms 5.3 and 7.1.
"""

from __future__ import annotations

import numpy as np

from nullprobe import _array, _linalg, _threads
from nullprobe.probes.design import Design, Preconditioner

TOLERANCE = 1e-8  # of √(gᵀH⁻¹g), g and H per row: an error of about as much in the log-odds
ROUGH = 1e-5  # tolerance from which on float32 is close enough for slopes, too
OVERSHOOT = 4.0  # error of an exact Newton step, next to the square of the error before
ACCURACY = (3e-5, 0.2)  # relative residuals between which a Newton system is solved
MOST_STEPS = 100
MOST_CG = 200
SUFFICIENT = 1e-4  # share of the promised decrease that a step must bring
MOST_HALVINGS = 40
COLUMN_ELEMENTS = 1 << 20  # entries (n, m) that are worked on at a time: they stay in the cache


def solve(
    design: Design,
    targets: np.ndarray,
    ready: Preconditioner,
    *,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
    max_steps: int = MOST_STEPS,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit logistic regressions to many labellings of the same rows.

    Parameters
    ----------
    design : Design
        n rows of r features.
    targets : ndarray of shape (n, m, k), bool, or chances
        Who is a positive: k = 1 for two classes, or each of k > 2 classes.
    ready : Preconditioner
        It says what the penalty is, and what the solution keeps to.
    start : ndarray of shape (r + 1, m, k), optional
        Where to begin: no weights if not given.
    tolerance : float
        Of √(gᵀH⁻¹g), g and H the slope and the second derivative of the mean loss.
    max_steps : int
        Newton steps.

    Returns
    -------
    A : ndarray of shape (r + 1, m, k)
        Weights, and the bias at the end.
    converged : ndarray of shape (m,), bool
    """
    n, m, k = targets.shape
    A, converged = np.empty((design.rows.shape[1], m, k)), np.empty(m, dtype=bool)
    step = max(16, COLUMN_ELEMENTS // (n * k))

    def work(columns: slice) -> None:
        problem = _Problems(design, targets[:, columns], ready, rough=tolerance >= ROUGH)
        begin = None if start is None else start[:, columns]
        A[:, columns], converged[columns] = problem.descend(begin, tolerance, max_steps)

    # Products of few columns lose more by threads that wait for each other than they gain.
    with _threads.one_blas_thread:
        _array.on_cores(work, [(slice(i, i + step),) for i in range(0, m, step)], design.rows)
    return A, converged


class _Problems:
    """A few problems, with everything that they know of where they are."""

    def __init__(
        self, design: Design, targets: np.ndarray, ready: Preconditioner, *, rough: bool = False
    ) -> None:
        self.design, self.penalty, self.ready = design, ready.penalty, ready
        self.rows = design.narrow if rough else design.rows
        self.targets = targets.astype(np.float64)
        self.shares = design.shares[:, None, None]

    def descend(
        self, start: np.ndarray | None, tolerance: float, max_steps: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return A (r + 1, m, k), and which problems have converged."""
        m, k = self.targets.shape[1:]
        cold = start is None
        A = np.zeros((self.design.rows.shape[1], m, k)) if start is None else start.copy()
        if cold:
            share = np.einsum("n,nmk->mk", self.design.shares, self.targets)
            A[-1] = np.log(share) - (np.log1p(-share) if k == 1 else 0.0)
        found, left = A.copy(), np.arange(m)
        margins = (
            np.repeat(A[-1:], len(self.targets), axis=0) if cold else self._product(self.rows, A)
        )
        loss, chances = self._losses(margins, A)
        for number in range(max_steps):
            slope = self._slope(chances, A)
            curves, curvature = self._curves(chances)
            scaled, ahead, size = self._scaled(slope, curvature)
            # No closer than the next step will be, whose error is about OVERSHOOT size².
            accuracy = np.clip(
                np.maximum(OVERSHOOT * size, 0.3 * tolerance / np.maximum(size, tolerance)),
                *ACCURACY,
            )
            exact = not (cold and number == 0)
            if exact:
                ahead = self._newton(scaled, ahead, curves, accuracy)
            else:  # all rows are alike: the preconditioner is the whole truth
                ahead /= -curvature[:, None].astype(np.float32)
            length = np.sqrt(curvature) * size
            direction = self.ready.keep_within(ahead.astype(np.float64) * length[:, None])
            change = self._product(self.rows, direction)
            lengths, loss, chances = self._search(A, direction, margins, change, (loss, slope))
            A += lengths[:, None] * direction
            margins += lengths[:, None] * change
            rest = np.maximum(accuracy, OVERSHOOT * size) * size
            done = (size <= tolerance) | (exact & (lengths == 1) & (rest <= tolerance))
            if done.any():
                found[:, left[done]] = A[:, done]
                stay = ~done
                left, A, margins, loss = left[stay], A[:, stay], margins[:, stay], loss[stay]
                chances, self.targets = chances[:, stay], self.targets[:, stay]
                if not len(left):
                    break
        found[:, left] = A
        if k > 1:  # a constant added to all biases changes nothing
            found[-1] -= found[-1].mean(axis=1, keepdims=True)
        converged = np.ones(m, dtype=bool)
        converged[left] = False
        return found, converged

    def _product(self, rows: np.ndarray, A: np.ndarray) -> np.ndarray:
        found = rows @ A.reshape(len(A), -1).astype(rows.dtype, copy=False)
        return found.astype(A.dtype, copy=False).reshape(len(rows), *A.shape[1:])

    def _losses(self, margins: np.ndarray, A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return penalised mean losses (m,), and the chances of the classes (n, m, k)."""
        if margins.shape[2] == 1:
            small = np.abs(margins)
            np.exp(np.negative(small, out=small), out=small)
            chances = np.where(margins >= 0, 1.0, small)
            chances /= 1.0 + small
            losses = np.log1p(small, out=small)
            losses += np.maximum(margins, 0.0)
            losses -= margins * self.targets
        else:
            top = margins.max(axis=2, keepdims=True)
            chances = np.exp(margins - top)
            total = chances.sum(axis=2, keepdims=True)
            chances /= total
            losses = top + np.log(total) - (margins * self.targets).sum(axis=2, keepdims=True)
        mean = self.design.shares @ losses[:, :, 0]
        return mean + 0.5 * self.penalty * _dots(A[:-1], A[:-1]), chances

    def _slope(self, chances: np.ndarray, A: np.ndarray) -> np.ndarray:
        slope = self._product(self.rows.T, self.shares * (chances - self.targets))
        slope[:-1] += self.penalty * A[:-1]
        return self.ready.keep_within(slope)

    def _curves(self, chances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what is needed of the second derivatives, and their mean (m,)."""
        both = self.shares * chances * (1.0 - chances)
        curvature = np.maximum(both.sum(axis=0).mean(axis=1), np.finfo(np.float32).tiny)
        kept = both if chances.shape[2] == 1 else chances
        return kept.astype(np.float32), curvature

    def _scaled(
        self, slope: np.ndarray, curvature: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return slopes of size 1 as float32, what precedes them, and the size √(gᵀM⁻¹g / c)."""
        largest = np.maximum(np.abs(slope).max(axis=(0, 2)), np.finfo(float).tiny)
        scaled = (slope / largest[:, None]).astype(np.float32)
        ahead = self._ready(scaled)
        norm = np.sqrt(np.maximum(_dots(scaled, ahead), 0.0))
        inverse = _linalg.reciprocal(norm)[:, None]
        size = largest * norm.astype(np.float64) / np.sqrt(curvature)
        return scaled * inverse, ahead * inverse, size

    def _ready(self, G: np.ndarray) -> np.ndarray:
        return self.ready(G.reshape(len(G), -1)).reshape(G.shape)

    def _curved(self, V: np.ndarray, curves: np.ndarray) -> np.ndarray:
        """Return H V for columns V (r + 1, m, k), in float32."""
        moved = self._product(self.design.narrow, V)
        if V.shape[2] > 1:
            moved -= np.einsum("nmk,nmk->nm", moved, curves)[:, :, None]
            moved *= self.shares.astype(np.float32)
        moved *= curves
        found = self._product(self.design.narrow.T, moved)
        found[:-1] += np.float32(self.penalty) * V[:-1]
        return self.ready.keep_within(found)

    def _newton(
        self, slope: np.ndarray, ahead: np.ndarray, curves: np.ndarray, accuracy: np.ndarray
    ) -> np.ndarray:
        """Return x with H x ≈ −slope by preconditioned conjugate gradients, (r + 1, m, k)."""
        left, x, direction = -slope, np.zeros_like(slope), -ahead
        size = _dots(left, direction)
        enough = (accuracy**2).astype(np.float32) * size
        active = np.ones(len(size), dtype=bool)
        for _ in range(MOST_CG):
            curved = self._curved(direction, curves)
            bend = _dots(direction, curved)
            active &= bend > 0
            stride = np.where(active, size / np.where(active, bend, 1.0), 0.0).astype(np.float32)
            x += stride[:, None] * direction
            left -= stride[:, None] * curved
            ahead = self._ready(left)
            new = _dots(left, ahead)
            active &= new > enough
            if not active.any():
                break
            turn = np.where(active, new / np.where(active, size, 1.0), 0.0).astype(np.float32)
            direction = ahead + turn[:, None] * direction
            size = np.where(active, new, size)
        return x

    def _search(
        self,
        A: np.ndarray,
        direction: np.ndarray,
        margins: np.ndarray,
        change: np.ndarray,
        now: tuple[np.ndarray, np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Halve steps until each loss falls; return lengths (m,), losses and chances there."""
        loss, slope = now
        promised = np.minimum(_dots(slope, direction), 0.0)
        lengths = np.ones(len(loss))
        new, chances = self._losses(margins + change, A + direction)
        for _ in range(MOST_HALVINGS):
            rounding = 16.0 * np.finfo(float).eps * (1.0 + np.abs(loss))
            short = np.flatnonzero(~(new <= loss + SUFFICIENT * lengths * promised + rounding))
            if not len(short):
                break
            lengths[short] *= 0.5
            part = _Problems(self.design, self.targets[:, short], self.ready)
            by = lengths[short, None]
            new[short], chances[:, short] = part._losses(
                margins[:, short] + by * change[:, short], A[:, short] + by * direction[:, short]
            )
        return lengths, new, chances


def _dots(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the inner products (m,) of the problems of two arrays (r, m, k)."""
    if A.shape[2] == 1:
        return np.einsum("rm,rm->m", A[:, :, 0], B[:, :, 0])
    return np.einsum("rmk,rmk->m", A, B)
