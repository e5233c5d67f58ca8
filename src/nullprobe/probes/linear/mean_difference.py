"""Mean-difference probe: read along the difference of the class means.

Problem. Read y with as few estimated parameters as possible: one mean per class.

Solution. w = Cov(X, Z) has one column per class (a single column for two classes). The threshold is
halfway between the means. For a numeric concept, least squares sets the scale along w.

Reference. S. Marks, M. Tegmark, "The geometry of truth", 2023, arXiv 2310.06824, section 5
("mass-mean probing").
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe._core import linalg
from nullprobe.moments import Moments
from nullprobe.probes.base.batched import ManyByMoments
from nullprobe.probes.base.linear import LinearProbe


def mean_difference(moments: Moments) -> LinearProbe:
    """Return the probe along the mean differences.

    Parameters
    ----------
    moments : Moments
        Moments of X (n, d) and Z (n, k).

    Examples
    --------
    >>> X, y = np.array([[0.0], [1.0], [4.0], [5.0]]), [0, 0, 1, 1]
    >>> probe = mean_difference(Moments.of(X, y))
    >>> probe.weights.tolist(), probe.scores(np.array([[2.5]])).tolist()
    ([[4.0]], [0.0])
    """
    if moments.classes is None:
        W = moments.cross_covariance
        unit = W * linalg.reciprocal(np.abs(W).max(axis=0))
        spread = np.einsum("ij,ij->j", unit, moments.covariance @ unit)
        size = np.einsum("ij,ij->j", unit, unit)
        W = W * np.divide(size, spread, out=np.zeros_like(size), where=spread > 0)
        return LinearProbe(W, moments.concept_mean - moments.mean @ W)
    if moments.k == 2:
        cross, share = moments.cross_covariance[:, 1:], moments.concept_mean[1:]
        return LinearProbe(*between_means(moments.mean, cross, share), moments.classes)
    M = moments.class_means
    # Nearest class mean: for centred x and m, |x − m|² differs between classes by 2 x·m − |m|².
    centred = M - moments.mean
    bias = -moments.mean @ centred.T - 0.5 * np.einsum("ij,ij->i", centred, centred)
    return LinearProbe(centred.T, bias, moments.classes)


def between_means(
    mean: np.ndarray, cross: np.ndarray, share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probes of many pairs of classes: weights (d, m) and bias (m,).

    Parameters
    ----------
    mean : ndarray of shape (d,)
        Mean of X.
    cross : ndarray of shape (d, m)
        Covariances of X and the indicator of the second class of each pair.
    share : ndarray of shape (m,)
        Share of the second class.
    """
    W = cross / (share * (1.0 - share))
    # The midpoint of the class means lies at (½ − p) δ from the overall mean.
    return W, -mean @ W - (0.5 - share) * np.einsum("dm,dm->m", W, W)


class MeanDifferenceProbe(ManyByMoments):
    """Read a concept along the difference of its class means.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [4.0], [5.0]])
    >>> probe = MeanDifferenceProbe().fit(X, ["a", "a", "b", "b"])
    >>> probe.predict(np.array([[2.0], [3.0]])).tolist()
    ['a', 'b']
    """

    def _read(self, moments: Moments) -> LinearProbe:
        return mean_difference(moments)

    def _read_sides(self, moments: Moments, ready: Any) -> tuple[np.ndarray, np.ndarray]:
        return between_means(moments.mean, moments.cross_covariance, moments.concept_mean)
