"""Streams: lines to stdout and stderr, with control characters written out.

Tables go through `verdict_tables.Terminal`; whatever else a command writes goes through here.
"""

from __future__ import annotations

import sys

from nullprobe._core.printable import printable
from nullprobe.cli.option_names import in_options


def write(*lines: str) -> None:
    """Write lines to stdout."""
    for line in lines:
        print(printable(line))


def complain(sentence: str) -> None:
    """Write a sentence to stderr."""
    print(f"nullprobe: {printable(sentence)}", file=sys.stderr)


def warn(message: object) -> None:
    """Write a warning to stderr, above the progress bar if there is one."""
    from tqdm import tqdm

    tqdm.write(f"nullprobe: {printable(in_options(str(message)))}", file=sys.stderr)
