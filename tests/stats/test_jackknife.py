"""Jackknife of blocks: which rows go together, and what fits add to the variance of a reading."""

import numpy as np
import pytest
from scipy.stats import binom, t

from nullprobe.stats.jackknife import N_BLOCKS, added_by_fits, dealt_blocks, widened


def test_blocks_share_the_rows_of_each_stratum():
    rng = np.random.default_rng(0)
    strata = np.repeat(np.arange(4), [200, 47, 20, 3])[rng.permutation(270)]
    blocks = dealt_blocks(strata, 20, rng)
    for stratum in range(4):
        counts = np.bincount(blocks[strata == stratum], minlength=20)
        assert len(counts) == 20
        assert np.ptp(counts) <= 1


def test_small_strata_are_spread_over_all_blocks():
    rng = np.random.default_rng(0)
    blocks = dealt_blocks(np.arange(4000) // 2, 20, rng)  # two rows a stratum
    counts = np.bincount(blocks, minlength=20)
    assert counts.min() > 200 - 4 * np.sqrt(200)
    assert np.all(blocks[::2] != blocks[1::2])


def bilinear(rng, blocks, fits, scored, both):
    """Return readings (J, J) of a mean over fitted and scored rows, and the variance fits add.

    The reading is the mean of a_i over fitted rows, of b_k over scored rows, and of c_ik over
    pairs; a_i and b_i of one block are the same up to their size.
    """
    n = len(blocks)
    a = rng.standard_normal(n)
    pairs = fits * a[:, None] + scored * a + both * rng.standard_normal((n, n))
    keep = (blocks != np.arange(N_BLOCKS)[:, None]).astype(float)
    readings = (keep @ pairs @ keep.T) / np.outer(keep.sum(axis=1), keep.sum(axis=1))
    given_fits = scored**2 + both**2 / n
    return readings, ((fits + scored) ** 2 + both**2 / n - given_fits) / n


@pytest.mark.parametrize(
    ("fits", "scored", "both"),
    [(1.0, 1.0, 0.0), (2.0, 0.5, 0.0), (1.0, 1.0, 10.0), (0.0, 1.0, 10.0), (1.0, 0.0, 0.0)],
)
def test_added_variance_is_that_of_fits_and_of_rows_that_are_fitted_and_scored(fits, scored, both):
    rng = np.random.default_rng(0)
    blocks = np.arange(100) % N_BLOCKS
    found = []
    for _ in range(400):
        readings, true = bilinear(rng, blocks, fits, scored, both)
        J = len(readings)
        centred = readings - readings.mean()
        a, b = centred.mean(axis=1), centred.mean(axis=0)
        rest = centred - a[:, None] - b
        found.append((J - 1) / J * (a @ a + 2 * a @ b) - ((J - 1) / J) ** 2 * (rest**2).sum())
        added = added_by_fits(readings[:, :, None])
        assert added.shape == (1, 1)
        assert added[0, 0] == pytest.approx(max(found[-1], 0.0), abs=1e-14)
    error = np.std(found) / 20
    assert np.mean(found) == pytest.approx(true, abs=4 * error + 1e-12)


def test_covariance_of_several_readings_is_that_of_their_combinations():
    rng = np.random.default_rng(0)
    readings = np.stack([bilinear(rng, np.arange(60) % 20, 2, 1, 0)[0] for _ in range(2)], axis=2)
    added = added_by_fits(readings)
    assert np.linalg.eigvalsh(added).min() > 0
    combined = added_by_fits(readings @ np.array([[1.0], [-1.0]]))
    assert combined[0, 0] == pytest.approx(added[0, 0] + added[1, 1] - 2 * added[0, 1])


def test_replicates_gain_the_added_covariance_with_the_tails_of_student():
    rng = np.random.default_rng(0)
    added = np.array([[1.0, 0.6], [0.6, 0.5]])
    drawn = widened(np.zeros((200_000, 2)), added, 5, rng)
    np.testing.assert_allclose(np.cov(drawn.T), added * 5 / 3, rtol=0.05)
    assert np.quantile(drawn[:, 0], 0.975) == pytest.approx(t.ppf(0.975, 5), rel=0.03)
    moved = widened(np.ones((50, 2)), np.zeros((2, 2)), 5, rng)
    np.testing.assert_array_equal(moved, 1.0)


def test_reading_that_is_undefined_without_a_block_has_no_replicates():
    rng = np.random.default_rng(0)
    readings = rng.standard_normal((20, 20, 2))
    readings[3, 5, 1] = np.nan
    added = added_by_fits(readings)
    assert added.shape == (2, 2)
    assert np.isnan(added).all()
    assert np.isnan(widened(np.zeros((30, 2)), added, 19, rng)).all()


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.0, 1.0])
def test_intervals_of_a_product_of_means_hold_its_expectation(gap):
    """Fitted and scored rows each have a mean; without a gap, only their product varies."""
    rng, seeds, held = np.random.default_rng(0), 400, 0
    strata = np.arange(80) % 2
    for _ in range(seeds):
        X = rng.standard_normal((80, 3)) + gap
        fit, score = X[strata == 0], X[strata == 1]
        blocks = dealt_blocks(strata, N_BLOCKS, rng)

        def means(rows, of):
            return np.array([rows[of != j].mean(axis=0) for j in range(N_BLOCKS)])

        products = means(fit, blocks[strata == 0]) @ means(score, blocks[strata == 1]).T
        drawn = rng.multinomial(40, np.full(40, 1 / 40), size=1000) / 40 @ score
        given_fits = (drawn @ fit.mean(axis=0))[:, None]
        found = widened(given_fits, added_by_fits(products[:, :, None]), N_BLOCKS - 1, rng)
        low, high = np.quantile(found, [0.025, 0.975])
        held += low <= 3 * gap**2 <= high
    assert held >= binom.ppf(0.001, seeds, 0.93)  # a bootstrap of 40 rows covers .94 itself
