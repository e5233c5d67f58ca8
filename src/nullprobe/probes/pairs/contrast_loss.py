"""The loss of contrast-consistent search, for many columns at once.

    mean[(p⁺ + p⁻ − 1)² + min(p⁺, p⁻)²],   p = σ(θ·x̃ + b),

over pairs of normalised sides. The minimum can be smoothed, and a ridge λ|θ|²/2 added. The problem
is stated in whitened coordinates, in which the ridge needs no additional matrix product.

Reference. C. Burns, H. Ye, D. Klein, J. Steinhardt, "Discovering latent knowledge in language
models without supervision", 2022, arXiv 2212.03827, equations 1 to 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from nullprobe._core.parallel import Workers
from nullprobe.probes.base.pairs import sigmoid

LEAST_PAIRS = 256  # fewest pairs per thread: with fewer, overhead exceeds the work
UNDECIDED = 0.5  # pairs with a smaller |p⁺ − p⁻| may still switch sides
# Sides have mean zero, so their Gram matrix is singular: add this share of its mean diagonal.
LEAST_SPAN = 1e-10


@dataclass(frozen=True, eq=False)
class Restarts:
    """Ends of m descents, as columns.

    Attributes
    ----------
    weights : ndarray of shape (d, m)
        θ, for standardised features.
    bias : ndarray of shape (m,)
        b.
    consistency, confidence : ndarray of shape (m,)
        Means of (p⁺ + p⁻ − 1)² and of min(p⁺, p⁻)² over the training pairs.
    """

    weights: np.ndarray = field(repr=False)
    bias: np.ndarray = field(repr=False)
    consistency: np.ndarray
    confidence: np.ndarray

    @property
    def losses(self) -> np.ndarray:
        """Sum of the two parts (m,), without the ridge."""
        return self.consistency + self.confidence


def loss_parts(
    p: np.ndarray, *, smoothing: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the two parts of the loss, and its derivatives.

    Parameters
    ----------
    p : ndarray of shape (2, n, m)
        Probabilities of the negative and the positive sides.
    smoothing : float
        τ: min(a, b) of a = p⁻², b = p⁺² is ½(a + b − √((a − b)² + τ²)).

    Returns
    -------
    consistency, confidence : ndarray of shape (m,)
    slopes : ndarray of shape (2, n, m)
        Derivatives of the sum of both parts with respect to p, times n.

    Examples
    --------
    >>> p = np.array([[[0.2], [0.5]], [[0.8], [0.9]]])  # pairs (0.2, 0.8) and (0.5, 0.9)
    >>> consistency, confidence, _ = loss_parts(p)
    >>> np.round([consistency[0], confidence[0]], 3).tolist()  # (0 + .16) / 2, (.04 + .25) / 2
    [0.08, 0.145]
    """
    low, high = p
    off = low + high
    off -= 1.0
    tilt = (high - low) * (high + low)
    root = np.sqrt(tilt * tilt + smoothing**2)
    smaller = 0.5 * (high * high + low * low - root)
    root[root == 0.0] = 1.0  # equal sides: each counts half
    tilt /= root
    slopes = np.stack([low * (1.0 + tilt), high * (1.0 - tilt)])
    slopes += 2.0 * off
    off *= off
    consistency, confidence = (part.mean(axis=0, dtype=np.float64) for part in (off, smaller))
    return consistency, confidence, slopes


class Problem:
    """The loss of normalised pairs in whitened coordinates.

    Let K be the second moment of both sides together, K + I = L Lᵀ and θ = L⁻ᵀ v. Rows x̃ become
    L⁻¹ x̃, and |θ|² = |v|² − mean (θ·x̃)². A column holds v (r,) and, below it, b.

    Parameters
    ----------
    negative, positive : ndarray of shape (n, d)
        Normalised sides.
    bias : bool
        Whether the probe has a bias b; without it b stays 0.
    dtype : dtype
        Type of the products over the rows. float32 suffices: the rounding of a slope changes the
        loss by its square. Losses are summed in float64.
    workers : Workers, optional
        Threads that share the pairs.
    """

    def __init__(
        self,
        negative: np.ndarray,
        positive: np.ndarray,
        *,
        bias: bool = True,
        dtype: type[np.floating] = np.float32,
        workers: Workers | None = None,
    ) -> None:
        self.bias, self.dtype = bias, dtype
        self.map = map if workers is None else workers.map
        n_parts = 1 if workers is None else min(workers.n, -(-len(negative) // LEAST_PAIRS))
        cuts = np.linspace(0, len(negative), n_parts + 1).astype(int)
        # Each part holds both sides of its pairs, negative sides first.
        self.parts = [slice(2 * i, 2 * j) for i, j in pairwise(cuts)]
        self.X = np.concatenate(
            [side[i:j] for i, j in pairwise(cuts) for side in (negative, positive)]
        )
        self.span = _span(self.X) if self.X.shape[1] > len(self.X) else None
        X = (self.X if self.span is None else self.span).astype(dtype)
        # One block of rows per thread.
        halves = np.array_split(X, len(self.parts))
        K = np.sum(list(self.map(lambda half: half.T @ half, halves)), axis=0)
        K /= len(X)
        K[np.diag_indices_from(K)] += 1.0
        self.triangle = cholesky(K, lower=True, check_finite=False)
        columns = solve_triangular(self.triangle, X.T, lower=True, check_finite=False)
        self.rows = np.ascontiguousarray(columns.T)

    def __call__(
        self, V: np.ndarray, *, smoothing: float = 0.0, ridge: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return values (m,) and slopes (r + 1, m) of columns V (r + 1, m)."""
        size, values, down = len(self.rows), _squares(V[:-1]), ridge * V
        values *= 0.5 * ridge
        down[-1] = 0.0
        for value, slope in self.map(lambda p: self._part(V, p, smoothing, ridge), self.parts):
            values = values + value / size
            down += slope / size
        if not self.bias:
            down[-1] = 0.0
        return values, down

    def _part(
        self, V: np.ndarray, part: slice, smoothing: float, ridge: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the contribution of a part of the pairs to values and slopes, times all rows."""
        rows, m = self.rows[part], V.shape[1]
        logits = rows @ V[:-1]
        p = sigmoid(logits + V[-1])
        consistency, confidence, slopes = loss_parts(p.reshape(2, -1, m), smoothing=smoothing)
        pull = slopes.reshape(len(rows), m)
        pull *= p
        pull *= 1.0 - p
        pull *= 2.0
        down = np.empty_like(V)
        down[-1] = pull.sum(axis=0)
        values = (consistency + confidence) * len(rows) - 0.5 * ridge * _squares(logits)
        logits *= ridge
        pull -= logits
        down[:-1] = rows.T @ pull
        return values, down

    def coordinates(self, W: np.ndarray) -> np.ndarray:
        """Return columns (r + 1, m) of weights (d, m), with unit spread of logits and b = 0."""
        logits = self.X @ W
        scale = np.maximum(logits.std(axis=0), np.finfo(self.dtype).tiny)
        if self.span is not None:
            W = solve_triangular(self.span, logits, lower=True, check_finite=False)
        V = self.triangle.T @ (W / scale).astype(self.dtype)
        return np.vstack([V, np.zeros((1, V.shape[1]), self.dtype)])

    def spread(self, V: np.ndarray) -> np.ndarray:
        """Return the standard deviation (m,) of the logits of columns."""
        return np.sqrt(_squares(self.rows @ V[:-1]) / len(self.rows))

    def undecided(self, V: np.ndarray) -> bool:
        """Whether one column (r + 1, 1) gives nearly equal probabilities to the sides of a pair."""
        low, high = self._sides(sigmoid(self.rows @ V[:-1] + V[-1]))
        return bool((np.abs(high - low) < UNDECIDED).any())

    def ends(self, V: np.ndarray) -> Restarts:
        """Return columns as weights, with their losses in float64."""
        W = solve_triangular(self.triangle, V[:-1], lower=True, trans=1, check_finite=False)
        W = W.astype(np.float64)
        if self.span is not None:
            W = self.X.T @ solve_triangular(self.span, W, lower=True, trans=1, check_finite=False)
        b = V[-1].astype(np.float64)
        p = sigmoid(self.X @ W + b)
        consistency, confidence, _ = loss_parts(self._sides(p))
        return Restarts(W, b, consistency, confidence)

    def _sides(self, p: np.ndarray) -> np.ndarray:
        """Return the values of the negative and the positive sides, (2, n, m)."""
        parts = [p[part].reshape(2, -1, p.shape[1]) for part in self.parts]
        return np.concatenate(parts, axis=1)


def _squares(A: np.ndarray) -> np.ndarray:
    """Return the squared lengths (m,) of columns."""
    return np.einsum("nm,nm->m", A, A)


def _span(X: np.ndarray) -> np.ndarray:
    """Return lower triangular C (N, N), X = C Qᵀ with orthonormal Q: X in a basis of its rows."""
    gram = X @ X.T
    gram[np.diag_indices_from(gram)] += LEAST_SPAN * gram.trace() / len(gram)
    return np.linalg.cholesky(gram)
