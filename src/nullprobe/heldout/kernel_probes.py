"""Kernel probes: a family of nonlinear probes that are linear in the labels.

Problem. The best probe of a family is not known in advance. Its selection is part of the procedure
that a null must rerun: every labelling needs fits and scores of all probes.

Solution. All probes use only inner products: ridge regression on a kernel, or votes of neighbours.
Cross-validation inside the fitting rows selects one; there a fit is one Cholesky factorisation in
float32. Only the selected probe is fitted to all rows, in float64.

Reference. Y. Cho, L. K. Saul, "Kernel methods for deep learning", 2009, equations 3 and 6, for
the wide network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError

from nullprobe._core import linalg
from nullprobe.stats import metrics

DIGITS = 9  # decimals of distances and scores; smaller differences are rounding


def quadratic(G: np.ndarray, _a: np.ndarray, _b: np.ndarray) -> np.ndarray:
    """Return (1 + x·x')²: the kernel of features and products of two features."""
    return np.square(G + 1)


def wide(G: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the kernel of infinitely many rectified units with random weights and biases."""
    size = np.outer(np.sqrt(a + 1), np.sqrt(b + 1))
    cosine = (G + 1) / size
    np.clip(cosine, -1, 1, out=cosine)
    turned = np.pi - np.arccos(cosine)
    turned *= cosine
    # The sine is √((1 − c)(1 + c)): for nearly equal rows, 1 − c² would be rounding.
    sine = np.sqrt((1 - cosine) * np.add(1, cosine, out=cosine))
    turned += sine
    turned *= size / np.pi
    return turned


def radial(sharpness: float) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Return the kernel exp(−c q / 2); q is a squared distance in units where 2 is typical."""

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
PROBES = (*RIDGED, *VOTING)


@dataclass(frozen=True, eq=False)
class Products:
    """Inner products of n rows with m fitting rows, in units of the typical length.

    Attributes
    ----------
    G : ndarray of shape (n, m)
        Inner products.
    a, b : ndarrays of shape (n,) and (m,)
        Squared lengths of the n and the m rows.
    """

    G: np.ndarray
    a: np.ndarray
    b: np.ndarray

    def narrow(self) -> Products:
        """Return the same in float32."""
        return Products(*(v.astype(np.float32) for v in (self.G, self.a, self.b)))

    def near(self) -> np.ndarray:
        """Return values (n, m) in the order of the distances: half the squares, minus a constant.

        They are rounded, so that equal rows have the same neighbours.
        """
        near = self.b / 2 - self.G
        return np.round(near, DIGITS, out=near)


def strongest(inside: Products, Y: np.ndarray, folds: Sequence[slice]) -> str:
    """Return the name of the probe with the best held-out AUC over the folds.

    Parameters
    ----------
    inside : Products
        Inner products (m, m) of the fitting rows.
    Y : ndarray of shape (m, k)
        Indicators that the probes predict.
    folds : sequence of slices
        Positions of each fold among the m rows.
    """
    aucs = fold_auc(held_out(inside, Y, folds), Y, folds)
    return PROBES[int(np.argmax(aucs))]


def held_out(inside: Products, Y: np.ndarray, folds: Sequence[slice]) -> np.ndarray:
    """Return the held-out scores (c, m, k) of each probe over the folds."""
    held = np.zeros((len(PROBES), *Y.shape))
    narrow = inside.narrow()
    kernels = [_Kernel.of(kernel, narrow) for kernel in KERNELS.values()]
    near = inside.near()
    for out in folds:
        Y_train, scores = np.delete(Y, out, axis=0), []
        for K in kernels:
            rows = np.delete(K.K, out, axis=1)
            inside_fold = np.delete(rows, out, axis=0)
            for ridge in RIDGES:
                weights, level = _ridge(inside_fold, Y_train, K.ridge(ridge))
                scores.append(rows[out] @ weights + level)
        held[:, out] = scores + _votes(np.delete(near[out], out, axis=1), Y_train, NEIGHBOURS)
    return held


def fold_auc(held: np.ndarray, Y: np.ndarray, folds: Sequence[slice]) -> np.ndarray:
    """Return the mean AUC (c,) of each probe's scores (c, m, k) for indicators Y (m, k).

    An AUC compares only rows of one fold. Levels differ between folds: leaving a row out moves the
    level away from its label.
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
    """Fit the probe of this name to all m rows; return its function from products to scores."""
    if name in VOTING:
        return lambda products: _votes(products.near(), Y, (VOTING[name],))[0]
    kernel, ridge = KERNELS[RIDGED[name][0]], RIDGED[name][1]
    K = _Kernel.of(kernel, inside)
    weights, level = _ridge(K.K, Y, K.ridge(ridge))
    level = level - K.mean @ weights
    return lambda products: kernel(products.G, products.a, products.b) @ weights + level


@dataclass(frozen=True, eq=False)
class _Kernel:
    """A kernel among m rows, minus its row and column means.

    The fit has an unpenalised intercept, so centring does not change it but improves its condition.
    """

    K: np.ndarray  # (m, m)
    mean: np.ndarray  # (m,)
    size: float  # mean of the diagonal before centring

    @classmethod
    def of(cls, kernel: Callable[..., np.ndarray], inside: Products) -> _Kernel:
        K = kernel(inside.G, inside.a, inside.b)
        # If all rows but one are nearly equal, the error of a float32 sum exceeds the ridge.
        mean, size = K.mean(axis=0, dtype=np.float64), float(K.diagonal().mean())
        K -= mean.astype(K.dtype)
        K -= (mean - mean.mean()).astype(K.dtype)[:, None]
        return cls(K, mean, size)

    def ridge(self, share: float) -> float:
        """Return a ridge in units of the variance of the features, at least rounding."""
        least = len(self.K) * np.finfo(self.K.dtype).eps * self.size
        return max(share * float(self.K.diagonal().mean()), least)


def _ridge(K: np.ndarray, Y: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (m, k), summing to 0, and intercepts (k,) of ridge regression on a kernel."""
    system = K.copy()
    system.flat[:: len(K) + 1] += ridge  # the diagonal
    sides = np.ones((len(Y), Y.shape[1] + 1), K.dtype, order="F")
    sides[:, :-1] = Y
    # K is symmetric: its transpose saves a copy.
    (solve,) = linalg.lapack_functions(("posv",), system)
    _, solved, info = solve(system.T, sides, lower=True, overwrite_a=True, overwrite_b=True)
    if info:
        raise LinAlgError("a kernel and its ridge are not positive definite")
    level = solved[:, :-1].sum(axis=0) / solved[:, -1].sum()
    return solved[:, :-1] - level * solved[:, -1:], level


def _votes(near: np.ndarray, Y: np.ndarray, counts: tuple[int, ...]) -> list[np.ndarray]:
    """Return the means of Y (m, c) over the nearest of m rows, per count in descending order."""
    shares, rows = [], np.arange(len(near))[:, None]
    place = np.broadcast_to(np.arange(near.shape[1]), near.shape)
    for count in counts:
        k = max(1, min(count, len(Y) // 2))
        nearest = rows, np.argpartition(near, k - 1, axis=1)[:, :k]
        near, place = near[nearest], place[nearest]
        shares.append(Y[place].mean(axis=1))
    return shares
