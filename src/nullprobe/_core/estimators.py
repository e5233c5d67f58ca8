"""What the typed rooms use of scikit-learn, which has no types: typed once, here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold
from sklearn.utils.validation import validate_data

from nullprobe._core.printable import label_list
from nullprobe._core.validation import InputError

LONGEST = 80  # letters of names in a message


def same_columns(estimator: Any, frame: Any) -> None:
    """Refuse a data frame whose columns are not those of the fit, in the same order.

    Raises
    ------
    InputError
        It quotes scikit-learn's message, which its own checks of estimators look for.
    """
    try:
        validate_data(estimator, frame, reset=False, skip_check_array=True)
    except ValueError as error:
        fitted = getattr(estimator, "feature_names_in_", None)
        columns = getattr(frame, "columns", None)
        if fitted is None or columns is None or isinstance(error, InputError):
            raise
        arrived = [str(name) for name in getattr(frame, "column_names", columns)]
        name = type(estimator).__name__
        names = label_list(tuple(map(str, fitted)), LONGEST)
        raise InputError(
            f"{name} needs the columns of its fit in the same order, {names}",
            f"{label_list(tuple(arrived), LONGEST)} arrived (scikit-learn: {error})",
            "pass X[list(estimator.feature_names_in_)]",
        ) from None


class Folds(Protocol):
    """A rule that partitions rows into folds."""

    def split(
        self, X: np.ndarray, y: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield the rows inside and outside the training data of each fold."""
        ...


def shuffled_folds(n_folds: int, seed: int, *, stratified: bool, grouped: bool) -> Folds:
    """Return a rule for shuffled folds, stratified by class or with whole groups if asked."""
    if stratified:
        kind: Any = StratifiedGroupKFold if grouped else StratifiedKFold
    else:
        kind = GroupKFold if grouped else KFold
    return kind(n_splits=n_folds, shuffle=True, random_state=seed)


def logistic_logits(X: np.ndarray, y: np.ndarray, new: np.ndarray) -> NDArray[np.float64]:
    """Fit a logistic regression to rows X and classes y, and return the logits of new rows."""
    return LogisticRegression().fit(X, y).decision_function(new)


def counts_of_terms(texts: Sequence[str], **options: Any) -> tuple[Any, NDArray[np.str_]]:
    """Return a sparse matrix (n, m) with the count of each term in each text, and the terms.

    The options are those of ``CountVectorizer``. Texts without terms raise a `ValueError`.
    """
    reader = CountVectorizer(**options)
    counts = reader.fit_transform(texts)
    return counts, reader.get_feature_names_out()
