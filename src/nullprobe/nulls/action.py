"""Actions: a null is a group of maps that act on labels, or on what labels leave of the rows.

What an explanation allows is kept, the rest is broken, and the whole pipeline is rerun on what
comes out. If the explanation is true, that is as likely as the data were, and the rank of the
observed statistic among the draws is a p-value. See `docs/methods/nulls.md` for what each action
keeps and breaks, and where it is exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Action(ABC):
    """A group action, any draw of which can be computed alone.

    Attributes
    ----------
    seed : tuple of int
        Of all draws.
    """

    seed: tuple[int, ...]

    @property
    @abstractmethod
    def description(self) -> str:
        """What is done, in words."""

    def rng(self, k: int) -> np.random.Generator:
        """Return the generator of draw k, the same in any order and on any worker."""
        return np.random.default_rng([*self.seed, k])

    @abstractmethod
    def draw(self, k: int) -> np.ndarray:
        """Return draw k: rows (n, d), or the positions (n,) that labels come from."""
