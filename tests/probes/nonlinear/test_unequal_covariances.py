"""Which probes read a world of equal means and unequal covariances, and how much of it."""

import numpy as np
import pytest

from nullprobe import (
    KNeighborsProbe,
    LDAProbe,
    LogisticProbe,
    MeanDifferenceProbe,
    MLPProbe,
    QuadraticProbe,
    RBFProbe,
    worlds,
)
from nullprobe.stats import metrics
from nullprobe.stats.bootstrap import resampled_weights


def readings(probe, world, draws=1000):
    """Return the held-out AUC, and a bootstrap of the scored rows."""
    half = len(world.X) // 2
    scores = probe.fit(world.X[:half], world.y[:half]).decision_function(world.X[half:])
    positive = world.y[half:] == 1
    rng = np.random.default_rng(0)
    weights = resampled_weights(positive, None, half, draws, rng)
    found = metrics.auc(scores[None], positive[None], weights)
    return metrics.auc(scores[None], positive[None])[0], np.quantile(found, [0.005, 0.995])


@pytest.mark.slow
@pytest.mark.parametrize("probe", [MeanDifferenceProbe, LDAProbe, LogisticProbe])
def test_linear_probes_read_nothing_of_unequal_covariances(probe):
    world = worlds.heteroscedastic(n=2000, random_state=1)
    _, (low, high) = readings(probe(), world)
    assert low <= world.truth["linear_auc"] <= high


@pytest.mark.slow
@pytest.mark.parametrize("probe", [QuadraticProbe, RBFProbe, KNeighborsProbe, MLPProbe])
def test_nonlinear_probes_read_unequal_covariances(probe):
    world = worlds.heteroscedastic(n=2000, random_state=1)
    found, (low, high) = readings(probe(), world)
    assert low > 0.75
    assert found <= world.truth["quadratic_auc"] + (high - low)


@pytest.mark.slow
def test_quadratic_probe_reads_as_much_of_unequal_covariances_as_there_is():
    world = worlds.heteroscedastic(n=8000, random_state=1)
    _, (low, high) = readings(QuadraticProbe(), world)
    assert low <= world.truth["quadratic_auc"] <= high
