"""Threads: work on all cores, and BLAS kept from getting into its way."""

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
    """Call ``function(*piece)`` for all pieces of work, on all cores or on so many at most.

    Each core works on pieces of its own, with BLAS on one thread: products of few rows lose
    more by threads that wait for each other than they gain.
    """
    # To count cores is to read files, which takes as long as a small piece of work.
    cores = 1 if len(pieces) < 2 else min(len(pieces), most or cpu_count())
    if cores < 2:
        for piece in pieces:
            function(*piece)
        return
    left = iter(pieces)

    def work(_: int) -> None:
        for piece in left:
            function(*piece)

    with one_blas_thread, ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, range(cores)))


class Workers:
    """Threads that share out work again and again, with BLAS on one thread each meanwhile.

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
        """Let the threads end, and BLAS have its own."""
        self.pool.shutdown()
        one_blas_thread.__exit__()

    def map(self, function: Callable[[Any], Any], pieces: Sequence[Any]) -> Iterable[Any]:
        """Return what ``function`` returns for each piece, in order."""
        return map(function, pieces) if len(pieces) < 2 else self.pool.map(function, pieces)


class _OneThread:
    """Keeps BLAS on one thread; the last to leave restores what the first one found.

    Of all libraries, or of those whose file lies in a folder of this name.
    """

    def __init__(self, folder: str = "") -> None:
        self.folder, self.lock, self.inside = folder, threading.Lock(), 0
        self.libraries: ThreadpoolController | None = None
        self.found: Any = None

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                # Finding the libraries takes milliseconds, as long as a call may do in all.
                self.libraries = self.libraries or self._libraries()
                self.found = self.libraries.limit(limits=1, user_api="blas")
            self.inside += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside and self.found is not None:
                self.found.restore_original_limits()

    def _libraries(self) -> ThreadpoolController:
        every = ThreadpoolController()
        paths = [library["filepath"] for library in every.info()]
        return every.select(filepath=[path for path in paths if self.folder in path])


one_blas_thread = _OneThread()
_one_scipy_thread = _OneThread("scipy.libs")


def small(d: int) -> AbstractContextManager[None]:
    """Return a context for many small products and systems of d features, one after the other."""
    return one_blas_thread if d <= SMALL_SYSTEM else nullcontext()


def few_solves(d: int) -> AbstractContextManager[None]:
    """Return a context for small systems of d equations, solved between products of NumPy.

    NumPy and SciPy bring a BLAS each. The threads of either wait for more work for a while, on the
    cores that those of the other need: for small systems one thread of SciPy's is faster.
    """
    return _one_scipy_thread if d <= SMALL_SYSTEM else nullcontext()


class Workspace(threading.local):
    """Memory for two blocks of rows, of each thread its own.

    Taking new memory for each block costs as much as what is done with it.
    """

    blocks: tuple[np.ndarray, ...] = ()

    def take(self, shape: tuple[int, int], dtype: Any) -> list[np.ndarray]:
        """Return two arrays of a shape (n, d), d and dtype the same each time."""
        if not self.blocks or len(self.blocks[0]) < shape[0]:
            self.blocks = tuple(np.empty(shape, dtype) for _ in range(2))
        return [block[: shape[0]] for block in self.blocks]
