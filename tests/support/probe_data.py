"""What probes are shown in their tests, and how well they read it."""

import numpy as np
from sklearn.metrics import roc_auc_score
from support.samples import draw


def sample(n_classes=2, n=120, d=4):
    """Return classes whose means lie well apart, so that any probe reads them."""
    return draw(0, n, d, n_classes, gap=2.0)


def spread_apart(n=900, d=6, seed=0):
    """Return two classes of equal means, each wide where the other is narrow, and their odds."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    wide = np.where(np.arange(d) < d // 2, 2.0, 0.5)
    X = rng.standard_normal((n, d)) * np.where(y[:, None] == 1, wide, wide[::-1])
    return X, y, 0.5 * X**2 @ (1 / wide[::-1] ** 2 - 1 / wide**2)


def held_out(probe, X, y):
    """Return the AUC in the second half of a probe that was fitted to the first."""
    half = len(X) // 2
    scores = probe.fit(X[:half], y[:half]).decision_function(X[half:])
    return roc_auc_score(y[half:], scores)
