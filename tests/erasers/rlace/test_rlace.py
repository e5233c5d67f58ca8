"""R-LACE: mean projection from rank(C) on, canonical directions under squared loss, or a game."""

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.utils.estimator_checks import check_estimator
from support.least_loss import entropy, least_loss, least_squares_loss, whitened, without
from support.reference import assert_same_bytes
from support.samples import draw, samples

from nullprobe import RLACE, InputError, MeanProjection, Moments, rlace
from nullprobe.erasers.estimator import ROW_SKETCH

SAMPLE = draw(0, 300, 4, 4, gap=1.5)
X, Y = SAMPLE.X, SAMPLE.y


# From rank(C) on


@pytest.mark.parametrize("loss", ["log", "squared"])
@given(sample=samples(least_classes=2), more=st.integers(0, 3))
def test_from_the_rank_of_the_concept_on_it_is_mean_projection(loss, sample, more):
    expected = MeanProjection().fit(sample.X, sample.y).eraser_
    fitted = RLACE(rank=max(expected.rank, 1) + more, loss=loss).fit(sample.X, sample.y)
    assert fitted.eraser_.rank == fitted.game_.rank == expected.rank
    np.testing.assert_allclose(fitted.eraser_.matrix, expected.matrix, atol=1e-10)
    np.testing.assert_array_equal(fitted.eraser_.level, expected.level)
    assert fitted.game_.exact
    assert fitted.game_.lower == fitted.game_.upper == fitted.game_.trivial
    assert fitted.game_.gap == fitted.game_.iterations == 0


@pytest.mark.parametrize("shares", [[0.3, 0.7], [0.2, 0.3, 0.5]])
def test_value_is_the_loss_of_logistic_regression_after_mean_projection(shares):
    sample = draw(3, 300, 6, len(shares), shares=shares)
    game = RLACE(rank=len(shares) - 1).fit(sample.X, sample.y).game_
    X_ = MeanProjection().fit_transform(sample.X, sample.y)
    model = LogisticRegression(C=1e6, tol=1e-10, max_iter=1000).fit(X_, sample.y)
    assert game.lower == pytest.approx(log_loss(sample.y, model.predict_proba(X_)), abs=1e-9)
    assert game.lower == pytest.approx(entropy(sample.y), abs=1e-12)
    before = LogisticRegression(C=1e6).fit(sample.X, sample.y).predict_proba(sample.X)
    assert log_loss(sample.y, before) < game.lower - 0.1


def test_the_default_removes_as_many_directions_as_the_concept_has():
    for y, expected in ((Y, 3), (Y < 2, 1), (X[:, :2] ** 3, 2), (X[:, 0] ** 3, 1)):
        one, other = RLACE().fit(X, y), RLACE().fit(X[:90], y[:90]).partial_fit(X[90:], y[90:])
        assert one.eraser_.rank == one.game_.rank == other.eraser_.rank == expected
        assert one.game_.exact
        assert rlace(Moments.of(X, y))[1] == one.game_


def test_two_classes_never_need_a_game():
    sample = draw(1, 80, 5, 2)
    assert RLACE(rank=1).fit(sample.X, sample.y).game_.exact


# Squared loss


@given(
    seed=st.integers(0, 999),
    n_classes=st.integers(3, 5),
    rank=st.integers(1, 2),
    size=st.sampled_from([1e-3, 0.1, 10.0]),
)
def test_no_other_projection_leaves_a_larger_squared_loss(seed, n_classes, rank, size):
    if rank >= n_classes - 1:
        rank = 1
    sample, rng = draw(seed, 200, 6, n_classes), np.random.default_rng(seed)
    fitted = RLACE(rank=rank, loss="squared").fit(sample.X, sample.y)
    assert fitted.eraser_.rank == fitted.game_.rank == rank
    assert fitted.game_.exact
    left = least_squares_loss(fitted.transform(sample.X), sample.y)
    assert fitted.game_.lower == pytest.approx(left, abs=1e-9)
    assert fitted.game_.trivial == n_classes - 1
    W = fitted.eraser_.writing.T
    for other in (rng.standard_normal((6, rank)), W + size * rng.standard_normal((6, rank))):
        assert least_squares_loss(without(sample.X, other), sample.y) <= left + 1e-9


def test_mean_projection_of_the_same_rank_leaves_a_smaller_squared_loss():
    """It removes what covaries most in the units of X."""
    units = np.array([1.0, 100.0, 1.0, 1.0])
    left = [
        least_squares_loss(method.fit_transform(X * units, Y), Y)
        for method in (RLACE(rank=1, loss="squared"), MeanProjection(rank=1))
    ]
    assert left[1] < left[0] - 0.1


def test_squared_loss_takes_numbers_in_any_unit():
    rng = np.random.default_rng(0)
    Z = X[:, :3] @ rng.standard_normal((3, 3)) + rng.standard_normal((300, 3))
    one = RLACE(rank=2, loss="squared").fit(X, Z)
    other = RLACE(rank=2, loss="squared").fit(X, Z * [1e6, 1.0, 1e-6] + [0.0, 5.0, 1e-3])
    np.testing.assert_allclose(one.eraser_.matrix, other.eraser_.matrix, atol=1e-9)
    assert one.game_.lower == pytest.approx(other.game_.lower, abs=1e-9)
    assert one.game_.lower == pytest.approx(least_squares_loss(one.transform(X), Z))


def test_eraser_is_an_orthogonal_projection_about_the_mean():
    e = RLACE(rank=2).fit(X, Y).eraser_
    assert e.method == "R-LACE, rank 2"
    np.testing.assert_allclose(e.reading, e.writing.T, atol=1e-15)
    np.testing.assert_allclose(e.writing @ e.writing.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(e.mean, X.mean(axis=0), atol=1e-12)


# Weights, seeds, libraries


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["log", "squared"])
def test_a_weight_is_a_row_so_many_times(loss):
    times = np.random.default_rng(6).integers(0, 4, 300)
    weighted = RLACE(rank=1, loss=loss, tol=1e-9).fit(X, Y, sample_weight=times / 7)
    repeated = RLACE(rank=1, loss=loss, tol=1e-9).fit(
        np.repeat(X, times, axis=0), np.repeat(Y, times)
    )
    np.testing.assert_allclose(weighted.eraser_.matrix, repeated.eraser_.matrix, atol=1e-5)
    for name in ("lower", "upper", "trivial"):
        one, other = (getattr(fitted.game_, name) for fitted in (weighted, repeated))
        assert one == pytest.approx(other, abs=1e-8)
    plain = RLACE(rank=1, loss=loss).fit(X, Y)
    assert abs(plain.game_.lower - weighted.game_.lower) > 1e-3


def test_lower_is_what_the_eraser_leaves_under_the_weights():
    w = np.random.default_rng(7).uniform(0, 3, 300) * (1 + Y)
    fitted = RLACE(rank=1).fit(X, Y, sample_weight=w)
    left = least_loss(whitened(fitted.transform(X), w), Y, w=w)
    assert fitted.game_.lower == pytest.approx(left, abs=1e-7)
    assert fitted.game_.trivial == pytest.approx(entropy(Y, w), abs=1e-12)
    np.testing.assert_allclose(fitted.eraser_.mean, np.average(X, axis=0, weights=w), atol=1e-12)


def test_a_class_without_weight_takes_no_part():
    w = (Y != 1).astype(float)
    some = RLACE(rank=1).fit(X, Y, sample_weight=w)
    others = RLACE(rank=1).fit(X[Y != 1], Y[Y != 1])
    assert not some.game_.exact
    assert some.game_.lower == pytest.approx(others.game_.lower, abs=1e-9)
    assert some.game_.trivial == pytest.approx(entropy(Y[Y != 1]), abs=1e-12)
    assert some.classes_ == (0, 1, 2, 3)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes():
    sample = draw(2, 45, 3, 15, gap=4.0)
    one, again, other = (
        RLACE(rank=2, max_iter=1, ridge=1e-2, random_state=seed).fit(sample.X, sample.y)
        for seed in (3, 3, 4)
    )
    assert_same_bytes(one.eraser_, again.eraser_)
    assert one.game_ == again.game_
    assert one.game_ != other.game_


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_tensors_are_played_in_double_precision(dtype):
    A = torch.from_numpy(X).to(dtype)
    fitted = RLACE(rank=1).fit(A, torch.from_numpy(Y))
    expected = RLACE(rank=1).fit(A.double().numpy(), Y)
    assert fitted.game_.lower == pytest.approx(expected.game_.lower, abs=1e-6)
    assert fitted.game_.upper == pytest.approx(expected.game_.upper, abs=1e-12)
    X_ = fitted.transform(A)
    assert (type(X_), X_.dtype) == (torch.Tensor, dtype)


@pytest.mark.slow
def test_dask_is_played():
    lazy = da.from_array(X, chunks=(70, 4))
    assert RLACE(rank=1).fit(lazy, Y).game_.lower == pytest.approx(
        RLACE(rank=1).fit(X, Y).game_.lower
    )


# Two checks call partial_fit with three classes; one compares fits by nine decimals, where an
# ascent that compares losses has eight at best.
EXPECTED_TO_FAIL = {
    "check_fit_score_takes_y": "log loss below rank(C) needs all rows at once",
    "check_n_features_in_after_fitting": "log loss below rank(C) needs all rows at once",
    "check_sample_weight_equivalence_on_dense_data": "found to within a tolerance",
}


@pytest.mark.slow
@pytest.mark.filterwarnings("default:y. whole floats")  # scikit-learn's own labels, as floats
@pytest.mark.parametrize(("loss", "expected"), [("log", EXPECTED_TO_FAIL), ("squared", {})])
def test_scikit_learn_finds_nothing_else_to_complain_about(loss, expected):
    check_estimator(RLACE(rank=1, loss=loss), expected_failed_checks=expected, on_skip=None)


# Moments, where they suffice


def test_squared_loss_needs_no_more_than_moments():
    whole = RLACE(rank=1, loss="squared").fit(X, Y)
    merged = RLACE.from_moments(
        Moments.of(X[:90], Y[:90]) + Moments.of(X[90:], Y[90:]), rank=1, loss="squared"
    )
    streamed = RLACE(rank=1, loss="squared").fit(X[:90], Y[:90]).partial_fit(X[90:], Y[90:])
    for other in (merged, streamed):
        np.testing.assert_allclose(other.eraser_.matrix, whole.eraser_.matrix, atol=1e-9)
        assert other.game_.lower == pytest.approx(whole.game_.lower, abs=1e-12)
    eraser, game = rlace(Moments.of(X, Y), rank=1, loss="squared")
    details = {key: value for key, value in whole.eraser_.details.items() if key != ROW_SKETCH}
    assert_same_bytes(eraser, replace(whole.eraser_, details=details))
    assert game == whole.game_


def test_log_loss_needs_rows_below_the_rank_of_the_concept_only():
    moments = Moments.of(X, Y)
    assert rlace(moments, rank=3)[1].lower == pytest.approx(entropy(Y))
    with pytest.raises(InputError, match=r"below rank\(C\) = 3 needs the rows, but .* rank = 2"):
        rlace(moments, rank=2)
    with pytest.raises(InputError, match="needs the rows"):
        RLACE.from_moments(moments, rank=1)


def test_a_stream_that_would_need_rows_is_refused_before_it_is_stored():
    two = Y < 2
    fitted = RLACE(rank=1).fit(X[two], Y[two])
    before = fitted.eraser_
    with pytest.raises(InputError, match=r"call RLACE\(rank=1\).fit\(X, y\) on all rows at once"):
        fitted.partial_fit(X[~two], Y[~two])
    assert fitted.eraser_ is before
    assert fitted.game_.exact
    assert fitted.moments_.n == two.sum()
    with pytest.raises(InputError, match="needs the rows"):
        RLACE(rank=1).fit(X, Y).partial_fit(X, Y)


# Input that cannot be used


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"rank": 0}, "rank must be a whole number of at least 1"),
        ({"rank": 1.5}, "rank must be a whole number"),
        ({"loss": "hinge"}, "loss must be one of 'auto', 'log', 'squared'"),
        ({"ridge": 0.0}, "ridge must be a finite number"),
        ({"tol": -1.0}, "tol must be a finite number"),
        ({"max_iter": 0}, "max_iter must be a whole number of at least 1"),
    ],
)
def test_a_wrong_parameter_is_refused_and_nothing_is_left_behind(parameters, said):
    refused = RLACE(**parameters)
    for call in (refused.fit, refused.partial_fit):
        with pytest.raises(InputError, match=said):
            call(X, Y)
    with pytest.raises(InputError, match=said):
        RLACE.from_moments(Moments.of(X, Y), **parameters)
    assert not hasattr(refused, "eraser_")
    assert not hasattr(refused, "n_features_in_")


def test_numbers_under_log_loss_are_refused_with_advice():
    for call in (RLACE(loss="log").fit, RLACE(loss="log", kind="numeric").partial_fit):
        with pytest.raises(InputError, match="the concept is numeric; pass loss='squared'"):
            call(X, X[:, 0])
