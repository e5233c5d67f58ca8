"""Common shape: rows with one shape of noise, and the means and covariances of their classes.

Problem. Sign flips keep symmetric structure that differs from class to class, such as XOR. So a
nonlinear probe reads it in the draws, too. Residuals permuted over all rows break this structure,
but they also break different covariances of the classes, which a draw should keep. If residuals are
whitened with the covariance of each class, the sampled difference of covariances counts as a true
one, and draws are too readable.

Solution. Let V be the residuals in units of the pooled covariance, K_c the covariance of V in class
c, and D_c the difference of K_c from the mean covariance:

    C_c = I + t D_c,    t² = E⟨D_c(A), D_c(B)⟩ / |D_c|²,

The averages are over classes and over random halves A and B of the rows. The numerator is an
unbiased estimate of the squared true difference for any tails. Rows are transformed to
v = C_c^(−1/2) V and permuted over all rows. Then each takes the covariance C_c of its new class.
This corrects covariances as the unbiased gap corrects means.

Reference. D. Freedman, D. Lane, "A nonstochastic interpretation of reported significance levels",
1983; A. Winkler et al., "Permutation inference for the general linear model", 2014. The unbiased
share was chosen among seven actions: see `docs/decisions/004-which-action-judges.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from nullprobe.moments import Moments
from nullprobe.nulls.matching import MatchedAction
from nullprobe.nulls.residuals import Residuals

LEAST_SHARE = 1e-10  # smaller multiples of the largest eigenvalue count as zero variance
HALVES, HALVES_OF_WIDE, WIDE = 50, 10, 256


@dataclass(frozen=True, eq=False)
class CommonShape(MatchedAction):
    """Permutations of residuals over all rows, or of whole groups of one size.

    They keep class means (matched), the real part of the difference of covariances, and the pooled
    shape of the noise. They break shape that differs from class to class. They are valid
    asymptotically if classes have one shape, and more rows than features. For numbers, one
    covariance is assumed.

    Attributes
    ----------
    whitened : ndarray of shape (n, r), optional
        Rows that are permuted; None to permute residuals as they are.
    colours : list of ndarray of shape (r, d), optional
        Map for each class from whitened rows to its covariance.

    Examples
    --------
    Noise is skewed to opposite sides in two classes, so the share of rows above the class mean
    differs. In draws, both classes have one shape of noise:

    >>> from nullprobe.data.concept import concept
    >>> y = np.arange(600) % 2
    >>> X = np.random.default_rng(0).exponential(size=(600, 2)) * (2 * y - 1)[:, None]
    >>> z = concept(y)
    >>> moments = Moments.of(X, z)
    >>> action = CommonShape.of(Residuals.of(X, z, moments, None), moments, seed=(0,))
    >>> def above(rows):
    ...     classes = rows[y == 0], rows[y == 1]
    ...     return [round(float((one > one.mean(axis=0)).mean()), 1) for one in classes]
    >>> above(X), above(action.draw(0))
    ([0.6, 0.4], [0.5, 0.5])
    """

    whitened: np.ndarray | None = None
    colours: list[np.ndarray] | None = None

    @property
    def description(self) -> str:
        """What the action does, in words."""
        return "residuals permuted over all classes, on matched class means; everything rerun"

    @classmethod
    def of(cls, residuals: Residuals, moments: Moments, seed: tuple[int, ...]) -> Self | str:
        """Return the permutations on means of unbiased size, or why there are none."""
        codes = residuals.z.codes
        rank = np.linalg.matrix_rank(moments.covariance, hermitian=True)
        if codes is not None and np.bincount(codes).min() < rank + 2:
            return (
                f"a class has {np.bincount(codes).min()} rows, but its covariance in {rank} "
                f"directions needs {rank + 2} rows"
            )
        action = super().of(residuals, moments, seed)
        if isinstance(action, str):
            return action
        whitened, colours = action._whitened()
        return replace(action, whitened=whitened, colours=colours)

    def _whitened(self) -> tuple[np.ndarray, list[np.ndarray] | None]:
        """Return the rows v (n, r) to permute, and the colouring map (r, d) of each class."""
        member, rest = self.residuals.members, self.rest.astype(np.float64)
        values, vectors = np.linalg.eigh(rest.T @ rest / len(rest))
        varies = values > LEAST_SHARE * values.max()
        counts = np.bincount(member)
        if self.residuals.z.codes is None:
            return self.rest, None
        sizes, basis = np.sqrt(values[varies]), vectors[:, varies]
        V = rest @ (basis / sizes)
        t = real_share(V, member)
        whitened, colours = np.empty_like(V), []
        for c in range(len(counts)):
            rows = V[member == c]
            spread = (1.0 - t) * np.eye(len(sizes)) + t * (rows.T @ rows / len(rows))
            k, Q = np.linalg.eigh(spread)
            root = np.sqrt(np.maximum(k, LEAST_SHARE * k.max(initial=0.0)))
            whitened[member == c] = rows @ ((Q / root) @ Q.T)
            colours.append(((Q * root) @ Q.T) @ (sizes[:, None] * basis.T))
        return whitened, colours

    def acted(self, rng: np.random.Generator) -> np.ndarray:
        """Return the residuals (n, d), permuted over all classes."""
        rows = self.rest if self.whitened is None else self.whitened
        moved = rows[self._order(rng)]
        if self.colours is None:
            return moved
        rest = np.empty_like(self.rest)
        for c, colour in enumerate(self.colours):
            members = self.residuals.members == c
            rest[members] = moved[members] @ colour
        return rest

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        """Return positions (n,): permuted rows, or permuted groups of equal size, rows in order."""
        if not self.residuals.is_grouped:
            return rng.permutation(len(self.rest))
        home = np.argsort(self.residuals.unit, kind="stable")
        size = np.bincount(self.residuals.unit)
        start = np.concatenate([[0], np.cumsum(size)[:-1]])
        order = np.empty(len(home), dtype=np.intp)
        for length in np.unique(size):
            groups = np.flatnonzero(size == length)
            places = start[groups][:, None] + np.arange(length)
            order[home[places]] = home[places[rng.permutation(len(groups))]]
        return order


def real_share(V: np.ndarray, member: np.ndarray) -> float:
    """Return t in [0, 1]: the share of the difference of class covariances that is real.

    Parameters
    ----------
    V : ndarray of shape (n, r)
        Centred rows, whitened over all classes together.
    member : ndarray of shape (n,)
        Class of each row, from 0; each class has at least four rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> V, member = rng.normal(size=(2000, 3)), np.arange(2000) % 2
    >>> real_share(V, member) < 0.5, real_share(V * (1 + member[:, None]), member) > 0.95
    (True, True)
    """
    rng = np.random.default_rng(0)
    counts = np.bincount(member)
    share = counts / counts.sum()

    def differences(rows: np.ndarray) -> np.ndarray:
        classes = [V[rows & (member == c)] for c in range(len(counts))]
        spreads = np.array([A.T @ A / len(A) for A in classes])
        off = spreads - np.einsum("k,kij->ij", share, spreads)
        return np.sqrt(share)[:, None, None] * off

    values = []
    for _ in range(HALVES_OF_WIDE if V.shape[1] > WIDE else HALVES):
        half = np.zeros(len(V), dtype=bool)
        for c in range(len(counts)):
            half[rng.permutation(np.flatnonzero(member == c))[: counts[c] // 2]] = True
        values.append(float((differences(half) * differences(~half)).sum()))
    whole = float((differences(np.ones(len(V), dtype=bool)) ** 2).sum())
    square = np.mean(values) / whole if whole > 0 else 0.0
    return float(np.sqrt(np.clip(square, 0.0, 1.0)))
