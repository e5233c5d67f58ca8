"""Penalty path: what each penalty of logistic regression is worth on rows that no fit of it saw.

Problem. A penalty must be neither guessed nor chosen by the rows that are to be scored.

Solution. A path of penalties is fitted to parts of the training rows, each from where the last one
ended, and judged by its log-loss on the other training rows, for each label vector its own.

Reference. Path with warm starts after J. Friedman, T. Hastie, R. Tibshirani, "Regularization paths
for generalized linear models via coordinate descent", Journal of Statistical Software 33 (2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from nullprobe.probes.solvers.design import Design, Preconditioner
from nullprobe.probes.solvers.newton import solve

FOLDS = 3
STRENGTHS = tuple(float(c) for c in np.geomspace(1e-5, 1e2, 15))
USUAL_STRENGTH = 1.0
ON_THE_WAY = 1e-4  # tolerance of fits by which a strength is chosen


@dataclass(frozen=True, eq=False)
class Path:
    """What the penalties of a path were worth on training rows that no fit of theirs saw; frozen.

    Attributes
    ----------
    strengths : ndarray of shape (s,)
        Inverse strengths C, from the strongest penalty to the weakest.
    losses : ndarray of shape (s, m)
        Mean log-loss in nats of each label vector; NaN where a class was too rare to tell.
    chosen : ndarray of shape (m,)
        The C of least loss; 1 where there is none.
    """

    strengths: np.ndarray
    losses: np.ndarray
    chosen: np.ndarray


def path(X: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, *, seed: int) -> Path:
    """Return what each strength is worth for each label vector, on parts of the rows in turn.

    The parts do not depend on the labels: those of one vector are those of any other.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    targets : ndarray of shape (n, m, k), bool
        Who is a positive; k = 1 for two classes.
    weights : ndarray of shape (n,) or None
    seed : int
        Of the parts.
    """
    n, m, _ = targets.shape
    part = np.random.default_rng(seed).permutation(n) % FOLDS
    losses, counts = np.zeros((len(STRENGTHS), m)), np.zeros(m)
    for j in range(FOLDS if n >= 2 * FOLDS else 0):
        train, test = part != j, part == j
        there = targets[train]
        both = there.any(axis=0) & ~there.all(axis=0)
        told = np.flatnonzero(np.logical_and.reduce(both, axis=1))
        if not len(told):
            continue
        w = np.ones(n) if weights is None else weights
        design = Design.of(X[train], None if weights is None else w[train])
        held = (X[test] - design.mean) * design.inverse
        held = held if design.basis is None else held @ design.basis
        start = None
        for i, C in enumerate(STRENGTHS):
            ready = Preconditioner.of(design, 1.0 / (C * design.total))
            start, _ = solve(design, there[:, told], ready, start=start, tolerance=ON_THE_WAY)
            scores = np.tensordot(held, start[:-1], 1) + start[-1]
            losses[i, told] += w[test] @ -log_chances(scores, targets[test][:, told])
        counts[told] += w[test].sum()
    losses = np.divide(losses, counts, out=np.full(losses.shape, np.nan), where=counts > 0)
    best = np.array(STRENGTHS)[np.where(counts > 0, losses, 0.0).argmin(axis=0)]
    return Path(np.array(STRENGTHS), losses, np.where(counts > 0, best, USUAL_STRENGTH))


def log_chances(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the log-chance (n, m) that scores (n, m, k) give to the class of each row."""
    if scores.shape[2] == 1:
        return -np.logaddexp(0.0, np.where(targets, -scores, scores))[:, :, 0]
    return (log_softmax(scores, axis=2) * targets).sum(axis=2)
