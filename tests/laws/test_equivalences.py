"""Equivalences of theory.md: what the choice of eraser cannot change, and what theory forces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from methods import erased, owing
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from support.reference import (
    EPS,
    covariances,
    largest_canonical_correlation,
    leace_matrix,
    least_squares,
    mean_projection_matrix,
    one_hot,
)
from support.reference import erased as erased_by
from support.samples import draw, samples

from nullprobe.erasers import LEACE, MeanProjection
from nullprobe.measures.guardedness import largest_correlation

ROUNDING = 1e-8


@given(sample=samples(full_rank=True, least_classes=2))
def test_leace_is_the_formula_of_the_paper(sample):
    P = leace_matrix(sample.X, sample.y)
    X_ = erased(LEACE, sample.X, sample.y)
    scale = np.abs(sample.X).max()
    np.testing.assert_allclose(X_ / scale, erased_by(P, sample.X) / scale, atol=ROUNDING)


@given(sample=samples(full_rank=True, least_classes=2))
def test_mean_projection_is_the_complement_of_the_mean_differences(sample):
    P = mean_projection_matrix(sample.X, sample.y)
    X_ = erased(MeanProjection, sample.X, sample.y)
    scale = np.abs(sample.X).max()
    np.testing.assert_allclose(X_ / scale, erased_by(P, sample.X) / scale, atol=ROUNDING)


@given(sample=samples(full_rank=True, least_classes=2), seed=st.integers(0, 999))
def test_least_squares_refitted_after_either_eraser_predicts_the_same(sample, seed):
    rng = np.random.default_rng(seed)
    target = sample.X @ rng.standard_normal((sample.X.shape[1], 2)) / np.abs(sample.X).max()
    target += rng.standard_normal(target.shape)
    one, other = (
        least_squares(erased(m, sample.X, sample.y), target) for m in (LEACE, MeanProjection)
    )
    np.testing.assert_allclose(one, other, atol=ROUNDING)


def test_least_squares_predicts_something_else_where_nothing_was_erased():
    sample = draw(1, 200, 8, 3)
    target = sample.X @ np.arange(8.0)[:, None]
    X_ = erased(LEACE, sample.X, sample.y)
    assert np.abs(least_squares(X_, target) - least_squares(sample.X, target)).max() > 0.1


@given(seed=st.integers(0, 999), n_classes=st.integers(2, 4))
def test_leace_is_mean_projection_where_the_covariance_is_the_identity(seed, n_classes):
    sample = draw(seed, 120, 6, n_classes)
    values, vectors = np.linalg.eigh(covariances(sample.X, sample.y)[0])
    X = (sample.X - sample.X.mean(axis=0)) @ vectors / np.sqrt(values)
    one, other = (erased(method, X, sample.y) for method in (LEACE, MeanProjection))
    np.testing.assert_allclose(one, other, atol=ROUNDING)


def test_leace_is_not_mean_projection_otherwise():
    sample = draw(2, 120, 6, 2)
    one, other = (erased(method, sample.X, sample.y) for method in (LEACE, MeanProjection))
    assert np.abs(one - other).max() > 0.1


@given(
    seed=st.integers(0, 999),
    share=st.sampled_from([0.01, 0.2, 0.5]),
    gap=st.sampled_from([0.0, 1.0, 5.0]),
)
def test_correlation_of_two_classes_follows_from_share_and_mahalanobis_gap(seed, share, gap):
    sample = draw(seed, 400, 5, 2, gap=gap, shares=[1 - share, share])
    X, positive = sample.X, sample.y == 1
    p = positive.mean()
    delta = X[positive].mean(axis=0) - X[~positive].mean(axis=0)
    within = p * np.cov(X[positive].T, bias=True) + (1 - p) * np.cov(X[~positive].T, bias=True)
    square = p * (1 - p) * delta @ np.linalg.solve(within, delta)
    rho = np.sqrt(square / (1 + square))
    assert largest_correlation(X, sample.y) == pytest.approx(rho, abs=1e-10)
    naive = largest_canonical_correlation(X, sample.y, eps=EPS["float64"])
    assert naive == pytest.approx(rho, abs=1e-10)


@pytest.mark.parametrize("method", owing("guarded"))
@pytest.mark.parametrize("shares", [[0.3, 0.7], [0.2, 0.3, 0.5]])
def test_logistic_regression_is_left_with_the_base_rate(method, shares):
    sample = draw(3, 300, 6, len(shares), shares=shares)
    X_ = erased(method, sample.X, sample.y)
    base = one_hot(sample.y).mean(axis=0)
    model = LogisticRegression(C=1e6, tol=1e-10, max_iter=1000).fit(X_, sample.y)
    probability = model.predict_proba(X_)
    np.testing.assert_allclose(probability, np.broadcast_to(base, probability.shape), atol=1e-5)
    entropy = -(base * np.log(base)).sum()
    assert log_loss(sample.y, probability) == pytest.approx(entropy, abs=1e-9)
    assert (model.predict(X_) == np.argmax(base)).all()


def test_logistic_regression_beats_the_base_rate_before():
    sample = draw(3, 300, 6, 2, shares=[0.3, 0.7])
    model = LogisticRegression(C=1e6).fit(sample.X, sample.y)
    assert model.score(sample.X, sample.y) > 0.8


@pytest.mark.parametrize("method", owing("guarded"))
def test_every_labelling_is_erased_where_every_labelling_was_separable(method):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 60)), rng.integers(2, size=30)
    y[:2] = [0, 1]
    assert np.abs(least_squares(X, y) - one_hot(y)).max() < 1e-9
    X_ = erased(method, X, y)
    base = np.broadcast_to(one_hot(y).mean(axis=0), (30, 2))
    np.testing.assert_allclose(least_squares(X_, y), base, atol=1e-9)
