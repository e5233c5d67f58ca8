"""Tables of a `Comparison` of erasers, for data frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nullprobe._core.frames import Line, Table
from nullprobe.comparing.eraser_rows import Cell


def _readings(result: Any) -> Iterator[Line]:
    for row in result.rows:
        for reads, columns, cells in (
            ("concept", result.probes, row.read_back),
            ("other", result.others, row.others),
        ):
            for column in columns:
                cell = cells.get(column.name, Cell(None, None, row.reason))
                low, high = cell.interval or (None, None)
                yield {
                    "eraser": row.eraser,
                    "needs_labels": row.needs_labels,
                    "reads": reads,
                    "name": column.name,
                    "metric": column.metric.name,
                    "chance": column.metric.chance,
                    "value": cell.value,
                    "low": low,
                    "high": high,
                    "damage": row.damage and row.damage.ratio,
                    "seconds": row.seconds,
                    "reason": cell.reason,
                }


def _erasers(result: Any) -> Iterator[Line]:
    for row in result.rows:
        costs = ("moved", "ratio", "share")
        yield {
            "eraser": row.eraser,
            "settings": row.settings,
            "erases": row.erases,
            "needs_labels": row.needs_labels,
            "configured": row.configured,
            "least_rank": min(row.ranks, default=None),
            "largest_rank": max(row.ranks, default=None),
            **{name: row.damage and getattr(row.damage, name) for name in costs},
            "nothing_left": any(row.nothing_left),
            "seconds": row.seconds,
            "reason": row.reason,
        }


TABLES = {
    "readings": Table(
        {
            "eraser": str,
            "needs_labels": bool,
            **dict.fromkeys(("reads", "name", "metric"), str),
            **dict.fromkeys(("chance", "value", "low", "high", "damage", "seconds"), float),
            "reason": str,
        },
        _readings,
    ),
    "erasers": Table(
        {
            **dict.fromkeys(("eraser", "settings"), str),
            **dict.fromkeys(("erases", "needs_labels", "configured"), bool),
            **dict.fromkeys(("least_rank", "largest_rank"), int),
            **dict.fromkeys(("moved", "ratio", "share"), float),
            "nothing_left": bool,
            "seconds": float,
            "reason": str,
        },
        _erasers,
    ),
}
