import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from support.samples import draw, feature_units

from nullprobe import InputError
from nullprobe.probes import LogisticProbe, successive
from nullprobe.probes.solvers.conjugate_gradient import Problems


def reference(X, y, C, w=None):
    """Return scikit-learn's fit, on standardised rows, as far as it can be driven."""
    return LogisticRegression(C=C, tol=1e-10, max_iter=20_000).fit(X, y, w)


@pytest.mark.parametrize("n_classes", [2, 3, 6])
@pytest.mark.parametrize("C", [1e-3, 0.5, 30.0])
def test_scores_are_those_of_scikit_learn_on_standardised_features(n_classes, C):
    s = draw(0, 150, 5, n_classes)
    X = s.X * feature_units(5, 0) + 3
    Z = StandardScaler().fit_transform(X)
    expected = reference(Z, s.y, C).decision_function(Z)
    found = LogisticProbe(C=C).fit(X, s.y).decision_function(X)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("n_classes", [2, 3])
def test_more_features_than_rows_are_fitted_as_scikit_learn_does(n_classes):
    s = draw(0, 40, 120, n_classes)
    Z = StandardScaler().fit_transform(s.X)
    expected = reference(Z, s.y, 0.1).coef_
    found = LogisticProbe(C=0.1).fit(Z, s.y).probe_.weights.T
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def test_a_rare_class_far_away_is_fitted_as_scikit_learn_does():
    rng = np.random.default_rng(0)
    y = (np.arange(4000) < 4).astype(int)
    X = rng.standard_normal((4000, 6)) + 8.0 * y[:, None] * [1, 0, 0, 0, 0, 0]
    Z = StandardScaler().fit_transform(X)
    expected = reference(Z, y, 1.0)
    found = LogisticProbe(C=1.0).fit(Z, y).probe_
    np.testing.assert_allclose(found.weights[:, 0], expected.coef_[0], atol=1e-4)
    np.testing.assert_allclose(found.bias, expected.intercept_, atol=1e-4)


def test_classes_that_no_penalty_keeps_together_are_fitted():
    X = np.linspace(-1, 1, 30)[:, None]
    probe = LogisticProbe(C=1e8).fit(X, X[:, 0] > 0)
    assert probe.score(X, X[:, 0] > 0) == 1.0
    assert np.isfinite(probe.probe_.weights).all()


def test_steps_that_do_not_suffice_are_told():
    s = draw(0, 100, 5, 2)
    with pytest.warns(
        ConvergenceWarning, match="1 of 1 logistic regressions did not converge in 2 steps"
    ):
        LogisticProbe(C=1.0, max_iter=2).fit(s.X, s.y)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_tol_is_about_what_is_left_in_the_log_odds(n_classes):
    s = draw(0, 400, 30, n_classes)
    exact = LogisticProbe(C=1.0, tol=1e-12).fit(s.X, s.y).decision_function(s.X)
    left = {
        tol: np.sqrt(
            np.mean(
                (LogisticProbe(C=1.0, tol=tol).fit(s.X, s.y).decision_function(s.X) - exact) ** 2
            )
        )
        for tol in (1e-8, 1e-6, 1e-4, 1e-2)
    }
    for tol, error in left.items():
        assert error <= 20 * tol
    assert left[1e-2] > 1e-6  # it does leave earlier


def test_tol_and_max_iter_hold_for_successive_fits_too():
    s = draw(0, 100, 5, 2)
    with pytest.warns(ConvergenceWarning, match="did not converge in 1 steps"):
        successive(LogisticProbe(C=1.0, max_iter=1), 1, s.X, s.y)
    close, rough = (
        successive(LogisticProbe(C=1.0, tol=tol), 2, s.X, s.y).basis for tol in (1e-10, 1e-2)
    )
    assert 1e-9 < np.abs(close - rough).max() < 0.1


def test_weights_count_in_the_standard_deviations_too():
    s = draw(1, 60, 3, 2)
    w = np.random.default_rng(0).integers(1, 4, 60)
    twice = LogisticProbe(C=1.0).fit(np.repeat(s.X, w, axis=0), np.repeat(s.y, w))
    weighted = LogisticProbe(C=1.0).fit(s.X, s.y, sample_weight=w)
    np.testing.assert_allclose(weighted.probe_.weights, twice.probe_.weights, rtol=1e-6)
    unweighted = LogisticProbe(C=1.0).fit(s.X, s.y)
    assert not np.allclose(unweighted.probe_.weights, twice.probe_.weights, rtol=1e-3)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_chances_are_those_of_scikit_learn(n_classes):
    s = draw(0, 150, 4, n_classes)
    Z = StandardScaler().fit_transform(s.X)
    expected = reference(Z, s.y, 1.0).predict_proba(Z)
    np.testing.assert_allclose(
        LogisticProbe(C=1.0).fit(Z, s.y).predict_proba(Z), expected, atol=1e-5
    )
    both = LogisticProbe(C=1.0).fit_many(Z, np.column_stack([s.y == 0, s.y == 1]))
    assert both.predict_proba(Z).shape == (150, 2)


def test_strength_is_chosen_for_the_data_at_hand():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 60))
    strong = X[:, 0] * 4 + rng.logistic(size=300) > 0
    noise = rng.random(300) > 0.5
    probe = LogisticProbe(C=None).fit_many(X, np.column_stack([strong, noise]))
    plain, nothing = (path.chosen[0] for path in probe.path_)
    assert nothing < plain
    path = probe.path_[0]
    assert path.losses.shape == (len(path.strengths), 1)
    assert path.strengths[np.argmin(path.losses)] == path.chosen[0]
    assert path.losses[0, 0] == pytest.approx(np.log(2), abs=0.02)  # of a penalty that leaves none


@pytest.mark.parametrize("n_classes", [2, 4])
def test_path_of_many_is_that_of_one(n_classes):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 10))
    Y = np.column_stack([rng.integers(0, n_classes, 200), X[:, :3].argmax(axis=1) % n_classes])
    many = LogisticProbe(C=None).fit_many(X, Y)
    for j in range(2):
        one = LogisticProbe(C=None).fit(X, Y[:, j])
        np.testing.assert_allclose(many.path_[j].losses, one.path_.losses, atol=1e-4)
        np.testing.assert_allclose(many.probe_[j].weights, one.probe_.weights, atol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
def test_losses_of_the_path_are_those_of_fits_to_the_other_rows(weighted):
    s = draw(0, 90, 6, 2)
    w = np.random.default_rng(1).integers(1, 9, 90) if weighted else np.ones(90)
    path = LogisticProbe(C=None, random_state=3).fit(s.X, s.y, w if weighted else None).path_
    part = np.random.default_rng(3).permutation(90) % 3
    loss = 0.0
    for j in range(3):
        rest = part != j
        p = LogisticProbe(C=path.strengths[8]).fit(s.X[rest], s.y[rest], w[rest])
        chance = p.predict_proba(s.X[part == j])[np.arange((part == j).sum()), s.y[part == j]]
        loss -= w[part == j] @ np.log(chance) / w.sum()
    assert path.losses[8, 0] == pytest.approx(loss, abs=1e-4)


def test_a_class_too_rare_for_inner_parts_gets_the_usual_strength():
    X = np.random.default_rng(0).standard_normal((30, 3))
    probe = LogisticProbe(C=None).fit(X, np.arange(30) < 1)
    assert probe.path_.chosen.tolist() == [probe.path_.chosen[0]]
    few = LogisticProbe(C=None).fit(X[:4], [0, 1, 0, 1])
    assert few.path_.chosen.tolist() == [1.0]
    assert np.isnan(few.path_.losses).all()


def test_the_penalty_is_chosen_unless_one_is_given():
    s = draw(0, 60, 3, 2)
    default, chosen = (probe.fit(s.X, s.y) for probe in (LogisticProbe(), LogisticProbe(C=None)))
    assert default.path_.chosen == chosen.path_.chosen
    np.testing.assert_array_equal(default.probe_.weights, chosen.probe_.weights)


def test_path_is_forgotten_by_a_fit_without_one():
    s = draw(0, 60, 3, 2)
    probe = LogisticProbe(C=None).fit(s.X, s.y)
    assert hasattr(probe, "path_")
    assert not hasattr(probe.set_params(C=1.0).fit(s.X, s.y), "path_")


@pytest.mark.parametrize("C", [0.0, -1.0, np.inf, "auto"])
def test_strength_must_be_above_zero(C):
    s = draw(0, 60, 3, 2)
    with pytest.raises(InputError, match="C must be"):
        LogisticProbe(C=C).fit(s.X, s.y)


@pytest.mark.parametrize("tol", [0.0, -1.0, np.nan, "auto"])
def test_tol_must_be_above_zero(tol):
    s = draw(0, 60, 3, 2)
    with pytest.raises(InputError, match="tol must be"):
        LogisticProbe(C=1.0, tol=tol).fit(s.X, s.y)


def slope_left(X, y, C, probe, w=None):
    """Return √(gᵀH⁻¹g) of the mean loss at a probe of two classes, in float64 and afresh."""
    w = np.full(len(X), 1 / len(X)) if w is None else w / w.sum()
    size = np.abs(X).max(axis=0)
    spread = np.sqrt(w @ (X - w @ X) ** 2)
    alive = spread > 1e-12 * size
    Z = np.column_stack([(X - w @ X)[:, alive] / spread[alive], np.ones(len(X))])
    a = np.append(probe.weights[alive, 0] * spread[alive], 0.0)
    penalty = np.append(np.full(alive.sum(), 1.0 / C), 0.0)
    a[-1] = probe.bias[0] + (w @ X) @ probe.weights[:, 0]
    chance = 0.5 + 0.5 * np.tanh(0.5 * (Z @ a))
    g = Z.T @ (w * (chance - y)) + penalty * a
    H = (Z.T * (w * chance * (1 - chance))) @ Z + np.diag(penalty)
    return np.sqrt(g @ np.linalg.solve(H, g))


def hard_case(name):
    """Return rows, label vectors and weights that are far from what float32 is good at."""
    rng = np.random.default_rng(0)
    X, w = rng.standard_normal((2000, 12)), None
    Y = X @ rng.standard_normal((12, 6)) + rng.logistic(size=(2000, 6)) > 0
    if name == "separable":
        Y = X @ rng.standard_normal((12, 6)) > 0
    elif name == "a class of one in a thousand":
        Y = rng.permuted(np.repeat((np.arange(2000) < 2)[:, None], 6, axis=1), axis=0)
        X[:, 0] += 8 * Y[:, 0]
    elif name == "far and constant":
        X[:, 3], X[:, 4:] = 7.0, X[:, 4:] + 1e6
    elif name == "weights":
        w = rng.uniform(1e-3, 1e3, 2000)
    elif name == "heavy tails":
        X = rng.standard_cauchy((2000, 12))
    elif name == "nearly dependent":
        X = X * np.geomspace(1, 1e-4, 12) @ rng.standard_normal((12, 12))
    return X, Y, w


HARD = [
    "separable",
    "a class of one in a thousand",
    "far and constant",
    "weights",
    "heavy tails",
    "nearly dependent",
]


@pytest.mark.parametrize("C", [1e-5, 1.0, 1e2])
@pytest.mark.parametrize("name", HARD)
def test_no_slope_is_left_at_the_answer_however_hard_the_problem(name, C):
    X, Y, w = hard_case(name)
    probes = LogisticProbe(C=C).fit_many(X, Y, sample_weight=w).probe_
    strength = C * (len(X) if w is None else w.sum())
    for j in range(6):
        assert slope_left(X, Y[:, j], strength, probes[j], w) < 5e-8


@pytest.mark.parametrize("name", HARD)
def test_columns_of_unequal_difficulty_are_one_by_one(name):
    X, Y, w = hard_case(name)
    Y = np.column_stack([Y, np.random.default_rng(1).random((2000, 20)) > 0.5])
    many = LogisticProbe(C=1e2, tol=1e-10).fit_many(X, Y, sample_weight=w).decision_function(X)
    for j in range(3):
        one = LogisticProbe(C=1e2, tol=1e-10).fit(X, Y[:, j], sample_weight=w).decision_function(X)
        np.testing.assert_allclose(many[:, j], one, atol=1e-8 * max(1.0, np.abs(one).max()))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e4])
def test_a_column_that_float32_loses_is_fitted_all_the_same(monkeypatch, n_classes, wrong):
    s = draw(0, 150, 5, n_classes)
    Y = np.column_stack([s.y, np.random.default_rng(0).permutation(s.y)])
    expected = LogisticProbe(C=1.0).fit_many(s.X, Y).decision_function(s.X)
    within_float32 = Problems._conjugate

    def lose(self, A, aim, most):
        found, first, last = within_float32(self, A, aim, most)
        found[:, 0], last[0] = wrong, wrong
        return found, first, last

    monkeypatch.setattr(Problems, "_conjugate", lose)
    found = LogisticProbe(C=1.0).fit_many(s.X, Y).decision_function(s.X)
    np.testing.assert_allclose(found, expected, atol=1e-7)
