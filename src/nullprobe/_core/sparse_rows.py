"""Sparse rows: SciPy and torch matrices as CSR, and products with their standardised rows.

Problem. Subtracting a mean makes every zero non-zero, so a centred matrix of 65,536 sparse features
does not fit the memory.

Solution. Rows stay as they are. Their products are corrected by a matrix of rank one:
(X − 1μᵀ) V = X V − 1 (μᵀ V).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from nullprobe._core import arrays, linalg, validation

Sparse = Any  # a sparse matrix or array of SciPy, or a sparse tensor of torch


def representation(X: Any, *, name: str = "X") -> Any:
    """Return sparse rows as `csr`, and anything else as `validation.representation` does."""
    return csr(X, name=name) if validation.is_sparse(X) else validation.representation(X, name=name)


def joined(A: Any, B: Any) -> Any:
    """Return the features of A (n, d) and then of B (n, e), sparse if one of them is."""
    if validation.is_sparse(A) or validation.is_sparse(B):
        return csr(sparse.hstack([sparse.csr_array(A), sparse.csr_array(B)], format="csr"))
    return np.hstack([A, B])


def varies(X: Any) -> bool:
    """Return whether a feature of dense or sparse rows (n, d) differs between two rows."""
    if not validation.is_sparse(X):
        return bool((X.max(axis=0) > X.min(axis=0)).any())
    return bool((X.max(axis=0) != X.min(axis=0)).nnz)


def stacked(blocks: Sequence[Any]) -> Any:
    """Return blocks of rows (n_i, d) as CSR (n, d); they may be sparse or dense."""
    return csr(sparse.vstack([sparse.csr_array(one) for one in blocks], format="csr"))


# Most rows, and most features: one number for each takes 2 GiB. A few bytes of a damaged or
# malicious file can state any shape.
MOST_ROWS = 1 << 28


def csr(X: Sparse, *, name: str = "X") -> sparse.csr_array:
    """Return a sparse matrix of any format and library as CSR: float64, finite, without repeats.

    Raises
    ------
    InputError
        If X is not an (n, d) matrix of finite real numbers with n, d ≥ 1.
    """
    if max(X.shape, default=0) > MOST_ROWS:
        validation.complain(
            f"{name} must have at most {MOST_ROWS:,} rows and features",
            f"its shape is {tuple(X.shape)}",
            "check the shape that is stored with it",
        )
    X = _from_torch(X, name) if arrays.is_torch(X) else X
    if X.ndim != 2:
        validation.complain(
            f"{name} must be 2-D, rows by features (n, d)",
            f"it has shape {tuple(X.shape)} (expected 2D array)",
        )
    n, d = X.shape
    if n == 0 or d == 0:
        what = "0 sample(s)" if n == 0 else "0 feature(s)"
        validation.complain(
            f"{name} needs at least one row and one feature",
            f"there are {what} (shape=({n}, {d})) while a minimum of 1 is required",
        )
    if X.dtype.kind not in "fiub":
        validation.complain(
            f"{name} must hold real numbers (Complex data not supported)",
            f"its dtype is {X.dtype}",
            "pass real numbers",
        )
    rows = sparse.csr_array(X)
    if rows.dtype != np.float64:
        rows = rows.astype(np.float64)
    if not rows.has_canonical_format or not rows.data.all():
        rows = rows.copy()  # the matrix of the caller does not change
        rows.sum_duplicates()
        rows.eliminate_zeros()
    bad = np.flatnonzero(~np.isfinite(rows.data))
    if len(bad):
        row = int(np.searchsorted(rows.indptr, bad[0], side="right")) - 1
        validation.complain_not_finite(row, int(rows.indices[bad[0]]), name=name)
    return rows


def _from_torch(X: Any, name: str) -> Any:
    X = X.detach().cpu()
    if X.is_complex():
        validation.complain(
            f"{name} must hold real numbers (Complex data not supported)", f"its dtype is {X.dtype}"
        )
    if len(X.shape) != 2 or X.dense_dim():
        validation.complain(
            f"{name} must be 2-D, rows by features (n, d)",
            f"it has shape {tuple(X.shape)}, with {X.dense_dim()} dense dimensions",
        )
    if "coo" not in str(X.layout):
        X = X.to_sparse()  # from CSR, CSC or blocks; it stays sparse
    X = X.coalesce()
    row, column = X.indices().numpy()
    return sparse.coo_array((X.values().double().numpy(), (row, column)), tuple(X.shape))


def moments(X: sparse.csr_array, w: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return means and variances (d,) of the features, with weights (n,) or without.

    The variance is a sum of squared deviations, of values and of zeros: nothing cancels.
    """
    n, d = X.shape
    weight = float(n if w is None else w.sum())
    each = 1.0 if w is None else np.repeat(w, np.diff(X.indptr))
    values, where = X.data, X.indices
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.bincount(where, values * each, d) / weight
        squares = np.bincount(where, each * (values - mean[where]) ** 2, d)
        present = np.bincount(where, np.broadcast_to(each, values.shape), d)
        squares += np.maximum(weight - present, 0.0) * mean**2
    linalg.need_finite(squares / weight)
    return mean, squares / weight


@dataclass(frozen=True, eq=False)
class Standardised:
    """Rows √(share) (x − μ) ⊘ σ, whose second moment is the correlation matrix; never formed.

    Attributes
    ----------
    X : csr_array of shape (n, d)
    mean, inverse : ndarray of shape (d,)
        Means and reciprocal standard deviations, 0 for constant features.
    root : ndarray of shape (n,)
        Square roots of the shares of the rows, whose squares have the sum 1.
    """

    X: sparse.csr_array
    mean: np.ndarray
    inverse: np.ndarray
    root: np.ndarray

    def times(self, B: np.ndarray) -> np.ndarray:
        """Return U B (n, m) for these rows U and columns B (d, m)."""
        B = self.inverse[:, None] * B
        return self.root[:, None] * (self.X @ B - self.mean @ B)

    def transposed(self, A: np.ndarray) -> np.ndarray:
        """Return Uᵀ A (d, m) for columns A (n, m)."""
        A = self.root[:, None] * A
        return self.inverse[:, None] * (self.X.T @ A - np.outer(self.mean, A.sum(axis=0)))

    def gram(self, rows: slice = slice(None)) -> np.ndarray:
        """Return these rows of U Uᵀ, (m, n)."""
        scaled = self.X * self.inverse
        centre = self.mean * self.inverse
        across = scaled @ centre
        G = (scaled[rows] @ scaled.T).toarray()
        G -= across[rows, None]
        G -= across
        G += centre @ centre
        G *= self.root[rows, None]
        G *= self.root
        return G


@dataclass(frozen=True, eq=False)
class Covariance:
    """Cov(X) of weighted sparse rows as a product: ``covariance @ V`` for V (d, m)."""

    X: sparse.csr_array
    mean: np.ndarray
    shares: np.ndarray  # (n,), with sum 1

    def __matmul__(self, V: np.ndarray) -> np.ndarray:
        """Return Cov(X) V."""
        A = self.shares[:, None] * (self.X @ V - self.mean @ V)
        return self.X.T @ A - np.outer(self.mean, A.sum(axis=0))
