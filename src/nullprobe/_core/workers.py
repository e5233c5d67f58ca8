"""Workers: threads and processes that share the work of an audit.

Problem. An audit needs thousands of independent computations, which take from a millisecond to a
second each. Its result must not depend on the number of cores.

Solution. The work is divided into pieces without regard to the machine, and each piece runs with
one BLAS thread. Threads cannot run Python code at the same time, so processes are faster where a
piece takes about a second. The processes live through all stages and receive shared data once.
They keep the memory that they free: allocating it again took half of their time. joblib replaces
a process that has grown by 300 MB and warns of it; the new one does the same work, so the warning
is not shown.
"""

from __future__ import annotations

import ctypes
import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache, partial
from typing import Any

from joblib import Parallel, delayed, effective_n_jobs

from nullprobe._core.parallel import one_blas_thread

# Stages that run in processes if X is large or there are many pieces.
SENT = ("halfspaces", "nonlinear readers", "matching", "moments", "noise")
LARGE, MANY = 2**16, 100  # at least so many elements, or pieces
MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1  # of mallopt, in <malloc.h>


class Workers:
    """Applies work to the pieces of a stage.

    Parameters
    ----------
    stack : ExitStack
        Context that ends the threads and processes.
    size : int
        Number of elements of the representation.
    progress : callable
        Callable (stage, done, total) that reports the pieces that are done.
    n_jobs : int or None
        Number of threads or processes, as joblib counts them.
    """

    def __init__(
        self,
        stack: ExitStack,
        size: int,
        progress: Callable[[str, int, int], object],
        n_jobs: int | None = None,
    ) -> None:
        self.stack, self.size, self.progress, self.n_jobs = stack, size, progress, n_jobs
        self._jobs: dict[str, Any] = {}

    def map(self, stage: str, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Apply work to items, in order, with progress."""
        is_long = self.size >= LARGE or len(items) >= MANY
        kind = "processes" if stage in SENT and is_long else "threads"
        if kind not in self._jobs:
            # Parallel itself would pass over a configured number for threads.
            n_jobs = effective_n_jobs(self.n_jobs)  # pyright: ignore[reportArgumentType]
            jobs = Parallel(n_jobs=n_jobs, prefer=kind, return_as="generator")
            self._jobs[kind] = self.stack.enter_context(jobs)
        if kind == "processes":
            work = partial(_in_process, os.getpid(), work)
        results = []
        with one_blas_thread, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
            for result in self._jobs[kind](delayed(work)(item) for item in items):
                results.append(result)
                self.progress(stage, len(results), len(items))
        return results


def _in_process(home: int, work: Callable[[Any], Any], item: Any) -> Any:
    """Do a piece of work; processes other than ``home``, the main one, keep freed memory."""
    if os.getpid() != home:
        _keep_memory()
    return work(item)


@cache
def _keep_memory() -> None:
    """Let this process keep up to 256 MiB of freed memory if its C library is glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(MMAP_THRESHOLD, 2**25)
    mallopt(TRIM_THRESHOLD, 2**28)
