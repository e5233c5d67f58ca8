"""Agreement: share of held-out contrast pairs that a probe orders as the labels do.

Each of three parts of the pairs is held out once. Neither parts nor fits depend on labels. Labels
of the training pairs only set the sign of a probe, once per set of labels. So permuted labels give
the exact null of an agreement, including the choice of sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import KFold

from nullprobe._core import validation
from nullprobe.data.pairs import ContrastPairs
from nullprobe.probes.base.pairs import Normaliser
from nullprobe.probes.linear.logistic import LogisticProbe
from nullprobe.probes.pairs.random_directions import random_directions

N_PARTS = 3
LEAST_PAIRS = 12
PERMUTED = "labels of the pairs permuted, signs chosen again"
BLOCK = 256  # permutations or directions per batch


class HeldOut:
    """Contrast pairs in three parts, each held out once.

    Parameters
    ----------
    pairs : ContrastPairs
        n pairs; groups are normalised separately.
    seed : int
        Seed of the parts, the permutations and the random directions.

    Raises
    ------
    InputError
        If there are fewer than twelve pairs or too few of a group, or if a side does not vary.
    """

    def __init__(self, pairs: ContrastPairs, seed: int) -> None:
        pairs.need_enough()
        if len(pairs) < LEAST_PAIRS:
            validation.complain(
                f"at least {LEAST_PAIRS} pairs are needed",
                f"there are {len(pairs)}",
                "pass more pairs",
            )
        self.pairs, self.seed = pairs, seed
        folds = KFold(N_PARTS, shuffle=True, random_state=seed)
        self.splits = list(folds.split(np.arange(len(pairs))))
        self._need_groups()

    def read(self, probe: Any) -> list[np.ndarray]:
        """Return the predictions ±1 (n, 1) of a probe of pairs for all pairs, one per split.

        The probe is fitted to the training pairs of the split, without labels.
        """
        readings = []
        for train, _ in self.splits:
            fitting, unfitted = self.pairs.take(train), cast(Any, clone(probe))
            fitted = unfitted.fit(fitting.negative, fitting.positive, groups=fitting.groups)
            below, above = fitted.probe_.logits(
                self.pairs.negative, self.pairs.positive, self.pairs.groups
            )
            readings.append(np.where(above > below, 1.0, -1.0)[:, None])
        return readings

    def right(self, read: Sequence[np.ndarray], signs: np.ndarray) -> np.ndarray:
        """Return which held-out predictions (n, B) equal labels ±1; training pairs set the sign.

        Either one probe (n, 1) and many sets of labels (n, B), or many probes and one set. If a
        probe is right for half of the training pairs, the first pair sets the sign; so opposite
        labels always get opposite signs.
        """
        right = np.zeros(np.broadcast_shapes(read[0].shape, signs.shape), dtype=bool)
        for reading, (train, test) in zip(read, self.splits, strict=True):
            agrees = reading * signs
            right[test] = agrees[test] * (agrees[train].sum(axis=0) + 0.5 * agrees[train[0]]) > 0
        return right

    def permuted(self, read: Sequence[np.ndarray], signs: np.ndarray, n: int) -> np.ndarray:
        """Return the agreements (n,) of one probe with n permutations of labels ±1."""
        permutations = _permutations(signs, n, np.random.default_rng([self.seed, 1]))
        agreements = [self.right(read, labels).mean(axis=0) for labels in permutations]
        return np.concatenate(agreements) if agreements else np.zeros(0)

    def at_random(self, signs: Sequence[np.ndarray], n: int) -> list[np.ndarray]:
        """Return the agreements (n,) of n random directions with each set of labels ±1."""
        directions = random_directions(self.pairs.d, n, np.random.default_rng([self.seed, 2]))
        differences = [self._differences(train) for train, _ in self.splits]
        shares: list[list[np.ndarray]] = [[] for _ in signs]
        for start in range(0, n, BLOCK):
            W = directions[:, start : start + BLOCK]
            read = [np.where(D @ W > 0, 1.0, -1.0) for D in differences]
            for agreements, s in zip(shares, signs, strict=True):
                agreements.append(self.right(read, s[:, None]).mean(axis=0))
        return [np.concatenate(agreements) for agreements in shares]

    def supervised(self, y: np.ndarray) -> np.ndarray:
        """Return which held-out pairs (n,) a supervised logistic probe predicts correctly."""
        right = np.zeros(len(y), dtype=bool)
        for train, test in self.splits:
            D = self._differences(train)
            right[test] = LogisticProbe(C=1.0).fit(D[train], y[train]).predict(D[test]) == y[test]
        return right

    def _need_groups(self) -> None:
        """Complain if some split leaves fewer than two training pairs of a group."""
        if self.pairs.groups is None:
            return
        names, codes, counts = np.unique(self.pairs.groups, return_inverse=True, return_counts=True)
        training = np.array([np.bincount(codes[t], minlength=len(names)) for t, _ in self.splits])
        least = training.min(axis=0)
        if least.min() < 2:
            g = int(least.argmin())
            validation.complain(
                "each group needs two training pairs in every split",
                f"group {names.tolist()[g]!r} has {least[g]} in one split, and {counts[g]} in all",
                "pass more pairs of this group, or merge groups",
            )

    def _differences(self, train: np.ndarray) -> np.ndarray:
        low, high = Normaliser.of(self.pairs.take(train)).sides(self.pairs)
        return high - low


def _permutations(signs: np.ndarray, n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield n permutations of labels (rows,) in batches (rows, b)."""
    for start in range(0, n, BLOCK):
        copies = np.tile(signs, (min(BLOCK, n - start), 1))
        yield rng.permuted(copies, axis=1).T
