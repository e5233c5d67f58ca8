"""SPLINCE: erase a concept and keep the covariance of X with a task.

Problem. Concept and task are correlated in the sample. LEACE, which removes Cov(X, Z), also
removes a part of Cov(X, T). Among the affine maps that remove the first and keep the second,
find the one that moves X least.

Solution. x ↦ x − A (x − μ) with A = C (Gᵀ Σ⁺ C)⁻¹ Gᵀ Σ⁺ and G = C − C_T (C_Tᵀ Σ⁺ C_T)⁺ C_Tᵀ Σ⁺ C,
C = Cov(X, Z), C_T = Cov(X, T). LEACE reads along C; here, in the reading only, the residual G of
a regression of C on C_T replaces C. Then A C = C and A C_T = 0.

Reference. F. Holstege, S. Ravfogel, B. Wouters, "Preserving task-relevant information under linear
concept removal", NeurIPS 2025, arXiv 2506.10703.
"""

from __future__ import annotations

from typing import Any, NoReturn, Self

import numpy as np
from scipy.linalg import eigh

from nullprobe._core import linalg, validation
from nullprobe._core.arrays import Array
from nullprobe.erasers.estimator import MomentEraser, concept_to_erase
from nullprobe.erasers.fits import fitted, remaining_share
from nullprobe.erasers.maps.affine import AffineEraser
from nullprobe.moments import Moments
from nullprobe.moments.task_moments import TaskMoments


def splince(moments: TaskMoments) -> AffineEraser:
    """Return the eraser that removes Cov(X, Z), keeps Cov(X, T), and moves X least.

    Parameters
    ----------
    moments : TaskMoments
        Moments of X (n, d), the concept Z (n, k) and the task T (n, t).

    Raises
    ------
    InputError
        If X covaries with the concept in a direction in which it covaries with the task: the
        covariance with one cannot be erased and the other kept.

    Notes
    -----
    In units of the standard deviations, with B and B_T the correlations of the features with
    uncorrelated, unit-variance concept and task variables, V = R⁺ B and V_T = R⁺ B_T:

        reading  U = V − V_T (B_Tᵀ V_T)⁻¹ B_Tᵀ V,   A = B (Uᵀ B)⁻¹ Uᵀ.

    Guaranteed on the fitting sample: Cov(X', Z) = 0, Cov(X', T) = Cov(X, T). Not guaranteed: that
    T can be predicted as well as before (this also depends on Cov(X')), or anything about nonlinear
    probes or new rows. The closer concept and task are, the further X moves.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import TaskMoments
    >>> rng = np.random.default_rng(0)
    >>> y, task = np.arange(200) % 2, rng.normal(size=200)
    >>> X = rng.normal(size=(200, 4)) + np.outer(y, [1, 1, 0, 0]) + np.outer(task, [0, 1, 1, 0])
    >>> after = TaskMoments.of(splince(TaskMoments.of(X, y, task)).apply(X), y, task)
    >>> bool(np.allclose(after.concept.cross_covariance, 0))
    True
    """
    of_concept, of_task = moments.concept, moments.task
    basis, protected = of_concept.concept_basis(), of_task.concept_basis()
    B, T = basis.correlation, protected.correlation
    both = of_concept.factor().solve(np.hstack([B, T])) if B.size else np.hstack([B, T])
    V, V_T = both[:, : basis.rank], both[:, basis.rank :]
    M = B.T @ V
    U = V - V_T @ np.linalg.solve(T.T @ V_T, T.T @ V) if T.size and B.size else V
    distinct = linalg.left_over(_squared_sines(M, U.T @ B), eps=of_concept.eps)
    if not distinct.all():
        _complain_overlap(
            int((~distinct).sum()), basis.rank, protected.rank, of_concept.factor().rank
        )
    reading = linalg.reciprocal(basis.scale)[:, None] * np.linalg.solve((U.T @ B).T, U.T).T
    writing = (basis.scale[:, None] * B).T
    share = remaining_share(of_concept, reading, writing)
    return fitted("SPLINCE", of_concept, reading, writing, share, task_rank=str(protected.rank))


def _squared_sines(M: np.ndarray, S: np.ndarray) -> np.ndarray:
    """Return the squared sines (r,) of the angles between concept and task directions.

    M (r, r) is the Gram matrix of the concept directions. S (r, r) is the Gram matrix of their
    residuals after a regression on the task directions. The squared sines are the eigenvalues of
    S in units of M.
    """
    unit = linalg.reciprocal(np.sqrt(M.diagonal()))
    M, S = (unit[:, None] * 0.5 * (A + A.T) * unit for A in (M, S))
    return eigh(S, M, eigvals_only=True) if M.size else np.ones(0)


def _complain_overlap(shared: int, r: int, t: int, d: int) -> NoReturn:
    """Complain that concept (r directions) and task (t directions) share directions of all d."""
    if t == d:
        validation.complain(
            "the task must leave a direction of X in which the concept can be erased",
            f"X covaries with it in {'its only direction' if d == 1 else f'all {d} directions'} "
            "in which rows vary",
            "pass a smaller task or more features, or use LEACE",
        )
    if shared == r == t:
        validation.complain(
            "the task must differ from the concept",
            f"X covaries with both in the same {'direction' if r == 1 else f'{r} directions'}: "
            "erasing one erases the other",
            "pass another task, or use LEACE",
        )
    number = "all" if shared == r else f"{shared} of the"
    of_concept = "the only direction" if r == 1 else f"{number} {r} directions"
    validation.complain(
        "X must covary with the concept and with the task in different directions",
        f"{of_concept} of the concept {'lies' if shared == 1 else 'lie'} among the {t} of the task",
        "drop the part of the task that follows from the concept, or use LEACE",
    )


class SPLINCE(MomentEraser):
    """Erase a concept and keep the covariance of the representation with a task.

    Without a task, SPLINCE is LEACE. The task is a keyword of ``fit`` and follows scikit-learn's
    metadata routing: ``SPLINCE().set_fit_request(task=True)`` in a pipeline.

    Parameters
    ----------
    kind : {"labels", "numeric"} or None
        What y is; None for the rule: floats are numbers, unless all are whole and few are distinct.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(200) % 2
    >>> task = y + rng.normal(size=200)
    >>> X = rng.normal(size=(200, 4)) + np.outer(y, [1, 1, 0, 0]) + np.outer(task, [0, 1, 1, 0])
    >>> X_ = SPLINCE().fit(X, y, task=task).transform(X)
    >>> covariance = [(A - A.mean(0)).T @ (task - task.mean()) for A in (X, X_)]
    >>> bool(np.allclose(*covariance)), bool(np.allclose(X_[y == 0].mean(0), X_[y == 1].mean(0)))
    (True, True)
    """

    def __init__(self, kind: str | None = None) -> None:
        self.kind = kind

    def fit(
        self,
        X: Array,
        y: Any = None,
        sample_weight: Any = None,
        *,
        task: Any = None,
        concept: Any = None,
    ) -> Self:
        """Fit the eraser.

        Parameters
        ----------
        X : array of shape (n, d)
            Representation: NumPy array, torch tensor, dask array or data frame.
        y : array-like of shape (n,) or (n, k)
            Concept to erase: labels or numbers.
        sample_weight : array-like of shape (n,), optional
        task : array-like of shape (n,) or (n, t), optional
            Task whose covariance with X is kept: labels or numbers.
        concept : array-like of shape (n,) or (n, k), optional
            Concept to erase instead of y: in a pipeline, y is what the pipeline predicts.

        Raises
        ------
        InputError
            If the input is empty or not finite, if lengths differ, or if concept and task share a
            direction of X.
        """
        return self._read(X, concept_to_erase(y, concept), sample_weight, first=True, task=task)

    def fit_transform(
        self,
        X: Array,
        y: Any = None,
        sample_weight: Any = None,
        *,
        task: Any = None,
        concept: Any = None,
    ) -> Array:
        """Fit the eraser and return the erased X."""
        return self.fit(X, y, sample_weight, task=task, concept=concept).transform(X)

    def partial_fit(
        self,
        X: Array,
        y: Any = None,
        sample_weight: Any = None,
        *,
        task: Any = None,
        concept: Any = None,
    ) -> Self:
        """Continue the fit with more rows; the result equals one fit on all rows."""
        if hasattr(self, "moments_") and (task is None) != isinstance(self.moments_, Moments):
            validation.complain(
                "either every piece or no piece must have a task",
                f"this piece has {'no' if task is None else 'a'} task, unlike the pieces before",
                "pass the task with every piece",
            )
        return self._continue(X, concept_to_erase(y, concept), sample_weight, task)

    def _kinds(self) -> tuple[type, ...]:
        return (Moments, TaskMoments)

    def _gathers(self, *, task: bool = False) -> type[Moments | TaskMoments]:
        return TaskMoments if task else Moments

    def _erase(self, moments: Moments | TaskMoments) -> AffineEraser:
        if isinstance(moments, Moments):
            moments = TaskMoments.without_task(moments)
        return splince(moments)
