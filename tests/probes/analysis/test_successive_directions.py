import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.stats import binom
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from support.samples import draw

from nullprobe import INLP, InputError, Moments, worlds
from nullprobe._core import linalg
from nullprobe.data.concept import concept
from nullprobe.probes import (
    LDAProbe,
    LogisticProbe,
    MeanDifferenceProbe,
    Successive,
    successive,
)
from nullprobe.probes.base.nullspace import Nullspace

PROBES = [LogisticProbe(), LDAProbe(), MeanDifferenceProbe(), LogisticRegression(C=0.1)]


def planted(n=3000, d=8, seed=0):
    """Return rows whose first three features know of y, each less than the one before."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    X = rng.standard_normal((n, d))
    X[:, :3] += np.outer(y - 0.5, [2.0, 1.5, 1.0])
    return X, y


@pytest.mark.parametrize("probe", [LogisticProbe(), LDAProbe(), LogisticRegression(C=0.1)])
def test_basis_is_orthonormal_and_the_curve_falls_to_chance(probe):
    X, y = planted()
    found = successive(probe, 4, X, y)
    np.testing.assert_allclose(found.basis.T @ found.basis, np.eye(4), atol=1e-10)
    assert found.readings[0] > 0.85
    assert np.all(found.readings[1:] < 0.65)
    assert found.ranks.tolist() == [0, 1, 2, 3]
    assert np.all(found.intervals[:, 0] <= found.readings)
    assert np.all(found.readings <= found.intervals[:, 1])


def test_a_curve_ends_where_the_probe_finds_no_further_direction():
    X, y = planted()
    found = successive(MeanDifferenceProbe(), 4, X, y)
    assert found.basis.shape == (8, 1)  # equal means are equal in every direction
    assert found.readings[0] > 0.85
    assert len(found.readings) == 1
    assert found.ended == "the probe finds nothing more"


@pytest.mark.parametrize("probe", PROBES)
def test_labels_of_scored_rows_change_no_fit(probe):
    X, y = planted(n=600)
    first = successive(probe, 3, X, y)
    changed = y.copy()
    held = first.held_out
    changed[held] = np.random.default_rng(1).permutation(y[held])
    # The same rows are held out only if the split does not look at the labels within a class.
    train = np.setdiff1d(np.arange(600), held)
    both = []
    for labels in (y, changed):
        z = concept(labels).take(train)
        moments = Moments.of(X[train], z)
        space = Nullspace(probe, X[train], z, w=None, moments=moments, most=3)
        while not space.is_full and space.grow(space.read()):
            pass
        both.append(space.basis)
    np.testing.assert_array_equal(both[0][:, : first.basis.shape[1]], first.basis)
    np.testing.assert_array_equal(both[0], both[1])


def test_rows_that_are_scored_change_no_fit():
    X, y = planted(n=600)
    first = successive(LogisticProbe(), 3, X, y)
    X = X.copy()
    X[first.held_out] = 100.0 * np.random.default_rng(1).permutation(X[first.held_out])
    again = successive(LogisticProbe(), 3, X, y)
    np.testing.assert_array_equal(again.basis, first.basis)
    assert not np.array_equal(again.readings, first.readings)


@pytest.mark.parametrize("shape", [(400, 7), (30, 50)])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_logistic_directions_are_those_of_fits_within_what_is_left(shape, n_classes):
    s = draw(0, *shape, n_classes)
    X = s.X - s.X.mean(axis=0)
    scale = X.std(axis=0)
    z = concept(s.y)
    probe = LogisticProbe(C=0.1)
    space = Nullspace(probe, X, z, w=None, moments=Moments.of(X, z), most=6)
    for _ in range(3):
        left = (
            null_space((space.basis / scale[:, None]).T) if space.basis.size else np.eye(len(scale))
        )
        model = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000)
        coef = model.fit((X / scale) @ left, s.y).coef_
        expected = (left @ coef.T) / scale[:, None]
        W = space.read()
        np.testing.assert_allclose(X @ W, X @ expected, atol=5e-3 * np.abs(X @ expected).max())
        space.grow(W)


def test_the_curve_is_that_of_nullspace_projection():
    X, y = planted()
    found = successive(LDAProbe(), 3, X, y)
    train = np.setdiff1d(np.arange(len(y)), found.held_out)
    inlp = INLP(max_rank=3, alpha=1.0).fit(X[train], y[train])
    np.testing.assert_allclose(np.abs(found.basis.T @ inlp.eraser_.reading), np.eye(3), atol=1e-8)


def test_more_classes_and_numbers_take_as_many_directions_a_step_as_they_have():
    s = draw(0, 600, 9, 4)
    found = successive(LDAProbe(), 7, s.X, s.y)
    assert found.basis.shape == (9, 7)
    assert found.ranks.tolist() == [0, 3, 6]
    numbers = successive(Ridge(), 3, s.X, s.X[:, 0] + np.random.default_rng(0).normal(size=600))
    assert numbers.readings[0] > 0.5


@pytest.mark.slow
def test_no_more_directions_come_than_there_are():
    X, y = planted(d=3)
    found = successive(LogisticProbe(), 10, X, y)
    assert found.basis.shape == (3, 3)
    assert len(found.readings) == 3
    assert found.ended == "nothing is left of X"
    deficient = np.hstack([X[:, :2], X[:, :1] - X[:, 1:2]])
    assert successive(LDAProbe(), 3, deficient, y).ended == "nothing is left of X"
    for r in (1, 3):
        assert successive(LogisticProbe(), r, X, y).ended == "r is reached"


def test_a_result_is_shown_on_one_line():
    def made(s):
        readings, intervals = np.linspace(0.9, 0.5, s), np.zeros((s, 2))
        return Successive(
            np.eye(8)[:, :s], readings, intervals, np.arange(s), np.arange(50), "r is reached"
        )

    ending = "ended='r is reached')"
    assert repr(made(3)) == f"Successive(r=3, readings=[0.90, 0.70, 0.50], {ending}"
    assert repr(made(6)) == (
        f"Successive(r=6, readings=[0.90, 0.82, 0.74, 0.66, 0.58, ...], {ending}"
    )


def test_groups_are_held_out_whole():
    X, y = planted(n=600)
    groups = np.arange(600) // 4
    found = successive(LDAProbe(), 2, X, y, groups=groups)
    assert not np.isin(groups[found.held_out], np.delete(groups, found.held_out)).any()


@pytest.mark.slow
def test_interval_of_the_first_step_covers_what_its_direction_reads():
    inside = 0
    for seed in range(50):
        world = worlds.gaussian(n=900, d=3, gap=1.5, random_state=seed)
        new = worlds.gaussian(n=2, d=3, gap=1.5, random_state=seed).truth["bayes_auc"]
        found = successive(LDAProbe(), 1, world.X, world.y, random_state=seed)
        inside += found.intervals[0, 0] <= new + 0.002 and new - 0.004 <= found.intervals[0, 1]
    assert inside >= binom.ppf(0.001, 50, 0.95)


def test_interval_is_as_wide_as_the_error_of_an_area_under_the_curve():
    """Beside the standard error of DeLong; 400 resamples settle each end to one eighth of it."""
    X, y = planted(n=900)
    found = successive(LDAProbe(), 1, X, y)
    scores, there = X[found.held_out] @ found.basis[:, 0], y[found.held_out] == 1
    above = np.sign(scores[there][:, None] - scores[~there]) / 2 + 0.5
    error = sum(above.mean(axis=i).var(ddof=1) / above.shape[1 - i] for i in (0, 1)) ** 0.5
    assert np.ptp(found.intervals[0]) == pytest.approx(2 * 1.96 * error, rel=0.2)


def test_groups_that_repeat_a_row_widen_the_interval():
    X, y = planted(n=300)
    X, y, groups = (np.repeat(a, 4, axis=0) for a in (X, y, np.arange(300)))
    found = successive(LDAProbe(), 1, X, y, groups=groups)
    first = found.held_out[::4]
    assert np.array_equal(groups[found.held_out], np.repeat(groups[first], 4))
    scores, there = X[first] @ found.basis[:, 0], y[first] == 1
    above = np.sign(scores[there][:, None] - scores[~there]) / 2 + 0.5
    error = sum(above.mean(axis=i).var(ddof=1) / above.shape[1 - i] for i in (0, 1)) ** 0.5
    assert np.ptp(found.intervals[0]) == pytest.approx(2 * 1.96 * error, rel=0.25)


@pytest.mark.parametrize(
    ("r", "groups", "message"),
    [
        (0, None, "n_directions must be a whole number"),
        (2, np.zeros(3), "X has 60 and groups has 3"),
    ],
)
def test_what_makes_no_curve_is_refused(r, groups, message):
    X, y = planted(n=60)
    with pytest.raises(InputError, match=message):
        successive(LDAProbe(), r, X, y, groups=groups)


def test_directions_are_exact_where_a_feature_is_hardly_ever_lit():
    """What an inexact direction leaves behind, further ones find: digits, pixels of a few rows."""
    digits = load_digits()
    y = (digits.target >= 5).astype(int)
    X, z = digits.data[:1200], concept(y[:1200])
    moments = Moments.of(X, z)
    X = (X - moments.mean) * linalg.reciprocal(moments.scale)
    probe = LogisticProbe(C=1.0)
    space = Nullspace(probe, X, z, w=None, moments=Moments.of(X, z), most=6)
    left = X.copy()
    for _ in range(6):
        w = space.read()[:, 0]
        other = LogisticRegression(tol=1e-8, max_iter=5000).fit(left, z.codes).coef_[0]
        cosine = w @ other / (np.linalg.norm(w) * np.linalg.norm(other))
        assert cosine == pytest.approx(1.0, abs=1e-6)
        space.grow(w[:, None])
        left = X - X @ space.basis @ space.basis.T
