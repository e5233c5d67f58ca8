"""Workers: the cores of the machine, which share the pieces of an audit while it runs.

Problem. An audit asks for thousands of readings that do not depend on each other, some of which
take a millisecond and some a second, and must say the same whatever the number of cores.

Solution. Pieces are cut before anything is known of the machine, and each is worked on with one
BLAS thread. Threads take turns at what Python does between products; where a piece of work takes a
second, processes are worth their start. Those stay for all stages, with what they were sent once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from joblib import Parallel, delayed

from nullprobe._core.parallel import one_blas_thread

# Stages that processes share where X is large.
SENT = ("nonlinear readers", "matching", "moments", "noise")
LARGE = 2**20  # elements or more


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
        kind = "processes" if stage in SENT and self.size >= LARGE else "threads"
        if kind not in self._jobs:
            jobs = Parallel(n_jobs=-1, prefer=kind, return_as="generator")
            self._jobs[kind] = self.stack.enter_context(jobs)
        found = []
        with one_blas_thread:
            for result in self._jobs[kind](delayed(work)(item) for item in items):
                found.append(result)
                self.progress(stage, len(found), len(items))
        return found
