"""Calibration: how far probabilities are from meaning what they say.

Problem. The scores of a probe are larger on the rows that it was fitted to than on others, and
those of some probes are no log-odds at all. scikit-learn's ``CalibratedClassifierCV`` turns the
scores of any probe into probabilities; what these are worth is to be measured.

Solution. On rows that no fit has seen, in bins of equally many: how often the class was there,
next to how often it was said to be.

Reference. A. Kumar, P. Liang, T. Ma, "Verified uncertainty calibration", 2019, arXiv 1909.10155,
section 5 (the squared error without the part that is noise).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from nullprobe._core import parameters, validation
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.kinds import as_array

LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Reliability:
    """What probabilities said, and what was so; frozen.

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
    probabilities: np.ndarray,
    positive: np.ndarray,
    *,
    n_bins: int = 10,
    n_resamples: int = 1000,
    random_state: RandomState = 0,
) -> Reliability:
    """Compare probabilities with what happened, on rows that no fit has seen.

    Parameters
    ----------
    probabilities : ndarray of shape (n,)
        What was said of each row.
    positive : ndarray of shape (n,)
        Whether it was so: booleans, or 0 and 1.
    n_bins : int
        Of equally many rows each; rows of one chance stay together.
    n_resamples : int
        Of the bootstrap, rows within bins.
    random_state : int, Generator or None

    Notes
    -----
    An error within bins, where some probabilities are too high and others too low, is not seen.

    Examples
    --------
    Chances that are right, and probabilities that are not:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> p = rng.random(4000)
    >>> y = rng.random(4000) < p
    >>> reliability(p, y).interval[0], reliability(p**3, y).interval[0] > 0.1
    (0.0, True)

    Log-odds of a probe of few rows are too sure of themselves; scikit-learn calibrates them:

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
    p, y = _said_and_so(probabilities, positive, n_bins)
    # By the middle of the ranks that rows of one chance share.
    share = (rankdata(p) - 0.5) / len(p)
    place = np.unique((share * n_bins).astype(int), return_inverse=True)[1]
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


def _said_and_so(probabilities: Any, positive: Any, n_bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (n,) and what was so (n,), 0 or 1, as float64."""
    p, y = as_array(probabilities, "probabilities"), as_array(positive, "positive")
    if p.shape != y.shape or p.ndim != 1:
        validation.complain(
            "probabilities and positives must be vectors of one length",
            f"they have shapes {p.shape} and {y.shape}",
            "pass the chance of one class, (n,), and whether each row is of it",
        )
    wrong = p if p.dtype.kind not in "fiub" else p[~((p >= 0) & (p <= 1))]
    if len(wrong):
        validation.complain(
            "probabilities must be numbers from 0 to 1",
            f"{wrong[:1].tolist()[0]!r} arrived",
            "pass the chance of one class, such as predict_proba(X)[:, 1]",
        )
    if not np.isin(y, (0, 1)).all():
        labels = np.unique(y.astype(str) if y.dtype.kind == "O" else y)[:5].tolist()
        validation.complain(
            "positives must be booleans, or 0 and 1",
            f"{', '.join(map(repr, labels))} arrived",
            "pass whether each row is of the class in question, such as y == 'yes'",
        )
    if len(p) < 2 * n_bins:
        validation.complain(
            f"{n_bins} bins need two rows each",
            f"there are {len(p)}",
            "pass more rows, or fewer bins",
        )
    return p.astype(np.float64), y.astype(np.float64)


def _squared_error(said: np.ndarray, seen: np.ndarray, counts: np.ndarray) -> Any:
    noise = seen * (1.0 - seen) / np.maximum(counts - 1.0, 1.0)
    return ((said - seen) ** 2 - noise) @ counts / counts.sum()
