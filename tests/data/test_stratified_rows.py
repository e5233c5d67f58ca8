"""A random part of the rows: classes in proportion, groups whole, no class lost."""

import numpy as np
import pytest

from nullprobe import InputError, stratified_rows


@pytest.mark.parametrize("seed", range(20))
def test_every_class_has_its_share_and_at_least_two_rows(seed):
    rng = np.random.default_rng(seed)
    K = int(rng.integers(2, 12))
    counts = rng.integers(2, 300, size=K)
    y = rng.permutation(np.repeat(np.arange(K), counts))
    n = int(rng.integers(2 * K, len(y)))
    rows = stratified_rows(y, n, random_state=seed)
    assert len(rows) == n
    assert (np.diff(rows) > 0).all()
    drawn = np.bincount(y[rows], minlength=K)
    assert (drawn >= 2).all()
    ideal = n * counts / len(y)
    assert (drawn >= np.floor(np.minimum(ideal, counts)) - K).all()
    np.testing.assert_array_equal(rows, stratified_rows(y, n, random_state=seed))
    assert (rows != stratified_rows(y, n, random_state=seed + 1)).any() or n == len(y)


@pytest.mark.parametrize("seed", range(20))
def test_groups_are_drawn_whole_and_no_class_is_lost(seed):
    """Groups of one to six rows, pure or mixed; the rarest class is in two groups only."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(200), rng.integers(1, 7, size=200))
    y = rng.integers(0, 3, size=200)[groups] if seed % 2 else rng.integers(0, 3, size=len(groups))
    y[np.isin(groups, rng.choice(200, 2, replace=False))] = 3
    order = rng.permutation(len(y))
    y, groups = y[order], np.array([f"g{i}" for i in groups])[order]
    for n in (24, 90, 400):
        rows = stratified_rows(y, n, groups=groups, random_state=seed)
        assert n - 6 < len(rows) <= n
        outside = np.setdiff1d(np.arange(len(y)), rows)
        assert not set(groups[rows]) & set(groups[outside])
        assert set(y[rows]) == set(y)
    shares = np.bincount(y[rows], minlength=4) / len(rows)
    np.testing.assert_allclose(shares, np.bincount(y) / len(y), atol=0.08)


def test_rows_are_drawn_with_equal_chances():
    y = np.repeat([0, 1], [60, 20])
    times = sum(
        np.bincount(stratified_rows(y, 20, random_state=i), minlength=80) for i in range(400)
    )
    # Each row with chance 1/4: 400 draws have a standard deviation of 8.7.
    assert np.abs(times - 100).max() < 5 * 8.7


def test_numbers_are_stratified_by_quarters():
    y = np.sort(np.random.default_rng(0).standard_normal(400))
    rows = stratified_rows(y, 40)
    assert np.bincount(rows // 100).tolist() == [10, 10, 10, 10]


def test_more_rows_than_there_are_gives_all():
    assert stratified_rows([0, 1, 1], 5).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("y", "n", "groups"),
    [
        ([0, 1], 0, None),
        ([0, 1], 1.5, None),
        ([0, 1, 1], 2, [0, 0]),
        ([0, 1, 0, 1], 1, [0, 0, 1, 1]),
    ],
)
def test_what_cannot_be_drawn_is_refused(y, n, groups):
    with pytest.raises(InputError):
        stratified_rows(y, n, groups=groups)
