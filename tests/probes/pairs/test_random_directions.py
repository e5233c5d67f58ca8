"""Random directions of pairs: their accuracies are those of one-by-one readers."""

import numpy as np
import pytest

from nullprobe import ContrastPairs, InputError, RandomProbe, worlds
from nullprobe.probes.pairs import random_directions
from nullprobe.probes.pairs.random_directions import RandomAccuracies

WORLD = worlds.contrast(n=300, d=7, n_prompts=2)
PAIRS = ContrastPairs(WORLD.negative, WORLD.positive, WORLD.y, WORLD.groups)
TRAIN, NEW = PAIRS.take(slice(150)), PAIRS.take(slice(150, None))


def test_accuracies_are_those_of_the_directions_one_by_one(monkeypatch):
    monkeypatch.setattr(random_directions, "BLOCK_ELEMENTS", 200)  # several blocks
    probe = RandomProbe(n_draws=20).fit(TRAIN)
    codes = probe.normaliser_.codes(NEW.groups, len(NEW))
    low, high = (
        probe.normaliser_.apply(X, i, codes) for i, X in enumerate((NEW.negative, NEW.positive))
    )
    expected = []
    for w in probe.directions_.T:
        right = np.mean(((high - low) @ w > 0) == (NEW.y == 1))
        expected.append(max(right, 1 - right))
    np.testing.assert_allclose(probe.accuracies(NEW).accuracies, np.sort(expected))


def test_directions_prefer_no_feature_over_another():
    """Standard normal: 4000 draws settle each second moment to 4 √(2 / 4000)."""
    directions = RandomProbe(n_draws=4000).fit(TRAIN).directions_
    np.testing.assert_allclose(directions @ directions.T / 4000, np.eye(7), atol=0.09)


def test_p_value_counts_directions_that_are_as_accurate():
    found = RandomAccuracies(np.array([0.5, 0.6, 0.6, 0.7]))
    assert [found.p_value(a) for a in (0.5, 0.6, 0.65, 0.71)] == [1.0, 0.8, 0.4, 0.2]
    assert found.percentile(50) == 0.6


def test_a_random_direction_has_a_small_p_value_as_often_as_it_should():
    """A direction that is drawn as the others are is one of them."""
    draws = RandomProbe(n_draws=999, random_state=1).fit(TRAIN).accuracies(NEW)
    others = RandomProbe(n_draws=2000, random_state=2).fit(TRAIN).accuracies(NEW)
    p = np.array([draws.p_value(a) for a in others.accuracies])
    for level in (0.05, 0.2, 0.5):
        # one distribution of 999 is held against all, which errs by itself
        slack = 4 * np.sqrt(level * (1 - level) * (1 / 2000 + 1 / 999))
        assert np.mean(p <= level) <= level + slack
    assert np.mean(p <= 0.5) > 0.3


def test_labels_have_no_say_in_the_directions():
    swapped = ContrastPairs(TRAIN.negative, TRAIN.positive, 1 - TRAIN.y, TRAIN.groups)
    first, second = (RandomProbe().fit(pairs) for pairs in (TRAIN, swapped))
    np.testing.assert_array_equal(first.directions_, second.directions_)


def test_pairs_without_labels_and_no_draws_are_refused():
    fitted = RandomProbe(n_draws=3).fit(TRAIN)
    with pytest.raises(InputError, match="y to be passed"):
        fitted.accuracies(NEW.negative, NEW.positive, groups=NEW.groups)
    with pytest.raises(InputError, match="n_draws"):
        RandomProbe(n_draws=0).fit(TRAIN)


def test_pairs_of_other_features_and_a_single_pair_are_refused():
    fitted = RandomProbe(n_draws=3).fit(TRAIN)
    with pytest.raises(InputError, match="7 features"):
        fitted.accuracies(NEW.negative[:, :4], NEW.positive[:, :4], NEW.y, NEW.groups)
    with pytest.raises(InputError, match="at least two pairs are needed"):
        RandomProbe().fit(TRAIN.take(slice(1)))
