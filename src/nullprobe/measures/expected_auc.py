"""Expected read-back: what an eraser with estimated means leaves, by theory alone.

Reference. `docs/methods/readback.md`: with whitened Gaussian classes at Mahalanobis gap D,
e = (d − 1)(1/n₁ + 1/n₀) of the fitting rows and e_P of the probe's rows,

    gap² left = D² e / (D² + e) = g,   AUC = Φ( g / sqrt(g + e_P) / √2 ).
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from nullprobe._core import linalg
from nullprobe.data.concept import Concept
from nullprobe.moments import Moments


def gap_left(gap: float, d: int, counts: tuple[float, float]) -> float:
    """Return the squared Mahalanobis gap that is left on new data.

    Parameters
    ----------
    gap : float
        Mahalanobis distance of the true class means; inf for what may be left of any gap.
    d : int
        Number of features.
    counts : tuple of two floats
        Rows of each class that the eraser was fitted on.
    """
    e = noise(d, counts)
    # D² e / (D² + e), written so that a gap may be endless or tiny
    return e / (1.0 + e / gap / gap) if gap > 0 else 0.0


def noise(d: int, counts: tuple[float, float]) -> float:
    """Return e, the squared length across the gap of the noise in an estimated gap.

    Parameters
    ----------
    d : int
        Number of features.
    counts : tuple of two floats
        Rows of each class that the gap was estimated from; inf for endless data.
    """
    return (d - 1) * (1.0 / counts[0] + 1.0 / counts[1])


def expected_auc(
    gap: float, d: int, eraser_counts: tuple[float, float], probe_counts: tuple[float, float]
) -> float:
    """Return the AUC that a fresh probe reaches after erasure.

    Examples
    --------
    >>> round(expected_auc(2.0, 768, (500, 500), (500, 500)), 3)
    0.712
    """
    g = gap_left(gap, d, eraser_counts)
    e = noise(d, probe_counts)
    return float(norm.cdf(g / np.sqrt(g + e) / np.sqrt(2.0))) if g + e > 0 else 0.5


def unbiased_gap(moments: Moments) -> float | None:
    """Return the debiased Mahalanobis gap of two classes, or None with too few rows for it.

    Notes
    -----
    D²_u = max(0, (n − d − 3)/(n − 2) D² − d (1/n₁ + 1/n₀)), with D² the sample's own, d the
    number of independent features.
    """
    found = squared_gap(moments)
    if found is None:
        return None
    biased, d = found
    n, p = moments.n, float(moments.concept_mean[1])
    if n - d - 3 <= 0:
        return None
    return float(np.sqrt(max(0.0, (n - d - 3) / (n - 2) * biased - d / (n * p * (1.0 - p)))))


def squared_gap(moments: Moments) -> tuple[float, int] | None:
    """Return the sample's own D² of two classes, and d; None without two, or if they are points.

    D² is in the covariance within classes, divided by n − 2, of d independent features.
    """
    if moments.classes is None or len(moments.classes) != 2:
        return None
    factor = moments.factor()
    n, p = moments.n, float(moments.concept_mean[1])
    B = moments.concept_basis().correlation
    rho2 = float(np.vdot(B, factor.solve(B))) if B.size else 0.0
    if not linalg.left_over(np.array(1.0 - rho2), eps=moments.eps):
        return None  # classes are points: their distance has no unit
    # ρ² = p(1−p)D²/(1 + p(1−p)D²) with D² in the covariance divided by n; n − 2 is unbiased.
    return rho2 / ((1.0 - rho2) * p * (1.0 - p)) * (n - 2) / n, factor.rank


def expected_readback(moments: Moments, z: Concept, n_parts: int) -> float | None:
    """Return the AUC to expect from equal parts of these data, or None if it cannot be said."""
    gap = unbiased_gap(moments)
    if gap is None or z.codes is None:
        return None
    counts = np.bincount(z.codes) / n_parts
    pair = (float(counts[0]), float(counts[1]))
    return expected_auc(gap, moments.factor().rank, pair, pair)
