"""Actions: a null is a group of maps that act on labels, or on residuals of rows.

An action keeps what an explanation allows and breaks the rest. The whole pipeline is rerun on each
draw. If the explanation is true, draws are as likely as the data, and the rank of the observed
statistic among the draws is a p-value. `docs/methods/nulls.md` lists what each action keeps and
breaks, and when it is exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Action(ABC):
    """A group action. Any draw can be computed without the others.

    Attributes
    ----------
    seed : tuple of int
        Seed of all draws.

    Examples
    --------
    >>> class Shifts(Action):
    ...     description = "labels of a series shifted cyclically"
    ...     def draw(self, k):
    ...         return np.roll(np.arange(5), self.rng(k).integers(5))
    >>> shifts = Shifts(seed=(0,))
    >>> bool((shifts.draw(7) == Shifts(seed=(0,)).draw(7)).all())
    True
    """

    seed: tuple[int, ...]

    @property
    @abstractmethod
    def description(self) -> str:
        """What the action does, in words."""

    def rng(self, k: int) -> np.random.Generator:
        """Return the generator of draw k; it is the same in any order and on any worker."""
        return np.random.default_rng([*self.seed, k])

    @abstractmethod
    def draw(self, k: int) -> np.ndarray:
        """Return draw k: rows (n, d), or positions (n,) from which labels come."""
