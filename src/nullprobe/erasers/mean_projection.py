"""Mean projection: project out the span of the class-mean differences, orthogonally.

Problem. Make the class means of X equal with an orthogonal projection of least rank.

Solution. The class means are equal when Cov(X, Z) = 0, so the column space of that (d, k)
matrix is removed: x ↦ x − Q Qᵀ (x − μ), Q an orthonormal basis of it. For two classes this is
the projection along the difference of means.

Reference. N. Belrose et al., "LEACE: Perfect linear concept erasure in closed form", 2023,
arXiv 2306.03819, Theorem 3.4; S. Shao, Y. Ziser, S. B. Cohen, "Gold doesn't always glitter:
spectral removal of linear and nonlinear guarded attribute information", 2023 (SAL).
"""

from __future__ import annotations

import numpy as np

from nullprobe import _linalg
from nullprobe.erasers.affine import AffineEraser
from nullprobe.erasers.estimator import MomentEraser, fitted
from nullprobe.moments import Moments


def mean_projection(moments: Moments) -> AffineEraser:
    """Return the orthogonal projection that makes the class means equal.

    Parameters
    ----------
    moments : Moments
        Moments of X (n, d) and Z (n, k).

    Notes
    -----
    Guaranteed on the fitting sample: Cov(X', Z) = 0, so no affine predictor beats the best
    constant under any convex loss. Not guaranteed: anything about 0-1 loss, nonlinear readers,
    or rows that were not in the sample.
    """
    basis = moments.concept_basis()
    Q = _linalg.orthonormal_rows((basis.scale[:, None] * basis.correlation).T)
    SQ = moments.covariance @ Q.T
    left = moments.variance - 2.0 * np.einsum("ij,ji->i", SQ, Q)
    left += np.einsum("ji,jk,ki->i", Q, Q @ SQ, Q, optimize=True)
    return fitted("mean projection", moments, Q.T, Q, left * _linalg.reciprocal(moments.variance))


class MeanProjection(MomentEraser):
    """Erase a concept by projecting out the span of its class-mean differences.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [4.0, 2.0]])
    >>> MeanProjection().fit_transform(X, ["a", "a", "b", "b"])[:, 0].round(12).tolist()
    [1.5, 1.5, 1.5, 1.5]
    """

    def _erase(self, moments: Moments) -> AffineEraser:
        return mean_projection(moments)
