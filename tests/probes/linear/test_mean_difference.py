import numpy as np
import pytest
from sklearn.neighbors import NearestCentroid
from support.samples import draw

from nullprobe.probes import MeanDifferenceProbe


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_nearest_class_mean_wins(n_classes):
    s = draw(0, 200, 6, n_classes)
    X = s.X + 100.0
    expected = NearestCentroid().fit(X, s.y).predict(X)
    np.testing.assert_array_equal(MeanDifferenceProbe().fit(X, s.y).predict(X), expected)


def test_weights_point_from_one_mean_to_the_other():
    s = draw(1, 100, 5, 2)
    w = MeanDifferenceProbe().fit(s.X, s.y).probe_.weights[:, 0]
    np.testing.assert_allclose(w, s.X[s.y == 1].mean(axis=0) - s.X[s.y == 0].mean(axis=0))


@pytest.mark.parametrize("shape", [(150,), (150, 2)])
def test_number_is_predicted_by_least_squares_along_its_covariance(shape):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(150, 4)) * [1, 2, 3, 4] + 5
    y = rng.normal(size=shape) + X[:, :1].reshape(150, *[1] * (len(shape) - 1))
    predicted = MeanDifferenceProbe().fit(X, y).predict(X).reshape(150, -1)
    for column, told in zip(y.reshape(150, -1).T, predicted.T, strict=True):
        along = (X - X.mean(axis=0)) @ ((X - X.mean(axis=0)).T @ (column - column.mean()))
        slope, level = np.polyfit(along, column, 1)
        np.testing.assert_allclose(told, slope * along + level, atol=1e-9)


def test_direction_without_covariance_predicts_the_mean():
    X = np.array([[-1.0], [1.0], [-1.0], [1.0]])
    y = np.array([0.0, 0.0, 1.0, 2.0]) + np.array([1.0, 1.0, 0.5, -0.5])
    predicted = MeanDifferenceProbe().fit(X, y[:, None]).predict(X)
    np.testing.assert_allclose(predicted, y.mean())
