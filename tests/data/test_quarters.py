"""Quarters of numbers."""

import numpy as np
import pytest

from nullprobe.data.concept import concept
from nullprobe.data.quarters import quarters, quarters_of
from nullprobe.heldout.targets import marks


@pytest.mark.parametrize("n", [4, 7, 100, 1001])
def test_quarters_have_as_many_rows_as_they_can(n):
    values = np.random.default_rng(n).standard_normal(n)
    counts = np.bincount(quarters(values))
    assert len(counts) == 4
    assert np.ptp(counts) <= 1
    np.testing.assert_array_equal(
        np.sort(values), np.sort(values)[np.argsort(quarters(np.sort(values)), kind="stable")]
    )


@pytest.mark.parametrize("values", [[1.0], [0.0, 1.0] * 5, [3.0] * 9 + [1.0], [1.0, 2.0, 3.0] * 4])
def test_equal_numbers_lie_in_one_quarter(values):
    found = quarters(np.array(values))
    for value in set(values):
        assert len({q for q, v in zip(found, values, strict=True) if v == value}) == 1


def test_every_row_has_one_mark_a_column_of_numbers_and_each_mark_some_rows():
    rng = np.random.default_rng(0)
    M = marks(concept(np.column_stack([rng.standard_normal(50), np.arange(50) // 10 + 0.5])))
    assert (M.sum(axis=1) == 2).all()
    assert M.any(axis=0).all()


def test_quarters_of_several_numbers_follow_the_direction_they_share():
    rng = np.random.default_rng(0)
    shared = rng.standard_normal(400)
    z = concept(np.column_stack([shared, 1e6 * shared, rng.standard_normal(400)]))
    found, expected = quarters_of(z), quarters(shared)
    assert max((found == expected).mean(), (found == 3 - expected).mean()) > 0.85


def test_quarters_of_a_constant_are_one():
    assert set(quarters_of(concept(np.full(9, 1.5), kind="numeric"))) == {0}
