"""Kernel readers: a family of nonlinear readers that are linear in the labels.

Problem. Which of several readers reads best is not known beforehand, and choosing is part of what
a null must rerun: for every labelling, all of them are fitted, judged and chosen from.

Solution. All of them start from inner products: ridge regression on a kernel, or votes of
neighbours. They are judged in a few folds of the rows that are fitted to, where a fit is one
Cholesky factorisation in float32; only the chosen one is fitted to all rows, in float64.

Reference. Y. Cho, L. K. Saul, "Kernel methods for deep learning", 2009, equations 3 and 6, for
the wide network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, get_lapack_funcs

from nullprobe._core import linalg
from nullprobe.stats import metrics

DIGITS = 9  # decimals of distances and of scores; what is smaller is rounding


def quadratic(G: np.ndarray, _a: np.ndarray, _b: np.ndarray) -> np.ndarray:
    """Return (1 + x·x')²: features, and products of two of them."""
    return np.square(G + 1)


def wide(G: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the kernel of infinitely many rectified units with random weights and biases."""
    size = np.outer(np.sqrt(a + 1), np.sqrt(b + 1))
    cosine = (G + 1) / size
    np.clip(cosine, -1, 1, out=cosine)
    turned = np.pi - np.arccos(cosine)
    turned *= cosine
    # The sine as √((1 − c)(1 + c)): where rows nearly coincide, 1 − c² would be rounding.
    sine = np.sqrt((1 - cosine) * np.add(1, cosine, out=cosine))
    turned += sine
    turned *= size / np.pi
    return turned


def radial(sharpness: float) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Return the kernel exp(−c q), q a squared distance over the typical one, which is 2."""

    def kernel(G: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        K = G - a[:, None] / 2
        K -= b / 2
        K *= sharpness
        return np.exp(K, out=K)

    return kernel


KERNELS = {
    "quadratic kernel": quadratic,
    "wide RBF": radial(1.0),
    "narrow RBF": radial(4.0),
    "wide ReLU network": wide,
}
RIDGES = (1.0, 0.01)  # in units of the variance of the kernel's features
NEIGHBOURS = (32, 8)
RIDGED = {f"{k}, ridge {r:g}": (k, r) for k in KERNELS for r in RIDGES}
VOTING = {f"{k} nearest neighbours": k for k in NEIGHBOURS}
READERS = (*RIDGED, *VOTING)


@dataclass(frozen=True, eq=False)
class Products:
    """Inner products of n rows with the m that are fitted to, in units of the typical length.

    Attributes
    ----------
    G : ndarray of shape (n, m)
        Inner products.
    a, b : ndarrays of shape (n,) and (m,)
        Squared lengths of either.
    """

    G: np.ndarray
    a: np.ndarray
    b: np.ndarray

    def narrow(self) -> Products:
        """Return the same in float32."""
        return Products(*(v.astype(np.float32) for v in (self.G, self.a, self.b)))

    def near(self) -> np.ndarray:
        """Return what orders neighbours (n, m): half the squared distances, but for a constant.

        Rounded, so that rows that coincide have the same neighbours wherever they stand.
        """
        near = self.b / 2 - self.G
        return np.round(near, DIGITS, out=near)


def strongest(inside: Products, Y: np.ndarray, folds: Sequence[slice]) -> str:
    """Return the name of the reader that reads best on folds that it was not fitted to.

    Parameters
    ----------
    inside : Products
        Of the rows (m, m) that are fitted to.
    Y : ndarray of shape (m, k)
        What is read: indicators.
    folds : sequence of slices
        Of the m rows.
    """
    readings = judged(held_out(inside, Y, folds), Y, folds)
    return READERS[int(np.argmax(readings))]


def held_out(inside: Products, Y: np.ndarray, folds: Sequence[slice]) -> np.ndarray:
    """Return the scores (c, m, k) of each reader, of rows whose fold it did not see."""
    held = np.zeros((len(READERS), *Y.shape))
    narrow = inside.narrow()
    kernels = [_Kernel.of(kernel, narrow) for kernel in KERNELS.values()]
    near = inside.near()
    for out in folds:
        told, found = np.delete(Y, out, axis=0), []
        for K in kernels:
            other = np.delete(K.K, out, axis=1)
            own = np.delete(other, out, axis=0)
            for ridge in RIDGES:
                weights, level = _ridge(own, told, K.ridge(ridge))
                found.append(other[out] @ weights + level)
        held[:, out] = found + _votes(np.delete(near[out], out, axis=1), told, NEIGHBOURS)
    return held


def judged(held: np.ndarray, Y: np.ndarray, folds: Sequence[slice]) -> np.ndarray:
    """Return how well each reader's scores (c, m, k) tell indicators Y (m, k): AUC, (c,).

    An AUC compares rows of one fold only. The fits of two folds differ in their levels most of
    all, and leaving a row out moves the level away from its label.
    """
    won, pairs = np.zeros((len(held), Y.shape[1])), np.zeros(Y.shape[1])
    for fold in folds:
        positive = Y[fold] > 0.5
        both = positive.sum(axis=0) * (~positive).sum(axis=0)
        for c in np.flatnonzero(both):
            won[:, c] += both[c] * metrics.auc(held[:, fold, c], positive[None, :, c])
        pairs += both
    return (won * linalg.reciprocal(pairs)).mean(axis=1)


def fitted(name: str, inside: Products, Y: np.ndarray) -> Callable[[Products], np.ndarray]:
    """Fit the reader of this name to all m rows; return what gives scores (n, k) of others."""
    if name in VOTING:
        return lambda products: _votes(products.near(), Y, (VOTING[name],))[0]
    kernel, ridge = KERNELS[RIDGED[name][0]], RIDGED[name][1]
    K = _Kernel.of(kernel, inside)
    weights, level = _ridge(K.K, Y, K.ridge(ridge))
    level = level - K.mean @ weights
    return lambda products: kernel(products.G, products.a, products.b) @ weights + level


@dataclass(frozen=True, eq=False)
class _Kernel:
    """A kernel among m rows, less its row and column means.

    With an intercept that is not shrunk it is no other fit, but a far better conditioned one.
    """

    K: np.ndarray  # (m, m)
    mean: np.ndarray  # (m,)
    size: float  # mean of its diagonal before

    @classmethod
    def of(cls, kernel: Callable[..., np.ndarray], inside: Products) -> _Kernel:
        K = kernel(inside.G, inside.a, inside.b)
        # A float32 sum is off by more than the ridge where all rows but one nearly coincide.
        mean, size = K.mean(axis=0, dtype=np.float64), float(K.diagonal().mean())
        K -= mean.astype(K.dtype)
        K -= (mean - mean.mean()).astype(K.dtype)[:, None]
        return cls(K, mean, size)

    def ridge(self, share: float) -> float:
        """Return a ridge in units of the variance of the features, and more than rounding."""
        least = len(self.K) * np.finfo(self.K.dtype).eps * self.size
        return max(share * float(self.K.diagonal().mean()), least)


def _ridge(K: np.ndarray, Y: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (m, k), summing to 0, and intercepts (k,) of ridge regression on a kernel."""
    system = K.copy()
    system.flat[:: len(K) + 1] += ridge  # the diagonal
    given = np.ones((len(Y), Y.shape[1] + 1), K.dtype, order="F")
    given[:, :-1] = Y
    (solve,) = get_lapack_funcs(("posv",), (system,))  # K is symmetric: its transpose saves a copy
    _, solved, info = solve(system.T, given, lower=True, overwrite_a=True, overwrite_b=True)
    if info:
        raise LinAlgError("a kernel and its ridge are not positive definite")
    level = solved[:, :-1].sum(axis=0) / solved[:, -1].sum()
    return solved[:, :-1] - level * solved[:, -1:], level


def _votes(near: np.ndarray, Y: np.ndarray, counts: tuple[int, ...]) -> list[np.ndarray]:
    """Return the mean of Y (m, c) over so many of the nearest of m rows; largest count first."""
    found, rows = [], np.arange(len(near))[:, None]
    place = np.broadcast_to(np.arange(near.shape[1]), near.shape)
    for count in counts:
        k = max(1, min(count, len(Y) // 2))
        nearest = rows, np.argpartition(near, k - 1, axis=1)[:, :k]
        near, place = near[nearest], place[nearest]
        found.append(Y[place].mean(axis=1))
    return found
