"""OracleLEACE: the least edit of all, where the concept of every row is known.

Problem. If the eraser may see the concept of each row that it erases, how little need it move
X so that no linear predictor of Z beats the best constant?

Solution. Subtract what a linear model predicts of X from Z: x ↦ x − Σxz Σzz⁺ (z − E z). For
classes this is x − (μ_c − μ), the class mean replaced by the overall mean.

Reference. N. Belrose, "Least-squares concept erasure with oracle concept labels", 2023,
blog.eleuther.ai/oracle-leace, Theorem 1; a sequel to arXiv 2306.03819.
"""

from __future__ import annotations

from nullprobe.erasers.estimator import LabelledEstimator
from nullprobe.erasers.fits import fitted_shift
from nullprobe.erasers.maps.concept_shift import ConceptShift
from nullprobe.moments import Moments


def oracle_leace(moments: Moments) -> ConceptShift:
    """Return the eraser that is told the concept, and moves X least of all.

    Parameters
    ----------
    moments : Moments
        Moments of X (n, d) and Z (n, k).

    Notes
    -----
    Every feature of X' must be uncorrelated with Z. In the space of random variables the
    nearest such feature is the residual of its projection onto the span of Z and the constant,
    whatever the inner product on ℝᵈ: hence the least move in all of them at once.

    Guaranteed on the fitting sample: Cov(X', Z) = 0, so no affine predictor beats the best
    constant under any convex loss. Not guaranteed: anything about 0-1 loss or nonlinear
    readers. As each row is moved by its own label, the label can become *easier* to read for a
    nonlinear reader: do not train networks on the result.

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
    """Erase a concept with the least edit that may depend on the concept itself.

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
