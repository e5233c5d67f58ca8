"""Factors of the class covariances, for transport between classes.

Problem. Transport needs class covariances of equal rank. A class with few rows varies in fewer
directions than all classes together.

Solution. Directions in which no class varies are left out. A class of lower rank is shrunk towards
the pooled covariance, by the oracle-approximating weight in coordinates that whiten the pooled
covariance.

Reference. Y. Chen, A. Wiesel, Y. C. Eldar, A. O. Hero, "Shrinkage algorithms for MMSE covariance
estimation", 2010, arXiv 0907.4698, equation 23.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from nullprobe._core import linalg, validation
from nullprobe.moments.class_moments import ClassMoments
from nullprobe.moments.shrinkage import oracle_shrinkage


@dataclass(frozen=True, eq=False)
class Shapes:
    """The class covariances in the directions in which rows vary within classes.

    Attributes
    ----------
    basis : ndarray of shape (d, r) or None
        Orthonormal basis of these directions; None if r = d.
    factors : list of ndarray of shape (r, r)
        Lower Cholesky factors of the class covariances, after shrinkage.
    shrunk : int
        Number of shrunk classes.
    """

    basis: np.ndarray | None
    factors: list[np.ndarray]
    shrunk: int


def shapes_of(
    moments: ClassMoments, within: np.ndarray, scale: np.ndarray, shrinkage: float | str
) -> Shapes:
    """Factor the class covariances in directions of variance within classes; shrink if needed.

    Ranks are decided on correlations, which have no units. A class needs shrinkage if its
    covariance has a lower rank than the pooled one: then no linear map of the class reaches
    the covariance of the others.
    """
    covariances, sizes = moments.covariances, np.abs(moments.means)
    basis = _directions(within, scale, moments.eps)
    if basis is not None:
        within = basis.T @ within @ basis
        sizes = np.sqrt(np.square(moments.means) @ np.square(basis))
        covariances = [basis.T @ S @ basis for S in covariances]
    factors, shrunk = [], 0
    for place, (S, size) in enumerate(zip(covariances, sizes, strict=True)):
        count, share = moments.counts[place], shrinkage if isinstance(shrinkage, float) else 0.0
        L = _factor(_mixed(S, within, share), size, moments.eps)
        if L is None and shrinkage == "minimal":
            share = _share(S, within, count)
            L = _factor(_mixed(S, within, share), size, moments.eps)
        if L is None and share > 0:
            # If the rank is still too low, the pooled covariance replaces the class covariance.
            L = cholesky(within, lower=True)
        if L is None:
            validation.complain(
                f"the rows of every class must vary in all {len(within)} directions in which "
                "rows vary within classes",
                f"the {count} rows of class {moments.classes[place]!r} vary in fewer",
                "pass more rows of this class, or shrinkage='minimal' or a number above 0",
            )
        factors.append(L)
        shrunk += share > 0
    return Shapes(basis, factors, shrunk)


def _directions(within: np.ndarray, scale: np.ndarray, eps: float) -> np.ndarray | None:
    """Return a basis (d, r) of the directions in which rows vary; None if r = d."""
    inverse = linalg.reciprocal(scale)
    factor = linalg.factor_psd(within * np.outer(inverse, inverse), eps=eps)
    if factor.basis is None:
        return None
    return linalg.orthonormal_rows((scale[:, None] * factor.basis).T).T


def _mixed(S: np.ndarray, within: np.ndarray, share: float) -> np.ndarray:
    """Return the covariance S of a class, shrunk towards the pooled one."""
    return (1.0 - share) * S + share * within if share else S


def _factor(S: np.ndarray, mean: np.ndarray, eps: float) -> np.ndarray | None:
    """Return the lower Cholesky factor of S (r, r); None if S lacks full rank.

    The size of the mean (r,) in each direction sets the scale of rounding for its variance.
    """
    scale = linalg.feature_scale(mean, S.diagonal())
    if not scale.all():
        return None
    inverse = linalg.reciprocal(scale)
    factor = linalg.factor_psd(S * np.outer(inverse, inverse), eps=eps)
    if factor.basis is not None:
        return None
    for column in range(1, len(S)):
        factor.triangle[:column, column] = 0.0  # LAPACK leaves the upper triangle unset
    return scale[:, None] * factor.triangle


def _share(S: np.ndarray, within: np.ndarray, count: int) -> float:
    """Return the oracle-approximating weight of the pooled covariance, in whitened coordinates."""
    L = cholesky(within, lower=True)
    half = solve_triangular(L, S, lower=True)
    # A class of one row, or of equal rows, has covariance zero: the pooled one gets all weight.
    return oracle_shrinkage(solve_triangular(L, half.T, lower=True), count - 1) or 1.0
