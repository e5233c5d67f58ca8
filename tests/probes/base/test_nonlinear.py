"""What every nonlinear probe owes, and what they share."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks
from support.probe_data import sample, spread_apart
from support.samples import draw, feature_units

from nullprobe import (
    InputError,
    KNeighborsProbe,
    MLPProbe,
    QuadraticProbe,
    RBFProbe,
    StrongestProbe,
    worlds,
)
from nullprobe.probes import PROBES
from nullprobe.probes.base.nonlinear import distinct, inner_splits


class SmallNetwork(MLPProbe):
    """One candidate in place of four: what is owed does not depend on how many there are."""

    def __init__(self, hidden_layer_sizes=(8,), alpha=1.0, random_state=0):
        super().__init__(hidden_layer_sizes, alpha, random_state=random_state)


class StrongestOfTwo(StrongestProbe):
    """A family that is quickly fitted."""

    def __init__(self, random_state=0):
        super().__init__({"quadratic": QuadraticProbe(0.5), "neighbors": KNeighborsProbe(5)})
        self.random_state = random_state


NONLINEAR = [QuadraticProbe, RBFProbe, KNeighborsProbe, SmallNetwork, StrongestOfTwo]


@pytest.mark.slow
@pytest.mark.filterwarnings("default:y. whole floats")  # scikit-learn's own labels, as floats
@parametrize_with_checks(
    [
        QuadraticProbe(),
        RBFProbe(),
        KNeighborsProbe(),
        MLPProbe((8,), 1.0),
        StrongestProbe({"quadratic": QuadraticProbe(0.5), "neighbors": KNeighborsProbe(5)}),
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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("probe", NONLINEAR)
@pytest.mark.parametrize(
    ("names", "n_classes"),
    [(["b", "a"], 2), (["b", "a", "d", "c", "é"], 5), ([7, -3, 2**40], 3)],
)
def test_few_or_many_classes_are_read_whatever_they_are_called(probe, names, n_classes):
    world = worlds.multiclass(n=400, d=6, n_classes=n_classes, gap=5.0)
    y = np.array(names)[world.y]
    fitted = probe().fit(world.X[:200], y[:200])
    assert fitted.classes_.tolist() == sorted(names)
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
    with pytest.raises(InputError) as caught:
        fitted.predict(frame[list("dcba")])
    assert "('a', 'b', 'c', 'd')" in caught.value.required
    assert caught.value.received.startswith("('d', 'c', 'b', 'a') arrived")


@pytest.mark.parametrize("probe", NONLINEAR)
def test_probe_survives_pickling(probe):
    s = sample(3)
    fitted = probe().fit(s.X, s.y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.decision_function(s.X), fitted.decision_function(s.X))


@pytest.mark.slow
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


# What they share


def test_rows_are_the_same_whatever_the_sign_of_a_zero():
    first, again = distinct(np.array([[2.0, 1.0], [0.0, 1.0], [-0.0, 1.0], [2.0, 1.0]]))
    assert first[again].tolist() == [0, 1, 1, 0]
    assert sorted(first) == [0, 1]


def test_inner_splits_hold_every_class_on_both_sides():
    codes = np.array([0] * 20 + [1] * 2 + [2] * 9)
    splits = inner_splits(codes, 0)
    assert len(splits) == 2
    for train, test in splits:
        assert not set(train) & set(test)
        assert set(codes[train]) == set(codes[test]) == {0, 1, 2}
    assert inner_splits(np.array([0, 0, 0, 1]), 0) == []


@pytest.mark.parametrize("columns", [np.arange(80).reshape(40, 2) % 3, np.ones((40, 2)) * 0.5])
def test_what_is_advised_for_two_columns_is_not_refused_next(columns):
    X = np.random.default_rng(0).normal(size=(40, 3))
    y = columns + (0 if columns.dtype.kind == "i" else X[:, :2])
    with pytest.raises(InputError) as error:
        QuadraticProbe().fit(X, y)
    assert "floats" not in error.value.hint
    assert "one column at a time" in error.value.hint
