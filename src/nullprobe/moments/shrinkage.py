"""Shrinkage: the regularisation of a correlation matrix from few rows.

Problem. The oracle-approximating weight λ of Chen et al. treats all directions alike. If a few
directions have a million times the variance of the others (the massive activations of language
models, mixed over the features by a rotation), the shrinkage target is of their size, and it
swamps all other directions.

Solution. Directions that stand out from noise, *spikes*, are estimated well, and do not change. The
remaining matrix is shrunk separately: λ is computed from it, and it is shrunk towards its mean
eigenvalue τ. Without spikes this is the published formula.

References. Y. Chen et al., "Shrinkage algorithms for MMSE covariance estimation", 2010, arXiv
0907.4698, equation 23; V. Marchenko, L. Pastur, 1967, for the edge of the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import eigsh

MARGIN = 3.0  # ratio of a spike to the largest eigenvalue of noise in the remaining directions
FIRST = 8  # eigenvalues to compute first; if all are spikes, twice as many are computed
ROUGH = 0.1  # relative error of the first estimate of the largest eigenvalue
DENSE = 128  # up to so many features a dense solver is faster
MOST_OF_PRODUCTS = 64  # spikes of a matrix that is known by its products alone
MANY = 64  # more eigenvalues than this part of all take as long as all


def oracle_shrinkage(R: np.ndarray, n: int) -> float:
    """Return the oracle-approximating λ for a covariance R (d, d) with n degrees of freedom."""
    d = int(np.count_nonzero(R.diagonal()))
    return _weight(d, n, float(R.trace()), float(np.vdot(R, R)))


def shrink(R: np.ndarray, n: int) -> float:
    """Shrink a correlation matrix R (d, d) with n degrees of freedom in place, and return λ.

    The part without spikes is multiplied by 1 − λ, and λτ times the identity is added. Constant
    features do not count.

    Examples
    --------
    >>> import numpy as np
    >>> R = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> round(shrink(R, 100), 2), round(float(R[0, 1]), 2)
    (0.2, 0.4)
    """
    varies = R.diagonal() > 0
    d = int(np.count_nonzero(varies))
    if d < 2 or n < 1:
        return 0.0
    values, vectors = _spikes(R, d, n, float(R.trace()), float(np.vdot(R, R)))
    k = len(values)
    if k:
        R -= (vectors * values) @ vectors.T
    trace, squares = max(float(R.trace()), 0.0), float(np.vdot(R, R))
    lam, target = weight(d - k, n - k, trace, squares)
    R *= 1.0 - lam
    R[np.diag_indices_from(R)] += lam * target * varies
    if k:
        R += (vectors * (values - lam * target)) @ vectors.T
    return lam


def weight(d: int, n: int, trace: float, squares: float) -> tuple[float, float]:
    """Return λ and the mean eigenvalue τ of a correlation matrix without its spikes.

    Parameters
    ----------
    d, n : int
        Features that vary, and degrees of freedom, each without the spikes.
    trace, squares : float
        Sum of the eigenvalues, and of their squares.
    """
    return _weight(d, n, trace, squares), trace / d


@dataclass(frozen=True, eq=False)
class Shrunk:
    """A shrunk correlation matrix in the span of the rows: (1 − λ) R + λτ I, apart from spikes.

    Attributes
    ----------
    weight, target : float
        λ and τ.
    values : ndarray of shape (k,)
        Eigenvalues of the spikes, which do not change.
    vectors : ndarray of shape (n, k)
        Their eigenvectors in the span of the rows: eigenvectors of the Gram matrix.
    """

    weight: float
    target: float
    values: np.ndarray
    vectors: np.ndarray


def shrink_gram(G: Any, d: int, n: int, squares: float) -> Shrunk:
    """Return how `shrink` would shrink R = UᵀU, from the Gram matrix G = U Uᵀ of its rows.

    Parameters
    ----------
    G : ndarray of shape (n, n), or LinearOperator
        Its eigenvalues above 0 are those of R.
    d : int
        Number of features that vary, which is the trace.
    n : int
        Degrees of freedom.
    squares : float
        Squared Frobenius norm of G, and of R.
    """
    none = np.zeros(0), np.zeros((G.shape[0], 0))
    if d < 2 or n < 1:
        return Shrunk(0.0, 1.0, *none)
    values, vectors = _spikes(G, d, n, float(d), squares)
    k = len(values)
    trace = float(d)
    if k and isinstance(G, np.ndarray):  # a difference of sums loses what spikes dwarf
        rest = G - (vectors * values) @ vectors.T
        trace, squares = float(rest.trace()), float(np.vdot(rest, rest))
    elif k:
        trace, squares = trace - float(values.sum()), squares - float(values @ values)
    return Shrunk(*weight(d - k, n - k, max(trace, 0.0), squares), values, vectors)


def _weight(d: int, n: int, trace: float, squares: float) -> float:
    if d < 2 or n < 1:
        return 0.0
    above = (1.0 - 2.0 / d) * squares + trace**2
    below = (n + 1.0 - 2.0 / d) * (squares - trace**2 / d)
    return 1.0 if above >= below else above / below


def _spikes(R: Any, d: int, n: int, trace: float, squares: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the k eigenvalues that stand out from noise, and their vectors (d, k).

    k is the largest number for which the k-th eigenvalue is that far above the mean of all smaller
    ones. The search doubles the number of eigenvalues until the last one does not stand out.
    """
    none = np.zeros(0), np.zeros((R.shape[0], 0))
    most = min(d // 2, n // 3)  # more directions than this are not few; noise must remain
    if not isinstance(R, np.ndarray):
        most = min(most, MOST_OF_PRODUCTS)
    if not most:
        return none
    bar, mean, k = _bar(d, n), trace / d, min(FIRST, most)
    # If the largest eigenvalue is below this, the first k do not stand out.
    enough = bar * mean * d / (d - k + bar * k)
    # Upper bound on the distance of an eigenvalue from the mean (Wolkowicz and Styan, 1980).
    above = np.sqrt(max(squares / d - mean**2, 0.0) * (d - 1))
    if mean + above <= enough or (1.0 + ROUGH) * _about_largest(R) <= enough:
        return none
    known = 0
    while True:
        if k > known:
            # All eigenvalues take less time than a search for many, or several searches.
            all_known = isinstance(R, np.ndarray) and k * MANY > len(R)
            known = R.shape[0] if all_known else k
            values, vectors = _largest(R, known)
        count = _standing_out(values[:k], trace, d, n)
        if count < k or k == most:
            return values[:count], vectors[:, :count]
        k = min(2 * k, most)


def _standing_out(values: np.ndarray, trace: float, d: int, n: int) -> int:
    """Return the number of the last of the largest eigenvalues (k,) that stands out from noise."""
    smaller = np.maximum(trace - np.cumsum(values), 0.0) / (d - 1 - np.arange(len(values)))
    stand_out = np.flatnonzero(values > _bar(d, n) * smaller)
    return 0 if not len(stand_out) else int(stand_out[-1]) + 1


def _bar(d: int, n: int) -> float:
    """Return the ratio of a spike to the mean of smaller eigenvalues, beyond the edge of noise."""
    return float(MARGIN * (1.0 + np.sqrt(d / n)) ** 2)


def _about_largest(R: Any) -> float:
    """Return the largest eigenvalue, with a relative error of a few per cent."""
    if isinstance(R, np.ndarray) and len(R) <= DENSE:
        return float(_largest(R, 1)[0][0])
    rough: Any = ROUGH / 2  # the type stubs allow only integers
    values = eigsh(R, 1, v0=_start(R.shape[0]), tol=rough, return_eigenvectors=False)
    return float(values[0])


def _start(d: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(d)


def _largest(R: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k largest eigenvalues, in descending order, and their vectors (d, k)."""
    d = R.shape[0]
    if k == d:
        values, vectors = eigh(R, driver="evd")
    elif isinstance(R, np.ndarray) and d <= DENSE:
        values, vectors = eigh(R, subset_by_index=[d - k, d - 1])
    else:
        values, vectors = eigsh(R, k, v0=_start(d))
    order = np.argsort(-values)
    return values[order], vectors[:, order]
