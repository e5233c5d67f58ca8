"""What a linear predictor is left with, by bases of the data and Newton's method.

Naive, for samples of a few columns; nothing here may import nullprobe.
"""

import numpy as np
from support.reference import basis_of, centred, one_hot

RIDGE = 1e-4


def whitened(X, w=None):
    """Return a basis (n, q) of mean 0 and second moment I for the columns of X."""
    w = np.full(len(X), 1 / len(X)) if w is None else w / w.sum()
    root = np.sqrt(w)[:, None]
    U, size, _ = np.linalg.svd(root * (X - w @ X), full_matrices=False)
    return U[:, size > 1e-9 * size.max(initial=0.0)] / root


def least_loss(F, y, ridge=RIDGE, w=None):
    """Return the least of the log loss of log p + [1, F] V, plus ½ ridge |V|²; F whitened."""
    n, Z = len(F), one_hot(y)
    w = np.full(n, 1 / n) if w is None else w / w.sum()
    F, K = np.column_stack([np.ones(n), F]), Z.shape[1]
    start = np.log(w @ Z)

    def at(V):
        scores = start + F @ V
        top = scores.max(axis=1, keepdims=True)
        total = top + np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
        value = w @ (total - (scores * Z).sum(axis=1, keepdims=True))
        return value[0] + 0.5 * ridge * (V**2).sum(), np.exp(scores - total)

    V = np.zeros((F.shape[1], K))
    value, P = at(V)
    for _ in range(60):
        slope = F.T @ (w[:, None] * (P - Z)) + ridge * V
        curve = np.empty((F.shape[1], K, F.shape[1], K))
        for k, j in np.ndindex(K, K):
            curve[:, k, :, j] = F.T @ (F * (w * P[:, k] * ((k == j) - P[:, j]))[:, None])
        step = np.linalg.solve(curve.reshape(V.size, -1) + ridge * np.eye(V.size), slope.ravel())
        if step @ slope.ravel() < 1e-15:  # twice what is left to gain
            return value
        step, share = step.reshape(V.shape), 1.0
        while at(V - share * step)[0] > value:
            share /= 2
        V = V - share * step
        value, P = at(V)
    raise AssertionError("Newton's method did not converge")


def least_squares_loss(X, y):
    """Return what least squares on X leaves of the concept's uncorrelated unit-variance variables.

    All of which X must know of, for the number to be that of the game.
    """
    Z = whitened(centred(basis_of(y)))
    F = whitened(X)
    return Z.shape[1] - ((F.T @ Z / len(Z)) ** 2).sum()


def without(X, W):
    """Return X less the directions of the columns W (d, r), orthogonally."""
    Q = np.linalg.qr(W)[0]
    return X - (X - X.mean(axis=0)) @ Q @ Q.T


def entropy(y, w=None):
    p = np.average(one_hot(y), axis=0, weights=w)
    return -(p * np.log(p)).sum()


def subspace(d, r, rng):
    return np.linalg.qr(rng.standard_normal((d, r)))[0]
