"""A comparison from end to end: who is fitted to what, and known answers."""

import numpy as np
import pytest
from methods import LABELLED
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score
from support.pipeline import thirds
from support.samples import draw

from nullprobe import (
    LEACE,
    SPLINCE,
    HalfspaceProbe,
    LDAProbe,
    MeanProjection,
    OracleLEACE,
    compare,
    worlds,
)
from nullprobe.erasers import ERASERS

FEW = {"erasers": ["leace"], "probes": ["linear"]}
AFFINE = [name for name, method in ERASERS.items() if method not in LABELLED]


class SpyEraser(BaseEstimator):
    """Changes nothing but column 1, where it says which rows (numbered in column 0) it saw."""

    log: list = []

    def fit(self, X, y):
        self.rows_ = X[:, 0].astype(int)
        self.log.append(("fit", 1 + self.rows_.min(), self.rows_, y))
        return self

    def transform(self, X):
        X = X.copy()
        X[:, 1] = 1 + self.rows_.min()
        return X


class SpyProbe(BaseEstimator):
    """Writes down which rows it is fitted to and which it scores, and whose erasure they had."""

    log: list = []

    def fit(self, X, y):
        assert not hasattr(self, "fitted_"), "a probe is fresh"
        self.fitted_ = True
        self.log.append(("fit", int(X[0, 1]), X[:, 0].astype(int), y))
        return self

    def decision_function(self, X):
        self.log.append(("scored", int(X[0, 1]), X[:, 0].astype(int), None))
        return X[:, 2]


def sample(n=240, d=5, n_classes=2, gap=1.0):
    s = draw(2, n, d, n_classes, gap=gap, spread=1.0)
    return s.X, s.y


# Who is fitted to what


@pytest.mark.parametrize("grouped", [False, True])
def test_each_row_is_scored_once_by_fits_that_never_saw_it(grouped):
    X, y = sample()
    X = np.column_stack([np.arange(240.0), np.zeros(240), X])
    groups = np.arange(240) // 4 if grouped else np.arange(240)
    SpyEraser.log, SpyProbe.log = [], []
    spies = {"erasers": {"spy": SpyEraser()}, "probes": {"spy": SpyProbe()}}
    result = compare(X, y, groups=groups if grouped else None, independent=True, **spies)
    assert result["spy"].reason == ""
    scored = []
    for _, tag, F, y_F in SpyEraser.log:
        fit, score = (
            next(rows for kind, of, rows, _ in SpyProbe.log if of == tag and kind == wanted)
            for wanted in ("fit", "scored")
        )
        for one, other in ((F, fit), (F, score), (fit, score)):
            assert not set(groups[one]) & set(groups[other])
        assert len(F) + len(fit) + len(score) == 240
        np.testing.assert_array_equal(y_F, y[F])
        scored += score.tolist()
    for kind, _, rows, labels in SpyProbe.log:
        if kind == "fit":
            np.testing.assert_array_equal(labels, y[rows])
    assert sorted(scored) == list(range(240))
    assert len(SpyEraser.log) == 3


@pytest.mark.parametrize("n_classes", [2, 3])
def test_readings_are_those_of_fitting_one_after_the_other(n_classes):
    X, y = sample(n_classes=n_classes)
    result = compare(X, y, erasers=["mean_projection"], probes=["linear", "halfspace"])
    for name in ("none", "mean_projection"):
        areas, rates = [], []
        for F, P, S in thirds(y):
            eraser = MeanProjection().fit(X[F], y[F])
            X_ = X if name == "none" else eraser.transform(X)
            scores = LDAProbe().fit(X_[P], y[P]).decision_function(X_[S]).reshape(len(S), -1)
            sides = HalfspaceProbe().fit(X_[P], y[P]).decision_function(X_[S])
            for j, c in enumerate(range(1, 2) if n_classes == 2 else range(n_classes)):
                side = sides.reshape(len(S), -1)[:, j] > 0
                areas.append(roc_auc_score(y[S] == c, scores[:, j]))
                rates.append(balanced_accuracy_score(y[S] == c, side))
        found = result[name].read_back
        assert found["linear"].value == pytest.approx(np.mean(areas), abs=1e-12)
        assert found["halfspace"].value == pytest.approx(np.mean(rates), abs=1e-12)
        for cell in found.values():
            assert cell.interval[0] < cell.value < cell.interval[1]


def test_damage_is_that_to_rows_the_eraser_was_not_fitted_to():
    X, y = sample()
    found = compare(X, y, erasers=["mean_projection"], probes=["linear"])["mean_projection"].damage
    moved, least = 0.0, 0.0
    for F, _, S in thirds(y):
        scale = X[F].std(axis=0)
        for method in (MeanProjection, LEACE):
            move = (method().fit(X[F], y[F]).transform(X[S]) - X[S]) / scale
            if method is LEACE:
                least += (move**2).sum() / len(X)
            else:
                moved += (move**2).sum() / len(X)
    assert found.rows == len(X)
    assert found.moved == pytest.approx(moved)
    assert found.ratio == pytest.approx(moved / least)


def test_erasers_that_must_be_told_are_given_the_labels_of_the_rows_that_they_erase():
    X, y = sample()
    result = compare(X, y, erasers=["leace", "oracle_leace"], probes=["linear"])
    areas = []
    for F, P, S in thirds(y):
        eraser = OracleLEACE().fit(X[F], y[F])
        probe = LDAProbe().fit(eraser.transform(X[P], y[P]), y[P])
        areas.append(roc_auc_score(y[S], probe.decision_function(eraser.transform(X[S], y[S]))))
    assert result["oracle_leace"].read_back["linear"].value == pytest.approx(np.mean(areas))
    assert [row.needs_labels for row in result.rows] == [False, False, True]


def test_by_default_all_erasers_that_apply_are_compared():
    X, y = sample(n_classes=3)
    result = compare(X, y, probes=["linear"])
    assert [row.eraser for row in result.rows] == ["none", *(n for n in ERASERS if n != "splince")]
    assert [n for n in ERASERS if n != "splince" and result[n].needs_labels] == [
        name for name, method in ERASERS.items() if method in LABELLED
    ]
    assert result.left_out == {"splince": "without another label to keep, it is the same as LEACE"}
    assert all(row.reason == "" for row in result.rows)
    assert result["none"].ranks == (0, 0, 0)
    assert result["rlace"].ranks == result["leace"].ranks == (2, 2, 2)
    assert result["mimic"].settings.startswith("MiMiC(target=")


# Known answers


@pytest.mark.slow
def test_after_linear_erasure_a_halfspace_still_reads_the_founding_experiment():
    w = worlds.two_features(n_per_class=1000, d=3, random_state=0)
    guarding = [name for name in AFFINE if name not in ("inlp", "splince")]
    result = compare(w.X, w.y, erasers=guarding, probes=["linear", "halfspace"])
    assert result["none"].read_back["linear"].value > 0.97
    for name in guarding:
        found = result[name].read_back
        assert found["linear"].value == pytest.approx(0.5, abs=0.04)
        assert found["linear"].interval[0] <= 0.5 <= found["linear"].interval[1]
        assert found["halfspace"].value == pytest.approx(0.625, abs=0.04)
        assert found["halfspace"].interval[0] > 0.55


@pytest.mark.slow
def test_equal_means_are_read_by_covariances_until_those_are_equal_too():
    rng = np.random.default_rng(0)
    y = np.arange(3000) % 2
    X = rng.standard_normal((3000, 4)) * np.where(y[:, None] == 1, [2, 1, 0.5, 1], [0.5, 1, 2, 1])
    result = compare(X, y, erasers=["leace", "quadratic_leace"], probes=["linear", "quadratic"])
    for name in ("none", "leace", "quadratic_leace"):
        assert result[name].read_back["linear"].value == pytest.approx(0.5, abs=0.05)
    assert result["none"].read_back["quadratic"].value > 0.83
    assert result["leace"].read_back["quadratic"].value > 0.83
    assert result["quadratic_leace"].read_back["quadratic"].value < 0.56


@pytest.mark.slow
def test_an_exclusive_or_is_read_by_no_linear_probe_and_survives_every_affine_eraser():
    w = worlds.xor(n=900, d=3, random_state=0)
    guarding = [name for name in AFFINE if name != "splince"]
    result = compare(w.X, w.y, erasers=guarding, probes=["linear", "rbf"])
    for row in result.rows:
        assert abs(row.read_back["linear"].value - 0.5) < 0.08
        assert row.read_back["rbf"].value > 0.9


def test_leace_is_its_own_measure_and_who_is_told_moves_less():
    X, y = sample(600, gap=0.5)
    result = compare(X, y, erasers=["leace", "oracle_leace"], probes=["linear"])
    assert result["leace"].damage.ratio == pytest.approx(1.0, abs=1e-12)
    assert result["oracle_leace"].damage.ratio < 1
    assert result["none"].damage.ratio == 0


@pytest.mark.slow
def test_other_labels_are_watched_and_splince_keeps_the_first():
    rng = np.random.default_rng(0)
    y = np.arange(900) % 2
    task = np.where(rng.random(900) < 0.85, y, 1 - y)
    X = rng.standard_normal((900, 4))
    X[:, 0] += 2 * y + 2 * task
    X[:, 1] += task
    others = {"task": task, "noise": rng.choice(["a", "b", "c"], 900), "length": X[:, 2] * 3}
    result = compare(X, y, erasers=["leace", "splince"], probes=["linear"], others=others)
    read = {
        row.eraser: {name: cell.value for name, cell in row.others.items()} for row in result.rows
    }
    # A probe that is fitted afresh reads the same after both; a frozen one would not.
    assert read["none"]["task"] > read["leace"]["task"] + 0.05
    assert read["splince"]["task"] == pytest.approx(read["leace"]["task"], abs=0.01)
    kept = [np.square(SPLINCE().fit(X[F], y[F], task=task[F]).transform(X[S]) - X[S]).sum()
            for F, _, S in thirds(y)]  # fmt: skip
    assert result["splince"].damage.distance == pytest.approx(sum(kept) / 900)
    assert result["splince"].damage.ratio > 1.05
    assert [column.metric.name for column in result.others] == ["AUC", "macro AUC", "R²"]
    for row in read.values():
        assert row["noise"] == pytest.approx(0.5, abs=0.06)
        assert row["length"] == pytest.approx(1.0, abs=0.01)
    expected = []
    for F, P, S in thirds(y):
        X_ = LEACE().fit(X[F], y[F]).transform(X)
        scores = LDAProbe().fit(X_[P], task[P]).decision_function(X_[S])
        expected.append(roc_auc_score(task[S], scores))
    assert read["leace"]["task"] == pytest.approx(np.mean(expected), abs=1e-12)
    assert result.left_out == {}


def test_numbers_are_read_by_r_squared():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((300, 5))
    y = X[:, :2] + 0.5 * rng.standard_normal((300, 2))
    result = compare(X, y)
    assert [column.name for column in result.probes] == ["linear"]
    assert set(result.left_out) == {"mimic", "quadratic_leace", "splince"}
    assert "the concept is numeric" in result.left_out["mimic"]
    assert all(row.reason == "" for row in result.rows)
    expected = []
    for F, P, S in thirds(y):
        X_ = LEACE().fit(X[F], y[F]).transform(X)
        expected.append(r2_score(y[S], LDAProbe().fit(X_[P], y[P]).predict(X_[S])))
    assert result["none"].read_back["linear"].value == pytest.approx(0.8, abs=0.06)
    assert result["leace"].read_back["linear"].value == pytest.approx(np.mean(expected), abs=1e-9)


@pytest.mark.filterwarnings("ignore:.* rows are copies")
def test_interval_knows_that_rows_of_a_group_are_one():
    w = worlds.gaussian(n=120, d=3, gap=1.0, random_state=0)
    X, y, groups = (a.repeat(4, axis=0) for a in (w.X, w.y, np.arange(120)))
    named, unnamed = (
        np.ptp(
            compare(X, y, groups=g, duplicates="keep", independent=True, **FEW)["none"]
            .read_back["linear"]
            .interval
        )
        for g in (groups, None)
    )
    assert named / unnamed == pytest.approx(2.0, rel=0.3)


# Real data


@pytest.mark.slow
def test_parity_of_digits_is_left_to_nonlinear_probes():
    X, y = load_digits(return_X_y=True)
    parity = np.where(y % 2, "odd", "even")[::2]
    result = compare(X[::2], parity, others={"large": y[::2] >= 5})
    assert [row.reason for row in result.rows] == [""] * len(result.rows)
    assert set(result.rows[1].read_back) == {"linear", "halfspace", "quadratic", "rbf"}
    assert len(result.rows) == 1 + len(ERASERS)
    for name in AFFINE:
        assert result[name].read_back["rbf"].value > 0.95


@pytest.mark.slow
def test_ten_digits_are_compared():
    X, y = load_digits(return_X_y=True)
    three = ["leace", "inlp", "rlace"]
    with pytest.warns(UserWarning, match="resemble their neighbours"):
        result = compare(X[::3], y[::3], erasers=three, probes=["linear", "rbf"])
    assert result.provenance["dependence"]["length"] > 1
    assert result["leace"].ranks == (9, 9, 9)
    assert result.probes[0].metric.name == "macro AUC"
    linear = [row.read_back["linear"].value for row in result.rows]
    assert linear[0] > 0.97
    assert max(linear[1:]) < linear[0] - 0.1


@pytest.mark.slow
def test_breast_cancer_is_compared():
    X, y = load_breast_cancer(return_X_y=True)
    with pytest.warns(UserWarning, match="resemble their neighbours"):
        result = compare(X, y, probes=["linear", "quadratic"])
    assert [row.reason for row in result.rows] == [""] * len(result.rows)
    assert result["none"].read_back["linear"].value > 0.98
    assert result["leace"].read_back["linear"].value < 0.8
    assert result["leace"].read_back["quadratic"].value > 0.9
