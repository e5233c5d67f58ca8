"""Logistic regression, in units of the standard deviations, for many labellings at once.

Problem. Read y with the probe that most papers use, without a fit that depends on units, and with
a penalty that is neither guessed nor chosen by the rows that are to be scored.

Solution. Features are divided by their standard deviations and all label vectors are fitted side
by side (`newton`). Where no penalty is given, a path of them is fitted to parts of the training
rows, each from where the last one ended, and the one of least log-loss on the other training rows
is taken, for each label vector its own.

Reference. D. R. Cox, "The regression analysis of binary sequences", 1958; path with warm starts
after J. Friedman, T. Hastie, R. Tibshirani, "Regularization paths for generalized linear models
via coordinate descent", Journal of Statistical Software 33 (2010).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning

from nullprobe import _array, _check, _seeds, _threads
from nullprobe._array import Array
from nullprobe.concepts import Concept
from nullprobe.moments import Moments
from nullprobe.probes.design import Design, Preconditioner
from nullprobe.probes.linear import LinearProbe
from nullprobe.probes.many import LinearProbes, ManyConcepts
from nullprobe.probes.newton import MOST_STEPS, solve

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


def logistic(
    X: np.ndarray,
    codes: np.ndarray,
    *,
    C: float = USUAL_STRENGTH,
    weights: np.ndarray | None = None,
    max_iter: int = MOST_STEPS,
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (d, k) and bias (k,) of logistic regression; k = 1 for two classes, or K.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    codes : ndarray of shape (n,)
        Classes 0, 1, ..., K − 1, each with rows.
    C : float
        Inverse strength of the penalty: the sum of the losses + |w|² / 2C is made least, w in
        units of the standard deviations.
    weights : ndarray of shape (n,), optional
    max_iter : int
        Newton steps, and steps in float32 before them.
    """
    design = Design.of(X, weights)
    targets = _targets([Concept(codes, tuple(range(codes.max() + 1)), None)])
    A = _solved(design, targets, np.array([C]), max_iter)
    return design.weights(A[:, 0])


def path(
    X: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, *, seed: int | None
) -> Path:
    """Return what each strength is worth for each label vector, on parts of the rows in turn.

    The parts do not depend on the labels: those of one vector are those of any other.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    targets : ndarray of shape (n, m, k), bool
        Who is a positive; k = 1 for two classes.
    weights : ndarray of shape (n,) or None
    seed : int or None
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


def _targets(concepts: list[Concept]) -> np.ndarray:
    """Return who is a positive (n, m, k), of concepts of equally many classes."""
    codes, K = np.stack([z.data for z in concepts]), concepts[0].n_columns
    return (codes[:, :, None] == np.arange(1 if K == 2 else 0, K)).transpose(1, 0, 2)


def _solved(design: Design, targets: np.ndarray, C: np.ndarray, max_iter: int) -> np.ndarray:
    """Return A (r + 1, m, k) for label vectors, each of a strength of its own (m,)."""
    A = np.empty((design.rows.shape[1], *targets.shape[1:]))
    failed = 0
    for strength in np.unique(C):
        ready = Preconditioner.of(design, 1.0 / (float(strength) * design.total))
        same = strength == C
        A[:, same], converged = solve(design, targets[:, same], ready, max_steps=max_iter)
        failed += int((~converged).sum())
    if failed:
        warnings.warn(
            f"{failed} of {len(C)} logistic regressions took all {max_iter} steps and have not "
            "converged; pass a smaller C, or a larger max_iter.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return A


class LogisticProbe(ManyConcepts):
    """Read a concept with logistic regression.

    Parameters
    ----------
    C : float or None
        Inverse strength of the L2 penalty, in units of the standard deviations. None for the one
        of a path whose log-loss is least on inner held-out parts of the rows that it is fitted
        to; each of many label vectors gets its own.
    max_iter : int
        Newton steps that the solver may take, and steps in float32 before them.
    random_state : int or None
        Of the inner parts, where there is no ``C``.

    Attributes
    ----------
    probe_ : LinearProbe or LinearProbes
        The fitted reader, or those of many label vectors; scores are log-odds.
    path_ : Path or list of Path
        Where ``C`` is None: what each strength was worth; of many label vectors, one for each.

    Notes
    -----
    The parts by which a strength is chosen are drawn without regard to the labels, so that all
    label vectors share them. Rows of one group may be in two of them.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> LogisticProbe().fit(X, [0, 0, 1, 1]).predict(np.array([[0.5], [2.5]])).tolist()
    [0, 1]
    >>> Y = np.array([[0, 1], [0, 0], [1, 0], [1, 0]])
    >>> LogisticProbe().fit(X, Y).decision_function(X).shape
    (4, 2)
    """

    def __init__(
        self, C: float | None = 1.0, max_iter: int = MOST_STEPS, random_state: int | None = 0
    ) -> None:
        self.C = C
        self.max_iter = max_iter
        self.random_state = random_state

    def predict_proba(self, X: Array) -> np.ndarray:
        """Return the chance of each class (n, K); of many label vectors, of the second (n, m)."""
        scores = _array.host(self.decision_function(X))
        if isinstance(self.probe_, LinearProbes):
            if not all(c is not None and len(c) == 2 for c in self.probe_.classes):
                _check.complain(
                    "chances are given of label vectors of two classes",
                    "a column has more",
                    "fit such a column on its own",
                )
            return np.exp(-np.logaddexp(0.0, -scores))
        if scores.ndim == 1:
            return np.exp(-np.logaddexp(0.0, np.column_stack([scores, -scores])))
        return np.exp(log_softmax(scores, axis=1))

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> LinearProbe:
        if z.codes is None:
            _check.complain(
                "logistic regression needs class labels",
                "the concept is numeric",
                "use LDAProbe, which predicts numbers, or pass labels",
            )
        found = self._many(X, [z], w)[0]
        if self.C is None:
            self.path_ = self.path_[0]
        return found

    def _many(self, X: Array, concepts: list[Concept], w: np.ndarray | None) -> LinearProbes:
        self._check_parameters(concepts)
        X = _array.host(X)
        design = Design.of(X, w)
        probes: list[Any] = [None] * len(concepts)
        paths: list[Any] = [None] * len(concepts)
        sizes = np.array([z.n_columns for z in concepts])
        for size in np.unique(sizes):
            group = np.flatnonzero(sizes == size)
            targets = _targets([concepts[j] for j in group])
            C = np.full(len(group), self.C if self.C is not None else 0.0)
            if self.C is None:
                found = path(X, targets, w, seed=_seeds.seed(self.random_state))
                C = found.chosen
                for i, j in enumerate(group):
                    one = found.losses[:, i : i + 1], C[i : i + 1]
                    paths[j] = Path(found.strengths, *one)
            A = _solved(design, targets, C, self.max_iter)
            W, bias = design.weights(A.reshape(len(A), -1))
            W, bias = (a.reshape(*a.shape[:-1], len(group), -1) for a in (W, bias))
            for i, j in enumerate(group):
                probes[j] = LinearProbe(W[:, i], bias[i], concepts[j].classes)
        if self.C is None:
            self.path_ = paths
        elif hasattr(self, "path_"):
            del self.path_  # of an earlier fit
        return LinearProbes.of(probes)

    def _check_parameters(self, concepts: list[Concept]) -> None:
        if self.C is not None and _check.real_number("C", self.C, least=0.0) == 0:
            _check.complain("C must be above 0", "it is 0", "pass a larger number")
        _check.whole_number("max_iter", self.max_iter, least=1)
        for j, z in enumerate(concepts):
            if not z.is_classes:
                _check.complain(
                    "logistic regression needs class labels in every column of y",
                    f"column {j} holds numbers",
                    "use LDAProbe, which predicts numbers, or leave the column out",
                )

    def _left(self, X: np.ndarray, z: Concept, w: np.ndarray | None, moments: Moments) -> Any:
        """Return what fits this probe again and again, to rows that lose direction after it."""
        if z.codes is None or self.C is None:
            return None
        self._check_parameters([z])
        with _threads.small(X.shape[1]):
            design = Design.of(X, w, moments.covariance)
            return _Within(design, z, self.C, moments.scale > 0)


class _Within:
    """Fits within what is left: weights are kept orthogonal to what is gone; no row is touched."""

    def __init__(self, design: Design, z: Concept, C: float, alive: np.ndarray) -> None:
        self.design, self.targets, self.alive = design, _targets([z]), alive
        self.gone = np.zeros((len(design.mean), 0))
        self.whole = self.ready = Preconditioner.of(design, 1.0 / (C * design.total))

    def weights(self) -> np.ndarray:
        """Fit the probe to what is left; return its weights (d, m)."""
        A, _ = solve(self.design, self.targets, self.ready)
        return self.design.weights(A[:, 0])[0]

    def project(self, Q: np.ndarray) -> None:
        """Take orthonormal directions (d, m) out."""
        self.gone = np.hstack([self.gone, Q])
        with _threads.small(len(Q)):
            self.ready = self.whole.within(self.design.constraint(self.gone))
