"""Descent on many independent smooth problems of one size at once.

Problem. Restarts of one search, or fits to many labellings, are columns of one matrix. One
evaluation of all columns is two matrix products, which cost little more than for one column.

Solution. Limited-memory quasi-Newton steps (L-BFGS), with separate memory and step length for each
column. At each evaluation a column either accepts its step and chooses a new direction, or tries a
shorter step. So no column waits for another.

Reference. D. C. Liu, J. Nocedal, "On the limited memory BFGS method for large scale optimization",
Mathematical Programming 45 (1989); J. Nocedal, S. Wright, "Numerical optimization" (2006),
algorithm 7.4.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Objective = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

MEMORY = 8  # steps in the memory of a column
FIRST_STEP = 0.3  # length of the first step; weights have a length of about 1
SUFFICIENT = 1e-4  # least decrease of a step, as a share of the predicted decrease
LEAST_CURVATURE = 1e-8  # least curvature of a stored step, relative to its change of gradient
SHORTEST = 1e-6  # a column stops at a smaller share of a step
CALM = 2  # a column stops after so many steps in a row with too little decrease


def descend(
    objective: Objective, W: np.ndarray, *, steps: int, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise each column.

    Parameters
    ----------
    objective : callable
        Returns the values (m,) and gradients (d, m) of columns (d, m). Each depends on its own
        column alone.
    W : ndarray of shape (d, m)
        Start.
    steps : int
        Number of evaluations after the first.
    tolerance : float
        A column stops when its value falls by no more than this twice in a row.

    Returns
    -------
    W : ndarray of shape (d, m)
    values : ndarray of shape (m,)

    Examples
    --------
    >>> import numpy as np
    >>> targets = np.array([[1.0, -2.0], [3.0, 0.5]])
    >>> def square(W):
    ...     return ((W - targets) ** 2).sum(axis=0), 2 * (W - targets)
    >>> W, values = descend(square, np.zeros((2, 2)), steps=30, tolerance=1e-14)
    >>> bool(np.allclose(W, targets))
    True
    """
    values, slopes = objective(W)
    memory = _Memory(W)
    direction, predicted = memory.direction(slopes)
    lengths = np.ones(W.shape[1], W.dtype)
    calm = np.zeros(W.shape[1], int)
    active = np.ones(W.shape[1], bool)
    for _ in range(steps):
        trial = W + lengths * direction
        new, new_slopes = objective(trial)
        # The last term allows for rounding, which dominates near a minimum.
        rounding = np.finfo(W.dtype).eps * np.abs(values)
        accepted = active & (new <= values + SUFFICIENT * lengths * predicted + rounding)
        memory.add(trial - W, new_slopes - slopes, accepted)
        excess = new - values - lengths * predicted  # above the linear prediction
        calm = np.where(accepted, np.where(values - new <= tolerance, calm + 1, 0), calm)
        W = np.where(accepted, trial, W)
        slopes = np.where(accepted, new_slopes, slopes)
        values = np.where(accepted, new, values)
        active &= (calm < CALM) & (lengths > SHORTEST)
        if not active.any():
            break
        # Minimum of the parabola through both values, limited to a range below the failed step.
        parabola = -0.5 * lengths**2 * predicted / np.where(excess > 0, excess, np.inf)
        shorter = np.clip(parabola, 0.1 * lengths, 0.5 * lengths)
        lengths = np.where(accepted, 1.0, shorter).astype(W.dtype)
        further, prediction = memory.direction(slopes)
        direction = np.where(accepted, further, direction)
        predicted = np.where(accepted, prediction, predicted)
    return W, values


class _Memory:
    """Curvature of each column along its latest steps."""

    def __init__(self, W: np.ndarray) -> None:
        self.steps: list[np.ndarray] = []
        self.changes: list[np.ndarray] = []
        self.weights: list[np.ndarray] = []  # 1 / step·change; 0 for a step that was not stored
        self.scale = np.zeros(W.shape[1], W.dtype)

    def add(self, step: np.ndarray, change: np.ndarray, accepted: np.ndarray) -> None:
        """Store steps (d, m) and their changes of gradient, for columns that moved."""
        curvature, size = _dots(step, change), _dots(change, change)
        known = accepted & (curvature > LEAST_CURVATURE * size)
        curvature = np.where(known, curvature, 1.0)
        self.steps.append(np.where(known, step, 0.0))
        self.changes.append(np.where(known, change, 0.0))
        self.weights.append(np.where(known, 1.0 / curvature, 0.0).astype(step.dtype))
        self.scale = np.where(known, curvature / np.where(known, size, 1.0), self.scale)
        if len(self.steps) > MEMORY:
            for history in (self.steps, self.changes, self.weights):
                history.pop(0)

    def direction(self, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return descent directions (d, m), and the slopes (m,) along them."""
        known = list(zip(self.steps, self.changes, self.weights, strict=True))
        ahead, shares = slopes.copy(), []
        for step, change, weight in reversed(known):
            share = weight * _dots(step, ahead)
            ahead -= change * share
            shares.append(share)
        steepness = np.sqrt(_dots(slopes, slopes))
        first = FIRST_STEP / np.maximum(steepness, np.finfo(slopes.dtype).tiny)
        ahead *= np.where(self.scale > 0, self.scale, first).astype(slopes.dtype)
        for (step, change, weight), share in zip(known, reversed(shares), strict=True):
            ahead += step * (share - weight * _dots(change, ahead))
        promised = -_dots(ahead, slopes)
        up = promised >= 0  # due to rounding: use the gradient instead
        if up.any():
            ahead = np.where(up, slopes, ahead)
            promised = np.where(up, -(steepness**2), promised)
        return -ahead, promised


def _dots(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the inner products (m,) of the columns of two matrices (d, m)."""
    return np.einsum("dm,dm->m", A, B)
