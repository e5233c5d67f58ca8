"""Runs of studies from the command line: which study, how far it is, and what it may replace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nullprobe._core.printable import in_a_line
from nullprobe._core.progress import Bars, Report, Turn
from nullprobe._core.validation import InputError
from nullprobe.cli import output
from nullprobe.studies import library
from nullprobe.studies.definition import Study
from nullprobe.studies.result import StudyResult
from nullprobe.studies.running import DONE, READ, run
from nullprobe.studies.study_file import at_work, of_file


@contextmanager
def chosen(name: str, part: str | None) -> Iterator[Study]:
    """Give the study of a name or a file; errors of the file are named as its own meanwhile."""
    if not name.endswith(".py"):
        study = library.by_name(name)
        yield study if part is None else study.part(part)
        return
    study = of_file(name)
    with at_work(name):
        yield study if part is None else study.part(part)


def need_no_stronger(folder: Path, stem: str, study: Study, seeds: int, *, force: bool) -> None:
    """Refuse to replace a result that has seeds or cells which the run will not have.

    The same run, or one with more seeds, may replace it: so a run goes on where it was stopped.
    """
    try:
        saved = StudyResult.from_json(folder / f"{stem}.json")
    except (InputError, OSError):
        output.need_new(folder, stem, force=force)
        return
    had = {(str(one.cell), one.seed) for one in saved.records}
    if not had <= {(str(cell), seed) for cell in study.cells for seed in range(seeds)}:
        output.need_new(folder, stem, force=force)


def measured(study: Study, *, seeds: int, quick: bool, out: Path) -> StudyResult:
    """Run a study with bars, or with a line for each part where stderr is no terminal."""
    if not sys.stderr.isatty():
        return run(study, seeds=seeds, quick=quick, out=out, progress=lines(study.name))
    with Bars(study.name) as bars:
        return run(study, seeds=seeds, quick=quick, out=out, progress=bars)


def lines(title: str) -> Report:
    """Return a function that writes a line to stderr for each part that is finished."""

    def report(stage: str, done: int, total: int) -> None:
        if isinstance(stage, Turn) and stage.stage in (DONE, READ):
            turn = f"{stage.number} of {stage.count}"
            line = in_a_line(f"{title}: {turn}, {stage.name}: {stage.stage}")
            print(line, file=sys.stderr, flush=True)

    return report
