"""Saved results: files that commands and ``to_json`` wrote, read back by their schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from nullprobe._core.nested import is_mapping
from nullprobe._core.printable import printable
from nullprobe._core.validation import InputError, complain
from nullprobe.auditing.attributes_result import Attributes
from nullprobe.auditing.calibration import Calibration
from nullprobe.auditing.layers import Layers, by_name
from nullprobe.auditing.result import Audit
from nullprobe.auditing.same_concept_result import SameConcept
from nullprobe.cli import showing, verdict_tables
from nullprobe.comparing.eraser_result import Comparison
from nullprobe.comparing.pair_result import PairComparison
from nullprobe.report.text import change_lines, changes
from nullprobe.results.loading import Result, load_result
from nullprobe.studies.result import StudyResult
from nullprobe.texts.result import ModelAudit

Saved = dict[str, Audit] | SameConcept | Comparison | PairComparison | Calibration | StudyResult
WORDS = {
    dict: "an audit",
    SameConcept: "a comparison of two sets of labels",
    Comparison: "a comparison of erasers",
    PairComparison: "a comparison of readers of pairs",
    Calibration: "a calibration",
    StudyResult: "a study",
}


def read(path: Path) -> Saved:
    """Return the result in a file: audits by name, or a comparison.

    Raises
    ------
    InputError
        If the file is missing, is no JSON, or does not follow the schema that it names.
    """
    return _audits(_loaded(path))


def _loaded(path: Path) -> Result:
    """Return the result in a file, of any kind; `read` says what it raises."""
    if not path.exists():
        raise InputError(f"File not found: {str(path)!r}")
    try:
        return load_result(path)
    except InputError as error:
        required = f"{str(path)!r} cannot be read: {error.required}"
        raise InputError(required, error.received, error.hint) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        _refuse(error, path)


def show(file: Path, console: Console, *, verbose: bool, brief: bool = False) -> None:
    """Print the result in a file as the command that made it did, or a line for each part."""
    loaded = _loaded(file)
    result = _audits(loaded)
    with _whole(console, file):
        if isinstance(loaded, ModelAudit) and not (brief or verbose):
            verdict_tables.say(printable(str(loaded)), console)
        elif isinstance(result, SameConcept) and brief:
            verdict_tables.show_lines(result.document().plain()["findings"], console)
        elif isinstance(result, SameConcept):
            showing.labels(result, console, verbose=verbose, more=verdict_tables.MORE)
        elif isinstance(result, Comparison):
            showing.erasers(result.document().plain(), console, brief=brief)
        elif isinstance(result, PairComparison):
            showing.pairs(result.document().plain(), console, brief=brief)
        elif isinstance(result, Calibration) or (isinstance(result, StudyResult) and brief):
            verdict_tables.say(printable(str(result)), console)
        elif isinstance(result, StudyResult):
            verdict_tables.say(printable(result.in_words()), console)
        elif brief:
            verdict_tables.show_brief(*result.values(), console=console)
        else:
            audits = list(result.values())
            truth = _truth(audits[0]) if len(audits) == 1 else {}
            verdict_tables.show(*audits, truth=truth.items(), verbose=verbose, console=console)


def show_changes(first: Path, second: Path, console: Console, *, verbose: bool) -> None:
    """Print what changed from one result to another of the same kind."""
    one, two = read(first), read(second)
    if type(one) is not type(two):
        complain(
            "two results must be of the same kind to be compared",
            f"{str(first)!r} is {WORDS[type(one)]} and {str(second)!r} {WORDS[type(two)]}",
        )
    placed = any(isinstance(each, dict) and len(each) > 1 for each in (one, two))
    with _whole(console, first, second):
        sides = _side(str(first), one, placed), _side(str(second), two, placed)
        verdict_tables.show_parts(*changes.changes(*sides, every=verbose), console=console)


@contextmanager
def _whole(console: Console, *files: Path) -> Iterator[None]:
    """Print all or nothing: refuse a document whose parts do not fit together.

    A schema does not say so much: a reader may lack a label that the document names.
    """
    try:
        with console.capture() as held:
            yield
    except InputError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        _refuse(error, *files)
    console.file.write(held.get())


def _refuse(error: Exception, *files: Path) -> NoReturn:
    named = " and ".join(repr(str(file)) for file in files)
    received = f"a part is missing or damaged ({type(error).__name__}: {error})"
    raise InputError(f"{named} must be as to_json wrote it", received) from error


def _audits(result: Result) -> Saved:
    """Return audits by name, and any other result unchanged."""
    if isinstance(result, Audit):
        return by_name([result])
    if isinstance(result, Layers | ModelAudit):
        return dict(result.audits)
    return by_name(result.audits) if isinstance(result, Attributes) else result


def _truth(one: Audit) -> Mapping[str, str]:
    """Return what is known to be true of a world, claim by claim."""
    source = one.provenance.get("source")
    known = source.get("truth") if is_mapping(source) else None
    return {str(k): str(v) for k, v in known.items()} if is_mapping(known) else {}


def _side(file: str, result: Saved, placed: bool) -> change_lines.Side:
    """Return what is compared of a result; ``placed`` if there are several representations."""
    if isinstance(result, Comparison):
        return change_lines.of_erasers(file, result.document().plain())
    if isinstance(result, PairComparison):
        return change_lines.of_pairs(file, result.document().plain())
    if isinstance(result, Calibration | StudyResult):
        what = "calibrations" if isinstance(result, Calibration) else "studies"
        complain("two results must be audits or comparisons to be compared", f"these are {what}")
    if isinstance(result, SameConcept):
        return change_lines.of_labels(file, result.document().plain())
    documents = {name: one.document().plain() for name, one in result.items()}
    return change_lines.of_audits(file, documents, placed=placed)
