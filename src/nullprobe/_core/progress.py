"""Progress: what the argument ``progress`` of an entry point means.

False is silent, True shows a bar for each stage on stderr, and a function is called with the stage,
the amount done and the total. Within a stage the amount grows up to the total.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

from nullprobe._core.printable import in_a_line
from nullprobe._core.validation import complain

Report = Callable[[str, int, int], object]  # stage, amount done, total
Progress = bool | Report


def reporting(progress: Any) -> AbstractContextManager[Report]:
    """Return a context with the function that reports progress.

    Parameters
    ----------
    progress : bool or callable
        False is silent, True shows bars on stderr, a function (stage, done, total) is called.

    Raises
    ------
    InputError
        If progress is anything else.

    Examples
    --------
    >>> with reporting(print) as report:
    ...     report("permutations", 1, 2)
    permutations 1 2
    >>> with reporting(False) as report:
    ...     report("permutations", 1, 2)
    """
    if callable(progress):
        return nullcontext(progress)
    if not isinstance(progress, bool):
        complain(
            "progress must be True, False or a function (stage, done, total)",
            f"{progress!r} arrived",
        )
    # In a notebook, stderr is not a terminal, and bars are wanted all the same.
    return Bars(disable=False) if progress else nullcontext(silent)


class Bars:
    """One progress bar after the other on stderr, one for each stage.

    Parameters
    ----------
    title : str
        What stands before the stage.
    disable : bool or None
        Whether to show nothing; None shows bars if stderr is a terminal.
    """

    def __init__(self, title: str = "", *, disable: bool | None = None) -> None:
        self.title, self.disable = title, disable
        self.stage = ""
        self.bar: tqdm | None = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` steps of a stage are done."""
        if stage != self.stage or self.bar is None:
            self.close()
            self.stage = stage
            name = in_a_line(f"{self.title}: {stage}" if self.title else stage)
            self.bar = tqdm(
                desc=name, total=total, leave=False, disable=self.disable, dynamic_ncols=True
            )
        self.bar.total = total
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        """Take the bar off the screen."""
        if self.bar is not None:
            self.bar.close()
        self.bar = None

    def __enter__(self) -> Self:
        """Return the bars themselves."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Take the bar off the screen, whatever happened."""
        self.close()


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""
