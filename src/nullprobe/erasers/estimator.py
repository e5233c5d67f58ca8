"""What erasers share: the record of a fit, and the estimator shell."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from nullprobe import _check, _linalg
from nullprobe._array import Array
from nullprobe._version import __version__
from nullprobe.concepts import Concept, rows
from nullprobe.erasers.affine import AffineEraser
from nullprobe.erasers.class_transport import ClassTransport
from nullprobe.erasers.concept_shift import ConceptShift
from nullprobe.moments import Moments


def fitted(
    method: str,
    moments: Moments,
    reading: np.ndarray,
    writing: np.ndarray,
    kept: np.ndarray,
    **more: str,
) -> AffineEraser:
    """Return the eraser x ↦ x − (x − μ) R W, with a record of what it was fitted on.

    Parameters
    ----------
    method : str
    moments : Moments
    reading : ndarray of shape (d, r)
        R.
    writing : ndarray of shape (r, d)
        W.
    kept : ndarray of shape (d,)
        Share of each feature's variance that is left; a feature of which only rounding is left
        is set to its mean.
    **more : str
        What else the eraser should remember.
    """
    alive = _linalg.left_over(kept, eps=moments.eps) | (moments.scale == 0)
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
        What else the eraser should remember.
    """
    Q = _linalg.orthonormal_rows(W)
    return fitted(method, moments, Q.T, Q, kept_share(moments, Q.T, Q), **more)


def kept_share(moments: Moments, reading: np.ndarray, writing: np.ndarray) -> np.ndarray:
    """Return the share (d,) of each feature's variance that x ↦ x − (x − μ) R W leaves."""
    SR = moments.covariance @ reading
    left = moments.variance - 2.0 * np.einsum("ij,ji->i", SR, writing)
    left += np.einsum("ji,jk,ki->i", writing, reading.T @ SR, writing, optimize=True)
    return left * _linalg.reciprocal(moments.variance)


def fitted_shift(method: str, moments: Moments, *, target: int | None = None) -> ConceptShift:
    """Return the eraser x ↦ x − Σxz Σzz⁺ (z − c), with a record of what it was fitted on.

    Parameters
    ----------
    method : str
    moments : Moments
    target : int or None
        Position of the class that stays where it is, so that c is its indicator; by default
        c = E z, and the overall mean stays.

    Notes
    -----
    With axes A (k, r) of which the variables Z A are uncorrelated, of unit variance, and
    correlated with X beyond rounding, Σxz Σzz⁺ = Cov(X, ZA) Aᵀ; that is the rank cut. A class
    without weight is left out: nothing is known of it.
    """
    basis, classes = moments.concept_basis(), moments.classes
    centre, level = moments.concept_mean, moments.mean
    if target is not None:
        centre, level = np.eye(moments.k)[target], moments.class_means[target]
    known = np.ones(moments.k, dtype=bool)
    if classes is not None:
        known = moments.concept_mean > 0
        classes = tuple(label for label, there in zip(classes, known, strict=True) if there)
    kept = 1.0 - np.square(basis.correlation).sum(axis=1)
    alive = _linalg.left_over(kept, eps=moments.eps) | (moments.scale == 0)
    return ConceptShift(
        centre[known],
        basis.axes[known],
        (basis.scale[:, None] * basis.correlation).T,
        np.where(alive, np.nan, level),
        method,
        classes,
        details=provenance(moments.n, moments.data_hash),
    )


def provenance(n: int, data_hash: str, **more: str) -> dict[str, str]:
    """Return what an eraser remembers of its fit: versions, rows, fingerprint, and more."""
    return {
        "nullprobe": __version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "n": str(n),
        "data_hash": data_hash,
        **more,
    }


class EraserEstimator(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """The shell round any linear eraser: store the map, apply it.

    Attributes
    ----------
    eraser_ : AffineEraser
        The fitted map.
    classes_ : tuple or None
        Labels of the concept; None for a numeric one.
    """

    def _adopt(self, eraser: Any) -> Self:
        """Store a fitted map, with the names of its features where they have names."""
        names = getattr(self, "feature_names_in_", None)
        self.eraser_ = eraser if names is None else eraser.named(names)
        self.classes_ = eraser.classes
        self.n_features_in_ = eraser.d
        return self

    def _checked(self, X: Array) -> Array:
        """Return X as an array of finite numbers with the features that were fitted."""
        check_is_fitted(self)
        frame, X = X, _check.representation(X)
        validate_data(self, frame, reset=False, skip_check_array=True)
        return _check.finite(X)

    def transform(self, X: Array) -> Array:
        """Return the erased X (n, d): same library, device and floating dtype."""
        X = self._checked(X)
        return self.eraser_.apply(X)

    def __sklearn_tags__(self) -> Any:
        """Say what scikit-learn asks: y is required, of any kind; dtypes are kept."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        tags.target_tags.two_d_labels = True
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class MomentEraser(EraserEstimator):
    """The shell round an eraser that depends on moments alone: validate, call, store.

    Attributes
    ----------
    eraser_ : AffineEraser
        The fitted map.
    moments_ : Moments
        What it was fitted from; ``partial_fit`` continues from here.
    classes_ : tuple or None
        Labels of the concept; None for a numeric one.
    """

    def _erase(self, moments: Any) -> Any:
        """Return the map; every method says how."""
        raise TypeError(f"{type(self).__name__} does not say how it erases")

    def _gather(self, X: Array, z: Concept, w: np.ndarray | None, task: Any = None) -> Any:
        """Return the moments that the method depends on; they add up over pieces."""
        return Moments.of(X, z, sample_weight=w)

    @classmethod
    def from_moments(cls, moments: Any, **parameters: Any) -> Self:
        """Fit from moments that were gathered elsewhere, piece by piece or on other machines."""
        return cls(**parameters)._store(moments)

    def fit(self, X: Array, y: Any, sample_weight: Any = None) -> Self:
        """Fit the eraser.

        Parameters
        ----------
        X : array of shape (n, d)
            Representation: NumPy array, torch tensor, dask array or data frame.
        y : array-like of shape (n,) or (n, k)
            Concept: class labels, or numbers.
        sample_weight : array-like of shape (n,), optional

        Raises
        ------
        InputError
            If the input is empty, not finite, or of lengths that differ.
        """
        return self._read(X, y, sample_weight, first=True)

    def partial_fit(self, X: Array, y: Any, sample_weight: Any = None) -> Self:
        """Continue the fit with more rows; the result is that of one fit on all of them."""
        return self._read(X, y, sample_weight, first=not hasattr(self, "moments_"))

    def _read(self, X: Array, y: Any, sample_weight: Any, *, first: bool, task: Any = None) -> Self:
        frame = X
        X, z, w = rows(X, y, sample_weight)
        if not first:
            validate_data(self, frame, reset=False, skip_check_array=True)
        moments = self._gather(X, z, w, task)
        if first:  # only now, so that a fit that fails leaves nothing behind
            validate_data(self, frame, skip_check_array=True)
        return self._store(moments if first else self.moments_ + moments)

    def _store(self, moments: Any) -> Self:
        eraser = self._erase(moments)
        self.moments_ = moments
        return self._adopt(eraser)


class LabelledEstimator(MomentEraser):
    """The shell round an eraser that must be told the concept of the rows that it erases.

    scikit-learn's pipelines call ``transform(X)`` on new rows, without y, which these erasers
    refuse: call ``transform(X, y)`` yourself.

    Attributes
    ----------
    eraser_ : ConceptShift or ClassTransport
        The fitted map.
    moments_ : Moments or ClassMoments
        What it was fitted from; ``partial_fit`` continues from here.
    classes_ : tuple or None
        Labels of the concept; None for a numeric one.
    """

    eraser_: ConceptShift | ClassTransport

    def transform(self, X: Array, y: Any = None) -> Array:
        """Return the erased X (n, d), whose rows have the concept y: same form as X."""
        X = self._checked(X)
        return self.eraser_.apply(X, y)

    def fit_transform(self, X: Array, y: Any = None, sample_weight: Any = None) -> Array:
        """Fit the eraser and return the erased X."""
        return self.fit(X, y, sample_weight).transform(X, y)
