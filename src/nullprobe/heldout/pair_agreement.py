"""Agreement: how often readers of contrast pairs read held-out pairs as labels say.

Three parts of the pairs take turns to be held out. Neither the parts nor the fits look at a label:
labels of the training pairs settle a sign, one for each label that is scored, and nothing else. So
permuting labels is the exact null of an agreement, settled signs included.
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
PERMUTED = "labels of the pairs permuted, signs settled anew"
BLOCK = 256  # permutations, or directions, at a time


class HeldOut:
    """Contrast pairs, of which each part is held out in turn.

    Parameters
    ----------
    pairs : ContrastPairs
        n pairs; each group is normalised on its own.
    seed : int
        Of the parts, the permutations and the directions.

    Raises
    ------
    InputError
        If there are fewer than twelve pairs, too few of a group, or a side does not vary.
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
        self.turns = list(folds.split(np.arange(len(pairs))))
        self._need_groups()

    def read(self, probe: Any) -> list[np.ndarray]:
        """Return what a probe of pairs reads of all of them, ±1 (n, 1), for each turn.

        It is fitted to the training pairs of the turn, without labels.
        """
        found = []
        for train, _ in self.turns:
            some, unfitted = self.pairs.take(train), cast(Any, clone(probe))
            fitted = unfitted.fit(some.negative, some.positive, groups=some.groups)
            below, above = fitted.probe_.logits(
                self.pairs.negative, self.pairs.positive, self.pairs.groups
            )
            found.append(np.where(above > below, 1.0, -1.0)[:, None])
        return found

    def right(self, read: Sequence[np.ndarray], signs: np.ndarray) -> np.ndarray:
        """Return which pairs (n, B) are read as labels ±1 say, signs settled in training.

        One reader, (n, 1), with many labels (n, B), or many readers with one label. Where a reader
        is right in half the training pairs the first of them settles it, so that the opposite
        label always gets the opposite sign.
        """
        right = np.zeros(np.broadcast_shapes(read[0].shape, signs.shape), dtype=bool)
        for one, (train, test) in zip(read, self.turns, strict=True):
            same = one * signs
            right[test] = same[test] * (same[train].sum(axis=0) + 0.5 * same[train[0]]) > 0
        return right

    def permuted(self, read: Sequence[np.ndarray], signs: np.ndarray, n: int) -> np.ndarray:
        """Return the agreement (n,) of one reader with so many permutations of labels ±1."""
        drawn = _permutations(signs, n, np.random.default_rng([self.seed, 1]))
        found = [self.right(read, labels).mean(axis=0) for labels in drawn]
        return np.concatenate(found) if found else np.zeros(0)

    def at_random(self, signs: Sequence[np.ndarray], n: int) -> list[np.ndarray]:
        """Return the agreements (n,) of so many random directions with each of several labels."""
        directions = random_directions(self.pairs.d, n, np.random.default_rng([self.seed, 2]))
        differences = [self._differences(train) for train, _ in self.turns]
        shares: list[list[np.ndarray]] = [[] for _ in signs]
        for start in range(0, n, BLOCK):
            W = directions[:, start : start + BLOCK]
            read = [np.where(D @ W > 0, 1.0, -1.0) for D in differences]
            for found, s in zip(shares, signs, strict=True):
                found.append(self.right(read, s[:, None]).mean(axis=0))
        return [np.concatenate(found) for found in shares]

    def told(self, y: np.ndarray) -> np.ndarray:
        """Return which pairs (n,) a logistic probe reads as labels y say that it was fitted to."""
        right = np.zeros(len(y), dtype=bool)
        for train, test in self.turns:
            D = self._differences(train)
            right[test] = LogisticProbe(C=1.0).fit(D[train], y[train]).predict(D[test]) == y[test]
        return right

    def _need_groups(self) -> None:
        """Complain if a group could not be normalised wherever some of its pairs are held out."""
        if self.pairs.groups is None:
            return
        names, codes, counts = np.unique(self.pairs.groups, return_inverse=True, return_counts=True)
        kept = np.array([np.bincount(codes[t], minlength=len(names)) for t, _ in self.turns])
        least = kept.min(axis=0)
        if least.min() < 2:
            g = int(least.argmin())
            validation.complain(
                "each group needs two pairs outside every part that is held out",
                f"group {names.tolist()[g]!r} has {counts[g]}, of which {least[g]} may be left",
                "pass more pairs of it, or merge groups",
            )

    def _differences(self, train: np.ndarray) -> np.ndarray:
        low, high = Normaliser.of(self.pairs.take(train)).sides(self.pairs)
        return high - low


def _permutations(signs: np.ndarray, n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield n permutations (rows, b) of labels (rows,), not too many at a time."""
    for start in range(0, n, BLOCK):
        several = np.tile(signs, (min(BLOCK, n - start), 1))
        yield rng.permuted(several, axis=1).T
