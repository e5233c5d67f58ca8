"""A comparison of what cannot be compared, and the same numbers whatever else differs."""

import json
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from support import comparisons
from support.pipeline import thirds
from support.samples import draw
from threadpoolctl import threadpool_limits

from nullprobe import INLP, LEACE, HalfspaceProbe, InputError, LDAProbe, compare

trials = import_module("nullprobe.comparing.trials")
FEW = {"erasers": ["leace"], "probes": ["linear"]}


def sample(n=240, d=5, n_classes=2, gap=1.0):
    s = draw(2, n, d, n_classes, gap=gap, spread=1.0)
    return s.X, s.y


# What has no number


def test_an_eraser_that_cannot_be_fitted_is_a_row_with_a_reason():
    X, y = sample()
    result = compare(X, y, erasers=["splince", "leace"], probes=["linear"], others={"same": y})
    row = result["splince"]
    assert "the task must differ from the concept" in row.reason
    assert (row.damage, row.seconds, row.ranks, dict(row.read_back)) == (None, None, (), {})
    assert result["leace"].read_back["linear"].value is not None


def test_a_probe_that_cannot_be_fitted_is_a_cell_with_a_reason():
    X, _ = sample()
    probes = {"linear": LDAProbe(), "halfspace": HalfspaceProbe()}
    cells = compare(X, X[:, 0], erasers=["leace"], probes=probes)["leace"].read_back
    assert cells["halfspace"].value is None
    assert "a halfspace needs class labels" in cells["halfspace"].reason
    assert cells["linear"].value is not None


def test_a_label_too_rare_for_the_split_has_a_reason():
    X, y = sample()
    cell = compare(X, y, others={"rare": np.arange(240) < 3}, **FEW)["leace"].others["rare"]
    assert (cell.value, cell.interval) == (None, None)
    assert "fewer than two rows of a class" in cell.reason


def test_what_is_nothing_to_remove_has_no_ratio():
    X = np.full((60, 3), 2.5)
    row = compare(X, np.arange(60) % 2, **FEW)["leace"]
    assert row.damage.ratio is None
    assert "LEACE moves nothing" in row.damage.reason
    assert row.read_back["linear"].value == 0.5
    assert row.ranks == (0, 0, 0)


def test_an_eraser_that_leaves_nothing_is_known_by_what_it_leaves():
    X, y = sample(gap=4.0)
    erasers = {"inlp": INLP(alpha=1.0), "most": INLP(alpha=1.0, max_rank=4), "leace": LEACE()}
    result = compare(X, y, erasers=erasers, probes=["linear"])
    assert result["inlp"].ranks == (5, 5, 5)
    assert result["inlp"].nothing_left == (True,) * 3
    for name in ("none", "most", "leace"):
        assert result[name].nothing_left == (False,) * 3
    # Where nothing was there before, no eraser took it.
    still = compare(np.ones((60, 3)), np.arange(60) % 2, **FEW)["leace"]
    assert still.nothing_left == (False,) * 3


def test_what_splince_is_asked_to_keep_is_part_of_its_settings():
    X, y = sample()
    others = {"age": X[:, 0] + X[:, 1], "size": X[:, 2]}
    FEW = {"erasers": ["splince", "leace"], "probes": ["linear"]}
    result = compare(X, y, others=others, **FEW)
    assert result["splince"].settings == "SPLINCE(), keeps 'age'"
    assert result["leace"].settings == "LEACE()"
    assert compare(X, y, **FEW)["splince"].settings == "SPLINCE()"


def test_a_bug_in_an_eraser_is_no_reason():
    class Broken(LEACE):
        def fit(self, X, y):
            raise ZeroDivisionError

    X, y = sample()
    with pytest.raises(ZeroDivisionError):
        compare(X, y, erasers={"broken": Broken()}, probes=["linear"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"erasers": ["leace", "leaze"]}, "'leaze' must name an eraser"),
        ({"erasers": {"none": LEACE()}}, "an eraser has the name 'none'"),
        ({"probes": ["liner"]}, "did you mean 'linear'"),
        ({"probes": []}, "at least one probe is needed"),
        ({"probes": {"eraser": LEACE()}}, "decision_function or predict_proba, but LEACE arrived"),
        ({"erasers": {"probe": LDAProbe()}}, "must have fit and transform"),
        ({"erasers": {"mine": LEACE}}, r"'mine' is the class LEACE; pass LEACE\(\)"),
        ({"probes": {"mine": LDAProbe}}, r"'mine' is the class LDAProbe; pass LDAProbe\(\)"),
        ({"random_state": "a"}, "random_state must be"),
        ({"others": {"short": [0, 1]}}, "other label 'short' must have the same number of rows"),
        ({"others": {"none": None}}, "requires other label 'none' to be passed, but None arrived"),
        ({"others": {1: np.arange(240) % 2, "1": np.arange(240) % 3}}, "'1' occurs twice"),
        ({"others": {"still": np.zeros(240, int)}}, "at least two classes are needed"),
        ({"groups": np.arange(3)}, "X has 240 and groups has 3"),
        ({"random_state": -1}, "random_state must be"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, message):
    X, y = sample()
    with pytest.raises(InputError, match=message):
        compare(X, y, **arguments)


def test_faults_in_the_data_are_refused():
    X, y = sample()
    with pytest.raises(InputError, match="at least two classes"):
        compare(X, np.zeros(240, int))
    with pytest.raises(InputError, match="at least 6 rows"):
        compare(X[:8], y[:8])
    X[3, 1] = np.nan
    with pytest.raises(InputError, match="row 3, column 1"):
        compare(X, y)
    with pytest.raises(InputError, match="'leaze' must name a row"):
        compare(*sample(), **FEW)["leaze"]


def test_no_eraser_at_all_leaves_the_row_in_which_nothing_is_erased():
    result = compare(*sample(), erasers=[], probes=["linear"])
    assert [row.eraser for row in result.rows] == ["none"]
    assert dict(result.left_out) == {}


def test_a_comparison_prints_as_a_table():
    lines = [line.split() for line in str(comparisons.sample()).splitlines()]
    assert lines[0] == ["eraser", "linear", "halfspace", "rbf", "damage", "rank"]
    assert ["leace", "0.520", "·", "0.940", "1.00", "1-2"] in lines
    assert ["mimic", *"·····"] in lines
    assert ["eraser", "age", "place"] in lines
    assert ["leace", "·", "0.780"] in lines


def test_a_frame_has_a_row_for_each_eraser_and_probe():
    found = comparisons.sample()
    frame = found.to_frame()
    assert len(frame) == len(found.rows) * (len(found.probes) + len(found.others))
    row = frame[(frame["eraser"] == "leace") & (frame["name"] == "rbf")].iloc[0]
    assert (row["value"], row["low"], row["high"]) == (0.94, 0.94 - 0.03, 0.94 + 0.03)
    assert (row["reads"], row["metric"], row["damage"]) == ("concept", "AUC", 1.0)
    assert set(frame[frame["eraser"] == "mimic"]["reason"]) == {"every class needs more rows."}


# The same, whatever else


@pytest.mark.slow
def test_number_of_threads_makes_no_difference():
    X, y = sample(90)
    found = []
    for threads, jobs in ((1, 1), (2, 3)):
        with threadpool_limits(threads):
            found.append(compare(X, y, n_jobs=jobs).to_json())
    assert found[0] == found[1]


def test_same_seed_gives_the_same_numbers_and_another_others():
    X, y = sample(150)
    first, again, other = (compare(X, y, random_state=s, **FEW).to_json() for s in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.slow
def test_rows_do_not_depend_on_which_others_there_are():
    X, y = sample(150)
    alone = compare(X, y, **FEW)["leace"].read_back["linear"]
    among = compare(X, y, erasers=["inlp", "leace"], probes=["rbf", "linear"])["leace"].read_back
    assert among["linear"] == alone


def test_arrays_of_any_library_give_the_same_numbers():
    X, y = sample(150)
    words = np.array(["no", "yes"])[y]
    expected = compare(X, y, **FEW)
    for A, b in ((torch.from_numpy(X), torch.from_numpy(y)), (pd.DataFrame(X), pd.Series(words))):
        found = compare(A, b, **FEW)
        assert found["leace"].read_back == expected["leace"].read_back
        assert found["leace"].damage == expected["leace"].damage


def test_probes_of_others_are_read_too():
    X, y = sample(300, n_classes=3)
    probes = {"logistic": LogisticRegression(), "bayes": GaussianNB()}
    cells = compare(X, y, erasers={"mine": LEACE(shrinkage="oas")}, probes=probes)["none"].read_back
    expected = {name: [] for name in probes}
    for _, P, S in thirds(y):
        for name, probe in probes.items():
            probe = probe.fit(X[P], y[P])
            scores = probe.predict_proba(X[S])
            if name == "logistic":
                scores = probe.decision_function(X[S])
            each = [roc_auc_score(y[S] == c, scores[:, c]) for c in range(3)]
            expected[name].append(np.mean(each))
    for name, cell in cells.items():
        assert cell.value == pytest.approx(np.mean(expected[name]), abs=1e-9)


def test_progress_counts_to_its_end():
    X, y = sample(150)
    seen = []
    compare(X, y, progress=lambda *step: seen.append(step), **FEW)
    assert seen == [("erasers", done, 6) for done in range(1, 7)]


def test_json_is_the_document_and_holds_all_there_is(tmp_path):
    X, y = sample(150)
    result = compare(X, y, others={"sign": X[:, 0] > 0}, title="made", **FEW)
    result.to_json(tmp_path / "c.json")
    found = json.loads((tmp_path / "c.json").read_text())
    document = result.document().plain()
    for row in document["rows"]:
        row["seconds"] = None
    assert found == document
    assert found["schema"] == "nullprobe.comparison/3"
    assert found["title"] == "made"
    assert found["provenance"]["rows"] == 150
    row = found["rows"][1]
    assert row["eraser"] == "leace"
    assert row["damage"]["ratio"] == 1.0
    assert row["read_back"]["linear"]["value"] == pytest.approx(
        result["leace"].read_back["linear"].value, rel=1e-5
    )
    assert set(row["others"]) == {"sign"}
    assert row["seconds"] is None
    assert result["leace"].seconds > 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"erasers": [LEACE]}, 'erasers must be names, .* LEACE arrived .*{"leace": LEACE()}'),
        ({"erasers": LEACE}, "erasers must be names, .* LEACE arrived"),
        ({"erasers": LEACE()}, "erasers must be names, .* LEACE arrived"),
        ({"probes": [LDAProbe]}, "probes must be names, .* LDAProbe arrived .*LDAProbe()}"),
        ({"probes": [LDAProbe()]}, "probes must be names, .* LDAProbe arrived"),
        ({"probes": LDAProbe()}, "probes must be names, .* LDAProbe arrived"),
        ({"probes": "linaer"}, "did you mean 'linear'"),
        ({"probes": {"mine": LDAProbe}}, "'mine' is the class LDAProbe;"),
        ({"probes": []}, "at least one probe is needed"),
    ],
)
def test_estimators_without_a_name_are_refused(given, said):
    X, y = sample(60)
    with pytest.raises(InputError, match=said.replace("()}", r"\(\)}")):
        compare(X, y, **FEW | given)


def test_one_name_may_come_alone():
    X, y = sample(60)
    alone = compare(X, y, erasers="leace", probes="linear")
    assert alone.to_json() == compare(X, y, **FEW).to_json()


# Rows that depend on each other


def repeated(n=60):
    """Return n rows of eight features, each three times, in any order, and their labels."""
    rng = np.random.default_rng(1)
    order = rng.permutation(3 * n)
    X = rng.normal(size=(n, 8)).repeat(3, axis=0)[order]
    return X, rng.permutation(np.arange(n) % 2).repeat(3)[order]


@pytest.mark.parametrize(
    ("rule", "rows", "groups"), [("group", 180, 60), ("drop", 60, 0), ("keep", 180, 0)]
)
def test_copies_are_counted_and_dealt_with(rule, rows, groups):
    X, y = repeated()
    with pytest.warns(UserWarning, match="180 rows are copies") as seen:
        found = compare(X, y, **FEW, duplicates=rule, others={"first": X[:, 0]}).provenance
    assert seen[0].filename == __file__
    dropped = {"dropped": 120} if rule == "drop" else {}
    assert found["copies"] == {"exact": 180, "near": 0, "rule": rule} | dropped
    assert (found["rows"], found["groups"]) == (rows, groups)


def test_noise_of_which_there_are_copies_is_read_by_no_probe():
    """Rows of pure noise, each thrice: what was fitted has seen what is scored."""
    X, y = repeated()
    probes = {"neighbour": KNeighborsClassifier(1)}
    with pytest.warns(UserWarning, match="copies"):
        kept = compare(X, y, erasers=["leace"], probes=probes, duplicates="keep")
    with pytest.warns(UserWarning, match="copies"):
        grouped = compare(X, y, erasers=["leace"], probes=probes)
    leaks, honest = (one["none"].read_back["neighbour"] for one in (kept, grouped))
    assert leaks.value > 0.7
    assert honest.interval[0] < 0.5 < honest.interval[1]


def test_rows_that_resemble_their_neighbours_are_warned_of():
    rng = np.random.default_rng(0)
    X = np.cumsum(rng.normal(size=(240, 4)), axis=0)
    y = rng.permutation(240) % 2
    with pytest.warns(UserWarning, match="resemble their neighbours"):
        found = compare(X, y, **FEW).provenance["dependence"]
    assert found["p_value"] <= 0.01
    assert found["length"] > 2
    silent = compare(X, y, **FEW, independent=True).provenance
    assert silent["dependence"] == {"independent": True}


def test_independent_rows_are_not_warned_of():
    X, y = sample()
    assert not {"copies", "dependence"} & {*compare(X, y, **FEW).provenance}


def test_named_groups_stay_as_they_are_where_rows_repeat_across_them():
    X, y = repeated()
    groups = np.arange(len(y)) // 6
    with pytest.warns(UserWarning, match="copies of rows in other groups"):
        found = compare(X, y, **FEW, groups=groups, independent=True).provenance
    assert found["copies"]["rule"] == "keep"
    assert found["groups"] == 30
