"""Pictures of a study as plain values: series of points, with intervals over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nullprobe.studies.definition import Cell
from nullprobe.studies.effects import Estimate
from nullprobe.studies.judging import DEFAULT_SOURCES
from nullprobe.studies.result import StudyResult


def series(
    name: str,
    x: Sequence[Any],
    estimates: Sequence[Estimate],
    limits: tuple[float, float] = (-math.inf, math.inf),
) -> dict[str, Any]:
    """Return a line of means over seeds, with 95 % t-intervals where there are several seeds.

    Parameters
    ----------
    name : str
        Its name in the key.
    x : sequence of number or str
        Places.
    estimates : sequence of Estimate
    limits : tuple of two floats
        Ends of what is possible, such as (0, 1) for shares: intervals are cut there.
    """
    ends = [one.interval for one in estimates]
    known = [end for end in ends if end is not None]
    whole = len(known) == len(ends)
    return {
        "name": name,
        "x": list(x),
        "y": [one.value for one in estimates],
        "low": [max(low, limits[0]) for low, _ in known] if whole else None,
        "high": [min(high, limits[1]) for _, high in known] if whole else None,
    }


def figure(  # noqa: PLR0913  the fields of a picture
    key: str,
    kind: str,
    title: str,
    description: str,
    lines: Sequence[dict[str, Any]],
    *,
    x_label: str = "",
    y_label: str = "",
    rules: dict[str, float] | None = None,
) -> dict[str, Any]:
    """Return a picture as plain values.

    Parameters
    ----------
    key : str
        Its anchor on the page: small letters, digits and "-".
    kind : str
        "lines", or "bars" side by side.
    title : str
        The question that it answers.
    description : str
        What it shows, for those who do not see it.
    lines : sequence of dict
        From `series`.
    x_label, y_label : str
    rules : dict of str to float, optional
        Dashed lines across, by name.
    """
    return {
        "key": key,
        "kind": kind,
        "title": title,
        "description": description,
        "x_label": x_label,
        "y_label": y_label,
        "series": list(lines),
        "rules": rules or {},
    }


def interaction(result: StudyResult) -> tuple[dict[str, Any], ...]:
    """Return the measurements of all cells: lines over the last factor, or bars.

    Bars stand where there are no factors, and where the last one has three or more levels that are
    names: a line would give them an order.

    The first measurement and its explanations have one picture, what else was measured another:
    that may be of another unit.
    """
    first, *others = result.measurements
    explanations = [name for name in others if name in DEFAULT_SOURCES.values()]
    others = [name for name in others if name not in explanations]
    pictures = [
        _cells("measurements", "What was measured in each cell?", result, [first, *explanations])
    ]
    if others:
        pictures.append(_cells("others", "What else was measured in each cell?", result, others))
    return tuple(pictures)


def _cells(key: str, title: str, result: StudyResult, names: Sequence[str]) -> dict[str, Any]:
    unit = result.unit if key == "measurements" else ""
    description = f"{unit or 'Other measurements'} in each cell, means over seeds with 95 % "
    description += "t-intervals."
    factors = list(result.factors)
    if not factors:
        bars = series("mean over seeds", names, [result.mean(name) for name in names])
        return figure(key, "bars", title, description, [bars], y_label=unit)
    last, groups = factors[-1], dict[str, list[Estimate]]()
    for name in names:
        for cell in result.cells:
            rest = Cell({k: v for k, v in cell.levels.items() if k != last})
            one = name if len(factors) == 1 else f"{name}: {rest}"
            groups.setdefault(one, []).append(result.mean(name, cell))
    places = [str(level) for level in result.factors[last]]
    lines = [series(name, places, estimates) for name, estimates in groups.items()]
    levels = result.factors[last]
    named = len(levels) > 2 and not all(isinstance(level, int | float) for level in levels)
    kind = "bars" if named else "lines"
    return figure(key, kind, title, description, lines, x_label=last, y_label=unit)
