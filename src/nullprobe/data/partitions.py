"""Partitions: several splits of the same rows that share one set of blocks.

Problem. A score from one partition varies with the partition, so scores from several partitions are
averaged. But a permutation of labels within the parts of one partition moves labels between the
parts of another, and new partitions for each permutation would need new factorisations.

Solution. Rows are divided into 3^r stratified blocks, the points of an affine space over the field
of three elements. Every direction a of this space divides it into three parallel planes. These are
the three parts of one partition: block b is in part a·b mod 3. There are (3^r − 1)/2 directions, so
3 blocks give one partition, 9 blocks four, and 27 blocks thirteen. For two halves, over the field
of two elements, 2 blocks give one partition, 4 blocks three, 8 blocks seven and 16 blocks fifteen.
Permutations within blocks do not change the parts, class counts and factorisations of *any*
partition.

Reference. Affine planes and resolvable designs: D. Stinson, "Combinatorial designs", 2004,
chapter 5.
"""

from __future__ import annotations

import itertools

import numpy as np

from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts, split

N_PARTS = 3
MOST_SPLITS = 13
LEAST_IN_BLOCK = 3  # rows or groups; with fewer, there are hardly any permutations


def partitions(
    z: Concept,
    *,
    groups: np.ndarray | None,
    n_splits: int,
    rng: np.random.Generator,
    n_parts: int = N_PARTS,
) -> tuple[Parts, ...]:
    """Return up to ``n_splits`` partitions into three parts each, with their common blocks.

    Parameters
    ----------
    z : Concept
        The concept of n rows.
    groups : ndarray of shape (n,) or None
        Group codes; a group lies in one block.
    n_splits : int
        From 1 to 13. Fewer partitions are returned if a class has too few rows or groups for so
        many blocks: one partition needs six rows of each class, four need nine groups or rows
        of each class, thirteen need twenty-seven.
    rng : Generator
    n_parts : {3, 2}
        Thirds, or halves if no rows are needed to fit an eraser.

    Raises
    ------
    InputError
        If a class has too few rows, or too few groups, for every part to hold two of it.
    """
    wanted = min(n_splits, MOST_SPLITS)
    r = next(r for r in itertools.count(1) if len(directions(r, n_parts)) >= wanted)
    for dimension in range(r, 1, -1):
        block = _blocks(z, groups, n_parts**dimension, rng)
        if block is not None:
            points = np.array(list(itertools.product(range(n_parts), repeat=dimension)))
            lines = directions(dimension, n_parts)[:n_splits]
            return tuple(
                Parts((points[block] @ a) % n_parts, n_parts, groups, block) for a in lines
            )
    return (split(z, groups=groups, n_parts=n_parts, rng=rng),)


def directions(r: int, n_parts: int = N_PARTS) -> list[np.ndarray]:
    """Return the (q^r − 1)/(q − 1) directions of the affine space of dimension r over q elements.

    Examples
    --------
    >>> [a.tolist() for a in directions(2)]
    [[0, 1], [1, 0], [1, 1], [1, 2]]
    >>> len(directions(3, 2))
    7
    """
    every = (np.array(a) for a in itertools.product(range(n_parts), repeat=r))
    return [a for a in every if a.any() and a[np.flatnonzero(a)[0]] == 1]


def _blocks(
    z: Concept, groups: np.ndarray | None, n_blocks: int, rng: np.random.Generator
) -> np.ndarray | None:
    """Return the block of each row, (n,), or None if there are too few rows or groups.

    Groups of one class and size (or rows of one class) are assigned to the blocks in turn, in
    random order, so that each block has an equal share. A group of several classes counts as the
    class of its first row.
    """
    unit = np.arange(len(z)) if groups is None else np.unique(groups, return_inverse=True)[1]
    _, first, sizes = np.unique(unit, return_index=True, return_counts=True)
    if len(first) < LEAST_IN_BLOCK * n_blocks:
        return None
    classes = np.zeros(len(first)) if z.codes is None else z.codes[first]
    order = np.lexsort((rng.random(len(first)), sizes, classes))
    assigned = np.empty(len(first), dtype=int)
    assigned[order] = np.arange(len(first)) % n_blocks
    block = assigned[unit]
    if z.codes is not None:
        present = np.zeros((n_blocks, z.n_columns), dtype=bool)
        present[block, z.codes] = True
        if not present.all():
            return None
    return block
