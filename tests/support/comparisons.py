"""Comparisons made by hand for the tests of their page and of the command line."""

from nullprobe.comparing.eraser_result import Comparison
from nullprobe.comparing.eraser_rows import Cell, Column, Row
from nullprobe.data.metric import Metric
from nullprobe.measures.damage import Damage


def cell(value, room=0.03):
    return Cell(value, (value - room, value + room))


def sample(title="data", **changes):
    """Return a comparison with everything in it: a failure, gaps, labels that were told."""
    probes = (
        Column("linear", Metric("AUC", 0.5), "LDAProbe()"),
        Column("halfspace", Metric("balanced accuracy", 0.5), "HalfspaceProbe()"),
        Column("rbf", Metric("AUC", 0.5), "RBFProbe()"),
    )
    others = (
        Column("age", Metric("R²", 0.0), "LDAProbe()"),
        Column("place", Metric("AUC", 0.5), "LDAProbe()"),
    )
    beside = {"age": Cell(0.42, (-1.7, 0.71)), "place": cell(0.8)}
    none = Row(
        "none", "", False, (0, 0, 0), None, Damage(90, 0.0, 1.25, 0.0, 3.0),
        {"linear": cell(0.91), "halfspace": cell(0.83), "rbf": cell(0.95)}, beside,
    )  # fmt: skip
    oracle = Row(
        "oracle_leace", "OracleLEACE()", True, (1, 1, 1), 0.001, Damage(90, 1.0, 1.25, 0.5, 3.0),
        {"linear": cell(0.61), "halfspace": cell(0.97), "rbf": cell(0.98)}, beside,
    )  # fmt: skip
    leace = Row(
        "leace", "LEACE()", False, (1, 1, 2), 0.002, Damage(90, 1.25, 1.25, 0.6, 3.0),
        {"linear": cell(0.52), "halfspace": Cell(None, None, "it cannot be sought here"),
         "rbf": cell(0.94)},
        {"age": Cell(None, None, "age is too rare"), "place": cell(0.78)},
        nothing_left=(False, True, False),
    )  # fmt: skip
    failed = Row(
        "mimic", "MiMiC(target='x')", True, reason="every class needs more rows.", configured=True
    )
    found = {
        "title": title,
        "probes": probes,
        "others": others,
        "rows": (none, oracle, leace, failed),
        "left_out": {"splince": "it is LEACE where no other label is to be kept"},
        "provenance": {"command": "nullprobe compare data.csv", "rows": 90, "features": 4,
                       "random_state": 0},
    }  # fmt: skip
    return Comparison(**{**found, **changes})


def numeric():
    """Return a comparison of a number, in which LEACE moves nothing."""
    damage = Damage(90, 0.0, 0.0, 0.0, 3.0)
    rows = tuple(
        Row(name, settings, False, (0, 0, 0), None, damage, {"linear": Cell(-0.01, (-0.05, 0.02))})
        for name, settings in (("none", ""), ("leace", "LEACE()"))
    )
    probes = (Column("linear", Metric("R²", 0.0), "LDAProbe()"),)
    return sample("numbers", probes=probes, others=(), rows=rows, left_out={})


def hostile(text):
    """Return a comparison in which every string of a user is ``text``."""
    whole = sample(text)
    units = ("AUC", "AUC", "balanced accuracy")
    probes = tuple(Column(text + str(i), Metric(unit, 0.5), text) for i, unit in enumerate(units))
    others = (Column(text, Metric("AUC", 0.5), text),)
    damage = Damage(9, 1.0, 1.0, 1.0, 3.0)
    rows = tuple(
        Row(text + end, settings, told, (1,), 0.1, damage,
            {p.name: cell(0.7) for p in probes}, {text: cell(0.8)})
        for end, settings, told in (("", "", False), ("!", text, False), ("?", text, True))
    )  # fmt: skip
    failed = Row(text + ".", text, False, reason=text)
    return Comparison(
        whole.title, probes, others, (*rows, failed), {text: text},
        {"command": text, text: text, "nested": {text: [text, 1]}},
    )  # fmt: skip
