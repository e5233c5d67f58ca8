"""Records of the study: one line of JSON for each cell and seed, safe after a kill."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

PATH = Path(__file__).with_name("records.jsonl")
Record = Mapping[str, Any]


def read(path: Path = PATH) -> list[dict[str, Any]]:
    """Return the records; a last line that was cut off is left out, the last of equals counts."""
    if not path.exists():
        return []
    whole = path.read_bytes().rpartition(b"\n")[0]
    rows = [json.loads(line) for line in whole.splitlines() if line]
    return [*{(row["cell"], row["seed"]): row for row in rows}.values()]


@contextmanager
def appending(path: Path = PATH) -> Iterator[TextIO]:
    """Open the file for one process alone, without the part of a line that a kill left."""
    with path.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"{path} is being written by another run") from None
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        # The lock is that of the file above, which stays open as long as this one.
        with path.open("a", encoding="utf-8") as text:
            yield text


def append(file: TextIO, record: Record) -> None:
    """Write a record as one whole line, and wait until it is on the disk."""
    file.write(json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n")
    file.flush()
    os.fsync(file.fileno())
