"""Portrait: the data as a reader can see them, in three columns, before and after erasure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nullprobe._core import linalg, validation
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.concept import Concept
from nullprobe.erasers.leace import leace
from nullprobe.moments import Moments
from nullprobe.probes.linear.lda import directions

MOST_POINTS = 1200


@dataclass(frozen=True, eq=False)
class Portrait:
    """At most three coordinates of a sample of the rows.

    Attributes
    ----------
    axes : tuple of str
        What each coordinate is: a column, or a direction.
    rows : ndarray of shape (s,)
        Positions of the rows shown.
    raw, erased : ndarray of shape (s, 3) or less
        Coordinates before and after erasure (fitted on the whole sample).
    raw_standardised, erased_standardised : ndarray of shape (s, 3) or less
        The same for features of mean 0 and standard deviation 1.
    """

    axes: tuple[str, ...]
    rows: np.ndarray
    raw: np.ndarray
    erased: np.ndarray
    raw_standardised: np.ndarray
    erased_standardised: np.ndarray


def portrait(
    X: np.ndarray,
    z: Concept,
    *,
    columns: Sequence[int] | None = None,
    feature_names: Sequence[str] | None = None,
    random_state: RandomState = 0,
) -> Portrait:
    """Return the portrait of X (n, d).

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
    columns : sequence of up to 3 ints, optional
        Which columns to show. By default all, if there are no more than three, and otherwise
        the leading discriminant direction and the first principal directions beside it.
    feature_names : sequence of d str, optional
    random_state : int, Generator or None
        Chooses the rows, where there are more than a page can show.
    """
    d = X.shape[1]
    if columns is None and d <= 3:
        columns = range(d)
    rng = generator(random_state)
    rows = np.sort(rng.permutation(len(X))[:MOST_POINTS])
    if columns is not None:
        for c in columns:
            if not 0 <= c < d:
                validation.complain(
                    f"columns must lie between 0 and {d - 1}",
                    f"{c} arrived",
                    "choose other columns",
                )
        names = [feature_names[c] if feature_names is not None else f"column {c}" for c in columns]
        turn = np.eye(d)[:, list(columns)]
        return _portrait(X, z, rows, names, lambda moments: turn)
    names = ["discriminant", "1st principal direction", "2nd principal direction"]
    return _portrait(X, z, rows, names, lambda moments: _leading(moments))


def _portrait(X, z, rows, names, axes) -> Portrait:  # noqa: ANN001
    views = []
    moments = Moments.of(X, z)
    scaled = (np.asarray(X, dtype=np.float64) - moments.mean) * linalg.reciprocal(moments.scale)
    for data, m in ((np.asarray(X, dtype=np.float64), moments), (scaled, Moments.of(scaled, z))):
        turn = axes(m)
        erased = leace(m).apply(data[rows])
        views += [data[rows] @ turn, erased @ turn]
    return Portrait(tuple(names), rows, *views)


def _leading(moments: Moments) -> np.ndarray:
    """Return orthonormal columns (d, 3): discriminant, then principal directions beside it."""
    W = directions(moments)
    scores = np.einsum("ij,ij->j", W, moments.cross_covariance)
    first = W[:, scores.argmax()]
    size = np.linalg.norm(first)
    first = first / size if size > 0 else np.eye(len(first))[:, 0]
    S = moments.covariance
    Q = np.eye(len(first)) - np.outer(first, first)
    values, vectors = np.linalg.eigh(Q @ S @ Q)
    return np.column_stack([first, vectors[:, ::-1][:, : min(2, len(first) - 1)]])
