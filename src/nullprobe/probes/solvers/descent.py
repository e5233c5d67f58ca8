"""Descent: many smooth problems of one size that know nothing of each other, solved side by side.

Problem. Restarts of one search, or fits to many labellings, are columns of one matrix. One
evaluation of all of them is two matrix products, which cost little more than those of one column.

Solution. Limited-memory quasi-Newton steps (L-BFGS), every column with a memory and a step length
of its own. At each evaluation a column either takes the step that it tried and chooses a new
direction, or tries a shorter step, so that none waits for another.

Reference. D. C. Liu, J. Nocedal, "On the limited memory BFGS method for large scale optimization",
Mathematical Programming 45 (1989); J. Nocedal, S. Wright, "Numerical optimization" (2006),
algorithm 7.4.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Objective = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

MEMORY = 8  # steps that a column remembers
FIRST_STEP = 0.3  # length of the first step of a column, next to weights of length about 1
SUFFICIENT = 1e-4  # share of the promised decrease that a step must bring
LEAST_CURVATURE = 1e-8  # of a step that is remembered, next to the change of the slope
SHORTEST = 1e-6  # share of a step below which a column gives up
CALM = 2  # steps in a row of too little decrease, after which a column rests


def descend(
    objective: Objective, W: np.ndarray, *, steps: int, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Follow each column downhill.

    Parameters
    ----------
    objective : callable
        Returns the values (m,) and slopes (d, m) of columns (d, m); column j of either depends
        on column j alone.
    W : ndarray of shape (d, m)
        Where to start.
    steps : int
        Evaluations after the first.
    tolerance : float
        A column whose value falls by no more than this, twice in a row, rests.

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
    direction, promised = memory.direction(slopes)
    lengths = np.ones(W.shape[1], W.dtype)
    calm = np.zeros(W.shape[1], int)
    active = np.ones(W.shape[1], bool)
    for _ in range(steps):
        trial = W + lengths * direction
        new, new_slopes = objective(trial)
        # The last term is rounding: near a minimum no step is clearly one down.
        rounding = np.finfo(W.dtype).eps * np.abs(values)
        taken = active & (new <= values + SUFFICIENT * lengths * promised + rounding)
        memory.add(trial - W, new_slopes - slopes, taken)
        excess = new - values - lengths * promised  # over the line that the slope promised
        calm = np.where(taken, np.where(values - new <= tolerance, calm + 1, 0), calm)
        W = np.where(taken, trial, W)
        slopes = np.where(taken, new_slopes, slopes)
        values = np.where(taken, new, values)
        active &= (calm < CALM) & (lengths > SHORTEST)
        if not active.any():
            break
        # The minimum of the parabola through both values, not too far from the step that failed.
        parabola = -0.5 * lengths**2 * promised / np.where(excess > 0, excess, np.inf)
        shorter = np.clip(parabola, 0.1 * lengths, 0.5 * lengths)
        lengths = np.where(taken, 1.0, shorter).astype(W.dtype)
        further, promise = memory.direction(slopes)
        direction = np.where(taken, further, direction)
        promised = np.where(taken, promise, promised)
    return W, values


class _Memory:
    """What each column has learnt of its curvature from its latest steps."""

    def __init__(self, W: np.ndarray) -> None:
        self.steps: list[np.ndarray] = []
        self.changes: list[np.ndarray] = []
        self.weights: list[np.ndarray] = []  # 1 / step·change; 0 for what is not remembered
        self.scale = np.zeros(W.shape[1], W.dtype)

    def add(self, step: np.ndarray, change: np.ndarray, taken: np.ndarray) -> None:
        """Remember steps (d, m) and the changes of slope along them, of the columns that moved."""
        curvature, size = _dots(step, change), _dots(change, change)
        known = taken & (curvature > LEAST_CURVATURE * size)
        curvature = np.where(known, curvature, 1.0)
        self.steps.append(np.where(known, step, 0.0))
        self.changes.append(np.where(known, change, 0.0))
        self.weights.append(np.where(known, 1.0 / curvature, 0.0).astype(step.dtype))
        self.scale = np.where(known, curvature / np.where(known, size, 1.0), self.scale)
        if len(self.steps) > MEMORY:
            for kept in (self.steps, self.changes, self.weights):
                kept.pop(0)

    def direction(self, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return directions (d, m) downhill, and the slopes along them (m,)."""
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
        up = promised >= 0  # by rounding: straight down then
        if up.any():
            ahead = np.where(up, slopes, ahead)
            promised = np.where(up, -(steepness**2), promised)
        return -ahead, promised


def _dots(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the inner products (m,) of the columns of two matrices (d, m)."""
    return np.einsum("dm,dm->m", A, B)
