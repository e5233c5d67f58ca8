"""Search for halfspaces: linear classifiers of most accuracy, not of least convex loss.

Problem. Equal class means leave every convex loss at its trivial value, yet a halfspace chosen
for accuracy may still be right far more often than chance. Finding the best one is hard (the
0-1 loss is neither convex nor smooth), and looking for it must be cheap enough for nulls.

Solution. In whitened coordinates, from several starts (mean difference, difference of mean
signs, random ones, and the best of many random directions with exact thresholds), descend the
smooth loss ½ − arctan(margin / τ) / π while τ shrinks towards the 0-1 loss; then give each
direction its exactly best threshold by sorting, and keep the best. All starts and all
labellings are columns of one problem. Class weights make the two classes count the same: what
is sought is the best *balanced* accuracy, so a 0.1 % class cannot be ignored.

Reference. The loss is that of T. Nguyen, S. Sanner, "Algorithms for direct 0-1 loss
optimization in binary classification", ICML 2013, section 4, with arctan for the sigmoid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

DESCENT_ROWS = 4096  # rows that the descent looks at; thresholds are set on all rows
SCREEN_ROWS, SCREENED, KEPT = 512, 96, 3  # rows and directions that are screened; kept of them
BATCH_COLUMNS = 512
NOTHING = 1e-5  # share of a direction that float32 may leave of it where all is forbidden


class Schedule(NamedTuple):
    """How a descent begins and ends: τ in sd of the scores, steps next to unit weights."""

    first_tau: float
    last_tau: float
    first_pace: float
    last_pace: float
    steps: int

    def course(self) -> np.ndarray:
        """Return τ and pace of each step, (steps, 2), both on geometric courses."""
        begin, end = (self.first_tau, self.first_pace), (self.last_tau, self.last_pace)
        return np.geomspace(begin, end, self.steps)


# A careful descent improves on an informed start. A bold one is at first little else than a
# power iteration on the rows near the boundary, and ends far from where it began. A fine one
# sharpens a direction that is nearly right already. None finds all that the others do.
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
    """Seek the halfspace of best balanced accuracy for each of m labellings.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Whitened, centred rows.
    Y : ndarray of shape (n, m), bool
        Labellings.
    forbidden : ndarray of shape (d, k, m), optional
        For each labelling k orthonormal directions (or zeros) that weights must be orthogonal
        to: after erasure, what a linear reader can no longer use.
    n_init : int
        Random starts besides the informed and the screened ones.

    Returns
    -------
    W : ndarray of shape (d, m)
        Weights; rows with X @ W > threshold are called positive.
    thresholds : ndarray of shape (m,)
    """
    n, m = Y.shape
    rows = rng.permutation(n)
    search = _Search(
        X,
        rows[:DESCENT_ROWS],
        rows[:SCREEN_ROWS],
        rng.standard_normal((X.shape[1], SCREENED)),
        rng.standard_normal((X.shape[1], n_init)),
    )
    W, thresholds = np.empty((X.shape[1], m)), np.empty(m)
    for start in range(0, m, BATCH_COLUMNS):
        batch = slice(start, start + BATCH_COLUMNS)
        bar = None if forbidden is None else forbidden[:, :, batch]
        W[:, batch], thresholds[batch] = search.best(Y[:, batch], bar)
    return W, thresholds


class _Search:
    """The search on one X, its random choices made beforehand and the same for all labellings."""

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
        """Return weights (d, s, m) and thresholds (s, m) to begin with, and their s schedules."""
        signed, m = _balance(Y), Y.shape[1]
        informed = [self.X.T @ signed, np.sign(self.X).T @ signed]
        bold = np.repeat(self.restarts[:, :, None], m, axis=2)
        fine, cuts = self._screen(Y[self.fewer], bar)
        begin = np.concatenate([np.stack(informed, axis=1), bold, fine], axis=1)
        many = (len(informed), bold.shape[1], fine.shape[1])
        schedules = [
            one for one, n in zip((CAREFUL, BOLD, FINE), many, strict=True) for _ in range(n)
        ]
        cut = np.zeros(begin.shape[1:])
        cut[-len(cuts) :] = cuts
        return begin, cut, schedules

    def _screen(self, Y: np.ndarray, bar: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Return the random directions of best accuracy on few rows, and their thresholds."""
        d, m = self.X.shape[1], Y.shape[1]
        X = self.X[self.fewer]
        scores = X @ self.screened
        kept, cuts = np.empty((d, KEPT, m)), np.empty((KEPT, m))
        for j in range(m):
            W, own = self.screened, scores
            if bar is not None:
                inside = bar[:, :, j].T @ W
                W, own = W - bar[:, :, j] @ inside, own - (X @ bar[:, :, j]) @ inside
            one = np.broadcast_to(Y[:, j : j + 1], own.shape)
            threshold, sign, accuracy = best_thresholds(own, one)
            top = np.argsort(-accuracy)[:KEPT]
            shrink = sign[top] / _lengths(W[:, top], NOTHING)
            kept[:, :, j] = W[:, top] * shrink
            cuts[:, j] = threshold[top] * shrink
        return kept, cuts


def _balance(Y: np.ndarray) -> np.ndarray:
    """Return signed weights (n, m): +½/n₊ on positives, −½/n₋ on negatives."""
    positive = np.maximum(Y.sum(axis=0), 1)
    negative = np.maximum((~Y).sum(axis=0), 1)
    return np.where(Y, 0.5 / positive, -0.5 / negative)


def _lengths(W: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Return the lengths (...) of columns (d, ...); inf for one of at most ``least``, to divide."""
    lengths = np.sqrt(np.einsum("d...,d...->...", W, W))
    return np.where(lengths <= least, np.inf, lengths)


def _allowed(W: np.ndarray, forbidden: np.ndarray | None) -> np.ndarray:
    """Project columns (d, s, m) of length about one off what is forbidden to each of m labellings.

    They are returned with length one, or as zeros.
    """
    if forbidden is not None:
        for k in range(forbidden.shape[1]):
            G = forbidden[:, k]
            W = W - G[:, None] * np.einsum("dm,dsm->sm", G, W)
    return W / _lengths(W, NOTHING)


def _descend(
    X: np.ndarray,
    Y: np.ndarray,
    W: np.ndarray,
    cut: np.ndarray,
    schedules: Sequence[Schedule],
    forbidden: np.ndarray | None,
) -> np.ndarray:
    """Follow the smooth loss downhill from W (d, s, m) while it sharpens; return unit columns.

    Each of s starts has a schedule of its own; it rests when that has ended.
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
    """Take steps from W (d, s, m) and cut (s, m), of τ and pace (steps, s, 2)."""
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
    """Find the exactly best threshold of each column of scores (n, m) for labels Y (n, m).

    Returns
    -------
    threshold : ndarray of shape (m,)
        Midway between two neighbouring scores.
    sign : ndarray of shape (m,)
        +1 if scores above the threshold are positives, −1 if those below are.
    accuracy : ndarray of shape (m,)
        Balanced accuracy on these rows.
    """
    S = np.ascontiguousarray(scores.T)
    order = np.argsort(S, axis=1)
    S = np.take_along_axis(S, order, axis=1)
    signed = np.take_along_axis(np.ascontiguousarray(_balance(Y).T), order, axis=1)
    # Cutting after the i-th smallest score calls the rest positive: ½ − (signed sum below).
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
