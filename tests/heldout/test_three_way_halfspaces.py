"""Halfspaces in the three-way reading: erase on F, search on P, call on S."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score
from support.pipeline import asis, ready, rows_of_roles, sample
from support.samples import draw

from nullprobe import worlds
from nullprobe.data.concept import concept
from nullprobe.erasers import LEACE
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.probes import HalfspaceProbe


def test_labels_of_scored_rows_reach_no_halfspace():
    X, y = sample("two classes")
    _, parts, data = ready(X, y)
    S = parts.rows(2)
    other = y.copy()
    other[S] = 1 - other[S]
    before = data.halfspace_calls(0)
    after = ThreeWay(X, concept(other), parts).halfspace_calls(0)
    np.testing.assert_array_equal(before[S], after[S])
    assert (np.delete(before, S) != np.delete(after, S)).any()


def equal_once_erased(n_classes):
    """Return classes whose means erasure makes equal, and that a halfspace still tells apart."""
    if n_classes == 2:
        w = worlds.two_features(n_per_class=1500, d=3, random_state=0)
        return w.X, w.y
    w, rng = worlds.skewed(n=2000, d=3, random_state=0), np.random.default_rng(1)
    X, y = np.vstack([w.X, rng.normal(size=(1000, 3))]), np.concatenate([w.y, np.full(1000, 2)])
    return X + np.array([[0, 4, 0], [0, -4, 0], [0, 0, 4]])[y], y


@pytest.mark.parametrize("n_classes", [2, 3])
def test_halfspaces_are_as_accurate_as_those_of_eraser_and_probe_spelt_out(n_classes):
    X, y = equal_once_erased(n_classes)
    _, parts, data = ready(X, y)
    each = []
    for F, P, S in rows_of_roles(parts):
        eraser = LEACE().fit(X[F], y[F])
        for c in range(1, 2) if n_classes == 2 else range(3):
            probe = HalfspaceProbe().fit(eraser.transform(X[P]), y[P] == c)
            said = probe.predict(eraser.transform(X[S]))
            each.append(balanced_accuracy_score(y[S] == c, said))
    found = data.halfspace(asis(y), seed=0)[0]
    assert found == pytest.approx(np.mean(each), abs=0.02)
    assert found > 0.59


@pytest.mark.parametrize("n_classes", [2, 3])
def test_halfspaces_of_each_labelling_keep_off_what_its_own_eraser_takes(n_classes):
    """A labelling that is plain to read before erasure, among others that mean nothing."""
    s = draw(0, 600, 8, n_classes, gap=3.0, spread=1.0)
    _, _, data = ready(s.X, s.y)
    rng = np.random.default_rng(0)
    order = np.column_stack([*(rng.permutation(600) for _ in range(2)), np.arange(600)])
    assert data.read(order)[0][2] > 0.95
    assert data.halfspace(order, seed=0)[2] == pytest.approx(
        data.halfspace(order[:, 2:], seed=0)[0], abs=0.03
    )
    assert data.halfspace(order, seed=0)[2] < 0.65


def test_calls_and_accuracies_of_halfspaces_agree():
    X, y = sample("three classes")
    _, parts, data = ready(X, y)
    calls = data.halfspace_calls(5)
    each = [
        balanced_accuracy_score(y[parts.rows(j)] == c, calls[parts.rows(j), c])
        for j in range(3)
        for c in range(3)
    ]
    assert data.halfspace(asis(y), 5)[0] == pytest.approx(np.mean(each), abs=1e-12)
