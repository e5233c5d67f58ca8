"""Library: the studies by name."""

from __future__ import annotations

from importlib import import_module

from nullprobe._core.parameters import known
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
