"""Base classes of the erasers: validate, gather moments, store the map, apply it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from nullprobe._core import validation
from nullprobe._core.arrays import Array
from nullprobe._core.estimators import same_columns
from nullprobe.data.concept import Concept, need_kind
from nullprobe.data.row_sketch import RowSketch
from nullprobe.data.rows import rows
from nullprobe.erasers.maps.class_transport import ClassTransport
from nullprobe.erasers.maps.concept_shift import ConceptShift
from nullprobe.moments import Moments
from nullprobe.moments.streams import Piece, gathered

ROW_SKETCH = "rows_seen"  # key of `details`: a sketch of the fitting rows


class EraserEstimator(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Base class of all erasers: store the fitted map and apply it.

    In a scikit-learn pipeline, y is what the pipeline predicts. The concept to erase is then a
    keyword of ``fit``. It follows metadata routing: ``set_fit_request(concept=True)``.

    Attributes
    ----------
    eraser_ : AffineEraser
        The fitted map.
    classes_ : tuple or None
        Labels of the concept; None for a numeric one.
    """

    def _adopt(self, eraser: Any) -> Self:
        """Store a fitted map, with feature names where X had them."""
        names = getattr(self, "feature_names_in_", None)
        sketch = getattr(self, "_row_sketch", None)
        if sketch is not None:
            eraser = replace(eraser, details={**eraser.details, ROW_SKETCH: sketch.text})
        self.eraser_ = eraser if names is None else eraser.named(names)
        self.classes_ = eraser.classes
        self.n_features_in_ = eraser.d
        return self

    def _remember_rows(self, X: Array, *, first: bool = True) -> None:
        """Store a sketch of the fitting rows, if every piece was a NumPy array of numbers.

        A tensor or a dask array has no sketch. After one such piece, the sketch of all is unknown.
        """
        before = None if first else getattr(self, "_row_sketch", None)
        new = RowSketch.of(X) if isinstance(X, np.ndarray) and X.dtype.kind in "fiub" else None
        known = new is not None and (first or before is not None)
        self._row_sketch = (new if before is None else before + new) if known and new else None

    def _checked(self, X: Array) -> Array:
        """Return X as an array of finite numbers with the fitted features, or complain."""
        check_is_fitted(self)
        frame, X = X, validation.representation(X)
        same_columns(self, frame)
        return validation.finite(X)

    def transform(self, X: Array) -> Array:
        """Return the erased X (n, d) in the library, device and floating dtype of X."""
        X = self._checked(X)
        return self.eraser_.apply(X)

    def fit_transform(
        self, X: Array, y: Any = None, sample_weight: Any = None, *, concept: Any = None
    ) -> Array:
        """Fit the eraser and return the erased X."""
        estimator: Any = self
        return estimator.fit(X, y, sample_weight, concept=concept).transform(X)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of scikit-learn: y is required, of any kind; dtypes are preserved."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        tags.target_tags.two_d_labels = True
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def concept_to_erase(y: Any, concept: Any) -> Any:
    """Return the concept to erase: ``concept`` if it was passed, else y."""
    return y if concept is None else concept


class MomentEraser(EraserEstimator):
    """Base class of erasers that depend on moments alone: validate, call, store.

    Attributes
    ----------
    eraser_ : AffineEraser
        The fitted map.
    moments_ : Moments
        Moments of the fitting rows; ``partial_fit`` adds to them.
    classes_ : tuple or None
        Labels of the concept; None for a numeric one.
    """

    kind: str | None

    def _erase(self, moments: Any) -> Any:
        """Return the fitted map; each method implements this."""
        raise TypeError(f"{type(self).__name__} does not implement _erase")

    def _gathers(self, *, task: bool = False) -> Any:
        """Return the kind of moments that the method depends on."""
        return Moments

    def _gather(self, X: Array, z: Concept, w: np.ndarray | None, task: Any = None) -> Any:
        """Return the moments that the method depends on; moments of pieces add up."""
        kind, tasks = self._gathers(task=task is not None), () if task is None else (task,)
        return kind.of(X, z, *tasks, sample_weight=w)

    def fit_blocks(self, blocks: Iterable[Piece]) -> Self:
        """Fit to blocks of rows; only one block at a time needs to be in memory.

        The eraser has no sketch of its rows.

        Parameters
        ----------
        blocks : iterable of (X, concept, task)
            Rows (b, d), their `Concept` with the classes of all rows, and their task as such a
            concept, or None.

        Raises
        ------
        InputError
            As for `fit`.
        """
        blocks = iter(blocks)
        first = next(blocks)
        self._need_labels(first[1])
        kind = self._gathers(task=first[2] is not None)
        return self._store(gathered(kind, chain([first], blocks)))

    @classmethod
    def from_moments(cls, moments: Any, **parameters: Any) -> Self:
        """Fit from moments that were gathered before, in pieces or on other machines."""
        estimator: Any = cls(**parameters)
        if not isinstance(moments, estimator._kinds()):
            kinds = " or ".join(kind.__name__ for kind in estimator._kinds())
            validation.complain(
                f"{cls.__name__} is fitted from {kinds}",
                f"{type(moments).__name__} arrived",
                f"pass {kinds}.of(X, y)",
            )
        estimator._store(moments)
        names = getattr(moments, "feature_names", None)
        if names is not None:
            estimator.feature_names_in_ = np.array(names, dtype=object)
            estimator.eraser_ = estimator.eraser_.named(names)
        return estimator

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
            Concept: labels or numbers. Several columns are one concept; columns of labels are
            one-hot encoded together. (A probe fits each column of labels separately.) If the
            concept is constant, or X does not covary with it, there is nothing to erase: the
            eraser has rank 0 and leaves rows unchanged.
        sample_weight : array-like of shape (n,), optional
        concept : array-like of shape (n,) or (n, k), optional
            Concept to erase instead of y: in a pipeline, y is what the pipeline predicts.

        Raises
        ------
        InputError
            If the input is empty or not finite, or if lengths differ.
        """
        return self._read(X, concept_to_erase(y, concept), sample_weight, first=True)

    def partial_fit(
        self, X: Array, y: Any = None, sample_weight: Any = None, *, concept: Any = None
    ) -> Self:
        """Continue the fit with more rows. The result equals one fit on all rows.

        The first piece decides whether the concept is labels or numbers; floats need ``kind``.
        """
        return self._continue(X, concept_to_erase(y, concept), sample_weight)

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
            same_columns(self, frame)
        moments = self._gather(X, z, w, task)
        if first:  # after all checks: a failed fit leaves no attributes
            validate_data(self, frame, skip_check_array=True)
        self._remember_rows(X, first=first)
        return self._store(moments if first else self.moments_ + moments)

    def _need_labels(self, z: Concept) -> None:
        """Complain about numbers if the method takes labels only."""
        if not z.is_classes and not get_tags(self).target_tags.multi_output:
            validation.complain(
                f"{type(self).__name__} needs class labels",
                "the concept is numeric",
                "pass labels as strings or integers, or use an eraser of numbers, such as LEACE",
            )

    def _store(self, moments: Any) -> Self:
        eraser = self._erase(moments)
        self.moments_ = moments
        return self._adopt(eraser)


class LabelledEstimator(MomentEraser):
    """Base class of erasers that need the concept of the rows they transform.

    scikit-learn's pipelines call ``transform(X)`` on new rows, without y. These erasers refuse
    that. Route the concept to both methods, ``set_fit_request(concept=True)`` and
    ``set_transform_request(concept=True)``, or call ``transform(X, y)`` yourself.

    Attributes
    ----------
    eraser_ : ConceptShift or ClassTransport
        The fitted map.
    moments_ : Moments or ClassMoments
        Moments of the fitting rows; ``partial_fit`` adds to them.
    classes_ : tuple or None
        Labels of the concept; None for a numeric one.
    """

    eraser_: ConceptShift | ClassTransport

    def transform(self, X: Array, y: Any = None, *, concept: Any = None) -> Array:
        """Return the erased X (n, d), in the form of X; y is the concept of its rows."""
        X = self._checked(X)
        return self.eraser_.apply(X, concept_to_erase(y, concept))

    def fit_transform(
        self, X: Array, y: Any = None, sample_weight: Any = None, *, concept: Any = None
    ) -> Array:
        """Fit the eraser and return the erased X."""
        return self.fit(X, y, sample_weight, concept=concept).transform(X, y, concept=concept)
