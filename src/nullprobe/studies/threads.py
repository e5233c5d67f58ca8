"""One thread for all that a study measures: on more, sums of floats come in another order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

from nullprobe._core.parallel import one_blas_thread


@contextmanager
def one_thread() -> Iterator[None]:
    """Run a block with one thread of BLAS, and of torch if it is installed."""
    with one_blas_thread:
        if find_spec("torch") is None:
            yield
            return
        torch = import_module("torch")
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
