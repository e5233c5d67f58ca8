"""LinearProbe, the result of every linear probe, and the base classes of their estimators."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted, validate_data

from nullprobe._core import arrays, linalg, sparse_rows, validation
from nullprobe._core.arrays import Array
from nullprobe._core.estimators import same_columns
from nullprobe._core.printable import label_list
from nullprobe.data.concept import Concept
from nullprobe.data.rows import rows
from nullprobe.moments import Moments
from nullprobe.probes.base.files import SavedProbe

FAR = 1e12  # scores of larger weights may overflow float32


def scored(X: Array, weights: np.ndarray, bias: np.ndarray) -> Array:
    """Return the scores (n, m) of weights (d, m) in X's library and device.

    The product is in float64 if float32 scores may overflow or underflow.
    """
    if validation.is_sparse(X):
        scores = _of_sparse(sparse_rows.csr(X), weights, bias)
        return arrays.like(scores, X) if arrays.is_torch(X) else scores
    X = validation.representation(X)
    validation.width(X.shape[1], len(weights))
    size = np.abs(weights).max(initial=0.0)
    X = arrays.working(X) if size == 0 or 1.0 / FAR < size < FAR else arrays.wide(X)
    return X @ arrays.like(weights, X) + arrays.like(bias, X)


def _of_sparse(X: Any, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    validation.width(X.shape[1], len(weights))
    return X @ weights + bias


@dataclass(frozen=True, eq=False, repr=False)
class LinearProbe:
    """A fitted linear probe: scores = X w + b; frozen.

    Attributes
    ----------
    weights : ndarray of shape (d, m)
        One column for two classes (a positive score predicts the second), K columns for K > 2
        classes, and one per column of a numeric concept.
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

    def __repr__(self) -> str:
        """Return features and classes in one line, without the arrays."""
        concept = "" if self.classes is None else f", classes={label_list(self.classes)}"
        return f"LinearProbe(d={self.d}{concept})"

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.weights)

    def scores(self, X: Array) -> Array:
        """Return scores, (n,) for one column and (n, m) for more, in X's library and device."""
        scores = scored(X, self.weights, self.bias)
        return scores[:, 0] if self.weights.shape[1] == 1 else scores

    def predict(self, X: Array) -> np.ndarray:
        """Return the predicted label or number of each row of X (n, d)."""
        scores = arrays.host(self.scores(X))
        if self.classes is None:
            return scores
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return np.array(self.classes)[best]


def agreement(
    truth: np.ndarray, predicted: np.ndarray, w: np.ndarray | None, classes: tuple | None
) -> float:
    """Return the accuracy of predicted labels, or R² of predicted numbers."""
    measure = r2_score if classes is None else accuracy_score
    try:
        return float(measure(truth, predicted, sample_weight=w))
    except (TypeError, ValueError) as error:
        what = "numbers" if classes is None else f"labels such as {classes[0]!r}"
        validation.complain(
            f"y must hold {what}, as in the fit",
            f"it cannot be compared with the predictions ({error})",
            "pass the concept that the probe was fitted to",
        )


class ProbeEstimator(BaseEstimator):
    """Base class of all probes of rows: validate, call, store.

    Attributes
    ----------
    probe_ : LinearProbe
        The fitted probe.
    classes_ : ndarray of shape (K,)
        Labels; absent for a numeric concept.
    """

    _takes_sparse = False  # whether `fit` takes sparse X; any linear probe scores it

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> LinearProbe:
        raise TypeError(f"{type(self).__name__} does not implement _probe")

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
            If the input is empty or not finite, if lengths differ, or if y has one class.
        """
        frame = X
        X, z, w = rows(X, y, sample_weight, one=True, kind=kind, sparse=self._takes_sparse)
        validation.finite(X)
        if w is not None and not w.all():  # rows of weight 0 do not count
            positive = np.flatnonzero(w)
            X, z, w = arrays.take(X, positive), z.take(positive).present(), w[positive]
        z.need_two_classes()
        validate_data(self, frame, skip_check_array=True)
        return self._adopt(self._probe(X, z, w))

    def _adopt(self, probe: LinearProbe) -> Self:
        """Store a fitted probe."""
        self.probe_ = probe
        self.n_features_in_ = probe.d
        if probe.classes is not None:
            self.classes_ = np.array(probe.classes)
        elif hasattr(self, "classes_"):
            del self.classes_  # from an earlier fit
        return self

    def save(self, path: str | Path) -> None:
        """Write the fitted probe to a .safetensors file; `load_probe` reads it.

        The file holds weights, labels, names of features and the parameters of the constructor.
        """
        check_is_fitted(self)
        probe: Any = self.probe_
        many = not isinstance(probe, LinearProbe)
        names = getattr(self, "feature_names_in_", None)
        SavedProbe(
            type(self).__name__,
            self.get_params(deep=False),
            probe.weights,
            probe.bias,
            probe.classes if many else (probe.classes,),
            many,
            None if names is None else tuple(map(str, names)),
        ).write(path)

    def decision_function(self, X: Array) -> Array:
        """Return the scores of X (n, d)."""
        X = self._checked(X)
        return self.probe_.scores(X)

    def predict(self, X: Array) -> np.ndarray:
        """Return the predicted label or number of each row of X (n, d)."""
        X = self._checked(X)
        return self.probe_.predict(X)

    def _checked(self, X: Array) -> Array:
        check_is_fitted(self)
        frame, X = X, sparse_rows.representation(X)
        validation.width(X.shape[1], self.probe_.d, by=type(self).__name__)
        same_columns(self, frame)
        return frame if validation.is_sparse(X) else validation.finite(X)

    def score(self, X: Array, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy of predicted labels, or R² of predicted numbers, on X (n, d)."""
        predicted = self.predict(X)  # before `rows`: it also checks feature names
        classes = self.probe_.classes
        kind = "numeric" if classes is None else "labels"
        _, z, w = rows(X, y, sample_weight, one=classes is not None, kind=kind, sparse=True)
        return agreement(z.labels, predicted, w, classes)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of scikit-learn: y is required, and X may be sparse."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._takes_sparse
        tags.target_tags.required = True
        if hasattr(self, "predict_proba"):
            tags.classifier_tags = ClassifierTags()
        return tags


class MomentProbe(ProbeEstimator):
    """Base class of probes that depend on moments alone."""

    def _read(self, moments: Moments) -> LinearProbe:
        """Return the fitted probe; each method implements this."""
        raise TypeError(f"{type(self).__name__} does not implement _read")

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> LinearProbe:
        return self._read(Moments.of(X, z, sample_weight=w))

    @classmethod
    def from_moments(cls, moments: Moments, **parameters: Any) -> Self:
        """Fit from moments that were gathered before, or projected.

        Parameters
        ----------
        moments : Moments
            Moments of X (n, d) and Z (n, k). Each class must have weight, each number must vary.
        **parameters
            Parameters of the constructor.

        Raises
        ------
        InputError
            If there is only one class, a class without weight, or a constant number.
        """
        if moments.classes is None:
            scale = linalg.feature_scale(
                moments.concept_mean, moments.concept_covariance.diagonal()
            )
            varies = bool(scale.all())
        else:
            varies = moments.k > 1 and bool((moments.concept_mean > 0).all())
        if not varies:
            validation.complain(
                "moments must hold rows of two classes or more, or numbers that vary",
                "a class has all rows or no rows, or a number is constant",
                "drop such classes and columns",
            )
        probe = cls(**parameters)
        return probe._adopt(probe._read(moments))
