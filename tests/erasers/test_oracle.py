"""OracleLEACE against the least squares that it is."""

import numpy as np
import pytest
from support.reference import centred, one_hot, unit
from support.samples import draw

from nullprobe import InputError, Moments, OracleLEACE, oracle_leace


def residual(X, y):
    """Return X − Σxz Σzz⁺ (z − E z), the columns of Z in units of their spread."""
    Z = centred(one_hot(y))
    Z = Z / unit(Z.std(axis=0))
    return X - Z @ np.linalg.pinv(Z.T @ Z, rcond=1e-10) @ Z.T @ centred(X)


def test_function_and_class_are_the_same_map():
    sample = draw(0, 80, 5, 3)
    e = oracle_leace(Moments.of(sample.X, sample.y))
    X_ = OracleLEACE().fit_transform(sample.X, sample.y)
    np.testing.assert_array_equal(e.apply(sample.X, sample.y), X_)
    assert (e.method, e.classes, e.rank) == ("OracleLEACE", (0, 1, 2), 2)


NUMBERS = np.random.default_rng(0).standard_normal((80, 3))


@pytest.mark.parametrize(
    "y",
    [
        np.arange(80) % 2,
        np.arange(80) % 7,
        NUMBERS[:, 0],
        NUMBERS,
        NUMBERS * [1e6, 1.0, 1e-6] + [0.0, 5.0, 1e-3],
        np.hstack([NUMBERS, NUMBERS @ np.ones((3, 2)), np.full((80, 1), 0.5)]),
    ],
    ids=["two classes", "seven", "number", "numbers", "mixed units", "dependent columns"],
)
def test_what_is_left_is_the_residual_of_least_squares(y):
    X = draw(1, 80, 6, 2).X
    np.testing.assert_allclose(OracleLEACE().fit_transform(X, y), residual(X, y), atol=1e-9)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.97, 0.02, 0.01]])
def test_class_means_are_replaced_by_the_overall_mean(shares):
    sample = draw(2, 400, 6, len(shares), shares=shares)
    X, y = sample.X, sample.y
    means = np.array([X[y == c].mean(axis=0) for c in range(len(shares))])
    expected = X - means[y] + X.mean(axis=0)
    np.testing.assert_allclose(OracleLEACE().fit_transform(X, y), expected, atol=1e-12)


def test_covariance_within_classes_stays_as_it_was():
    sample = draw(3, 200, 5, 3)
    X_ = OracleLEACE().fit_transform(sample.X, sample.y)
    for c in range(3):
        before, after = (np.cov(A[sample.y == c].T) for A in (sample.X, X_))
        np.testing.assert_allclose(after, before, atol=1e-12)


def test_rows_that_were_not_fitted_move_by_their_class_alone():
    sample = draw(4, 200, 5, 3)
    fitted = OracleLEACE().fit(sample.X[:150], sample.y[:150])
    rest, y = sample.X[150:], sample.y[150:]
    moved = rest - fitted.transform(rest, y)
    for c in range(3):
        np.testing.assert_allclose(np.ptp(moved[y == c], axis=0), 0, atol=1e-12)
    assert np.ptp(moved, axis=0).max() > 0.1


def test_weights_are_repetitions():
    sample = draw(5, 60, 5, 3)
    times = np.random.default_rng(0).integers(1, 4, 60)
    weighted = OracleLEACE().fit(sample.X, sample.y, sample_weight=times)
    repeated = OracleLEACE().fit(np.repeat(sample.X, times, axis=0), np.repeat(sample.y, times))
    here, there = (fitted.transform(sample.X, sample.y) for fitted in (weighted, repeated))
    np.testing.assert_allclose(here, there, atol=1e-10)


def test_a_class_without_weight_is_unknown():
    sample = draw(6, 60, 5, 3)
    w = (sample.y < 2).astype(float)
    fitted = OracleLEACE().fit(sample.X, sample.y, sample_weight=w)
    assert fitted.classes_ == (0, 1)
    known = sample.y < 2
    X_ = fitted.transform(sample.X[known], sample.y[known])
    alone = OracleLEACE().fit_transform(sample.X[known], sample.y[known])
    np.testing.assert_allclose(X_, alone, atol=1e-12)
    with pytest.raises(InputError, match=r"\(0, 1\), but row .* has 2"):
        fitted.transform(sample.X, sample.y)


def test_a_feature_that_is_the_concept_becomes_constant():
    sample = draw(7, 90, 4, 2)
    X = np.column_stack([sample.X, 7.0 * sample.y + 1, 0.1 * sample.y])
    X_ = OracleLEACE().fit_transform(X, sample.y)
    assert (np.ptp(X_[:, 4:], axis=0) == 0).all()
    np.testing.assert_allclose(X_[0, 4:], X[:, 4:].mean(axis=0))
    assert (np.ptp(X_[:, :4], axis=0) > 1).all()


def test_a_feature_that_never_varies_stays_to_the_last_bit():
    sample = draw(8, 90, 3, 2)
    X = np.column_stack([sample.X, np.full(90, 3.3)])
    assert (OracleLEACE().fit_transform(X, sample.y)[:, 3] == 3.3).all()


def test_a_stream_meets_classes_late():
    sample = draw(9, 90, 4, 3)
    order = np.argsort(sample.y)
    X, y = sample.X[order], sample.y[order]
    fitted = OracleLEACE().partial_fit(X[:30], y[:30]).partial_fit(X[30:], y[30:])
    np.testing.assert_allclose(fitted.transform(X, y), residual(X, y), atol=1e-10)
