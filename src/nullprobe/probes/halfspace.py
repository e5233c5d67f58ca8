"""Halfspace probe: the most accurate linear classifier, not the one of least convex loss.

Problem. Equal class means leave every convex loss at its trivial value, yet a halfspace chosen
for accuracy may still be right far more often than chance. Finding the best one is hard (the
0-1 loss is neither convex nor smooth), and looking for it must be cheap enough for nulls.

Solution. In whitened coordinates, from several starts at once, descend the smooth loss
½ − arctan(margin / τ) / π while τ shrinks towards the 0-1 loss; then give each direction its
exactly best threshold by sorting, and keep the best start. All starts and all labellings are
columns of one problem. Class weights make the two classes count the same: what is sought is
the best *balanced* accuracy, so a 0.1 % class cannot be ignored.

Reference. The loss is that of T. Nguyen, S. Sanner, "Algorithms for direct 0-1 loss
optimization in binary classification", ICML 2013, section 4, with arctan for the sigmoid.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nullprobe import _array, _check, _linalg
from nullprobe._array import Array
from nullprobe.concepts import Concept
from nullprobe.moments import Moments
from nullprobe.probes.linear import LinearProbe, ProbeEstimator

STEPS = 40
WIDEST, NARROWEST = 1.0, 0.1  # τ, in standard deviations of the scores
CAREFUL, BOLD, LAST_PACE = 0.5, 4.0, 0.01  # lengths of a step, next to weights of length one
DESCENT_ROWS = 4096  # rows that the descent looks at; thresholds are set on all rows
BATCH_COLUMNS = 1024


def halfspaces(
    X: np.ndarray,
    Y: np.ndarray,
    *,
    forbidden: np.ndarray | None = None,
    n_restarts: int = 4,
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
        Random starts besides the mean difference and the difference of mean signs.

    Returns
    -------
    W : ndarray of shape (d, m)
        Weights; rows with X @ W > threshold are called positive.
    thresholds : ndarray of shape (m,)
    """
    n, m = Y.shape
    some = slice(None) if n <= DESCENT_ROWS else rng.permutation(n)[:DESCENT_ROWS]
    few = X[some].astype(np.float32)
    random = rng.standard_normal((X.shape[1], n_restarts))
    W, thresholds = np.empty((X.shape[1], m)), np.empty(m)
    for start in range(0, m, BATCH_COLUMNS):
        batch = slice(start, start + BATCH_COLUMNS)
        bar = None if forbidden is None else forbidden[:, :, batch]
        best = np.full(Y[:, batch].shape[1], -np.inf)
        for pace, begin in _starts(X, Y[:, batch], random):
            end = _descend(few, Y[some, batch], begin, pace, bar)
            cut, sign, accuracy = best_thresholds(X @ end, Y[:, batch])
            better = np.flatnonzero(accuracy > best)
            best[better] = accuracy[better]
            W[:, start + better] = (end * sign)[:, better]
            thresholds[start + better] = (cut * sign)[better]
    return W, thresholds


def _balance(Y: np.ndarray) -> np.ndarray:
    """Return signed weights (n, m): +½/n₊ on positives, −½/n₋ on negatives."""
    positive = np.maximum(Y.sum(axis=0), 1)
    negative = np.maximum((~Y).sum(axis=0), 1)
    return np.where(Y, 0.5 / positive, -0.5 / negative)


def _starts(X: np.ndarray, Y: np.ndarray, random: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    """Yield first pace and first weights (d, m) of each descent.

    Careful descents find what is close to where they start, bold ones (at first little else
    than a power iteration) what is far: neither finds all that the other does.
    """
    signed = _balance(Y)
    yield CAREFUL, X.T @ signed
    yield CAREFUL, np.sign(X).T @ signed
    for i, column in enumerate(random.T):
        yield (CAREFUL if i % 2 else BOLD), np.repeat(column[:, None], Y.shape[1], axis=1)


def _allowed(W: np.ndarray, forbidden: np.ndarray | None) -> np.ndarray:
    """Project columns off their forbidden directions and give them length one."""
    if forbidden is not None:
        for k in range(forbidden.shape[1]):
            G = forbidden[:, k]
            W = W - G * np.einsum("dm,dm->m", G, W)
    return W / np.maximum(np.linalg.norm(W, axis=0), np.finfo(W.dtype).tiny)


def _descend(
    X: np.ndarray, Y: np.ndarray, W: np.ndarray, pace: float, forbidden: np.ndarray | None
) -> np.ndarray:
    """Follow the smooth loss downhill from W (d, m) while it sharpens; return unit columns."""
    bar = None if forbidden is None else forbidden.astype(np.float32)
    W = _allowed(W.astype(np.float32), bar)
    signed = _balance(Y).astype(np.float32)
    cut = np.zeros(W.shape[1], dtype=np.float32)
    for step in range(STEPS):
        done = step / (STEPS - 1)
        tau = WIDEST * (NARROWEST / WIDEST) ** done
        slope = X @ W
        slope -= cut
        slope /= tau
        # d/dm arctan(m) = 1 / (1 + m²), computed in place
        np.multiply(slope, slope, out=slope)
        slope += 1.0
        np.divide(signed, slope, out=slope)
        pull = X.T @ slope
        pull /= np.maximum(np.linalg.norm(pull, axis=0), np.finfo(np.float32).tiny)
        step_size = pace * (LAST_PACE / pace) ** done
        W = _allowed(W + step_size * pull, bar)
        cut -= step_size * tau * slope.sum(axis=0) / np.maximum(np.abs(slope).sum(axis=0), 1e-30)
    return W.astype(np.float64)


def best_thresholds(
    scores: np.ndarray, Y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> LinearProbe:
        if z.codes is None:
            _check.complain("a halfspace needs class labels", "the concept is numeric",
                            "use LDAProbe, or cut the concept into classes")
        _check.whole_number("n_restarts", self.n_restarts, least=0)
        if w is not None:
            _check.complain("HalfspaceProbe takes no sample weights",
                            "some arrived", "leave them out: classes are balanced anyway")
        moments = Moments.of(X, z)
        inverse = _linalg.reciprocal(moments.scale)
        factor = moments.factor(moments.oracle_shrinkage())
        rows = (_array.host(X) - moments.mean) * inverse
        labels = range(1, 2) if z.n_columns == 2 else range(z.n_columns)
        Y = z.codes[:, None] == np.array(labels)
        W, thresholds = halfspaces(
            factor.whiten(rows), Y, n_restarts=self.n_restarts,
            rng=np.random.default_rng(self.random_state),
        )
        W = inverse[:, None] * factor.unwhiten(W)
        return LinearProbe(W, -thresholds - moments.mean @ W, z.classes)
