"""Accuracies: bars from 0, the share in words, and a rule at the largest class."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from nullprobe.report.figures import roles, sheet
from nullprobe.report.figures.accuracies import Accuracy, accuracies

ROWS = [
    Accuracy("same rows", 0.94),
    Accuracy("new rows", 0.63, (0.6, 0.66), new=True),
    Accuracy("nothing", None),
    Accuracy("shuffled", 0.57, shuffled=True),
]


@pytest.fixture
def drawn():
    figure, (ax,) = sheet.new(430, 200)
    notes = accuracies(ROWS, 0.5, ax)
    return figure, ax, notes


def test_each_share_is_a_bar_from_zero_in_its_line(drawn):
    _, ax, notes = drawn
    bars = [
        (bar.get_x(), bar.get_width(), round(bar.get_y() + bar.get_height() / 2))
        for bar in ax.patches
    ]
    assert bars == [(0, 0.94, 0), (0, 0.63, 1), (0, 0.57, 3)]
    assert notes == []


def test_shares_stand_in_words_behind_bar_and_interval(drawn):
    _, ax, _ = drawn
    texts = [(text.get_text(), text.get_position()) for text in ax.texts]
    assert [text for text, _ in texts] == ["94 %", "63 %", "57 %"]
    assert texts[1][1][0] > 0.66
    assert ax.get_xlim()[1] > texts[0][1][0] + 0.1


def test_intervals_are_lines_where_there_are_any(drawn):
    _, ax, _ = drawn
    ends = [segment.tolist() for lines in ax.collections for segment in lines.get_segments()]
    assert ends == [[[0.6, 1.0], [0.66, 1.0]]]


def test_a_rule_stands_at_the_share_of_the_largest_class(drawn):
    _, ax, _ = drawn
    (rule,) = ax.lines
    assert set(rule.get_xdata()) == {0.5}


def test_new_rows_and_shuffled_labels_look_another_way(drawn):
    _, ax, _ = drawn
    same, new, shuffled = ax.patches
    colours = [to_hex(bar.get_facecolor()) for bar in ax.patches]
    assert colours == [roles.LIGHT[role] for role in ("class-0", "rung-structure", "rung-chance")]
    assert (same.get_hatch() or "", new.get_hatch() or "") == ("", "")
    assert shuffled.get_hatch()


def test_every_row_has_its_name_from_top_to_bottom(drawn):
    figure, ax, _ = drawn
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    assert names == [row.name for row in ROWS]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert all(row.name in sheet.svg(figure, "k") for row in ROWS)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_the_ends_of_the_scale_are_drawn(value):
    figure, (ax,) = sheet.new(430, 100)
    accuracies([Accuracy("all", value, (value, value))], 0.5, ax)
    assert ax.patches[0].get_width() == value
    assert np.isfinite(ax.get_xlim()).all()
    assert f"{value:.0%}"[:-1] in sheet.svg(figure, "k")
