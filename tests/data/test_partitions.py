"""Partitions of affine blocks: parts disjoint and stratified, every two partitions orthogonal,
groups whole, and fewer of them where there are too few rows or groups."""

from itertools import combinations

import numpy as np
import pytest

from nullprobe import InputError
from nullprobe.data.concept import concept
from nullprobe.data.partitions import directions, partitions


def made(y, n_splits, groups=None, seed=0):
    return partitions(concept(y), groups=groups, n_splits=n_splits, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("r", [1, 2, 3])
def test_directions_cut_the_space_into_different_planes(r):
    points = np.stack(np.meshgrid(*[range(3)] * r, indexing="ij"), axis=-1).reshape(-1, r)
    found = directions(r)
    assert len(found) == (3**r - 1) // 2
    planes = {tuple((points @ a) % 3) for a in found} | {tuple((points @ -a) % 3) for a in found}
    assert len(planes) == 2 * len(found)


@pytest.mark.parametrize("n_splits", range(1, 14))
@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.6, 0.3, 0.1]])
def test_every_number_of_splits_is_stratified_within_one_row(n_splits, shares):
    y = np.random.default_rng(0).choice(len(shares), 600, p=shares)
    several = made(y, n_splits)
    assert len(several) == n_splits
    for parts in several:
        assert parts.part.shape == (600,)
        assert set(parts.part) == {0, 1, 2}
        counts = np.array([np.bincount(y[parts.rows(j)]) for j in range(3)])
        # Each of nine blocks of a part has its share of a class within one row.
        assert np.ptp(counts, axis=0).max() <= max(1, len(np.unique(parts.blocks)) // 3)
    blocks = np.array([np.bincount(y[several[0].blocks == b]) for b in set(several[0].blocks)])
    assert np.ptp(blocks, axis=0).max() <= 1


@pytest.mark.parametrize("n_splits", [4, 13])
def test_every_two_partitions_are_orthogonal(n_splits):
    """Two rows of one block are together in all; any two parts share a third of each other."""
    y = np.arange(810) % 2
    several = made(y, n_splits)
    blocks = several[0].blocks
    for one, two in combinations(several, 2):
        np.testing.assert_array_equal(one.blocks, two.blocks)
        first = np.unique(blocks, return_index=True)[1]
        met = np.zeros((3, 3), dtype=int)
        np.add.at(met, (one.part[first], two.part[first]), 1)
        assert (met == len(first) // 9).all()
    for parts in several:
        for b in np.unique(blocks):
            assert len(set(parts.part[blocks == b])) == 1


@pytest.mark.parametrize("n_splits", [2, 3, 4, 5, 13, 40])
def test_no_more_than_thirteen_splits_and_no_two_alike(n_splits):
    several = made(np.arange(600) % 2, n_splits)
    assert len(several) == min(n_splits, 13)
    alike = [np.array_equal(one.part, two.part) for one, two in combinations(several, 2)]
    assert not any(alike)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((300, 300), 13), ((60, 27), 13), ((60, 26), 4), ((60, 9), 4), ((60, 8), 1), ((6, 6), 1)],
)
def test_fewer_rows_of_a_class_have_fewer_splits(counts, expected):
    y = np.repeat([0, 1], counts)
    several = made(y, 13)
    assert len(several) == expected
    for parts in several:
        for j in range(3):
            assert np.bincount(y[parts.rows(j)], minlength=2).min() >= 2


def test_too_few_rows_of_a_class_are_refused():
    with pytest.raises(InputError):
        made(np.repeat([0, 1], [60, 5]), 4)


@pytest.mark.parametrize(("n_groups", "expected"), [(90, 13), (81, 13), (60, 4), (27, 4), (20, 1)])
@pytest.mark.parametrize("kind", ["constant", "mixed", "numbers"])
def test_groups_are_whole_and_too_few_have_fewer_splits(n_groups, expected, kind):
    rng = np.random.default_rng(0)
    groups = rng.permutation(np.repeat(np.arange(n_groups), rng.integers(2, 9, n_groups)))
    y = groups % 2
    if kind == "mixed":
        y = rng.integers(0, 2, len(groups))
    elif kind == "numbers":
        y = rng.normal(size=len(groups))
    several = made(y, 13, groups)
    assert len(several) == expected
    for parts in several:
        np.testing.assert_array_equal(parts.groups, groups)
        for g in range(n_groups):
            assert len(set(parts.part[groups == g])) == 1
            assert len(set(parts.blocks[groups == g])) == 1


def test_large_and_small_groups_are_dealt_evenly():
    sizes = np.repeat([1, 40], [54, 18])
    groups = np.repeat(np.arange(72), sizes)
    for parts in made(groups % 2, 4, groups):
        rows = np.bincount(parts.part)
        assert rows.max() <= 1.2 * rows.min()


def test_same_seed_has_the_same_partitions_and_another_others():
    y = np.arange(200) % 2
    first, again, other = (made(y, 4, seed=seed) for seed in (0, 0, 1))
    for one, two, three in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one.part, two.part)
        assert not np.array_equal(one.part, three.part)


@pytest.mark.parametrize("n", [27, 60])
def test_numbers_are_split_without_strata(n):
    several = made(np.random.default_rng(0).normal(size=n), 4)
    assert len(several) == 4
    for parts in several:
        assert np.ptp(np.bincount(parts.part)) <= 3
