"""Many label vectors at once are the same probes as one by one."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from support.samples import draw

from nullprobe import InputError
from nullprobe.probes import (
    HalfspaceProbe,
    LDAProbe,
    LinearProbe,
    LinearProbes,
    LogisticProbe,
    MeanDifferenceProbe,
)

# Two logistic fits leave their tol of the log-odds each, so more of a bias of slight curvature.
LOGISTIC = [LogisticProbe(C=1.0, tol=1e-10), LogisticProbe(C=0.01, tol=1e-10)]
PROBES = [MeanDifferenceProbe(), LDAProbe(), LDAProbe(0.2), *LOGISTIC]
BY_MOMENTS = [MeanDifferenceProbe(), LDAProbe()]


def columns(rng, X, m, n_classes=2):
    """Return labels (n, m), some of which X knows of, each class with two rows at least."""
    W = rng.standard_normal((X.shape[1], m))
    scores = X @ W
    scores = scores / scores.std(axis=0) + rng.standard_normal(scores.shape)
    rank = scores.argsort(axis=0).argsort(axis=0)
    shares = rng.uniform(0.1, 0.9, size=m) if n_classes == 2 else np.full(m, 1 / n_classes)
    edge = np.maximum(2, (shares * len(X)).astype(int))
    return np.minimum(rank // edge, n_classes - 1)


def assert_one_by_one(probe, X, Y, *, sample_weight=None, tolerance=1e-8):
    many = probe.fit_many(X, Y, sample_weight=sample_weight).probe_
    assert isinstance(many, LinearProbes)
    for j in range(Y.shape[1]):
        column = Y.iloc[:, j].to_numpy() if hasattr(Y, "iloc") else Y[:, j]
        one = type(probe)(**probe.get_params()).fit(X, column, sample_weight=sample_weight).probe_
        size = np.abs(one.weights).max() + np.abs(one.bias).max()
        np.testing.assert_allclose(many[j].weights, one.weights, atol=tolerance * size)
        np.testing.assert_allclose(many[j].bias, one.bias, atol=tolerance * size)
        assert many[j].classes == one.classes


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES)
@given(
    seed=st.integers(0, 9999),
    n=st.integers(12, 80),
    d=st.integers(1, 20),
    m=st.integers(2, 6),
    weighted=st.booleans(),
)
def test_many_are_one_by_one(probe, seed, n, d, m, weighted):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * rng.uniform(0.1, 10, d) + rng.uniform(-5, 5, d)
    Y = columns(rng, X, m)
    w = rng.integers(1, 4, n).astype(float) if weighted else None
    assert_one_by_one(probe, X, Y, sample_weight=w)


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("n_classes", [3, 5])
def test_columns_of_more_classes_are_one_by_one(probe, n_classes):
    s = draw(0, 200, 8, 2)
    Y = columns(np.random.default_rng(1), s.X, 3, n_classes)
    Y = np.column_stack([Y, s.y])
    assert_one_by_one(probe, s.X, Y)
    scores = probe.fit_many(s.X, Y).decision_function(s.X)
    assert scores.shape == (200, 3 * n_classes + 1)
    assert probe.predict(s.X).shape == (200, 4)


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("shape", [(30, 90), (200, 5), (600, 40)])
def test_many_are_one_by_one_in_wide_and_in_long_x(probe, shape):
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape) @ np.diag(np.geomspace(1e3, 1, shape[1]))
    assert_one_by_one(probe, X, columns(rng, X, 7))


@pytest.mark.parametrize("probe", PROBES)
def test_float32_and_torch_are_read_as_one_by_one(probe):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 10)).astype(np.float32)
    Y = columns(rng, X, 5)
    moments = not isinstance(probe, LogisticProbe)  # moments are formed in the width of the data
    assert_one_by_one(probe, X, Y, tolerance=1e-5 if moments else 1e-8)
    expected = probe.fit_many(X, Y).decision_function(X)
    found = probe.fit_many(torch.from_numpy(X), torch.from_numpy(Y)).decision_function(
        torch.from_numpy(X)
    )
    assert isinstance(found, torch.Tensor)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("probe", BY_MOMENTS)
def test_more_columns_than_are_kept_side_by_side_are_one_by_one(probe):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 6))
    Y = columns(rng, X, 300)
    many = probe.fit_many(X, Y).probe_
    for j in [0, 255, 256, 299]:
        one = probe.fit(X, Y[:, j]).probe_
        np.testing.assert_allclose(many[j].weights, one.weights, rtol=1e-8)


@pytest.mark.parametrize("probe", BY_MOMENTS)
def test_a_frame_mixes_labels_and_numbers(probe):
    s = draw(0, 150, 5, 3)
    rng = np.random.default_rng(0)
    Y = pd.DataFrame(
        {
            "word": np.array(["no", "so", "yes"])[s.y],
            "number": s.X[:, 0] + rng.standard_normal(150),
            "flag": s.X[:, 1] > 0,
        }
    )
    assert_one_by_one(probe, s.X, Y)
    probe.fit_many(s.X, Y)
    assert probe.decision_function(s.X).shape == (150, 5)
    said = probe.predict(s.X)
    assert [type(v) for v in said[0]] == [str, float, bool]
    scores = probe.score(s.X, Y)
    assert scores.shape == (3,)
    assert scores[0] == np.mean(said[:, 0] == Y["word"])
    assert scores[2] == np.mean(said[:, 2] == Y["flag"])


@pytest.mark.parametrize("probe", PROBES)
def test_scores_labels_and_accuracies_come_by_column(probe):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 4))
    Y = columns(rng, X, 6)
    words = np.array(["no", "yes"])[Y]
    probe.fit_many(X, words)
    scores, said = probe.decision_function(X), probe.predict(X)
    assert scores.shape == said.shape == (100, 6)
    np.testing.assert_array_equal(said, np.where(scores > 0, "yes", "no"))
    np.testing.assert_array_equal(probe.score(X, words), (said == words).mean(axis=0))
    assert [c.tolist() for c in probe.classes_] == [["no", "yes"]] * 6
    assert probe.fit(X, Y[:, :1]).decision_function(X).shape == (100,)


def test_float_columns_stay_numbers():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 4))
    Y = columns(rng, X, 2) + 0.5
    probe = LDAProbe().fit(X, Y)
    assert isinstance(probe.probe_, LinearProbe)
    assert probe.probe_.classes is None
    with pytest.raises(InputError, match="the concept is numeric"):
        LogisticProbe().fit(X, Y)
    for many in BY_MOMENTS:
        assert_one_by_one(many, X, Y)
        scores = many.fit_many(X, Y).score(X, Y)
        ones = [many.fit(X, y).score(X, y) for y in Y.T]
        np.testing.assert_allclose(scores, ones, rtol=1e-8)


@pytest.mark.parametrize("probe", PROBES)
def test_columns_of_labels_are_fitted_by_fit_many_alone(probe):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    for Y in (columns(rng, X, 5), pd.DataFrame({"a": np.arange(40) % 2, "b": X[:, 0]})):
        with pytest.raises(InputError) as caught:
            clone(probe).fit(X, Y)
        assert f"{Y.shape[1]} columns" in caught.value.received
        assert "fit_many" in caught.value.hint


@pytest.mark.parametrize("probe", PROBES)
def test_one_column_is_many_of_one(probe):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    y = columns(rng, X, 1)
    one = clone(probe).fit(X, y).probe_
    for labels in (y, y[:, 0]):
        many = clone(probe).fit_many(X, labels)
        np.testing.assert_allclose(many.probe_[0].weights, one.weights, rtol=1e-8)
        assert many.decision_function(X).shape == many.predict(X).shape == (40, 1)
        assert many.score(X, labels).shape == (1,)


@pytest.mark.parametrize("probe", PROBES)
def test_a_column_of_one_class_is_named(probe):
    X = np.random.default_rng(0).standard_normal((20, 3))
    Y = np.column_stack([np.arange(20) % 2, np.ones(20, dtype=int)])
    with pytest.raises(InputError, match=r"at least two classes.*column 1 is 1 in each of its 20"):
        probe.fit_many(X, Y)
    words = np.column_stack([np.array(["a", "b"] * 10), np.array(["c"] * 20)])
    with pytest.raises(InputError, match=r"column 1 is 'c'"):
        probe.fit_many(X, words)


@pytest.mark.parametrize("probe", PROBES)
def test_rows_of_no_weight_are_as_if_they_were_not_there(probe):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 5))
    Y, w = columns(rng, X, 3), rng.integers(0, 4, 80).astype(float)
    kept = w > 0
    whole = probe.fit_many(X, Y, sample_weight=w).probe_
    part = probe.fit_many(X[kept], Y[kept], sample_weight=w[kept]).probe_
    np.testing.assert_allclose(whole.weights, part.weights, rtol=1e-8)
    np.testing.assert_allclose(whole.bias, part.bias, rtol=1e-8)


@pytest.mark.parametrize("probe", PROBES)
def test_weights_that_leave_a_column_one_class_are_refused_by_its_number(probe):
    X = np.random.default_rng(0).standard_normal((20, 3))
    Y = np.column_stack([np.arange(20) % 2, np.arange(20) < 10])
    with pytest.raises(InputError, match="column 1"):
        probe.fit_many(X, Y, sample_weight=(np.arange(20) < 10).astype(float))


@pytest.mark.parametrize(
    "hole",
    [
        lambda Y: np.where(np.eye(20, 2, k=-3) > 0, None, Y.astype(object)),
        lambda Y: np.where(np.eye(20, 2, k=-3) > 0, np.nan, Y.astype(object)),
        lambda Y: np.where(np.eye(20, 2, k=-3) > 0, np.nan, Y.astype(float)),
        lambda Y: pd.DataFrame(Y).astype("Int64").mask(np.eye(20, 2, k=-3) > 0),
    ],
    ids=["None", "NaN", "floats", "frame"],
)
def test_a_column_with_a_missing_label_is_named(hole):
    X = np.random.default_rng(0).standard_normal((20, 3))
    Y = np.column_stack([np.arange(20) % 2, np.arange(20) % 3])
    with pytest.raises(InputError, match="column .?0.? of Y.* row 3"):
        LDAProbe().fit_many(X, hole(Y))


def test_squares_that_vanish_are_refused():
    X, Y = np.random.default_rng(0).standard_normal((20, 3)), np.arange(60).reshape(20, 3) % 2
    with pytest.raises(InputError, match="squares.* vanish"):
        LDAProbe().fit_many(X * 1e-200, Y)


def test_labels_of_another_length_are_refused():
    with pytest.raises(InputError, match="same number of rows"):
        LDAProbe().fit_many(np.ones((4, 2)), np.ones((5, 3), dtype=int))


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize(
    ("y", "said"),
    [
        (np.arange(30) % 2, r"y must have 2 columns.* it has 1"),
        (np.ones((30, 1), int), "y must have 2 columns.* it has 1"),
        (np.ones((30, 3), int), "y must have 2 columns.* it has 3"),
        (np.ones((29, 2), int), "X has 30 and y has 29"),
        (pd.DataFrame(np.ones((29, 2), int)), "X has 30 and y has 29"),
        ([[0, 1]] * 29 + [[0]], "its rows have lengths 1, 2"),
        (np.full((30, 2), "a"), "y must hold labels such as 0"),
    ],
)
def test_columns_to_score_by_are_those_of_the_fit(probe, y, said):
    X = np.random.default_rng(0).standard_normal((30, 3))
    fitted = probe.fit_many(X, np.column_stack([np.arange(30) % 2, np.arange(30) // 2 % 2]))
    with pytest.raises(InputError, match=said):
        fitted.score(X, y)
    with pytest.raises(InputError, match="X must have 3 features, but X has 2"):
        fitted.decision_function(X[:, :2])


def test_numbers_among_many_columns_are_refused_by_logistic_regression():
    X = np.random.default_rng(0).standard_normal((20, 3))
    Y = pd.DataFrame({"a": np.arange(20) % 2, "b": X[:, 0]})
    with pytest.raises(InputError, match="column 1 holds numbers"):
        LogisticProbe().fit_many(X, Y)


def test_a_halfspace_takes_one_concept():
    X = np.random.default_rng(0).standard_normal((20, 3))
    with pytest.raises(InputError, match="one column at a time"):
        HalfspaceProbe().fit(X, np.column_stack([np.arange(20) % 2] * 2))


@pytest.mark.parametrize("probe", PROBES)
def test_no_column_hears_of_another(probe):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 5))
    Y = columns(rng, X, 4)
    before = probe.fit_many(X, Y).probe_
    Y = Y.copy()
    Y[:, 1:] = rng.permutation(Y[:, 1:])
    after = probe.fit_many(X, Y).probe_
    np.testing.assert_allclose(after[0].weights, before[0].weights, rtol=1e-8)
    assert not np.allclose(after[1].weights, before[1].weights, rtol=1e-3)
