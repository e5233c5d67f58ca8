"""Progress: what the argument ``progress`` of an entry point means.

False is silent, True shows a bar for each stage on stderr, and a function is called with the stage,
the amount done and the total. Within a stage the amount grows up to the total. Where several
representations take turns, a second bar counts them, with the time left. A notebook shows its own
bars if ipywidgets is installed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Self

from tqdm import TqdmWarning

from nullprobe._core.printable import in_a_line
from nullprobe._core.validation import complain

with warnings.catch_warnings():
    warnings.simplefilter("ignore", TqdmWarning)  # a notebook without ipywidgets shows plain bars
    from tqdm.auto import tqdm

Report = Callable[[str, int, int], object]  # stage, amount done, total
Progress = bool | Report


class Turn(str):
    """A stage of one of several representations that take turns.

    Attributes
    ----------
    name : str
        The representation.
    number, count : int
        Its number, counted from 1, and how many there are.
    stage : str

    Examples
    --------
    >>> Turn.of("layer.3", 2, 12, "permutations")
    'layer.3 (2 of 12): permutations'
    """

    name: str
    number: int
    count: int
    stage: str

    @classmethod
    def of(cls, name: str, number: int, count: int, stage: str) -> Self:
        """Return the stage of a representation."""
        turn = cls(f"{name} ({number} of {count}): {stage}")
        turn.name, turn.number, turn.count, turn.stage = name, number, count, stage
        return turn


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
    """One progress bar after the other on stderr, one for each stage; above it, one for the turns.

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
        self.bar: Any = None
        self.turns: Any = None
        self.turn = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` steps of a stage are done."""
        if stage != self.stage or self.bar is None:
            self._end_stage()
            self.stage = stage
            if isinstance(stage, Turn):
                self._take_turn(stage)
            else:
                self._end_turns()
            self.bar = self._bar(stage.stage if isinstance(stage, Turn) else stage, total)
        self.bar.total = total
        self.bar.update(done - self.bar.n)

    def _take_turn(self, turn: Turn) -> None:
        """Show which representation has its turn; a lower number begins another round."""
        if self.turns is None or turn.number < self.turn or turn.count != self.turns.total:
            self._end_turns()
            self.turns = self._bar("", turn.count)
        self.turn = turn.number
        name = f"{turn.name}, {turn.number} of {turn.count}"
        self.turns.set_description(in_a_line(f"{self.title}: {name}" if self.title else name))
        self.turns.update(turn.number - 1 - self.turns.n)

    def _bar(self, stage: str, total: int) -> Any:
        name = in_a_line(f"{self.title}: {stage}" if self.title else stage)
        return tqdm(desc=name, total=total, leave=False, disable=self.disable, dynamic_ncols=True)

    def close(self) -> None:
        """Take the bars off the screen."""
        self._end_stage()
        self._end_turns()

    def _end_stage(self) -> None:
        if self.bar is not None:
            self.bar.close()
        self.bar = None

    def _end_turns(self) -> None:
        if self.turns is not None:
            self.turns.close()
        self.turns, self.turn = None, 0

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
