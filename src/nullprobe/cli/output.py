"""Output of a command: a page and its JSON twin, and where they may go."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.printable import CONTROL
from nullprobe._core.validation import complain
from nullprobe.auditing.result import Audit
from nullprobe.cli import arguments
from nullprobe.report.document import write_json
from nullprobe.report.pages.audits import write_html
from nullprobe.report.text.answer import Lead
from nullprobe.report.text.tables import Table


def stem(name: str, concept: str, what: str) -> str:
    r"""Return what the files of a result are called, without their suffixes.

    Examples
    --------
    >>> stem("block.11", "is it / true?", "compare")
    'block.11-is-it-true-compare'
    >>> stem("rows\x1b[2J", "y", "audit")
    'rows-[2J-y-audit'
    """
    text = re.sub(r"[^\w.]+", "-", concept).strip("-.")
    name = CONTROL.sub("-", name)  # of a file; its name may hold what a terminal obeys
    return f"{name}-{text or 'concept'}-{what}"


def write(
    folder: Path,
    stem: str,
    results: Sequence[Audit],
    lead: Lead = (),
    lead_tables: Sequence[Table] = (),
) -> tuple[Path, Path]:
    """Write one page of all results and its JSON twin: both, or neither.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    stem : str
        Name of the two files without their suffixes.
    results : sequence of Audit
    lead, lead_tables : sequence of (str, str), sequence of Table
        What the page says first, and tables after it.
    """
    documents = [result.document() for result in results]
    return write_both(
        folder,
        stem,
        lambda path: write_html(path, documents, lead, lead_tables),
        lambda path: write_json(path, documents),
    )


def write_both(
    folder: Path, stem: str, to_html: Callable[[Path], Any], to_json: Callable[[Path], Any]
) -> tuple[Path, Path]:
    """Write a page and its JSON twin, each by what takes a path: both files, or neither."""
    page, twin = folder / f"{stem}.html", folder / f"{stem}.json"
    need_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(page) as new_page, whole_file(twin) as new_twin:
        to_html(new_page)
        to_json(new_twin)
    return page, twin


def need_new(folder: Path, stem: str, *, force: bool) -> None:
    """Refuse to replace a page or its JSON twin, unless ``force`` says so."""
    arguments.need_new(folder / f"{stem}.html", folder / f"{stem}.json", force=force)


def need_folder(folder: Path) -> None:
    """Refuse a folder that cannot be: better one word now than one after minutes of work."""
    is_file = folder.exists() and not folder.is_dir()
    if is_file or (folder.suffix in (".html", ".json") and not folder.exists()):
        complain(
            "--out must name the folder for the page and its JSON twin",
            f"{str(folder)!r} {'is' if is_file else 'looks like'} a file",
            "name a folder; the files are named after what is audited",
        )
    need_writable(folder)


def need_writable(folder: Path) -> None:
    """Refuse a folder that cannot be made, or not be written to."""
    above = folder.resolve()
    while not above.exists():
        above = above.parent
    if not above.is_dir() or not os.access(above, os.W_OK):
        complain(
            "--out must name a folder that you may write to",
            f"{str(folder)!r} is not one",
        )
