"""Usable information: nats about a concept that a kind of probe predicts on held-out rows.

Problem. Accuracy and AUC have no unit in which probes of different concepts can be compared, and a
loss on fitting rows is biased.

Solution. Each row is scored by a probe that was fitted to other rows. Take its log-probability of
the row's class minus the log of the class share among those other rows. The mean over rows is the
information that this kind of probe can use. In expectation it is at most the mutual information,
reduced by the error of the fit.

Reference. Y. Xu, S. Zhao, J. Song, R. Stewart, S. Ermon, "A theory of usable information under
computational constraints", 2020, arXiv 2002.10689, definition 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtri
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV

from nullprobe._core import arrays, parameters, validation
from nullprobe._core.arrays import Array
from nullprobe._core.frames import Table
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.concept import target
from nullprobe.data.rows import rows
from nullprobe.data.splits import group_codes, split
from nullprobe.probes.base.nonlinear import inner_splits
from nullprobe.probes.base.nullspace import need_usable

LEVEL = 0.95
# Predicted probabilities are at least this, so that one surprising row costs at most 21 nats.
LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True, eq=False)
class Information:
    """Held-out information; frozen.

    Attributes
    ----------
    nats : float
        Mean over rows of the log-probability of the row's class, minus the log of its class share.
        Negative if the probe is worse than the class shares.
    interval : tuple of float
        95 % interval of the mean, without refits.
    each : ndarray of shape (n,)
        Contribution of each row.

    Examples
    --------
    >>> found = Information(nats=0.5, interval=(0.4, 0.6), each=np.full(100, 0.5))
    >>> round(found.bits, 2)
    0.72
    """

    nats: float
    interval: tuple[float, float]
    each: np.ndarray = field(repr=False)

    @property
    def bits(self) -> float:
        """The same in bits."""
        return self.nats / float(np.log(2.0))

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with the contribution of each row, in nats.

        ``kind`` is "pandas", "polars" or "pyarrow".
        """
        return ROWS.frame([self], kind)


ROWS = Table(
    {"row": int, "nats": float},
    lambda one: [{"row": i, "nats": nats} for i, nats in enumerate(one.each)],
)


def usable_information(
    probe: Any,
    X: Array,
    y: Any,
    *,
    groups: Any = None,
    n_parts: int = 5,
    random_state: RandomState = 0,
) -> Information:
    """Return how many nats about y a kind of probe can use, on held-out rows.

    Parameters
    ----------
    probe : estimator
        A probe with ``predict_proba``, such as ``LogisticProbe``. Any other probe is calibrated
        inside its fitting rows by scikit-learn's ``CalibratedClassifierCV``.
    X : array of shape (n, d)
        Representation.
    y : array-like of shape (n,)
        Labels.
    groups : array-like of shape (n,), optional
        Group of each row. A group stays in one part, and counts as one unit in the interval.
    n_parts : int
        Number of parts. Each part is scored once, by a probe that was fitted to the others.
    random_state : int, Generator or None
        Source of the parts.

    Notes
    -----
    In expectation, a lower bound of the mutual information of X and y. It is close if the probe can
    express the log-odds and n is much larger than d: a fit of k parameters costs about k / 2n nats.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe.probes import LogisticProbe
    >>> y = np.arange(400) % 2
    >>> X = np.random.default_rng(0).normal(size=(400, 2)) + y[:, None] * [2, 0]
    >>> found = usable_information(LogisticProbe(), X, y)
    >>> bool(0.2 < found.nats < 0.5 and found.interval[0] > 0)
    True
    """
    need_usable(probe, weighted=False)
    X, z, _ = rows(X, y, None, one=True)
    z = z.present()
    z.need_two_classes()
    if z.codes is None:
        validation.complain(
            "usable information needs class labels",
            "the concept is numeric",
            "pass labels, or cut the numbers into classes",
        )
    validation.finite(X)
    n_parts = parameters.whole_number("n_parts", n_parts, least=2)
    codes = group_codes(groups, len(z))
    rng = generator(random_state)
    parts = split(z, groups=codes, n_parts=n_parts, rng=rng)
    each = np.empty(len(z))
    for j in range(n_parts):
        test, train = np.flatnonzero(parts.part == j), np.flatnonzero(parts.part != j)
        fitted: Any = clone(probe)
        if not hasattr(probe, "predict_proba"):
            fitted = CalibratedClassifierCV(
                fitted,
                method="sigmoid" if z.n_columns == 2 else "temperature",
                cv=_inner(z.codes[train]),
                ensemble=False,  # pyright: ignore[reportArgumentType]
            )
        fitted.fit(arrays.take(X, train), target(fitted, z.codes[train], z))
        p = np.asarray(fitted.predict_proba(arrays.take(X, test)))
        shares = np.bincount(z.codes[train], minlength=z.n_columns) / len(train)
        p_class = p[np.arange(len(test)), z.codes[test]]
        each[test] = np.log(np.maximum(p_class, LEAST_PROBABILITY)) - np.log(shares[z.codes[test]])
    nats = float(each.mean())
    error = float(ndtri(0.5 + LEVEL / 2)) * _standard_error(each, codes)
    return Information(nats, (nats - error, nats + error), each)


def _inner(codes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the inner splits that calibrate a probe without ``predict_proba``."""
    splits = inner_splits(codes, 0)
    if not splits:
        validation.complain(
            "calibration needs two rows of each class",
            "a class has one",
            "pass more rows of this class, or leave it out",
        )
    return splits


def _standard_error(each: np.ndarray, groups: np.ndarray | None) -> float:
    """Return the standard error of the mean over rows, or over groups of rows."""
    deviation = each - each.mean()
    if groups is not None:
        deviation = np.bincount(groups, deviation)
    m = len(deviation)
    return float(np.sqrt(m / max(m - 1, 1) * (deviation @ deviation)) / len(each))
