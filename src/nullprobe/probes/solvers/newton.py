"""Newton steps for many logistic regressions on the same rows.

Problem. A thousand labellings of one X need a thousand logistic regressions. Paths of penalties,
inner folds and successive directions need even more, all on the same rows.

Solution. Conjugate gradients in float32 bring all columns close to the solution
(`conjugate_gradient`). Newton steps in float64 complete it, mostly in one step. Conjugate gradients
in float32 solve the Newton systems: only gradients and log-odds in float64 determine the solution.
The residual of the system and the third derivative predict the error after a step, so a column
leaves with the step that makes it accurate enough. A loss is evaluated only if the log-odds change
so much that a full step might not lower it.

Reference. J. Nocedal, S. Wright, "Numerical optimization" (2006), algorithm 7.1; F. Bach,
"Self-concordant analysis for logistic regression", Electronic Journal of Statistics 4 (2010).
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from nullprobe._core import arrays, linalg, parallel
from nullprobe.probes.solvers.conjugate_gradient import Problems, dots, probabilities, product
from nullprobe.probes.solvers.design import Design, Preconditioner

TOLERANCE = 1e-8  # of √(gᵀH⁻¹g) per row: about the error of the log-odds
ROUGH = 1e-5  # for this or a larger tolerance, float32 is accurate enough
OVERSHOOT = 4.0  # error after an exact Newton step, relative to the squared error before it
ACCURACY = (3e-5, 0.2)  # smallest and largest relative residual of a Newton system
MOST_STEPS = 100
MOST_APPROACH = 40  # steps in float32
MOST_CG = 200
HARMLESS = 0.5  # a full step lowers the loss if no log-odds change by more
SUFFICIENT = 1e-4  # least decrease of a larger step, as a share of the predicted decrease
MOST_HALVINGS = 40
COLUMN_ELEMENTS = 1 << 20  # entries (n, m) per batch, which fit the cache


def solve(
    design: Design,
    targets: np.ndarray,
    preconditioner: Preconditioner,
    *,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
    max_steps: int = MOST_STEPS,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit logistic regressions to many labellings of the same rows.

    Parameters
    ----------
    design, targets, preconditioner
        As for :class:`~nullprobe.probes.solvers.conjugate_gradient.Problems`: n rows of r
        features, the targets (n, m, k) of m labellings, and their penalty.
    start : ndarray of shape (r + 1, m, k), optional
        Start of the search; by default zero weights.
    tolerance : float
        Tolerance of √(gᵀH⁻¹g); g and H are gradient and Hessian of the mean loss.
    max_steps : int
        Most Newton steps, and most steps in float32 before them.

    Returns
    -------
    A : ndarray of shape (r + 1, m, k)
        Weights, with the bias in the last row.
    converged : ndarray of shape (m,), bool
    """
    n, m, k = targets.shape
    A, converged = np.empty((design.rows.shape[1], m, k)), np.ones(m, dtype=bool)
    step = max(16, COLUMN_ELEMENTS // (n * k))
    rough = tolerance >= ROUGH
    aim = tolerance if rough else 0.5 * np.sqrt(tolerance / OVERSHOOT)

    def work(columns: slice) -> None:
        batch, out = targets[:, columns], A[:, columns]
        begin = _start(design, batch) if start is None else start[:, columns]
        problems = Problems(design, batch, preconditioner, np.float32)
        out[:], size = problems.improve(begin, aim, min(max_steps, MOST_APPROACH))
        left = np.flatnonzero(size > tolerance) if rough else np.arange(len(size))
        if len(left):
            newton = _Newton(design, batch[:, left], preconditioner, np.float64)
            out[:, left], converged[columns][left] = newton.descend(
                out[:, left], tolerance, max_steps
            )
        if k > 1:  # a common shift of all classes changes no probability but increases the penalty
            out -= out.mean(axis=2, keepdims=True)

    # For products of few columns, BLAS threads cost more than they gain.
    with parallel.one_blas_thread:
        arrays.on_cores(work, [(slice(i, i + step),) for i in range(0, m, step)], design.rows)
    return A, converged


def _start(design: Design, targets: np.ndarray) -> np.ndarray:
    """Return A (r + 1, m, k) with zero weights, and biases that predict the class shares."""
    A = np.zeros((design.rows.shape[1], *targets.shape[1:]))
    share = np.tensordot(design.shares, targets, 1)
    A[-1] = np.log(share) - (np.log1p(-share) if targets.shape[2] == 1 else 0.0)
    return A


class _Newton(Problems):
    """The same problems, with Newton steps."""

    def descend(
        self, A: np.ndarray, tolerance: float, max_steps: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return A (r + 1, m, k) after Newton steps, and which problems converged."""
        solution, left = A.copy(), np.arange(A.shape[1])
        margins = product(self.rows, A)
        for _ in range(max_steps):
            p = probabilities(margins)
            slope = self.slope(p, A)
            direction, size, rest = self._step(slope, p, tolerance)
            done = (size <= tolerance) | (rest <= tolerance)
            solution[:, left] = A + direction
            stay = np.flatnonzero(~done)
            left, A, direction = left[stay], A[:, stay], direction[:, stay]
            if not len(left):
                break
            margins, self.targets = margins[:, stay], self.targets[:, stay]
            change = product(self.rows, direction)
            lengths = self._search(A, direction, margins, change, slope[:, stay])[:, None]
            A += lengths * direction
            margins += lengths * change
            solution[:, left] = A
        converged = np.ones(solution.shape[1], dtype=bool)
        converged[left] = False
        return solution, converged

    def _step(
        self, slope: np.ndarray, p: np.ndarray, tolerance: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return Newton steps (r + 1, m, k), and gradient sizes (m,) before and after the step."""
        curves, curvature = self.curves(p)
        curves = curves.astype(np.float32)
        scaled, ahead, size = self._scaled(slope, curvature)
        # No more accurate than the Newton step itself, whose error is about OVERSHOOT size².
        accuracy = np.maximum(OVERSHOOT * size, 0.3 * tolerance / np.maximum(size, tolerance))
        x, reached = self._conjugate_gradients(
            scaled, ahead, curves, np.clip(accuracy, *ACCURACY).astype(np.float32)
        )
        length = np.sqrt(curvature) * size
        direction = self.preconditioner.keep_within(x.astype(np.float64) * length[:, None])
        change = product(self.design.narrow, x)
        remainder = self._remainder(change, curves) * length**2 / np.sqrt(curvature)
        small = np.abs(change).max(axis=(0, 2)) * length <= HARMLESS
        # The third derivative predicts the error only if higher derivatives are small.
        return direction, size, np.where(small, np.maximum(reached * size, remainder), np.inf)

    def _scaled(
        self, slope: np.ndarray, curvature: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return unit gradients in float32, preconditioned ones, and the sizes √(gᵀM⁻¹g / c)."""
        largest = np.maximum(np.abs(slope).max(axis=(0, 2)), np.finfo(float).tiny)
        scaled = (slope / largest[:, None]).astype(np.float32)
        ahead = self.precondition(scaled)
        norm = np.sqrt(np.maximum(dots(scaled, ahead), 0.0))
        inverse = linalg.reciprocal(norm)[:, None]
        size = largest * norm.astype(np.float64) / np.sqrt(curvature)
        return scaled * inverse, ahead * inverse, size

    def _remainder(self, change: np.ndarray, curves: np.ndarray) -> np.ndarray:
        """Return a bound (m,) on √(gᵀM⁻¹g) of the gradient after the step, by third derivatives."""
        shares = self.shares.astype(np.float32)
        if change.shape[2] == 1:
            third = change * change
            third *= curves
            third /= np.sqrt(shares)
        else:
            about = change - np.einsum("nmk,nmk->nm", change, curves)[:, :, None]
            third = about**2
            third -= np.einsum("nmk,nmk->nm", third, curves)[:, :, None]
            third *= curves
            third *= np.sqrt(shares)
        return 0.5 * np.sqrt(dots(third, third))

    def _curved(self, V: np.ndarray, curves: np.ndarray) -> np.ndarray:
        """Return H V for columns V (r + 1, m, k), in float32."""
        moved = self.bent(product(self.design.narrow, V), curves)
        HV = product(self.design.narrow.T, moved)
        HV[:-1] += np.float32(self.penalty) * V[:-1]
        return self.preconditioner.keep_within(HV)

    def _conjugate_gradients(
        self, slope: np.ndarray, ahead: np.ndarray, curves: np.ndarray, accuracy: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return x with H x ≈ −slope (r + 1, m, k), and the relative residuals (m,)."""
        left, x, direction = -slope, np.zeros_like(slope), -ahead
        size = first = dots(left, direction)
        active = first > 0
        for _ in range(MOST_CG):
            curved = self._curved(direction, curves)
            bend = dots(direction, curved)
            active &= bend > 0
            stride = np.where(active, size / np.where(active, bend, 1.0), 0.0).astype(np.float32)
            x += stride[:, None] * direction
            left -= stride[:, None] * curved
            ahead = self.precondition(left)
            new = dots(left, ahead)
            active &= new > accuracy**2 * first
            if not active.any():
                break
            turn = np.where(active, new / np.where(active, size, 1.0), 0.0).astype(np.float32)
            direction = ahead + turn[:, None] * direction
            size = np.where(active, new, size)
        return x, np.sqrt(np.maximum(new, 0.0) / np.maximum(first, np.finfo(np.float32).tiny))

    def _search(
        self,
        A: np.ndarray,
        direction: np.ndarray,
        margins: np.ndarray,
        change: np.ndarray,
        slope: np.ndarray,
    ) -> np.ndarray:
        """Return step lengths (m,): 1, or halved until the loss falls if a full step is large."""
        lengths = np.ones(A.shape[1])
        far = np.flatnonzero(~(np.abs(change).max(axis=(0, 2)) <= HARMLESS))
        A, direction, margins, change = (a[:, far] for a in (A, direction, margins, change))
        targets = self.targets[:, far]
        loss, by = self._losses(margins, A, targets), np.ones(len(far))
        promised = np.minimum(dots(slope[:, far], direction), 0.0)
        rounding = 16.0 * np.finfo(float).eps * (1.0 + np.abs(loss))
        for _ in range(MOST_HALVINGS if len(far) else 0):
            step = by[:, None]
            new = self._losses(margins + step * change, A + step * direction, targets)
            short = ~(new <= loss + SUFFICIENT * by * promised + rounding)
            if not short.any():
                break
            by[short] *= 0.5
        lengths[far] = by
        return lengths

    def _losses(self, margins: np.ndarray, A: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return penalised mean losses (m,)."""
        right = (margins * targets).sum(axis=2)
        if margins.shape[2] == 1:
            losses = np.logaddexp(0.0, margins[:, :, 0]) - right
        else:
            losses = logsumexp(margins, axis=2) - right
        return self.design.shares @ losses + 0.5 * self.penalty * dots(A[:-1], A[:-1])
