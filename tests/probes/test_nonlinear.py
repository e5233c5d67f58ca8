"""What every nonlinear probe owes, and what each is for."""

import pickle
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
import torch
from samples import draw, feature_units
from sklearn.base import clone
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from nullprobe import (
    InputError,
    LDAProbe,
    LogisticProbe,
    MeanDifferenceProbe,
    MLPProbe,
    NeighboursProbe,
    QuadraticProbe,
    RBFProbe,
    StrongestProbe,
    reading,
    worlds,
)
from nullprobe.probes import PROBES
from nullprobe.probes.nonlinear import distinct, inner_splits, some

radial = import_module("nullprobe.probes.radial")  # in the package the function has its name


class SmallNetwork(MLPProbe):
    """One candidate in place of four: what is owed does not depend on how many there are."""

    def __init__(self, layers=(8,), penalty=0.03, random_state=0):
        super().__init__(layers, penalty, random_state=random_state)


class StrongestOfTwo(StrongestProbe):
    """A family that is quickly fitted."""

    def __init__(self, random_state=0):
        super().__init__({"quadratic": QuadraticProbe(0.5), "neighbours": NeighboursProbe(5)})
        self.random_state = random_state


NONLINEAR = [QuadraticProbe, RBFProbe, NeighboursProbe, SmallNetwork, StrongestOfTwo]


def sample(n_classes=2, n=120, d=4):
    return draw(0, n, d, n_classes, gap=2.0)


def spread_apart(n=900, d=6, seed=0):
    """Return two classes of equal means, each wide where the other is narrow, and their odds."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    wide = np.where(np.arange(d) < d // 2, 2.0, 0.5)
    X = rng.standard_normal((n, d)) * np.where(y[:, None] == 1, wide, wide[::-1])
    return X, y, 0.5 * X**2 @ (1 / wide[::-1] ** 2 - 1 / wide**2)


def held_out(probe, X, y):
    half = len(X) // 2
    scores = probe.fit(X[:half], y[:half]).decision_function(X[half:])
    return roc_auc_score(y[half:], scores)


@parametrize_with_checks(
    [
        QuadraticProbe(),
        RBFProbe(),
        NeighboursProbe(),
        MLPProbe((8,), 0.03),
        StrongestProbe({"quadratic": QuadraticProbe(0.5), "neighbours": NeighboursProbe(5)}),
    ]
)
def test_scikit_learn_accepts_the_probe(estimator, check):
    check(estimator)


def test_tables_of_linear_probes_hold_no_others():
    assert not set(NONLINEAR) & set(PROBES.values())


# What every nonlinear probe owes


@pytest.mark.parametrize("probe", NONLINEAR)
def test_clone_has_the_same_parameters(probe):
    assert clone(probe(random_state=7)).get_params() == probe(random_state=7).get_params()


@pytest.mark.parametrize("probe", NONLINEAR)
@pytest.mark.parametrize("labels", [["no", "yes"], [False, True], [3, 8]])
def test_labels_keep_their_type(probe, labels):
    s = sample()
    names = np.array(labels)[s.y]
    fitted = probe().fit(s.X, names)
    assert fitted.classes_.tolist() == labels
    assert fitted.predict(s.X).dtype == names.dtype
    assert fitted.score(s.X, names) > 0.8


@pytest.mark.parametrize("probe", NONLINEAR)
def test_positive_score_means_the_second_class(probe):
    s = sample()
    fitted = probe().fit(s.X, s.y)
    assert fitted.decision_function(s.X).shape == (120,)
    np.testing.assert_array_equal(fitted.decision_function(s.X) > 0, fitted.predict(s.X) == 1)


@pytest.mark.parametrize("probe", NONLINEAR)
def test_largest_of_many_scores_wins(probe):
    s = sample(3)
    fitted = probe().fit(s.X, s.y)
    scores = fitted.decision_function(s.X)
    assert scores.shape == (120, 3)
    np.testing.assert_array_equal(scores.argmax(axis=1), fitted.predict(s.X))
    assert (fitted.predict(s.X) == s.y).mean() > 0.8


@pytest.mark.parametrize("probe", NONLINEAR)
@pytest.mark.parametrize("names", [["b", "a", "d", "c", "é"], [7, -3, 0, 100, 2**40]])
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_few_or_many_classes_are_read_whatever_they_are_called(probe, names, n_classes):
    world = worlds.multiclass(n=400, d=6, n_classes=n_classes, gap=5.0)
    y = np.array(names)[world.y]
    fitted = probe().fit(world.X[:200], y[:200])
    assert fitted.classes_.tolist() == sorted(names[:n_classes])
    assert fitted.score(world.X[200:], y[200:]) > world.truth["bayes_accuracy"] - 0.1


@pytest.mark.parametrize("probe", NONLINEAR)
def test_torch_goes_in_and_comes_out(probe):
    s = sample()
    X = torch.from_numpy(s.X)
    scores = probe().fit(X, torch.from_numpy(s.y)).decision_function(X.float())
    assert isinstance(scores, torch.Tensor)
    assert scores.dtype == torch.float32
    expected = probe().fit(s.X, s.y).decision_function(s.X)
    np.testing.assert_allclose(scores.numpy(), expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("probe", NONLINEAR)
def test_probe_remembers_column_names(probe):
    s = sample()
    frame = pd.DataFrame(s.X, columns=list("abcd"))
    fitted = probe().fit(frame, pd.Series(s.y))
    assert fitted.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(frame[list("dcba")])


@pytest.mark.parametrize("probe", NONLINEAR)
def test_probe_survives_pickling(probe):
    s = sample(3)
    fitted = probe().fit(s.X, s.y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.decision_function(s.X), fitted.decision_function(s.X))


@pytest.mark.parametrize("probe", NONLINEAR)
def test_same_seed_gives_the_same_scores(probe):
    X, y, _ = spread_apart()
    first, again = (probe().fit(X, y).decision_function(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("probe", NONLINEAR)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_fewer_rows_than_columns_are_read(probe, n_classes):
    s = draw(1, 540, 80, n_classes, gap=3.0, spread=1.0)
    assert (probe().fit(s.X[:40], s.y[:40]).predict(s.X[40:]) == s.y[40:]).mean() > 0.8


@pytest.mark.parametrize("probe", NONLINEAR)
def test_constant_feature_changes_nothing(probe):
    s = sample(3)
    X = np.hstack([s.X[:, :2], np.full((len(s.X), 1), 3.7), s.X[:, 2:]])
    expected = probe().fit(s.X, s.y).decision_function(s.X)
    found = probe().fit(X, s.y).decision_function(X)
    np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("probe", NONLINEAR)
def test_features_that_never_vary_are_read_as_chance(probe):
    scores = probe().fit(np.full((40, 3), 2.5), np.arange(40) % 2).decision_function(np.eye(3))
    assert np.ptp(scores) == 0.0


@pytest.mark.parametrize("probe", NONLINEAR)
def test_units_and_offsets_make_no_difference(probe):
    s = sample(3)
    X = s.X * feature_units(4, 1) + 100.0 * feature_units(4, 1)
    expected = probe().fit(s.X, s.y).decision_function(s.X)
    found = probe().fit(X, s.y).decision_function(X)
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("probe", NONLINEAR)
def test_rare_class_of_one_row_is_no_obstacle(probe):
    s = sample(3)
    y = np.where(np.arange(120) == 5, 9, s.y)
    fitted = probe().fit(s.X, y)
    assert fitted.classes_.tolist() == [0, 1, 2, 9]
    assert np.isfinite(fitted.decision_function(s.X)).all()


@pytest.mark.parametrize("probe", NONLINEAR)
def test_nan_is_refused_at_fit_and_at_predict(probe):
    s = sample()
    bad = s.X.copy()
    bad[5, 2] = np.nan
    with pytest.raises(InputError, match="row 5, column 2"):
        probe().fit(bad, s.y)
    fitted = probe().fit(s.X, s.y)
    with pytest.raises(InputError, match="row 5, column 2"):
        fitted.decision_function(bad)


@pytest.mark.parametrize("probe", NONLINEAR)
def test_what_cannot_be_read_is_refused(probe):
    s = sample()
    with pytest.raises(NotFittedError):
        probe().predict(s.X)
    with pytest.raises(InputError, match="at least two classes"):
        probe().fit(s.X, np.ones(120, dtype=int))
    with pytest.raises(InputError, match="the concept is numeric; use LDAProbe"):
        probe().fit(s.X, s.X[:, 0])
    fitted = probe().fit(s.X, s.y)
    narrow = s.X[:, :3]
    for read in (fitted.probe_.scores, fitted.decision_function, fitted.predict):
        with pytest.raises(InputError, match="X must have 4 features, but X has 3 .*; pass rows"):
            read(narrow)
    with pytest.raises(InputError, match="X must have 4 features"):
        fitted.score(narrow, s.y)


# On a world of equal means and unequal covariances


def readings(probe, world, draws=1000):
    """Return the held-out AUC, and a bootstrap of the scored rows."""
    half = len(world.X) // 2
    scores = probe.fit(world.X[:half], world.y[:half]).decision_function(world.X[half:])
    positive = world.y[half:] == 1
    rng = np.random.default_rng(0)
    weights = reading.resampled_weights(positive, None, half, draws, rng)
    found = reading.auc(scores[None], positive[None], weights)
    return reading.auc(scores[None], positive[None])[0], np.quantile(found, [0.005, 0.995])


@pytest.mark.parametrize("probe", [MeanDifferenceProbe, LDAProbe, LogisticProbe])
def test_linear_probes_read_nothing_of_unequal_covariances(probe):
    world = worlds.heteroscedastic(n=4000, random_state=1)
    _, (low, high) = readings(probe(), world)
    assert low <= world.truth["linear_auc"] <= high


@pytest.mark.parametrize("probe", [QuadraticProbe, RBFProbe, NeighboursProbe, MLPProbe])
def test_nonlinear_probes_read_unequal_covariances(probe):
    world = worlds.heteroscedastic(n=4000, random_state=1)
    found, (low, high) = readings(probe(), world)
    assert low > 0.75
    assert found <= world.truth["quadratic_auc"] + (high - low)


def test_quadratic_probe_reads_as_much_of_unequal_covariances_as_there_is():
    world = worlds.heteroscedastic(n=8000, random_state=1)
    _, (low, high) = readings(QuadraticProbe(), world)
    assert low <= world.truth["quadratic_auc"] <= high


# Quadratic


def test_quadratic_probe_finds_the_log_odds_of_gaussian_classes():
    X, y, odds = spread_apart(n=20_000, d=4)
    found = QuadraticProbe(shrinkage=1e-6).fit(X, y).decision_function(X)
    # each of 2 × 4 variances is off by sqrt(2 / 10,000) = 1.4 %
    np.testing.assert_allclose(found, odds, rtol=0.06, atol=0.02 * odds.std())


@pytest.mark.parametrize("n_classes", [2, 3])
def test_unshrunk_quadratic_probe_is_the_textbook_one(n_classes):
    s = draw(3, 5000, 4, n_classes, gap=1.0)
    ours = QuadraticProbe(shrinkage=1e-9).fit(s.X, s.y)
    theirs = QuadraticDiscriminantAnalysis().fit(s.X, s.y)
    assert (ours.predict(s.X) == theirs.predict(s.X)).mean() > 0.998
    share = theirs.predict_proba(s.X)
    expected = np.log(share / (1 - share))
    found = ours.decision_function(s.X)
    expected = expected[:, 1] if n_classes == 2 else expected
    np.testing.assert_allclose(found, expected, atol=0.02 * expected.std())


def test_all_shrinkages_are_read_from_one_decomposition():
    """Beside a naive covariance of each class, with fewer rows of a class than features."""
    s = draw(5, 30, 20, 2, gap=1.0)
    probe = QuadraticProbe(shrinkage=0.3).fit(s.X, s.y).probe_
    rows = (s.X - probe.mean) * probe.inverse
    rows = probe.factor.whiten(rows)
    inside = rows - np.array([rows[s.y == c].mean(axis=0) for c in (0, 1)])[s.y]
    for alpha in (0.3, 0.05):
        said = []
        for c in (0, 1):
            own = inside[s.y == c]
            S = (1 - alpha) * own.T @ own / (len(own) - 1) + alpha * np.eye(rows.shape[1])
            away = rows - rows[s.y == c].mean(axis=0)
            distance = np.einsum("ij,ij->i", away, np.linalg.solve(S, away.T).T)
            said.append(np.log(len(own) / 30) - 0.5 * (distance + np.linalg.slogdet(S)[1]))
        np.testing.assert_allclose(probe.odds(rows, alpha)[:, 0], said[1] - said[0], atol=1e-8)


def test_shrinkage_one_is_linear():
    X, y, _ = spread_apart()
    probe = QuadraticProbe(shrinkage=1.0).fit(X, y)
    a, b = np.random.default_rng(1).standard_normal((2, 6))
    scores = probe.decision_function(np.array([a, b, 0.5 * (a + b)]))
    assert scores[2] == pytest.approx(scores[:2].mean(), abs=1e-9)
    assert held_out(QuadraticProbe(shrinkage=1.0), X, y) < 0.56


def test_shrinkage_is_chosen_for_the_data_at_hand():
    X, y, _ = spread_apart()
    assert QuadraticProbe().fit(X, y).probe_.shrinkage < 1
    assert held_out(QuadraticProbe(), X, y) > 0.95
    world = worlds.gaussian(n=400, d=60, gap=2.0)
    assert QuadraticProbe().fit(world.X, world.y).probe_.shrinkage == 1
    linear = QuadraticProbe(shrinkage=1.0)
    assert held_out(QuadraticProbe(), world.X, world.y) == held_out(linear, world.X, world.y)


def test_one_class_against_the_rest_is_told_by_log_odds():
    """A row far from every class has a low density in all: that says nothing of its class."""
    rng = np.random.default_rng(0)
    y = np.arange(600) % 3
    X = np.column_stack([y * 3.0, rng.standard_t(2, size=(600, 5))]) + rng.normal(size=(600, 6))
    probe = QuadraticProbe().fit(X[:300], y[:300])
    scores = probe.decision_function(X[300:])
    each = [roc_auc_score(y[300:] == c, scores[:, c]) for c in range(3)]
    assert min(each) > 0.85


@pytest.mark.parametrize("shrinkage", [0.0, -0.1, 1.1, np.nan, "auto"])
def test_shrinkage_must_be_a_share_above_zero(shrinkage):
    with pytest.raises(InputError, match="shrinkage must be"):
        QuadraticProbe(shrinkage=shrinkage).fit(np.eye(4), [0, 1, 0, 1])


# Gaussian kernel


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
    monkeypatch.setattr(radial, "KERNEL_ELEMENTS", 37 * len(fitted.probe_.points))
    found = fitted.decision_function(s.X[rows]).reshape(1000, -1)
    for row in range(40):
        assert len(np.unique(found[rows == row], axis=0)) == 1
    np.testing.assert_allclose(
        found, fitted.decision_function(s.X[:40]).reshape(40, -1)[rows], atol=1e-12
    )


def test_rows_are_the_same_whatever_the_sign_of_a_zero():
    first, again = distinct(np.array([[2.0, 1.0], [0.0, 1.0], [-0.0, 1.0], [2.0, 1.0]]))
    assert first[again].tolist() == [0, 1, 1, 0]
    assert sorted(first) == [0, 1]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_are_those_of_a_support_vector_machine(n_classes):
    s = sample(n_classes, n=200)
    fitted = RBFProbe(C=10.0).fit(s.X, s.y)
    rows = (s.X - s.X.mean(axis=0)) / s.X.std(axis=0)
    found = fitted.decision_function(s.X).reshape(200, -1)
    for j, c in enumerate(range(1, 2) if n_classes == 2 else range(n_classes)):
        model = SVC(C=10.0, gamma=fitted.probe_.gamma, class_weight="balanced")
        expected = model.fit(rows, s.y == c).decision_function(rows)
        np.testing.assert_allclose(found[:, j], expected, atol=2e-3)


def test_width_is_the_median_distance():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 10))
    gamma = RBFProbe(C=1.0).fit(X, np.arange(300) % 2).probe_.gamma
    assert gamma == pytest.approx(1 / 20, rel=0.1)  # E|x − x'|² = 2 d


def test_landmarks_stand_in_for_many_rows(monkeypatch):
    world = worlds.xor(n=1600, d=2, random_state=1)
    exact = held_out(RBFProbe(), world.X, world.y)
    monkeypatch.setattr(radial, "MOST_EXACT", 500)
    probe = RBFProbe()
    assert held_out(probe, world.X, world.y) == pytest.approx(exact, abs=0.01)
    assert len(probe.probe_.points) == radial.LANDMARKS


def test_scores_of_many_rows_are_those_of_a_logistic_regression_on_landmarks(monkeypatch):
    monkeypatch.setattr(radial, "MOST_EXACT", 100)
    monkeypatch.setattr(radial, "LANDMARKS", 40)
    s = sample(n=200)
    fitted = RBFProbe(C=10.0, random_state=3).fit(s.X, s.y)
    rows = (s.X - s.X.mean(axis=0)) / s.X.std(axis=0)
    features = Nystroem(gamma=fitted.probe_.gamma, n_components=40, random_state=3)
    features = features.fit_transform(rows)
    model = LogisticRegression(C=10.0, class_weight="balanced").fit(features, s.y)
    expected = model.decision_function(features)
    np.testing.assert_allclose(fitted.decision_function(s.X), expected, atol=1e-3)


def test_width_is_one_where_most_rows_coincide():
    rng = np.random.default_rng(0)
    X, y = np.zeros((600, 1)), np.arange(600) % 2
    telling = np.arange(600) % 10 < 2
    X[telling, 0] = y[telling] - 0.5 + 0.1 * rng.standard_normal(120)
    probe = RBFProbe().fit(X[:300], y[:300])
    assert probe.probe_.gamma == 1.0
    assert (probe.predict(X[300:]) == y[300:])[telling[300:]].mean() > 0.95


def test_rows_beyond_the_most_are_left_out_class_by_class():
    world = worlds.rare(n=3000, d=3, share=0.01)
    probe = RBFProbe(most_rows=300, C=1.0).fit(world.X, world.y)
    assert len(probe.probe_.points) <= 300
    kept = some(world.y, 300, 0)
    assert np.bincount(world.y[kept]).tolist() == [297, 3]
    assert np.bincount(world.y[some(world.y, 20, 0)]).tolist() == [19, 2]


def test_strength_is_chosen_for_the_data_at_hand():
    world = worlds.gaussian(n=300, d=60, gap=2.0)
    assert RBFProbe().fit(world.X, world.y).probe_.strength == min(radial.STRENGTHS)
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, size=(800, 2))
    assert RBFProbe().fit(X, np.sin(4 * X[:, 0]) > 0).probe_.strength == max(radial.STRENGTHS)


@pytest.mark.parametrize("C", [0.0, -1.0, np.inf, "auto"])
def test_strength_must_be_above_zero(C):
    with pytest.raises(InputError, match="C must be"):
        RBFProbe(C=C).fit(np.eye(4), [0, 1, 0, 1])


def test_most_rows_must_be_a_number():
    with pytest.raises(InputError, match="most_rows must be"):
        RBFProbe(most_rows=0).fit(np.eye(4), [0, 1, 0, 1])


# Inner splits


def test_inner_splits_hold_every_class_on_both_sides():
    codes = np.array([0] * 20 + [1] * 2 + [2] * 9)
    splits = inner_splits(codes, 0)
    assert len(splits) == 2
    for train, test in splits:
        assert not set(train) & set(test)
        assert set(codes[train]) == set(codes[test]) == {0, 1, 2}
    assert inner_splits(np.array([0, 0, 0, 1]), 0) == []
