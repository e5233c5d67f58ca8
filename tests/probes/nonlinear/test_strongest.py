"""The strongest reader is chosen by inner rows, and by nothing else."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from support.samples import draw

from nullprobe import (
    InputError,
    KNeighborsProbe,
    LDAProbe,
    LogisticProbe,
    MLPProbe,
    QuadraticProbe,
    StrongestProbe,
    worlds,
)
from nullprobe.probes import FAMILY


def family():
    return {"linear": LDAProbe(), "quadratic": QuadraticProbe(0.3), "neighbors": KNeighborsProbe()}


class Spy(ClassifierMixin, BaseEstimator):
    """A reader of the first column that notes in ``seen`` which rows it is fitted to, and reads.

    The second column of X is the number of the row. What is seen belongs to the class, since
    clones know nothing of each other.
    """

    seen = []

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.seen.append(("fit", X[:, 1].astype(int), y.copy()))
        return self

    def decision_function(self, X):
        self.seen.append(("read", X[:, 1].astype(int), None))
        return X[:, 0]


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        (worlds.gaussian(n=300, d=20, gap=1.0), "linear"),
        (worlds.heteroscedastic(n=600), "quadratic"),
        (worlds.two_features(n_per_class=200), None),
    ],
)
def test_the_reader_that_reads_inner_rows_best_is_chosen(world, expected):
    probe = StrongestProbe(family()).fit(world.X, world.y)
    assert list(probe.scores_) == ["linear", "quadratic", "neighbors"]
    assert probe.chosen_ == max(probe.scores_, key=probe.scores_.get)
    assert expected in (None, probe.chosen_)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_inner_readings_are_cross_validated_macro_areas(n_classes):
    world = worlds.multiclass(n=200, d=5, n_classes=n_classes)
    found = StrongestProbe(family(), random_state=5).fit(world.X, world.y).scores_
    folds = StratifiedKFold(3, shuffle=True, random_state=5)

    def macro(probe, X, y):
        scores = probe.decision_function(X).reshape(len(X), -1)
        labels = [1] if n_classes == 2 else range(n_classes)
        return np.mean([roc_auc_score(y == c, s) for c, s in zip(labels, scores.T, strict=True)])

    for name, probe in family().items():
        each = cross_val_score(probe, world.X, world.y, cv=folds, scoring=macro)
        assert found[name] == pytest.approx(each.mean())


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_scores_are_those_of_the_chosen_reader_fitted_to_all_rows(n_classes):
    s = draw(1, 150, 4, n_classes, gap=1.0)
    probe = StrongestProbe(family()).fit(s.X, s.y)
    alone = family()[probe.chosen_].fit(s.X, s.y)
    np.testing.assert_array_equal(probe.decision_function(s.X), alone.decision_function(s.X))


def test_readers_are_judged_by_fitting_rows_that_they_were_not_fitted_to():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal(90), np.arange(90)])
    y = np.arange(90) % 2
    Spy.seen.clear()
    StrongestProbe({"spy": Spy()}).fit(X, y)
    assert [kind for kind, *_ in Spy.seen] == ["fit", "read"] * 3 + ["fit"]
    for (_, fitted, labels), (_, judged, _) in zip(Spy.seen[0:6:2], Spy.seen[1:6:2], strict=True):
        assert not set(fitted) & set(judged)
        assert set(fitted) | set(judged) == set(range(90))
        np.testing.assert_array_equal(labels, y[fitted])
    assert sorted(np.concatenate([rows for _, rows, _ in Spy.seen[1:6:2]])) == list(range(90))
    assert Spy.seen[-1][1].tolist() == list(range(90))


@pytest.mark.slow
@pytest.mark.parametrize("probe", [StrongestProbe(family()), KNeighborsProbe(), MLPProbe((8,))])
def test_labels_of_scored_rows_leave_fits_unchanged(probe):
    """Of one data set: whatever the labels of the scored rows, scores are the same bytes."""
    world = worlds.gaussian(n=120, d=4, gap=1.0)
    train = np.arange(120) < 80
    rng = np.random.default_rng(0)
    scores = []
    for _ in range(2):
        y = world.y.copy()
        y[~train] = rng.permutation(y[~train])
        scores.append(probe.fit(world.X[train], y[train]).decision_function(world.X[~train]))
    np.testing.assert_array_equal(*scores)
    shuffled = world.y.copy()
    shuffled[train] = rng.permutation(shuffled[train])
    other = probe.fit(world.X[train], shuffled[train]).decision_function(world.X[~train])
    assert not np.array_equal(other, scores[0])


def test_of_equal_readers_the_first_is_taken():
    world = worlds.gaussian(n=100, d=3)
    for names in (["a", "b"], ["b", "a"]):
        probe = StrongestProbe({name: LDAProbe() for name in names}).fit(world.X, world.y)
        assert probe.chosen_ == names[0]


def test_with_one_row_of_a_class_the_first_reader_is_taken():
    world = worlds.gaussian(n=60, d=3)
    y = np.where(np.arange(60) == 7, 9, world.y)
    probe = StrongestProbe(family()).fit(world.X, y)
    assert (probe.chosen_, probe.scores_) == ("linear", {})


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classifiers_that_give_shares_are_read(n_classes):
    world = worlds.multiclass(n=300, d=4, n_classes=n_classes, gap=3.0)
    forest = RandomForestClassifier(20, random_state=0)
    probe = StrongestProbe({"forest": forest, "bayes": GaussianNB()}).fit(world.X, world.y)
    assert probe.chosen_ == "bayes"
    expected = GaussianNB().fit(world.X, world.y).predict(world.X)
    np.testing.assert_array_equal(probe.predict(world.X), expected)


def test_rows_of_another_width_are_refused_whoever_was_chosen():
    world = worlds.gaussian(n=60, d=4)
    for reader in (LDAProbe(), GaussianNB()):
        probe = StrongestProbe({"one": reader}).fit(world.X, world.y).probe_
        with pytest.raises(InputError, match="4 features"):
            probe.scores(world.X[:, :3])


@pytest.mark.slow
def test_default_family_is_five_readers_and_finds_the_right_one():
    world = worlds.heteroscedastic(n=900, d=20, wide=6, ratio=3.0)
    probe = StrongestProbe(random_state=3).fit(world.X[:600], world.y[:600])
    assert list(probe.scores_) == list(FAMILY) == ["linear", "quadratic", "rbf", "neighbors", "mlp"]
    assert probe.chosen_ == "quadratic"
    assert probe.probe_.reader.random_state == 3
    area = roc_auc_score(world.y[600:], probe.decision_function(world.X[600:]))
    # Covariances of 300 rows cost less than .05; the rest is chance.
    assert area == pytest.approx(world.truth["quadratic_auc"], abs=0.05 + 2 * (1 / 600) ** 0.5)


def test_readers_that_arrive_are_left_as_they_are():
    mine = {"linear": LogisticProbe(), "quadratic": QuadraticProbe(0.3)}
    world = worlds.gaussian(n=80, d=3)
    StrongestProbe(mine).fit(world.X, world.y)
    assert not any(hasattr(probe, "probe_") for probe in mine.values())


@pytest.mark.parametrize(
    ("probes", "said"),
    [
        ({}, "probes must map names to unfitted classifiers"),
        ([LDAProbe()], "probes must map names to unfitted classifiers"),
        (3, "probes must map names"),
        ({"a": LDAProbe}, "must be an instance of an estimator"),
        ({"a": "linear"}, "a probe must have the methods fit and decision_function"),
    ],
)
def test_a_family_that_cannot_be_fitted_is_refused(probes, said):
    with pytest.raises(InputError, match=said):
        StrongestProbe(probes).fit(np.eye(4), [0, 1, 0, 1])
