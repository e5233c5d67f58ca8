"""Memory of the machine: how much is free, and whether a piece of work fits in it."""

from __future__ import annotations

import os
from pathlib import Path

_INFO = Path("/proc/meminfo")
_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def available() -> int | None:
    """Return the number of bytes that a process can still take, or None if it is not known."""
    free = _free()
    if free is None:
        return None
    for path in _LIMITS:  # a container may have less than its machine
        try:
            free = min(free, int(path.read_text()))
        except (OSError, ValueError):
            continue
    return free


def _free() -> int | None:
    try:
        lines = dict(line.split(":", 1) for line in _INFO.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows and macOS do not say
        return None


def in_words(size: float) -> str:
    """Return a number of bytes in GB or MB.

    Examples
    --------
    >>> in_words(20_000_000_000), in_words(5e6)
    ('20 GB', '5 MB')
    """
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"
