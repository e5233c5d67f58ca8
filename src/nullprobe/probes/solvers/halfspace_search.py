"""Search for halfspaces: linear classifiers of maximal accuracy.

Problem. If class means are equal, every convex loss has its trivial value. A halfspace that
maximises accuracy may still be far above chance. The best halfspace is hard to find (the 0-1 loss
is neither convex nor smooth), and the search must be cheap enough for nulls.

Solution. In whitened coordinates, start from the mean difference, the difference of mean signs,
random directions, and the best of many random directions with exact thresholds. Minimise the smooth
loss ½ − arctan(margin / τ) / π while τ shrinks towards the 0-1 loss. Then sort scores to find the
exact best threshold of each direction, and return the best. All starts and all labellings are
columns of one problem. Class weights balance the classes: the search maximises *balanced* accuracy,
so that a class with a share of 0.1 % counts.

Reference. T. Nguyen, S. Sanner, "Algorithms for direct 0-1 loss optimization in binary
classification", ICML 2013, section 4: their loss, with arctan instead of the sigmoid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

DESCENT_ROWS = 4096  # rows of the descent; thresholds use all rows
SCREEN_ROWS, SCREENED_DIRECTIONS, BEST_SCREENED = 512, 96, 3  # rows and directions to screen
BATCH_COLUMNS = 512
LEAST_LENGTH = 1e-5  # a shorter projection of a unit direction is float32 rounding


class Schedule(NamedTuple):
    """First and last τ (in sd of the scores) and step length (relative to unit weights)."""

    first_tau: float
    last_tau: float
    first_pace: float
    last_pace: float
    steps: int

    def course(self) -> np.ndarray:
        """Return τ and step length of each step, (steps, 2), both geometric."""
        begin, end = (self.first_tau, self.first_pace), (self.last_tau, self.last_pace)
        return np.geomspace(begin, end, self.steps)


# A careful descent improves an informed start. A bold descent begins almost as a power iteration on
# rows near the boundary, and ends far from its start. A fine descent refines a direction that is
# nearly optimal. Each finds halfspaces that the others miss.
CAREFUL = Schedule(1.0, 0.1, 0.5, 0.01, 30)
BOLD = Schedule(0.3, 0.1, 30.0, 0.01, 40)
FINE = Schedule(0.1, 0.1, 0.05, 0.01, 15)


def halfspaces(
    X: np.ndarray,
    Y: np.ndarray,
    *,
    forbidden: np.ndarray | None = None,
    n_init: int = 3,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Search for the halfspace with the best balanced accuracy for each of m labellings.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Whitened, centred rows.
    Y : ndarray of shape (n, m), bool
        Labellings.
    forbidden : ndarray of shape (d, k, m), optional
        k orthonormal directions (or zeros) for each labelling. Weights must be orthogonal to them:
        a linear probe cannot use them after erasure.
    n_init : int
        Random starts, in addition to the informed and the screened starts.

    Returns
    -------
    W : ndarray of shape (d, m)
        Weights; rows with X @ W > threshold are predicted positive.
    thresholds : ndarray of shape (m,)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> Y = X[:, [0]] + X[:, [1]] > 0.5
    >>> W, thresholds = halfspaces(X, Y, rng=rng)
    >>> bool(((X @ W > thresholds) == Y).mean() > 0.97)
    True
    """
    n, m = Y.shape
    rows = rng.permutation(n)
    search = _Search(
        X,
        rows[:DESCENT_ROWS],
        rows[:SCREEN_ROWS],
        rng.standard_normal((X.shape[1], SCREENED_DIRECTIONS)),
        rng.standard_normal((X.shape[1], n_init)),
    )
    W, thresholds = np.empty((X.shape[1], m)), np.empty(m)
    for start in range(0, m, BATCH_COLUMNS):
        batch = slice(start, start + BATCH_COLUMNS)
        bar = None if forbidden is None else forbidden[:, :, batch]
        W[:, batch], thresholds[batch] = search.best(Y[:, batch], bar)
    return W, thresholds


class _Search:
    """The search on one X, with the same random choices for all labellings."""

    def __init__(
        self,
        X: np.ndarray,
        few: np.ndarray,
        fewer: np.ndarray,
        screened: np.ndarray,
        restarts: np.ndarray,
    ) -> None:
        self.X, self.few, self.fewer = X, few, fewer
        self.X32 = X[few].astype(np.float32)
        self.screened, self.restarts = screened, restarts

    def best(self, Y: np.ndarray, bar: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Return the best weights (d, m) and thresholds (m,) of all descents."""
        d, m = self.X.shape[1], Y.shape[1]
        begin, cut, schedules = self._starts(Y, bar)
        ends = _descend(self.X32, Y[self.few], begin, cut, schedules, bar)
        W, thresholds, best = np.zeros((d, m)), np.zeros(m), np.full(m, -np.inf)
        for end in ends.transpose(1, 0, 2):
            threshold, sign, accuracy = best_thresholds(self.X @ end, Y)
            better = accuracy > best
            best[better], thresholds[better] = accuracy[better], (threshold * sign)[better]
            W[:, better] = (end * sign)[:, better]
        return W, thresholds

    def _starts(
        self, Y: np.ndarray, bar: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, list[Schedule]]:
        """Return start weights (d, s, m) and thresholds (s, m), and their s schedules."""
        signed, m = _balance(Y), Y.shape[1]
        informed = [self.X.T @ signed, np.sign(self.X).T @ signed]
        bold = np.repeat(self.restarts[:, :, None], m, axis=2)
        fine, cuts = self._screen(Y[self.fewer], bar)
        begin = np.concatenate([np.stack(informed, axis=1), bold, fine], axis=1)
        counts = (len(informed), bold.shape[1], fine.shape[1])
        schedules = [
            schedule
            for schedule, n in zip((CAREFUL, BOLD, FINE), counts, strict=True)
            for _ in range(n)
        ]
        cut = np.zeros(begin.shape[1:])
        cut[-len(cuts) :] = cuts
        return begin, cut, schedules

    def _screen(self, Y: np.ndarray, bar: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Return the random directions with the best accuracy on few rows, and their thresholds."""
        d, m = self.X.shape[1], Y.shape[1]
        X = self.X[self.fewer]
        scores = X @ self.screened
        best, cuts = np.empty((d, BEST_SCREENED, m)), np.empty((BEST_SCREENED, m))
        for j in range(m):
            W, projected = self.screened, scores
            if bar is not None:
                inside = bar[:, :, j].T @ W
                W, projected = W - bar[:, :, j] @ inside, projected - (X @ bar[:, :, j]) @ inside
            labels = np.broadcast_to(Y[:, j : j + 1], projected.shape)
            threshold, sign, accuracy = best_thresholds(projected, labels)
            top = np.argsort(-accuracy)[:BEST_SCREENED]
            shrink = sign[top] / _lengths(W[:, top], LEAST_LENGTH)
            best[:, :, j] = W[:, top] * shrink
            cuts[:, j] = threshold[top] * shrink
        return best, cuts


def _balance(Y: np.ndarray) -> np.ndarray:
    """Return signed weights (n, m): +½/n₊ on positives, −½/n₋ on negatives."""
    positive = np.maximum(Y.sum(axis=0), 1)
    negative = np.maximum((~Y).sum(axis=0), 1)
    return np.where(Y, 0.5 / positive, -0.5 / negative)


def _lengths(W: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Return the lengths (...) of columns (d, ...); infinity for lengths up to ``least``."""
    lengths = np.sqrt(np.einsum("d...,d...->...", W, W))
    return np.where(lengths <= least, np.inf, lengths)


def _allowed(W: np.ndarray, forbidden: np.ndarray | None) -> np.ndarray:
    """Project columns (d, s, m) of unit length off the forbidden directions of each labelling.

    The result has unit columns, or zeros.
    """
    if forbidden is not None:
        for k in range(forbidden.shape[1]):
            G = forbidden[:, k]
            W = W - G[:, None] * np.einsum("dm,dsm->sm", G, W)
    return W / _lengths(W, LEAST_LENGTH)


def _descend(
    X: np.ndarray,
    Y: np.ndarray,
    W: np.ndarray,
    cut: np.ndarray,
    schedules: Sequence[Schedule],
    forbidden: np.ndarray | None,
) -> np.ndarray:
    """Minimise the smooth loss from W (d, s, m) while τ shrinks; return unit columns.

    Each of s starts has its own schedule, and stops at its end.
    """
    bar = None if forbidden is None else forbidden.astype(np.float32)
    W, cut = _allowed((W / _lengths(W)).astype(np.float32), bar), cut.astype(np.float32)
    signed = _balance(Y).astype(np.float32)[:, None]
    courses, done = [schedule.course().astype(np.float32) for schedule in schedules], 0
    for end in sorted({len(course) for course in courses}):
        going = [j for j, course in enumerate(courses) if len(course) >= end]
        legs = np.stack([courses[j][done:end] for j in going], axis=1)
        W[:, going], cut[going], done = *_leg(X, signed, W[:, going], cut[going], legs, bar), end
    return W.astype(np.float64)


def _leg(
    X: np.ndarray,
    signed: np.ndarray,
    W: np.ndarray,
    cut: np.ndarray,
    courses: np.ndarray,
    bar: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Take steps from W (d, s, m) and cut (s, m), with τ and step length (steps, s, 2)."""
    tiny = np.finfo(np.float32).tiny
    for tau, pace in courses.transpose(0, 2, 1)[..., None]:
        slope = (X @ W.reshape(len(W), cut.size)).reshape(len(X), *cut.shape)
        slope -= cut
        slope /= tau
        # d/dm arctan(m) = 1 / (1 + m²), computed in place
        np.multiply(slope, slope, out=slope)
        slope += 1.0
        np.divide(signed, slope, out=slope)
        pull = (X.T @ slope.reshape(len(X), cut.size)).reshape(W.shape)
        W = _allowed(W + pull * (pace / _lengths(pull)), bar)
        size = np.maximum(np.abs(slope).sum(axis=0), tiny)
        cut = cut - np.minimum(pace, 1.0) * tau * slope.sum(axis=0) / size
    return W, cut


def best_thresholds(scores: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the exact best threshold of each column of scores (n, m) for labels Y (n, m).

    Returns
    -------
    threshold : ndarray of shape (m,)
        Midway between two neighbouring scores.
    sign : ndarray of shape (m,)
        +1 if scores above the threshold are positive, −1 if scores below are.
    accuracy : ndarray of shape (m,)
        Balanced accuracy on these rows.
    """
    S = np.ascontiguousarray(scores.T)
    order = np.argsort(S, axis=1)
    S = np.take_along_axis(S, order, axis=1)
    signed = np.take_along_axis(np.ascontiguousarray(_balance(Y).T), order, axis=1)
    # A cut after the i-th smallest score predicts the rest positive: ½ − (signed sum below).
    gain = -np.cumsum(signed, axis=1)[:, :-1]
    gain[S[:, 1:] <= S[:, :-1]] = 0.0  # no threshold fits between equal scores
    if not gain.shape[1]:
        gain = np.zeros((len(S), 1))
    at = np.abs(gain).argmax(axis=1)
    row = np.arange(len(S))
    value = gain[row, at]
    upper = np.minimum(at + 1, S.shape[1] - 1)
    threshold = 0.5 * (S[row, at] + S[row, upper])
    return threshold, np.where(value < 0, -1.0, 1.0), 0.5 + np.abs(value)
