import numpy as np
import pytest
from samples import draw
from sklearn.base import clone
from sklearn.svm import LinearSVC

from nullprobe import InputError, worlds
from nullprobe.probes import Calibrated, LogisticProbe, MeanDifferenceProbe, reliability


def log_loss(probe, X, y):
    return -np.log(probe.predict_proba(X)[np.arange(len(y)), y]).mean()


def overfitted(n=240, d=120, gap=2.0):
    """Return training rows too few for their features, and many others."""
    world = worlds.gaussian(n=n + 4000, d=d, gap=gap)
    return world.X[:n], world.y[:n], world.X[n:], world.y[n:]


def test_chances_of_an_overfitted_probe_mean_what_they_say_once_calibrated():
    X, y, X_new, y_new = overfitted()
    raw = LogisticProbe(C=10.0).fit(X, y)
    calibrated = Calibrated(LogisticProbe(C=10.0)).fit(X, y)
    before, after = (
        reliability(p.predict_proba(X_new)[:, 1], y_new == 1) for p in (raw, calibrated)
    )
    assert before.interval[0] > 0.1
    assert after.error < 0.5 * before.error
    assert log_loss(calibrated, X_new, y_new) < 0.6 * log_loss(raw, X_new, y_new)


@pytest.mark.parametrize("probe", [MeanDifferenceProbe(), LinearSVC()])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_scores_that_are_no_log_odds_become_chances(probe, n_classes):
    s = draw(0, 3000, 4, n_classes)
    X, y, X_new, y_new = s.X[:1500], s.y[:1500], s.X[1500:], s.y[1500:]
    found = Calibrated(clone(probe)).fit(X, y)
    chances = found.predict_proba(X_new)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    assert found.slope_ > 0
    assert log_loss(found, X_new, y_new) < 0.8 * np.log(n_classes)
    assert reliability(chances[:, 1], y_new == 1).error < 0.1
    assert found.classes_.tolist() == list(range(n_classes))


def test_labels_keep_their_names():
    s = draw(0, 200, 3, 2, gap=3.0)
    words = np.array(["no", "yes"])[s.y]
    found = Calibrated(LogisticProbe()).fit(s.X, words)
    assert (found.predict(s.X) == words).mean() > 0.8


def test_slope_is_of_rows_that_the_inner_fits_have_not_seen():
    X, y, _, _ = overfitted()
    assert Calibrated(LogisticProbe(C=10.0)).fit(X, y).slope_ < 0.5


def test_the_probe_itself_is_fitted_to_all_rows():
    s = draw(0, 100, 3, 2)
    found = Calibrated(LogisticProbe()).fit(s.X, s.y)
    expected = LogisticProbe().fit(s.X, s.y)
    np.testing.assert_array_equal(found.probe_.probe_.weights, expected.probe_.weights)


def test_interval_of_chances_that_are_right_reaches_zero_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    reached = 0
    for _ in range(200):
        p = rng.random(1000)
        reached += reliability(p, rng.random(1000) < p, n_resamples=300).interval[0] == 0.0
    assert reached >= 186  # the lower end alone: 97.5 % of 200, less 3 standard errors


@pytest.mark.parametrize("sharpness", [0.5, 2.0])
def test_interval_covers_the_error_of_chances_that_are_wrong(sharpness):
    rng = np.random.default_rng(1)
    logits = rng.normal(size=400_000) * 1.5
    said, truth = (1 / (1 + np.exp(-a)) for a in (sharpness * logits, logits))
    edges = np.quantile(said, np.arange(1, 10) / 10)
    place = np.searchsorted(edges, said)
    apart = [(said[place == b].mean() - truth[place == b].mean()) ** 2 for b in range(10)]
    known, inside = np.sqrt(np.mean(apart)), 0
    for i in range(200):
        rows = slice(2000 * i, 2000 * (i + 1))
        low, high = reliability(
            said[rows], rng.random(2000) < truth[rows], n_resamples=300
        ).interval
        inside += low <= known <= high
    assert inside >= 177


def test_curve_tells_what_was_said_and_what_was_so():
    p = np.repeat([0.2, 0.8], 10)
    y = np.array([1, 0] * 5 + [1] * 10)
    found = reliability(p, y == 1, bins=2)
    np.testing.assert_allclose(found.said, [0.2, 0.8])
    np.testing.assert_allclose(found.seen, [0.5, 1.0])
    assert found.rows.tolist() == [10, 10]


@pytest.mark.parametrize(
    ("chances", "positive"),
    [
        (np.full(40, 1.2), np.ones(40)),
        (np.full(40, 0.5), np.ones(39)),
        (np.full(5, 0.5), np.ones(5)),
        (np.full(40, np.nan), np.ones(40)),
    ],
)
def test_what_are_no_chances_is_refused(chances, positive):
    with pytest.raises(InputError, match="chances and positives must be vectors"):
        reliability(chances, positive)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.linspace(0, 1, 20), "chances are of class labels"),
        (np.zeros(20, dtype=int), "at least two classes"),
        (np.arange(20) < 1, "two rows of each class"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(y, message):
    X = np.random.default_rng(0).standard_normal((20, 2))
    with pytest.raises(InputError, match=message):
        Calibrated(LogisticProbe()).fit(X, y)
