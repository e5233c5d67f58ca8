"""Neighbours in the file: whether consecutive rows resemble each other, and over what length.

Tokens of one text, paraphrases, templates and time series are usually in the order in which they
were made. Dependent rows are then neighbours, and a null that permutes single rows is not valid.
The test subtracts what the concept explains and compares consecutive rows by their cosine, which is
robust to heavy tails. The null distribution permutes the order of rows within classes, so it is not
affected by differences between classes. Given the labels, independent rows are exchangeable within
their class, so the test is exact for any order of the labels and any distribution of the noise.

References: von Neumann 1941 (the ratio of successive differences); Moran 1950; Möttönen and Oja
1995 (spatial signs); Besag and Clifford 1991 (stopping once ten draws are as large).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from nullprobe._core import validation
from nullprobe.data.concept import Concept

DRAWS = 399  # p can be .0025, a quarter of the level .01
ENOUGH = 10  # after so many draws as large as the observation, p is large and drawing stops
BLOCK = 2_000_000  # numbers in one batch
MOST_NUMBERS = 2_000_000  # size n × m of the sketch, which bounds the work of a draw
SKETCH = (16, 256)  # least and most directions m
BIN = 10  # rows with similar numbers that are permuted together
ROUNDING = 1e-9  # of a cosine: an order with the same cosines counts as equal to the observation
FURTHEST = 3  # lags up to n / 3: longer blocks would be fewer than three
CLEAR = 2.33  # standard errors: the 99 % quantile of a lag without resemblance


@dataclass(frozen=True)
class Resemblance:
    """Result of the test whether neighbours in the file resemble each other.

    Attributes
    ----------
    p_value : float
        One-sided p-value of the correlation of neighbours, by permutation of the order. 1 if
        there is nothing to permute.
    length : int
        Length of the dependence in rows (or groups): the smallest lag at which rows no longer
        resemble each other. It is 2 for pairs, 15 for texts of 15 tokens, 1 for independent rows.
        Blocks should be longer. It is at least 2 if p is at most .01, and at most n / 3.
    correlation : float
        Mean cosine of consecutive residuals, minus its mean in permuted order.
    """

    p_value: float
    length: int
    correlation: float


def resemblance(
    X: np.ndarray, z: Concept, seed: int, groups: np.ndarray | None = None, *, alpha: float = 0.01
) -> Resemblance:
    """Test whether neighbours in the file resemble each other more than other rows do.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows in the order of the file, finite.
    z : Concept
        Concept of n rows. Class means are subtracted, or a cubic regression on numbers.
    seed : int
        Seed of the sketch and of the permutations: the same seed gives the same result.
    groups : ndarray of shape (n,) or None
        Code of each row's group. With groups, the means of groups are compared, in the order of
        their first rows; lags then count groups.
    alpha : float
        Significance level; the length exceeds 1 only if p ≤ alpha.

    Returns
    -------
    Resemblance

    Notes
    -----
    The statistic is T = Σ cos(rᵢ, rᵢ₊₁) over residuals r of features divided by their standard
    deviations. If d is large, cosines are computed in m random directions, with m at least 16 and
    n m at most 2 million; a correlation of .01 is still detectable at n = 10,000. Rows of a numeric
    concept are permuted among about ten rows with similar z, which is exact if the distribution
    changes slowly with z.

    The length is the first of two consecutive lags at which the autocorrelation is below the 99 %
    quantile in permuted order.

    Not detected: dependence in shuffled files (`copies` detects copies), dependence only between
    distant rows, negative dependence of neighbours.

    Examples
    --------
    >>> from nullprobe.data.concept import concept
    >>> rng = np.random.default_rng(0)
    >>> y, X = np.arange(200) % 2, rng.normal(size=(200, 8))
    >>> resemblance(X, concept(y), 0).length
    1
    >>> pairs = resemblance(X.repeat(2, axis=0), concept(y.repeat(2)), 0)
    >>> pairs.p_value, pairs.length, round(pairs.correlation, 1)
    (0.0025, 2, 0.5)
    """
    rng = np.random.default_rng(seed)
    sketch, strata = _sketch(X, z, rng), _strata(z)
    if groups is not None:
        sketch, strata = _by_group(sketch, strata, groups)
    R = _directions(sketch)
    observed = _lag_one(R)
    p_value, mean, sd = _against_permuted(R, strata, observed, rng)
    n = len(R)
    length = 1
    if p_value <= alpha and n >= 2 * FURTHEST:
        length = _length(R, mean / (n - 1), sd / np.sqrt(n - 1))
    return Resemblance(p_value, length, float((observed - mean) / max(n - 1, 1)))


def _sketch(X: np.ndarray, z: Concept, rng: np.random.Generator) -> np.ndarray:
    """Return a sketch (n, m) of the standardised residuals of the features given the concept.

    This makes two passes over X, in blocks of rows.
    """
    if validation.is_sparse(X):
        return _sparse_sketch(X, z, rng)
    n, d = len(X), int(X.shape[1])
    Q = _explained(z)
    fit = Q.T @ X
    step = max(1, BLOCK // max(d, 1))
    blocks = [slice(start, start + step) for start in range(0, n, step)]

    def residual(rows: slice) -> np.ndarray:
        return X[rows].astype(np.float64) - Q[rows] @ fit

    squares, largest = np.zeros(d), np.zeros(d)
    for rows in blocks:
        squares += (residual(rows) ** 2).sum(axis=0)
        np.maximum(largest, np.abs(X[rows]).max(axis=0), out=largest)
    scale = np.sqrt(squares / n)
    # If the concept explains a feature completely, its residual is the rounding error of a sum.
    varies = scale > 8 * np.sqrt(n) * np.finfo(np.result_type(X, np.float32)).eps * largest
    weights = np.divide(1.0, scale, out=np.zeros(d), where=varies)
    m = int(np.clip(MOST_NUMBERS // n, *SKETCH))
    mix = weights[:, None] * rng.standard_normal((d, m)) if d > m else None
    parts = [residual(rows) * weights if mix is None else residual(rows) @ mix for rows in blocks]
    return np.vstack(parts)


def _sparse_sketch(X: Any, z: Concept, rng: np.random.Generator) -> np.ndarray:
    """Return the same sketch (n, m) of sparse rows, whose residuals are never formed."""
    n, d = (int(size) for size in X.shape)
    Q = _explained(z)
    product: Any = Q.T @ X
    fit = np.asarray(product.toarray() if validation.is_sparse(product) else product)
    whole = np.bincount(X.indices, X.data**2, d)
    squares = np.clip(whole - (fit**2).sum(axis=0), 0.0, None)
    varies = squares > 64 * n * np.finfo(np.float64).eps * whole
    weights = np.divide(1.0, np.sqrt(squares / n), out=np.zeros(d), where=varies)
    m = int(np.clip(MOST_NUMBERS // n, *SKETCH))
    mix = rng.standard_normal((d, m)) if d > m else np.eye(d)
    mix *= weights[:, None]
    return np.asarray(X @ mix - Q @ (fit @ mix))


def _explained(z: Concept) -> Any:
    """Return orthonormal columns (n, .) that span the functions of the concept to subtract."""
    n = len(z)
    if z.codes is not None:
        shares = 1 / np.sqrt(np.bincount(z.codes, minlength=z.n_columns).clip(1))
        return csr_array((shares[z.codes], (np.arange(n), z.codes)), (n, len(shares)))
    v = z.data - z.data.mean(axis=0)
    v = v / np.maximum(np.abs(v).max(axis=0), np.finfo(float).tiny)
    return np.linalg.qr(np.hstack([np.ones((n, 1)), v, v**2, v**3]))[0]


def _strata(z: Concept) -> np.ndarray:
    """Return the stratum (n,) of each row; the order is permuted within strata."""
    if z.codes is not None:
        return z.codes
    rank = np.lexsort(z.data.T).argsort()
    return rank // BIN


def _by_group(
    R: np.ndarray, strata: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each group's mean and its commonest stratum, in the order of the first rows."""
    _, first, member = np.unique(groups, return_index=True, return_inverse=True)
    member = first.argsort().argsort()[member]
    n_groups = len(first)
    sums = np.zeros((n_groups, R.shape[1]))
    np.add.at(sums, member, R)
    # Sorted by group and stratum, so that the commonest pair of each group comes last.
    pairs, counts = np.unique(np.column_stack([member, strata]), axis=0, return_counts=True)
    commonest = np.empty(n_groups, dtype=int)
    order = counts.argsort(kind="stable")
    commonest[pairs[order, 0]] = pairs[order, 1]
    return sums / np.bincount(member)[:, None], commonest


def _directions(R: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(R, axis=1, keepdims=True)
    return R / np.where(length > 0, length, 1.0)


def _lag_one(R: np.ndarray) -> float:
    return float(np.einsum("ij,ij->", R[:-1], R[1:]))


def _against_permuted(
    R: np.ndarray, strata: np.ndarray, observed: float, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return p, and the mean and standard deviation of T in permuted order."""
    members = [rows for rows in _sets(strata) if len(rows) > 1]
    if not members or not R.size:
        return 1.0, observed, 0.0
    drawn: list[float] = []
    exceed, order = 0, np.arange(len(R))
    while len(drawn) < DRAWS and exceed < ENOUGH:
        for rows in members:
            order[rows] = rng.permutation(rows)
        drawn.append(_lag_one(R[order]))
        exceed += drawn[-1] >= observed - ROUNDING * len(R)
    m = len(drawn)
    p_value = exceed / m if exceed == ENOUGH else (exceed + 1) / (m + 1)
    return p_value, float(np.mean(drawn)), float(np.std(drawn))


def _sets(strata: np.ndarray) -> list[np.ndarray]:
    order = strata.argsort(kind="stable")
    return np.split(order, np.flatnonzero(np.diff(strata[order])) + 1)


def _length(R: np.ndarray, mean: float, sd: float) -> int:
    """Return the first of two consecutive lags without resemblance.

    ``mean`` and ``sd`` describe one pair of rows in permuted order.
    """
    n = len(R)
    furthest = n // FURTHEST
    padded = 1 << (n + furthest + 2).bit_length()
    power = np.zeros(padded // 2 + 1)
    for column in R.T:
        power += np.abs(np.fft.rfft(column, padded)) ** 2
    lags = np.arange(1, furthest + 2)
    pairs = n - lags
    autocorrelation = np.fft.irfft(power, padded)[lags] / pairs
    small = autocorrelation - mean < CLEAR * sd / np.sqrt(pairs)
    ends = np.flatnonzero(small[:-1] & small[1:])
    return max(2, int(lags[ends[0]])) if len(ends) else furthest
