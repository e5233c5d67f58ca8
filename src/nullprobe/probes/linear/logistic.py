"""Logistic regression, in units of the standard deviations, for many labellings at once.

Problem. Read y with the probe that most papers use, without a fit that depends on units, and with
a penalty that is neither guessed nor chosen by the rows that are to be scored.

Solution. Features are divided by their standard deviations and all label vectors are fitted side
by side (`newton`). Where no penalty is given, the one that is worth most within the training rows
is taken, for each label vector its own (`penalty_path`).

Reference. D. R. Cox, "The regression analysis of binary sequences", 1958.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning

from nullprobe._core import arrays, parallel, parameters, validation
from nullprobe._core.arrays import Array
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.data.concept import Concept
from nullprobe.moments import Moments
from nullprobe.probes.base.batched import LinearProbes, ManyConcepts
from nullprobe.probes.base.linear import LinearProbe
from nullprobe.probes.solvers.design import Design, Preconditioner
from nullprobe.probes.solvers.newton import MOST_STEPS, TOLERANCE, solve
from nullprobe.probes.solvers.penalty_path import USUAL_STRENGTH, Path, path


def logistic(
    X: np.ndarray,
    codes: np.ndarray,
    *,
    C: float = USUAL_STRENGTH,
    weights: np.ndarray | None = None,
    max_iter: int = MOST_STEPS,
    tol: float = TOLERANCE,
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
    tol : float
        Of √(gᵀH⁻¹g), g and H the slope and the second derivative of the mean loss.
    """
    design = Design.of(X, weights)
    targets = _targets([Concept(codes, tuple(range(codes.max() + 1)), None)])
    A = _solved(design, targets, np.array([C]), max_iter, tol)
    return design.weights(A[:, 0])


def _targets(concepts: list[Concept]) -> np.ndarray:
    """Return who is a positive (n, m, k), of concepts of equally many classes."""
    codes, K = np.stack([z.data for z in concepts]), concepts[0].n_columns
    return (codes[:, :, None] == np.arange(1 if K == 2 else 0, K)).transpose(1, 0, 2)


def _solved(
    design: Design, targets: np.ndarray, C: np.ndarray, max_iter: int, tol: float
) -> np.ndarray:
    """Return A (r + 1, m, k) for label vectors, each of a strength of its own (m,)."""
    A, converged = np.empty((design.rows.shape[1], *targets.shape[1:])), np.empty(len(C), bool)
    for strength in np.unique(C):
        ready = Preconditioner.of(design, 1.0 / (float(strength) * design.total))
        same = strength == C
        A[:, same], converged[same] = solve(
            design, targets[:, same], ready, tolerance=tol, max_steps=max_iter
        )
    _warn_of(converged, max_iter)
    return A


def _warn_of(converged: np.ndarray, max_iter: int) -> None:
    """Say which fits (m,) took all their steps."""
    if not converged.all():
        warnings.warn(
            f"{(~converged).sum()} of {len(converged)} logistic regressions took all {max_iter} "
            "steps and have not converged; pass a smaller C, a larger tol, or a larger max_iter.",
            ConvergenceWarning,
            stacklevel=3,
        )


class LogisticProbe(ManyConcepts):
    """Read a concept with logistic regression.

    Parameters
    ----------
    C : float or None
        Inverse strength of the L2 penalty, in units of the standard deviations. None for the one
        of a path whose log-loss is least on inner held-out parts of the rows that it is fitted
        to; each of many label vectors gets its own. The choice takes about ten times the time of
        one fit with a given ``C``.
    max_iter : int
        Newton steps that the solver may take, and steps in float32 before them.
    tol : float
        About the error that is left in the log-odds: of √(gᵀH⁻¹g), g and H the slope and the
        second derivative of the mean loss.
    random_state : int, Generator or None
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
    label vectors share them. Rows of one group may be in two of them. They are parts of the rows,
    not of the weight: a sample weight of 2 is a row twice only where ``C`` is given.

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
        self,
        C: float | None = None,
        max_iter: int = MOST_STEPS,
        tol: float = TOLERANCE,
        random_state: RandomState = 0,
    ) -> None:
        self.C = C
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def predict_proba(self, X: Array) -> np.ndarray:
        """Return the chance of each class (n, K); of many label vectors, of the second (n, m)."""
        scores = arrays.host(self.decision_function(X))
        if isinstance(self.probe_, LinearProbes):
            if not all(c is not None and len(c) == 2 for c in self.probe_.classes):
                validation.complain(
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
            validation.complain(
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
        X = arrays.host(X)
        design = Design.of(X, w)
        probes: list[Any] = [None] * len(concepts)
        paths: list[Any] = [None] * len(concepts)
        sizes = np.array([z.n_columns for z in concepts])
        for size in np.unique(sizes):
            group = np.flatnonzero(sizes == size)
            targets = _targets([concepts[j] for j in group])
            C = np.full(len(group), self.C if self.C is not None else 0.0)
            if self.C is None:
                found = path(X, targets, w, seed=integer_seed(self.random_state))
                C = found.chosen
                for i, j in enumerate(group):
                    one = found.losses[:, i : i + 1], C[i : i + 1]
                    paths[j] = Path(found.strengths, *one)
            A = _solved(design, targets, C, self.max_iter, self.tol)
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
        if self.C is not None and parameters.real_number("C", self.C, least=0.0) == 0:
            validation.complain("C must be above 0", "it is 0", "pass a larger number")
        parameters.whole_number("max_iter", self.max_iter, least=1)
        if parameters.real_number("tol", self.tol, least=0.0) == 0:
            validation.complain("tol must be above 0", "it is 0", "pass a larger number")
        for j, z in enumerate(concepts):
            if not z.is_classes:
                validation.complain(
                    "logistic regression needs class labels in every column of y",
                    f"column {j} holds numbers",
                    "use LDAProbe, which predicts numbers, or leave the column out",
                )

    def _left(self, X: np.ndarray, z: Concept, w: np.ndarray | None, moments: Moments) -> Any:
        """Return what fits this probe again and again, to rows that lose direction after it."""
        if z.codes is None or self.C is None:
            return None
        self._check_parameters([z])
        with parallel.small(X.shape[1]):
            design = Design.of(X, w, moments)
            return _Within(self, self.C, design, z, moments.scale > 0)


class _Within:
    """Fits within what is left: weights are kept orthogonal to what is gone; no row is touched."""

    def __init__(
        self, probe: LogisticProbe, C: float, design: Design, z: Concept, alive: np.ndarray
    ) -> None:
        self.probe, self.design, self.targets, self.alive = probe, design, _targets([z]), alive
        self.gone = np.zeros((len(design.mean), 0))
        self.whole = self.ready = Preconditioner.of(design, 1.0 / (C * design.total))

    def weights(self) -> np.ndarray:
        """Fit the probe to what is left; return its weights (d, m)."""
        most, tol = self.probe.max_iter, self.probe.tol
        A, converged = solve(self.design, self.targets, self.ready, tolerance=tol, max_steps=most)
        _warn_of(converged, most)
        return self.design.weights(A[:, 0])[0]

    def project(self, Q: np.ndarray) -> None:
        """Take orthonormal directions (d, m) out."""
        self.gone = np.hstack([self.gone, Q])
        with parallel.small(len(Q)):
            self.ready = self.whole.within(self.design.constraint(self.gone))
