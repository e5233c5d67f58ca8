"""Calibration: chances that mean what they say, and how far they are from that.

Problem. The scores of a probe are larger on the rows that it was fitted to than on others, and
those of some probes are no log-odds at all.

Solution. Inner fits score the rows that they did not see, and one slope and one offset (for more
than two classes one temperature) turn such scores into log-odds; the probe itself is fitted to
all training rows. What chances are worth is seen on other rows: in bins of equally many, how often
the class was there, next to how often it was said to be.

Reference. J. Platt, "Probabilistic outputs for support vector machines", 1999, with his smoothed
targets; C. Guo et al., "On calibration of modern neural networks", 2017, arXiv 1706.04599, section
4.2; A. Kumar, P. Liang, T. Ma, "Verified uncertainty calibration", 2019, arXiv 1909.10155,
section 5 (the squared error without the part that is noise).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from nullprobe._core import arrays, validation
from nullprobe._core.arrays import Array
from nullprobe._core.random_state import generator, integer_seed
from nullprobe.data.concept import Concept, as_array, rows
from nullprobe.probes.base.nonlinear import inner_splits
from nullprobe.probes.base.nullspace import need_usable
from nullprobe.probes.solvers.design import Design, Preconditioner
from nullprobe.probes.solvers.newton import solve

LEVEL = 0.95
MOST_TEMPERATURE = 12.0  # of the logarithm, either way


@dataclass(frozen=True, eq=False)
class Reliability:
    """What chances said, and what was so; frozen.

    Attributes
    ----------
    said, seen : ndarray of shape (b,)
        Mean chance, and share of positives, in each bin.
    rows : ndarray of shape (b,)
        How many rows are in it.
    error : float
        Root mean square of said less seen, over rows; noise taken off, and never below 0.
    interval : tuple of float
        95 % bootstrap interval of that.
    """

    said: np.ndarray
    seen: np.ndarray
    rows: np.ndarray
    error: float
    interval: tuple[float, float]


def reliability(
    chances: np.ndarray,
    positive: np.ndarray,
    *,
    bins: int = 10,
    n_resamples: int = 1000,
    random_state: Any = 0,
) -> Reliability:
    """Compare chances with what happened, on rows that no fit has seen.

    Parameters
    ----------
    chances : ndarray of shape (n,)
        What was said of each row.
    positive : ndarray of shape (n,)
        Whether it was so: booleans, or 0 and 1.
    bins : int
        Of equally many rows each; rows of one chance stay together.
    n_resamples : int
        Of the bootstrap, rows within bins.
    random_state : int, Generator or None

    Notes
    -----
    An error within bins, where some chances are too high and others too low, is not seen.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> p = rng.random(4000)
    >>> y = rng.random(4000) < p
    >>> reliability(p, y).interval[0], reliability(p**3, y).interval[0] > 0.1
    (0.0, True)
    """
    bins = validation.whole_number("bins", bins, least=1)
    n_resamples = validation.whole_number("n_resamples", n_resamples, least=1)
    p, y = _said_and_so(chances, positive, bins)
    # By the middle of the ranks that rows of one chance share.
    share = (rankdata(p) - 0.5) / len(p)
    place = np.unique((share * bins).astype(int), return_inverse=True)[1]
    counts = np.bincount(place).astype(np.float64)
    said, seen = np.bincount(place, p) / counts, np.bincount(place, y) / counts
    rng = generator(random_state)
    drawn = rng.binomial(counts.astype(int), seen, size=(n_resamples, len(counts))) / counts
    squared = _squared_error(said, seen, counts)
    # Resampled shares spread about those seen, as those do about the truth.
    around = _squared_error(said, drawn, counts) - float(counts @ (said - seen) ** 2 / counts.sum())
    tail = np.quantile(around, [0.5 + LEVEL / 2, 0.5 - LEVEL / 2])
    low, high = np.sqrt(np.maximum(squared - tail, 0.0))
    return Reliability(
        said, seen, counts.astype(int), float(np.sqrt(max(squared, 0.0))), (float(low), float(high))
    )


def _said_and_so(chances: Any, positive: Any, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Return chances (n,) and what was so (n,), 0 or 1, as float64."""
    p, y = as_array(chances, "chances"), as_array(positive, "positive")
    if p.shape != y.shape or p.ndim != 1:
        validation.complain(
            "chances and positives must be vectors of one length",
            f"they have shapes {p.shape} and {y.shape}",
            "pass the chance of one class, (n,), and whether each row is of it",
        )
    wrong = p if p.dtype.kind not in "fiub" else p[~((p >= 0) & (p <= 1))]
    if len(wrong):
        validation.complain(
            "chances must be numbers from 0 to 1",
            f"{wrong[:1].tolist()[0]!r} arrived",
            "pass the chance of one class, such as predict_proba(X)[:, 1]",
        )
    if not np.isin(y, (0, 1)).all():
        labels = np.unique(y.astype(str) if y.dtype.kind == "O" else y)[:5].tolist()
        validation.complain(
            "positives must be booleans, or 0 and 1",
            f"{', '.join(map(repr, labels))} arrived",
            "pass whether each row is of the class whose chances these are, such as y == 'yes'",
        )
    if len(p) < 2 * bins:
        validation.complain(
            f"{bins} bins need two rows each",
            f"there are {len(p)}",
            "pass more rows, or fewer bins",
        )
    return p.astype(np.float64), y.astype(np.float64)


def _squared_error(said: np.ndarray, seen: np.ndarray, counts: np.ndarray) -> Any:
    noise = seen * (1.0 - seen) / np.maximum(counts - 1.0, 1.0)
    return ((said - seen) ** 2 - noise) @ counts / counts.sum()


class Calibrated(BaseEstimator):
    """Give a probe chances, by scores of rows that inner fits of it have not seen.

    Parameters
    ----------
    probe : estimator
        With ``fit`` and ``decision_function``: one of ours, or of scikit-learn's.
    random_state : int or None
        Of the inner parts.

    Attributes
    ----------
    probe_ : estimator
        Fitted to all rows.
    slope_ : float
        What scores are multiplied by.
    offset_ : float
        What is added then; 0 for more than two classes.
    classes_ : ndarray of shape (K,)
        Labels.

    Notes
    -----
    Not guaranteed: that chances are right row by row, or for rows from elsewhere. See how far
    they are with ``reliability``, on rows that were not part of the fit.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe.probes import MeanDifferenceProbe
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(400) % 2
    >>> X = rng.normal(size=(400, 3)) + y[:, None]
    >>> Calibrated(MeanDifferenceProbe()).fit(X, y).predict_proba(X).shape
    (400, 2)
    """

    def __init__(self, probe: Any, random_state: int | None = 0) -> None:
        self.probe = probe
        self.random_state = random_state

    def fit(self, X: Array, y: Any) -> Self:
        """Fit the probe and what makes chances of its scores.

        Parameters
        ----------
        X : array of shape (n, d)
        y : array-like of shape (n,)
            Labels, two rows of each class or more.
        """
        need_usable(self.probe, weighted=False)
        if not hasattr(self.probe, "decision_function"):
            validation.complain(
                "the probe must have decision_function, whose scores become chances",
                f"{type(self.probe).__name__} has none",
                "pass a classifier, such as LDAProbe()",
            )
        X, z, _ = rows(X, y, None, one=True)
        z = z.present()
        z.need_two_classes()
        _need_labels(z)
        splits = inner_splits(z.data, integer_seed(self.random_state))
        if not splits:
            validation.complain(
                "calibration needs two rows of each class",
                "a class has one",
                "pass more rows of it, or leave the class out",
            )
        scores = np.empty((len(z), 1 if z.n_columns == 2 else z.n_columns))
        for train, test in splits:
            probe: Any = clone(self.probe)
            probe.fit(arrays.take(X, train), z.data[train])
            found = arrays.host(probe.decision_function(arrays.take(X, test)))
            scores[test] = found.reshape(len(test), -1)
        platt = _platt if z.n_columns == 2 else _temperature
        self.slope_, self.offset_ = platt(scores, z.data)
        final: Any = clone(self.probe)
        self.probe_ = final.fit(X, z.data)
        self.classes_ = np.array(z.classes)
        self.n_features_in_ = X.shape[1]
        return self

    def decision_function(self, X: Array) -> np.ndarray:
        """Return log-odds (n,), or log-chances up to a constant a row (n, K), of X (n, d)."""
        check_is_fitted(self)
        X = validation.finite(validation.representation(X))
        validation.width(X.shape[1], self.n_features_in_, by="Calibrated")
        return self.slope_ * arrays.host(self.probe_.decision_function(X)) + self.offset_

    def predict_proba(self, X: Array) -> np.ndarray:
        """Return the chance of each class (n, K)."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            scores = np.column_stack([np.zeros(len(scores)), scores])
        return np.exp(log_softmax(scores, axis=1))

    def predict(self, X: Array) -> np.ndarray:
        """Return the label that each row of X (n, d) is read as."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]


def _need_labels(z: Concept) -> None:
    if z.codes is None:
        validation.complain(
            "chances are of class labels",
            "the concept is numeric",
            "pass labels, or cut the numbers into classes",
        )


def _platt(scores: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """Return slope and offset of log-odds; targets as if a row more of each class had been seen."""
    counts = np.bincount(codes, minlength=2)
    targets = np.where(codes == 1, (counts[1] + 1) / (counts[1] + 2), 1 / (counts[0] + 2))
    design = Design.of(scores, None)
    A, _ = solve(design, targets[:, None, None], Preconditioner.of(design, 0.0))
    W, bias = design.weights(A[:, 0])
    return float(W[0, 0]), float(bias[0])


def _temperature(scores: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """Return what K scores are multiplied by for the least log-loss, and 0."""
    spread = scores.std() or 1.0
    each = np.arange(len(codes))

    def loss(log_slope: float) -> float:
        return -log_softmax(np.exp(log_slope) * scores / spread, axis=1)[each, codes].mean()

    found: Any = minimize_scalar(
        loss, bounds=(-MOST_TEMPERATURE, MOST_TEMPERATURE), method="bounded"
    )
    return float(np.exp(found.x) / spread), 0.0
