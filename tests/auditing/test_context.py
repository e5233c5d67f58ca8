"""What stands beside the verdicts: accuracies that show the founding point, not rounding."""

import numpy as np
import pytest

from nullprobe import LogisticProbe, audit, compare_pairs, worlds

BEFORE, AFTER = "in_sample_before", "in_sample_after"


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.7, 0.3), (0.3, 0.7), (0.4, 0.2, 0.4)])
@pytest.mark.parametrize("place", [0.0, 1e3])
def test_after_erasure_all_rows_are_called_of_the_largest_class(shares, dtype, place):
    """No row is right by the sign of what rounding left of its log-odds."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(len(shares)), np.round(np.multiply(shares, 60)).astype(int))
    X = rng.normal(size=(60, 4)) + 2 * rng.normal(size=(len(shares), 4))[y] + place
    options = {"claims": ["one_direction"], "draws": 39, "n_splits": 1}
    said = audit(X.astype(dtype), y, **options)["one_direction"].details
    assert said[BEFORE] > max(shares) + 0.1
    assert said[AFTER] == said[f"{AFTER}_shuffled"] == max(shares)


@pytest.mark.slow
def test_the_own_logistic_readers_of_the_engines_have_a_penalty_that_is_given(monkeypatch):
    """A default that changes, or is chosen, changes no verdict."""
    seen = []
    fit = LogisticProbe.fit

    def spied(self, *given, **more):
        seen.append(self.C)
        return fit(self, *given, **more)

    monkeypatch.setattr(LogisticProbe, "fit", spied)
    rng = np.random.default_rng(0)
    y = np.arange(90) % 2
    pairs = worlds.contrast(n=90, d=4).pairs
    audit(rng.normal(size=(90, 4)), y, draws=39, n_splits=1)
    audit(pairs, claims=["consistent"], draws=39)
    compare_pairs(pairs, n_permutations=0, n_random=9)
    assert seen
    assert set(seen) == {1.0}
