"""Memory that a command needs: stated before it starts, and refused where the machine has less."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from nullprobe._core.memory import available, in_words
from nullprobe._core.validation import InputTypeError, complain
from nullprobe.data import places
from nullprobe.data.formats import holds_one_array
from nullprobe.data.located_rows import located
from nullprobe.data.row_sources import is_streamed, rows_of

WORTH_STATING = 1 << 30  # bytes; less than this is not stated
SMALL_FILE = 1 << 28  # bytes; all rows of smaller files are read without asking
# Bytes for each number of a float32 representation, as measured, rounded up: of an audit, and of a
# fit to rows.
OF_AUDIT, OF_FIT = 120.0, 40.0
OF_CAPTURE = 8.0  # of states that go into one file: collected in pieces, and joined


def need(n: int, d: int, working: float, what: str, hint: str) -> None:
    """State how much memory the work on n rows of d features needs, and refuse it if that is more.

    Parameters
    ----------
    n, d : int
    working : float
        Bytes that are needed for each number of the representation.
    what : str
        What needs the memory.
    hint : str
        What to do instead; ``{rows}`` stands for the number of rows that fit.
    """
    size, free = n * d * working, available()
    required = f"{what} needs all {n:,} rows in memory, about {in_words(size)}"
    if free is not None and size > free:
        rows = max(1, int(free / (d * working)))
        complain(required, f"{in_words(free)} are free", hint.format(rows=rows))
    if size >= WORTH_STATING:
        print(f"nullprobe: {required}", file=sys.stderr)


def need_rows(path: Path, others: Sequence[str | None], *, times: int = 1) -> None:
    """Refuse a file whose rows do not fit in memory together.

    Parameters
    ----------
    path : Path
        Only kinds of files that state their number of rows are checked.
    others : sequence of str or None
        Arrays or columns that are not features.
    times : int
        Number of representations of this size that are read.
    """
    if not places.is_local(path) or _bytes(path) < SMALL_FILE or not is_streamed(path):
        return
    try:
        source = rows_of(path)
    except InputTypeError:  # sparse rows, which take little memory
        return
    present = [*source] if isinstance(source, dict) else source.schema.names
    lone = holds_one_array(path)
    named = [name for name in others if name in present and not (lone and name == "X")]
    where = located(source, [name for name in named if name is not None], str(path))
    hint = "pass --rows {rows}, or fewer: rows are then drawn at random, and recorded"
    need(where.n, where.d * times, OF_AUDIT, "this command", hint)


def _bytes(path: Path) -> int:
    """Return the size of a file, or of the files in a folder."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)
