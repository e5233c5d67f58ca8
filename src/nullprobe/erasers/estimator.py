"""Shells round the erasers: validate, gather, store, apply."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from nullprobe._core import validation
from nullprobe._core.arrays import Array
from nullprobe.data.concept import Concept, need_kind
from nullprobe.data.row_sketch import RowSketch
from nullprobe.data.rows import rows
from nullprobe.erasers.maps.class_transport import ClassTransport
from nullprobe.erasers.maps.concept_shift import ConceptShift
from nullprobe.moments import Moments

ROWS_SEEN = "rows_seen"  # among an eraser's details: the sketch of the rows it was fitted to


class EraserEstimator(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """The shell round any linear eraser: store the map, apply it.

    In a scikit-learn pipeline y is what the pipeline predicts. The concept to erase is then a
    keyword of ``fit``, and follows metadata routing: ``set_fit_request(concept=True)``.

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
        seen = getattr(self, "_seen", None)
        if seen is not None:
            eraser = replace(eraser, details={**eraser.details, ROWS_SEEN: seen.text})
        self.eraser_ = eraser if names is None else eraser.named(names)
        self.classes_ = eraser.classes
        self.n_features_in_ = eraser.d
        return self

    def _see(self, X: Array, *, first: bool = True) -> None:
        """Remember which rows are fitted to; of arrays elsewhere than in memory, nothing is known.

        Once some are not known, all are not.
        """
        before = None if first else getattr(self, "_seen", None)
        own = RowSketch.of(X) if isinstance(X, np.ndarray) and X.dtype.kind in "fiub" else None
        known = own is not None and (first or before is not None)
        self._seen = (own if before is None else before + own) if known and own else None

    def _checked(self, X: Array) -> Array:
        """Return X as an array of finite numbers with the features that were fitted."""
        check_is_fitted(self)
        frame, X = X, validation.representation(X)
        validate_data(self, frame, reset=False, skip_check_array=True)
        return validation.finite(X)

    def transform(self, X: Array) -> Array:
        """Return the erased X (n, d): same library, device and floating dtype."""
        X = self._checked(X)
        return self.eraser_.apply(X)

    def fit_transform(
        self, X: Array, y: Any = None, sample_weight: Any = None, *, concept: Any = None
    ) -> Array:
        """Fit the eraser and return the erased X."""
        estimator: Any = self
        return estimator.fit(X, y, sample_weight, concept=concept).transform(X)

    def __sklearn_tags__(self) -> Any:
        """Say what scikit-learn asks: y is required, of any kind; dtypes are kept."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        tags.target_tags.two_d_labels = True
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def chosen(y: Any, concept: Any) -> Any:
    """Return the concept to erase: y, unless it is named."""
    return y if concept is None else concept


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

    kind: str | None

    def _erase(self, moments: Any) -> Any:
        """Return the map; every method says how."""
        raise TypeError(f"{type(self).__name__} does not say how it erases")

    def _gather(self, X: Array, z: Concept, w: np.ndarray | None, task: Any = None) -> Any:
        """Return the moments that the method depends on; they add up over pieces."""
        return Moments.of(X, z, sample_weight=w)

    @classmethod
    def from_moments(cls, moments: Any, **parameters: Any) -> Self:
        """Fit from moments that were gathered elsewhere, piece by piece or on other machines."""
        fresh = cls(**parameters)
        if not isinstance(moments, fresh._kinds()):
            wanted = " or ".join(kind.__name__ for kind in fresh._kinds())
            validation.complain(
                f"{cls.__name__} is fitted from {wanted}",
                f"{type(moments).__name__} arrived",
                f"pass {wanted}.of(X, y)",
            )
        return fresh._store(moments)

    def _kinds(self) -> tuple[type, ...]:
        """Return the kinds of moments that the method depends on."""
        return (Moments,)

    def fit(
        self, X: Array, y: Any = None, sample_weight: Any = None, *, concept: Any = None
    ) -> Self:
        """Fit the eraser.

        Parameters
        ----------
        X : array of shape (n, d)
            Representation: NumPy array, torch tensor, dask array or data frame.
        y : array-like of shape (n,) or (n, k)
            Concept: labels or numbers. Several columns are one concept: those of labels are
            one-hot encoded, while a probe reads columns of labels apart. Where
            it is the same in all rows, or X says nothing of it, there is nothing to erase: the
            eraser has rank 0 and leaves rows as they are.
        sample_weight : array-like of shape (n,), optional
        concept : array-like of shape (n,) or (n, k), optional
            Concept to erase in place of y, as in a pipeline whose y is something else.

        Raises
        ------
        InputError
            If the input is empty, not finite, or of lengths that differ.
        """
        return self._read(X, chosen(y, concept), sample_weight, first=True)

    def partial_fit(
        self, X: Array, y: Any = None, sample_weight: Any = None, *, concept: Any = None
    ) -> Self:
        """Continue the fit with more rows; the result is that of one fit on all of them.

        The first piece decides what the concept is. Floats need ``kind``.
        """
        return self._continue(X, chosen(y, concept), sample_weight)

    def _continue(self, X: Array, y: Any, sample_weight: Any, task: Any = None) -> Self:
        first = not hasattr(self, "moments_")
        if first:
            need_kind(y, self.kind)
        return self._read(X, y, sample_weight, first=first, task=task)

    def _read(self, X: Array, y: Any, sample_weight: Any, *, first: bool, task: Any = None) -> Self:
        frame = X
        like = None if first else self.moments_
        X, z, w = rows(X, y, sample_weight, kind=self.kind, like=like)
        self._need_labels(z)
        if not first:
            validate_data(self, frame, reset=False, skip_check_array=True)
        moments = self._gather(X, z, w, task)
        if first:  # only now, so that a fit that fails leaves nothing behind
            validate_data(self, frame, skip_check_array=True)
        self._see(X, first=first)
        return self._store(moments if first else self.moments_ + moments)

    def _need_labels(self, z: Concept) -> None:
        """Refuse numbers where the method is one for labels."""
        if not z.is_classes and not get_tags(self).target_tags.multi_output:
            validation.complain(
                f"{type(self).__name__} needs class labels",
                "the concept is numeric",
                "pass labels as strings or integers, or choose an eraser of numbers, such as LEACE",
            )

    def _store(self, moments: Any) -> Self:
        eraser = self._erase(moments)
        self.moments_ = moments
        return self._adopt(eraser)


class LabelledEstimator(MomentEraser):
    """The shell round an eraser that must be told the concept of the rows that it erases.

    scikit-learn's pipelines call ``transform(X)`` on new rows, without y, which these erasers
    refuse. Route the concept to both methods, ``set_fit_request(concept=True)`` and
    ``set_transform_request(concept=True)``, or call ``transform(X, y)`` yourself.

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

    def transform(self, X: Array, y: Any = None, *, concept: Any = None) -> Array:
        """Return the erased X (n, d), whose rows have the concept y: same form as X."""
        X = self._checked(X)
        return self.eraser_.apply(X, chosen(y, concept))

    def fit_transform(
        self, X: Array, y: Any = None, sample_weight: Any = None, *, concept: Any = None
    ) -> Array:
        """Fit the eraser and return the erased X."""
        return self.fit(X, y, sample_weight, concept=concept).transform(X, y, concept=concept)
