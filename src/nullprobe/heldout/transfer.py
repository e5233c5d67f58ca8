"""Carry: probes and erasers of one group, scored in every group.

Problem. A probe or an eraser may work only in the group that it was fitted in: other groups may
encode the concept along another direction.

Solution. Every group has its own parts F, P and S. A probe fitted on P of one group is scored on S
of each group. An eraser fitted on F of one group is followed, in each group, by a fresh probe
fitted on P and scored on S of that group. Diagonal and off-diagonal entries share fits and scored
rows, so that they differ only if groups differ. Everything is linear in the labels, as in
`three_way`: labellings are right-hand sides of one factorisation for each part of each group.

Only directions transfer. The mean of a group, and its level of a numeric concept, always come from
P of the scored group, never from its S.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import numpy as np

from nullprobe._core import linalg
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts
from nullprobe.heldout.factored_rows import Part
from nullprobe.heldout.guarded_weights import UnseenFeatures, guarded_weights
from nullprobe.heldout.targets import Labellings
from nullprobe.stats.bootstrap import resampled_weights

# Group of the fit, group of the scored part, that part, its scores (m, k, n_S): probe, eraser.
Scored = tuple[int, int, int, list[np.ndarray]]
# Shrinkage of the covariance towards its diagonal, reduced if rows outnumber features. The diagonal
# contains the class gap of the fitted group, so it turns the probe away from other groups' gaps.
SHRINKAGE = 0.1
LEAST_DIRECTION = 1e-8  # smaller singular values of C_F, relative to the largest, are rounding


class Carry(Labellings):
    """A representation in three parts within each of G groups, factored.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
        Its kind determines the metric of labellings.
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
        assert parts.groups is not None, "transfer needs groups"
        self.partition, self.groups = parts, parts.groups
        self.n_groups = int(self.groups.max()) + 1
        self.parts = self._factored(X, np.ones(len(z), dtype=bool))
        self.fitted = self.parts  # other parts in `without`

    def _factored(self, X: np.ndarray, mask: np.ndarray) -> list[list[Part]]:
        part, groups = self.partition.part, self.groups
        if X.dtype not in (np.float32, np.float64):
            X = X.astype(np.float64)
        return [
            [
                _part(X, self.z, np.flatnonzero((groups == g) & (part == j) & mask))
                for j in range(self.partition.n_parts)
            ]
            for g in range(self.n_groups)
        ]

    def without(self, X: np.ndarray, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return readings (J, J, G, G) without blocks of rows, before and after erasure.

        Entry (j, k): everything is fitted without block j, and scored on rows without block k.

        Parameters
        ----------
        X : ndarray of shape (n, d)
            All rows, as they were passed to the class.
        blocks : ndarray of shape (n,)
            Block of each row, from 0. Without a block, each part of each group still has rows.
        """
        J = int(blocks.max()) + 1
        others = blocks != np.arange(J)[:, None]
        weights = [[others[:, part.rows].astype(np.float64) for part in row] for row in self.parts]
        Z, each = self.columns(np.arange(len(self.z))[:, None]), []
        for mask in others:
            rest = copy.copy(self)
            rest.fitted = self._factored(X, mask)
            each.append(rest._matrices(rest._scored(Z), Z, weights))
        read, erased = np.stack(each, axis=1)
        return read, erased

    @property
    def strata(self) -> Parts:
        """Strata for permutation of labels: the parts of all groups."""
        n_parts = self.partition.n_parts
        return Parts(self.groups * n_parts + self.partition.part, n_parts * self.n_groups, None)

    def read(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the metric of m permuted labellings, before and after erasure.

        Parameters
        ----------
        order : ndarray of shape (n, m)
            Labelling j is y[order[:, j]].

        Returns
        -------
        read : ndarray of shape (m, G, G)
            Row: group of the probe's fit. Column: group of the scored rows.
        erased : ndarray of shape (m, G, G)
            Row: group of the eraser's fit. Column: group of the fresh probe and the scored rows.
        """
        matrices = [self._matrices(self._scored(Z), Z) for Z in self.batches(order)]
        read, erased = np.concatenate(matrices, axis=1)
        return read, erased

    def probed(self, order: np.ndarray) -> np.ndarray:
        """Return the metric (m, G, G) of permuted labellings before erasure; faster than `read`."""
        batches = self.batches(order)
        return np.concatenate([self._matrices(self._scored(Z, erase=False), Z)[0] for Z in batches])

    def resampled(
        self, n_resamples: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return bootstrap replicates (B, G, G), before and after erasure, given the fits.

        Scored rows are resampled within each class of each part of each group. All fits share one
        draw, so that entries can be compared as pairs.
        """
        weights = [[self._weights(part, n_resamples, rng) for part in row] for row in self.parts]
        Z = self.columns(np.arange(len(self.z))[:, None])
        read, erased = self._matrices(self._scored(Z), Z, weights)
        return read, erased

    def left(self, directions: Callable[[int, int], np.ndarray], m: int) -> np.ndarray:
        """Return the metric (m, G, G) of fresh probes after projection off given directions.

        Parameters
        ----------
        directions : callable
            Called with a group and a part. Returns m sets (m, d, k) of directions that replace the
            directions of an eraser fitted there; at most as many as the concept has columns.
        m : int
            Number of sets.
        """
        Z = self.columns(np.arange(len(self.z))[:, None])
        k = Z.shape[2]

        def stacked(g: int, j: int) -> np.ndarray:
            bases = directions(g, j)
            flat = np.zeros((bases.shape[1], m, k))
            flat[:, :, : bases.shape[2]] = bases.transpose(1, 0, 2)
            return flat.reshape(len(flat), m * k)

        Z = np.repeat(Z, m, axis=1)
        return self._matrices(self._scored(Z, stacked), Z)[1]

    def removed(self, g: int, j: int) -> tuple[Part, np.ndarray]:
        """Return a part, and an orthonormal basis (d, r) of the directions mean projection removes.

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
        """Average the metric over roles: (2, m, G, G), raw and erased, or (1, m, G, G)."""
        total: dict[tuple[int, int], np.ndarray] = {}
        for a, b, s, kinds in scored:
            truth = Z[self.parts[b][s].rows].transpose(1, 2, 0)
            w = None if weights is None else weights[b][s]
            each = np.array([self.statistic(scores, truth, w) for scores in kinds])
            total[a, b] = total.get((a, b), 0.0) + each / self.partition.n_parts
        groups = range(self.n_groups)
        matrices = np.array([[total[a, b] for b in groups] for a in groups])
        return matrices.transpose(2, 3, 0, 1)

    def _scored(
        self,
        Z: np.ndarray,
        directions: Callable[[int, int], np.ndarray] | None = None,
        *,
        erase: bool = True,
    ) -> Iterator[Scored]:
        """Yield the scores of fits of each group a in each group b, per role.

        ``directions`` (d, m k) of a group and part replace the covariance with its labels.
        """
        n, m, k = Z.shape
        flat = Z.reshape(n, m * k)
        crosses = [[part.cross(flat) for part in parts] for parts in self.fitted]
        erase_along = crosses
        if directions is not None:
            erase_along = [
                [directions(g, j) for j in range(len(row))] for g, row in enumerate(crosses)
            ]
        for f, p, s in self.partition.roles():
            fitted = [*zip(self.fitted, crosses, strict=True)]
            U = [parts[p].solve(cross[p]) for parts, cross in fitted]
            for b, (parts, cross) in enumerate(fitted):
                P, S = parts[p], self.parts[b][s]
                level = flat[P.rows].mean(axis=0) if self.z.codes is None else 0.0
                fits = [[W] for W in U]
                if erase:
                    others = [(self.fitted[a][f], erase_along[a][f]) for a in range(self.n_groups)]
                    fresh = _fresh_probes(P, U[b], cross[p], others, k)
                    for fit, W in zip(fits, fresh, strict=True):
                        fit.append(W)
                for a, fit in enumerate(fits):
                    scores = [(P.scores(S, W) + level).T.reshape(m, k, len(S.rows)) for W in fit]
                    yield a, b, s, scores

    def _weights(self, part: Part, n_resamples: int, rng: np.random.Generator) -> np.ndarray:
        codes = self.z.take(part.rows).codes
        return resampled_weights(codes, None, len(part.rows), n_resamples, rng)


def _fresh_probes(
    P: Part, U: np.ndarray, C_P: np.ndarray, others: list[tuple[Part, np.ndarray]], k: int
) -> Iterator[np.ndarray]:
    """Yield the weights of fresh probes on P after erasing directions (d, m k) of each part F."""
    unseen = [UnseenFeatures.of(F, P, C, k) for F, C in others]
    solved = np.split(P.solve(np.hstack([of.constraint for of in unseen])), len(unseen), axis=1)
    for of, V in zip(unseen, solved, strict=True):
        weights = guarded_weights(U, C_P, V, of.constraint, k)
        of.set_weights(weights)
        yield weights


def in_units(part: Part, bases: np.ndarray) -> np.ndarray:
    """Return directions (m, d, k) of standardised features, as directions of raw features."""
    return linalg.reciprocal(part.inverse)[:, None] * bases


def diagonal(matrices: np.ndarray) -> np.ndarray:
    """Return the mean (m,) of the diagonal of each matrix (m, G, G)."""
    return np.trace(matrices, axis1=1, axis2=2) / matrices.shape[1]


def off_diagonal(matrices: np.ndarray) -> np.ndarray:
    """Return the mean (m,) of the off-diagonal entries of each matrix (m, G, G)."""
    G = matrices.shape[1]
    return (matrices.sum(axis=(1, 2)) - np.trace(matrices, axis1=1, axis2=2)) / (G * (G - 1))


def _part(X: np.ndarray, z: Concept, rows: np.ndarray) -> Part:
    return Part.of(X, z, rows, SHRINKAGE * min(1.0, X.shape[1] / len(rows)))
