"""Noises for benchmarks/actions.py: ways to draw residuals again, and their gap."""

from __future__ import annotations

import numpy as np
from action_readings import Reading, class_means

DRAWS, PILOTS, BISECTIONS = 39, 8, 9

# Noises: each takes residuals of full size R (n, d), labels, units (n,) and returns draw(rng)


def flips(R, y, unit):
    return lambda rng: R * rng.choice([-1.0, 1.0], size=unit.max() + 1)[unit][:, None]


def _shuffled(y, unit, rng):
    """Return rows in which units (of equal shape) have changed places, within no class."""
    rows = np.argsort(unit, kind="stable").reshape(unit.max() + 1, -1)
    order = np.empty(len(unit), int)
    order[rows.ravel()] = rows[rng.permutation(len(rows))].ravel()
    return order


def shuffles(R, y, unit):
    """S2: residuals change places over all rows."""
    return lambda rng: R[_shuffled(y, unit, rng)]


def flipped_shuffles(R, y, unit):
    flip = flips(R, y, unit)
    return lambda rng: flip(rng)[_shuffled(y, unit, rng)]


def common_shape(R, y, unit):
    """S: residuals whitened in their class, over all rows, coloured by the class they come to."""
    if np.bincount(y).min() <= R.shape[1] + 1:
        return None
    V, roots = np.empty_like(R), []
    for c in (0, 1):
        roots.append(np.linalg.cholesky(R[y == c].T @ R[y == c] / (y == c).sum()))
        V[y == c] = np.linalg.solve(roots[c], R[y == c].T).T

    def draw(rng):
        W = V[_shuffled(y, unit, rng)]
        E = np.empty_like(R)
        for c in (0, 1):
            E[y == c] = W[y == c] @ roots[c].T
        return E

    return draw


def debiased_shape(R, y, unit):
    """SU: as S, with covariances C + t (C_c - C); t² is the unbiased share of |C_1 - C_0|²."""
    root = np.linalg.cholesky(R.T @ R / len(R))
    V, t = np.linalg.solve(root, R.T).T, np.sqrt(_share(np.linalg.solve(root, R.T).T, y))
    pooled = np.eye(R.shape[1])
    roots = []
    for c in (0, 1):
        own = V[y == c].T @ V[y == c] / (y == c).sum()
        k, Q = np.linalg.eigh((1 - t) * pooled + t * own)
        roots.append((Q * np.sqrt(k)) @ Q.T)
    white = np.empty_like(V)
    for c in (0, 1):
        white[y == c] = np.linalg.solve(roots[c], V[y == c].T).T

    def draw(rng):
        W = white[_shuffled(y, unit, rng)]
        E = np.empty_like(R)
        for c in (0, 1):
            E[y == c] = W[y == c] @ roots[c] @ root.T
        return E

    return draw


def _share(V, y, splits=50):
    """Return <A, B> / |D|², in [0, 1]: A, B differences of covariances in two halves, D in all."""
    rng, values = np.random.default_rng(0), []

    def gap(rows):
        one, zero = V[rows & (y == 1)], V[rows & (y == 0)]
        return one.T @ one / len(one) - zero.T @ zero / len(zero)

    for _ in range(splits):
        half = np.zeros(len(y), bool)
        for c in (0, 1):
            mine = rng.permutation(np.flatnonzero(y == c))
            half[mine[: len(mine) // 2]] = True
        values.append((gap(half) * gap(~half)).sum())
    return float(np.clip(np.mean(values) / (gap(y >= 0) ** 2).sum(), 0, 1))


def rotations(R, y, unit):
    """Haar rotations of a class's residuals (of groups, where they are units) that fix its mean."""
    n_units = unit.max() + 1
    grouped = n_units < len(y)
    label = np.array([y[unit == u].mean() for u in range(n_units)])
    rows = np.argsort(unit, kind="stable").reshape(n_units, -1)

    def draw(rng):
        E = np.empty_like(R)
        for value in np.unique(label):
            mine = rows[label == value]
            A = R[mine].reshape(len(mine), -1)
            G = rng.normal(size=(len(mine), min(A.shape[1], len(mine) - 1)))
            Q, T = np.linalg.qr(G - G.mean(0))
            Q = Q * np.sign(np.diag(T))
            if A.shape[1] < len(mine) - 1:
                S = np.linalg.qr(A, mode="r")
            else:
                _, s, Vt = np.linalg.svd(A, full_matrices=False)
                S = (s[:, None] * Vt)[: len(mine) - 1]
            E[mine.ravel()] = (Q @ S).reshape(-1, R.shape[1])
        return E

    return draw if grouped or n_units == len(y) else None


def shape_of(R):
    """Return the covariance of the rows' directions, shrunk as OAS does, with mean eigenvalue 1."""
    n, d = R.shape
    U = R / np.linalg.norm(R, axis=1, keepdims=True) * np.sqrt(d)
    S = U.T @ U / n
    square, trace = (S * S).sum(), np.trace(S)
    a = min(1.0, ((1 - 2 / d) * square + trace**2) / ((n + 1 - 2 / d) * (square - trace**2 / d)))
    return (1 - a) * S + a * trace / d * np.eye(d)


def radii(R, y, unit):
    """R: a new direction for each row, which keeps its Mahalanobis radius in the shrunk shape."""
    root = np.linalg.cholesky(shape_of(R))
    radius = np.linalg.norm(np.linalg.solve(root, R.T), axis=0)

    def draw(rng):
        G = rng.normal(size=R.shape)
        return (G * (radius / np.linalg.norm(G, axis=1))[:, None]) @ root.T

    return draw


def gaussian(R, y, unit):
    """Plug-in: Gaussian rows with the covariance of the residuals."""
    root = np.linalg.cholesky(R.T @ R / len(R) + 1e-9 * (R * R).sum() / R.size * np.eye(R.shape[1]))
    return lambda rng: rng.normal(size=R.shape) @ root.T


# name: noise (residuals of full size, drawn), centred in each class again, gap (kept, matched
# over pilots, matched in each draw, or kept about the mean of the other rows)
VARIANTS = {
    "plug-in": (gaussian, False, "pilots"),
    "rotations": (rotations, True, "kept"),
    "A": (flips, True, "kept"),
    "E": (flips, True, "draw"),
    "M": (flips, False, "pilots"),
    "M2": (flips, False, "draw"),
    "L": (flips, "out", "kept"),
    "R": (radii, False, "draw"),
    "RE": (radii, True, "draw"),
    "S": (common_shape, True, "draw"),
    "S2": (shuffles, False, "draw"),
    "S2E": (shuffles, True, "draw"),
    "SF": (flipped_shuffles, True, "draw"),
    "SU": (debiased_shape, False, "draw"),
}


def _match(readings, raw):
    """Return the scale of the gap at which the mean raw AUC of these readings is ``raw``."""
    low, high = 0.0, 3.0
    for _ in range(BISECTIONS):
        s = (low + high) / 2
        low, high = (s, high) if np.mean([r.raw(s) for r in readings]) < raw else (low, s)
    return (low + high) / 2


def draws(X, y, unit, parts, raw, noise, centred, hows):
    """Yield (E, {how: s}, Reading), DRAWS times; None where the noise cannot be drawn."""
    M = class_means(X, y)
    gap = M[1] - M[0]
    label = np.array([y[unit == u].mean() for u in range(unit.max() + 1)])
    count = np.array([(label == value).sum() for value in label])[unit][:, None]
    R = (X - M[y]) / np.sqrt(1 - 1 / count)
    make = noise(R, y, unit)

    def drawn(rng):
        E = make(rng)
        if centred == "out":
            E, own = E / np.sqrt(1 - 1 / count), (X - M[y]) / (count - 1)
            E = E - own
        elif centred:
            E = E - class_means(E, y)[y]
        return E, Reading(E, gap, y, parts)

    if make is None:
        return
    scales = {"kept": 1.0}
    if "pilots" in hows:
        pilot = np.random.default_rng(0)
        scales["pilots"] = _match([drawn(pilot)[1] for _ in range(PILOTS)], raw)
    rng = np.random.default_rng(1)
    for _ in range(DRAWS):
        E, reading = drawn(rng)
        if "draw" in hows:
            scales["draw"] = _match([reading], raw)
        yield E, {how: scales[how] for how in hows}, reading
