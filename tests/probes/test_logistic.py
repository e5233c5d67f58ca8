import numpy as np
import pytest
from samples import draw, feature_units
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from nullprobe.probes import LogisticProbe


@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_are_those_of_scikit_learn_on_standardised_features(n_classes):
    s = draw(0, 150, 5, n_classes)
    X = s.X * feature_units(5, 0) + 3
    Z = StandardScaler().fit_transform(X)
    expected = LogisticRegression(C=0.5).fit(Z, s.y).decision_function(Z)
    found = LogisticProbe(C=0.5).fit(X, s.y).decision_function(X)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_weights_count_in_the_standard_deviations_too():
    s = draw(1, 60, 3, 2)
    w = np.random.default_rng(0).integers(1, 4, 60)
    twice = LogisticProbe().fit(np.repeat(s.X, w, axis=0), np.repeat(s.y, w))
    weighted = LogisticProbe().fit(s.X, s.y, sample_weight=w)
    np.testing.assert_allclose(weighted.probe_.weights, twice.probe_.weights, rtol=1e-3)
    unweighted = LogisticProbe().fit(s.X, s.y)
    assert not np.allclose(unweighted.probe_.weights, twice.probe_.weights, rtol=1e-3)
