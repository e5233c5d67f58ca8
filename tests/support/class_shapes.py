"""Classes that differ in covariance as well as in mean, and how much they differ."""

import numpy as np


def shaped(seed, n, d, n_classes, *, shares=None, gap=1.0, spread=3.0):
    """Return X (n, d) and y: Gaussian classes of d + 1 rows or more, each of its own shape."""
    rng = np.random.default_rng(seed)
    y = rng.choice(n_classes, size=n, p=shares)
    y[: n_classes * (d + 2)] = np.tile(np.arange(n_classes), d + 2)[:n]
    X = rng.standard_normal((n, d))
    for c in range(n_classes):
        turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
        X[y == c] = X[y == c] * np.geomspace(spread, 1.0, d) @ turn
    return X + gap * rng.standard_normal((n_classes, d))[y], y


def class_moments(X, y):
    """Return class means (K, d) and class covariances (K, d, d), divided by the rows."""
    parts = [np.asarray(X, dtype=float)[y == c] for c in np.unique(y)]
    d = X.shape[1]
    covariances = [np.cov(part.T, bias=True).reshape(d, d) for part in parts]
    return np.array([part.mean(axis=0) for part in parts]), np.array(covariances)


def differences(X, y, basis=None):
    """Return the largest difference of class means, and of class covariances.

    In units of the standard deviations of the features within classes; in a basis of the
    directions that rows vary in, where they do not vary in all.
    """
    X = np.asarray(X, dtype=float)
    means, covariances = class_moments(X if basis is None else X @ basis, y)
    shares = np.unique(y, return_counts=True)[1] / len(y)
    sd = np.sqrt(np.einsum("c,cii->i", shares, covariances))
    return (
        np.ptp(means / sd, axis=0).max(),
        np.ptp(covariances / np.outer(sd, sd), axis=0).max(),
    )
