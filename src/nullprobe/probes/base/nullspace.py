"""Nullspace: repeated removal of the directions that a linear probe reads.

Problem. Fit any linear probe repeatedly, each time to X without the directions removed so far.

Solution. One orthonormal basis grows by the directions of each fit. A probe that depends on moments
alone gets projected moments, without a copy of the rows. A probe that can constrain its weights to
be orthogonal to the basis (`_refits`) does so. For any other probe, a centred copy of the rows is
projected in place, O(n d m) for m directions. In each case a feature with nothing but rounding left
is made constant: a probe that standardises features could read the rounding.
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

# A direction with a smaller new share has lost half its digits to rounding.
LEAST_NEW = 1e-8


class Nullspace:
    """An orthonormal basis that grows by the directions of repeated fits of a probe.

    Parameters
    ----------
    probe : estimator
        A linear probe of nullprobe or scikit-learn. Each fit uses a clone; classes are codes
        0, 1, 2, ...
    X : ndarray of shape (n, d)
    z : Concept
    w : ndarray of shape (n,) or None
    moments : Moments
        Moments of X and z.
    most : int
        Most directions to remove.

    Attributes
    ----------
    basis : ndarray of shape (d, r)
        Orthonormal directions, in the order of their removal.
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
        self._refits = _refits_of(probe, X, z, w, moments)
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
        """Whether ``most`` directions were removed, or no variance is left."""
        return self.basis.shape[1] >= min(self.most, self._rank) or not self._refits.alive.any()

    def read(self) -> np.ndarray:
        """Fit the probe without the basis; return weights (d, m) for the original rows."""
        W = self._refits.weights()
        if self._rowspace is not None:
            # Weights (1, 0) and (½, ½) score rows (s, s) equally, but only (½, ½) is in their span.
            W = self._rowspace.T @ (self._rowspace @ W)
        new = W - self.basis @ (self.basis.T @ W)
        # The remainder of a column in the span of the basis is rounding.
        new[:, self._lengths(new) <= self._cut * self._lengths(W)] = 0.0
        return new

    def grow(self, W: np.ndarray) -> bool:
        """Remove the directions of weights from :meth:`read`; return whether there were any.

        Each column counts equally, regardless of its length. If there are too many directions,
        the strongest are removed.
        """
        unit = W * linalg.reciprocal(self._lengths(W))
        _, sizes, turn = np.linalg.svd(self._scale[:, None] * unit, full_matrices=False)
        directions = turn[sizes > self._cut][: self.most - self.basis.shape[1]]
        if not len(directions):
            return False
        new = linalg.orthonormal_rows(directions @ unit.T)
        # After scaling to length 1, a small remainder contains rounding along the basis: remove it.
        new = linalg.orthonormal_rows(new - (new @ self.basis) @ self.basis.T).T
        self._refits.project(new)
        self.basis = np.hstack([self.basis, new])
        return True

    def _lengths(self, W: np.ndarray) -> np.ndarray:
        """Return the lengths (m,) of columns in units of the standard deviations."""
        return np.linalg.norm(self._scale[:, None] * W, axis=0)


def need_usable(probe: Any, *, weighted: bool) -> None:
    """Complain unless the probe is an estimator of rows, and takes weights if there are any."""
    if isinstance(probe, type) or not hasattr(probe, "fit"):
        validation.complain(
            "the probe must be an estimator with a method fit",
            f"{probe!r} arrived",
            "pass an instance, such as LDAProbe() or LogisticRegression()",
        )
    need_rows(probe)
    arguments = inspect.signature(probe.fit).parameters
    if weighted and "sample_weight" not in arguments:
        validation.complain(
            "the fit method of the probe must take sample_weight",
            f"{type(probe).__name__}.fit takes {', '.join(arguments)}",
            "omit sample_weight, or pass another probe, such as LDAProbe()",
        )


def need_rows(probe: Any) -> None:
    """Complain about a probe of contrast pairs: its second argument is not labels but rows."""
    try:
        arguments = inspect.signature(probe.fit).parameters
    except (AttributeError, TypeError, ValueError):  # no fit, or no signature
        return
    if "negative" in arguments:
        name = type(probe).__name__
        validation.complain(
            "a probe of rows X and their concept y is needed",
            f"{name} takes contrast pairs",
            f"use compare_pairs or {name}.fit(negative, positive), or a probe of rows, such as "
            "LDAProbe()",
        )


def _refits_of(
    probe: Any, X: np.ndarray, z: Concept, w: np.ndarray | None, moments: Moments
) -> Any:
    """Return the object that refits the probe without the basis, in the cheapest way."""
    if isinstance(probe, MomentProbe):
        return _Moments(probe, moments)
    refits = probe._refits(X, z, w, moments) if hasattr(probe, "_refits") else None
    return _Rows(probe, X, z, w, moments) if refits is None else refits


class _Moments:
    """Refits from projected moments."""

    def __init__(self, probe: MomentProbe, moments: Moments) -> None:
        self.probe, self.moments, self.before = probe, moments, moments.variance

    @property
    def alive(self) -> np.ndarray:
        return self.moments.scale > 0

    def weights(self) -> np.ndarray:
        """Fit the probe without the basis; return its weights (d, m)."""
        parameters = self.probe.get_params(deep=False)
        return type(self.probe).from_moments(self.moments, **parameters).probe_.weights

    def project(self, Q: np.ndarray) -> None:
        """Remove orthonormal directions (d, m)."""
        self.moments = self.moments.projected(Q, before=self.before)


class _Rows:
    """Refits from centred rows that are projected in place."""

    def __init__(
        self, probe: Any, X: np.ndarray, z: Concept, w: np.ndarray | None, moments: Moments
    ) -> None:
        self.probe, self.w = probe, w
        self.before, self.eps = moments.variance, moments.eps
        self.X = arrays.working(X) - arrays.like(moments.mean, X)
        y = z.data[:, 0] if z.codes is None and z.n_columns == 1 else z.data
        self.y = target(probe, y, z)
        self.columns = z.n_scores
        self._set_alive(moments.scale > 0)

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
        remaining = variance * linalg.reciprocal(self.before)
        self._set_alive(self.alive & linalg.left_over(remaining, eps=self.eps))

    def _set_alive(self, alive: np.ndarray) -> None:
        self.alive = alive
        self.X[:, ~alive] = 0.0

    def _checked(self, probe: Any) -> np.ndarray:
        """Return the weights of a fitted probe, or complain that it is not linear."""
        W, d = _weights_of(probe), self.X.shape[1]
        if W is None or W.shape != (d, self.columns):
            offered = "neither" if W is None else f"weights (d, m) of shape {W.shape}"
            validation.complain(
                "the probe must be linear: after fit, it must offer probe_.weights (d, m) or "
                f"coef_ (m, d), with d = {d} and m = {self.columns}",
                f"{type(probe).__name__} offers {offered}",
                "pass a linear probe, such as LDAProbe() or LogisticRegression()",
            )
        return W


def _weights_of(probe: Any) -> np.ndarray | None:
    """Return the weights (d, m) of a fitted probe of nullprobe or scikit-learn."""
    weights = getattr(getattr(probe, "probe_", None), "weights", None)
    if weights is not None:
        return np.asarray(weights, dtype=np.float64)
    coef = getattr(probe, "coef_", None)
    return None if coef is None else np.atleast_2d(np.asarray(coef, dtype=np.float64)).T
