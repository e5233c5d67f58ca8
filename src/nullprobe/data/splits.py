"""Splits: disjoint parts of the rows, stratified by class, with whole groups in one part.

Three parts take turns as F (the eraser is fitted), P (the probe is fitted) and S (rows are
scored), so each row is scored once. An audit uses one partition. Permutations of labels within its
parts do not change the rows, class counts and factorisations of a part, so the permutation null is
exact and cheap.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nullprobe._core import estimators, validation
from nullprobe.data.concept import Concept, concept


@dataclass(frozen=True, eq=False)
class Parts:
    """A partition of n rows.

    Attributes
    ----------
    part : ndarray of shape (n,)
        Number of each row's part.
    n_parts : int
    groups : ndarray of shape (n,) or None
        Code of each row's group; all rows of a group are in one part.
    block : ndarray of shape (n,), optional
        Block of each row, within which labels may be permuted; by default its part.
    """

    part: np.ndarray
    n_parts: int
    groups: np.ndarray | None
    block: np.ndarray | None = None

    @property
    def blocks(self) -> np.ndarray:
        """Block of each row (n,); permutations of labels within blocks do not change the parts."""
        return self.part if self.block is None else self.block

    def rows(self, j: int) -> np.ndarray:
        """Return the positions of the rows in part j."""
        return np.flatnonzero(self.part == j)

    def roles(self) -> Iterator[tuple[int, int, int]]:
        """Yield the numbers of the parts F, P and S; each part is S once."""
        for j in range(self.n_parts):
            yield j, (j + 1) % self.n_parts, (j + 2) % self.n_parts


def group_codes(groups: object, n: int) -> np.ndarray | None:
    """Return the group of each row as a code (n,), or None if there are no groups."""
    return named_groups(groups, n)[0]


def named_groups(groups: object, n: int) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the group of each row as a code (n,), and the name of each code."""
    if groups is None:
        return None, ()
    z = groups_of(groups, n)
    return z.codes, tuple(map(str, z.classes or ()))


def groups_of(groups: object, n: int) -> Concept:
    """Return the group of each row, with the names of the groups as its classes."""
    z = concept(groups, n=n, name="groups", kind="labels")
    if not z.is_classes:
        validation.complain(
            "groups must be one label for each row",
            f"they have {len(z.levels or ())} columns",
            "combine the columns into one, or pass one of them",
        )
    return z


def split(
    z: Concept, *, groups: np.ndarray | None, n_parts: int, rng: np.random.Generator
) -> Parts:
    """Partition the rows; each part has about the same class shares, and groups stay together.

    Parameters
    ----------
    z : Concept
        The concept of n rows.
    groups : ndarray of shape (n,) or None
        Group codes.
    n_parts : int
    rng : Generator

    Raises
    ------
    InputError
        If a class has too few rows, or too few groups, for every part to hold two of it.
    """
    seed = int(rng.integers(2**31))
    _need_rows(z, n_parts)
    if groups is not None and len(np.unique(groups)) < n_parts:
        validation.complain(
            f"at least {n_parts} groups are needed",
            f"{len(np.unique(groups))} arrived",
            "pass more groups, or omit groups if rows are independent",
        )
    stratified, grouped = z.codes is not None, groups is not None
    folds = estimators.shuffled_folds(n_parts, seed, stratified=stratified, grouped=grouped)
    part = np.empty(len(z), dtype=int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rare classes are checked below
        for j, (_, test) in enumerate(folds.split(np.zeros(len(z)), z.codes, groups)):
            part[test] = j
    parts = Parts(part, n_parts, groups)
    if z.codes is not None:
        for j in range(n_parts):
            _need_classes(z, parts.rows(j), j)
    return parts


def split_within(
    z: Concept, *, groups: np.ndarray, names: Sequence[str], n_parts: int, rng: np.random.Generator
) -> Parts:
    """Partition the rows of every group separately, stratified by class.

    Parameters
    ----------
    z : Concept
        The concept of n rows.
    groups : ndarray of shape (n,)
        Group codes, from 0.
    names : sequence of str
        Names of the groups, by code, for messages.
    n_parts : int
    rng : Generator

    Returns
    -------
    Parts
        Every group has rows in every part.

    Raises
    ------
    InputError
        If there is only one group, if a group has too few rows of a class for two rows in every
        part, or if a numeric concept is constant in a part of a group.
    """
    if len(names) < 2:
        validation.complain(
            "at least two groups are needed",
            f"{len(names)} arrived",
            "pass the group of each row, or omit comparisons of groups",
        )
    part = np.empty(len(z), dtype=int)
    for g, name in enumerate(names):
        rows = np.flatnonzero(groups == g)
        within = z.take(rows)
        _need_within(within, name, n_parts)
        part[rows] = split(within, groups=None, n_parts=n_parts, rng=rng).part
        for j in range(n_parts):
            _need_variation(within.take(part[rows] == j), name)
    return Parts(part, n_parts, groups)


def _need_within(z: Concept, group: str, n_parts: int) -> None:
    least = 2 * n_parts
    counts = np.array([len(z)]) if z.codes is None else np.bincount(z.codes, minlength=z.n_columns)
    if counts.min() >= least:
        return
    of = "" if z.classes is None else f" of {z.classes[int(counts.argmin())]!r}"
    validation.complain(
        f"every group needs at least {least} rows{' of every class' if of else ''}, two for each "
        f"of the {n_parts} parts",
        f"group {group!r} has {counts.min()}{of}",
        "pass more rows of the group, merge it with another group, or leave it out",
    )


def _need_variation(z: Concept, group: str) -> None:
    if z.values is not None and (z.values == z.values[0]).all(axis=0).any():
        validation.complain(
            "a numeric concept must vary in each part of every group",
            f"in a part of group {group!r} it is {z.values[0, 0]:g} in every row",
            "pass more rows of the group, merge it with another group, or leave it out",
        )


def _need_rows(z: Concept, n_parts: int) -> None:
    least = 2 * n_parts
    if z.codes is None or z.classes is None:
        if len(z) < least:
            validation.complain(f"at least {least} rows are needed", f"{len(z)} arrived")
        return
    counts = np.bincount(z.codes, minlength=z.n_columns)
    if counts.min() < least:
        label = z.classes[int(counts.argmin())]
        validation.complain(
            f"every class needs at least {least} rows, two for each of the {n_parts} parts",
            f"{label!r} has {counts.min()}",
            "pass more rows of this class, merge or drop the class, or, if y is numeric, pass "
            'kind="numeric"',
        )


def _need_classes(z: Concept, rows: np.ndarray, j: int) -> None:
    counts = np.bincount(z.data[rows], minlength=z.n_columns)
    if counts.min() < 2 and z.classes is not None:
        label = z.classes[int(counts.argmin())]
        validation.complain(
            "each part must hold two rows of every class, and groups must stay together",
            f"part {j + 1} would hold {counts.min()} of {label!r}",
            "pass more groups that contain this class",
        )
