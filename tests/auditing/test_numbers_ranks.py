"""Rank correlation beside R² of numbers: a few rows cannot decide it."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from nullprobe import audit
from nullprobe.auditing.bootstrap import Observing
from nullprobe.data.concept import concept
from nullprobe.data.splits import split

FEW = {"claims": ["readable"], "independent": True, "draws": 39, "n_splits": 1}


@pytest.mark.parametrize("heavy", [False, True])
def test_heavy_tails_hide_a_reading_from_r_squared_and_not_from_ranks(heavy):
    rng = np.random.default_rng(0)
    y = rng.standard_cauchy(300) if heavy else rng.standard_normal(300)
    X = rng.standard_normal((300, 4))
    X[:, 0] += 2 * np.sign(y) * np.log1p(np.abs(y))
    found = audit(X, y, **FEW)["readable"]
    value, low, high = (found.details[f"rank_correlation{end}"] for end in ("", "_from", "_to"))
    assert 0.6 < low < value < high < 1
    assert (found.observed < 0.3) == heavy


def test_it_is_spearmans_over_parts():
    rng = np.random.default_rng(1)
    z = concept(rng.standard_normal((90, 2)))
    parts = split(z, groups=None, n_parts=3, rng=rng)
    scores = z.data + rng.standard_normal((90, 2))
    each = [
        spearmanr(scores[parts.rows(j), c], z.data[parts.rows(j), c])[0]
        for j in range(3)
        for c in range(2)
    ]
    found = Observing(z, [parts], 0).ranks([scores])
    assert found.value == pytest.approx(np.mean(each), abs=1e-9)


def test_classes_have_none():
    rng = np.random.default_rng(0)
    found = audit(rng.standard_normal((90, 3)), np.arange(90) % 2, **FEW)
    assert "rank_correlation" not in found["readable"].details
