import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from nullprobe import LDAProbe, QuadraticProbe
from nullprobe._core.validation import InputError
from nullprobe.worlds import copies

N = 40_000
SE = 0.5 / N**0.5


def right(world, scores):
    return ((scores > 0) == world.y).mean()


@pytest.mark.parametrize(("n_copies", "noise"), [(10, 1.0), (3, 2.0), (5, 0.0), (1, 1.0)])
def test_copies_read_the_concept_as_well_as_theory_says(n_copies, noise):
    world = copies(n=N, n_copies=n_copies, noise=noise)
    held = world.X @ world.directions.T
    assert held.shape == (N, n_copies)
    every, known = held.mean(axis=1), world.truth
    for copy in held.T:
        assert right(world, copy) == pytest.approx(known["single_copy_accuracy"], abs=4 * SE)
    assert right(world, every) == pytest.approx(known["all_copies_accuracy"], abs=4 * SE)
    limit = 4 * (0.5 / N) ** 0.5  # the variance of an AUC is at most 1/(4 m), m rows a class
    assert roc_auc_score(world.y, every) == pytest.approx(known["bayes_auc"], abs=limit)
    squared = np.corrcoef(every, world.y)[0, 1] ** 2
    assert squared == pytest.approx(known["squared_canonical_correlation"], abs=0.015)


@pytest.mark.slow
def test_many_copies_show_the_latent_and_the_concept_follows_it():
    world = copies(n=N, d=200, n_copies=200, gap=2.0)
    latent = (world.X @ world.directions.T).mean(axis=1)  # to within 1/√200
    assert right(world, latent) == pytest.approx(world.truth["latent_accuracy"], abs=0.02)
    for low in (-1.5, -0.5, 0.5):
        near = (latent > low) & (latent < low + 1.0)
        assert world.y[near].mean() == pytest.approx(expit(2.0 * latent[near]).mean(), abs=0.03)


def test_without_one_copy_the_others_still_read_it():
    world = copies(n=N, n_copies=3)
    u = world.directions
    left = world.X - np.outer(world.X @ u[0], u[0])
    assert np.abs(left @ u[0]).max() < 1e-12
    found = right(world, (left @ u[1:].T).mean(axis=1))
    assert found == pytest.approx(world.truth["without_one_copy_accuracy"], abs=4 * SE)
    assert found > world.truth["single_copy_accuracy"] + 4 * SE
    assert copies(n=10, n_copies=1).truth["without_one_copy_accuracy"] == 0.5


@pytest.mark.parametrize("probe", [LDAProbe, QuadraticProbe])
def test_without_the_one_direction_along_which_means_differ_no_copy_reads_it(probe):
    world = copies(n=N, n_copies=10)
    way = world.directions.sum(axis=0) / 10**0.5
    left = world.X - np.outer(world.X @ way, way)
    half = N // 2
    for X, expected in ((world.X, world.truth["bayes_auc"]), (left, 0.5)):
        scores = probe().fit(X[:half], world.y[:half]).decision_function(X[half:])
        limit = 4 * (0.5 / half) ** 0.5
        assert roc_auc_score(world.y[half:], scores) == pytest.approx(expected, abs=limit)


def test_what_is_orthogonal_to_the_copies_is_noise():
    world = copies(n=N, d=14, n_copies=10)
    u = world.directions
    beside = np.linalg.svd(u)[2][10:]
    rows = world.X @ beside.T
    np.testing.assert_allclose(np.cov(rows.T), np.eye(4), atol=0.05)
    correlations = [np.corrcoef(column, world.y)[0, 1] for column in rows.T]
    assert np.abs(correlations).max() < 4 / N**0.5


@pytest.mark.parametrize(
    "arguments",
    [{"n_copies": 0}, {"n_copies": 17}, {"noise": -1.0}, {"gap": np.nan}, {"n": 1}],
)
def test_copies_need_columns_and_numbers(arguments):
    with pytest.raises(InputError, match="must be a"):
        copies(**arguments)
