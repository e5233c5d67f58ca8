import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from nullprobe.data.concept import concept
from nullprobe.data.confounds import Confounds
from nullprobe.heldout.confound_prediction import ConfoundPrediction, folds
from nullprobe.measures.covariance_beyond import covariance_beyond

SETS = 10
GROUPED = 8


def known(pull, numeric):
    """Return the prediction of labels whose log-odds, or of numbers whose mean, is known."""
    if numeric:
        return ConfoundPrediction("known", None, pull[:, None], np.ones(1), 0.0)
    log_p = np.log(np.column_stack([expit(-pull), expit(pull)]))
    return ConfoundPrediction("known", log_p, None, None, 0.0)


def p_value(beyond, seed, groups=None, numeric=False, n=200):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, 1))
    own = rng.normal(size=n)
    pull = 1.5 * W[:, 0] + beyond * own
    y = pull + rng.normal(size=n) if numeric else (rng.random(n) < expit(pull)).astype(int)
    scores = W + own[:, None] + 0.3 * rng.normal(size=(n, 1))
    z, confounds = concept(y, kind="numeric" if numeric else None), Confounds.of(W, n)
    parts = folds(z, groups, rng)
    given = known(1.5 * W[:, 0], numeric)
    return covariance_beyond(scores, z, confounds, given, parts, seed)


@pytest.mark.slow
@pytest.mark.parametrize("numeric", [False, True])
def test_what_goes_together_through_the_confounds_alone_is_seldom_found(numeric):
    # benchmarks/confounds.py has many more data sets.
    found = sum(p_value(0.0, seed, numeric=numeric) <= 0.05 for seed in range(SETS))
    assert found <= binom.ppf(0.999, SETS, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("numeric", [False, True])
def test_what_goes_together_beyond_them_is_found(numeric):
    assert sum(p_value(1.5, seed, numeric=numeric) <= 0.05 for seed in range(6)) == 6


@pytest.mark.slow
def test_groups_count_once():
    """Each row eight times over: as independent rows they would look certain."""
    rng = np.random.default_rng(0)
    n, times, alone, grouped = 30, 8, 0, 0
    for seed in range(GROUPED):
        rng = np.random.default_rng([seed, 1])
        rows = np.repeat(np.arange(n), times)
        W = rng.normal(size=(n, 1))[rows]
        y = rng.permutation(np.arange(n) % 2)[rows]
        scores = rng.normal(size=(n, 1))[rows]
        z, confounds = concept(y), Confounds.of(W, len(y))
        parts = folds(z, rows, rng)
        given = known(np.zeros(len(y)), numeric=False)
        grouped += covariance_beyond(scores, z, confounds, given, parts, seed) <= 0.05
        split = folds(z, None, rng)
        alone += covariance_beyond(scores, z, confounds, given, split, seed) <= 0.05
    assert grouped <= binom.ppf(0.999, GROUPED, 0.05)
    assert alone > grouped
