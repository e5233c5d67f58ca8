"""OracleLEACE: the smallest edit, for rows whose concept is known.

Problem. An eraser may depend on the concept of each row. What is the smallest move of X after
which no linear predictor of Z beats the best constant?

Solution. Regress X on Z and subtract the prediction: x ↦ x − Σxz Σzz⁺ (z − E z). For classes
this is x − (μ_c − μ): the overall mean replaces the class mean.

Reference. N. Belrose, "Least-squares concept erasure with oracle concept labels", 2023,
blog.eleuther.ai/oracle-leace, Theorem 1; a sequel to arXiv 2306.03819.
"""

from __future__ import annotations

from nullprobe.erasers.estimator import LabelledEstimator
from nullprobe.erasers.fits import fitted_shift
from nullprobe.erasers.maps.concept_shift import ConceptShift
from nullprobe.moments import Moments


def oracle_leace(moments: Moments) -> ConceptShift:
    """Return the eraser that moves X least when it may depend on the concept of each row.

    Parameters
    ----------
    moments : Moments
        Moments of X (n, d) and Z (n, k).

    Notes
    -----
    Every feature of X' must be uncorrelated with Z. Among random variables, the nearest such
    feature is the residual of a regression on Z and the constant. This does not depend on the
    inner product on ℝᵈ, so the move is the smallest in all of them at once.

    Guaranteed on the fitting sample: Cov(X', Z) = 0, so no affine predictor beats the best
    constant under any convex loss. Not guaranteed: anything about 0-1 loss or nonlinear
    probes. Each row is moved by its own label, so a nonlinear probe may read the label *more*
    easily than before: do not train networks on the result.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import Moments
    >>> X, y = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [4.0, 2.0]]), ["a", "a", "b", "b"]
    >>> oracle_leace(Moments.of(X, y)).apply(X, y).round(12).tolist()
    [[1.5, 1.0], [1.5, 3.0], [0.5, 2.0], [2.5, 2.0]]
    """
    return fitted_shift("OracleLEACE", moments)


class OracleLEACE(LabelledEstimator):
    """Erase a concept with the smallest edit that may depend on the concept of each row.

    Parameters
    ----------
    kind : {"labels", "numeric"} or None
        What y is; None for the rule: floats are numbers, unless all are whole and few are distinct.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [4.0, 2.0]])
    >>> y = ["a", "a", "b", "b"]
    >>> OracleLEACE().fit_transform(X, y).round(12).tolist()
    [[1.5, 1.0], [1.5, 3.0], [0.5, 2.0], [2.5, 2.0]]
    """

    def __init__(self, kind: str | None = None) -> None:
        self.kind = kind

    def _erase(self, moments: Moments) -> ConceptShift:
        return oracle_leace(moments)
