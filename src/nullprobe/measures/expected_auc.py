"""Expected read-back: the AUC that theory expects after erasure with estimated means.

Reference. `docs/methods/readback.md`. For whitened Gaussian classes at Mahalanobis gap D, with
e = (d − 1)(1/n₁ + 1/n₀) for the fitting rows of the eraser and e_P for the rows of the probe,

    gap² left = D² e / (D² + e) = g,   AUC = Φ( g / sqrt(g + e_P) / √2 ).
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from nullprobe._core import linalg
from nullprobe.data.concept import Concept
from nullprobe.moments import Moments


def gap_left(gap: float, d: int, counts: tuple[float, float]) -> float:
    """Return the squared Mahalanobis gap that erasure leaves on new data.

    Parameters
    ----------
    gap : float
        Mahalanobis distance of the true class means; inf for an upper bound over all gaps.
    d : int
        Number of features.
    counts : tuple of two floats
        Rows of each class that the eraser was fitted on.
    """
    e = noise(d, counts)
    # D² e / (D² + e), in a form that holds for infinite and for tiny gaps
    return e / (1.0 + e / gap / gap) if gap > 0 else 0.0


def noise(d: int, counts: tuple[float, float]) -> float:
    """Return e, the expected squared length of the noise orthogonal to the gap in its estimate.

    Parameters
    ----------
    d : int
        Number of features.
    counts : tuple of two floats
        Rows of each class in the estimate of the gap; inf for infinite data.
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
    """Return the debiased Mahalanobis gap of two classes, or None if there are too few rows.

    Notes
    -----
    D²_u = max(0, (n − d − 3)/(n − 2) D² − d (1/n₁ + 1/n₀)), where D² is the sample value and d the
    number of independent features.
    """
    gap = squared_gap(moments)
    if gap is None:
        return None
    biased, d = gap
    n, p = moments.n, float(moments.concept_mean[1])
    if n - d - 3 <= 0:
        return None
    return float(np.sqrt(max(0.0, (n - d - 3) / (n - 2) * biased - d / (n * p * (1.0 - p)))))


def squared_gap(moments: Moments) -> tuple[float, int] | None:
    """Return the sample value of D² for two classes, and d; None for other concepts.

    D² uses the covariance within classes, divided by n − 2. d is the number of independent
    features. If classes do not vary, D² is undefined, and the function returns None.
    """
    if moments.classes is None or len(moments.classes) != 2:
        return None
    factor = moments.factor()
    n, p = moments.n, float(moments.concept_mean[1])
    B = moments.concept_basis().correlation
    rho2 = float(np.vdot(B, factor.solve(B))) if B.size else 0.0
    if not linalg.left_over(np.array(1.0 - rho2), eps=moments.eps):
        return None  # classes do not vary: their distance has no unit
    # ρ² = p(1−p)D²/(1 + p(1−p)D²) with D² in the covariance divided by n; n − 2 is unbiased.
    return rho2 / ((1.0 - rho2) * p * (1.0 - p)) * (n - 2) / n, factor.rank


def expected_readback(moments: Moments, z: Concept, n_parts: int) -> float | None:
    """Return the AUC that theory expects for equal parts of these data; None if it is undefined."""
    gap = unbiased_gap(moments)
    if gap is None or z.codes is None:
        return None
    counts = np.bincount(z.codes) / n_parts
    pair = (float(counts[0]), float(counts[1]))
    return expected_auc(gap, moments.factor().rank, pair, pair)
