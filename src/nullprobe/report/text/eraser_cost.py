"""Eraser cost: tables of what an eraser takes besides the concept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nullprobe.report.text.tables import Table
from nullprobe.report.text.wording import TOO_FEW


def eraser_tables(document: Mapping[str, Any]) -> list[Table]:
    """Return what an eraser moves, what a task loses, and which features move; none of others.

    Examples
    --------
    >>> cost = {"moved": 0.4, "ratio": 1.1, "share": 0.2, "columns": {"age": 0.3}, "tasks": []}
    >>> distance, features = eraser_tables({"eraser_cost": cost | {"reason": ""}})
    >>> distance.rows[1], features.rows
    (('as a multiple of what LEACE moves', 1.1), (('age', 0.3),))
    """
    cost = document.get("eraser_cost")
    if cost is None:
        return []
    shown = [
        Table(
            "How far the eraser moves rows",
            ("measure", "value"),
            (
                ("mean squared distance, features in standard deviations", cost["moved"]),
                ("as a multiple of what LEACE moves", cost["ratio"]),
                ("share of the total variance", cost["share"]),
            ),
            cost["reason"] or "undefined for these data",
        )
    ]
    if cost["tasks"]:
        shown.append(_tasks(cost["tasks"]))
    if cost["columns"]:
        shown.append(
            Table(
                "Features that move most",
                ("feature", "mean squared move, as a share of its variance"),
                tuple(cost["columns"].items()),
            )
        )
    return shown


def _tasks(tasks: list[Mapping[str, Any]]) -> Table:
    rows = (
        (
            f"{one['name']} ({one['metric']})",
            one["guess"],
            one["before"]["value"],
            one["after"]["value"],
            one["lost"]["value"],
            *(one["lost"]["interval"] or (None, None)),
        )
        for one in tasks
    )
    return Table(
        "What a task loses: fresh linear probes on held-out rows",
        ("task", "guess", "before", "after", "lost", "2.5 %", "97.5 %"),
        tuple(rows),
        TOO_FEW,
        "Guess: the share of the largest class, or 0 for R². The interval is of what is lost.",
    )
