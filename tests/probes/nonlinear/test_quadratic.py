"""What the quadratic probe reads, beside scikit-learn's and by hand."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from support.probe_data import held_out, spread_apart
from support.samples import draw

from nullprobe import InputError, QuadraticProbe, worlds


def test_quadratic_probe_finds_the_log_odds_of_gaussian_classes():
    X, y, odds = spread_apart(n=20_000, d=4)
    found = QuadraticProbe(shrinkage=1e-6).fit(X, y).decision_function(X)
    # each of 2 × 4 variances is off by sqrt(2 / 10,000) = 1.4 %
    np.testing.assert_allclose(found, odds, rtol=0.06, atol=0.02 * odds.std())


@pytest.mark.parametrize("n_classes", [2, 3])
def test_unshrunk_quadratic_probe_is_the_textbook_one(n_classes):
    s = draw(3, 5000, 4, n_classes, gap=1.0)
    ours = QuadraticProbe(shrinkage=1e-9).fit(s.X, s.y)
    theirs = QuadraticDiscriminantAnalysis().fit(s.X, s.y)
    assert (ours.predict(s.X) == theirs.predict(s.X)).mean() > 0.998
    share = theirs.predict_proba(s.X)
    expected = np.log(share / (1 - share))
    found = ours.decision_function(s.X)
    expected = expected[:, 1] if n_classes == 2 else expected
    np.testing.assert_allclose(found, expected, atol=0.02 * expected.std())


def test_all_shrinkages_are_read_from_one_decomposition():
    """Beside a naive covariance of each class, with fewer rows of a class than features."""
    s = draw(5, 30, 20, 2, gap=1.0)
    probe = QuadraticProbe(shrinkage=0.3).fit(s.X, s.y).probe_
    rows = (s.X - probe.mean) * probe.inverse
    rows = probe.factor.whiten(rows)
    inside = rows - np.array([rows[s.y == c].mean(axis=0) for c in (0, 1)])[s.y]
    for alpha in (0.3, 0.05):
        said = []
        for c in (0, 1):
            own = inside[s.y == c]
            S = (1 - alpha) * own.T @ own / (len(own) - 1) + alpha * np.eye(rows.shape[1])
            away = rows - rows[s.y == c].mean(axis=0)
            distance = np.einsum("ij,ij->i", away, np.linalg.solve(S, away.T).T)
            said.append(np.log(len(own) / 30) - 0.5 * (distance + np.linalg.slogdet(S)[1]))
        np.testing.assert_allclose(probe.odds(rows, alpha)[:, 0], said[1] - said[0], atol=1e-8)


def test_shrinkage_one_is_linear():
    X, y, _ = spread_apart()
    probe = QuadraticProbe(shrinkage=1.0).fit(X, y)
    a, b = np.random.default_rng(1).standard_normal((2, 6))
    scores = probe.decision_function(np.array([a, b, 0.5 * (a + b)]))
    assert scores[2] == pytest.approx(scores[:2].mean(), abs=1e-9)
    assert held_out(QuadraticProbe(shrinkage=1.0), X, y) < 0.56


def test_shrinkage_is_chosen_for_the_data_at_hand():
    X, y, _ = spread_apart()
    assert QuadraticProbe().fit(X, y).probe_.shrinkage < 1
    assert held_out(QuadraticProbe(), X, y) > 0.95
    world = worlds.gaussian(n=400, d=60, gap=2.0)
    assert QuadraticProbe().fit(world.X, world.y).probe_.shrinkage == 1
    linear = QuadraticProbe(shrinkage=1.0)
    assert held_out(QuadraticProbe(), world.X, world.y) == held_out(linear, world.X, world.y)


def test_one_class_against_the_rest_is_told_by_log_odds():
    """A row far from every class has a low density in all: that says nothing of its class."""
    rng = np.random.default_rng(0)
    y = np.arange(600) % 3
    X = np.column_stack([y * 3.0, rng.standard_t(2, size=(600, 5))]) + rng.normal(size=(600, 6))
    probe = QuadraticProbe().fit(X[:300], y[:300])
    scores = probe.decision_function(X[300:])
    each = [roc_auc_score(y[300:] == c, scores[:, c]) for c in range(3)]
    assert min(each) > 0.85


@pytest.mark.parametrize("shrinkage", [0.0, -0.1, 1.1, np.nan, "auto"])
def test_shrinkage_must_be_a_share_above_zero(shrinkage):
    with pytest.raises(InputError, match="shrinkage must be"):
        QuadraticProbe(shrinkage=shrinkage).fit(np.eye(4), [0, 1, 0, 1])
