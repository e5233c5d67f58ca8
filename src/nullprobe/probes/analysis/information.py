"""Information: how many nats about a concept a kind of probe can use, on rows it has not seen.

Problem. Accuracy and AUC have no unit in which probes of different concepts compare, and a loss on
the rows of the fit says nothing.

Solution. Each row is scored by a probe that was fitted to other rows. Its log-chance of the row's
class, less that of the class shares among those other rows, averages to the information that this
kind of probe can use: in expectation never more than there is, less by what the fit costs.

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
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.concept import target
from nullprobe.data.rows import rows
from nullprobe.data.splits import group_codes, split
from nullprobe.probes.base.nonlinear import inner_splits
from nullprobe.probes.base.nullspace import need_usable

LEVEL = 0.95
# No class is ever said to be impossible: one row of a surprise costs 21 nats, not all of them.
LEAST_CHANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Information:
    """Held-out information; frozen.

    Attributes
    ----------
    nats : float
        Mean over rows of the log-chance of the row's class, less that without X. Below 0 where
        the probe is worse than the class shares.
    interval : tuple of float
        95 % interval of that, the fits as they are.
    each : ndarray of shape (n,)
        What each row adds.
    """

    nats: float
    interval: tuple[float, float]
    each: np.ndarray = field(repr=False)

    @property
    def bits(self) -> float:
        """The same in bits."""
        return self.nats / float(np.log(2.0))


def usable_information(
    probe: Any,
    X: Array,
    y: Any,
    *,
    groups: Any = None,
    n_parts: int = 5,
    random_state: RandomState = 0,
) -> Information:
    """Return how many nats about y a kind of probe can use, in rows that it was not fitted to.

    Parameters
    ----------
    probe : estimator
        One with ``predict_proba``, such as ``LogisticProbe``; any other is calibrated inside the
        rows that it is fitted to, by scikit-learn's ``CalibratedClassifierCV``.
    X : array of shape (n, d)
        Representation.
    y : array-like of shape (n,)
        Labels.
    groups : array-like of shape (n,), optional
        Rows that belong together: they stay in one part, and count as one in the interval.
    n_parts : int
        Each is scored once, by a probe that was fitted to the others.
    random_state : int, Generator or None
        Of the parts.

    Notes
    -----
    A lower bound in expectation on the mutual information of X and y, and close to it where the
    probe can express the log-odds and n is large next to d: a fit of k parameters costs about
    k / 2n nats.

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
            "information is about class labels",
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
        known: Any = clone(probe)
        if not hasattr(probe, "predict_proba"):
            known = CalibratedClassifierCV(
                known,
                method="sigmoid" if z.n_columns == 2 else "temperature",
                cv=_inner(z.codes[train]),
                ensemble=False,  # pyright: ignore[reportArgumentType]
            )
        known.fit(arrays.take(X, train), target(known, z.codes[train], z))
        chances = np.asarray(known.predict_proba(arrays.take(X, test)))
        shares = np.bincount(z.codes[train], minlength=z.n_columns) / len(train)
        said = chances[np.arange(len(test)), z.codes[test]]
        each[test] = np.log(np.maximum(said, LEAST_CHANCE)) - np.log(shares[z.codes[test]])
    nats = float(each.mean())
    error = float(ndtri(0.5 + LEVEL / 2)) * _standard_error(each, codes)
    return Information(nats, (nats - error, nats + error), each)


def _inner(codes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the inner parts that a probe without chances is calibrated by."""
    splits = inner_splits(codes, 0)
    if not splits:
        validation.complain(
            "calibration needs two rows of each class",
            "a class has one",
            "pass more rows of it, or leave the class out",
        )
    return splits


def _standard_error(each: np.ndarray, groups: np.ndarray | None) -> float:
    """Return the standard error of the mean of rows, or of whole groups of them."""
    deviation = each - each.mean()
    if groups is not None:
        deviation = np.bincount(groups, deviation)
    m = len(deviation)
    return float(np.sqrt(m / max(m - 1, 1) * (deviation @ deviation)) / len(each))
