"""Running: cells × seeds one after the other, each kept when it is done, so that a run resumes."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.progress import Progress, Report, Turn, reporting
from nullprobe._core.validation import complain
from nullprobe._version import __version__
from nullprobe.data import provenance
from nullprobe.studies.definition import Budget, Cell, Measured, Study, seeds_of
from nullprobe.studies.effects import effects
from nullprobe.studies.judging import judged
from nullprobe.studies.pictures import interaction
from nullprobe.studies.result import Record, StudyResult
from nullprobe.studies.together import at_once

PARTS = "parts"  # folder of cells × seeds that are done


def run(
    study: Study,
    *,
    seeds: int | Sequence[int] = 5,
    quick: bool = False,
    out: str | os.PathLike[str] | None = None,
    cache: str | os.PathLike[str] | bool | None = None,
    progress: Progress = False,
) -> StudyResult:
    """Measure every cell of a study with every seed, and judge.

    Parameters
    ----------
    study : Study
        ``study.part(name)`` for an extension.
    seeds : int or sequence of int
        So many seeds from 0 on, or these. A quick run has one.
    quick : bool
        Fewer steps, fewer texts and one seed. Verdicts then rest on draws within the models alone.
    out : path, optional
        Folder for cells that are done; the same call goes on where it was stopped.
    cache : path or bool, optional
        Folder of trained models, as for ``worlds.language``.
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).

    Returns
    -------
    StudyResult

    Raises
    ------
    InputError
        If a cell measures something else than the others, or a number that is not finite.

    Notes
    -----
    Same seed, same bytes: on the same machine, with the same versions. Where CUDA is available, and
    the study says what it trains (``Study.trainings``), all its models learn at once there; the
    provenance says so. Their weights differ from those of a CPU by rounding.

    Examples
    --------
    >>> from nullprobe.studies.definition import study
    >>> @study(question="Does it double?", unit="size", factors={"size": (1, 2)})
    ... def doubling(cell, seed, budget):
    ...     return {"model": 2.0 * cell.size + seed / 100}
    >>> result = run(doubling, seeds=3)
    >>> result.effects["size"].value, str(result.verdict.holds)
    (2.0, 'yes')
    """
    chosen = seeds_of(1 if quick and isinstance(seeds, int) else seeds)
    folder = None if out is None else Path(out) / PARTS
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    todo = [(cell, seed) for cell in study.cells for seed in chosen]
    records: list[Record] = []
    with reporting(progress) as report:
        ready = at_once(study, todo, Budget(quick, cache, report))
        for number, (cell, seed) in enumerate(todo, 1):
            stages = _turn(report, f"{cell}, seed {seed}", number, len(todo))
            budget = Budget(quick, cache, stages, ready.models)
            records.append(_record(study, cell, seed, budget, folder))
            stages("done", 1, 1)
    _need_alike(records)
    return result_of(study, records, quick=quick, training=ready.note)


def result_of(
    study: Study, records: Sequence[Record], *, quick: bool, training: str = ""
) -> StudyResult:
    """Return the result of measurements: effects, verdicts, pictures.

    Parameters
    ----------
    study : Study
    records : sequence of Record
    quick : bool
    training : str
        How models were trained, if not one by one on the CPU.
    """
    table = {(str(one.cell), one.seed): one.values for one in records}
    nulls = {(str(one.cell), one.seed): one.nulls for one in records}
    first = next(iter(records[0].values))
    made = StudyResult(
        name=study.name,
        question=study.question,
        unit=study.unit,
        factors={name: tuple(levels) for name, levels in study.factors.items()},
        quick=quick,
        records=tuple(records),
        effects=effects(study, table, first),
        claims=judged(study, table, nulls),
        figures=(),
        doubts=tuple(study.doubts),
        provenance={
            "random_state": records[0].seed,
            "versions": _versions(),
            **({"training": training} if training else {}),
        },
    )
    figures = interaction(made) if study.pictures is None else study.pictures(made)
    return made.with_figures(figures)


def _turn(report: Report, name: str, number: int, count: int) -> Report:
    return lambda stage, done, total: report(Turn.of(name, number, count, stage), done, total)


def _record(study: Study, cell: Cell, seed: int, budget: Budget, folder: Path | None) -> Record:
    path = None
    if folder is not None:
        path = folder / f"{study.name}-{_key(study, cell, seed, budget)}.json"
        record = _read(path, cell, seed)
        if record is not None:
            return record
    measured = study.measure(cell, seed, budget)
    if not isinstance(measured, Measured):
        measured = Measured(measured)
    record = Record(
        cell,
        seed,
        {str(k): _finite(k, v, cell) for k, v in measured.values.items()},
        {str(k): tuple(map(float, v)) for k, v in measured.nulls.items()},
        {str(k): tuple(map(float, v)) for k, v in measured.series.items()},
    )
    if path is not None:
        fields = {"values": record.values, "nulls": record.nulls, "series": record.series}
        with whole_file(path) as temporary:
            Path(temporary).write_text(json.dumps(fields), "utf-8")
    return record


def _key(study: Study, cell: Cell, seed: int, budget: Budget) -> str:
    """Return what a cell's file is named after: all that its numbers depend on."""
    try:
        source = Path(inspect.getfile(study.measure)).read_text("utf-8")
    except (OSError, TypeError):  # written in a console
        source = repr(getattr(getattr(study.measure, "__code__", None), "co_code", ""))
    facts: list[Any] = [source, __version__, study.name, str(cell), seed, budget.quick, _versions()]
    if budget.ready:  # other weights, so other numbers
        facts.append("trained at once")
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]


def _read(path: Path, cell: Cell, seed: int) -> Record | None:
    try:
        fields = json.loads(path.read_text("utf-8"))
        lists = [{k: tuple(v) for k, v in fields[name].items()} for name in ("nulls", "series")]
        return Record(cell, seed, fields["values"], *lists)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # not there, or damaged: it is measured again


def _finite(name: object, value: float, cell: Cell) -> float:
    if not np.isfinite(value):
        complain(f"the measurement {name!r} must be a finite number", f"{value!r} in cell {cell}")
    return float(value)


def _need_alike(records: Sequence[Record]) -> None:
    first = list(records[0].values)
    for one in records:
        if list(one.values) != first:
            complain(
                f"every cell must measure the same: {first}", f"{list(one.values)} in {one.cell}"
            )
    if not first:
        complain("a study must measure something", "no measurement arrived")


def _versions() -> dict[str, str]:
    versions: dict[str, Any] = provenance.versions()
    with suppress(PackageNotFoundError):
        versions |= {name: version(name) for name in ("torch", "transformers")}
    return versions
