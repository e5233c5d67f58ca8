"""The recommendation of a comparison: who is chosen, and who never is."""

import numpy as np
import pytest

from nullprobe import compare, worlds
from nullprobe.comparing.eraser_rows import Cell, Column, Row
from nullprobe.comparing.recommendation import SAME_ROWS, recommended
from nullprobe.data.metric import Metric
from nullprobe.measures.damage import Damage
from nullprobe.report.comparison_documents import ComparisonDocument
from nullprobe.report.document import validated

PROBES = (
    Column("linear", Metric("AUC", 0.5), "LDAProbe()"),
    Column("rbf", Metric("AUC", 0.5), "RBFProbe()"),
)
OTHERS = (Column("place", Metric("AUC", 0.5), "LDAProbe()"),)


def cell(high):
    return Cell(high - 0.02, (high - 0.04, high))


def row(name, linear, rbf, moved=1.0, **changes):
    """Return a row whose intervals end at ``linear`` and ``rbf``."""
    found = {
        "needs_labels": False,
        "damage": Damage(100, moved, 1.0, moved, 10.0),
        "read_back": {"linear": cell(linear), "rbf": cell(rbf)},
        "others": {"place": cell(0.72)},
    }
    return Row(name, "" if name == "none" else f"{name}()", **{**found, **changes})


NONE = row("none", 0.93, 0.95, 0.0)


def advice(*rows, before=NONE, effect=0.05):
    return recommended((before, *rows), PROBES, OTHERS, effect)


def test_the_least_damage_wins_among_those_that_erase():
    found = advice(
        row("weak", 0.54, 0.70, 0.1), row("far", 0.51, 0.52, 5), row("near", 0.55, 0.55, 2)
    )
    assert (found.needed, found.eraser, found.linear) == (True, "near", "weak")
    assert found.sentences[0].startswith("Use near for new rows")
    assert (
        "32 % of the distance between two random rows (20 % of the variance)" in found.sentences[1]
    )
    assert found.sentences[-1] == SAME_ROWS


def test_an_interval_that_ends_above_the_bar_does_not_erase():
    assert advice(row("close", 0.551, 0.52)).eraser is None
    assert advice(row("close", 0.551, 0.52), effect=0.06).eraser == "close"


def test_if_none_erases_the_one_that_leaves_least_is_named():
    found = advice(row("a", 0.53, 0.80), row("b", 0.60, 0.65))
    assert (found.eraser, found.least_left, found.linear) == (None, "b", "a")
    assert found.sentences[0].startswith("No eraser here hides")


def test_an_eraser_that_uses_labels_is_never_recommended_for_new_rows():
    oracle = row("oracle", 0.50, 0.50, 0.1, needs_labels=True)
    alone = advice(oracle)
    assert (alone.eraser, alone.linear, alone.least_left) == (None, None, None)
    assert alone.labelled == "oracle"
    both = advice(oracle, row("leace", 0.52, 0.52))
    assert (both.eraser, both.labelled) == ("leace", "oracle")
    assert any(one.startswith("Use oracle only for rows whose labels") for one in both.sentences)


def test_a_probe_without_a_reading_bounds_nothing():
    unread = row("a", 0.5, 0.5, read_back={"linear": cell(0.5), "rbf": Cell(None, None, "why")})
    found = advice(unread)
    assert (found.eraser, found.least_left, found.linear) == (None, None, "a")


def test_an_eraser_that_leaves_nothing_comes_last():
    emptied = row("emptied", 0.5, 0.5, 0.5, nothing_left=(False, True, False))
    assert advice(emptied, row("leace", 0.52, 0.52, 3.0)).eraser == "leace"
    assert advice(emptied).eraser == "emptied"
    assert "leaves nothing" in advice(emptied).sentences[1]


def test_no_eraser_is_needed_where_nothing_is_read_before():
    found = advice(row("leace", 0.52, 0.52), before=row("none", 0.53, 0.54))
    assert not found.needed
    assert len(found.sentences) == 1


def test_a_failed_eraser_is_not_recommended():
    failed = Row("mimic", "MiMiC()", False, reason="every class needs more rows")
    assert advice(failed).least_left is None


def test_a_comparison_recommends_and_its_document_says_so():
    w = worlds.gaussian(n=900, d=3, gap=3.0, random_state=0)
    options = {"erasers": ["leace", "oracle_leace"], "probes": ["linear"]}
    result = compare(w.X, w.y, **options, min_effect=0.1)
    assert result.recommendation.eraser == "leace"
    document = result.document().plain()
    assert document["recommendation"]["sentences"] == list(result.recommendation.sentences)
    assert str(result).endswith(result.recommendation.sentences[-1].split()[-1])
    del document["recommendation"]
    for one in document["rows"]:
        del one["damage"]["relative_move"]
    assert validated(ComparisonDocument, document).recommendation is None  # of an older file
    strict = compare(w.X, w.y, **options, min_effect=0.0).recommendation
    assert strict.eraser is None


def test_a_move_is_measured_in_distances_between_two_random_rows():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4000, 3)) * [1.0, 2.0, 5.0]
    y = np.arange(4000) % 2
    X[y == 1, 0] += 2
    row = compare(X, y, erasers=["mean_projection"], probes=["linear"])["mean_projection"]
    one, other = rng.permutation(X), rng.permutation(X)
    between = np.sqrt(((one - other) ** 2).sum(axis=1).mean())
    moved = np.sqrt(row.damage.distance)
    assert row.damage.relative_move == pytest.approx(moved / between, rel=0.03)
