"""Random subspaces that remove as much variance as an eraser of the same rank.

Problem. Every projection loses something. An eraser is special only if projecting out a random
subspace with the same rank and the same variance does less. A uniformly random direction removes
about 1/d of the variance, and the direction of an eraser often ten times as much.

Solution. Draw k standard normal vectors G in the eigenbasis of Σ, and tilt them:

    Q_t = orth(Λᵗ G),    v(t) = tr(Q_tᵀ Σ Q_t).

At t = 0 the subspace is uniformly distributed. It leans towards large eigenvalues for t > 0, and
towards small ones for t < 0. Each draw is tilted until v(t) is the requested variance. Its
components along single eigenvectors stay random.

There is exactly one such t. With L = log Λ and P = Q_t Q_tᵀ, dP/dt = (I − P) L P + P L (I − P), so

    dv/dt = 2 tr(P Λ (I − P) L P) = Σ_ij P_ij² (log λ_i − log λ_j) (λ_i − λ_j) ≥ 0,

since P_ii = Σ_j P_ij². And v(t) goes from the sum of the k smallest eigenvalues to the sum of the k
largest. Tilts compose, orth(Λʰ Q_t) = Q_{t+h}. So neither the search nor a large tilt overflows.
Directions without variance are left out, since nothing can be removed in them.
"""

from __future__ import annotations

import numpy as np

from nullprobe._core import linalg, validation

# A step of the search multiplies the ratio of two eigenvalues by at most e⁸: QR stays accurate.
STEEPEST = 8.0
STEPS, HALVINGS = 2000, 60
SLACK = 1e-9  # relative rounding error of sums of the same terms in another order


def random_subspaces(
    X: np.ndarray, *, rank: int, removed: float, n_draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw random subspaces with a rank and a variance that projecting them out removes.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Centred rows; Σ = XᵀX/n.
    rank : int
        Number k of directions.
    removed : float
        Variance tr(QᵀΣQ): the mean squared distance by which projecting out Q moves the rows.
    n_draws : int
    rng : Generator

    Returns
    -------
    ndarray of shape (n_draws, d, rank)
        An orthonormal basis Q of each subspace, within the directions in which X varies.

    Raises
    ------
    InputError
        If X varies in fewer than ``rank`` directions, or if no subspace of this rank removes this
        variance.

    Notes
    -----
    A tilt hardly changes the weights of eigenvalues that are nearly equal. Then 2,000 steps may
    only approach a variance that is near the smallest or the largest possible one.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 4)) * [3.0, 2.0, 1.0, 0.5]
    >>> Q = random_subspaces(X, rank=1, removed=5.0, n_draws=100, rng=rng)
    >>> np.allclose(np.square(X @ Q).sum(axis=(1, 2)) / 500, 5.0)
    True
    """
    values, vectors = _axes(X)
    r = len(values)
    if rank > r:
        validation.complain(
            f"a subspace of rank {rank} needs rows that vary in at least {rank} directions",
            f"these rows vary in {r}",
            "pass more rows, or a smaller rank",
        )
    if rank == 0:
        return np.zeros((n_draws, X.shape[1], 0))
    least, most = float(values[r - rank :].sum()), float(values[:rank].sum())
    if not least * (1 - SLACK) - SLACK * most <= removed <= most * (1 + SLACK):
        validation.complain(
            f"removed must be from {least:.9g} to {most:.9g} for {rank} directions of these rows",
            f"{removed:.9g} arrived",
        )
    start = np.linalg.qr(rng.standard_normal((n_draws, r, rank)))[0]
    drawn = start if rank == r else _tilt(start, values, float(np.clip(removed, least, most)))
    return vectors @ drawn


def random_maps(
    X: np.ndarray, *, rank: int, removed: float, n_draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw random maps x ↦ x − x R W that have the form of LEACE.

    With Q from :func:`random_subspaces`, R = Σ^(−1/2) Q and W = Qᵀ Σ^(1/2). Such a map is LEACE for
    some labels without meaning. It moves rows with covariance Σ by E|x R W|² = tr(QᵀΣQ), as
    projecting out Q does. If Σ is a multiple of I, it is an orthogonal projection.

    Parameters
    ----------
    X, rank, removed, n_draws, rng
        As for :func:`random_subspaces`.

    Returns
    -------
    R : ndarray of shape (n_draws, d, rank)
    W : ndarray of shape (n_draws, rank, d)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 4)) * [3.0, 2.0, 1.0, 0.5]
    >>> R, W = random_maps(X, rank=1, removed=5.0, n_draws=100, rng=rng)
    >>> np.allclose(np.square(X @ R @ W).sum(axis=(1, 2)) / 500, 5.0)
    True
    """
    Q = random_subspaces(X, rank=rank, removed=removed, n_draws=n_draws, rng=rng)
    values, vectors = _axes(X)
    shares = vectors.T @ Q  # coordinates along the eigenvectors
    roots = np.sqrt(values)[:, None]
    return vectors @ (shares / roots), (vectors @ (shares * roots)).swapaxes(1, 2)


def _axes(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues (r,) of XᵀX/n above rounding, largest first, and vectors (d, r)."""
    eps = float(np.finfo(X.dtype).eps)
    n, d = X.shape
    X = np.asarray(X, dtype=np.float64)
    if n > 2 * d:
        values, vectors = np.linalg.eigh(X.T @ X / n)
        values, vectors = np.clip(values[::-1], 0.0, None), vectors[:, ::-1]
        cut = linalg.NOISE_MARGIN * eps * d
    else:
        _, sizes, rows = np.linalg.svd(X, full_matrices=False)
        values, vectors = sizes**2 / n, rows.T
        cut = (linalg.NOISE_MARGIN * eps * max(n, d)) ** 2
    varies = values > cut * values.max(initial=0.0)
    return values[varies], vectors[:, varies]


def _tilt(Q: np.ndarray, values: np.ndarray, target: float) -> np.ndarray:
    """Tilt each basis (m, r, k), in the eigenbasis, until it removes the target."""
    spread = np.log(values[0] / values[-1])
    if spread <= SLACK:
        return Q  # all subspaces remove the same
    logs = np.log(values / values[0])
    removed = _removed(Q, values)
    sign = np.where(removed < target, 1.0, -1.0)
    # Q steps ahead until a step would overshoot. So it stays on one side of the target.
    step = np.full(len(Q), STEEPEST / spread)
    ahead = np.ones(len(Q), dtype=bool)
    for _ in range(STEPS):
        if not ahead.any():
            break
        trial = _tilted(Q[ahead], logs, sign[ahead] * step[ahead])
        short = (_removed(trial, values) - target) * sign[ahead] < 0
        where = np.flatnonzero(ahead)
        Q[where[short]] = trial[short]
        ahead[where[~short]] = False
    # Then it steps half as far, and halves the step again and again.
    for _ in range(HALVINGS):
        step /= 2.0
        trial = _tilted(Q, logs, sign * step)
        short = (_removed(trial, values) - target) * sign < 0
        Q[short] = trial[short]
    return Q


def _tilted(Q: np.ndarray, logs: np.ndarray, t: np.ndarray) -> np.ndarray:
    weights = np.exp(t[:, None] * logs)
    W = (weights / weights.max(axis=1, keepdims=True))[:, :, None] * Q
    if W.shape[2] == 1:
        return W / np.linalg.norm(W, axis=1, keepdims=True)
    return np.linalg.qr(W)[0]


def _removed(Q: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.einsum("mrk,r->m", Q**2, values)
