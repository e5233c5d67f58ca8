"""QuadraticLEACE and MiMiC: transport every class to one mean and one covariance.

Problem. A quadratic probe reads class covariances as well as class means. Move X as little as
possible so that all classes have the same mean and covariance: those of one class (MiMiC), or
those of the barycentre, which needs the least total transport (QuadraticLEACE).

Solution. The optimal transport from N(μ_c, S_c) to N(t, S) is x ↦ t + M_c (x − μ_c). The module
`procrustes` computes M_c and the barycentre.

Reference. S. Singh, S. Ravfogel, J. Herzig, R. Aharoni, R. Cotterell, P. Kumaraguru,
"Representation surgery: theory and practice of affine steering", 2024, arXiv 2402.09631.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nullprobe._core import linalg, parallel, parameters, validation
from nullprobe.erasers.estimator import LabelledEstimator
from nullprobe.erasers.fits import fitted_shift, provenance
from nullprobe.erasers.maps.class_transport import ClassTransport
from nullprobe.erasers.maps.concept_shift import ConceptShift
from nullprobe.erasers.transport.class_covariances import Shapes, shapes_of
from nullprobe.erasers.transport.procrustes import at_barycentre, at_one
from nullprobe.moments import Moments
from nullprobe.moments.class_moments import ClassMoments

MATCHES = ("mean", "covariance")


def quadratic_leace(moments: ClassMoments, *, shrinkage: float | str = "minimal") -> ClassTransport:
    """Return the transport of all classes to their Wasserstein barycentre.

    Parameters
    ----------
    moments : ClassMoments
        Moments of X (n, d) within each of K classes.
    shrinkage : float in [0, 1] or "minimal"
        Weight of the pooled covariance in each class covariance. "minimal": 0, except for classes
        whose covariance has a lower rank than the pooled one. Their weight follows from their
        number of rows.

    Notes
    -----
    Guaranteed on the fitting sample: equal class means, so that Cov(X', Z) = 0. If no class was
    shrunk, also equal class covariances, so that the Gaussian discriminant predicts the base rates
    for every row. Not guaranteed: anything about probes of higher moments, or other rows. Each row
    is moved by its own label, so such probes may read the label more easily than before.

    Transport depends on the inner product, unlike LEACE. It uses the units of X.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import ClassMoments
    >>> X, y = np.array([[0.0], [2.0], [10.0], [16.0]]), ["a", "a", "b", "b"]
    >>> quadratic_leace(ClassMoments.of(X, y)).apply(X, y).round(12).tolist()
    [[5.0], [9.0], [5.0], [9.0]]
    """
    return _transport("QuadraticLEACE", moments, None, parameters.shrinkage(shrinkage, "minimal"))


def mimic(
    moments: Moments | ClassMoments,
    *,
    target: Any = None,
    match: str = "covariance",
    shrinkage: float | str = "minimal",
) -> ConceptShift | ClassTransport:
    """Return the map of every class to the mean, or mean and covariance, of a target.

    Parameters
    ----------
    moments : ClassMoments, or Moments of labels for ``match="mean"``
    target : label or None
        Class whose rows stay in place; None for the barycentre of all classes.
    match : {"covariance", "mean"}
        Whether covariances are matched in addition to means.
    shrinkage : float in [0, 1] or "minimal"
        As for :func:`quadratic_leace`.

    Notes
    -----
    The guarantees are those of :func:`quadratic_leace`; with ``match="mean"``, equal means only.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import ClassMoments
    >>> X, y = np.array([[0.0], [2.0], [10.0], [16.0]]), ["a", "a", "b", "b"]
    >>> mimic(ClassMoments.of(X, y), target="b").apply(X, y).round(12).tolist()
    [[10.0], [16.0], [10.0], [16.0]]
    """
    parameters.choice("match", match, MATCHES)
    shrinkage = parameters.shrinkage(shrinkage, "minimal")
    kind = ClassMoments if match == "covariance" else Moments
    if not isinstance(moments, kind):
        validation.complain(
            f"match={match!r} needs {kind.__name__}",
            f"{type(moments).__name__} arrived",
            f"pass {kind.__name__}.of(X, y)",
        )
    if isinstance(moments, ClassMoments):
        place = _place(target, moments.classes)
        return _transport("MiMiC", moments, place, shrinkage)
    if moments.classes is None:
        validation.complain(
            "MiMiC needs class labels",
            "the concept is numeric",
            "pass labels as strings or integers",
        )
    weighted = [c for c, p in zip(moments.classes, moments.concept_mean, strict=True) if p > 0]
    place = None if _place(target, weighted) is None else moments.classes.index(target)
    return fitted_shift("MiMiC", moments, target=place)


class QuadraticLEACE(LabelledEstimator):
    """Erase class means and covariances with the least transport of the classes.

    Parameters
    ----------
    shrinkage : float in [0, 1] or "minimal"
        Weight of the pooled covariance in each class covariance. "minimal" shrinks only classes
        whose covariance has a lower rank than the pooled one (too few rows, or a feature that is
        constant in a class). Their covariances are then similar, but not equal;
        ``eraser_.details["shrunk"]`` counts these classes.
    kind : {"labels"} or None
        "labels" declares that floats are labels.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [2.0], [10.0], [16.0]])
    >>> QuadraticLEACE().fit_transform(X, ["a", "a", "b", "b"]).round(12).tolist()
    [[5.0], [9.0], [5.0], [9.0]]
    """

    def __init__(self, shrinkage: float | str = "minimal", kind: str | None = None) -> None:
        self.shrinkage = shrinkage
        self.kind = kind

    def _gathers(self, *, task: bool = False) -> type[ClassMoments]:
        return ClassMoments

    def _kinds(self) -> tuple[type, ...]:
        return (ClassMoments,)

    def _erase(self, moments: ClassMoments) -> ClassTransport:
        return quadratic_leace(moments, shrinkage=self.shrinkage)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of scikit-learn: y is one label per row."""
        return _labels_only(super().__sklearn_tags__())


class MiMiC(LabelledEstimator):
    """Transport every class to the mean, or mean and covariance, of a class or barycentre.

    Parameters
    ----------
    target : label or None
        Class whose rows stay in place: the overall mean moves to its mean. None for the barycentre
        of all classes: the overall mean stays in place.
    match : {"covariance", "mean"}
        Whether covariances are matched in addition to means.
    shrinkage : float in [0, 1] or "minimal"
        As for :class:`QuadraticLEACE`.
    kind : {"labels", "numeric"} or None
        As for :class:`QuadraticLEACE`.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[0.0], [2.0], [10.0], [16.0]]), ["a", "a", "b", "b"]
    >>> MiMiC(target="b").fit_transform(X, y).round(12).tolist()
    [[10.0], [16.0], [10.0], [16.0]]
    >>> MiMiC(target="b", match="mean").fit_transform(X, y).round(12).tolist()
    [[12.0], [14.0], [10.0], [16.0]]
    """

    def __init__(
        self,
        target: Any = None,
        match: str = "covariance",
        shrinkage: float | str = "minimal",
        kind: str | None = None,
    ) -> None:
        self.target = target
        self.match = match
        self.shrinkage = shrinkage
        self.kind = kind

    def _gathers(self, *, task: bool = False) -> type[Moments | ClassMoments]:
        return Moments if self.match == "mean" else ClassMoments

    def _kinds(self) -> tuple[type, ...]:
        return (ClassMoments, Moments)

    def _erase(self, moments: Moments | ClassMoments) -> ConceptShift | ClassTransport:
        return mimic(moments, target=self.target, match=self.match, shrinkage=self.shrinkage)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of scikit-learn: y is one label per row."""
        return _labels_only(super().__sklearn_tags__())


def _labels_only(tags: Any) -> Any:
    tags.target_tags.two_d_labels = False
    tags.target_tags.multi_output = False
    return tags


def _place(target: Any, classes: Sequence) -> int | None:
    """Return the position of a label (None for None), or complain about an unknown label."""
    if target is not None and target not in classes:
        more = ", ..." if len(classes) > 10 else ""
        validation.complain(
            f"target must be None or a label with weight ({', '.join(map(repr, classes[:10]))}"
            f"{more})",
            f"{target!r} arrived",
        )
    return None if target is None else classes.index(target)


def _transport(
    method: str, moments: ClassMoments, target: int | None, shrinkage: float | str
) -> ClassTransport:
    """Return the transport of all classes to one of them, or to their barycentre."""
    means, shares = moments.means, moments.weights / moments.weights.sum()
    common = shares @ means if target is None else means[target]
    pooled, within = moments.pooled(), moments.within
    scale = linalg.feature_scale(np.abs(means).max(axis=0), within.diagonal())
    rank, maps = 0, np.broadcast_to(np.eye(moments.d), (len(means), moments.d, moments.d))
    shrunk = steps = 0
    if pooled.concept_basis().rank or _differ(moments, scale):
        rank = None
        if scale.any():
            with parallel.few_solves(moments.d):
                shapes = shapes_of(moments, within, scale, shrinkage)
                maps, steps = _maps(shapes, shares, target, moments.eps)
            shrunk, rank = shapes.shrunk, moments.d if shapes.basis is None else None
        rank = pooled.factor().rank if rank is None else rank
    remaining = np.square(scale) * linalg.reciprocal(pooled.variance)
    alive = linalg.left_over(remaining, eps=moments.eps) | (pooled.scale == 0)
    return ClassTransport(
        means,
        maps,
        common,
        np.where(alive, np.nan, common),
        rank,
        method,
        moments.classes,
        details=provenance(
            moments.n,
            moments.data_hash,
            shrunk=f"{shrunk} of {len(means)} classes",
            steps=str(steps),
        ),
    )


def _differ(moments: ClassMoments, scale: np.ndarray) -> bool:
    """Return whether the class covariances differ by more than rounding."""
    inverse = linalg.reciprocal(scale)
    cut = linalg.NOISE_MARGIN * moments.eps * np.sqrt(moments.d)
    first, *others = (S * np.outer(inverse, inverse) for S in moments.covariances)
    return any(np.abs(S - first).max() > cut for S in others)


def _maps(
    shapes: Shapes, shares: np.ndarray, target: int | None, eps: float
) -> tuple[np.ndarray, int]:
    """Return the maps (K, d, d), and the number of steps of the search.

    The unit is a power of two: it changes no digit, and keeps squares of covariances in range.
    """
    unit = np.exp2(np.round(np.log2(max(L.diagonal().max() for L in shapes.factors))))
    factors = [L / unit for L in shapes.factors]
    meeting = at_barycentre(factors, shares, eps=eps) if target is None else at_one(factors, target)
    maps = np.array(meeting.maps(factors))
    if target is not None:
        maps[target] = np.eye(maps.shape[1])
    if shapes.basis is None:
        return maps, meeting.steps
    moves = shapes.basis @ (maps - np.eye(maps.shape[1])) @ shapes.basis.T
    return moves + np.eye(moves.shape[1]), meeting.steps
