"""Where a neighbouring package removes nothing or too little (field-notes of the founding)."""

import numpy as np
import pytest
from methods import erased, owing
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from support.reference import EPS, LEFT, largest_canonical_correlation
from support.samples import draw


def rare_concept():
    """Return data whose classes, one of 0.1 %, have means 4 standard deviations apart."""
    rng = np.random.default_rng(0)
    y = np.zeros(10_000, dtype=int)
    y[:10] = 1
    X = rng.standard_normal((10_000, 8))
    X[:10, 0] += 4
    return X, y


def auc(X, y):
    model = LogisticRegression(C=1e6, tol=1e-10, max_iter=1000).fit(X, y)
    return roc_auc_score(y, model.decision_function(X))


@pytest.mark.parametrize("method", owing("guarded"))
def test_a_concept_of_one_in_a_thousand_is_erased(method):
    X, y = rare_concept()
    X_ = erased(method, X, y)
    assert auc(X, y) > 0.99
    assert largest_canonical_correlation(X_, y, eps=EPS["float64"], before=X) <= LEFT["float64"]
    # all decision values are the same up to the optimiser's tolerance
    values = LogisticRegression(C=1e6, tol=1e-10).fit(X_, y).decision_function(X_)
    assert np.ptp(values) < 1e-3


@pytest.mark.parametrize("method", owing("guarded", numbers=True))
@pytest.mark.parametrize("unit", [0.01, 1e-6, 1e6])
def test_a_concept_in_other_units_is_erased_by_the_same_map(method, unit):
    sample = draw(1, 300, 6, 2)
    Z = np.eye(2)[sample.y]
    expected = erased(method, sample.X, Z, kind="numeric")
    found = erased(method, sample.X, unit * Z, kind="numeric")
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("method", owing("guarded", numbers=True))
def test_three_integer_classes_are_classes_and_not_a_number(method):
    rng = np.random.default_rng(2)
    y = np.arange(300) % 3
    # The middle class is not in the middle: an ordinal column cannot see the difference.
    X = rng.standard_normal((300, 4)) + np.array([0.0, 5.0, 0.0])[y][:, None]
    as_number = erased(method, X, y, kind="numeric")
    assert largest_canonical_correlation(as_number, y, eps=EPS["float64"], before=X) > 0.5
    X_ = erased(method, X, y)
    assert largest_canonical_correlation(X_, y, eps=EPS["float64"], before=X) <= LEFT["float64"]


@pytest.mark.parametrize("method", owing("guarded", numbers=True))
def test_two_columns_of_different_means_are_erased(method):
    rng = np.random.default_rng(3)
    Z = rng.standard_normal((300, 2)) + [0.0, 100.0]
    X = rng.standard_normal((300, 5)) + Z @ rng.standard_normal((2, 5))
    X_ = erased(method, X, Z)
    assert largest_canonical_correlation(X_, Z, eps=EPS["float64"], before=X) <= LEFT["float64"]
