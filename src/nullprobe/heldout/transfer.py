"""Carry: what is read or erased in one group, looked at in the others.

Problem. A probe or an eraser that works in the group it was fitted in may work nowhere else:
the concept may be written along another direction there.

Solution. Every group has its own parts F, P and S. A probe fitted on P of one group is scored on
S of each; an eraser fitted on F of one group is followed, in each group, by a fresh probe from P
to S of that group. Diagonal and the rest are formed alike, of the same fits and the same scored
rows, so that they differ only where groups do. All is linear in the labels, as in `three_way`:
the labellings are right-hand sides of one factorisation for each part of each group.

What carries over is a direction. Where a group has its mean, and its level of a numeric concept,
is always taken from P of the group that is scored, never from its S.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from nullprobe._core import linalg
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts
from nullprobe.heldout.factored_rows import Part
from nullprobe.heldout.guarded_weights import Loose, kept_weights
from nullprobe.heldout.targets import Labellings
from nullprobe.stats.bootstrap import resampled_weights

# The groups of the fit and of the scored part, that part, and its scores (m, k, n_S): read, left.
Scored = tuple[int, int, int, list[np.ndarray]]
# Of the covariance towards its diagonal, and less where rows outnumber features. The diagonal holds
# the gap of the group itself, and turns the probe away from that of other groups.
SHRINKAGE = 0.1
LEAST_DIRECTION = 1e-8  # of the largest singular value: below, C_F has no further direction


class Carry(Labellings):
    """Representations split in three within each of G groups, and factored.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
        Its kind says how labellings are read.
    parts : Parts
        Three parts, and the code of each row's group, from 0; every group has rows in each part
        (`splits.split_within`).

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe.data.concept import concept
    >>> from nullprobe.data.splits import split_within
    >>> rng = np.random.default_rng(0)
    >>> X, y, g = rng.normal(size=(200, 3)), np.arange(200) % 2, np.arange(200) // 100
    >>> X[np.arange(200), g] += 4 * y  # along another feature in each group
    >>> z = concept(y)
    >>> parts = split_within(z, groups=g, names=["a", "b"], n_parts=3, rng=rng)
    >>> read, erased = Carry(X, z, parts).read(np.arange(200)[:, None])
    >>> (read[0] > 0.8).tolist(), (erased[0] > 0.8).tolist()
    ([[True, False], [False, True]], [[False, True], [True, False]])
    """

    def __init__(self, X: np.ndarray, z: Concept, parts: Parts) -> None:
        super().__init__(z)
        if X.dtype not in (np.float32, np.float64):
            X = X.astype(np.float64)
        assert parts.groups is not None, "what carries over is a question about groups"
        self.partition, self.groups = parts, parts.groups
        self.n_groups = int(self.groups.max()) + 1
        self.parts = [
            [
                _part(X, z, np.flatnonzero((self.groups == g) & (parts.part == j)))
                for j in range(parts.n_parts)
            ]
            for g in range(self.n_groups)
        ]

    @property
    def strata(self) -> Parts:
        """The parts of all groups, as the strata in which labels may be permuted."""
        n_parts = self.partition.n_parts
        return Parts(self.groups * n_parts + self.partition.part, n_parts * self.n_groups, None)

    def read(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what m reordered labellings read and what erasure leaves of them.

        Parameters
        ----------
        order : ndarray of shape (n, m)
            Labelling j is y[order[:, j]].

        Returns
        -------
        read : ndarray of shape (m, G, G)
            Reading of the probe of the row's group in the column's.
        erased : ndarray of shape (m, G, G)
            Reading of a fresh probe in the column's group after the eraser of the row's.
        """
        found = [self._matrices(self._scored(Z), Z) for Z in self.batches(order)]
        read, erased = np.concatenate(found, axis=1)
        return read, erased

    def probed(self, order: np.ndarray) -> np.ndarray:
        """Return what m reordered labellings read (m, G, G), at a third of the cost of `read`."""
        found = [self._matrices(self._scored(Z, erase=False), Z)[0] for Z in self.batches(order)]
        return np.concatenate(found)

    def resampled(
        self, n_resamples: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return bootstrap replicates (B, G, G) of what is read and left, given the fits.

        Scored rows are resampled within each class of each part of each group; one draw serves
        all fits, so that entries can be compared in pairs.
        """
        weights = [[self._weights(part, n_resamples, rng) for part in own] for own in self.parts]
        Z = self.columns(np.arange(len(self.z))[:, None])
        read, erased = self._matrices(self._scored(Z), Z, weights)
        return read, erased

    def left(self, directions: Callable[[int, int], np.ndarray], m: int) -> np.ndarray:
        """Return what fresh probes read (m, G, G) once given directions are projected out.

        Parameters
        ----------
        directions : callable
            Called with a group and a part, returns the m sets (m, d, k) that take the place of
            those which an eraser would be fitted to there; k columns of the concept at most.
        m : int
        """
        Z = self.columns(np.arange(len(self.z))[:, None])
        k = Z.shape[2]

        def stacked(g: int, j: int) -> np.ndarray:
            some = directions(g, j)
            flat = np.zeros((some.shape[1], m, k))
            flat[:, :, : some.shape[2]] = some.transpose(1, 0, 2)
            return flat.reshape(len(flat), m * k)

        Z = np.repeat(Z, m, axis=1)
        return self._matrices(self._scored(Z, stacked), Z)[1]

    def removed(self, g: int, j: int) -> tuple[Part, np.ndarray]:
        """Return a part, and an orthonormal basis (d, r) of what mean projection removes from it.

        The basis is in units of the standard deviations of the features.
        """
        part = self.parts[g][j]
        C = part.cross(self.columns(np.arange(len(self.z))[:, None])[:, 0])
        left, sizes, _ = np.linalg.svd(part.inverse[:, None] * C, full_matrices=False)
        return part, left[:, sizes > LEAST_DIRECTION * sizes.max(initial=0.0)]

    def _matrices(
        self,
        scored: Iterator[Scored],
        Z: np.ndarray,
        weights: list[list[np.ndarray]] | None = None,
    ) -> np.ndarray:
        """Average readings over the roles: (2, m, G, G), read and left, or (1, m, G, G)."""
        total: dict[tuple[int, int], np.ndarray] = {}
        for a, b, s, kinds in scored:
            truth = Z[self.parts[b][s].rows].transpose(1, 2, 0)
            w = None if weights is None else weights[b][s]
            each = np.array([self.statistic(scores, truth, w) for scores in kinds])
            total[a, b] = total.get((a, b), 0.0) + each / self.partition.n_parts
        every = range(self.n_groups)
        found = np.array([[total[a, b] for b in every] for a in every])
        return found.transpose(2, 3, 0, 1)

    def _scored(
        self,
        Z: np.ndarray,
        directions: Callable[[int, int], np.ndarray] | None = None,
        *,
        erase: bool = True,
    ) -> Iterator[Scored]:
        """Yield what fits of groups a score in groups b, a role.

        Directions (d, m k) of a group and part take the place of what its labels covary with.
        """
        n, m, k = Z.shape
        flat = Z.reshape(n, m * k)
        crosses = [[part.cross(flat) for part in own] for own in self.parts]
        bars = crosses
        if directions is not None:
            bars = [[directions(g, j) for j in range(len(own))] for g, own in enumerate(crosses)]
        for f, p, s in self.partition.roles():
            U = [own[p].solve(cross[p]) for own, cross in zip(self.parts, crosses, strict=True)]
            for b, (own, cross) in enumerate(zip(self.parts, crosses, strict=True)):
                P, S = own[p], own[s]
                level = flat[P.rows].mean(axis=0) if self.z.codes is None else 0.0
                fits = [[W] for W in U]
                if erase:
                    others = [(self.parts[a][f], bars[a][f]) for a in range(self.n_groups)]
                    for fit, kept in zip(fits, _kept(P, U[b], cross[p], others, k), strict=True):
                        fit.append(kept)
                for a, fit in enumerate(fits):
                    scores = [(P.scores(S, W) + level).T.reshape(m, k, len(S.rows)) for W in fit]
                    yield a, b, s, scores

    def _weights(self, part: Part, n_resamples: int, rng: np.random.Generator) -> np.ndarray:
        codes = self.z.take(part.rows).codes
        return resampled_weights(codes, None, len(part.rows), n_resamples, rng)


def _kept(
    P: Part, U: np.ndarray, own: np.ndarray, others: list[tuple[Part, np.ndarray]], k: int
) -> Iterator[np.ndarray]:
    """Yield the weights of fresh probes on P after the directions (d, m k) of each other part F."""
    loose = [Loose.of(F, P, C, k) for F, C in others]
    solved = np.split(P.solve(np.hstack([of.bound for of in loose])), len(loose), axis=1)
    for of, V in zip(loose, solved, strict=True):
        kept = kept_weights(U, own, V, of.bound, k)
        of.settle(kept)
        yield kept


def in_units(part: Part, bases: np.ndarray) -> np.ndarray:
    """Return directions (m, d, k) of features in standard deviations as functions of raw ones."""
    return linalg.reciprocal(part.inverse)[:, None] * bases


def diagonal(matrices: np.ndarray) -> np.ndarray:
    """Return the mean (m,) of the diagonal of each matrix (m, G, G)."""
    return np.trace(matrices, axis1=1, axis2=2) / matrices.shape[1]


def off_diagonal(matrices: np.ndarray) -> np.ndarray:
    """Return the mean (m,) of the rest of each matrix (m, G, G)."""
    G = matrices.shape[1]
    return (matrices.sum(axis=(1, 2)) - np.trace(matrices, axis1=1, axis2=2)) / (G * (G - 1))


def _part(X: np.ndarray, z: Concept, rows: np.ndarray) -> Part:
    return Part.of(X, z, rows, SHRINKAGE * min(1.0, X.shape[1] / len(rows)))
