"""Records of the study: one line of JSON for each cell and seed, safe after a kill.

    python benchmarks/calibration/records.py     # packs them into records.jsonl.xz, to be committed

Whoever has the packed records can judge them again, and go on where the study stopped.
"""

from __future__ import annotations

import fcntl
import json
import lzma
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

PATH = Path(__file__).with_name("records.jsonl")
Record = Mapping[str, Any]


def packed(path: Path = PATH) -> Path:
    """Return where the packed records lie."""
    return path.with_name(path.name + ".xz")


def read(path: Path = PATH) -> list[dict[str, Any]]:
    """Return the packed records and those after them.

    A last line that was cut off is left out; of two records of one cell and seed the last counts.
    """
    old = lzma.decompress(packed(path).read_bytes()) if packed(path).exists() else b""
    new = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    rows = [json.loads(line) for line in (old + new).splitlines() if line]
    return [*{(row["cell"], row["seed"]): row for row in rows}.values()]


def pack(path: Path = PATH) -> int:
    """Put all records into the packed file, sorted; return how many there are."""
    with appending(path) as file:
        rows = sorted(read(path), key=lambda row: (row["cell"], row["seed"]))
        lines = "".join(_line(row) for row in rows)
        whole = packed(path).with_suffix(".part")
        whole.write_bytes(lzma.compress(lines.encode(), preset=9))
        whole.replace(packed(path))
        file.truncate(0)
    return len(rows)


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
    file.write(_line(record))
    file.flush()
    os.fsync(file.fileno())


def _line(record: Record) -> str:
    return json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n"


if __name__ == "__main__":
    print(f"{pack()} records in {packed().name}")
