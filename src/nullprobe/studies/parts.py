"""Parts: cells × seeds that are done, kept in a folder so that a run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.validation import complain
from nullprobe._version import __version__
from nullprobe.data import provenance
from nullprobe.studies.code_facts import Code
from nullprobe.studies.definition import Cell, Study
from nullprobe.studies.result import Record

PARTS = "parts"


class Parts:
    """The folder of a study's parts.

    Parameters
    ----------
    study : Study
    code : Code
        Of its function, as it is when the run begins.
    folder : Path
    quick : bool
    """

    def __init__(self, study: Study, code: Code, folder: Path, *, quick: bool) -> None:
        self._study, self._code, self._folder = study, code, folder
        self._facts: list[Any] = [__version__, quick, versions()]

    def add(self, fact: str) -> None:
        """Add something that all numbers depend on: parts without it are not read."""
        self._facts.append(fact)

    def read(self, cell: Cell, seed: int) -> Record | None:
        """Return a part that is there and that the same code has measured, or None."""
        try:
            fields = json.loads(self._path(cell, seed).read_text("utf-8"))
            if not self._code.is_same(fields["code"]):
                return None
            lists = [{k: tuple(v) for k, v in fields[name].items()} for name in ("nulls", "series")]
            return Record(cell, seed, fields["values"], *lists)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None  # not there, or damaged: it is measured again

    def write(self, record: Record) -> None:
        """Keep a part, with the facts of the code that measured it."""
        fields = {
            "values": record.values,
            "nulls": record.nulls,
            "series": record.series,
            "code": self._code.facts(),
        }
        with whole_file(self._path(record.cell, record.seed)) as temporary:
            Path(temporary).write_text(json.dumps(fields), "utf-8")

    def _path(self, cell: Cell, seed: int) -> Path:
        facts = [*self._facts, str(cell), seed]
        key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]
        return self._folder / f"{self._study.name}-{key}.json"


def parts_of(study: Study, out: str | os.PathLike[str] | None, *, quick: bool) -> Parts | None:
    """Return where parts are kept; None without a folder, or where the code is not known."""
    if out is None:
        return None
    folder = Path(out) / PARTS
    for place in (Path(out), folder):
        if place.exists() and not place.is_dir():
            complain("out must name a folder", f"{str(place)!r} is a file")
    code = Code(study.measure)
    if not code.is_known:
        warnings.warn(
            f"nothing is kept in {str(out)!r}, and every cell is measured anew: the function of "
            f"the study {study.name!r} must be defined in a file, with numbers and words as its "
            "defaults and closures",
            stacklevel=3,
        )
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return Parts(study, code, folder, quick=quick)


def versions() -> dict[str, str]:
    """Return the versions of all that numbers depend on."""
    known: dict[str, Any] = provenance.versions()
    with suppress(PackageNotFoundError):
        known |= {name: version(name) for name in ("torch", "transformers")}
    return known
