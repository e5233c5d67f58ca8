"""INLP: how many rounds, which directions, and what a fresh probe reads afterwards."""

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from support.reference import centred
from support.samples import draw, feature_units

from nullprobe import (
    INLP,
    LEACE,
    HalfspaceProbe,
    LDAProbe,
    LogisticProbe,
    MeanDifferenceProbe,
    MeanProjection,
    worlds,
)
from nullprobe.measures.expected_auc import expected_auc

DOCS = Path(__file__).parents[2] / "docs" / "methods" / "inlp.md"
READ, LEFT, MOST = "nothing more is read", "nothing is left", "max_rank is reached"


class Recorder:
    """A linear probe that notes the rows it is fitted to."""

    fitted = []

    def fit(self, X, y, sample_weight):
        self.fitted.append((X.copy(), y, sample_weight))
        self.probe_ = LDAProbe().fit(X, y, sample_weight).probe_


# The number of rounds


def test_readings_fall_round_by_round_until_nothing_more_is_read():
    """Classes apart in every one of 30 correlated features, read one feature at a time."""
    s = draw(0, 20_000, 30, 2, gap=0.15)
    inlp = INLP(LDAProbe(shrinkage=1.0)).fit(s.X, s.y)
    readings = np.array(inlp.scores_)
    chance = 3 * np.sqrt(4001 / 12 / 2000**2)
    assert inlp.stopped_ == READ
    assert len(readings) == inlp.eraser_.rank + 1 > 4
    assert (np.diff(readings) < chance).all()
    assert readings[0] > 0.7
    assert readings[-1] < 0.5 + chance


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0.05, 0.3])
@pytest.mark.parametrize(
    ("probe", "kind"),
    [(None, "two classes"), (None, "numbers"), (MeanDifferenceProbe(), "two classes")],
)
def test_noise_is_left_alone_as_often_as_promised(alpha, probe, kind):
    ranks = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal((200, 5)), rng.standard_normal(200)
        y = (y > 0).astype(int) if kind == "two classes" else y
        ranks.append(INLP(probe, alpha=alpha, random_state=seed).fit(X, y).eraser_.rank)
    bound = 4 * np.sqrt(alpha * (1 - alpha) / 300)
    assert np.mean(np.array(ranks) == 0) == pytest.approx(1 - alpha, abs=bound)


@pytest.mark.slow
def test_noise_of_many_classes_is_left_alone_at_least_as_often():
    ranks = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal((200, 5)), rng.integers(0, 4, 200)
        ranks.append(INLP(random_state=seed).fit(X, y).eraser_.rank)
    assert np.mean(np.array(ranks) == 0) >= 0.95 - 4 * np.sqrt(0.05 * 0.95 / 200)


def recorded(held_out=0.2):
    """Return a sample with weights that name its rows, the fit, and what its probes were told."""
    s, w = draw(1, 200, 4, 2, shares=[0.8, 0.2], gap=0.5), 1.0 + 1e-6 * np.arange(200)
    Recorder.fitted = []
    inlp = INLP(Recorder(), validation_fraction=held_out).fit(s.X, s.y, sample_weight=w)
    judged = len(inlp.scores_)
    return s, w, inlp, Recorder.fitted[:judged], Recorder.fitted[judged:]


def test_probes_that_are_judged_are_fitted_to_the_same_share_of_each_class():
    s, w, _inlp, judged, _ = recorded(held_out=0.25)
    assert len(judged) > 1
    for X, y, weights in judged:
        assert (weights == judged[0][2]).all()
        np.testing.assert_array_equal(y, s.y[np.isin(w, weights)])
        np.testing.assert_allclose(weights @ X, 0.0, atol=1e-9)
        for c in (0, 1):
            count = (s.y == c).sum()
            assert (y == c).sum() == count - round(0.25 * count)


def test_readings_are_of_rows_that_the_probe_never_saw():
    s, w, inlp, judged, _ = recorded()
    held = ~np.isin(w, judged[0][2])
    probe = LDAProbe().fit(s.X[~held], s.y[~held], w[~held])
    scores = probe.decision_function(s.X[held])
    expected = roc_auc_score(s.y[held], scores, sample_weight=w[held])
    assert inlp.scores_[0] == pytest.approx(expected)
    assert held.sum() == round(0.2 * (s.y == 0).sum()) + round(0.2 * (s.y == 1).sum())


def test_as_many_rounds_are_made_with_all_rows():
    s, w, inlp, judged, rest = recorded()
    assert len(rest) == inlp.eraser_.rank == len(judged) - 1
    for X, _, weights in rest:
        np.testing.assert_array_equal(weights, w)
        assert X.shape == s.X.shape
    np.testing.assert_allclose(rest[0][0], s.X - np.average(s.X, axis=0, weights=w), atol=1e-12)


def test_max_rank_bounds_the_directions_and_keeps_the_first():
    s = draw(3, 2000, 12, 2, gap=0.3)
    whole = INLP().fit(s.X, s.y)
    assert whole.eraser_.rank > 2
    for most in (1, 2):
        inlp = INLP(max_rank=most).fit(s.X, s.y)
        assert inlp.eraser_.rank == most
        assert inlp.stopped_ == MOST
        assert inlp.scores_ == whole.scores_[:most]
        np.testing.assert_allclose(inlp.eraser_.reading, whole.eraser_.reading[:, :most])
    assert INLP(max_rank=99).fit(s.X, s.y).stopped_ == READ


def test_max_rank_cuts_a_round_of_many_classes_short():
    s = draw(4, 500, 8, 5)
    assert INLP(max_rank=3).fit(s.X, s.y).eraser_.rank == 3


@pytest.mark.parametrize(("n", "d", "rank"), [(200, 4, 4), (9, 30, 8), (200, 6, 3)])
def test_alpha_of_one_goes_on_till_nothing_is_left(n, d, rank):
    s = draw(5, n, d, 2, rank=rank)
    inlp = INLP(alpha=1.0).fit(s.X, s.y)
    assert inlp.stopped_ == LEFT
    assert inlp.eraser_.rank == rank
    left = inlp.transform(s.X) - s.X.mean(axis=0)
    assert np.abs(left).max() < 1e-9


# What is left


def three_parts(world):
    """Return a world's X and y in three parts."""
    rows = np.random.default_rng(0).permutation(len(world.X))
    return [(world.X[part], world.y[part]) for part in np.array_split(rows, 3)]


@pytest.mark.parametrize("probe", [LDAProbe(), LogisticProbe(), LinearSVC(), HalfspaceProbe()])
def test_fresh_probe_on_new_rows_reads_what_the_size_of_the_sample_explains(probe):
    """Theory, section 6: no eraser can do better with means estimated from F."""
    (X, y), (X_P, y_P), (X_S, y_S) = three_parts(worlds.gaussian(n=9000, d=30, gap=1.5))
    inlp = INLP(probe).fit(X, y)
    for fresh in (LDAProbe(), LogisticRegression()):
        before = fresh.fit(X_P, y_P).decision_function(X_S)
        assert roc_auc_score(y_S, before) > 0.8
        after = fresh.fit(inlp.transform(X_P), y_P).decision_function(inlp.transform(X_S))
        expected = expected_auc(1.5, 30, (1500, 1500), (1500, 1500))
        error = 3 * np.sqrt(3001 / 12 / 1500**2)
        # What 600 held-out rows cannot show may be left besides: gaps of AUC up to .54.
        assert 0.5 - error < roc_auc_score(y_S, after) < expected + error + 0.04


@pytest.mark.parametrize("n_classes", [2, 4])
def test_one_round_of_mean_differences_is_mean_projection(n_classes):
    s = draw(6, 600, 10, n_classes)
    one = INLP(MeanDifferenceProbe(), max_rank=n_classes - 1).fit(s.X, s.y)
    expected = MeanProjection().fit_transform(s.X, s.y)
    np.testing.assert_allclose(one.transform(s.X), expected, atol=1e-9)


@pytest.mark.parametrize("units", ["as drawn", "mixed"])
def test_map_is_an_orthogonal_projection_about_the_mean(units):
    s = draw(7, 400, 9, 3, gap=0.4)
    X = s.X + 5.0 if units == "as drawn" else (s.X + 5.0) * feature_units(9, 0)
    inlp = INLP().fit(X, s.y)
    P, Q = inlp.eraser_.matrix, inlp.eraser_.reading
    assert inlp.eraser_.rank > 2
    np.testing.assert_allclose(Q.T @ Q, np.eye(Q.shape[1]), atol=1e-12)
    np.testing.assert_allclose(P, P.T, atol=1e-15)
    np.testing.assert_allclose(inlp.eraser_.mean, X.mean(axis=0), rtol=1e-12)


def test_sample_may_still_be_read_where_leace_leaves_nothing():
    """Why INLP does not owe the law "guarded"."""
    s = draw(8, 300, 10, 2, gap=0.5)
    C = [np.abs(centred(e.fit_transform(s.X, s.y)).T @ s.y).max() for e in (LEACE(), INLP())]
    assert C[0] < 1e-9
    assert C[1] > 1e-2


# The figures of the page


def documented():
    """Return (data set, probe, INLP's directions, LEACE's) of the table in the docs."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| (\d+) \| (\d+) \|", DOCS.read_text("utf-8"), re.M)
    return [(data, probe, int(inlp), int(leace)) for data, probe, inlp, leace in rows]


def real(name):
    """Return a data set of the table."""
    digits = load_digits()
    if name == "digits, digit ≥ 5":
        return digits.data, (digits.target >= 5).astype(int)
    if name == "digits, all ten":
        return digits.data, digits.target
    X, y = load_breast_cancer(return_X_y=True)
    return (StandardScaler().fit_transform(X) if "standardised" in name else X), y


@pytest.mark.slow
@pytest.mark.parametrize("row", documented(), ids=lambda row: f"{row[0]}, {row[1]}")
def test_page_tells_how_many_directions_are_removed(row):
    name, probe, inlp, leace = row
    X, y = real(name)
    probe = {"LDAProbe": LDAProbe(), "MeanDifferenceProbe": MeanDifferenceProbe()}[probe]
    assert INLP(probe).fit(X, y).eraser_.rank == inlp
    assert LEACE().fit(X, y).eraser_.rank == leace


def test_page_has_a_table():
    assert len(documented()) >= 5
