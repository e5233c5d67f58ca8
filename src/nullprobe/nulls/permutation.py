"""Permutation: remove the dependence between X and y, keep the rest, and rerun the pipeline.

Labels move only within the blocks of the partitions. So class counts, groups and factorisations do
not change. Under the null, each such labelling is as likely as the observed one, so
p = (b + 1)/(m + 1) is exact.

Reference. B. Phipson, G. K. Smyth, "Permutation p-values should never be zero", 2010,
equation 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts
from nullprobe.nulls.action import Action
from nullprobe.nulls.labellings import log_arrangements, log_renamings, period, whole


@dataclass(frozen=True, eq=False)
class Permutations(Action):
    """Labels that move among exchangeable rows, or among exchangeable groups.

    They keep X, the class counts in each block of the partitions, and the order of labels within
    groups. They break the dependence between X and y. They are exact if rows, or groups, are
    exchangeable.

    - Without groups, labels move among the rows of a block.
    - Groups with a single label exchange it with other such groups of their block, of any size. The
      class counts of groups stay the same; the class counts of rows may change.
    - A group with several labels exchanges all of them with a group of its size in its block. Then
      its labels are permuted among its rows. If rows of a group are a series, they are shifted
      cyclically instead. If groups are blocks of one series, they stay in order.
    - If a block of one series holds a unit with several labels, the block exchanges nothing. Labels
      are permuted among the rows of each of its units, since these rows are exchangeable.

    Attributes
    ----------
    groups : ndarray of shape (n,) or None
        Group codes.
    blocks : ndarray of shape (n,)
        Blocks. A label stays in its block, and a group lies in one block.
    data : ndarray of shape (n,) or (n, k)
        Labels or numbers.
    within : {"permuted", "shifted", "kept"}
        How labels move within a group with several labels.
    place : ndarray of shape (n,), optional
        Order of the rows in a series; by default, the order of the file.
    unit : ndarray of shape (n,), optional
        Rows that move together, if groups are blocks of one series.

    Examples
    --------
    Class counts in each part of the split stay the same:

    >>> from nullprobe.data.concept import concept
    >>> from nullprobe.data.splits import split
    >>> y = np.arange(12) % 3
    >>> z = concept(y)
    >>> parts = split(z, groups=None, n_parts=2, rng=np.random.default_rng(0))
    >>> drawn = y[Permutations.of(z, parts, seed=[0]).draw(0)]
    >>> [np.bincount(labels[parts.rows(0)]).tolist() for labels in (y, drawn)]
    [[2, 2, 2], [2, 2, 2]]
    """

    groups: np.ndarray | None
    blocks: np.ndarray
    data: np.ndarray
    within: str = "permuted"
    place: np.ndarray | None = None
    unit: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        z: Concept,
        parts: Parts,
        seed: Sequence[int],
        *,
        within: str = "permuted",
        place: np.ndarray | None = None,
        unit: np.ndarray | None = None,
    ) -> Permutations:
        """Return the permutations of a concept that keep its partitions."""
        return cls(tuple(seed), parts.groups, parts.blocks, z.data, within, place, unit)

    @property
    def description(self) -> str:
        """What the action does, in words."""
        if self.groups is None:
            return "labels permuted within each block of the split; everything rerun"
        if self._constant.all():
            return "labels permuted over whole groups, within each block; everything rerun"
        within = {
            "permuted": "permuted within each group",
            "shifted": "shifted cyclically in each series",
            "kept": "kept in order",
        }[self.within]
        if self._mixed_units.any():
            within = "permuted within the units of a block if one has several labels"
        if self._strata[1].max(initial=0) < 2:
            return f"labels {within}; everything rerun"
        return f"labels exchanged between groups of a block, and {within}; everything rerun"

    @cached_property
    def _units(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows in the order of their groups (n,); start and size of each of G groups."""
        assert self.groups is not None, "rows without groups are permuted one by one"
        place = np.arange(len(self.groups)) if self.place is None else self.place
        home = np.lexsort((place, self.groups))
        _, start, size = np.unique(self.groups[home], return_index=True, return_counts=True)
        return home, start, size

    @cached_property
    def _constant(self) -> np.ndarray:
        """Whether each of G groups has a single label."""
        home, start, size = self._units
        return np.logical_and.reduceat(self._as_first(home, np.repeat(start, size)), start)

    @cached_property
    def _mixed_units(self) -> np.ndarray:
        """Whether each of G groups holds a unit with several labels; then it exchanges none."""
        home, start, _ = self._units
        if self.unit is None:
            return np.zeros(len(start), dtype=bool)
        _, first, member = np.unique(self.unit[home], return_index=True, return_inverse=True)
        return ~np.logical_and.reduceat(self._as_first(home, first[member]), start)

    def _as_first(self, home: np.ndarray, first: np.ndarray) -> np.ndarray:
        """Return whether each row in the order ``home`` has the label of the row at ``first``."""
        data = self.data.reshape(len(self.data), -1)[home]
        return (data == data[first]).all(axis=1)

    @cached_property
    def _strata(self) -> tuple[np.ndarray, np.ndarray]:
        """Stratum (G,) in which each group exchanges its labels, and the groups in each stratum."""
        home, start, size = self._units
        mixed_sizes = np.unique(size[~self._constant])
        # Groups with a single label exchange it for any size, but if their size occurs among groups
        # with several labels, they exchange labels with these.
        kind = np.where(np.isin(size, mixed_sizes), size, 0)
        fixed = np.where(self._mixed_units, np.arange(len(size)), -1)
        key = np.stack([self.blocks[home][start], kind, fixed])
        _, stratum, counts = np.unique(key, axis=1, return_inverse=True, return_counts=True)
        return stratum.ravel(), counts

    def draw(self, k: int) -> np.ndarray:
        """Return permutation k as positions (n,): y[order] is the permuted y.

        If groups of different sizes exchange their label, a position may occur twice.
        """
        rng = self.rng(k)
        if self.groups is None:
            return _shuffled(self.blocks, rng)
        home, start, size = self._units
        order = np.empty(len(home), dtype=np.intp)
        from_group = _shuffled(self._strata[0], rng)
        # The row at the same place of the other group; it exists if the sizes are equal.
        place = np.arange(len(home)) - np.repeat(start, size)
        other = np.repeat(from_group, size)
        within = self._within(rng, home, start, size, place)
        order[home] = home[start[other] + np.minimum(within, size[other] - 1)]
        return order

    def _within(
        self,
        rng: np.random.Generator,
        home: np.ndarray,
        start: np.ndarray,
        size: np.ndarray,
        place: np.ndarray,
    ) -> np.ndarray:
        """Return the place in the group from which each place (n,) takes its label."""
        if self.within == "kept":
            if self.unit is None:
                return place
            moved = _shuffled(self.unit[home], rng) - np.repeat(start, size)
            return np.where(np.repeat(self._mixed_units, size), moved, place)
        if self.within == "shifted":
            shift = np.repeat((rng.random(len(size)) * size).astype(int), size)
            return (place + shift) % np.repeat(size, size)
        group = np.repeat(np.arange(len(size)), size)
        return _shuffled(group, rng) - np.repeat(start, size)

    def n_labellings(self, *, are_classes: bool) -> float:
        """Return the number of different labellings that a reading can tell apart.

        Parameters
        ----------
        are_classes : bool
            Whether labels are classes. No metric of classes changes if classes exchange their
            names, so labellings that differ by names alone count once.
        """
        codes = self._codes
        if self.groups is None:
            count, kinds = log_arrangements(self.blocks, codes), self.blocks
        else:
            count, kinds = self._log_of_groups(codes), np.empty(0)
            home, start, _ = self._units
            if self._constant.all():
                kinds, codes = self._strata[0], codes[home][start]
        if are_classes and len(kinds):
            count -= log_renamings(kinds, codes)
        return whole(count)

    @property
    def of_groups(self) -> np.ndarray | None:
        """Code of the label of each group (G,), if each group has a single label."""
        if self.groups is None or not self._constant.all():
            return None
        home, start, _ = self._units
        return self._codes[home][start]

    @cached_property
    def _codes(self) -> np.ndarray:
        """Code of the label of each row (n,)."""
        axis = None if self.data.ndim == 1 else 0
        return np.unique(self.data, axis=axis, return_inverse=True)[1].ravel()

    def _log_of_groups(self, codes: np.ndarray) -> float:
        """Return the logarithm of the number of labellings if rows form groups."""
        home, start, size = self._units
        inside, member = codes[home], np.repeat(np.arange(len(size)), size)
        # Rows of a group in the order of their labels, unless their order is kept.
        content = inside if self.within == "kept" else inside[np.lexsort((inside, member))]
        lengths = np.where(self._constant, 1, size)
        words = [tuple(content[at : at + n]) for at, n in zip(start, lengths, strict=True)]
        numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
        count = log_arrangements(self._strata[0], np.array([numbers[word] for word in words]))
        if self.within == "permuted":
            return count + log_arrangements(member, inside)
        if self.within == "kept":
            if self.unit is None:
                return count
            moved = np.repeat(self._mixed_units, size)
            return count + log_arrangements(self.unit[home][moved], inside[moved])
        series = zip(start[~self._constant], size[~self._constant], strict=True)
        return count + float(sum(np.log(period(inside[at : at + n])) for at, n in series))

    def orders(self, draws: Sequence[int]) -> np.ndarray:
        """Return the permutations of these draws as columns, (n, m)."""
        return np.stack([self.draw(k) for k in draws], axis=1)


def permutations(z: Concept, parts: Parts, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw n orders as an array of positions (rows, n): y[order[:, j]] is a permuted y.

    Parameters
    ----------
    z : Concept
    parts : Parts
    n : int
    rng : Generator
        Draws the seed of the permutations.

    Examples
    --------
    >>> from nullprobe.data.concept import concept
    >>> from nullprobe.data.splits import split
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(12) % 2
    >>> z = concept(y)
    >>> order = permutations(z, split(z, groups=None, n_parts=2, rng=rng), 99, rng)
    >>> order.shape, set(y[order].sum(axis=0).tolist())
    ((12, 99), {6})
    """
    return Permutations.of(z, parts, [int(rng.integers(2**31))]).orders(range(n))


def _shuffled(stratum: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Permute positions (n,) within strata: sort by stratum, and at random within a stratum."""
    home = np.argsort(stratum, kind="stable")
    order = np.empty(len(stratum), dtype=np.intp)
    order[home] = np.lexsort((rng.random(len(stratum)), stratum))
    return order
