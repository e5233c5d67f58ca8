"""A note is made of adjusted p-values where their order is not that of the raw ones."""

import itertools

import numpy as np
import pytest

from nullprobe.report.text.verdicts import reordered
from nullprobe.stats.null_distribution import Null, together


@pytest.mark.parametrize("seed", range(8))
def test_a_change_of_order_is_noted_exactly_where_two_p_values_change_places(seed):
    rng = np.random.default_rng(seed)
    draws = [rng.normal(size=99), rng.standard_t(1.5, size=99), rng.uniform(size=99)]
    observed = [float(np.quantile(one, q)) for one, q in zip(draws, (0.9, 0.99, 0.97), strict=True)]
    nulls = together([Null("chance", "", one) for one in draws], observed)
    pairs = [(null.p_value(o), null.adjusted) for null, o in zip(nulls, observed, strict=True)]
    claims = [{"p_value": p, "adjusted_p": a} for p, a in pairs]
    crossed = any((p - q) * (a - b) < 0 for (p, a), (q, b) in itertools.combinations(pairs, 2))
    assert bool(reordered(claims)) == crossed


def test_claims_without_p_values_have_no_order():
    untested = {"p_value": None, "adjusted_p": None}
    assert reordered([untested, {"p_value": 0.1, "adjusted_p": 0.2}, untested]) == ""
