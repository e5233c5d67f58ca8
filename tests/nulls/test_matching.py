"""Matching: class means of unbiased size, scaled until what is read before erasure is what was
observed."""

import numpy as np
import pytest
from scipy.stats import norm
from support.null_actions import made, residuals

from nullprobe import worlds
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.nulls.matching import PILOTS, matched_scale, unbiased_slopes


def pilots(middle, spread=0.02):
    """Return what reads pilots at a scale: eight readings about a function of it."""
    off = spread * np.linspace(-1.0, 1.0, 8)
    return lambda scale: middle(scale) + off


@pytest.mark.parametrize("factor", [0.05, 0.3, 1.7, 3.0, 20.0])
def test_scale_is_found_far_from_the_estimate(factor):
    found = matched_scale(pilots(lambda s: norm.cdf(s / factor), 0.001), norm.cdf(1.0), 0.5, 0.01)
    assert found == pytest.approx(factor, rel=0.1)


def test_scale_that_reads_as_observed_is_kept():
    assert matched_scale(pilots(lambda s: 0.5 + 0.2 * s), 0.702, 0.5, 0.03) == 1.0


def test_raw_reading_at_chance_is_no_evidence_of_a_gap():
    def never(scale):
        raise AssertionError("nothing needs to be read")

    for observed in (0.2, 0.5, 0.52):
        assert matched_scale(never, observed, 0.5, 0.03) == 0.0


def test_scale_does_not_go_beyond_a_peak():
    """A statistic that rises to .8 at a scale of 1.5, falls, and reaches .85 again at 6."""

    def middle(s):
        return 0.8 - 0.2 * (s - 1.5) ** 2 if s < 3.0 else 0.35 + (s - 3.0) / 6.0

    assert 1.2 < matched_scale(pilots(middle, 0.001), 0.85, 0.5, 0.01) < 2.0


def test_a_reading_that_no_gap_reaches_ends_the_search():
    assert matched_scale(pilots(lambda s: 0.6 + 0.1 * np.tanh(s)), 0.99, 0.5, 0.01) < 128


def setting(w):
    """Return what reads representations of a world, before erasure."""
    z = concept(w.y)
    parts = split(z, groups=None, n_parts=3, rng=np.random.default_rng(0))
    asis = np.arange(len(z))[:, None]
    return lambda several: np.array([ThreeWay(X, z, parts).read(asis)[0][0] for X in several])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flips", "shape"])
@pytest.mark.parametrize("observed", [0.6, 0.75, 0.9])
def test_draws_of_a_matched_action_read_as_the_data_do(name, observed):
    w = worlds.gaussian(n=240, d=20, gap=1.5, random_state=0)
    read = setting(w)
    action = made(name, w.X, w.y).matched(read, observed, 0.5, 0.03)
    found = read([action.draw(k) for k in range(16)])
    se = found.std(ddof=1) / np.sqrt(16) + found.std(ddof=1) / np.sqrt(PILOTS)
    assert found.mean() == pytest.approx(observed, abs=2.5 * se)


def test_pilots_are_no_draws():
    w = worlds.gaussian(n=60, d=3, gap=1.5, random_state=0)
    action, seen = made("flips", w.X, w.y), []

    def read(several):
        seen.extend(several)
        return np.full(len(several), 0.7) + 0.01 * np.arange(len(several))

    action.matched(read, 0.735, 0.5, 0.03)
    assert len(seen) == PILOTS
    assert not any(np.allclose(action.draw(k), pilot) for k in range(20) for pilot in seen)


@pytest.mark.slow
def test_a_gap_is_found_where_its_unbiased_size_is_zero():
    """Else noise that can be read would seem to be more than its shape."""
    n_found = 0
    for seed in range(40):
        w = worlds.gaussian(n=150, d=140, gap=1.5, random_state=seed)
        action, read = made("flips", w.X, w.y), setting(w)
        observed = read([w.X])[0]
        if action.scale > 0.0 or observed < 0.6:
            continue
        n_found += 1
        found = read([action.matched(read, observed, 0.5, 0.03).draw(k) for k in range(16)])
        assert found.mean() == pytest.approx(observed, abs=0.05)
        break
    assert n_found


# Slopes of unbiased size.


def squared_gaps(X, Y, slopes):
    """Return tr(H½ B Σ⁻¹ Bᵀ H½) with the true within-covariance I."""
    fitted = residuals(X, Y)[0].design @ slopes
    return np.sum(fitted**2)


def two_classes(rng, n=120, d=20):
    w = worlds.gaussian(n=n, d=d, gap=2.0, random_state=rng)
    return w.X, w.y, 4.0 * n / 4


def four_classes(rng, n=160, d=20):
    y = np.arange(n) % 4
    means = np.zeros((4, d))
    means[:, :3] = 2.0 * (np.eye(4) - 0.25)[:, :3]
    centred = means - means.mean(axis=0)
    return rng.normal(size=(n, d)) + means[y], y, n / 4 * np.sum(centred**2)


def two_numbers(rng, n=120, d=20):
    Y = rng.normal(size=(n, 2))
    slopes = np.zeros((2, d))
    slopes[:, :2] = [[1.0, 0.3], [0.0, 0.8]]
    return Y @ slopes + rng.normal(size=(n, d)), Y, np.sum(((Y - Y.mean(axis=0)) @ slopes) ** 2)


def correlated(d):
    """Return a map that gives noise a covariance of condition 1,000."""
    rng = np.random.default_rng(8)
    left, right = (np.linalg.qr(rng.normal(size=(d, d)))[0] for _ in range(2))
    return left * np.geomspace(1.0, 0.03, d) @ right


@pytest.mark.slow
@pytest.mark.parametrize("mix", [np.eye, correlated])
@pytest.mark.parametrize("draw", [two_classes, four_classes, two_numbers])
def test_gap_is_unbiased_where_that_of_the_sample_is_not(draw, mix):
    """On average over data sets; gaps are so wide that none is clipped at zero."""
    found, naive = [], []
    for seed in range(60):
        X, y, true = draw(np.random.default_rng(seed))
        M = mix(X.shape[1])
        rest, moments = residuals(X @ M, y)
        inverse = np.linalg.inv(M)
        found.append(squared_gaps(X, y, unbiased_slopes(rest, moments) @ inverse) / true)
        naive.append(squared_gaps(X, y, rest.slopes @ inverse) / true)
    se = np.std(found) / np.sqrt(60)
    assert abs(np.mean(found) - 1.0) < 3 * se
    assert se < 0.05
    assert np.mean(naive) - 1.0 > 5 * se


def test_each_canonical_direction_is_debiased_on_its_own():
    """One of two numbers is unreadable: its share of the sample's gap is noise and goes."""
    weak = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        Y, X = rng.normal(size=(200, 2)), rng.normal(size=(200, 20))
        X[:, 0] += 2.0 * Y[:, 0]
        slopes = unbiased_slopes(*residuals(X, Y))
        weak.append(200 * slopes[1] @ slopes[1])
        assert slopes[0, 0] == pytest.approx(2.0, abs=0.4)
    assert np.mean(weak) < 8  # 20 in the sample, one for each feature


@pytest.mark.parametrize("extra", ["constant", "repeated"])
def test_features_that_say_nothing_new_leave_the_gap_alone(extra):
    for seed in range(10):
        X, y, _ = two_classes(np.random.default_rng(seed))
        more = {"constant": np.full((120, 30), 3.7), "repeated": X}[extra]
        slopes = unbiased_slopes(*residuals(np.hstack([X, more]), y))
        plain = unbiased_slopes(*residuals(X, y))
        np.testing.assert_allclose(slopes[:, :20], plain, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("n", [28, 32, 36, 50, 52, 56])
@pytest.mark.parametrize("name", ["flips", "shape"])
def test_feature_that_is_the_concept_still_tells_the_classes_apart(n, name):
    """Within the classes it does not vary at all, or by rounding: it still needs a unit."""
    y = np.arange(n) % 2
    X = np.column_stack([y, np.random.default_rng(0).normal(size=(n, 3))])
    drawn = made(name, X, y).draw(0)[:, 0]
    assert drawn[y == 1].min() - drawn[y == 0].max() > 0.8
    assert drawn.mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_fewer_rows_than_columns_keep_a_wide_gap(n_classes):
    rng = np.random.default_rng(0)
    y = np.arange(60) % n_classes
    X = rng.normal(size=(60, 150))
    X[:, 0] += 12.0 * y
    action = made("flips", X, y)
    assert action.scale == 1.0
    drawn = action.draw(0)
    between = drawn[y == 1, 0].mean() - drawn[y == 0, 0].mean()
    assert between == pytest.approx(12.0, abs=3.0)


def test_nothing_to_read_has_no_gap_but_the_sample_means_as_a_start():
    """Where the unbiased gap is 0, the scale is, and the slopes are there to be scaled."""
    y, scales = np.arange(60) % 2, []
    for seed in range(20):
        X = np.random.default_rng([3, seed]).normal(size=(60, 30))
        action = made("flips", X, y)
        assert np.abs(action.slopes).max() > 0
        scales.append(action.scale)
    assert set(scales) == {0.0, 1.0}
