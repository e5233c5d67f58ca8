"""Guardedness and optimality on scikit-learn's made classes, to 4e-9 in float64.

A neighbouring package is tested on data of this kind: informative, redundant and repeated
features, several clusters a class, 2 to 20 classes.
"""

import numpy as np
import pytest
from methods import LABELLED, erased, new, owing, transformed
from scipy.linalg import null_space
from sklearn.datasets import make_classification
from support.class_shapes import differences
from support.reference import centred, covariances, one_hot

from nullprobe import QuadraticLEACE

BOUND = 4e-9
CLASSES = [2, 3, 5, 10, 20]


def made(n_classes, seed=42):
    """Return X (2000, 40) and y, some features of which follow from others."""
    return make_classification(
        n_samples=2000,
        n_features=40,
        n_informative=20,
        n_redundant=6,
        n_repeated=2,
        n_classes=n_classes,
        n_clusters_per_class=2,
        random_state=seed,
    )


DATA = {K: made(K) for K in CLASSES}


def class_means(X, y):
    return np.array([X[y == k].mean(axis=0) for k in np.unique(y)])


@pytest.mark.parametrize("n_classes", CLASSES)
@pytest.mark.parametrize("method", owing("guarded"))
def test_class_means_and_covariances_with_the_concept_vanish(method, n_classes):
    X, y = DATA[n_classes]
    X_ = erased(method, X, y)
    assert np.ptp(class_means(X, y), axis=0).max() > 0.1
    assert np.ptp(class_means(X_, y), axis=0).max() <= BOUND
    assert np.abs(covariances(X_, y)[1]).max() <= BOUND


@pytest.mark.parametrize("n_classes", CLASSES)
@pytest.mark.parametrize("method", owing("guarded"))
def test_gradient_of_every_convex_loss_vanishes_at_the_best_constant(method, n_classes):
    """At the constant predictor the gradients of log loss and squared loss are Cov(X', Z)."""
    X, y = DATA[n_classes]
    X_ = erased(method, X, y)
    residual = one_hot(y) - one_hot(y).mean(axis=0)
    gradient = centred(X_).T @ residual / len(X)
    assert np.abs(gradient).max() <= BOUND
    assert np.abs(centred(X).T @ residual / len(X)).max() > 0.01


@pytest.mark.parametrize("n_classes", CLASSES)
@pytest.mark.parametrize("method", owing("mean kept"))
def test_mean_is_kept(method, n_classes):
    X, y = DATA[n_classes]
    X_ = erased(method, X, y)
    np.testing.assert_allclose(X_.mean(axis=0), X.mean(axis=0), atol=BOUND)


@pytest.mark.parametrize("n_classes", CLASSES)
@pytest.mark.parametrize("method", owing("idempotent"))
def test_twice_is_once(method, n_classes):
    X, y = DATA[n_classes]
    fitted = new(method).fit(X, y)
    X_ = transformed(fitted, X, y)
    np.testing.assert_allclose(transformed(fitted, X_, y), X_, atol=BOUND)


@pytest.mark.parametrize("n_classes", CLASSES)
@pytest.mark.parametrize("method", [m for m in owing("least move") if m not in LABELLED])
def test_move_has_no_slope_along_maps_that_guard(method, n_classes):
    """d/dP of E|x - P x|² is 2 (P - I) Σ; along changes D of P with D C = 0 it must vanish."""
    X, y = DATA[n_classes]
    fitted = new(method).fit(X, y)
    S, C, _ = covariances(X, y)
    slope = (fitted.eraser_.matrix - np.eye(40)) @ S @ null_space(C.T)
    assert np.abs(slope).max() <= BOUND
    shrunk = np.eye(40) - C @ np.linalg.pinv(C)  # guards, but is not the least move
    assert np.abs((shrunk - np.eye(40)) @ S @ null_space(C.T)).max() > 0.01


@pytest.mark.parametrize("n_classes", CLASSES)
def test_quadratic_transport_makes_class_covariances_equal(n_classes):
    X, y = DATA[n_classes]
    assert differences(X, y)[1] > 0.1
    X_ = QuadraticLEACE(shrinkage=0.0).fit_transform(X, y)
    assert max(differences(X_, y)) <= BOUND


@pytest.mark.parametrize("n_classes", CLASSES)
def test_quadratic_transport_has_no_slope_at_the_barycentre(n_classes):
    """Symmetric positive maps are optimal; back from the best covariance, they average to I."""
    X, y = DATA[n_classes]
    eraser = QuadraticLEACE(shrinkage=0.0).fit(X, y).eraser_
    shares = np.bincount(y) / len(y)
    for M in eraser.maps:
        np.testing.assert_allclose(M, M.T, atol=BOUND)
        assert np.linalg.eigvalsh(M + M.T).min() > 0
    mean = np.tensordot(shares, np.linalg.inv(eraser.maps), 1)
    np.testing.assert_allclose(mean, np.eye(40), atol=BOUND)
    assert np.abs(eraser.maps[0] - np.eye(40)).max() > 0.01
