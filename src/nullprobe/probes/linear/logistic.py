"""Logistic regression of standardised features, for many labellings at once.

Problem. Read y with the probe of most papers. The fit must not depend on units, and the penalty
must be neither guessed nor chosen by held-out rows.

Solution. Features are divided by their standard deviations, and all label vectors are fitted
together (`newton`). If no penalty is given, inner splits of the training rows choose one for each
label vector (`penalty_path`).

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
from nullprobe.probes.base.batched import ManyConcepts
from nullprobe.probes.base.linear import LinearProbe
from nullprobe.probes.base.linear_probes import LinearProbes
from nullprobe.probes.solvers.design import Design, Preconditioner
from nullprobe.probes.solvers.newton import MOST_STEPS, TOLERANCE, solve
from nullprobe.probes.solvers.penalty_path import DEFAULT_STRENGTH, Path, path
from nullprobe.probes.solvers.sparse_design import design_of


def logistic(
    X: np.ndarray,
    codes: np.ndarray,
    *,
    C: float = DEFAULT_STRENGTH,
    weights: np.ndarray | None = None,
    max_iter: int = MOST_STEPS,
    tol: float = TOLERANCE,
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (d, k) and bias (k,) of logistic regression; k = 1 for two classes, or K.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n, d)
    codes : ndarray of shape (n,)
        Classes 0, 1, ..., K − 1, each with rows.
    C : float
        Inverse strength of the penalty: the fit minimises the sum of losses + |w|² / 2C, with w
        for standardised features.
    weights : ndarray of shape (n,), optional
    max_iter : int
        Most Newton steps, and most steps in float32 before them.
    tol : float
        Tolerance of √(gᵀH⁻¹g); g and H are gradient and Hessian of the mean loss.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> world = worlds.gaussian(n=600, d=8, gap=4.0)
    >>> weights, bias = logistic(world.X[:300], world.y[:300])
    >>> weights.shape, bias.shape
    ((8, 1), (1,))
    >>> scores = world.X[300:] @ weights[:, 0] + bias
    >>> bool(((scores > 0) == world.y[300:]).mean() > 0.9)
    True
    """
    design = design_of(X, weights)
    targets = _targets([Concept(codes, tuple(range(codes.max() + 1)), None)])
    A = _solve_by_strength(design, targets, np.array([C]), max_iter, tol)
    return design.weights(A[:, 0])


def _targets(concepts: list[Concept]) -> np.ndarray:
    """Return which rows are positive (n, m, k), for concepts with equally many classes."""
    codes, K = np.stack([z.data for z in concepts]), concepts[0].n_columns
    return (codes[:, :, None] == np.arange(1 if K == 2 else 0, K)).transpose(1, 0, 2)


def _solve_by_strength(
    design: Design, targets: np.ndarray, C: np.ndarray, max_iter: int, tol: float
) -> np.ndarray:
    """Return A (r + 1, m, k) for label vectors with separate strengths (m,)."""
    A, converged = np.empty((design.rows.shape[1], *targets.shape[1:])), np.empty(len(C), bool)
    for strength in np.unique(C):
        preconditioner = design.preconditioner(1.0 / (float(strength) * design.total))
        same = strength == C
        A[:, same], converged[same] = solve(
            design, targets[:, same], preconditioner, tolerance=tol, max_steps=max_iter
        )
    _warn_unconverged(converged, max_iter)
    return A


def _warn_unconverged(converged: np.ndarray, max_iter: int) -> None:
    """Warn about fits (m,) that did not converge."""
    if not converged.all():
        warnings.warn(
            f"{(~converged).sum()} of {len(converged)} logistic regressions did not converge in "
            f"{max_iter} steps. Pass a smaller C, a larger tol, or a larger max_iter.",
            ConvergenceWarning,
            stacklevel=3,
        )


class LogisticProbe(ManyConcepts):
    """Read a concept with logistic regression.

    X may be sparse; it is not made dense.

    Parameters
    ----------
    C : float or None
        Inverse strength of the L2 penalty on weights of standardised features. None chooses, for
        each label vector, the strength with the least log-loss on inner held-out parts of the
        fitting rows. The choice takes about ten times as long as one fit with a given ``C``.
    max_iter : int
        Most Newton steps, and most steps in float32 before them.
    tol : float
        Tolerance of √(gᵀH⁻¹g), about the error of the log-odds; g and H are gradient and Hessian
        of the mean loss.
    random_state : int, Generator or None
        Source of the inner parts; unused with a given ``C``.

    Attributes
    ----------
    probe_ : LinearProbe or LinearProbes
        The fitted probe, or the probes of many label vectors; scores are log-odds.
    path_ : Path or list of Path
        Only with ``C=None``: the inner log-loss of each strength. A list has one Path per label
        vector.

    Notes
    -----
    The inner parts do not depend on labels, so that all label vectors share them. Rows of one group
    may be in different parts. Parts divide rows, not weights: a sample weight of 2 equals a
    repeated row only if ``C`` is given.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> LogisticProbe().fit(X, [0, 0, 1, 1]).predict(np.array([[0.5], [2.5]])).tolist()
    [0, 1]
    >>> Y = np.array([[0, 1], [0, 0], [1, 0], [1, 0]])
    >>> LogisticProbe().fit_many(X, Y).decision_function(X).shape
    (4, 2)
    """

    _takes_sparse = True

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
        """Return class probabilities (n, K); for many label vectors, of the second class (n, m)."""
        scores = arrays.host(self.decision_function(X))
        if isinstance(self.probe_, LinearProbes):
            if not all(c is not None and len(c) == 2 for c in self.probe_.classes):
                validation.complain(
                    "predict_proba of many label vectors needs two classes in each",
                    "a label vector has more",
                    "fit such a label vector separately",
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
        probe = self._many(X, [z], w)[0]
        if self.C is None:
            self.path_ = self.path_[0]
        return probe

    def _many(self, X: Array, concepts: list[Concept], w: np.ndarray | None) -> LinearProbes:
        self._check_parameters(concepts)
        X = X if validation.is_sparse(X) else arrays.host(X)
        design = design_of(X, w)
        probes: list[Any] = [None] * len(concepts)
        paths: list[Any] = [None] * len(concepts)
        sizes = np.array([z.n_columns for z in concepts])
        for size in np.unique(sizes):
            group = np.flatnonzero(sizes == size)
            targets = _targets([concepts[j] for j in group])
            C = np.full(len(group), self.C if self.C is not None else 0.0)
            if self.C is None:
                fitted_path = path(X, targets, w, seed=integer_seed(self.random_state))
                C = fitted_path.chosen
                for i, j in enumerate(group):
                    losses_and_C = fitted_path.losses[:, i : i + 1], C[i : i + 1]
                    paths[j] = Path(fitted_path.strengths, *losses_and_C)
            A = _solve_by_strength(design, targets, C, self.max_iter, self.tol)
            W, bias = design.weights(A.reshape(len(A), -1))
            W, bias = (a.reshape(*a.shape[:-1], len(group), -1) for a in (W, bias))
            for i, j in enumerate(group):
                probes[j] = LinearProbe(W[:, i], bias[i], concepts[j].classes)
        if self.C is None:
            self.path_ = paths
        elif hasattr(self, "path_"):
            del self.path_  # from an earlier fit
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
                    "logistic regression needs class labels in every column of Y",
                    f"column {j} holds numbers",
                    "use LDAProbe, which predicts numbers, or drop the column",
                )

    def _refits(self, X: np.ndarray, z: Concept, w: np.ndarray | None, moments: Moments) -> Any:
        """Return the object that refits this probe after each removal of directions."""
        if z.codes is None or self.C is None:
            return None
        self._check_parameters([z])
        with parallel.small(X.shape[1]):
            design = Design.of(X, w, moments)
            return _ConstrainedRefits(self, self.C, design, z, moments.scale > 0)


class _ConstrainedRefits:
    """Refits with weights orthogonal to the removed directions, without a copy of the rows."""

    def __init__(
        self, probe: LogisticProbe, C: float, design: Design, z: Concept, alive: np.ndarray
    ) -> None:
        self.probe, self.design, self.targets, self.alive = probe, design, _targets([z]), alive
        self.removed = np.zeros((len(design.mean), 0))
        self.unconstrained = Preconditioner.of(design, 1.0 / (C * design.total))
        self.preconditioner = self.unconstrained

    def weights(self) -> np.ndarray:
        """Fit the probe without the removed directions; return its weights (d, m)."""
        max_iter, tol = self.probe.max_iter, self.probe.tol
        A, converged = solve(
            self.design, self.targets, self.preconditioner, tolerance=tol, max_steps=max_iter
        )
        _warn_unconverged(converged, max_iter)
        return self.design.weights(A[:, 0])[0]

    def project(self, Q: np.ndarray) -> None:
        """Remove orthonormal directions (d, m)."""
        self.removed = np.hstack([self.removed, Q])
        with parallel.small(len(Q)):
            self.preconditioner = self.unconstrained.within(self.design.constraint(self.removed))
