"""The curve of removals: who scores whom, what each step reads, where it ends, and how wide."""

import sys

import numpy as np
import pytest
from scipy.linalg import null_space, orth
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from nullprobe import worlds
from nullprobe.data.concept import concept
from nullprobe.data.splits import split
from nullprobe.heldout.removal_curve import SHRINKAGE, _discriminants, curve
from nullprobe.moments import Moments


def drawn(n=240, d=6, kinds=2, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % kinds)
    centres = rng.normal(size=(kinds, d))
    return rng.normal(size=(n, d)) + centres[y], y


def parts_of(y):
    return split(concept(y), groups=None, n_parts=3, rng=np.random.default_rng(0))


def test_each_step_is_logistic_regression_on_what_the_steps_before_it_left(monkeypatch):
    X, y = drawn()
    parts = parts_of(y)
    usual = curve(X, concept(y), parts, 4)
    monkeypatch.setattr(sys.modules["nullprobe.heldout.removal_curve"], "TOLERANCE", 1e-10)
    found = curve(X, concept(y), parts, 4)
    np.testing.assert_allclose(usual, found, atol=2e-5)
    for part in range(3):
        held = parts.rows(part)
        train = parts.part != part
        scaler = StandardScaler().fit(X[train])
        rows, there = scaler.transform(X[train]), scaler.transform(X[held])
        gone = np.zeros((6, 0))
        for step in found:
            # A ridge in units of the first rows: on the weights, which keep to what is left.
            free = np.linalg.svd(gone, full_matrices=True)[0][:, gone.shape[1] :]
            probe = LogisticRegression(tol=1e-10, max_iter=1000).fit(rows @ free, y[train])
            w = free @ probe.coef_[0]
            np.testing.assert_allclose(step[held, 0], there @ w, atol=1e-6)
            gone = np.column_stack([gone, w / np.linalg.norm(w)])


def test_rows_do_not_touch_the_fit_that_scores_them():
    X, y = drawn()
    parts = parts_of(y)
    held = parts.rows(1)
    first = curve(X, concept(y), parts)
    X[held[0]] += 100.0
    again = curve(X, concept(y), parts)
    np.testing.assert_array_equal(again[:, held[1:]], first[:, held[1:]])
    assert np.abs(again[0, parts.rows(0)] - first[0, parts.rows(0)]).max() > 0.1


def test_nothing_is_read_once_nothing_is_left():
    X, y = drawn(d=2)
    found = curve(X, concept(y), parts_of(y), 4)
    assert (np.abs(found[:2]).max(axis=(1, 2)) > 0.1).all()
    assert not found[2:].any()


@pytest.mark.parametrize("kinds", [2, 3])
def test_float32_rows_are_read_as_wide_ones_are(kinds):
    X, y = drawn(kinds=kinds)
    X = (X + 1e4).astype(np.float32)
    parts = parts_of(y)
    narrow, wide = (curve(A, concept(y), parts) for A in (X, X.astype(float)))
    assert narrow.shape == (6, 240, 1 if kinds == 2 else 3)
    np.testing.assert_allclose(narrow, wide, atol=1e-4)


def test_whole_numbers_are_not_rounded():
    X, y = drawn()
    X = np.round(10 * X).astype(np.int16)
    parts = parts_of(y)
    np.testing.assert_array_equal(
        curve(X, concept(y), parts), curve(X.astype(float), concept(y), parts)
    )


def test_numbers_are_read_at_their_level():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    numbers = X[:, 0] + 0.1 * rng.normal(size=300) + 50.0
    parts = parts_of(numbers)
    found = curve(X, concept(numbers), parts, 2)
    assert abs(found[0, :, 0] - numbers).max() < 1.0
    assert abs(found[1].mean() - 50.0) < 0.5  # level remains, though little else does
    assert np.corrcoef(found[1, :, 0], numbers)[0, 1] < 0.3


def test_what_one_direction_holds_is_gone_after_one_step():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(3000) % 2)
    X = rng.normal(size=(3000, 3))
    X[:, 1] += 3.0 * y
    first, second = (roc_auc_score(y, s[:, 0]) for s in curve(X, concept(y), parts_of(y), 2))
    assert first > 0.97
    assert second < 0.56


@pytest.mark.parametrize("classes", [2, 4])
def test_discriminants_of_all_removals_solve_what_is_left(classes):
    """Each is the shrunk discriminant within what is orthogonal to all before it."""
    rng = np.random.default_rng(8)
    y = np.arange(300) % classes
    X = rng.normal(size=(300, 9)) @ rng.normal(size=(9, 9)) + rng.normal(size=(classes, 9))[y]
    moments = Moments.summed(X, concept(y))
    R = moments.covariance / np.outer(moments.scale, moments.scale)
    R = (1 - SHRINKAGE) * R + SHRINKAGE * np.eye(9)
    S = R * np.outer(moments.scale, moments.scale)
    removed, C = np.zeros((9, 0)), moments.cross_covariance
    found = list(_discriminants(moments, 3))
    assert len(found) == min(3, -(-9 // (classes - 1)))
    for W in found:
        left = null_space(removed.T) if removed.shape[1] else np.eye(9)
        expected = left @ np.linalg.solve(left.T @ S @ left, left.T @ C)
        np.testing.assert_allclose(W, expected, atol=1e-9 * np.abs(expected).max())
        removed = np.hstack([removed, orth(W, rcond=1e-9)])


def test_a_curve_of_many_features_reads_as_that_of_few(monkeypatch):
    """Above 256 features the probe changes; before any removal it reads alike."""
    w = worlds.gaussian(n=600, d=12, gap=1.5, random_state=0)
    z = concept(w.y)
    parts = split(z, groups=None, n_parts=3, rng=np.random.default_rng(0))

    def readings():
        held = [parts.rows(j) for j in range(3)]
        scored = curve(w.X, z, parts)[:, :, 0]
        return np.array([np.mean([roc_auc_score(w.y[h], s[h]) for h in held]) for s in scored])

    logistic = readings()
    monkeypatch.setattr(sys.modules["nullprobe.heldout.removal_curve"], "MOST_FEATURES", 1)
    other = readings()
    assert other[0] == pytest.approx(logistic[0], abs=0.02)
    # An AUC of 600 rows at chance has a standard error of .024: four of them.
    assert np.abs(other[1:] - 0.5).max() < 0.095
