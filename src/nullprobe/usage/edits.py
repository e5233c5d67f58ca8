"""Edits of each site: an eraser of the concept, and random ones like it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from nullprobe._core import validation
from nullprobe.data.concept import Concept
from nullprobe.erasers import AffineEraser
from nullprobe.models.scored_tokens import Edits
from nullprobe.moments import Moments
from nullprobe.nulls.subspace import random_maps, random_subspaces

ROUNDING = 1e-9
Fit = Callable[[Moments], AffineEraser]


def edits_of(
    states: Mapping[str, np.ndarray], z: Concept, fit: Fit, n_draws: int, seed: int
) -> tuple[dict[str, list[Edits]], dict[str, str]]:
    """Return for each site its eraser, fitted to rows of the concept z, then the random ones.

    Sites without an eraser, or without random ones like it, come second, with the reason. If no
    site has any, the last reason is raised.
    """
    edits: dict[str, list[Edits]] = {}
    left_out: dict[str, str] = {}
    for s, (site, X) in enumerate(states.items()):
        rng = np.random.default_rng([seed, 2, s])
        try:
            moments = Moments.of(X, z)
            eraser = fit(moments)
            random = _random_erasers(eraser, X, moments.mean, n_draws, rng)
        except validation.InputError as error:
            if len(left_out) + 1 == len(states):  # nothing is left to judge
                raise
            left_out[site] = f"no eraser, or no random subspaces to compare it with: {error}"
        else:
            edits[site] = [{site: one} for one in (eraser, *random)]
    return edits, left_out


def _random_erasers(
    eraser: AffineEraser, X: np.ndarray, mean: np.ndarray, n_draws: int, rng: np.random.Generator
) -> list[AffineEraser]:
    """Return erasers of random subspaces, of the same kind, rank and size as one fitted to X.

    An orthogonal projection is compared with orthogonal projections. Any other eraser is compared
    with maps that, like LEACE, are orthogonal where all directions have the same variance.
    Compared with the other kind, meaningless labels would seem to be used.
    """
    lost = np.square(X - eraser.apply(X), dtype=np.float64).sum() / len(X)
    centred = (X - mean).astype(X.dtype)  # its rounding decides which directions are empty
    size = {"rank": eraser.rank, "removed": float(lost), "n_draws": n_draws, "rng": rng}
    if _is_orthogonal(eraser):
        Q = random_subspaces(centred, **size)
        R, W = Q, Q.swapaxes(1, 2)
    else:
        R, W = random_maps(centred, **size)
    return [AffineEraser(mean, r, w, method="random") for r, w in zip(R, W, strict=True)]


def _is_orthogonal(eraser: AffineEraser) -> bool:
    """Return whether an eraser's R W is symmetric, without forming it."""
    R, W = eraser.reading, eraser.writing
    # |R W − (R W)ᵀ|² = 2 |R W|² − 2 tr(R W R W)
    square, crossed = np.sum((R.T @ R) * (W @ W.T)), np.sum((W @ R) * (W @ R).T)
    return bool(square - crossed <= ROUNDING * square)
