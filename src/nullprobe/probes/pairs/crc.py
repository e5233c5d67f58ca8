"""Eigenproblems of contrast pairs: closed forms of CCS.

Problem. Find a direction that separates the two sides of each pair, without labels, restarts or
local minima.

Solution. With S = x̃⁺ + x̃⁻ and D = x̃⁺ − x̃⁻ of normalised sides, the leading eigenvector of

    Cov(D) − η Cov(S).

With η = 0 it is the first principal component of the differences: contrastive representation
clustering (CRC-TPC). With η > 0 it is VINC without its term for paraphrases, which pairs do not
have: the variance of the sides minus κ times their covariance is
¼[(1 + κ) Cov(D) + (1 − κ) Cov(S)] for the mean of both sides, so that η = (κ − 1) / (κ + 1).

Reference. C. Burns, H. Ye, D. Klein, J. Steinhardt, "Discovering latent knowledge in language
models without supervision", 2022, arXiv 2212.03827, appendix (CRC-TPC); VINC (variance,
invariance, negative covariance): EleutherAI, "Eliciting latent knowledge", 2023.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from nullprobe._core import parameters
from nullprobe.probes.base.pairs import PairEstimator


def leading(negative: np.ndarray, positive: np.ndarray, *, eta: float = 0.0) -> np.ndarray:
    """Return the leading eigenvector w (d,) of Cov(D) − η Cov(S), scaled so that Var(D·w) = 1.

    Parameters
    ----------
    negative, positive : ndarray of shape (n, d)
        Sides, normalised separately.
    eta : float
        η, weight of the variance that both sides share.

    Notes
    -----
    The sides have mean zero, so the covariances are DᵀD / n and SᵀS / n. With more features than
    rows, the eigenvector is computed in the span of the rows.
    """
    D = positive - negative
    rows = D if eta == 0.0 else np.concatenate([D, positive + negative])
    signs = np.repeat([1.0, -eta], len(D))[: len(rows)]
    basis = None
    if rows.shape[1] > len(rows):
        basis = np.linalg.qr(rows.T)[0]
        rows = rows @ basis
    last = rows.shape[1] - 1
    vector = eigh(rows.T @ (signs[:, None] * rows), subset_by_index=[last, last])[1][:, 0]
    w = vector if basis is None else basis @ vector
    spread = float(np.sqrt(np.mean((D @ w) ** 2)))
    return w / spread if spread > 0 else w


class CRC(PairEstimator):
    """Read pairs along the first principal component of their differences (CRC-TPC).

    Parameters
    ----------
    positive_fraction : float or None
        Share of the training pairs whose positive side is true, if it is known (from the design of
        the questions) and not ½. It sets the sign without labels.

    Notes
    -----
    The largest variation within pairs need not be truth. CRC is cheap and often as good as CCS. If
    so, CCS is not evidence that consistency matters.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 200)
    >>> shared, truth = rng.normal(size=(200, 5)), np.outer(2 * y - 1, [3, 0, 0, 0, 0])
    >>> negative = shared - truth + rng.normal(size=(200, 5))
    >>> positive = shared + truth + rng.normal(size=(200, 5))
    >>> crc = CRC().fit(negative[:100], positive[:100], y[:100])
    >>> crc.sign_, crc.score(negative[100:], positive[100:], y[100:]) > 0.95
    ('from labels', True)
    """

    def __init__(self, positive_fraction: float | None = None) -> None:
        self.positive_fraction = positive_fraction

    def read(self, negative: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, float]:
        """Return weights (d,) and bias, fitted to normalised sides (n, d)."""
        return leading(negative, positive), 0.0


class VINC(PairEstimator):
    """Read pairs along the direction of large variance and negative covariance of the sides.

    Parameters
    ----------
    eta : float
        η ≥ 0 of Cov(D) − η Cov(S): the cost of variance that both sides share. 0 is ``CRC``.
    positive_fraction : float or None
        Share of the training pairs whose positive side is true, if it is known (from the design of
        the questions) and not ½. It sets the sign without labels.

    Notes
    -----
    A closed form of CCS: small Cov(S) is consistency, large Cov(D) is confidence.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 200)
    >>> negative, positive = rng.normal(size=(2, 200, 5))
    >>> negative[:, 0] -= 3 * (2 * y - 1)
    >>> positive[:, 0] += 3 * (2 * y - 1)
    >>> VINC().fit(negative[:100], positive[:100]).score(negative[100:], positive[100:], y[100:])
    1.0
    """

    def __init__(self, eta: float = 1.0, positive_fraction: float | None = None) -> None:
        self.eta = eta
        self.positive_fraction = positive_fraction

    def read(self, negative: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, float]:
        """Return weights (d,) and bias, fitted to normalised sides (n, d)."""
        eta = parameters.real_number("eta", self.eta, least=0.0)
        return leading(negative, positive, eta=eta), 0.0
