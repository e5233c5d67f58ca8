"""Library: the studies by name, and those of a file."""

from __future__ import annotations

from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from nullprobe._core.parameters import known
from nullprobe._core.validation import complain
from nullprobe.studies.definition import Study

# Name of a study → its module, which has it under that name.
STUDY_NAMES = (
    "beliefs", "authors", "opposites", "direction", "outside", "contexts", "pretence"
)  # fmt: skip
STUDIES = {name: f"nullprobe.studies.{name}" for name in STUDY_NAMES}


def by_name(name: str) -> Study:
    """Return a study of the library, or complain.

    Examples
    --------
    >>> by_name("beliefs").unit
    'R²'
    """
    known("study", name, list(STUDIES))
    return getattr(import_module(STUDIES[name]), name)


def of_file(path: str | Path) -> Study:
    """Return the only study of a Python file, which is executed.

    Raises
    ------
    InputError
        If there is no such file, or it does not define exactly one study.
    """
    file = Path(path)
    spec = spec_from_file_location(file.stem, file) if file.is_file() else None
    if spec is None or spec.loader is None:
        complain("a study must be the name of one, or a Python file", f"{str(path)!r} arrived")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    studies = {id(one): one for one in vars(module).values() if isinstance(one, Study)}
    if len(studies) != 1:
        complain(f"{file.name} must define one study", f"it defines {len(studies)}")
    return next(iter(studies.values()))
