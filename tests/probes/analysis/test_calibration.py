import numpy as np
import pytest
from scipy.stats import binom
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GroupKFold, StratifiedKFold
from support.samples import draw

from nullprobe import (
    HalfspaceProbe,
    InputError,
    KNeighborsProbe,
    LDAProbe,
    LogisticProbe,
    MeanDifferenceProbe,
    MLPProbe,
    QuadraticProbe,
    RBFProbe,
    StrongestProbe,
    worlds,
)
from nullprobe.probes import reliability


def log_loss(probe, X, y):
    return -np.log(probe.predict_proba(X)[np.arange(len(y)), y]).mean()


def overfitted(n=240, d=120, gap=2.0):
    """Return training rows too few for their features, and many others."""
    world = worlds.gaussian(n=n + 4000, d=d, gap=gap)
    return world.X[:n], world.y[:n], world.X[n:], world.y[n:]


def test_chances_of_an_overfitted_probe_mean_what_they_say_once_calibrated():
    X, y, X_new, y_new = overfitted()
    raw = LogisticProbe(C=10.0).fit(X, y)
    calibrated = CalibratedClassifierCV(LogisticProbe(C=10.0), cv=3, ensemble=False).fit(X, y)
    before, after = (
        reliability(p.predict_proba(X_new)[:, 1], y_new == 1) for p in (raw, calibrated)
    )
    assert before.interval[0] > 0.1
    assert after.error < 0.5 * before.error
    assert log_loss(calibrated, X_new, y_new) < 0.6 * log_loss(raw, X_new, y_new)


CLASSIFIERS = [
    MeanDifferenceProbe(),
    LDAProbe(),
    LogisticProbe(C=1.0),
    HalfspaceProbe(0),
    QuadraticProbe(0.5),
    RBFProbe(1.0),
    KNeighborsProbe(20),
    MLPProbe((8,), 1.0),
    StrongestProbe({"linear": LDAProbe()}),
]


@pytest.mark.slow
@pytest.mark.parametrize("probe", CLASSIFIERS, ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("names", [[7, 3], ["d", "a", "c", "b"]], ids=["numbers", "four"])
def test_scikit_learn_calibrates_every_probe_with_groups_kept_whole(probe, names):
    s = draw(0, 1200, 4, len(names), gap=1.5)
    y = np.array(names)[s.y]
    splits = list(GroupKFold(3).split(s.X[:600], y[:600], np.arange(600) // 4))
    method = "sigmoid" if len(names) == 2 else "temperature"
    found = CalibratedClassifierCV(probe, method=method, cv=splits, ensemble=False)
    found.fit(s.X[:600], y[:600])
    chances = found.predict_proba(s.X[600:])
    assert found.classes_.tolist() == sorted(names)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    said = chances[np.arange(600), np.searchsorted(found.classes_, y[600:])]
    assert -np.log(said).mean() < 0.8 * np.log(len(names))
    assert reliability(chances[:, 1], y[600:] == found.classes_[1]).error < 0.1


def test_groups_are_whole_in_each_inner_fit():
    """Each group has a feature of its own: a fit that has seen one is sure of it."""
    groups = np.arange(120) // 4
    y = np.random.default_rng(0).integers(0, 2, 30)[groups]
    X = np.eye(30)[groups] + 0.1 * np.random.default_rng(1).standard_normal((120, 30))
    mixed = StratifiedKFold(3, shuffle=True, random_state=0)
    whole = list(GroupKFold(3).split(X, y, groups))
    sure, unsure = (
        CalibratedClassifierCV(LDAProbe(), cv=cv, ensemble=False).fit(X, y).predict_proba(X)
        for cv in (mixed, whole)
    )
    assert np.ptp(sure[:, 1]) > 0.9
    assert np.ptp(unsure[:, 1]) < 0.5


def test_squared_error_is_right_on_average_whatever_the_noise_and_bins_count_by_their_rows():
    """Every outcome of ten rows that are said to be certain, as often as it comes."""
    said, few, many = np.repeat([0.0, 1.0], [6, 4]), np.arange(5), np.arange(7)
    squared = [
        reliability(said, np.r_[np.arange(6) < i, np.arange(4) < j], n_bins=5, n_resamples=1).error
        ** 2
        for i in many
        for j in few
    ]
    chance = np.outer(binom.pmf(many, 6, 0.3), binom.pmf(few, 4, 0.2)).ravel()
    assert chance @ squared == pytest.approx(0.6 * 0.3**2 + 0.4 * (1 - 0.2) ** 2)


def test_chances_that_are_closer_than_noise_have_no_error():
    assert reliability(np.full(10, 0.5), np.arange(10) < 5, n_bins=1).error == 0.0


def test_interval_is_that_of_shares_drawn_again_about_those_that_were_seen():
    """One bin of 25 rows, said to be certain: what is drawn is binomial."""
    found = reliability(np.ones(25), np.arange(25) < 12, n_bins=1, n_resamples=20_000)

    def squared(positives):
        share = positives / 25
        return (1 - share) ** 2 - share * (1 - share) / 24

    around = [squared(k) - (1 - 12 / 25) ** 2 for k in binom.ppf([0.025, 0.975], 25, 12 / 25)]
    expected = [(squared(12) - tail) ** 0.5 for tail in around]
    np.testing.assert_allclose(found.interval, expected, rtol=1e-9)


def test_interval_of_chances_that_are_right_reaches_zero_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    reached = 0
    for _ in range(200):
        p = rng.random(1000)
        reached += reliability(p, rng.random(1000) < p, n_resamples=300).interval[0] == 0.0
    assert reached >= 186  # the lower end alone: 97.5 % of 200, less 3 standard errors


@pytest.mark.slow
@pytest.mark.parametrize("sharpness", [0.5, 2.0])
def test_interval_covers_the_error_of_chances_that_are_wrong(sharpness):
    rng = np.random.default_rng(1)
    logits = rng.normal(size=200_000) * 1.5
    said, truth = (1 / (1 + np.exp(-a)) for a in (sharpness * logits, logits))
    edges = np.quantile(said, np.arange(1, 10) / 10)
    place = np.searchsorted(edges, said)
    apart = [(said[place == b].mean() - truth[place == b].mean()) ** 2 for b in range(10)]
    known, inside = np.sqrt(np.mean(apart)), 0
    for i in range(100):
        rows = slice(2000 * i, 2000 * (i + 1))
        low, high = reliability(
            said[rows], rng.random(2000) < truth[rows], n_resamples=300
        ).interval
        inside += low <= known <= high
    assert inside >= binom.ppf(0.001, 100, 0.95)


def test_curve_tells_what_was_said_and_what_was_so():
    p = np.repeat([0.2, 0.8], 10)
    y = np.array([1, 0] * 5 + [1] * 10)
    found = reliability(p, y == 1, n_bins=2)
    np.testing.assert_allclose(found.predicted, [0.2, 0.8])
    np.testing.assert_allclose(found.observed, [0.5, 1.0])
    assert found.rows.tolist() == [10, 10]


def test_rows_of_one_chance_stay_in_one_bin():
    found = reliability(np.repeat([0.2, 0.8], [15, 5]), np.arange(20) % 2, n_bins=4)
    np.testing.assert_allclose(found.predicted, [0.2, 0.8])
    assert found.rows.tolist() == [15, 5]


@pytest.mark.parametrize(
    ("chances", "positive", "message"),
    [
        (
            np.full(40, 1.2),
            np.ones(40),
            r"probabilities must be numbers from 0 to 1, but 1\.2 arrived",
        ),
        (np.full(40, -0.1), np.ones(40), r"from 0 to 1, but -0\.1 arrived"),
        (np.full(40, np.nan), np.ones(40), "from 0 to 1, but nan arrived"),
        (["likely"] * 40, np.ones(40), "from 0 to 1, but 'likely' arrived"),
        (np.full(40, 0.5), np.ones(39), r"vectors of one length, but .*\(40,\) and \(39,\)"),
        (np.full((40, 2), 0.5), np.ones(40), r"vectors of one length, but .*\(40, 2\)"),
        (np.full(5, 0.5), np.ones(5), "10 bins need two rows each, but there are 5"),
        (np.full(40, 0.5), np.arange(40) % 3, "0 and 1, but 0, 1, 2 arrived"),
        (np.full(40, 0.5), np.arange(40) % 2 + 1, "0 and 1, but 1, 2 arrived"),
        (np.full(40, 0.5), ["no", "yes"] * 20, "0 and 1, but 'no', 'yes' arrived"),
        ([[0.5]] * 20 + [[0.5, 0.5]] * 20, np.ones(40), "its rows have lengths 1, 2"),
        (np.full(40, 0.5), [[1]] * 20 + [[1, 0]] * 20, "positive must be .* lengths 1, 2"),
    ],
)
def test_what_are_no_chances_is_refused(chances, positive, message):
    with pytest.raises(InputError, match=message):
        reliability(chances, positive)


@pytest.mark.parametrize("name", ["n_bins", "n_resamples", "random_state"])
def test_what_cannot_be_counted_is_refused(name):
    with pytest.raises(InputError, match=f"{name} must be a whole number"):
        reliability(np.full(40, 0.5), np.ones(40), **{name: "a"})


@pytest.mark.parametrize("bins", [2, 3, 10])
def test_rows_that_share_the_lowest_chance_hide_no_error(bins):
    p = np.repeat([0.2, 0.8], [12, 8])
    y = np.r_[np.arange(12) < 7, np.arange(8) < 2]
    found = reliability(p, y, n_bins=bins)
    assert found.rows.tolist() == [12, 8]
    assert found.error > 0.3
