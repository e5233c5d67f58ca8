"""The class covariances, as factors: what transport between classes works with.

Problem. Which covariance has a class in the directions in which rows vary at all within
classes, if its own rows vary in fewer of them?

Solution. Directions in which no class varies are left out. A class that varies in fewer than
the rest is shrunk towards the pooled covariance, by the oracle-approximating share where that
is whitened.

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
        Orthonormal basis of these directions; None where they are all there are.
    factors : list of ndarray of shape (r, r)
        Lower Cholesky factors of the class covariances, shrunk where they were.
    shrunk : int
        Number of classes that were shrunk.
    """

    basis: np.ndarray | None
    factors: list[np.ndarray]
    shrunk: int


def shapes_of(
    moments: ClassMoments, within: np.ndarray, scale: np.ndarray, shrinkage: float | str
) -> Shapes:
    """Factor the class covariances where rows vary within classes; shrink the short ones.

    Ranks are decided on correlations, free of units. A class is short if its rows vary in fewer
    directions than the rows of all classes do within them: no linear map of the class can then
    give it the others' covariance.
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
            # Where even so little is left that is its own, the class goes without.
            L = cholesky(within, lower=True)
        if L is None:
            validation.complain(
                f"the rows of every class must vary in all {len(within)} directions in which "
                "rows vary within classes",
                f"the {count} rows of class {moments.classes[place]!r} vary in fewer",
                "pass more rows of it, or a shrinkage above 0, or 'minimal', for this class",
            )
        factors.append(L)
        shrunk += share > 0
    return Shapes(basis, factors, shrunk)


def _directions(within: np.ndarray, scale: np.ndarray, eps: float) -> np.ndarray | None:
    """Return a basis (d, r) of the directions in which rows vary, or None where they are all."""
    inverse = linalg.reciprocal(scale)
    factor = linalg.factor_psd(within * np.outer(inverse, inverse), eps=eps)
    if factor.basis is None:
        return None
    return linalg.orthonormal_rows((scale[:, None] * factor.basis).T).T


def _mixed(S: np.ndarray, within: np.ndarray, share: float) -> np.ndarray:
    """Return the covariance S of a class, shrunk towards the pooled one."""
    return (1.0 - share) * S + share * within if share else S


def _factor(S: np.ndarray, mean: np.ndarray, eps: float) -> np.ndarray | None:
    """Return the lower Cholesky factor of S (r, r), or None where it has no full rank.

    The size of the mean (r,) in each direction tells a variance from rounding.
    """
    scale = linalg.feature_scale(mean, S.diagonal())
    if not scale.all():
        return None
    inverse = linalg.reciprocal(scale)
    factor = linalg.factor_psd(S * np.outer(inverse, inverse), eps=eps)
    if factor.basis is not None:
        return None
    for column in range(1, len(S)):
        factor.triangle[:column, column] = 0.0  # what Cholesky left there
    return scale[:, None] * factor.triangle


def _share(S: np.ndarray, within: np.ndarray, count: int) -> float:
    """Return the oracle-approximating share of the pooled covariance, where that is whitened."""
    L = cholesky(within, lower=True)
    half = solve_triangular(L, S, lower=True)
    # A class of one row, or that varies in nothing, has no covariance of its own at all.
    return oracle_shrinkage(solve_triangular(L, half.T, lower=True), count - 1) or 1.0
