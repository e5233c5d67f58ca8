"""Files of studies: loaded with their folder on the path, and their errors named as theirs."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from nullprobe._core.validation import InputError, complain
from nullprobe.studies.code_facts import is_installed
from nullprobe.studies.definition import Study
from nullprobe.studies.training import EXTRA

PREFIX = "nullprobe_study_"  # so that a file named as a module does not stand in its place


def of_file(path: str | Path) -> Study:
    """Return the only study of a Python file, which is executed.

    Raises
    ------
    InputError
        If there is no such file, it raises an error, or it does not define exactly one study.
    """
    file = Path(path)
    name = f"{PREFIX}{file.stem}"
    spec = spec_from_file_location(name, file.resolve()) if file.is_file() else None
    if spec is None or spec.loader is None:
        complain("a study must be the name of one, or a Python file", f"{str(path)!r} arrived")
    module = module_from_spec(spec)
    sys.modules[name] = module  # as dataclasses need it
    with at_work(file):
        spec.loader.exec_module(module)
    studies = {id(one): one for one in vars(module).values() if isinstance(one, Study)}
    if len(studies) != 1:
        complain(f"{file.name} must define one study", f"it defines {len(studies)}")
    return next(iter(studies.values()))


@contextmanager
def at_work(path: str | Path) -> Iterator[None]:
    """Let a file import its neighbours, and complain of errors that its code raises.

    Raises
    ------
    InputError
        Names the file, the line and the error, as it does where this library refuses what the file
        passes to it. An error of other code is raised as it is.
    """
    folder = str(Path(path).resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    except InputError as error:
        place = _place(error, folder)
        if not place:
            raise
        raise type(error)(f"{place}: {error.required}", error.received, error.hint) from error
    except (Exception, SystemExit) as error:
        place = _place(error, folder)
        if not place or isinstance(error, MemoryError) or _lacks_models(error):
            raise
        text = " ".join(str(error).split())
        complain(
            f"{Path(path).name} must run without an error",
            f"{type(error).__name__}{': ' if text else ''}{text} arose in {place}",
        )
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def _lacks_models(error: BaseException) -> bool:
    return isinstance(error, ModuleNotFoundError) and error.name in EXTRA


def _place(error: BaseException, folder: str) -> str:
    """Return the last line of the study's folder that an error passed through; "" if none."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "", error.lineno))
    inside = [
        (file, line)
        for file, line in frames
        if Path(folder) in Path(file).parents and not is_installed(Path(file))
    ]
    return f"{Path(inside[-1][0]).name}, line {inside[-1][1]}" if inside else ""
