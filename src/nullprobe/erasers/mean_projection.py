"""Mean projection: project out the span of the class-mean differences, orthogonally.

Problem. Make the class means of X equal with an orthogonal projection of least rank.

Solution. The class means are equal when Cov(X, Z) = 0. So the column space of this (d, k) matrix
is removed: x ↦ x − Q Qᵀ (x − μ), where Q is an orthonormal basis of the column space. For two
classes this is the projection along the difference of means.

Reference. N. Belrose et al., "LEACE: Perfect linear concept erasure in closed form", 2023,
arXiv 2306.03819, Theorem 3.4; S. Shao, Y. Ziser, S. B. Cohen, "Gold doesn't always glitter:
spectral removal of linear and nonlinear guarded attribute information", EACL 2023, arXiv
2203.07893 (SAL).
"""

from __future__ import annotations

import numpy as np

from nullprobe._core import parameters
from nullprobe.erasers.estimator import MomentEraser
from nullprobe.erasers.fits import orthogonal
from nullprobe.erasers.maps.affine import AffineEraser
from nullprobe.moments import Moments


def mean_projection(moments: Moments, *, rank: int | None = None) -> AffineEraser:
    """Return the orthogonal projection that makes the class means equal.

    Parameters
    ----------
    moments : Moments
        Moments of X (n, d) and Z (n, k).
    rank : int or None
        Most directions to remove; None for the rank of the concept.

    Notes
    -----
    Guaranteed on the fitting sample: Cov(X', Z) = 0, so no affine predictor beats the best
    constant under any convex loss. Not guaranteed: anything about 0-1 loss, nonlinear probes,
    or rows outside the sample.

    With a ``rank`` below rank(C), C = Cov(X, Z), nothing is guaranteed. The leading left singular
    vectors of C are removed (spectral attribute removal): the directions along which X and Z
    covary most, in the units of X and Z.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import Moments
    >>> X, y = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [4.0, 2.0]]), ["a", "a", "b", "b"]
    >>> mean_projection(Moments.of(X, y)).apply(X).round(12).tolist()
    [[1.5, 1.0], [1.5, 3.0], [1.5, 2.0], [1.5, 2.0]]
    """
    basis = moments.concept_basis()
    W = (basis.scale[:, None] * basis.correlation).T
    if rank is None or rank >= basis.rank:
        return orthogonal("mean projection", moments, W)
    # Z is its axes times Cov(axes, Z), plus a part uncorrelated with X: this is C without noise.
    C = W.T @ moments.concept_times(basis.axes).T
    leading = np.linalg.svd(C, full_matrices=False)[0][:, :rank]
    return orthogonal(f"mean projection, rank {rank}", moments, leading.T)


class MeanProjection(MomentEraser):
    """Erase a concept by projecting out the span of its class-mean differences.

    Parameters
    ----------
    rank : int or None
        Most directions to remove; None for the rank of the concept. A smaller rank is spectral
        attribute removal (SAL), which leaves the concept partly readable.
    kind : {"labels", "numeric"} or None
        What y is; None for the rule: floats are numbers, unless all are whole and few are distinct.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 2.0], [4.0, 2.0]])
    >>> MeanProjection().fit_transform(X, ["a", "a", "b", "b"])[:, 0].round(12).tolist()
    [1.5, 1.5, 1.5, 1.5]
    """

    def __init__(self, rank: int | None = None, kind: str | None = None) -> None:
        self.rank = rank
        self.kind = kind

    def _erase(self, moments: Moments) -> AffineEraser:
        if self.rank is not None:
            parameters.whole_number("rank", self.rank, least=1)
        return mean_projection(moments, rank=self.rank)
