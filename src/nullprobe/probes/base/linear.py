"""What every linear probe ends in, and the estimator shell that the methods share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.validation import check_is_fitted, validate_data

from nullprobe._core import arrays, linalg, validation
from nullprobe._core.arrays import Array
from nullprobe.data.concept import Concept
from nullprobe.data.rows import rows
from nullprobe.moments import Moments

FAR = 1e12  # size of weights whose scores float32 may not hold


def scored(X: Array, weights: np.ndarray, bias: np.ndarray) -> Array:
    """Return the scores (n, m) of weights (d, m) in X's library and device.

    In float64 where float32 may not hold them, or only as 0.
    """
    X = validation.representation(X)
    validation.width(X.shape[1], len(weights))
    size = np.abs(weights).max(initial=0.0)
    X = arrays.working(X) if size == 0 or 1.0 / FAR < size < FAR else arrays.wide(X)
    return X @ arrays.like(weights, X) + arrays.like(bias, X)


@dataclass(frozen=True, eq=False)
class LinearProbe:
    """A fitted linear reader: scores = X w + b; frozen.

    Attributes
    ----------
    weights : ndarray of shape (d, m)
        One column for two classes (a positive score means the second), one a class for more,
        one a column of a numeric concept.
    bias : ndarray of shape (m,)
        Added to the scores.
    classes : tuple or None
        Labels; None for a numeric concept.

    Examples
    --------
    >>> import numpy as np
    >>> probe = LinearProbe(np.array([[1.0], [0.0]]), np.array([-2.0]), ("no", "yes"))
    >>> X = np.array([[1.0, 9.0], [3.0, 9.0]])
    >>> probe.scores(X).tolist(), probe.predict(X).tolist()
    ([-1.0, 1.0], ['no', 'yes'])
    """

    weights: np.ndarray
    bias: np.ndarray
    classes: tuple | None = None

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.weights)

    def scores(self, X: Array) -> Array:
        """Return scores, (n,) for one column and (n, m) for more, in X's library and device."""
        scores = scored(X, self.weights, self.bias)
        return scores[:, 0] if self.weights.shape[1] == 1 else scores

    def predict(self, X: Array) -> np.ndarray:
        """Return the label, or the number, that each row of X (n, d) is read as."""
        scores = arrays.host(self.scores(X))
        if self.classes is None:
            return scores
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return np.array(self.classes)[best]


def agreement(
    truth: np.ndarray, said: np.ndarray, w: np.ndarray | None, classes: tuple | None
) -> float:
    """Return the accuracy of labels that were read, or R² of numbers."""
    measure = r2_score if classes is None else accuracy_score
    try:
        return float(measure(truth, said, sample_weight=w))
    except (TypeError, ValueError) as error:
        what = "numbers" if classes is None else f"labels such as {classes[0]!r}"
        validation.complain(
            f"what is scored must be {what}, as in the fit",
            f"y cannot be compared with what was read ({error})",
            "pass the same concept of these rows",
        )


class ProbeEstimator(BaseEstimator):
    """The shell round a linear probe: validate, call, store.

    Attributes
    ----------
    probe_ : LinearProbe
        The fitted reader.
    classes_ : ndarray of shape (K,)
        Labels; absent for a numeric concept.
    """

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> LinearProbe:
        raise TypeError(f"{type(self).__name__} does not say how it fits")

    def fit(self, X: Array, y: Any, sample_weight: Any = None, *, kind: str | None = None) -> Self:
        """Fit the probe.

        Parameters
        ----------
        X : array of shape (n, d)
            Representation.
        y : array-like of shape (n,) or (n, k)
            Concept: labels or numbers (n,), or numbers (n, k).
        sample_weight : array-like of shape (n,), optional
        kind : {"labels", "numeric"} or None
            What y is; None for the rule: floats are numbers, unless all are whole and few differ.

        Raises
        ------
        InputError
            If the input is empty, not finite, of lengths that differ, or of one class.
        """
        frame = X
        X, z, w = rows(X, y, sample_weight, one=True, kind=kind)
        validation.finite(X)
        if w is not None and not w.all():  # a weight of 0 is a row that is not there
            kept = np.flatnonzero(w)
            X, z, w = arrays.take(X, kept), z.take(kept).present(), w[kept]
        z.need_two_classes()
        validate_data(self, frame, skip_check_array=True)
        return self._adopt(self._probe(X, z, w))

    def _adopt(self, probe: LinearProbe) -> Self:
        """Store a fitted reader."""
        self.probe_ = probe
        self.n_features_in_ = probe.d
        if probe.classes is not None:
            self.classes_ = np.array(probe.classes)
        elif hasattr(self, "classes_"):
            del self.classes_  # of an earlier fit
        return self

    def decision_function(self, X: Array) -> Array:
        """Return the scores of X (n, d)."""
        X = self._checked(X)
        return self.probe_.scores(X)

    def predict(self, X: Array) -> np.ndarray:
        """Return what each row of X (n, d) is read as."""
        X = self._checked(X)
        return self.probe_.predict(X)

    def _checked(self, X: Array) -> Array:
        check_is_fitted(self)
        frame, X = X, validation.representation(X)
        validation.width(X.shape[1], self.probe_.d, by=type(self).__name__)
        validate_data(self, frame, reset=False, skip_check_array=True)
        return validation.finite(X)

    def score(self, X: Array, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy of the labels, or R² of the numbers, read from X (n, d)."""
        said = self.predict(X)  # which looks at the names of its columns, if it has some
        classes = self.probe_.classes
        kind = "numeric" if classes is None else "labels"
        _, z, w = rows(X, y, sample_weight, one=classes is not None, kind=kind)
        return agreement(z.labels, said, w, classes)

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn needs to know: y is required."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class MomentProbe(ProbeEstimator):
    """The shell round a probe that needs no more of the data than moments."""

    def _read(self, moments: Moments) -> LinearProbe:
        """Return the reader; every method says how."""
        raise TypeError(f"{type(self).__name__} does not say how it reads moments")

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> LinearProbe:
        return self._read(Moments.of(X, z, sample_weight=w))

    @classmethod
    def from_moments(cls, moments: Moments, **parameters: Any) -> Self:
        """Fit from moments that were gathered elsewhere, or projected.

        Parameters
        ----------
        moments : Moments
            Moments of X (n, d) and Z (n, k); each class with weight, each number varying.
        **parameters
            Those of the constructor.

        Raises
        ------
        InputError
            If there is nothing to tell apart.
        """
        if moments.classes is None:
            scale = linalg.feature_scale(
                moments.concept_mean, moments.concept_covariance.diagonal()
            )
            told = bool(scale.all())
        else:
            told = moments.k > 1 and bool((moments.concept_mean > 0).all())
        if not told:
            validation.complain(
                "moments must hold rows of two classes or more, or numbers that vary",
                "a class holds all rows, or none, or a number is the same in every row",
                "leave such classes and columns out",
            )
        probe = cls(**parameters)
        return probe._adopt(probe._read(moments))
