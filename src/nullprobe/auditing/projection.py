"""Portrait: three coordinates of the rows to look at, before and after erasure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nullprobe._core import linalg, validation
from nullprobe._core.random_state import RandomState, generator
from nullprobe.auditing.whole_sample import Whole
from nullprobe.data.concept import Concept
from nullprobe.moments import Moments
from nullprobe.probes.linear.halfspace import HalfspaceProbe
from nullprobe.probes.linear.lda import directions

MOST_POINTS = 1200
Axes = Callable[[Moments], np.ndarray]  # orthonormal columns (d, 3)


@dataclass(frozen=True, eq=False)
class Portrait:
    """At most three coordinates of a sample of the rows.

    Attributes
    ----------
    axes : tuple of str
        Name of each coordinate: a column, or a direction.
    labels : ndarray of shape (s,) or (s, k)
        The concept of these rows.
    raw, erased : ndarray of shape (s, 3) or less
        Coordinates before and after erasure (fitted on the whole sample).
    raw_standardised, erased_standardised : ndarray of shape (s, 3) or less
        The same for features of mean 0 and standard deviation 1.
    removed : ndarray of shape (r, 3) or less, or None
        The removed directions along the same axes: erasure moves rows along these, and no others.
    removed_standardised : ndarray of shape (r, 3) or less, or None
        The same for standardised features.
    halfspace : ndarray of shape (4,) or less, or None
        The best halfspace that is left after erasure, fitted to all rows: weights w along the axes,
        then a threshold t; rows with w · x > t are on one side. Only of two classes, where the axes
        are all features.
    """

    axes: tuple[str, ...]
    labels: np.ndarray
    raw: np.ndarray
    erased: np.ndarray
    raw_standardised: np.ndarray
    erased_standardised: np.ndarray
    removed: np.ndarray | None = None
    removed_standardised: np.ndarray | None = None
    halfspace: np.ndarray | None = None


def portrait(
    X: np.ndarray,
    z: Concept,
    *,
    columns: Sequence[int] | None = None,
    feature_names: Sequence[str] | None = None,
    random_state: RandomState = 0,
    whole: Whole | None = None,
) -> Portrait:
    """Return the portrait of X (n, d).

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
    columns : sequence of up to 3 ints, optional
        Which columns to show. By default all, if there are no more than three. Otherwise the
        leading discriminant direction, and the first two principal directions orthogonal to it.
    feature_names : sequence of d str, optional
    random_state : int, Generator or None
        Chooses the rows, if there are more than a page can show.
    whole : Whole, optional
        Moments and eraser of the whole sample, if they exist already.
    """
    whole = Whole(X, z) if whole is None else whole
    d = X.shape[1]
    if columns is None and d <= 3:
        columns = range(d)
    rows = np.sort(generator(random_state).permutation(len(X))[:MOST_POINTS])
    labels = z.labels[rows]
    if columns is not None:
        for c in columns:
            if not 0 <= c < d:
                validation.complain(
                    f"columns must lie between 0 and {d - 1}",
                    f"{c} arrived",
                )
        names = [feature_names[c] if feature_names is not None else f"column {c}" for c in columns]
        turn = np.eye(d)[:, list(columns)]
        shown = _portrait(whole, rows, labels, names, lambda moments: turn)
        if list(columns) != list(range(d)) or z.codes is None or z.n_columns != 2:
            return shown
        return replace(shown, halfspace=_halfspace(whole))
    names = ["discriminant", "1st principal direction", "2nd principal direction"]
    return _portrait(whole, rows, labels, names, _leading)


def _portrait(
    whole: Whole, rows: np.ndarray, labels: np.ndarray, names: Sequence[str], axes: Axes
) -> Portrait:
    """Return rows before and after erasure, as they are and standardised, along axes."""
    moments, sample = whole.moments, np.asarray(whole.X[rows], dtype=np.float64)
    inverse = linalg.reciprocal(moments.scale)
    both = (sample, whole.eraser.apply(sample))
    turn = axes(moments)
    views, removed = [view @ turn for view in both], [whole.eraser.writing @ turn]
    # Erasure commutes with scaling: erased rows, standardised, are standardised rows, erased.
    turn = axes(moments.rescaled(inverse))
    views += [(view - moments.mean) * inverse @ turn for view in both]
    removed.append(whole.eraser.writing * inverse @ turn)
    return Portrait(tuple(names), labels, *views, *removed)


def _halfspace(whole: Whole) -> np.ndarray | None:
    """Return the weights (d) and the threshold of the best halfspace left in all erased rows."""
    best = HalfspaceProbe().fit(whole.eraser.apply(whole.X), whole.z.labels).probe_
    weights, constant = best.weights[:, 0], float(best.bias[0])
    size = float(np.linalg.norm(weights))
    return np.append(weights, -constant) / size if size > 0 else None


def _leading(moments: Moments) -> np.ndarray:
    """Return orthonormal columns (d, 3): the discriminant, then principal directions."""
    W = directions(moments)
    scores = np.einsum("ij,ij->j", W, moments.cross_covariance)
    first = W[:, scores.argmax()]
    size = np.linalg.norm(first)
    first = first / size if size > 0 else np.eye(len(first))[:, 0]
    S = moments.covariance
    Q = np.eye(len(first)) - np.outer(first, first)
    _, vectors = np.linalg.eigh(Q @ S @ Q)
    return np.column_stack([first, vectors[:, ::-1][:, : min(2, len(first) - 1)]])
