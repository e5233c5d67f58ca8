"""What the Gaussian kernel reads, beside scikit-learn's, with all rows or with landmarks."""

import numpy as np
import pytest
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from support.probe_data import held_out, sample

from nullprobe import InputError, QuadraticProbe, RBFProbe, worlds
from nullprobe.probes.base import nonlinear
from nullprobe.probes.base.nonlinear import stratified_subset
from nullprobe.probes.nonlinear import rbf


def test_kernel_reads_an_exclusive_or():
    world = worlds.xor(n=800, d=2)
    assert held_out(RBFProbe(), world.X, world.y) > 0.97


def test_kernel_reads_what_covariances_do_not_tell():
    """The sign of a product of three: means and covariances of both classes are equal."""
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], size=(1200, 3))
    X, y = signs + 0.2 * rng.normal(size=(1200, 3)), signs.prod(axis=1) > 0
    assert held_out(RBFProbe(), X, y) > 0.97
    assert abs(held_out(QuadraticProbe(), X, y) - 0.5) < 0.08


@pytest.mark.parametrize("n_classes", [2, 3])
def test_rows_that_are_the_same_have_the_same_score_wherever_they_stand(n_classes, monkeypatch):
    s = sample(n_classes, n=200)
    fitted = RBFProbe(C=10.0).fit(s.X, s.y)
    rows = np.random.default_rng(0).permutation(np.repeat(np.arange(40), 25))
    monkeypatch.setattr(nonlinear, "BLOCK", 7)
    found = fitted.decision_function(s.X[rows]).reshape(1000, -1)
    for row in range(40):
        assert len(np.unique(found[rows == row], axis=0)) == 1
    np.testing.assert_allclose(
        found, fitted.decision_function(s.X[:40]).reshape(40, -1)[rows], atol=1e-12
    )


@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_are_those_of_a_support_vector_machine(n_classes):
    s = sample(n_classes, n=200)
    fitted = RBFProbe(C=10.0).fit(s.X, s.y)
    rows = (s.X - s.X.mean(axis=0)) / s.X.std(axis=0)
    found = fitted.decision_function(s.X).reshape(200, -1)
    for j, c in enumerate(range(1, 2) if n_classes == 2 else range(n_classes)):
        model = SVC(C=10.0, gamma=1 / 8, class_weight="balanced")
        expected = model.fit(rows, s.y == c).decision_function(rows)
        np.testing.assert_allclose(found[:, j], expected, atol=2e-3)


@pytest.mark.slow
def test_landmarks_stand_in_for_many_rows(monkeypatch):
    world = worlds.xor(n=1600, d=2, random_state=1)
    exact = held_out(RBFProbe(), world.X, world.y)
    monkeypatch.setattr(rbf, "MOST_EXACT", 500)
    probe = RBFProbe()
    assert held_out(probe, world.X, world.y) == pytest.approx(exact, abs=0.01)
    landmarks = probe.probe_.model.estimators_[0][0]
    assert len(landmarks.components_) == rbf.LANDMARKS


def test_scores_of_many_rows_are_those_of_a_logistic_regression_on_landmarks(monkeypatch):
    monkeypatch.setattr(rbf, "MOST_EXACT", 100)
    monkeypatch.setattr(rbf, "LANDMARKS", 40)
    s = sample(n=200)
    fitted = RBFProbe(C=10.0, random_state=3).fit(s.X, s.y)
    rows = (s.X - s.X.mean(axis=0)) / s.X.std(axis=0)
    features = Nystroem(gamma=1 / 8, n_components=40, random_state=3)
    features = features.fit_transform(rows)
    model = LogisticRegression(C=10.0, class_weight="balanced").fit(features, s.y)
    expected = model.decision_function(features)
    np.testing.assert_allclose(fitted.decision_function(s.X), expected, atol=1e-3)


def test_a_few_rows_that_tell_are_read_where_most_coincide():
    rng = np.random.default_rng(0)
    X, y = np.zeros((600, 1)), np.arange(600) % 2
    telling = np.arange(600) % 10 < 2
    X[telling, 0] = y[telling] - 0.5 + 0.1 * rng.standard_normal(120)
    probe = RBFProbe().fit(X[:300], y[:300])
    assert (probe.predict(X[300:]) == y[300:])[telling[300:]].mean() > 0.95


def test_rows_beyond_the_most_are_left_out_class_by_class():
    world = worlds.rare(n=3000, d=3, positive_fraction=0.01)
    probe = RBFProbe(max_samples=300, C=1.0).fit(world.X, world.y)
    assert probe.probe_.model.estimators_[0].n_support_.sum() <= 300
    kept = stratified_subset(world.y, 300, 0)
    assert np.bincount(world.y[kept]).tolist() == [297, 3]
    assert np.bincount(world.y[stratified_subset(world.y, 20, 0)]).tolist() == [19, 2]


def test_strength_is_chosen_for_the_data_at_hand():
    world = worlds.gaussian(n=300, d=60, gap=2.0)
    assert RBFProbe().fit(world.X, world.y).probe_.setting[0] == min(rbf.STRENGTHS)
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, size=(800, 2))
    assert RBFProbe().fit(X, np.sin(4 * X[:, 0]) > 0).probe_.setting[0] == max(rbf.STRENGTHS)


@pytest.mark.parametrize("C", [0.0, -1.0, np.inf, "auto"])
def test_strength_must_be_above_zero(C):
    with pytest.raises(InputError, match="C must be"):
        RBFProbe(C=C).fit(np.eye(4), [0, 1, 0, 1])


def test_max_samples_must_be_a_number():
    with pytest.raises(InputError, match="max_samples must be"):
        RBFProbe(max_samples=0).fit(np.eye(4), [0, 1, 0, 1])
