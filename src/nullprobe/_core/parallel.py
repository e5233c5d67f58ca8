"""Threads: work on all cores, with BLAS limited to one thread where its threads would interfere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from joblib import cpu_count
from threadpoolctl import ThreadpoolController

SMALL_SYSTEM = 1024


def on_cores(
    function: Callable[..., None], pieces: Sequence[tuple], *, most: int | None = None
) -> None:
    """Call ``function(*piece)`` for all pieces of work, on all cores or on at most ``most``.

    Each core works on separate pieces, with BLAS on one thread. In products of few rows, BLAS
    threads wait for each other longer than they work.
    """
    # Counting the cores reads files, which takes as long as a small piece of work.
    cores = 1 if len(pieces) < 2 else min(len(pieces), most or cpu_count())
    if cores < 2:
        for piece in pieces:
            function(*piece)
        return
    remaining = iter(pieces)

    def work(_: int) -> None:
        for piece in remaining:
            function(*piece)

    with one_blas_thread, ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, range(cores)))


class Workers:
    """A pool of threads for repeated use; meanwhile BLAS has one thread.

    Attributes
    ----------
    n : int
        Number of threads.
    """

    def __init__(self) -> None:
        self.n = cpu_count()

    def __enter__(self) -> Workers:
        """Start the threads."""
        one_blas_thread.__enter__()
        self.pool = ThreadPoolExecutor(self.n)
        return self

    def __exit__(self, *_: object) -> None:
        """End the threads, and restore the threads of BLAS."""
        self.pool.shutdown()
        one_blas_thread.__exit__()

    def map(self, function: Callable[[Any], Any], pieces: Sequence[Any]) -> Iterable[Any]:
        """Return the results of ``function`` for the pieces, in order."""
        return map(function, pieces) if len(pieces) < 2 else self.pool.map(function, pieces)


class _OneThread:
    """Limits BLAS to one thread; the last to leave restores the limits before the first entered.

    With a ``folder``, only libraries whose file lies in a folder of this name are limited.
    """

    def __init__(self, folder: str = "") -> None:
        self.folder, self.lock, self.inside = folder, threading.Lock(), 0
        self.libraries: ThreadpoolController | None = None
        self.limits: Any = None

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                # Listing the libraries takes milliseconds, as long as a whole call may take.
                self.libraries = self.libraries or self._libraries()
                self.limits = self.libraries.limit(limits=1, user_api="blas")
            self.inside += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside and self.limits is not None:
                self.limits.restore_original_limits()

    def _libraries(self) -> ThreadpoolController:
        every = ThreadpoolController()
        paths = [library["filepath"] for library in every.info()]
        return every.select(filepath=[path for path in paths if self.folder in path])


one_blas_thread = _OneThread()
_one_scipy_thread = _OneThread("scipy.libs")


def small(d: int) -> AbstractContextManager[None]:
    """Return a context for many consecutive small products and systems of d features."""
    return one_blas_thread if d <= SMALL_SYSTEM else nullcontext()


def few_solves(d: int) -> AbstractContextManager[None]:
    """Return a context for small systems of d equations that alternate with products of NumPy.

    NumPy and SciPy have separate BLAS libraries. Idle threads of one library occupy for a while the
    cores that the other library needs. For small systems, one thread of SciPy's BLAS is faster.
    """
    return _one_scipy_thread if d <= SMALL_SYSTEM else nullcontext()


class Workspace(threading.local):
    """Memory for two blocks of rows, separate for each thread.

    Allocating memory for each block costs as much time as the work on the block.
    """

    blocks: tuple[np.ndarray, ...] = ()

    def take(self, shape: tuple[int, int], dtype: Any) -> list[np.ndarray]:
        """Return two arrays of a shape (n, d); d and dtype must be the same in every call."""
        if not self.blocks or len(self.blocks[0]) < shape[0]:
            self.blocks = tuple(np.empty(shape, dtype) for _ in range(2))
        return [block[: shape[0]] for block in self.blocks]
