"""What an eraser that is passed takes besides the concept."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nullprobe import LEACE, Audit, InputError, LDAProbe, audit, worlds
from nullprobe.auditing.eraser_cost import MOST_COLUMNS, eraser_cost, tasks_of
from nullprobe.data.concept import concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.partitions import partitions

W = worlds.gaussian(n=600, d=6, gap=2.0, random_state=0)
OLD, NEW = slice(0, 300), slice(300, 600)
X, Y = W.X[NEW], W.y[NEW]
ERASER = LEACE().fit(W.X[OLD], W.y[OLD])
ERASED = ERASER.transform(X)
FEW = {"draws": 39, "n_splits": 1, "independent": True, "claims": ["erasure_holds"]}
RNG = np.random.default_rng(0)
NUMBER = X[:, 0] + 0.5 * RNG.normal(size=300)


def cost(task, erased=ERASED, groups=None, names=None):
    tasks = tasks_of(task, 300, ERASER)
    dataset = Dataset.of({"before": X, "after": erased}, Y)
    named = {} if names is None else {"before": tuple(names)}
    return eraser_cost(replace(dataset, feature_names=named), tasks, groups, 0)


def test_a_task_that_is_the_concept_falls_to_a_guess():
    (task,) = cost({"same": Y}).tasks
    assert task.name == "same"
    assert task.metric == "accuracy"
    assert task.before.value > 0.8
    assert task.after.value == pytest.approx(task.guess, abs=0.1)
    assert task.lost.value == pytest.approx(task.before.value - task.after.value)
    assert task.lost.interval[0] > 0.15


def test_accuracy_is_that_of_a_fresh_probe_on_held_out_halves():
    (task,) = cost(Y).tasks
    z = concept(Y)
    rng = np.random.default_rng([0, 23])
    (parts,) = partitions(z, groups=None, n_splits=1, rng=rng, n_parts=2)
    right = 0
    for j in (0, 1):
        probe = LDAProbe().fit(X[parts.part != j], Y[parts.part != j])
        right += (probe.predict(X[parts.part == j]) == Y[parts.part == j]).sum()
    assert task.before.value == pytest.approx(right / 300)


def test_nothing_is_lost_where_nothing_is_erased():
    found = cost({"a": Y, "b": NUMBER}, erased=X)
    assert found.moved == 0.0
    for task in found.tasks:
        assert (task.lost.value, task.lost.interval) == (0.0, (0.0, 0.0))
        assert task.before == task.after


def test_numbers_are_read_by_r_squared():
    whole = X.copy()
    whole[:, 0] = X[:, 0].mean()
    (task,) = cost(NUMBER, erased=whole).tasks
    assert (task.metric, task.guess) == ("R²", 0.0)
    assert task.before.value > 0.6 > 0.3 > task.after.value


def test_features_that_move_are_named_the_largest_first():
    moved = X.copy()
    moved[:, 2] += 3 * X[:, 2].std()
    moved[:, 4] -= X[:, 4].std()
    found = cost(None, erased=moved, names=list("abcdef"))
    assert list(found.columns)[:2] == ["c", "e"]
    assert list(found.columns.values())[:3] == pytest.approx([9.0, 1.0, 0.0])
    assert found.moved == pytest.approx(10.0)
    assert len(found.columns) <= MOST_COLUMNS


def test_the_distance_of_leace_of_these_rows_is_the_least():
    own = LEACE().fit(X, Y).transform(X)
    assert cost(None, erased=own).ratio == pytest.approx(1.0)
    assert cost(None, erased=np.zeros_like(X)).ratio > 3


def test_rows_of_another_width_have_no_distance_and_still_lose():
    found = cost(Y, erased=X[:, 3:])
    assert (found.moved, found.ratio, found.share, found.columns) == (None, None, None, {})
    assert "number of features" in found.reason
    assert len(found.tasks) == 1


def test_groups_are_whole_in_halves_and_resamples():
    groups = np.arange(300) // 10
    narrow, wide = cost(Y).tasks[0].before, cost(Y, groups=groups).tasks[0].before
    assert narrow.interval != wide.interval


@pytest.mark.slow
def test_an_audit_has_it_in_print_on_the_page_and_in_the_document(tmp_path):
    tasks = pd.DataFrame({"same": Y, "number": NUMBER})
    frame = pd.DataFrame(X, columns=list("abcdef"))
    found = audit(frame, Y, eraser=ERASER, task=tasks, **FEW)
    assert [task.name for task in found.eraser_cost.tasks] == ["same", "number"]
    assert set(found.eraser_cost.columns) == set("abcdef")
    assert "same (accuracy)" in str(found)
    document = json.loads(found.to_json())["eraser_cost"]
    assert document["tasks"][1]["metric"] == "R²"
    again = Audit.from_json(found.to_json())
    assert again == found
    assert again.eraser_cost.tasks[0].lost.value == pytest.approx(
        found.eraser_cost.tasks[0].lost.value, abs=1e-5
    )
    found.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "What a task loses" in page
    assert "number (R²)" in page


def test_without_an_eraser_there_is_no_cost():
    found = audit(X, Y, claims=["readable"], depth="quick", draws=39)
    assert found.eraser_cost is None
    assert "eraser_cost" not in json.loads(found.to_json())


def test_copies_that_are_dropped_take_their_tasks_along():
    both, y = np.vstack([X, X[:30]]), np.append(Y, Y[:30])
    with pytest.warns(UserWarning, match="copies"):
        found = audit(both, y, eraser=ERASER, task=y, duplicates="drop", **FEW)
    assert found.provenance["rows"] == 300
    assert found.eraser_cost.tasks[0].before == cost(Y).tasks[0].before


@pytest.mark.parametrize(
    ("task", "eraser", "received"),
    [
        (Y, None, "no eraser"),
        (Y[:-1], ERASER, "299"),
        (np.zeros(300, dtype=int), ERASER, "1"),
    ],
)
def test_what_cannot_be_a_task_is_refused(task, eraser, received):
    with pytest.raises(InputError) as error:
        audit(X, Y, eraser=eraser, task=task, **FEW)
    assert received in f"{error.value.required} {error.value.received}"
