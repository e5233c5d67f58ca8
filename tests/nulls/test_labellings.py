"""The number of labellings is what many draws show, and few labellings are counted as few."""

import numpy as np
import pytest

from nullprobe.data.concept import concept
from nullprobe.data.partitions import partitions
from nullprobe.nulls import Permutations
from nullprobe.nulls.labellings import groups_needed

DESIGNS = {
    "rows": (np.arange(18) % 2, None, {}),
    "six groups": (np.repeat(np.arange(6) % 2, 3), np.repeat(np.arange(6), 3), {}),
    "seven groups": (np.repeat(np.arange(7) % 2, 2), np.repeat(np.arange(7), 2), {}),
    "eight groups of uneven size": (
        np.repeat(np.arange(8) % 2, [1, 2, 3, 4, 5, 6, 7, 8]),
        np.repeat(np.arange(8), [1, 2, 3, 4, 5, 6, 7, 8]),
        {},
    ),
    "nine groups of three classes": (
        np.repeat([str(i % 3) for i in range(9)], 2),
        np.repeat(np.arange(9), 2),
        {},
    ),
    "groups of several labels": (np.tile([0, 1, 1], 6), np.repeat(np.arange(6), 3), {}),
    "one group of several labels": (
        np.r_[np.repeat(np.arange(6) % 2, 2), [0, 1, 1]],
        np.r_[np.repeat(np.arange(6), 2), [6, 6, 6]],
        {},
    ),
    "series": (np.tile([0, 0, 1], 6), np.repeat(np.arange(6), 3), {"within": "shifted"}),
    "series of one period": (
        np.tile([0, 1], 12),
        np.repeat(np.arange(4), 6),
        {"within": "shifted"},
    ),
    "blocks in order": (
        np.array([0, 1] * 3 + [1, 0] * 3 + [1, 1, 0, 0] * 2),
        np.repeat(np.arange(10), 2),
        {"within": "kept"},
    ),
}


def permuted(name):
    y, groups, how = DESIGNS[name]
    z = concept(y)
    parts = partitions(z, groups=groups, n_splits=1, rng=np.random.default_rng(0))
    return z, Permutations.of(z, parts[0], (0,), **how)


def shown_by_draws(z, action, *, renamed):
    """Return how many labellings 20,000 draws show; with ``renamed``, up to names of classes."""
    rows = z.codes[action.orders(range(20_000))].T
    if renamed:  # classes are named in the order in which they occur
        rows = np.stack([_renamed(row) for row in np.unique(rows, axis=0)])
    return len(np.unique(rows, axis=0))


def _renamed(row):
    _, first, codes = np.unique(row, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in DESIGNS if name != "rows"])
def test_the_number_of_labellings_is_what_many_draws_show(name):
    z, action = permuted(name)
    assert action.n_labellings(are_classes=False) == shown_by_draws(z, action, renamed=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in DESIGNS if name.endswith(("groups", "classes"))])
def test_labellings_that_differ_by_the_names_of_classes_count_once(name):
    z, action = permuted(name)
    assert action.n_labellings(are_classes=True) == shown_by_draws(z, action, renamed=True)


def test_rows_without_groups_have_the_labellings_of_their_blocks():
    _, action = permuted("rows")
    assert action.n_labellings(are_classes=False) == 20**3
    assert action.n_labellings(are_classes=True) == 20**3 / 2


@pytest.mark.parametrize("least", [20, 100, 1000])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_groups_needed_have_enough_labellings_and_one_group_less_has_not(least, n_classes):
    def count(n_groups):
        groups = np.repeat(np.arange(n_groups), 3)
        z = concept((groups % n_classes).astype(str))
        parts = partitions(z, groups=groups, n_splits=1, rng=np.random.default_rng(0))
        return Permutations.of(z, parts[0], (0,)).n_labellings(are_classes=True)

    start = np.arange(2 * n_classes) % n_classes
    needed = groups_needed(start, 3, least, are_classes=True)
    assert count(needed) >= least
    assert needed - 1 < 3 * n_classes or count(needed - 1) < least


def test_groups_of_one_label_never_have_enough_labellings():
    assert groups_needed(np.zeros(9), 3, 20, are_classes=True) is None
