"""Workers: the cores of the machine, which share the pieces of an audit while it runs.

Problem. An audit asks for thousands of readings that do not depend on each other, some of which
take a millisecond and some a second, and must say the same whatever the number of cores.

Solution. Pieces are cut before anything is known of the machine, and each is worked on with one
BLAS thread. Threads take turns at what Python does between products; where a piece of work takes a
second, processes are worth their start. Those stay for all stages, with what they were sent once,
and keep the memory that they free: asking the system for it again took half of their time.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache, partial
from typing import Any

from joblib import Parallel, delayed

from nullprobe._core.parallel import one_blas_thread

# Stages that processes share where X is large, or where there is much to draw.
SENT = ("halfspaces", "nonlinear readers", "matching", "moments", "noise")
LARGE, MANY = 2**16, 100  # elements, or pieces, or more
MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1  # of mallopt, in <malloc.h>


class Workers:
    """Applies work to the pieces of a stage.

    Parameters
    ----------
    stack : ExitStack
        Ends the threads and processes.
    size : int
        Elements of the representation.
    progress : callable
        Takes the stage, how many pieces are done, and of how many.
    """

    def __init__(
        self, stack: ExitStack, size: int, progress: Callable[[str, int, int], object]
    ) -> None:
        self.stack, self.size, self.progress = stack, size, progress
        self._jobs: dict[str, Any] = {}

    def map(self, stage: str, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Apply work to items on all cores, in order, with progress."""
        is_long = self.size >= LARGE or len(items) >= MANY
        kind = "processes" if stage in SENT and is_long else "threads"
        if kind not in self._jobs:
            jobs = Parallel(n_jobs=-1, prefer=kind, return_as="generator")
            self._jobs[kind] = self.stack.enter_context(jobs)
        if kind == "processes":
            work = partial(_in_process, os.getpid(), work)
        found = []
        with one_blas_thread:
            for result in self._jobs[kind](delayed(work)(item) for item in items):
                found.append(result)
                self.progress(stage, len(found), len(items))
        return found


def _in_process(home: int, work: Callable[[Any], Any], item: Any) -> Any:
    """Do a piece of work; in a process other than ``home``, which is ours, freed memory is kept."""
    if os.getpid() != home:
        _keep_memory()
    return work(item)


@cache
def _keep_memory() -> None:
    """Let this process keep up to 512 MiB that it has freed, where its C library is glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(MMAP_THRESHOLD, 2**25)
    mallopt(TRIM_THRESHOLD, 2**29)
