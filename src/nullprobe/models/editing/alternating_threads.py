"""Pause work and continue it later, in threads that run one at a time.

Problem. A forward pass can be paused at a hook only by blocking its thread.
Solution. Each piece of work has its own thread. It runs when the caller gives it the turn, until it
gives the turn back. So the order of all steps is fixed.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable

from nullprobe._core.validation import complain


class _Ended(BaseException):
    """Unwind work that will not continue; ``except Exception`` must not catch it."""


class Turn:
    """Work that runs from stop to stop.

    Parameters
    ----------
    work : callable
        Called with this object in a separate thread; may call :meth:`stop`. Context variables
        are copied from the thread that creates this object.
    """

    def __init__(self, work: Callable[[Turn], None]) -> None:
        self._work, self._context = work, contextvars.copy_context()
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._ending, self._over = False, False
        self._at: str | None = None
        self._error: BaseException | None = None

    def go_on(self) -> str | None:
        """Let the work run to its next stop, and return the name of the stop; None at the end."""
        self._at = None
        if self._over:
            return None
        thread = self._thread or self._start()
        self._go.release()
        self._back.acquire()
        if self._over:
            thread.join()
        if self._error is not None:
            raise self._error
        return self._at

    def stop(self, at: str) -> None:
        """Give the turn back and wait for the next turn; called by the work."""
        self._at = at
        self._back.release()
        self._go.acquire()
        if self._ending:
            raise _Ended

    def end(self) -> None:
        """Unwind stopped work, and wait for its thread."""
        self._ending = True
        if self._thread is not None:
            self._go.release()
            self._thread.join()

    def stop_for_good(self, at: str) -> None:
        """Give the turn back and end the work, which frees its memory; called by the work."""
        self._at = at
        raise _Ended

    def _start(self) -> threading.Thread:
        thread = threading.Thread(target=self._context.run, args=(self._run,), daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            complain(
                "each batch needs its own thread",
                f"the system cannot start another ({error})",
                "pass a larger batch_size, which makes fewer batches",
            )
        self._thread = thread
        return thread

    def _run(self) -> None:
        self._go.acquire()
        try:
            if not self._ending:
                self._work(self)
        except _Ended:
            pass
        except BaseException as error:
            self._error = error
        finally:
            self._over = True
            self._back.release()
