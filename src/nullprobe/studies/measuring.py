"""Measuring: what a study's function returned, as numbers, or what is wrong with it."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from nullprobe._core.parameters import known
from nullprobe._core.validation import complain
from nullprobe.studies.definition import Cell, Measured, Study
from nullprobe.studies.result import Record

LONGEST = 60  # characters of a value in a message


def record_of(returned: Any, cell: Cell, seed: int) -> Record:
    """Return what the function gave for a cell as a record.

    Raises
    ------
    InputError
        If it is not a mapping of names to numbers, or `Measured`.
    """
    measured = Measured(returned) if isinstance(returned, Mapping) else returned
    if not isinstance(measured, Measured):
        complain(
            "the function of a study must return a mapping of names to numbers, or Measured",
            f"{_short(returned)} arrived in cell {cell}",
        )
    _need_mappings(measured, cell)
    return Record(
        cell,
        seed,
        {str(k): _number(k, v, cell) for k, v in measured.values.items()},
        {str(k): _draws(k, v, cell) for k, v in measured.nulls.items()},
        {str(k): _series(k, v, cell) for k, v in measured.series.items()},
    )


def need_whole(study: Study, record: Record, first: Record) -> None:
    """Complain of a record that the study's rules cannot judge, or unlike the first one."""
    names = list(first.values)
    if not names:
        complain("a study must measure something", "no measurement arrived")
    if list(record.values) != names:
        complain(
            f"every cell must measure the same: {names}",
            f"{list(record.values)} arrived in cell {record.cell}",
        )
    for name in record.nulls:
        known(f"measurement, as draws of nulls in cell {record.cell} do", name, names)
    if set(record.nulls) != set(first.nulls):
        complain(
            f"every cell must have draws of the same measurements: {sorted(first.nulls)}",
            f"{sorted(record.nulls)} arrived in cell {record.cell}",
        )
    if record is first:
        _need_named(study, record)


def _need_named(study: Study, record: Record) -> None:
    names = list(record.values)
    for rule in study.rules:
        for name in (rule.of or names[0], *rule.sources.values()):
            known(f"measurement, as the rule {rule.name!r} does", name, names)
        if rule.needs and rule.needs not in record.nulls:
            complain(
                f"the rule {rule.name!r} needs draws of {rule.needs!r}",
                f"there are draws of {sorted(record.nulls)}",
            )
    if study.placebo is not None:
        known("measurement, as the placebo does", study.placebo.of, names)


def _need_mappings(measured: Measured, cell: Cell) -> None:
    for name in ("values", "nulls", "series"):
        returned: Any = getattr(measured, name)
        if not isinstance(returned, Mapping):
            complain(f"{name} of Measured must be a mapping", f"{_short(returned)} in cell {cell}")


def _number(name: object, value: Any, cell: Cell) -> float:
    single = isinstance(value, numbers.Real | np.bool_) or getattr(value, "ndim", None) == 0
    try:
        number = float(value) if single else float("nan")
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        complain(
            f"the measurement {name!r} must be a finite number",
            f"{_short(value)} arrived in cell {cell}",
        )
    return number


def _draws(name: object, values: Any, cell: Cell) -> tuple[float, ...]:
    draws = _series(name, values, cell)
    if not draws or not np.isfinite(draws).all():
        complain(
            f"the draws of {name!r} must be at least one finite number",
            f"{_short(values)} arrived in cell {cell}",
        )
    return draws


def _series(name: object, values: Any, cell: Cell) -> tuple[float, ...]:
    try:
        series = np.asarray(list(values), dtype=np.float64)
    except (TypeError, ValueError):
        series = np.zeros((0, 0))
    if series.ndim != 1 or isinstance(values, str):
        complain(
            f"the numbers of {name!r} must be a sequence",
            f"{_short(values)} arrived in cell {cell}",
        )
    return tuple(map(float, series))


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
