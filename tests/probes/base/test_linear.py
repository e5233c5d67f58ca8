"""What every linear probe owes, whichever method fitted it."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from support.probe_data import sample
from support.samples import draw

from nullprobe import InputError, Moments
from nullprobe.probes import PROBES, LDAProbe, LinearProbe, LogisticProbe, MeanDifferenceProbe

WEIGHTED = [name for name in PROBES if name != "halfspace"]
NUMERIC = ["mean_difference", "lda"]


@pytest.mark.slow
@pytest.mark.filterwarnings("default:y. whole floats")  # scikit-learn's own labels, as floats
@pytest.mark.parametrize("name", PROBES)
def test_scikit_learn_accepts_the_probe(name):
    # With a λ or C of its own choice a probe counts rows, so that a weight of 2 is not a row twice.
    given = {"lda": {"shrinkage": 0.1}, "logistic": {"C": 1.0}}.get(name, {})
    check_estimator(PROBES[name](**given), on_skip=None)


@pytest.mark.parametrize("name", PROBES)
def test_clone_has_the_same_parameters(name):
    probe = PROBES[name]()
    assert clone(probe).get_params() == probe.get_params()


@pytest.mark.parametrize("name", PROBES)
def test_probe_reads_better_than_chance(name):
    s = sample(3)
    assert (PROBES[name]().fit(s.X, s.y).predict(s.X) == s.y).mean() > 0.6


@pytest.mark.parametrize("name", PROBES)
def test_labels_keep_their_type(name):
    s = sample()
    words = np.array(["no", "yes"])[s.y]
    probe = PROBES[name]().fit(s.X, words)
    assert probe.classes_.tolist() == ["no", "yes"]
    np.testing.assert_array_equal(
        probe.predict(s.X), np.array(["no", "yes"])[PROBES[name]().fit(s.X, s.y).predict(s.X)]
    )


@pytest.mark.parametrize("name", PROBES)
def test_positive_score_means_the_second_class(name):
    s = sample()
    probe = PROBES[name]().fit(s.X, s.y)
    np.testing.assert_array_equal(probe.decision_function(s.X) > 0, probe.predict(s.X) == 1)


@pytest.mark.parametrize("name", PROBES)
def test_largest_of_many_scores_wins(name):
    s = sample(3)
    probe = PROBES[name]().fit(s.X, s.y)
    scores = probe.decision_function(s.X)
    assert scores.shape == (len(s.X), 3)
    np.testing.assert_array_equal(scores.argmax(axis=1), probe.predict(s.X))


@pytest.mark.parametrize("name", PROBES)
def test_torch_goes_in_and_comes_out(name):
    s = sample()
    X = torch.from_numpy(s.X)
    probe = PROBES[name]().fit(X, torch.from_numpy(s.y))
    scores = probe.decision_function(X.float())
    assert isinstance(scores, torch.Tensor)
    assert scores.dtype == torch.float32
    expected = PROBES[name]().fit(s.X, s.y).decision_function(s.X)
    np.testing.assert_allclose(scores.numpy(), expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", PROBES)
def test_probe_remembers_column_names(name):
    s = sample()
    frame = pd.DataFrame(s.X, columns=list("abcd"))
    probe = PROBES[name]().fit(frame, pd.Series(s.y))
    assert probe.n_features_in_ == 4
    assert probe.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(InputError) as caught:
        probe.predict(frame[list("dcba")])
    assert "('a', 'b', 'c', 'd')" in caught.value.required
    assert caught.value.received.startswith("('d', 'c', 'b', 'a') arrived")


@pytest.mark.parametrize("name", PROBES)
def test_fewer_rows_than_columns_are_read(name):
    s = draw(1, 30, 80, 2, gap=3.0, spread=1.0)
    assert (PROBES[name]().fit(s.X, s.y).predict(s.X) == s.y).mean() > 0.8


@pytest.mark.parametrize("name", PROBES)
def test_constant_feature_changes_nothing(name):
    s = sample()
    X = np.hstack([s.X, np.full((len(s.X), 1), 3.7)])
    np.testing.assert_array_equal(
        PROBES[name]().fit(X, s.y).predict(X), PROBES[name]().fit(s.X, s.y).predict(s.X)
    )


@pytest.mark.parametrize("name", PROBES)
def test_nan_is_refused_at_fit_and_at_predict(name):
    s = sample()
    bad = s.X.copy()
    bad[5, 2] = np.nan
    with pytest.raises(InputError, match="row 5, column 2"):
        PROBES[name]().fit(bad, s.y)
    probe = PROBES[name]().fit(s.X, s.y)
    for call in (probe.predict, probe.decision_function):
        with pytest.raises(InputError, match="row 5, column 2"):
            call(bad)


@pytest.mark.parametrize("name", PROBES)
def test_probe_that_was_not_fitted_says_so(name):
    with pytest.raises(NotFittedError):
        PROBES[name]().predict(np.ones((3, 2)))


@pytest.mark.parametrize("name", PROBES)
def test_one_class_is_refused(name):
    with pytest.raises(InputError, match="at least two classes"):
        PROBES[name]().fit(np.arange(6.0)[:, None], np.ones(6, dtype=int))


@pytest.mark.parametrize("name", WEIGHTED)
def test_weight_zero_of_a_whole_class_is_the_class_left_out(name):
    s = sample(3)
    kept = s.y != 1
    weighted = PROBES[name]().fit(s.X, s.y, sample_weight=kept.astype(float))
    without = PROBES[name]().fit(s.X[kept], s.y[kept])
    assert weighted.classes_.tolist() == [0, 2]
    np.testing.assert_array_equal(weighted.predict(s.X), without.predict(s.X))


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_that_leave_one_class_are_refused(name):
    s = sample()
    with pytest.raises(InputError, match="at least two classes"):
        PROBES[name]().fit(s.X, s.y, sample_weight=(s.y == 1).astype(float))


@pytest.mark.parametrize("name", sorted(set(PROBES) - set(NUMERIC)))
def test_numbers_are_refused_where_classes_are_needed(name):
    s = sample()
    with pytest.raises(InputError, match="the concept is numeric"):
        PROBES[name]().fit(s.X, s.X[:, 0])


@pytest.mark.parametrize("name", NUMERIC)
def test_fit_on_numbers_forgets_earlier_classes(name):
    s = sample()
    probe = PROBES[name]().fit(s.X, s.y).fit(s.X, s.X[:, 0])
    assert not hasattr(probe, "classes_")
    assert probe.predict(s.X).dtype == np.float64


@pytest.mark.parametrize("name", NUMERIC)
def test_number_that_never_varies_is_refused(name):
    s = sample()
    y = np.column_stack([s.X[:, 0], np.full(len(s.X), 2.5)])
    with pytest.raises(InputError, match="column 1 of y is 2.5 in every row"):
        PROBES[name]().fit(s.X, y)


def test_probe_of_another_width_is_refused():
    probe = LinearProbe(np.ones((3, 1)), np.zeros(1), ("a", "b"))
    with pytest.raises(InputError, match="must have 3 features"):
        probe.scores(np.ones((5, 2)))


def test_numeric_probe_predicts_its_scores():
    probe = LinearProbe(np.array([[1.0, 2.0]]), np.array([0.5, 0.0]))
    X = np.array([[1.0], [3.0]])
    np.testing.assert_array_equal(probe.predict(X), [[1.5, 2.0], [3.5, 6.0]])


def test_probes_score_at_the_end_of_a_pipeline():
    rng = np.random.default_rng(0)
    y = np.array(["a", "b"])[np.arange(200) % 2]
    X = rng.standard_normal((200, 3)) + 3.0 * (y == "b")[:, None]
    chain = make_pipeline(StandardScaler(), LDAProbe()).fit(X, y)
    assert chain.score(X, y) == np.mean(chain.predict(X) == y) > 0.9
    numbers = X @ np.ones((3, 1)) + 0.1
    assert LDAProbe(shrinkage=0.0).fit(X, numbers[:, 0]).score(X, numbers[:, 0]) > 0.999


BY_MOMENTS = [LDAProbe, MeanDifferenceProbe]


@pytest.mark.parametrize("method", BY_MOMENTS)
@pytest.mark.parametrize("numeric", [False, True])
def test_moments_give_the_probe_that_the_rows_give(method, numeric):
    s = sample(3)
    y = s.X[:, :2] if numeric else s.y
    one, other = method.from_moments(Moments.of(s.X, y)), method().fit(s.X, y)
    assert_same_reader(one.probe_, other.probe_)
    np.testing.assert_array_equal(one.predict(s.X), other.predict(s.X))
    assert one.n_features_in_ == 4
    assert hasattr(one, "classes_") is not numeric


def assert_same_reader(one, other):
    np.testing.assert_array_equal(one.weights, other.weights)
    np.testing.assert_array_equal(one.bias, other.bias)
    assert one.classes == other.classes


def test_parameters_go_with_the_moments():
    s = sample()
    m = Moments.of(s.X, s.y)
    assert LDAProbe.from_moments(m, shrinkage=0.5).shrinkage == 0.5
    expected = LDAProbe(0.5).fit(s.X, s.y)
    assert_same_reader(LDAProbe.from_moments(m, shrinkage=0.5).probe_, expected.probe_)
    with pytest.raises(InputError, match="shrinkage must be a number from 0 to 1"):
        LDAProbe.from_moments(m, shrinkage=7)


@pytest.mark.parametrize("method", BY_MOMENTS)
@pytest.mark.parametrize("kind", ["one class", "a class without weight", "a number that is still"])
def test_moments_in_which_nothing_varies_are_refused(method, kind):
    s, w = sample(), None
    y = np.zeros(len(s.y), dtype=int) if kind == "one class" else s.y
    if kind == "a class without weight":
        w = (s.y == 0) * 1.0
    if kind == "a number that is still":
        y = np.column_stack([s.X[:, 0], np.full(len(s.X), 0.1)])
    with pytest.raises(InputError, match="rows of two classes or more, or numbers that vary"):
        method.from_moments(Moments.of(s.X, y, sample_weight=w))


@pytest.mark.parametrize("probe", [LDAProbe(), LogisticProbe(), MeanDifferenceProbe()])
def test_columns_of_a_frame_in_another_order_are_refused_and_the_same_are_not_warned_of(probe):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    frame = pd.DataFrame(rng.standard_normal((60, 3)) + y[:, None], columns=list("abc"))
    fitted = probe.fit(frame, y)
    assert fitted.score(frame, y) == np.mean(fitted.predict(frame) == y)
    with pytest.raises(ValueError, match="feature names"):
        fitted.score(frame[["c", "b", "a"]], y)


@pytest.mark.parametrize("name", PROBES)
def test_rows_of_another_width_are_refused_in_words(name):
    s = sample()
    fitted = PROBES[name]().fit(s.X, s.y)
    narrow = s.X[:, :3]
    for read in (fitted.decision_function, fitted.predict, lambda X: fitted.score(X, s.y)):
        with pytest.raises(InputError, match="X must have 4 features, but X has 3 .*; pass rows"):
            read(narrow)


def test_a_score_of_what_the_probe_does_not_read_is_refused_in_words():
    s = sample()
    labels, numbers = LDAProbe().fit(s.X, s.y.astype(str)), LDAProbe().fit(s.X, s.X[:, 0])
    with pytest.raises(InputError, match="y must hold labels such as '0'"):
        labels.score(s.X, s.X[:, 0])
    with pytest.raises(InputError, match="y must hold numbers"):
        numbers.score(s.X, np.where(s.y == 0, "no", "yes"))
    with pytest.raises(InputError, match="y must hold numbers"):
        numbers.score(s.X, s.X[:, :2])
    assert numbers.score(s.X, np.round(s.X[:, 0]).astype(int)) < 1
