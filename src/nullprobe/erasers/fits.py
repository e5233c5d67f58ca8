"""From directions to a frozen map, with a record of the data that it was fitted on."""

from __future__ import annotations

import json

import numpy as np
import scipy

from nullprobe._core import linalg
from nullprobe._version import __version__
from nullprobe.erasers.maps.affine import AffineEraser
from nullprobe.erasers.maps.concept_shift import ConceptShift
from nullprobe.moments import Moments


def fitted(
    method: str,
    moments: Moments,
    reading: np.ndarray,
    writing: np.ndarray,
    remaining: np.ndarray,
    **more: str,
) -> AffineEraser:
    """Return the eraser x ↦ x − (x − μ) R W, with a record of its fit.

    Parameters
    ----------
    method : str
    moments : Moments
    reading : ndarray of shape (d, r)
        R.
    writing : ndarray of shape (r, d)
        W.
    remaining : ndarray of shape (d,)
        Share of each feature's variance that remains. A feature with nothing but rounding left
        is set to its mean.
    **more : str
        Further details to record.
    """
    alive = linalg.left_over(remaining, eps=moments.eps) | (moments.scale == 0)
    return AffineEraser(
        moments.mean,
        reading,
        writing,
        level=np.where(alive, np.nan, moments.mean),
        method=method,
        classes=moments.classes,
        details=provenance(moments.n, moments.data_hash, **more),
    )


def orthogonal(method: str, moments: Moments, W: np.ndarray, **more: str) -> AffineEraser:
    """Return the orthogonal projection x ↦ x − (x − μ) Qᵀ Q off the span of the rows of W.

    Parameters
    ----------
    method : str
    moments : Moments
    W : ndarray of shape (r, d)
        Independent directions; Q is an orthonormal basis of their span.
    **more : str
        Further details to record.
    """
    Q = linalg.orthonormal_rows(W)
    return fitted(method, moments, Q.T, Q, remaining_share(moments, Q.T, Q), **more)


def remaining_share(moments: Moments, reading: np.ndarray, writing: np.ndarray) -> np.ndarray:
    """Return the share (d,) of each feature's variance that x ↦ x − (x − μ) R W leaves."""
    SR = moments.covariance @ reading
    left = moments.variance - 2.0 * np.einsum("ij,ji->i", SR, writing)
    left += np.einsum("ji,jk,ki->i", writing, reading.T @ SR, writing, optimize=True)
    return left * linalg.reciprocal(moments.variance)


def fitted_shift(method: str, moments: Moments, *, target: int | None = None) -> ConceptShift:
    """Return the eraser x ↦ x − Σxz Σzz⁺ (z − c), with a record of its fit.

    Parameters
    ----------
    method : str
    moments : Moments
    target : int or None
        Position of the class whose rows stay in place: c is its indicator. By default c = E z,
        and the overall mean stays in place.

    Notes
    -----
    Let A (k, r) be axes such that the variables Z A have unit variance, are uncorrelated with
    each other, and correlate with X beyond rounding. Then Σxz Σzz⁺ = Cov(X, ZA) Aᵀ: this is where
    the rank is cut. Classes without weight are left out, because nothing is known about them.
    """
    basis, classes = moments.concept_basis(), moments.classes
    centre, level = moments.concept_mean, moments.mean
    if target is not None:
        centre, level = np.arange(moments.k) == target, moments.class_means[target]
    known = np.ones(moments.k, dtype=bool)
    if classes is not None:
        known = moments.concept_mean > 0
        classes = tuple(label for label, weighted in zip(classes, known, strict=True) if weighted)
    levels = {} if moments.levels is None else {"levels": json.dumps(moments.levels)}
    remaining = 1.0 - np.square(basis.correlation).sum(axis=1)
    alive = linalg.left_over(remaining, eps=moments.eps) | (moments.scale == 0)
    return ConceptShift(
        centre[known],
        basis.axes[known],
        (basis.scale[:, None] * basis.correlation).T,
        np.where(alive, np.nan, level),
        method,
        classes,
        details=provenance(moments.n, moments.data_hash, **levels),
    )


def provenance(n: int, data_hash: str, **more: str) -> dict[str, str]:
    """Return the record of a fit: versions, number of rows, fingerprint, further details."""
    return {
        "nullprobe": __version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "n": str(n),
        "data_hash": data_hash,
        **more,
    }
