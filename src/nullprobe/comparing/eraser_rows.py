"""Rows of a comparison of erasers: what each probe reads after an eraser, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nullprobe.data.metric import Metric
from nullprobe.measures.damage import Damage

NONE = "none"  # name of the row without an eraser


@dataclass(frozen=True)
class Column:
    """Column of the table: a fresh probe of the concept, or the linear probe of another label.

    Attributes
    ----------
    name : str
        Name of the probe, or of the other label.
    metric : Metric
        Metric of the readings.
    probe : str
        Probe with its parameters.
    """

    name: str
    metric: Metric
    probe: str


@dataclass(frozen=True)
class Cell:
    """One reading.

    Attributes
    ----------
    value : float or None
        Mean over the three parts, each scored by an eraser and a probe fitted to other parts.
    interval : tuple of two floats or None
        95 % bootstrap interval for fixed fits.
    reason : str
        Reason why there is no value; "" if there is one.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Row:
    """Readings and costs of one eraser.

    Attributes
    ----------
    eraser : str
        Name of the eraser.
    settings : str
        Estimator with its parameters, and the label that it keeps; "" for the row without an
        eraser.
    needs_labels : bool
        Whether the eraser needs the labels of the rows that it erases. If so, it cannot be used on
        rows without labels.
    ranks : tuple of int
        Number of directions that each fit removes. If the eraser needs labels, number of directions
        in which it moves rows. Empty if the eraser has no rank.
    seconds : float or None
        Processor time of a fit, mean over the parts.
    damage : Damage or None
        Damage to all rows. Each row is moved by an eraser that was fitted to other rows.
    read_back : mapping of str to Cell
        Reading of the concept by each fresh probe.
    others : mapping of str to Cell
        Reading of each other label by a linear probe.
    reason : str
        Reason why the eraser failed; "" if it did not.
    nothing_left : tuple of bool
        For each part, whether all its rows are equal after erasure.
    configured : bool
        Whether the eraser has parameters other than the defaults, or keeps another label.
    """

    eraser: str
    settings: str
    needs_labels: bool
    ranks: tuple[int, ...] = ()
    seconds: float | None = None
    damage: Damage | None = None
    read_back: Mapping[str, Cell] = field(default_factory=dict)
    others: Mapping[str, Cell] = field(default_factory=dict)
    reason: str = ""
    nothing_left: tuple[bool, ...] = ()
    configured: bool = False

    @property
    def erases(self) -> bool:
        """Whether the row has an eraser."""
        return self.settings != ""


@dataclass(frozen=True)
class Recorded(Damage):
    """A damage from a file, which has six digits of each number: what follows is as written."""

    written: tuple[float | None, float | None, float | None] = (None, None, None)

    @property
    def ratio(self) -> float | None:
        """The ratio to LEACE, as written."""
        return self.written[0]

    @property
    def share(self) -> float | None:
        """The share of the variance, as written."""
        return self.written[1]

    @property
    def relative_move(self) -> float | None:
        """The share of the distance between two random rows, as written."""
        return self.written[2]


def column_of(fields: Mapping[str, Any]) -> Column:
    """Return the column that a part of a document describes."""
    return Column(fields["name"], Metric(**fields["metric"]), fields["probe"])


def row_of(fields: Mapping[str, Any]) -> Row:
    """Return the row that a part of a document describes."""
    read = {
        key: {
            name: Cell(one["value"], one["interval"] and tuple(one["interval"]), one["reason"])
            for name, one in fields[key].items()
        }
        for key in ("read_back", "others")
    }
    cost = fields["damage"]
    if cost is not None:
        keys = ("moved", "least", "distance", "variance")
        numbers = {key: np.nan if cost[key] is None else cost[key] for key in keys}
        written = cost["ratio"], cost["share"], cost.get("relative_move")
        cost = Recorded(rows=cost["rows"], **numbers, written=written)
    lists = {key: tuple(fields[key]) for key in ("ranks", "nothing_left")}
    rest = {key: value for key, value in fields.items() if key != "erases"}
    return Row(**{**rest, **lists, **read, "damage": cost})


def row_document(row: Row) -> dict[str, Any]:
    """Return a row as a part of a document."""
    names = ("rows", "moved", "least", "distance", "variance")
    damage = row.damage and {
        **{name: getattr(row.damage, name) for name in names},
        "ratio": row.damage.ratio,
        "share": row.damage.share,
        "relative_move": row.damage.relative_move,
        "reason": row.damage.reason,
    }
    return {**vars(row), "erases": row.erases, "damage": damage}
