"""Readings of scores, against scikit-learn and against what is known of a Gaussian score."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm, pearsonr
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score

from nullprobe.data.concept import concept
from nullprobe.stats import metrics


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
    plain, weighted = metrics.auc(scores, positive), metrics.auc(scores, positive, weights)
    for i in range(m):
        s, p, w = scores[i], positive[i], weights[i]
        assert plain[i] == pytest.approx(roc_auc_score(p, s))
        assert weighted[i] == pytest.approx(roc_auc_score(p, s, sample_weight=w))


@cases
def test_one_row_of_scores_or_labels_serves_all_others(seed, n, m, values):
    scores, positive, weights = many(seed, n, m, values)
    for s, p in ((scores[:1], positive), (scores, positive[:1]), (scores[:1], positive[:1])):
        each = [np.broadcast_to(a, (m, n)) for a in (s, p)]
        np.testing.assert_allclose(metrics.auc(s, p, weights), metrics.auc(*each, weights))


@given(st.integers(0, 10**6), st.integers(4, 30), st.integers(1, 4), st.sampled_from([2, 5, 10**6]))
def test_variance_of_an_auc_is_that_of_its_shares(seed, n, m, values):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, values, (m, n)).astype(float)
    positive = np.argsort(rng.random((m, n)), axis=1) < max(1, n // 3)
    found, variance = metrics.auc_with_variance(scores, positive)
    np.testing.assert_allclose(found, metrics.auc(scores, positive), atol=1e-12)
    for row in range(m):
        high, low = scores[row, positive[row]], scores[row, ~positive[row]]
        wins = (high[:, None] > low) + 0.5 * (high[:, None] == low)
        each = [wins.mean(axis=1), wins.mean(axis=0)]
        spread = [np.var(s, ddof=1) / len(s) if len(s) > 1 else 1 / 12 for s in each]
        assert variance[row] == pytest.approx(sum(spread), abs=1e-12)


def test_auc_of_scores_turned_round_is_its_complement():
    scores, positive, weights = many(0, 50, 3, 10)
    turned = metrics.auc(-scores, positive, weights)
    np.testing.assert_allclose(turned, 1.0 - metrics.auc(scores, positive, weights))


def test_auc_without_a_negative_is_nan():
    scores, positive = np.arange(4.0)[None], np.array([[True, True, True, False]])
    weights = np.array([[1.0, 1.0, 1.0, 0.0]])
    assert np.isnan(metrics.auc(scores, positive, weights)).all()


@cases
def test_r_squared_is_that_of_scikit_learn(seed, n, m, values):
    predicted, _, weights = many(seed, n, m, values)
    values = predicted + np.random.default_rng(seed).normal(size=(m, n))
    plain = metrics.r_squared(predicted, values)
    weighted = metrics.r_squared(predicted, values, weights)
    for i in range(m):
        assert plain[i] == pytest.approx(r2_score(values[i], predicted[i]))
        assert weighted[i] == pytest.approx(
            r2_score(values[i], predicted[i], sample_weight=weights[i])
        )


def test_r_squared_of_rows_without_weight_is_nan():
    found = metrics.r_squared(
        np.zeros((1, 3)), np.arange(3.0)[None], np.array([[0.0, 0, 0], [1, 1, 1]])
    )
    assert np.isnan(found[0])
    assert np.isfinite(found[1])


def test_r_squared_of_numbers_that_never_vary_is_nan():
    assert np.isnan(metrics.r_squared(np.zeros((1, 3)), np.ones((1, 3)))).all()


@cases
def test_balanced_accuracy_is_that_of_scikit_learn(seed, n, m, values):
    scores, positive, weights = many(seed, n, m, values)
    said = scores > scores.mean()
    plain = metrics.balanced_accuracy(said, positive)
    weighted = metrics.balanced_accuracy(said, positive, weights)
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
    found = metrics.information(scores, y, rng)
    assert found == pytest.approx(gaussian_information(gap), abs=0.01)


def test_information_of_a_rare_concept_stays_below_its_entropy():
    rng = np.random.default_rng(1)
    y = np.arange(5000) < 50
    entropy = -(0.01 * np.log(0.01) + 0.99 * np.log(0.99))
    assert 0.8 * entropy < metrics.information(rng.normal(size=5000) + 20 * y, y, rng) < entropy


@pytest.mark.slow
def test_noise_holds_no_information():
    rng = np.random.default_rng(2)
    y = np.arange(200) % 2 == 1
    found = np.array([metrics.information(rng.normal(size=200), y, rng) for _ in range(60)])
    assert found.mean() < 0.0
    assert found.mean() > -0.03


def test_constant_score_holds_no_information():
    y = np.arange(40) % 2 == 1
    assert metrics.information(np.ones(40), y, np.random.default_rng(0)) == pytest.approx(0.0)


def of_classes(rng, n, shares):
    """Return the concept of n rows whose classes have these shares."""
    return concept(rng.choice(len(shares), n, p=shares), kind="labels").among(
        tuple(range(len(shares)))
    )


def share_above(draws, z, alpha=0.05, weights=None):
    """Return how often scores, drawn anew each time, are called above chance."""
    found = [metrics.above_chance(draws(), z, alpha=alpha, weights=weights) for _ in range(1000)]
    return np.mean([above for _, above in found])


@pytest.mark.parametrize(
    ("n", "shares"), [(400, [0.5, 0.5]), (40, [0.5, 0.5]), (1000, [0.98, 0.02])]
)
def test_noise_is_called_above_chance_as_often_as_it_may(n, shares):
    rng = np.random.default_rng(0)
    z = of_classes(rng, n, shares)
    found = share_above(lambda: rng.exponential(size=(n, 1)), z)
    assert found == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 1000))


def test_noise_with_weights_is_called_above_chance_as_often_as_it_may():
    """With 0.05 of the rows holding most of the weight, counting rows would be far too sure."""
    rng = np.random.default_rng(1)
    z, w = of_classes(rng, 300, [0.7, 0.3]), np.where(rng.random(300) < 0.05, 50.0, 1.0)
    found = share_above(lambda: rng.normal(size=(300, 1)), z, weights=w)
    assert found == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 1000))


@pytest.mark.parametrize("k", [1, 4])
def test_noise_is_seldom_correlated_with_numbers(k):
    rng = np.random.default_rng(2)
    z = concept(rng.normal(size=(60, k)))
    found = share_above(lambda: rng.normal(size=(60, k)), z)
    assert found == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 1000))


@pytest.mark.slow
def test_many_classes_do_not_make_noise_readable():
    rng = np.random.default_rng(3)
    z = of_classes(rng, 500, np.full(10, 0.1))
    found = share_above(lambda: rng.normal(size=(500, 10)), z)
    assert 0.02 < found <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 1000)


def test_weak_effects_are_found_as_often_as_the_normal_law_says():
    rng = np.random.default_rng(4)
    z, gap = of_classes(rng, 800, [0.5, 0.5]), 0.15
    found = share_above(lambda: rng.normal(size=(800, 1)) + gap * z.codes[:, None], z)
    n1, n0 = (z.codes == 1).sum(), (z.codes == 0).sum()
    sd = np.sqrt((n1 + n0 + 1) / (12 * n1 * n0))
    expected = norm.sf(norm.isf(0.05) - (norm.cdf(gap / np.sqrt(2)) - 0.5) / sd)
    assert found == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 1000))


def test_variance_of_a_weighted_area_is_that_of_all_orders_of_the_scores():
    """The formula, against every permutation of six scores."""
    positive = np.array([True, False, True, False, False, True])
    w = np.array([1.0, 2.0, 3.0, 0.5, 1.0, 1.0])
    orders = np.array(list(permutations(range(6))), dtype=float)
    areas = metrics.auc(orders, positive[None], np.broadcast_to(w, orders.shape))
    z = concept(positive.astype(int))
    # The reading of the best order is above chance at exactly the level of its z-score.
    best = orders[areas.argmax()][:, None]
    level = norm.sf((areas.max() - 0.5) / np.sqrt(np.mean((areas - 0.5) ** 2)))
    assert metrics.above_chance(best, z, alpha=level * 1.001, weights=w) == (areas.max(), True)
    assert metrics.above_chance(best, z, alpha=level * 0.999, weights=w) == (areas.max(), False)


def test_below_chance_is_not_above_it():
    z = concept(np.arange(40) % 2)
    assert metrics.above_chance(-1.0 * z.matrix[:, 1:], z, alpha=0.5) == (0.0, False)


def test_reading_is_the_mean_of_the_areas_and_correlations():
    rng = np.random.default_rng(5)
    codes, scores = rng.integers(0, 3, 50), rng.normal(size=(50, 3))
    found, _ = metrics.above_chance(scores, concept(codes), alpha=0.05)
    assert found == pytest.approx(
        np.mean([roc_auc_score(codes == c, scores[:, c]) for c in range(3)])
    )
    values = rng.normal(size=(50, 2))
    found, _ = metrics.above_chance(scores[:, :2], concept(values), alpha=0.05)
    expected = [np.corrcoef(scores[:, j], values[:, j])[0, 1] for j in range(2)]
    assert found == pytest.approx(np.mean(expected))


def test_correlation_is_judged_by_the_t_test():
    rng = np.random.default_rng(6)
    values = rng.normal(size=30)
    scores = values + 4 * rng.normal(size=30)
    p = pearsonr(scores, values, alternative="greater").pvalue
    for factor, above in ((1.001, True), (0.999, False)):
        found = metrics.above_chance(scores[:, None], concept(values), alpha=factor * p)
        assert found[1] is above


def test_what_cannot_be_judged_is_left_out():
    z = concept([0, 1] * 20).among((0, 1, 2))  # no row of the third class
    scores = np.column_stack([z.matrix[:, :2], np.zeros(40)])
    assert metrics.above_chance(scores, z, alpha=0.05) == (1.0, True)
    one_class = concept([0] * 10).among((0, 1))
    for scores, z in (
        (np.arange(10.0)[:, None], one_class),
        (np.arange(10.0)[:, None], concept(np.full((10, 1), 0.5))),
        (np.arange(2.0)[:, None], concept(np.arange(2.0), kind="numeric")),
    ):
        found, above = metrics.above_chance(scores, z, alpha=1.0)
        assert np.isnan(found)
        assert not above


def test_perfect_correlation_is_above_chance_and_a_constant_is_not():
    z = concept(np.arange(9.0), kind="numeric")
    assert metrics.above_chance(3.0 * z.values, z, alpha=1e-9) == (pytest.approx(1.0), True)
    assert metrics.above_chance(np.ones((9, 1)), z, alpha=0.05) == (0.0, False)
