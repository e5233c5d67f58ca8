"""Partitions: several splits of the same rows that share one set of blocks.

Problem. A reading from one partition is a coin toss near the border, so that several are averaged.
Labels that are permuted within the parts of one partition are out of place in the next, and a
partition drawn anew for each labelling costs a factorisation each.

Solution. Rows are cut into 3^r stratified blocks, the points of an affine space over the field of
three elements. Every direction a of that space cuts it into three parallel planes, which are the
three parts of one partition: block b is in part a·b mod 3. There are (3^r − 1)/2 directions: one
partition of 3 blocks, four of 9, thirteen of 27. Into halves, over the field of two elements, there
are one of 2 blocks, three of 4, seven of 8 and fifteen of 16. Permutations within blocks leave the
parts, class counts and factorisations of *all* partitions as they are.

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
LEAST_IN_BLOCK = 3  # rows or groups: with fewer, labels have little to be permuted with


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
        From 1 to 13. Fewer partitions are returned where a class has too few rows, or groups, for
        so many blocks: one partition needs six rows of each class, four need nine groups or rows
        of each class, thirteen need twenty-seven.
    rng : Generator
    n_parts : {3, 2}
        Thirds, or halves where no rows are needed for an eraser.

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
    """Return the block of each row, (n,), or None where there are too few rows or groups.

    Groups of one class and size (or rows of one class) are dealt out in turn in random order, so
    that each block has its share of them. A group of several classes goes by its first row.
    """
    unit = np.arange(len(z)) if groups is None else np.unique(groups, return_inverse=True)[1]
    _, first, sizes = np.unique(unit, return_index=True, return_counts=True)
    if len(first) < LEAST_IN_BLOCK * n_blocks:
        return None
    classes = np.zeros(len(first)) if z.codes is None else z.codes[first]
    order = np.lexsort((rng.random(len(first)), sizes, classes))
    dealt = np.empty(len(first), dtype=int)
    dealt[order] = np.arange(len(first)) % n_blocks
    block = dealt[unit]
    if z.codes is not None:
        there = np.zeros((n_blocks, z.n_columns), dtype=bool)
        there[block, z.codes] = True
        if not there.all():
            return None
    return block
