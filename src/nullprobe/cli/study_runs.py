"""Runs of studies from the command line: which study, how far it is, and what it may replace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from joblib import Parallel, delayed, effective_n_jobs

from nullprobe._core.printable import in_a_line
from nullprobe._core.progress import Bars, Report, Turn
from nullprobe._core.validation import InputError
from nullprobe.cli import output
from nullprobe.studies import library
from nullprobe.studies.code_facts import Code
from nullprobe.studies.definition import Study
from nullprobe.studies.result import StudyResult
from nullprobe.studies.running import DONE, READ, keep, left, run
from nullprobe.studies.study_file import at_work, of_file
from nullprobe.studies.together import device


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


@dataclass(frozen=True)
class Request:
    """What the command line asks of a study; it can be passed to another process.

    Attributes
    ----------
    name : str
        Of the study, or of a file.
    part : str or None
    seeds : int
    quick : bool
    out : Path
    """

    name: str
    part: str | None
    seeds: int
    quick: bool
    out: Path

    def keep(self, number: int, seed: int) -> str:
        """Measure one cell with one seed and keep it; return the cell.

        An error leaves it to the main process, which meets the same one and names it.
        """
        with suppress(Exception), chosen(self.name, self.part) as study:
            keep(study, number, seed, quick=self.quick, out=self.out)
            return f"{list(study.cells)[number]}, seed {seed}"
        return ""


def measured(study: Study, request: Request, jobs: int) -> StudyResult:
    """Run a study with bars, or with a line for each part where stderr is no terminal."""
    with bars_or_lines(study.name) as progress:
        done: set[str] = set()
        if effective_n_jobs(jobs) > 1 and device() is None:
            done = side_by_side(study, request, jobs, progress)

        def of_rest(stage: str, amount: int, total: int) -> None:
            if not (isinstance(stage, Turn) and stage.stage == READ and stage.name in done):
                progress(stage, amount, total)

        return run(
            study, seeds=request.seeds, quick=request.quick, out=request.out, progress=of_rest
        )


def side_by_side(study: Study, request: Request, jobs: int, progress: Report) -> set[str]:
    """Measure what is left of a study in processes, until one fails; return what is done."""
    todo, done = left(study, request.seeds, quick=request.quick, out=request.out), set[str]()
    if len(todo) < 2 or not Code(study.measure).is_known:
        return done
    with Parallel(n_jobs=jobs, prefer="processes", return_as="generator_unordered") as parallel:
        for name in parallel(delayed(request.keep)(number, seed) for number, seed in todo):
            if not name:
                break
            done.add(name)
            progress(Turn.of(name, len(done), len(todo), DONE), 1, 1)
    return done


@contextmanager
def bars_or_lines(title: str) -> Iterator[Report]:
    """Give a function that shows progress: in bars on a terminal, in lines elsewhere."""
    if not sys.stderr.isatty():
        yield lines(title)
        return
    with Bars(title) as bars:
        yield bars


def lines(title: str) -> Report:
    """Return a function that writes a line to stderr for each part that is finished."""

    def report(stage: str, done: int, total: int) -> None:
        if isinstance(stage, Turn) and stage.stage in (DONE, READ):
            turn = f"{stage.number} of {stage.count}"
            line = in_a_line(f"{title}: {turn}, {stage.name}: {stage.stage}")
            print(line, file=sys.stderr, flush=True)

    return report
