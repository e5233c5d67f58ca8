"""Calibration of predicted probabilities on held-out rows.

Problem. Scores of a probe are larger on its fitting rows than on others, and scores of some probes
are not log-odds. scikit-learn's ``CalibratedClassifierCV`` turns the scores of any probe into
probabilities. Their calibration must be measured.

Solution. Sort held-out rows into bins of equal size. In each bin, compare the mean predicted
probability with the observed frequency.

Reference. A. Kumar, P. Liang, T. Ma, "Verified uncertainty calibration", 2019, arXiv 1909.10155,
section 5 (the squared error without sampling noise).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from nullprobe._core import parameters, validation
from nullprobe._core.frames import Table
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.kinds import as_array

LEVEL = 0.95


@dataclass(frozen=True, eq=False, repr=False)
class Reliability:
    """Predicted probabilities and observed frequencies in bins; frozen.

    Attributes
    ----------
    predicted : ndarray of shape (b,)
        Mean predicted probability in each bin.
    observed : ndarray of shape (b,)
        Observed share of positives in each bin.
    rows : ndarray of shape (b,)
        Number of rows in each bin.
    error : float
        Root mean square of predicted − observed over rows, minus sampling noise; at least 0.
    interval : tuple of float
        95 % bootstrap interval of the error.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> p = rng.random(1000)
    >>> found = reliability(p, rng.random(1000) < p, n_bins=4)
    >>> found.rows.tolist(), found.predicted.round(1).tolist()
    ([250, 250, 250, 250], [0.1, 0.4, 0.6, 0.9])
    >>> bool(np.abs(found.observed - found.predicted).max() < 0.1)
    True
    """

    predicted: np.ndarray
    observed: np.ndarray
    rows: np.ndarray
    error: float
    interval: tuple[float, float]

    def __repr__(self) -> str:
        """Return rows, bins and the error in one line, without the arrays."""
        low, high = self.interval
        size = f"{self.rows.sum()} rows, {len(self.rows)} bins"
        return f"Reliability({size}: error {self.error:.3f} [{low:.3f}, {high:.3f}])"

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with a row for each bin.

        ``kind`` is "pandas", "polars" or "pyarrow".
        """
        return BINS.frame([self], kind)


BINS = Table(
    {"predicted": float, "observed": float, "rows": int},
    lambda one: [
        dict(zip(BINS.columns, line, strict=True))
        for line in zip(one.predicted, one.observed, one.rows, strict=True)
    ],
)


def reliability(
    probabilities: np.ndarray,
    positive: np.ndarray,
    *,
    n_bins: int = 10,
    n_resamples: int = 1000,
    random_state: RandomState = 0,
) -> Reliability:
    """Compare predicted probabilities with observed frequencies, on held-out rows.

    Parameters
    ----------
    probabilities : ndarray of shape (n,)
        Predicted probability of the class for each row.
    positive : ndarray of shape (n,)
        Whether each row belongs to the class: booleans, or 0 and 1.
    n_bins : int
        Number of bins with equally many rows; rows with equal probabilities share a bin.
    n_resamples : int
        Number of bootstrap resamples of rows within bins.
    random_state : int, Generator or None
        Source of the resamples.

    Notes
    -----
    The error does not include errors that cancel within a bin.

    Examples
    --------
    Calibrated probabilities, and probabilities that are not:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> p = rng.random(4000)
    >>> y = rng.random(4000) < p
    >>> reliability(p, y).interval[0], reliability(p**3, y).interval[0] > 0.1
    (0.0, True)

    Log-odds of a probe with few rows are overconfident; scikit-learn calibrates them:

    >>> from sklearn.calibration import CalibratedClassifierCV
    >>> from nullprobe import worlds
    >>> from nullprobe.probes import LogisticProbe
    >>> w = worlds.gaussian(n=4000, d=120, gap=2.0)
    >>> X, y, X_new, y_new = w.X[:240], w.y[:240], w.X[240:], w.y[240:]
    >>> probe = LogisticProbe(C=10.0)
    >>> raw = probe.fit(X, y).predict_proba(X_new)[:, 1]
    >>> calibrated = CalibratedClassifierCV(probe, cv=3, ensemble=False).fit(X, y)
    >>> probabilities = calibrated.predict_proba(X_new)[:, 1]
    >>> reliability(raw, y_new).error > 2 * reliability(probabilities, y_new).error
    True
    """
    n_bins = parameters.whole_number("n_bins", n_bins, least=1)
    n_resamples = parameters.whole_number("n_resamples", n_resamples, least=1)
    p, y = _checked_pairs(probabilities, positive, n_bins)
    # Rows with equal probabilities share their middle rank.
    share = (rankdata(p) - 0.5) / len(p)
    place = np.unique((share * n_bins).astype(int), return_inverse=True)[1]
    counts = np.bincount(place).astype(np.float64)
    predicted, observed = np.bincount(place, p) / counts, np.bincount(place, y) / counts
    rng = generator(random_state)
    drawn = rng.binomial(counts.astype(int), observed, size=(n_resamples, len(counts))) / counts
    squared = _squared_error(predicted, observed, counts)
    # Resampled shares vary about the observed shares as these vary about the truth.
    plain = float(counts @ (predicted - observed) ** 2 / counts.sum())
    around = _squared_error(predicted, drawn, counts) - plain
    tail = np.quantile(around, [0.5 + LEVEL / 2, 0.5 - LEVEL / 2])
    low, high = np.sqrt(np.maximum(squared - tail, 0.0))
    return Reliability(
        predicted,
        observed,
        counts.astype(int),
        float(np.sqrt(max(squared, 0.0))),
        (float(low), float(high)),
    )


def _checked_pairs(probabilities: Any, positive: Any, n_bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (n,) and outcomes (n,), 0 or 1, as float64."""
    p, y = as_array(probabilities, "probabilities"), as_array(positive, "positive")
    if p.shape != y.shape or p.ndim != 1:
        validation.complain(
            "probabilities and positives must be vectors of one length",
            f"they have shapes {p.shape} and {y.shape}",
            "pass the probability of one class (n,), and whether each row belongs to it",
        )
    wrong = p if p.dtype.kind not in "fiub" else p[~((p >= 0) & (p <= 1))]
    if len(wrong):
        validation.complain(
            "probabilities must be numbers from 0 to 1",
            f"{wrong[:1].tolist()[0]!r} arrived",
            "pass the probability of one class, such as predict_proba(X)[:, 1]",
        )
    if not np.isin(y, (0, 1)).all():
        labels = np.unique(y.astype(str) if y.dtype.kind == "O" else y)[:5].tolist()
        validation.complain(
            "positives must be booleans, or 0 and 1",
            f"{', '.join(map(repr, labels))} arrived",
            "pass whether each row belongs to the class, such as y == 'yes'",
        )
    if len(p) < 2 * n_bins:
        validation.complain(
            f"{n_bins} bins need two rows each",
            f"there are {len(p)}",
            "pass more rows, or fewer bins",
        )
    return p.astype(np.float64), y.astype(np.float64)


def _squared_error(predicted: np.ndarray, observed: np.ndarray, counts: np.ndarray) -> Any:
    noise = observed * (1.0 - observed) / np.maximum(counts - 1.0, 1.0)
    return ((predicted - observed) ** 2 - noise) @ counts / counts.sum()
