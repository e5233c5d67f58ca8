import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import chi2, norm
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from support.samples import draw

from nullprobe import InputError, worlds
from nullprobe.probes import LDAProbe, LogisticProbe, MeanDifferenceProbe, usable_information


def known(gap):
    """Return I(X; y) in nats of two even Gaussian classes, ``gap`` standard deviations apart."""

    def loss(t):
        return norm.pdf(t, gap / 2) * -np.log(expit(gap * t))

    return np.log(2) - quad(loss, gap / 2 - 12, gap / 2 + 12)[0]


def test_known_information_has_its_limits():
    assert known(0.0) == pytest.approx(0.0, abs=1e-9)
    assert known(14.0) == pytest.approx(np.log(2), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("probe", [LogisticProbe(C=1.0), LDAProbe()])
def test_interval_covers_what_is_known_of_gaussian_worlds(probe):
    n_worlds, gap, truth = 40, 1.5, known(1.5)
    off = []
    for seed in range(n_worlds):
        world = worlds.gaussian(n=1000, d=2, gap=gap, random_state=seed)
        found = usable_information(probe, world.X, world.y, random_state=seed)
        off.append((found.nats - truth) / (np.ptp(found.interval) / 2 / norm.ppf(0.975)))
    # In standard errors: neither too narrow nor too wide, but for 1 in 1,000.
    low, high = chi2.interval(0.999, n_worlds)
    assert low < np.square(off).sum() < high


def test_noise_has_no_information():
    world = worlds.null(n=2000, d=3)
    found = usable_information(LogisticProbe(), world.X, world.y)
    assert found.interval[0] < 0.0 < found.interval[1] + 0.005
    assert abs(found.nats) < 0.01


def test_what_a_probe_memorises_is_no_information():
    world = worlds.null(n=120, d=60)
    assert usable_information(LogisticProbe(C=100.0), world.X, world.y).nats < -0.2


def test_rows_are_scored_by_fits_that_have_not_seen_them():
    s = draw(0, 200, 4, 2)
    fitted = []

    class Spy(LogisticProbe):
        def fit(self, X, y, sample_weight=None):
            fitted.append(X[:, 0])
            return super().fit(X, y, sample_weight)

        def predict_proba(self, X):
            assert not np.isin(X[:, 0], fitted[-1]).any()
            return super().predict_proba(X)

    found = usable_information(Spy(), s.X, s.y)
    assert len(fitted) == 5
    assert found.each.shape == (200,)
    assert found.nats == pytest.approx(found.each.mean())
    assert found.bits == pytest.approx(found.nats / np.log(2))


def test_groups_are_scored_by_fits_that_have_seen_none_of_their_rows():
    s = draw(0, 200, 4, 2)
    groups = np.arange(200) // 4
    X = np.column_stack([groups, s.X])

    class Spy(LogisticProbe):
        def fit(self, X, y, sample_weight=None):
            self.seen = X[:, 0]
            return super().fit(X, y, sample_weight)

        def predict_proba(self, X):
            assert not np.isin(X[:, 0], self.seen).any()
            return super().predict_proba(X)

    assert len(usable_information(Spy(), X, s.y, groups=groups).each) == 200


def test_class_shares_of_the_fitted_rows_are_no_information_at_all():
    """Parts of 103 rows have other shares than all of them: those of the fit are what counts."""
    y = (np.arange(103) < 23).astype(int)
    found = usable_information(DummyClassifier(strategy="prior"), np.ones((103, 1)), y)
    np.testing.assert_allclose(found.each, 0.0, atol=1e-12)


def test_a_class_that_was_said_to_be_impossible_costs_no_more_than_the_least_chance():
    class Certain(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict_proba(self, X):
            return np.tile([1.0, 0.0], (len(X), 1))

    y = np.arange(40) % 2
    found = usable_information(Certain(), np.ones((40, 1)), y)
    expected = np.where(y == 1, np.log(1e-9), 0.0) - np.log(0.5)
    np.testing.assert_allclose(found.each, expected)


@pytest.mark.parametrize("probe", [MeanDifferenceProbe(), LogisticRegression()])
def test_probes_without_chances_and_those_of_scikit_learn_are_read(probe):
    world = worlds.gaussian(n=2000, d=3, gap=2.0)
    assert usable_information(probe, world.X, world.y).nats == pytest.approx(known(2.0), abs=0.05)


@pytest.mark.slow
def test_groups_that_repeat_a_row_widen_the_interval():
    world = worlds.gaussian(n=300, d=2, gap=1.5)
    X, y = np.repeat(world.X, 4, axis=0), np.repeat(world.y, 4)
    groups = np.repeat(np.arange(300), 4)
    apart, whole = (
        np.ptp(usable_information(LogisticProbe(), X, y, groups=g).interval) for g in (None, groups)
    )
    assert whole == pytest.approx(2 * apart, rel=0.15)


@pytest.mark.parametrize(
    ("y", "groups", "message"),
    [
        (np.linspace(0, 1, 40), None, "information needs class labels"),
        (np.zeros(40, dtype=int), None, "at least two classes"),
        (np.arange(40) % 2, np.zeros(3), "X has 40 and groups has 3"),
    ],
)
def test_what_has_no_information_to_measure_is_refused(y, groups, message):
    X = np.random.default_rng(0).standard_normal((40, 2))
    with pytest.raises(InputError, match=message):
        usable_information(LogisticProbe(), X, y, groups=groups)
