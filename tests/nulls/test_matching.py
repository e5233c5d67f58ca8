"""Matching: the gap is scaled until what is read before erasure is what was observed; then, on
Gaussian worlds, the surrogate is the truth."""

import numpy as np
import pytest
from scipy.stats import norm

from nullprobe import worlds
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.nulls import gaussian_surrogate, match, permutations, surrogate


def setting(w, seed=0):
    """Return the concept, its parts, and the pipeline's raw readings of representations."""
    z = concept(w.y)
    parts = split(z, groups=None, n_parts=3, rng=np.random.default_rng(seed))
    asis = np.arange(len(z))[:, None]

    def read(drawn):
        return np.array([ThreeWay(X, z, parts).read(asis)[0][0] for X in drawn])

    return z, parts, read


def drawn_by(read):
    """Return what reads a source and draws of its noise, of what reads representations."""
    return lambda source, noises: read([source.shifted(noise) for noise in noises])


def matched(source, read, observed):
    return match(source, drawn_by(read), observed, 0.5, 0.03, np.random.default_rng(1))


def readings(source, read):
    return read([source.draw(np.random.default_rng([2, i])) for i in range(16)])


@pytest.mark.parametrize("observed", [0.6, 0.75, 0.9])
def test_matching_finds_the_observed_reading(observed):
    w = worlds.gaussian(n=240, d=20, gap=1.5, random_state=0)
    z, _, read = setting(w)
    source = gaussian_surrogate(w.X, z)
    found = readings(matched(source, read, observed), read)
    se = found.std(ddof=1) / np.sqrt(16) + found.std(ddof=1) / np.sqrt(surrogate.PILOTS)
    assert found.mean() == pytest.approx(observed, abs=2.5 * se)


def test_gap_that_reads_as_observed_is_kept():
    w = worlds.gaussian(n=240, d=20, gap=1.5, random_state=0)
    z, _, read = setting(w)
    source = gaussian_surrogate(w.X, z)
    rng = np.random.default_rng(1)
    observed = read([source.shifted(source.noise(rng)) for _ in range(surrogate.PILOTS)]).mean()
    assert matched(source, read, observed).gap == 1.0


def test_raw_reading_at_chance_is_no_evidence_of_a_gap():
    w = worlds.gaussian(n=240, d=20, gap=1.5, random_state=0)
    source = gaussian_surrogate(w.X, concept(w.y))
    assert source.gap == 1.0

    def never(drawn):
        raise AssertionError("nothing needs to be read")

    for observed in (0.2, 0.5, 0.52):
        assert matched(source, never, observed).gap == 0.0


def test_no_gap_draws_data_that_do_not_know_the_concept():
    w = worlds.gaussian(n=240, d=20, gap=3.0, random_state=0)
    z, _, read = setting(w)
    source = matched(gaussian_surrogate(w.X, z), read, 0.5)
    assert readings(source, read).mean() == pytest.approx(0.5, abs=0.03)


def unreadable_by_the_formula():
    """Return Gaussian worlds whose unbiased gap is 0 though their raw reading is not chance."""
    for seed in range(40):
        w = worlds.gaussian(n=150, d=140, gap=1.5, random_state=seed)
        source = gaussian_surrogate(w.X, concept(w.y))
        z, _, read = setting(w)
        observed = read([w.X])[0]
        if source.gap == 0.0 and observed > 0.6:
            yield source, read, observed


def test_matching_finds_a_gap_where_the_unbiased_estimate_is_zero():
    """Else Gaussian data that can be read would be told to go beyond their moments."""
    for _, (source, read, observed) in zip(range(2), unreadable_by_the_formula(), strict=False):
        assert readings(source, read).mean() == pytest.approx(0.5, abs=0.04)
        found = readings(matched(source, read, observed), read)
        assert found.mean() == pytest.approx(observed, abs=0.04)


@pytest.mark.parametrize("factor", [0.05, 0.3, 1.7, 3.0, 20.0])
def test_matching_reaches_gaps_far_from_the_estimate(factor):
    """Checked on a statistic without noise: Φ of the gap that was drawn, over the factor."""
    w = worlds.gaussian(n=2000, d=3, gap=4.0, random_state=0)
    source = gaussian_surrogate(w.X, concept(w.y))
    shift = source.design @ source.slopes

    def read(drawn):
        gaps = [np.vdot(X - source.mean, shift) / np.vdot(shift, shift) for X in drawn]
        return norm.cdf(np.array(gaps) / factor)

    found = match(source, drawn_by(read), norm.cdf(1.0), 0.5, 0.01, np.random.default_rng(0))
    assert found.gap == pytest.approx(factor, rel=0.1)


def test_matching_does_not_go_beyond_a_peak():
    """A statistic that rises to .8 at gap 1.5, falls, and reaches .85 again at gap 6."""
    w = worlds.gaussian(n=2000, d=3, gap=4.0, random_state=0)
    source = gaussian_surrogate(w.X, concept(w.y))
    shift = source.design @ source.slopes

    def read(drawn):
        gaps = np.array([np.vdot(X - source.mean, shift) / np.vdot(shift, shift) for X in drawn])
        return np.where(gaps < 3.0, 0.8 - 0.2 * (gaps - 1.5) ** 2, 0.35 + (gaps - 3.0) / 6.0)

    found = match(source, drawn_by(read), 0.85, 0.5, 0.01, np.random.default_rng(0))
    assert 1.2 < found.gap < 2.0


# Calibration: on Gaussian worlds the surrogate is the truth.
WORLDS, DRAWS = 10, 20


def own_moments(w):
    """Return the naive surrogate: class means and covariances as the sample has them."""
    means = [w.X[w.y == c].mean(axis=0) for c in (0, 1)]
    roots = [np.linalg.cholesky(np.cov(w.X[w.y == c].T)) for c in (0, 1)]

    def draw(rng):
        X = rng.standard_normal(w.X.shape)
        for c in (0, 1):
            X[w.y == c] = X[w.y == c] @ roots[c].T + means[c]
        return X

    return draw


def z_scores(gap, seed):
    """Return z of raw and read-back against the surrogate, and against the naive one."""
    w = worlds.gaussian(n=300, d=40, gap=gap, random_state=np.random.default_rng([21, seed]))
    z, parts, read = setting(w, seed)
    asis = np.arange(len(z))[:, None]

    def both(X):
        return np.ravel(ThreeWay(X, z, parts).read(asis))

    order = permutations(z, parts, 99, np.random.default_rng(seed))
    chance, observed = ThreeWay(w.X, z, parts).read(order)[0], both(w.X)
    source = match(
        gaussian_surrogate(w.X, z),
        drawn_by(read),
        observed[0],
        chance.mean(),
        chance.std(),
        np.random.default_rng([22, seed]),
    )
    found = []
    for draw in (source.draw, own_moments(w)):
        drawn = np.array([both(draw(np.random.default_rng([23, seed, i]))) for i in range(DRAWS)])
        found.append((observed - drawn.mean(axis=0)) / drawn.std(axis=0, ddof=1))
    return found


@pytest.mark.parametrize("gap", [0.0, 1.0])
def test_gaussian_data_look_like_their_surrogates(gap):
    """Mean z over worlds; z has a standard deviation of at most .8 here, its mean one of .25."""
    scores = np.array([z_scores(gap, seed) for seed in range(WORLDS)]).mean(axis=0)
    (raw, readback), (naive_raw, naive_readback) = scores
    assert abs(raw) < 0.75
    assert abs(readback) < 0.75
    assert naive_raw < -1.0
    assert naive_readback < -0.8
