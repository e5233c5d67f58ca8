"""Halfspace probe: the most accurate linear classifier, not the one of least convex loss.

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

from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import numpy as np

from nullprobe import _array, _check, _linalg, _seeds
from nullprobe._array import Array
from nullprobe.concepts import Concept
from nullprobe.moments import Moments
from nullprobe.probes.linear import LinearProbe, ProbeEstimator

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

    def course(self) -> Iterator[tuple[float, float]]:
        """Yield τ and pace of each step, both on geometric courses."""
        taus = np.geomspace(self.first_tau, self.last_tau, self.steps)
        paces = np.geomspace(self.first_pace, self.last_pace, self.steps)
        yield from zip(taus.tolist(), paces.tolist(), strict=True)


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
    n_restarts: int = 3,
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
    n_restarts : int
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
        rng.standard_normal((X.shape[1], n_restarts)),
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
        W, thresholds, best = np.zeros((d, m)), np.zeros(m), np.full(m, -np.inf)
        for schedule, begin, cut in self._starts(Y, bar):
            # s starts of m labellings are s·m columns of one descent
            s = begin.shape[1] // m
            each = np.tile(Y, (1, s))
            own = None if bar is None else np.tile(bar, (1, 1, s))
            end = _descend(self.X32, each[self.few], begin, cut, schedule, own)
            threshold, sign, accuracy = best_thresholds(self.X @ end, each)
            top = accuracy.reshape(s, m).argmax(axis=0) * m + np.arange(m)
            better = np.flatnonzero(accuracy[top] > best)
            top = top[better]
            best[better], thresholds[better] = accuracy[top], (threshold * sign)[top]
            W[:, better] = (end * sign)[:, top]
        return W, thresholds

    def _starts(
        self, Y: np.ndarray, bar: np.ndarray | None
    ) -> Iterator[tuple[Schedule, np.ndarray, np.ndarray]]:
        """Yield a schedule, with the weights (d, s m) and thresholds (s m,) it begins with."""
        signed, m = _balance(Y), Y.shape[1]
        informed = np.hstack([self.X.T @ signed, np.sign(self.X).T @ signed])
        yield CAREFUL, informed, np.zeros(2 * m)
        if self.restarts.shape[1]:
            yield BOLD, np.repeat(self.restarts, m, axis=1), np.zeros(self.restarts.shape[1] * m)
        yield FINE, *self._screen(Y[self.fewer], bar)

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
        return kept.reshape(d, KEPT * m), cuts.ravel()


def _balance(Y: np.ndarray) -> np.ndarray:
    """Return signed weights (n, m): +½/n₊ on positives, −½/n₋ on negatives."""
    positive = np.maximum(Y.sum(axis=0), 1)
    negative = np.maximum((~Y).sum(axis=0), 1)
    return np.where(Y, 0.5 / positive, -0.5 / negative)


def _lengths(W: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Return the lengths (m,) of columns; inf for one of at most ``least``, to divide it away."""
    lengths = np.sqrt(np.einsum("dm,dm->m", W, W))
    lengths[lengths <= least] = np.inf
    return lengths


def _allowed(W: np.ndarray, forbidden: np.ndarray | None) -> np.ndarray:
    """Project columns of length about one off what is forbidden; return unit columns, or zeros."""
    if forbidden is not None:
        for k in range(forbidden.shape[1]):
            G = forbidden[:, k]
            W = W - G * np.einsum("dm,dm->m", G, W)
    return W / _lengths(W, NOTHING)


def _descend(
    X: np.ndarray,
    Y: np.ndarray,
    W: np.ndarray,
    cut: np.ndarray,
    schedule: Schedule,
    forbidden: np.ndarray | None,
) -> np.ndarray:
    """Follow the smooth loss downhill from W (d, m) while it sharpens; return unit columns."""
    bar = None if forbidden is None else forbidden.astype(np.float32)
    W, cut = _allowed((W / _lengths(W)).astype(np.float32), bar), cut.astype(np.float32)
    signed = _balance(Y).astype(np.float32)
    tiny = np.finfo(np.float32).tiny
    for tau, pace in schedule.course():
        slope = X @ W
        slope -= cut
        slope /= tau
        # d/dm arctan(m) = 1 / (1 + m²), computed in place
        np.multiply(slope, slope, out=slope)
        slope += 1.0
        np.divide(signed, slope, out=slope)
        pull = X.T @ slope
        W = _allowed(W + pull * (pace / _lengths(pull)), bar)
        cut -= (
            min(pace, 1.0) * tau * slope.sum(axis=0) / np.maximum(np.abs(slope).sum(axis=0), tiny)
        )
    return W.astype(np.float64)


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


class HalfspaceProbe(ProbeEstimator):
    """Read a concept with the linear classifier of best balanced accuracy.

    Parameters
    ----------
    n_restarts : int
        Random starts of the search besides two informed ones.
    random_state : int, Generator or None
        Source of the starts.

    Notes
    -----
    Not guaranteed to be the best halfspace: finding that is NP-hard. With more than two
    classes, one halfspace is sought for each class against the rest.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[-1.0], [-1.0], [-1.0], [3.0], [1.0], [1.0], [1.0], [-3.0]])
    >>> y = np.array([0, 0, 0, 0, 1, 1, 1, 1])          # equal means
    >>> float((HalfspaceProbe().fit(X, y).predict(X) == y).mean())
    0.75
    """

    def __init__(self, n_restarts: int = 8, random_state: int | None = 0) -> None:
        self.n_restarts = n_restarts
        self.random_state = random_state

    def fit(self, X: Array, y: Any) -> Self:
        """Fit the probe to X (n, d) and labels y (n,); there are no weights, classes balance."""
        return super().fit(X, y)

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> LinearProbe:
        if z.codes is None:
            _check.complain(
                "a halfspace needs class labels",
                "the concept is numeric",
                "use LDAProbe, or cut the concept into classes",
            )
        _check.whole_number("n_restarts", self.n_restarts, least=0)
        moments = Moments.of(X, z)
        inverse = _linalg.reciprocal(moments.scale)
        factor = moments.factor(moments.oracle_shrinkage())
        rows = (_array.host(X) - moments.mean) * inverse
        labels = range(1, 2) if z.n_columns == 2 else range(z.n_columns)
        Y = z.codes[:, None] == np.array(labels)
        W, thresholds = halfspaces(
            factor.whiten(rows),
            Y,
            n_restarts=self.n_restarts,
            rng=_seeds.generator(self.random_state),
        )
        W = inverse[:, None] * factor.unwhiten(W)
        return LinearProbe(W, -thresholds - moments.mean @ W, z.classes)
