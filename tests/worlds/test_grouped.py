import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nullprobe._core.validation import InputError
from nullprobe.worlds import rotating, shared

N = 40_000
DRAWS = [shared, rotating]


@pytest.mark.parametrize("draw", DRAWS)
def test_groups_and_the_classes_in_them_are_even(draw):
    world = draw(n=1003, n_groups=5)
    counts = np.array([np.bincount(world.y[world.groups == g]) for g in range(5)])
    assert np.ptp(counts.sum(axis=1)) <= 1
    assert np.abs(counts[:, 0] - counts[:, 1]).max() <= 1
    assert len(np.unique(world.groups[:20])) > 2


@pytest.mark.parametrize("draw", DRAWS)
def test_direction_of_a_group_reads_as_well_as_theory_says_there(draw):
    world = draw(n=N, gap=1.5)
    limit = 4 * (1 / (N // 4)) ** 0.5
    for g in range(4):
        for a, u in enumerate(world.directions):
            own = world.groups == g
            same = a == g or draw is shared
            known = world.truth["auc_within" if same else "auc_across"]
            found = roc_auc_score(world.y[own], world.X[own] @ u)
            assert found == pytest.approx(known if same else 0.5, abs=limit)


@pytest.mark.parametrize("draw", DRAWS)
def test_classes_differ_along_that_direction_alone(draw):
    world = draw(n=N, d=6, gap=2.0)
    for g in range(4):
        rows, y = world.X[world.groups == g], world.y[world.groups == g]
        apart = rows[y == 1].mean(axis=0) - rows[y == 0].mean(axis=0)
        u = world.directions[g % len(world.directions)]
        np.testing.assert_allclose(apart, 2.0 * u, atol=4 * 2 / (N // 4) ** 0.5)
        within = rows[y == 0] - rows[y == 0].mean(axis=0)
        np.testing.assert_allclose(np.cov(within.T), np.eye(6), atol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("draw", DRAWS)
def test_group_means_are_as_far_apart_as_asked_and_know_nothing_of_the_concept(draw):
    world = draw(n=N, d=400, n_groups=4, group_distance=6.0, gap=1.0)
    means = np.array([world.X[world.groups == g].mean(axis=0) for g in range(4)])
    distances = np.linalg.norm(means[:, None] - means, axis=2)[np.triu_indices(4, 1)]
    assert np.sqrt((distances**2).mean()) == pytest.approx(6.0, abs=0.8)
    none = draw(n=N, d=400, n_groups=4, group_distance=0.0, gap=0.0)
    assert np.linalg.norm(none.X[none.groups == 0].mean(axis=0)) < 0.3


def test_truth_says_what_carries_over():
    assert shared(n=16).truth["transfers"] == "yes"
    assert rotating(n=16).truth["transfers"] == "no"
    for draw in DRAWS:
        nothing = draw(n=16, gap=0.0).truth
        assert (nothing["readable"], nothing["transfers"]) == ("no", "no")
        assert nothing["auc_within"] == nothing["auc_across"] == 0.5


def test_directions_are_one_or_one_a_group():
    assert shared(n=16, d=9, n_groups=3).directions.shape == (1, 9)
    assert rotating(n=16, d=9, n_groups=3).directions.shape == (3, 9)


def test_one_column_is_enough_for_a_shared_direction():
    assert shared(n=16, d=1).X.shape == (16, 1)


def test_more_groups_than_columns_cannot_rotate():
    with pytest.raises(InputError, match="each of the 4 groups needs .* d=3 columns"):
        rotating(d=3)


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize(
    "arguments",
    [
        {"n_groups": 1},
        {"n": 7},
        {"gap": -1.0},
        {"group_distance": np.nan},
        {"group_distance": -1.0},
    ],
)
def test_groups_need_rows_and_numbers(draw, arguments):
    with pytest.raises(InputError, match="must be a"):
        draw(**arguments)
