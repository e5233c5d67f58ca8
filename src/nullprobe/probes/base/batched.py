"""Fitting linear probes to many label vectors at once, by `fit_many`.

Problem. A thousand concepts of the same rows need a thousand probes, which repeat the same work
on X.

Solution. Each column of Y is a separate concept. The probes are the columns of one matrix of
weights, and work that depends on X alone is done once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import validate_data

from nullprobe._core import arrays, sparse_rows, validation
from nullprobe._core.arrays import Array
from nullprobe.data.concept import Concept, columns
from nullprobe.data.rows import weights
from nullprobe.moments.moments import Moments, read_together
from nullprobe.moments.scatter import need_squares
from nullprobe.moments.sparse_moments import sparse_moments
from nullprobe.probes.base.linear import LinearProbe, MomentProbe, ProbeEstimator, agreement
from nullprobe.probes.base.linear_probes import LinearProbes

SIDE_BY_SIDE = 256  # columns per group; the covariances between columns grow with the square


class ManyConcepts(ProbeEstimator):
    """Base class of linear probes that can also be fitted to many concepts of the same rows.

    Attributes
    ----------
    probe_ : LinearProbe or LinearProbes
        The fitted probe; after `fit_many` the probes of all columns.
    classes_ : ndarray of shape (K,), or list of m of them
        Labels; absent for a numeric concept (None in the list).
    """

    def _many(self, X: Array, concepts: list[Concept], w: np.ndarray | None) -> LinearProbes:
        raise TypeError(f"{type(self).__name__} does not implement _many")

    def fit(self, X: Array, y: Any, sample_weight: Any = None, *, kind: str | None = None) -> Self:
        """Fit the probe to one concept; `fit_many` fits one probe for each column of labels.

        Parameters
        ----------
        X : array of shape (n, d)
            Representation.
        y : array-like of shape (n,) or (n, k)
            Concept: labels or numbers, (n,) or (n, 1), or numbers (n, k).
        sample_weight : array-like of shape (n,), optional
        kind : {"labels", "numeric"} or None
            What y is; None for the rule: floats are numbers, unless all are whole and few differ.

        Raises
        ------
        InputError
            If the input is empty, not finite, of lengths that differ, of one class, or has several
            columns of labels.
        """
        frame, X = X, self._representation(X)
        if y is None or isinstance(y, Concept):
            return super().fit(frame, y, sample_weight, kind=kind)
        concepts = columns(y, n=X.shape[0], kind=kind)
        if len(concepts) > 1:
            validation.complain(
                "fit takes one concept: labels or numbers (n,), or numbers (n, k)",
                f"y has {len(concepts)} columns, with labels among them",
                "fit_many(X, Y) fits one probe for each column",
            )
        return super().fit(frame, concepts[0], sample_weight)

    def fit_many(
        self,
        X: Array,
        Y: Any,
        sample_weight: Any = None,
        *,
        kind: str | Sequence[str] | None = None,
    ) -> Self:
        """Fit one probe for each column of Y; what depends on X alone is computed once.

        Parameters
        ----------
        X : array of shape (n, d)
            Representation.
        Y : array-like of shape (n, m) or (n,)
            Concepts of the same rows, a column each: labels or numbers. A data frame may mix both.
        sample_weight : array-like of shape (n,), optional
        kind : {"labels", "numeric"}, a sequence of m of these, or None
            What the columns are; None for the rule: floats are numbers, unless all are whole and
            few differ.

        Returns
        -------
        self
            With m readers in ``probe_``, whose scores are (n, m) where no concept has more than
            two classes.

        Raises
        ------
        InputError
            If the input is empty, not finite, of lengths that differ, or a column is of one class;
            the message names the column.
        """
        frame, X = X, self._representation(X)
        concepts = _each(Y, X.shape[0], kind)
        X = validation.finite(X)
        w = weights(sample_weight, X.shape[0])
        if w is not None and not w.all():
            positive = np.flatnonzero(w)
            X, w = arrays.take(X, positive), w[positive]
            concepts = [z.take(positive).present() for z in concepts]
        _need_two_classes(concepts)
        validate_data(self, frame, skip_check_array=True)
        return self._adopt_many(self._many(X, concepts, w))

    def _representation(self, X: Any) -> Any:
        return (sparse_rows if self._takes_sparse else validation).representation(X)

    def _adopt_many(self, probes: LinearProbes) -> Self:
        """Store the fitted probes of many concepts."""
        self.probe_ = probes
        self.n_features_in_ = probes.d
        self.classes_ = [None if c is None else np.array(c) for c in probes.classes]
        return self

    def score(self, X: Array, y: Any, sample_weight: Any = None) -> float | np.ndarray:
        """Return the accuracy for labels, or R² for numbers; an array (m,) for many concepts."""
        if not isinstance(getattr(self, "probe_", None), LinearProbes):
            return super().score(X, y, sample_weight)
        predicted = self.predict(X)
        w = weights(sample_weight, len(predicted))
        kinds = ["numeric" if c is None else "labels" for c in self.probe_.classes]
        truth = [z.labels for z in _each(y, len(predicted), kinds, "y")]
        return np.array(
            [
                agreement(t, _typed(s, t), w, c)
                for t, s, c in zip(truth, predicted.T, self.probe_.classes, strict=True)
            ]
        )


def _each(Y: Any, n: int, kind: str | Sequence[str] | None, name: str = "Y") -> list[Concept]:
    """Return the columns of Y, a concept each, also where all of them are numbers."""
    concepts = columns(Y, n=n, name=name, kind=kind)
    if len(concepts) == 1 and concepts[0].values is not None:
        return [Concept(None, None, column[:, None]) for column in concepts[0].values.T]
    return concepts


def _typed(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return predicted.astype(truth.dtype) if predicted.dtype.kind == "O" else predicted


def _need_two_classes(concepts: list[Concept]) -> None:
    """Complain about the first column with one class."""
    for j, z in enumerate(concepts):
        values = z.data if z.codes is None else z.codes
        if values.min() == values.max():
            what = values.min() if z.classes is None else z.classes[int(values.min())]
            validation.complain(
                "at least two classes are needed in every column of Y",
                f"column {j} is {what!r} in each of its {len(z)} rows (1 class)",
                "drop such columns, or pass rows of another class, too",
            )


class ManyByMoments(ManyConcepts, MomentProbe):
    """Base class of such probes that depend on moments alone: one scatter for all concepts."""

    _takes_sparse = True

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> LinearProbe:
        if validation.is_sparse(X):
            return self._read(sparse_moments(X, [z], w)[0])
        return super()._probe(X, z, w)

    def _ready(self, moments: Moments) -> Any:
        """Return what all concepts of the same rows share."""
        return None

    def _read_sides(self, moments: Moments, ready: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return weights (d, m) and bias (m,) of two-class concepts that are 0 or 1 in Z."""
        raise TypeError(f"{type(self).__name__} does not implement _read_sides")

    def _read_ready(self, moments: Moments, ready: Any) -> LinearProbe:
        """Return the probe of one concept, from what all concepts share."""
        return self._read(moments)

    def _many(self, X: Array, concepts: list[Concept], w: np.ndarray | None) -> LinearProbes:
        groups = _grouped(concepts)
        blocks = [Concept(None, None, _matrix_of(concepts, group)) for group in groups]
        singles = [j for j, z in enumerate(concepts) if z.is_classes and z.n_columns > 2]
        all_moments = _moments_of(X, [*blocks, *(concepts[j] for j in singles)], w)
        ready = self._ready(all_moments[0])
        probes: list[Any] = [None] * len(concepts)
        for group, moments in zip(groups, all_moments, strict=False):
            if concepts[group[0]].is_classes:
                W, bias = self._read_sides(moments, ready)
            else:
                probe = self._read_ready(moments, ready)
                W, bias = probe.weights, probe.bias
            for i, j in enumerate(group):
                probes[j] = LinearProbe(W[:, i : i + 1], bias[i : i + 1], concepts[j].classes)
        for j, moments in zip(singles, all_moments[len(groups) :], strict=True):
            probes[j] = self._read_ready(moments, ready)
        return LinearProbes.of(probes)


def _moments_of(X: Array, concepts: list[Concept], w: np.ndarray | None) -> list[Moments]:
    """Return the moments of X with each concept; those of X itself are formed once."""
    if validation.is_sparse(X):
        return sparse_moments(X, concepts, w)
    first = Moments.zeros(X, concepts[0])
    all_moments = [first, *(Moments.zeros(X, z, spread=first.spread) for z in concepts[1:])]
    read_together(all_moments, X, concepts, w)
    need_squares(X, w, first.variance)
    return all_moments


def _grouped(concepts: list[Concept]) -> list[list[int]]:
    """Return groups of columns: all with two classes, or all numbers."""
    groups = []
    for kind in (True, False):
        of_kind = [
            j
            for j, z in enumerate(concepts)
            if z.is_classes is kind and not (kind and z.n_columns > 2)
        ]
        groups += [of_kind[i : i + SIDE_BY_SIDE] for i in range(0, len(of_kind), SIDE_BY_SIDE)]
    return groups


def _matrix_of(concepts: list[Concept], group: list[int]) -> np.ndarray:
    """Return codes or numbers of a group as a float64 matrix (n, m)."""
    return np.column_stack([concepts[j].data for j in group]).astype(np.float64)
