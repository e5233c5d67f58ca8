"""Memory that a command needs: stated before it starts, and refused where the machine has less."""

from __future__ import annotations

import sys

from nullprobe._core.memory import available, in_words
from nullprobe._core.validation import complain

WORTH_STATING = 1 << 30  # bytes; less than this is not stated


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
        rows = int(free / (d * working))
        complain(required, f"{in_words(free)} are free", hint.format(rows=f"{rows:,}"))
    if size >= WORTH_STATING:
        print(f"nullprobe: {required}", file=sys.stderr)
