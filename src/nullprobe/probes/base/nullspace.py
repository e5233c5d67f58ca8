"""Nullspace: what a linear probe reads, taken out round by round.

Problem. A probe is to be fitted again and again, each time to X without the directions found so
far, and any linear probe will do.

Solution. One orthonormal basis grows by what each fit reads. A probe that depends on moments alone
is given projected moments: no row is touched. One that can keep its weights orthogonal to what is
gone (`_left`) does so instead. For any other, rows about their mean are kept and
projected in place, O(n d m) for m directions. Either way a feature of which only rounding is left
is made constant: a probe without units could read the rounding.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn.base import clone

from nullprobe._core import arrays, linalg, validation
from nullprobe.data.concept import Concept, target
from nullprobe.moments import Moments
from nullprobe.probes.base.linear import MomentProbe

# A direction of which less than this share is new has lost half its digits to rounding.
LEAST_NEW = 1e-8


class Nullspace:
    """An orthonormal basis that grows by what a probe reads in what is left.

    Parameters
    ----------
    probe : estimator
        Linear, ours or scikit-learn's; it is cloned for each fit, and classes are fitted as
        codes 0, 1, 2, ...
    X : ndarray of shape (n, d)
    z : Concept
    w : ndarray of shape (n,) or None
    moments : Moments
        Of these.
    most : int
        Most directions to take.

    Attributes
    ----------
    basis : ndarray of shape (d, r)
        Orthonormal directions, in the order in which they were taken.
    """

    def __init__(
        self,
        probe: Any,
        X: np.ndarray,
        z: Concept,
        *,
        w: np.ndarray | None,
        moments: Moments,
        most: int,
    ) -> None:
        self._left = _what_is_left(probe, X, z, w, moments)
        self._scale, self.most = moments.scale, most
        self._cut = max(LEAST_NEW, linalg.NOISE_MARGIN * moments.eps * np.sqrt(moments.d))
        self.basis = np.zeros((moments.d, 0))
        factor = moments.factor()
        self._rank, self._rowspace = factor.rank, factor.basis
        if factor.basis is not None:
            rows = (moments.scale[:, None] * factor.basis).T
            self._rowspace = linalg.orthonormal_rows(rows) if factor.rank else rows

    @property
    def is_full(self) -> bool:
        """Whether as many directions were taken as may be, or nothing is left."""
        return self.basis.shape[1] >= min(self.most, self._rank) or not self._left.alive.any()

    def read(self) -> np.ndarray:
        """Fit the probe to what is left; return weights (d, m) that read the same of whole rows."""
        W = self._left.weights()
        if self._rowspace is not None:
            # Of (1, 0) and (½, ½), which read the same of rows (s, s), only one takes s out.
            W = self._rowspace.T @ (self._rowspace @ W)
        new = W - self.basis @ (self.basis.T @ W)
        # Of a column that the basis spans, what remains is rounding.
        new[:, self._lengths(new) <= self._cut * self._lengths(W)] = 0.0
        return new

    def grow(self, W: np.ndarray) -> bool:
        """Take the directions of weights that :meth:`read` returned; say if there were any.

        Each column counts the same, whatever its length; where there are more directions than
        may be taken, the strongest are.
        """
        unit = W * linalg.reciprocal(self._lengths(W))
        _, sizes, turn = np.linalg.svd(self._scale[:, None] * unit, full_matrices=False)
        kept = turn[sizes > self._cut][: self.most - self.basis.shape[1]]
        if not len(kept):
            return False
        new = linalg.orthonormal_rows(kept @ unit.T)
        # Brought to length 1, a small remainder shows what rounding left of the basis in it.
        new = linalg.orthonormal_rows(new - (new @ self.basis) @ self.basis.T).T
        self._left.project(new)
        self.basis = np.hstack([self.basis, new])
        return True

    def _lengths(self, W: np.ndarray) -> np.ndarray:
        """Return the lengths (m,) of columns in units of the standard deviations."""
        return np.linalg.norm(self._scale[:, None] * W, axis=0)


def need_usable(probe: Any, *, weighted: bool) -> None:
    """Refuse what is no estimator of rows, or takes no weights where there are weights."""
    if isinstance(probe, type) or not hasattr(probe, "fit"):
        validation.complain(
            "the probe must be an estimator with a method fit",
            f"{probe!r} arrived",
            "pass an instance, such as LDAProbe() or LogisticRegression()",
        )
    need_rows(probe)
    takes = inspect.signature(probe.fit).parameters
    if weighted and "sample_weight" not in takes:
        validation.complain(
            "the probe must take sample_weight where there are weights",
            f"{type(probe).__name__}.fit takes {', '.join(takes)}",
            "leave sample_weight away, or pass another probe, such as LDAProbe()",
        )


def need_rows(probe: Any) -> None:
    """Refuse a probe of contrast pairs, whose second argument is no concept but other rows."""
    try:
        takes = inspect.signature(probe.fit).parameters
    except (AttributeError, TypeError, ValueError):  # no fit, or one that does not say
        return
    if "negative" in takes:
        name = type(probe).__name__
        validation.complain(
            "a probe of rows X and their concept y is needed",
            f"{name} takes pairs, not rows",
            f"use compare_pairs, {name}.fit(negative, positive) itself, or a probe of rows, such "
            "as LDAProbe()",
        )


def _what_is_left(
    probe: Any, X: np.ndarray, z: Concept, w: np.ndarray | None, moments: Moments
) -> Any:
    """Return what fits the probe to what is left, in the cheapest way that it allows."""
    if isinstance(probe, MomentProbe):
        return _Moments(probe, moments)
    own = probe._left(X, z, w, moments) if hasattr(probe, "_left") else None
    return _Rows(probe, X, z, w, moments) if own is None else own


class _Moments:
    """Moments, projected without touching a row."""

    def __init__(self, probe: MomentProbe, moments: Moments) -> None:
        self.probe, self.moments, self.before = probe, moments, moments.variance

    @property
    def alive(self) -> np.ndarray:
        return self.moments.scale > 0

    def weights(self) -> np.ndarray:
        """Fit the probe to what is left; return its weights (d, m)."""
        parameters = self.probe.get_params(deep=False)
        return type(self.probe).from_moments(self.moments, **parameters).probe_.weights

    def project(self, Q: np.ndarray) -> None:
        """Take orthonormal directions (d, m) out."""
        self.moments = self.moments.projected(Q, before=self.before)


class _Rows:
    """Rows about their mean, projected in place."""

    def __init__(
        self, probe: Any, X: np.ndarray, z: Concept, w: np.ndarray | None, moments: Moments
    ) -> None:
        self.probe, self.w = probe, w
        self.before, self.eps = moments.variance, moments.eps
        self.X = arrays.working(X) - arrays.like(moments.mean, X)
        y = z.data[:, 0] if z.codes is None and z.n_columns == 1 else z.data
        self.y = target(probe, y, z)
        self.columns = z.n_scores
        self._keep(moments.scale > 0)

    def weights(self) -> np.ndarray:
        probe: Any = clone(self.probe, safe=False)
        probe.fit(self.X, self.y, **({} if self.w is None else {"sample_weight": self.w}))
        return self._checked(probe)

    def project(self, Q: np.ndarray) -> None:
        Q_ = arrays.like(Q, self.X)
        for _, block in arrays.cache_blocks(self.X):
            block -= (block @ Q_) @ Q_.T
        w = np.ones(len(self.X)) if self.w is None else self.w
        variance = np.einsum("n,nd,nd->d", w, self.X, self.X) / w.sum()
        kept = variance * linalg.reciprocal(self.before)
        self._keep(self.alive & linalg.left_over(kept, eps=self.eps))

    def _keep(self, alive: np.ndarray) -> None:
        self.alive = alive
        self.X[:, ~alive] = 0.0

    def _checked(self, probe: Any) -> np.ndarray:
        """Return the weights of a fitted probe, or complain that it is not linear."""
        W, d = _weights_of(probe), self.X.shape[1]
        if W is None or W.shape != (d, self.columns):
            found = "neither" if W is None else f"weights that are {W.shape} as (d, m)"
            validation.complain(
                "the probe must be linear: once fitted, it must offer probe_.weights (d, m) or "
                f"coef_ (m, d), here with d = {d} and m = {self.columns}",
                f"{type(probe).__name__} offers {found}",
                "pass such a probe, as LDAProbe() or LogisticRegression() are",
            )
        return W


def _weights_of(probe: Any) -> np.ndarray | None:
    """Return the weights (d, m) of a fitted probe, ours or scikit-learn's."""
    own = getattr(getattr(probe, "probe_", None), "weights", None)
    if own is not None:
        return np.asarray(own, dtype=np.float64)
    coef = getattr(probe, "coef_", None)
    return None if coef is None else np.atleast_2d(np.asarray(coef, dtype=np.float64)).T
