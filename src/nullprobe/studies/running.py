"""Running: cells × seeds one after the other, each kept when it is done, so that a run resumes."""

from __future__ import annotations

import os
from collections.abc import Sequence

from nullprobe._core.progress import Progress, Report, Turn, reporting
from nullprobe.studies.definition import Budget, Cell, Study, seeds_of
from nullprobe.studies.effects import effects
from nullprobe.studies.judging import judged
from nullprobe.studies.measuring import need_whole, record_of
from nullprobe.studies.parts import Parts, parts_of, versions
from nullprobe.studies.pictures import interaction
from nullprobe.studies.result import Record, StudyResult
from nullprobe.studies.threads import one_thread
from nullprobe.studies.together import at_once

DONE, READ = "done", "kept from an earlier run"  # last stage of a cell


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
        Folder for cells that are done; the same call goes on where it was stopped. A cell is used
        again only if the file of the study, and all modules that are loaded and not installed, are
        as they were. A study that is not defined in a file is measured anew, with a warning.
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
        If a cell measures something else than the others, or what is not a finite number; or a rule
        is of something that the first cell does not measure.

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
    parts = parts_of(study, out, quick=quick)
    todo = [(cell, seed) for cell in study.cells for seed in chosen]
    records: list[Record] = []
    with reporting(progress) as report:
        ready = at_once(study, todo, Budget(quick, cache, report))
        if parts is not None and ready.models:  # other weights, so other numbers
            parts.add("trained at once")
        for number, (cell, seed) in enumerate(todo, 1):
            stages = _turn(report, f"{cell}, seed {seed}", number, len(todo))
            record = None if parts is None else parts.read(cell, seed)
            budget = Budget(quick, cache, stages, ready.models)
            records.append(record or _measured(study, cell, seed, budget, parts))
            need_whole(study, records[-1], records[0])
            stages(DONE if record is None else READ, 1, 1)
    return result_of(study, records, quick=quick, training=ready.note)


def left(
    study: Study, seeds: int, *, quick: bool, out: str | os.PathLike[str] | None
) -> list[tuple[int, int]]:
    """Return the numbers of cells, and the seeds, that a run would still measure."""
    parts = parts_of(study, out, quick=quick)
    chosen, cells = seeds_of(1 if quick else seeds), list(study.cells)
    return [
        (number, seed)
        for number, cell in enumerate(cells)
        for seed in chosen
        if parts is None or parts.read(cell, seed) is None
    ]


def keep(study: Study, number: int, seed: int, *, quick: bool, out: str | os.PathLike[str]) -> None:
    """Measure one cell with one seed and keep it, for a run with the same ``out``.

    Parameters
    ----------
    study : Study
    number : int
        Of the cell.
    seed : int
    quick : bool
    out : path
    """
    parts, cell = parts_of(study, out, quick=quick), list(study.cells)[number]
    if parts is not None and parts.read(cell, seed) is None:
        _measured(study, cell, seed, Budget(quick), parts)


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
            "versions": versions(),
            **({"training": training} if training else {}),
        },
    )
    figures = interaction(made) if study.pictures is None else study.pictures(made)
    return made.with_figures(figures)


def _turn(report: Report, name: str, number: int, count: int) -> Report:
    return lambda stage, done, total: report(Turn.of(name, number, count, stage), done, total)


def _measured(study: Study, cell: Cell, seed: int, budget: Budget, parts: Parts | None) -> Record:
    with one_thread():  # the order of sums depends on the number of threads
        record = record_of(study.measure(cell, seed, budget), cell, seed)
    if parts is not None:
        parts.write(record)
    return record
