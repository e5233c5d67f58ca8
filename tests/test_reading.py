"""Readings of scores, against scikit-learn and against what is known of a Gaussian score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score

from nullprobe import reading


def many(seed, n, m, values):
    """Return scores of few or many values, labels and weights, (m, n) each."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, values, (m, n)) / 3.0
    positive = rng.random((m, n)) < 0.3
    positive[:, 0], positive[:, 1] = True, False
    weights = rng.integers(0, 4, (m, n)).astype(float)
    weights[:, :2] = 1.0
    return scores, positive, weights


cases = given(
    seed=st.integers(0, 999), n=st.integers(2, 60), m=st.integers(1, 4), values=st.integers(1, 99)
)


@cases
def test_auc_is_that_of_scikit_learn_ties_and_weights_included(seed, n, m, values):
    scores, positive, weights = many(seed, n, m, values)
    plain, weighted = reading.auc(scores, positive), reading.auc(scores, positive, weights)
    for i in range(m):
        s, p, w = scores[i], positive[i], weights[i]
        assert plain[i] == pytest.approx(roc_auc_score(p, s))
        assert weighted[i] == pytest.approx(roc_auc_score(p, s, sample_weight=w))


@cases
def test_one_row_of_scores_or_labels_serves_all_others(seed, n, m, values):
    scores, positive, weights = many(seed, n, m, values)
    for s, p in ((scores[:1], positive), (scores, positive[:1]), (scores[:1], positive[:1])):
        each = [np.broadcast_to(a, (m, n)) for a in (s, p)]
        np.testing.assert_allclose(reading.auc(s, p, weights), reading.auc(*each, weights))


def test_auc_of_scores_turned_round_is_its_complement():
    scores, positive, weights = many(0, 50, 3, 10)
    turned = reading.auc(-scores, positive, weights)
    np.testing.assert_allclose(turned, 1.0 - reading.auc(scores, positive, weights))


def test_auc_without_a_negative_is_nan():
    scores, positive = np.arange(4.0)[None], np.array([[True, True, True, False]])
    weights = np.array([[1.0, 1.0, 1.0, 0.0]])
    assert np.isnan(reading.auc(scores, positive, weights)).all()


@cases
def test_r_squared_is_that_of_scikit_learn(seed, n, m, values):
    predicted, _, weights = many(seed, n, m, values)
    values = predicted + np.random.default_rng(seed).normal(size=(m, n))
    plain = reading.r_squared(predicted, values)
    weighted = reading.r_squared(predicted, values, weights)
    for i in range(m):
        assert plain[i] == pytest.approx(r2_score(values[i], predicted[i]))
        assert weighted[i] == pytest.approx(
            r2_score(values[i], predicted[i], sample_weight=weights[i])
        )


def test_r_squared_of_numbers_that_never_vary_is_nan():
    assert np.isnan(reading.r_squared(np.zeros((1, 3)), np.ones((1, 3)))).all()


@cases
def test_balanced_accuracy_is_that_of_scikit_learn(seed, n, m, values):
    scores, positive, weights = many(seed, n, m, values)
    said = scores > scores.mean()
    plain = reading.balanced_accuracy(said, positive)
    weighted = reading.balanced_accuracy(said, positive, weights)
    for i in range(m):
        s, p, w = said[i], positive[i], weights[i]
        assert plain[i] == pytest.approx(balanced_accuracy_score(p, s))
        assert weighted[i] == pytest.approx(balanced_accuracy_score(p, s, sample_weight=w))


def gaussian_information(gap):
    """Return the mutual information, in nats, of a fair label and a score gap apart."""

    def density(x):
        return 0.5 * (norm.pdf(x - gap / 2) + norm.pdf(x + gap / 2))

    entropy = quad(lambda x: -density(x) * np.log(density(x)), -12, 12)[0]
    return entropy - 0.5 * np.log(2 * np.pi * np.e)


@pytest.mark.parametrize("gap", [0.5, 1.0, 2.0, 4.0])
def test_information_of_a_gaussian_score_is_its_mutual_information(gap):
    rng = np.random.default_rng(0)
    y = np.arange(20_000) % 2 == 1
    scores = 7.0 + 3.0 * (rng.normal(size=20_000) + gap * y)
    found = reading.information(scores, y, rng)
    assert found == pytest.approx(gaussian_information(gap), abs=0.01)


def test_information_of_a_rare_concept_stays_below_its_entropy():
    rng = np.random.default_rng(1)
    y = np.arange(5000) < 50
    entropy = -(0.01 * np.log(0.01) + 0.99 * np.log(0.99))
    assert 0.8 * entropy < reading.information(rng.normal(size=5000) + 20 * y, y, rng) < entropy


def test_noise_holds_no_information():
    rng = np.random.default_rng(2)
    y = np.arange(200) % 2 == 1
    found = np.array([reading.information(rng.normal(size=200), y, rng) for _ in range(60)])
    assert found.mean() < 0.0
    assert found.mean() > -0.03


def test_constant_score_holds_no_information():
    y = np.arange(40) % 2 == 1
    assert reading.information(np.ones(40), y, np.random.default_rng(0)) == pytest.approx(0.0)


def test_groups_are_resampled_whole():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 12, 90)
    weights = reading.resampled_weights(groups % 2, groups, 90, 300, rng)
    for g in range(12):
        of_group = weights[:, groups == g]
        np.testing.assert_array_equal(of_group, of_group[:, :1].repeat(of_group.shape[1], axis=1))
    first = weights[:, [np.flatnonzero(groups == g)[0] for g in range(12)]]
    np.testing.assert_array_equal(first.sum(axis=1), 12.0)  # as many groups as there are
    assert first.mean(axis=0) == pytest.approx(np.ones(12), abs=5 * 1 / np.sqrt(300))


def test_rows_are_resampled_within_their_class():
    rng = np.random.default_rng(0)
    codes = np.arange(60) % 3
    weights = reading.resampled_weights(codes, None, 60, 200, rng)
    for c in range(3):
        np.testing.assert_array_equal(weights[:, codes == c].sum(axis=1), 20.0)
    assert weights.var() == pytest.approx(1.0, abs=0.1)  # as a bootstrap's, about Poisson


def test_rows_without_classes_are_resampled_all_together():
    weights = reading.resampled_weights(None, None, 40, 100, np.random.default_rng(0))
    np.testing.assert_array_equal(weights.sum(axis=1), 40.0)
    assert (weights[:, :20].sum(axis=1) != 20).any()


def test_bootstrap_spread_is_the_standard_error_of_the_auc():
    """Hanley and McNeil's formula, for a Gaussian score of gap 1 and 100 rows a class."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    spreads = []
    for _ in range(30):
        scores = (rng.normal(size=200) + y)[None]
        weights = reading.resampled_weights(y, None, 200, 200, rng)
        spreads.append(reading.auc(scores, y[None] > 0, weights).std())
    a = norm.cdf(1 / np.sqrt(2))
    q1, q2 = a / (2 - a), 2 * a**2 / (1 + a)
    expected = np.sqrt((a * (1 - a) + 99 * (q1 - a**2) + 99 * (q2 - a**2)) / 100**2)
    assert np.mean(spreads) == pytest.approx(expected, rel=0.1)
