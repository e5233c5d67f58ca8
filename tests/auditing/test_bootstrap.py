"""Intervals of readings: as wide as what they are about varies."""

import numpy as np
import pytest
from scipy.stats import chi2

from nullprobe.auditing import bootstrap
from nullprobe.auditing.bootstrap import Observing
from nullprobe.data.concept import concept
from nullprobe.data.partitions import partitions
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.stats import metrics


def read(seed, n=120, d=6, gap=0.5, n_splits=4):
    """Return the concept, partitions and held-out scores of a draw, and the probes (d, m)."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = rng.standard_normal((n, d))
    X[:, 0] += gap * y
    z = concept(y)
    several = partitions(z, groups=None, n_splits=n_splits, rng=rng)
    data = [ThreeWay(X, z, parts) for parts in several]
    probes = [part.solve(part.cross(z.matrix[:, 1:]))[:, 0] for one in data for part in one.parts]
    return z, several, [one.scores().raw for one in data], np.array(probes).T


def test_one_partition_has_the_replicates_of_resampled_rows():
    z, several, scores, _ = read(0, n_splits=1)
    see = Observing(z, several, 0)
    (parts,) = several
    each = [
        metrics.auc(scores[0][rows].T, z.codes[rows][None] == 1, see.weights[:, rows])
        for rows in (parts.rows(j) for j in range(3))
    ]
    np.testing.assert_allclose(see.scores(scores).resampled, np.mean(each, axis=0), atol=1e-12)


def test_several_partitions_share_their_rows_and_are_as_wide_as_one():
    z, several, scores, _ = read(0)
    found = Observing(z, several, 0).scores(scores)
    alone = [
        Observing(z, (parts,), 0).scores([one]) for parts, one in zip(several, scores, strict=True)
    ]
    assert found.value == pytest.approx(np.mean([one.value for one in alone]))
    spread = np.sqrt(np.mean([one.resampled.var() for one in alone]))
    assert found.resampled.std() == pytest.approx(spread, rel=1e-6)
    assert found.resampled.std() > 1.1 * np.std(np.mean([one.resampled for one in alone], axis=0))


def test_no_replicate_is_above_one():
    z, several, scores, _ = read(0, gap=6.0)
    found = Observing(z, several, 0).scores(scores)
    assert found.resampled.max() <= 1.0
    assert found.interval[1] <= 1.0


@pytest.mark.parametrize("size", [1, 7 * 40])
def test_replicates_are_the_same_in_blocks_of_any_size(monkeypatch, size):
    z, several, scores, _ = read(0)
    expected = Observing(z, several, 0).scores(scores)
    monkeypatch.setattr(bootstrap, "BLOCK_ELEMENTS", size)
    found = Observing(z, several, 0).scores(scores)
    np.testing.assert_array_equal(found.resampled, expected.resampled)
    assert len(np.unique(found.resampled)) > 500


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.5, 2.0])
def test_readings_vary_about_what_their_probes_read_of_new_rows_as_replicates_say(gap):
    off = []
    rng = np.random.default_rng(1)
    y = np.arange(6_000) % 2
    for seed in range(50):
        z, several, scores, probes = read(seed, gap=gap)
        found = Observing(z, several, seed).scores(scores)
        X = rng.standard_normal((6_000, 6))
        X[:, 0] += gap * y
        truth = metrics.auc((X @ probes).T, y[None] == 1).mean()
        off.append((found.value - truth) / found.resampled.std())
    # The bounds of 50 standard normal numbers, but for 1 in 1,000.
    low, high = chi2.interval(0.999, 50)
    assert low < np.square(off).sum() < high
