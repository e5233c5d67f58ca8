"""Pictures of a census are read back from the axes, with and without other labels."""

import numpy as np
from matplotlib.figure import Figure

from nullprobe.report.figures.census import census
from nullprobe.report.figures.layers import Reader, layers, readers_of


def row(site, auc, **changes):
    known = {"interval": (auc - 0.1, min(1.0, auc + 0.1)), "lexical": (0.5, 0.7, 0.95)}
    return {"site": site, "auc": auc, "control": 0.6, **known, **changes}


def test_the_concept_its_lexical_concepts_and_control_tasks_are_drawn_where_they_are():
    rows = [row(f"layers.{i}.output", auc) for i, auc in enumerate((0.55, 0.8, 0.9))]
    ax = Figure().subplots()
    assert census(rows, ax) == []
    lines = [np.asarray(line.get_ydata()).tolist() for line in ax.lines]
    assert [0.55, 0.8, 0.9] in lines
    assert [0.6, 0.6, 0.6] in lines
    assert [0.7, 0.7, 0.7] in lines
    (band,) = ax.patches
    assert (band.get_data().values[0], band.get_data().baseline[0]) == (0.95, 0.5)
    low, high = ax.get_ylim()
    assert low < 0.45
    assert high >= 1.0


def test_sites_without_other_labels_show_the_concept_alone():
    ax = Figure().subplots()
    rows = [row("a", 0.7, lexical=None, control=None), row("b", 0.6, lexical=None, control=None)]
    census(rows, ax)
    assert len(ax.patches) == 0
    assert [0.7, 0.6] in [np.asarray(line.get_ydata()).tolist() for line in ax.lines]


def claim(value, beside):
    metric = {"name": "AUC", "chance": 0.5, "kind": "reading"}
    return {"name": "readable", "metric": metric, "observed": value, "interval": None,
            "holds": "yes", "nulls": [], "beside": beside}  # fmt: skip


def test_readers_that_are_passed_replace_those_of_the_claim():
    words = {"name": "words", "rung": "inputs", "value": 0.6}
    documents = [
        {"representation": f"layer {i}", "title": "", "claims": [claim(0.9, beside)]}
        for i, beside in enumerate(([words], []))
    ]
    assert readers_of([one["claims"][0] for one in documents]) == [
        Reader("words", "inputs", (0.6, None))
    ]
    drawn = []
    for readers in (None, [Reader("likely", "corpus", (0.7, 0.75))]):
        ax = Figure().subplots()
        layers(documents, "readable", ax, readers)
        drawn.append({line.get_label(): np.asarray(line.get_ydata()).tolist() for line in ax.lines})
    assert drawn[0]["words"] == [0.6]
    assert "words" not in drawn[1]
    assert drawn[1]["likely"] == [0.7, 0.75]
