"""Parts of the rows: disjoint, stratified, whole groups together, and honest complaints."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nullprobe import InputError
from nullprobe.cli.option_names import in_options
from nullprobe.data.concept import concept
from nullprobe.data.splits import Parts, group_codes, split, split_within


def parts_of(y, groups=None, n_parts=3, seed=0):
    return split(concept(y), groups=groups, n_parts=n_parts, rng=np.random.default_rng(seed))


@pytest.mark.slow
@given(seed=st.integers(0, 999), n_classes=st.integers(2, 4), n_parts=st.integers(2, 5))
def test_class_shares_are_alike_in_every_part(seed, n_classes, n_parts):
    rng = np.random.default_rng(seed)
    counts = rng.integers(2 * n_parts, 50, n_classes)
    y = rng.permutation(np.repeat(np.arange(n_classes), counts))
    parts = parts_of(y, n_parts=n_parts, seed=seed)
    held = np.array([np.bincount(y[parts.rows(j)], minlength=n_classes) for j in range(n_parts)])
    np.testing.assert_array_equal(held.sum(axis=0), counts)
    assert np.abs(held - counts / n_parts).max() <= 1.0
    assert np.ptp(held.sum(axis=1)) <= n_classes


def test_every_row_is_in_one_part():
    parts = parts_of(np.arange(60) % 2)
    rows = np.concatenate([parts.rows(j) for j in range(3)])
    np.testing.assert_array_equal(np.sort(rows), np.arange(60))


@pytest.mark.parametrize("numeric", [False, True])
def test_groups_stay_together(numeric):
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 40, 300)
    y = rng.normal(size=300) if numeric else rng.integers(0, 2, 300)
    parts = parts_of(y, groups)
    assert all(len(np.unique(parts.part[groups == g])) == 1 for g in np.unique(groups))
    assert np.bincount(parts.part).min() > 60
    assert len(np.unique(parts_of(y).part[groups == groups[0]])) > 1


def test_numbers_are_split_evenly():
    assert np.bincount(parts_of(np.linspace(0, 1, 31)).part).tolist() == [11, 10, 10]


def test_same_seed_gives_the_same_parts_and_another_others():
    y = np.arange(90) % 3
    np.testing.assert_array_equal(parts_of(y, seed=1).part, parts_of(y, seed=1).part)
    assert not np.array_equal(parts_of(y, seed=1).part, parts_of(y, seed=2).part)


def test_every_part_plays_each_role_once():
    roles = list(Parts(np.arange(3), 3, None).roles())
    assert all(len(set(role)) == 3 for role in roles)
    assert all(sorted(played) == [0, 1, 2] for played in zip(*roles, strict=True))


def test_class_of_too_few_rows_is_named():
    with pytest.raises(InputError, match=r"at least 6 rows.*'rare' has 5"):
        parts_of(["rare"] * 5 + ["common"] * 50)
    parts_of(["rare"] * 6 + ["common"] * 50)


def test_advice_fits_callers_as_well_as_the_command_line():
    z = concept([0] * 5 + [1] * 9)
    with pytest.raises(InputError) as caught:
        split(z, groups=None, n_parts=3, rng=np.random.default_rng(0))
    assert 'kind="numeric"' in caught.value.hint
    assert in_options(caught.value.hint).count("--kind numeric") == 1


def test_too_few_numbers_are_refused():
    with pytest.raises(InputError, match="at least 6 rows are needed, but 5 arrived"):
        parts_of(np.linspace(0, 1, 5))


def test_too_few_groups_are_refused():
    with pytest.raises(InputError, match="at least 3 groups are needed, but 2 arrived"):
        parts_of(np.arange(40) % 2, np.arange(40) % 2)


def test_class_that_lives_in_one_group_is_refused():
    groups = np.arange(90) // 10
    with pytest.raises(InputError, match="would hold 0 of 1"):
        parts_of((groups == 0).astype(int), groups)


def test_groups_of_any_kind_become_codes():
    words = np.array(["b", "a", "b", "c"])
    for groups in (words, words.astype(object), [2, 1, 2, 3], [2.0, 1.0, 2.0, 3.0]):
        assert group_codes(groups, 4).tolist() == [1, 0, 1, 2]
    assert group_codes([[10], [9], [10], [11]], 4).tolist() == [1, 0, 1, 2]
    assert group_codes(None, 4) is None


@pytest.mark.parametrize("missing", [None, float("nan")])
@pytest.mark.parametrize("named", ["a", 1.5])
def test_row_without_a_group_is_refused(missing, named):
    groups = np.array([named, missing, named], dtype=object)
    with pytest.raises(InputError, match="1 label is missing .* first in row 1"):
        group_codes(groups, 3)


def test_groups_of_another_length_are_refused():
    with pytest.raises(InputError, match="X has 4 and groups has 3"):
        group_codes([1, 2, 3], 4)


def within(y, groups, n_parts=3, seed=0):
    names = [f"g{g}" for g in np.unique(groups)]
    rng = np.random.default_rng(seed)
    return split_within(concept(y), groups=groups, names=names, n_parts=n_parts, rng=rng)


@given(seed=st.integers(0, 999), n_classes=st.integers(2, 3), n_groups=st.integers(2, 5))
def test_class_shares_are_alike_in_every_part_of_every_group(seed, n_classes, n_groups):
    rng = np.random.default_rng(seed)
    counts = rng.integers(6, 30, (n_groups, n_classes))
    y = np.concatenate([np.repeat(np.arange(n_classes), row) for row in counts])
    groups = np.repeat(np.arange(n_groups), counts.sum(axis=1))
    shuffled = rng.permutation(len(y))
    y, groups = y[shuffled], groups[shuffled]
    parts = within(y, groups, seed=seed)
    np.testing.assert_array_equal(parts.groups, groups)
    for j in range(3):
        held = np.zeros_like(counts)
        np.add.at(held, (groups[parts.part == j], y[parts.part == j]), 1)
        assert held.min() >= 2
        assert np.abs(held - counts / 3).max() <= 1.0


def test_group_with_too_few_rows_of_a_class_is_named():
    groups = np.repeat([0, 1], [40, 40])
    y = np.where(np.arange(80) < 40, np.arange(80) % 2, 0)
    y[40:45] = 1
    said = r"at least 6 rows of every class, .* but group 'g1' has 5 of 1; .*merge it"
    with pytest.raises(InputError, match=said):
        within(y, groups)
    y[45] = 1
    within(y, groups)


def test_group_with_too_few_numbers_is_named():
    groups = np.repeat([0, 1], [40, 5])
    with pytest.raises(InputError, match="every group needs at least 6 rows, .* 'g1' has 5;"):
        within(np.linspace(0, 1, 45), groups)


def test_group_whose_number_does_not_vary_is_named():
    groups = np.repeat([0, 1], [40, 40])
    y = np.linspace(0, 1, 80)
    y[40:] = 2.5
    with pytest.raises(InputError, match="part of group 'g1' it is 2.5 in every row"):
        within(y, groups)


def test_one_group_is_nothing_to_compare():
    with pytest.raises(InputError, match="at least two groups are needed, but 1 arrived"):
        within(np.arange(40) % 2, np.zeros(40, dtype=int))
