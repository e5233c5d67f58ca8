"""Readings for benchmarks/actions.py: partitions, and what is read after mean projection."""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dposv

from nullprobe.probes.solvers.halfspace_search import halfspaces

RIDGE = 0.02

# Partitions: nine stratified blocks as the affine plane over Z3; its four pencils of parallel
# lines are four partitions into three parts, each used in its three cyclic roles.


def roles(y, groups, rng):
    """Return twelve triples (F, P, S) of row numbers; groups (n,) or None stay together."""
    unit = np.arange(len(y)) if groups is None else groups
    label = np.array([y[unit == u].mean() for u in range(unit.max() + 1)])
    block = np.empty(len(label), int)
    start = 0
    for value in np.unique(label):
        mine = rng.permutation(np.flatnonzero(label == value))
        block[mine] = (start + np.arange(len(mine))) % 9
        start += len(mine)
    i, j = np.divmod(rng.permutation(9)[block][unit], 3)
    lines = (i, j, (i + j) % 3, (i - j) % 3)
    return [
        [np.flatnonzero(line == (k + t) % 3) for t in range(3)] for line in lines for k in range(3)
    ]


def auc(scores, y):
    """Return the AUC of scores without ties."""
    at = np.flatnonzero(y[np.argsort(scores)])
    return (at.sum() - len(at) * (len(at) - 1) / 2) / (len(at) * (len(y) - len(at)))


def class_means(X, y):
    return np.stack([X[y == 0].mean(0), X[y == 1].mean(0)])


class Reading:
    """Shrunk discriminants of X = E + s y gap, raw and after mean projection, for any s.

    One factorisation a role; a change of s is then a combination of three columns.
    """

    def __init__(self, E, gap, y, parts):
        self.y, self.roles = y, []
        for F, P, S in parts:
            mF = np.diff(class_means(E[F], y[F]), axis=0)[0]
            centre = class_means(E[P], y[P])
            V = np.stack([gap, centre[1] - centre[0], mF])
            B = _solve(E[P] - centre[y[P]], V)
            self.roles.append((E[S] @ B.T, V @ B.T, y[S]))

    def raw(self, s):
        return np.mean(
            [
                auc((H @ a) + yS * (s * (C @ a)[0]), yS)
                for H, C, yS in self.roles
                for a in [np.array([s, 1, 0.0])]
            ]
        )

    def erased(self, s):
        values = []
        for H, C, yS in self.roles:
            a, u = np.array([s, 1, 0.0]), np.array([s, 0, 1.0])
            w = a - u * (u @ C @ a) / (u @ C @ u)
            values.append(auc(H @ w + yS * (s * (C @ w)[0]), yS))
        return np.mean(values)


def _solve(R, V):
    """Return V (k, d) times the inverse of the shrunk covariance of centred rows R (m, d)."""
    m, d = R.shape
    ridge = RIDGE * np.einsum("ij,ij", R, R) / m / d
    if d <= m:
        A = (1 - RIDGE) / m * (R.T @ R)
        A.flat[:: d + 1] += ridge
        return dposv(A, V.T)[1].T
    scale = (1 - RIDGE) / m
    A = scale * (R @ R.T)
    A.flat[:: m + 1] += ridge
    return (V - scale * dposv(A, R @ V.T)[1].T @ R) / ridge


# Other statistics of a whole X


def erased_rows(X, y, F):
    u = np.diff(class_means(X[F], y[F]), axis=0)[0]
    u /= np.linalg.norm(u)
    return X - np.outer(X @ u, u)


def halfspace(X, y, parts):
    """Balanced accuracy of the best halfspace after mean projection (twelve roles)."""
    rng, values = np.random.default_rng(0), []
    for F, P, S in parts:
        Z = erased_rows(X, y, F)
        mean = Z[P].mean(0)
        _, s, Vt = np.linalg.svd(Z[P] - mean, full_matrices=False)
        W = Vt[:-1].T / s[:-1] * np.sqrt(len(P))
        w, t = halfspaces((Z[P] - mean) @ W, y[P][:, None] == 1, rng=rng)
        above = ((Z[S] - mean) @ W @ w)[:, 0] > t[0]
        values.append((above[y[S] == 1].mean() + 1 - above[y[S] == 0].mean()) / 2)
    return np.mean(values)


def radial(X, y, parts):
    """AUC of kernel ridge on exp(-q / median q) after mean projection (twelve roles)."""

    def kernel(A, B, P):
        q = (A * A).sum(1)[:, None] + (B * B).sum(1) - 2 * A @ B.T
        return np.exp(-q / np.median(q[P]))

    return _kernel_ridge(X, y, parts, kernel)


def _kernel_ridge(X, y, parts, kernel):
    values = []
    for F, P, S in parts:
        Z = erased_rows(X, y, F)
        Z = (Z - Z[P].mean(0)) / Z[P].std(0)
        K = kernel(Z, Z[P], P)
        a = dposv(K[P] + 0.1 * np.eye(len(P)), y[P] - y[P].mean())[1]
        values.append(auc(K[S] @ a, y[S]))
    return np.mean(values)


def removals(X, y, parts, steps=6):
    """AUC after the best direction, then the next, is removed: a curve (steps,)."""
    curve = np.zeros(steps)
    for _, P, S in parts:
        Z = X
        for step in range(steps):
            m = class_means(Z[P], y[P])
            w = _solve(Z[P] - m[y[P]], m[1:] - m[:1])[0]
            curve[step] += auc(Z[S] @ w, y[S]) / len(parts)
            w /= np.linalg.norm(w)
            Z = Z - np.outer(Z @ w, w)
    return curve[1:]
