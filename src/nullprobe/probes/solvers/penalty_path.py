"""Penalty path: cross-validated log-loss of logistic regression for each penalty.

Problem. A penalty must be neither guessed nor chosen by held-out rows.

Solution. A path of penalties is fitted to parts of the training rows, with warm starts. The
log-loss on the other training rows selects a penalty for each label vector.

Reference. Path with warm starts after J. Friedman, T. Hastie, R. Tibshirani, "Regularization paths
for generalized linear models via coordinate descent", Journal of Statistical Software 33 (2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from nullprobe.probes.solvers.newton import solve
from nullprobe.probes.solvers.sparse_design import design_of

FOLDS = 3
STRENGTHS = tuple(float(c) for c in np.geomspace(1e-5, 1e2, 15))
DEFAULT_STRENGTH = 1.0
PATH_TOLERANCE = 1e-4  # tolerance of the fits of the path


@dataclass(frozen=True, eq=False)
class Path:
    """Cross-validated log-loss of each penalty of a path; frozen.

    Attributes
    ----------
    strengths : ndarray of shape (s,)
        Inverse strengths C, from the strongest penalty to the weakest.
    losses : ndarray of shape (s, m)
        Mean log-loss of each label vector in nats; NaN if a class is too rare.
    chosen : ndarray of shape (m,)
        The C with the least loss; 1 if the losses are NaN.
    """

    strengths: np.ndarray
    losses: np.ndarray
    chosen: np.ndarray


def path(X: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, *, seed: int) -> Path:
    """Return the cross-validated log-loss of each strength for each label vector.

    The folds do not depend on labels: all label vectors share them.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    targets : ndarray of shape (n, m, k), bool
        Which rows are positive; k = 1 for two classes.
    weights : ndarray of shape (n,) or None
    seed : int
        Seed of the folds.
    """
    n, m, _ = targets.shape
    part = np.random.default_rng(seed).permutation(n) % FOLDS
    losses, counts = np.zeros((len(STRENGTHS), m)), np.zeros(m)
    for j in range(FOLDS if n >= 2 * FOLDS else 0):
        train, test = part != j, part == j
        targets_in = targets[train]
        both = targets_in.any(axis=0) & ~targets_in.all(axis=0)
        mixed = np.flatnonzero(np.logical_and.reduce(both, axis=1))
        if not len(mixed):
            continue
        w = np.ones(n) if weights is None else weights
        design = design_of(X[train], None if weights is None else w[train])
        held, start = design.standardise(X[test]), None
        for i, C in enumerate(STRENGTHS):
            preconditioner = design.preconditioner(1.0 / (C * design.total))
            start, _ = solve(
                design,
                targets_in[:, mixed],
                preconditioner,
                start=start,
                tolerance=PATH_TOLERANCE,
            )
            scores = design.log_odds(held, start)
            losses[i, mixed] += w[test] @ -log_probabilities(scores, targets[test][:, mixed])
        counts[mixed] += w[test].sum()
    losses = np.divide(losses, counts, out=np.full(losses.shape, np.nan), where=counts > 0)
    best = np.array(STRENGTHS)[np.where(counts > 0, losses, 0.0).argmin(axis=0)]
    return Path(np.array(STRENGTHS), losses, np.where(counts > 0, best, DEFAULT_STRENGTH))


def log_probabilities(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the log-probability (n, m) of the class of each row under scores (n, m, k)."""
    if scores.shape[2] == 1:
        return -np.logaddexp(0.0, np.where(targets, -scores, scores))[:, :, 0]
    return (log_softmax(scores, axis=2) * targets).sum(axis=2)
