"""What neighbours say, beside scikit-learn's and by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from support.samples import draw

from nullprobe import InputError, KNeighborsProbe, LDAProbe, worlds
from nullprobe.probes.base import nonlinear
from nullprobe.probes.nonlinear import neighbors


def naive(rows, codes, at, k, n_classes):
    """Return the votes for each class of the k places next to one row, a vote for each place."""
    distance = np.linalg.norm(rows - at, axis=1).round(9)
    votes = np.zeros(n_classes)
    for level in np.unique(distance)[:k]:
        votes += (
            np.bincount(codes[distance == level], minlength=n_classes) / (distance == level).sum()
        )
    return votes


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("k", [1, 7, 40])
def test_votes_are_those_of_scikit_learn(n_classes, k):
    s = draw(2, 300, 5, n_classes, gap=1.0)
    probe = KNeighborsProbe(n_neighbors=k).fit(s.X[:200], s.y[:200])
    mean, sd = s.X[:200].mean(axis=0), s.X[:200].std(axis=0)
    rows = (s.X - mean) / sd
    model = KNeighborsClassifier(k).fit(rows[:200], s.y[:200])
    shares = np.bincount(s.y[:200]) / 200
    told = k * model.predict_proba(rows[200:]) + shares
    expected = np.log(told / (k + 1 - told))
    expected = expected[:, 1] if n_classes == 2 else expected
    np.testing.assert_allclose(probe.decision_function(s.X[200:]), expected, atol=1e-9)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_rows_that_coincide_share_a_vote(k):
    """On a grid of one column, where fifty rows lie on each of five points."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 5, (250, 1)) * np.array([1.0]) + 0.0
    y = (rng.random(250) < 0.1 + 0.2 * X[:, 0]).astype(int)
    at = np.array([[0.1], [1.2], [3.3]])
    probe = KNeighborsProbe(n_neighbors=k).fit(X, y)
    mean, sd = X.mean(), X.std()
    shares = np.bincount(y) / 250
    for found, row in zip(probe.decision_function(at), (at - mean) / sd, strict=True):
        told = naive((X - mean) / sd, y, row, k, 2) + shares
        assert found == pytest.approx(np.log(told[1] / told[0]))


def test_order_of_the_fitting_rows_makes_no_difference():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (200, 3)) + 0.0
    y = (rng.random(200) < 0.2 + 0.3 * X[:, 0]).astype(int)
    order = np.argsort(y, kind="stable")  # were coinciding rows taken as they come, one class wins
    at = X + 0.1 * rng.standard_normal(X.shape)
    one, other = (KNeighborsProbe(n_neighbors=3).fit(X[o], y[o]) for o in (np.arange(200), order))
    np.testing.assert_allclose(one.decision_function(at), other.decision_function(at), atol=1e-9)


def test_scores_are_finite_where_all_neighbours_agree_and_are_the_log_odds_of_a_vote_more():
    X, y = np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]]), [0, 0, 0, 1, 1, 1]
    found = KNeighborsProbe(n_neighbors=2).fit(X, y).decision_function(np.array([[0.0], [9.0]]))
    np.testing.assert_allclose(found, [-np.log(5), np.log(5)])  # 2.5 votes of 3 to one half


@pytest.mark.parametrize("n_classes", [2, 4])
def test_rows_with_as_many_votes_have_the_same_score(n_classes):
    s = draw(3, 200, 3, n_classes, gap=1.0)
    scores = KNeighborsProbe(n_neighbors=5).fit(s.X, s.y).decision_function(s.X).reshape(200, -1)
    assert all(len(np.unique(column)) <= 6 for column in scores.T)  # 0 to 5 votes


@pytest.mark.parametrize("n_classes", [2, 3])
def test_rows_that_are_the_same_have_the_same_score_wherever_they_stand(n_classes, monkeypatch):
    s = draw(4, 200, 20, n_classes, gap=1.0)
    fitted = KNeighborsProbe(n_neighbors=5).fit(s.X, s.y)
    rows = np.random.default_rng(0).permutation(np.repeat(np.arange(40), 25))
    monkeypatch.setattr(nonlinear, "BLOCK", 7)
    found = fitted.decision_function(s.X[rows])
    np.testing.assert_array_equal(found, fitted.decision_function(s.X[:40])[rows])


def test_number_of_neighbours_is_chosen_for_the_data_at_hand():
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, size=(800, 2))
    fine, coarse = np.sin(5 * X[:, 0]) > 0, X[:, 0] + 3 * rng.standard_normal(800) > 0
    chosen = [KNeighborsProbe().fit(X, y).probe_.setting for y in (fine, coarse)]
    assert chosen[0] <= 10
    assert chosen[1] == max(neighbors.NEIGHBOURS)


@pytest.mark.parametrize("seed", range(6))
def test_number_of_neighbours_is_that_of_the_best_area_of_fits_to_the_other_rows(seed):
    """Features of long tails, whose units are others in every part of the rows."""
    rng = np.random.default_rng(seed)
    y = np.arange(90) % 2
    X = rng.standard_cauchy((90, 3)) + 2 * y[:, None]
    folds = StratifiedKFold(3, shuffle=True, random_state=5)
    areas = {
        k: np.mean(cross_val_score(KNeighborsProbe(k), X, y, cv=folds, scoring="roc_auc"))
        for k in (20, 5)
    }
    assert KNeighborsProbe(random_state=5).fit(X, y).probe_.setting == max(areas, key=areas.get)


@pytest.mark.parametrize(("n", "most"), [(2, 1), (4, 1), (12, 4), (60, 20)])
def test_with_few_rows_at_most_half_of_them_vote(n, most):
    X = np.random.default_rng(0).standard_normal((n, 2))
    assert 1 <= KNeighborsProbe().fit(X, np.arange(n) % 2).probe_.setting <= most


def test_neighbours_read_an_exclusive_or_and_a_linear_probe_does_not():
    world = worlds.xor(n=1200, d=2)
    areas = [
        roc_auc_score(
            world.y[800:], p.fit(world.X[:800], world.y[:800]).decision_function(world.X[800:])
        )
        for p in (KNeighborsProbe(), LDAProbe())
    ]
    assert areas[0] > 0.97
    assert areas[1] == pytest.approx(0.5, abs=4 * (1 / (4 * 200)) ** 0.5)


def test_more_votes_than_rows_are_refused():
    with pytest.raises(InputError, match="n_neighbors = 5 needs as many fitting rows"):
        KNeighborsProbe(n_neighbors=5).fit(np.eye(4), [0, 1, 0, 1])


@pytest.mark.parametrize("k", [0, -1, 2.0, True, "many"])
def test_number_of_neighbours_must_be_whole(k):
    with pytest.raises(InputError, match="n_neighbors must be a whole number"):
        KNeighborsProbe(n_neighbors=k).fit(np.eye(4), [0, 1, 0, 1])


def test_rows_beyond_the_most_are_left_out():
    world = worlds.rare(n=3000, d=3, positive_fraction=0.01)
    probe = KNeighborsProbe(n_neighbors=3, max_samples=300).fit(world.X, world.y)
    np.testing.assert_allclose(probe.probe_.model.shares_, [0.99, 0.01])
    with pytest.raises(InputError, match="max_samples must be"):
        KNeighborsProbe(max_samples=1).fit(world.X, world.y)
