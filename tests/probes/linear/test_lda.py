import numpy as np
import pytest
from sklearn.covariance import oas
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LinearRegression
from support.samples import draw, feature_units

from nullprobe import InputError
from nullprobe.moments import Moments
from nullprobe.probes import LDAProbe
from nullprobe.probes.linear.lda import directions


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("shares", [None, [0.7, 0.1, 0.1, 0.1]])
def test_unshrunk_lda_is_that_of_scikit_learn(n_classes, shares):
    p = None if shares is None else np.array(shares[:n_classes]) / sum(shares[:n_classes])
    s = draw(0, 500, 6, n_classes, shares=p)
    X = s.X * feature_units(6, 0)
    ours = LDAProbe(shrinkage=0).fit(X, s.y)
    theirs = LinearDiscriminantAnalysis().fit(s.X, s.y)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(s.X))
    # Log-odds, but for the one degree of freedom a class that scikit-learn divides by.
    expected = theirs.decision_function(s.X)
    expected = expected if n_classes == 2 else expected - expected.mean(axis=1, keepdims=True)
    found = ours.decision_function(X)
    found = found if n_classes == 2 else found - found.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=0.03, atol=0.03 * np.abs(expected).max())


@pytest.mark.parametrize("k", [1, 3])
def test_number_is_predicted_by_least_squares(k):
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(80, 5)) * 10 + 50, rng.normal(size=(80, k))
    Y = Y + X[:, :1]
    expected = LinearRegression().fit(X, Y).predict(X)
    found = LDAProbe(shrinkage=0).fit(X, Y).predict(X).reshape(80, k)
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_shrunk_number_is_predicted_by_ridge():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 4)) * [1, 10, 100, 1000]
    y = X @ [1, 0.1, 0.01, 0.001] + rng.normal(size=60)
    Xc, yc, lam = X - X.mean(axis=0), y - y.mean(), 0.3
    S = Xc.T @ Xc / 60
    w = np.linalg.solve((1 - lam) * S + lam * np.diag(np.diag(S)), Xc.T @ yc / 60)
    np.testing.assert_allclose(LDAProbe(lam).fit(X, y).predict(X), y.mean() + Xc @ w, atol=1e-9)


def test_shrinkage_by_default_is_oracle_approximating():
    """Where no direction stands out; where some do, see tests/moments/test_shrinkage.py."""
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((50, 20)), np.arange(50) % 2
    X[:, 1:] += 0.6 * X[:, :-1]
    standardised = (X - X.mean(axis=0)) / X.std(axis=0)
    _, lam = oas(standardised)
    own = LDAProbe().fit(X, y).decision_function(X)
    given = LDAProbe(lam).fit(X, y).decision_function(X)
    # scikit-learn counts n where the mean was estimated from the same rows, we n − 1
    np.testing.assert_allclose(own, given, rtol=0.05, atol=0.02 * np.abs(own).max())
    assert not np.allclose(own, LDAProbe(0.0).fit(X, y).decision_function(X), rtol=0.05)


def test_shrunk_lda_does_not_depend_on_units():
    s = draw(4, 60, 20, 3)
    units = feature_units(20, 1)
    plain = LDAProbe().fit(s.X, s.y).decision_function(s.X)
    scaled = LDAProbe().fit(s.X * units, s.y).decision_function(s.X * units)
    np.testing.assert_allclose(scaled, plain, atol=1e-6 * np.abs(plain).max())


def test_directions_are_those_of_the_pooled_covariance():
    """The covariance of all rows differs from that within classes by rank one, so not here."""
    s = draw(5, 200, 6, 2)
    w = directions(Moments.of(s.X, s.y), shrinkage=0.0)[:, 1]
    within = sum(np.cov(s.X[s.y == c].T, bias=True) * (s.y == c).sum() for c in (0, 1))
    fisher = np.linalg.solve(within, s.X[s.y == 1].mean(axis=0) - s.X[s.y == 0].mean(axis=0))
    cosine = w @ fisher / np.linalg.norm(w) / np.linalg.norm(fisher)
    assert cosine == pytest.approx(1.0, abs=1e-9)


def test_classes_that_are_points_are_told_apart():
    X, y = np.eye(3).repeat(4, axis=0), np.arange(3).repeat(4)
    probe = LDAProbe(shrinkage=0.0).fit(X, y)
    assert np.isfinite(probe.probe_.weights).all()
    np.testing.assert_array_equal(probe.predict(X), y)


def test_concept_unrelated_to_x_is_answered_by_the_largest_class():
    X = np.tile([[-1.0], [1.0]], (6, 1))
    y = np.array([0] * 8 + [1] * 4)
    assert LDAProbe().fit(X, y).predict(X).tolist() == [0] * 12


@pytest.mark.parametrize("shrinkage", [-0.1, 1.1, "auto", np.nan])
def test_shrinkage_must_be_a_share(shrinkage):
    with pytest.raises(InputError, match="shrinkage must be a number from 0 to 1"):
        LDAProbe(shrinkage=shrinkage).fit(np.eye(4), [0, 1, 0, 1])
