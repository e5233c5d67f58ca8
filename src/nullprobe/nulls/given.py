"""Given: labels drawn again as the confounds would have it, with everything else kept.

Problem. Permuted labels have nothing to do with the rows, nor with what everybody knows of them: a
reading that beats permuted labels may read length, source or a word that gives the label away.

Solution. Labels are permuted so that P(y | W) is kept. Where the confounds W are categories, labels
move among rows of the same values. Elsewhere pairs of rows swap their labels with the odds of
P(y | W), many times over. All draws start from one state, reached from the data by the same chain
run backwards, so that the data are one draw among others if P(y | W) is right.

Reference. T. B. Berrett, Y. Wang, R. F. Barber, R. J. Samworth, "The conditional permutation test
for independence while controlling for confounders", 2020, arXiv 1807.05405, algorithm 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nullprobe.data.concept import Concept
from nullprobe.data.confounds import Confounds
from nullprobe.data.splits import Parts
from nullprobe.heldout.confound_prediction import ConfoundPrediction
from nullprobe.nulls.action import Action

SWEEPS = 60  # in each of which every unit meets another


@dataclass(frozen=True, eq=False)
class GivenConfounds(Action):
    """Labels that move as the confounds allow.

    Kept are X, W, class counts in each block of the partitions (of groups, where these move whole)
    and P(y | W); broken is whatever else ties y to X. Exact where W are categories, and elsewhere
    as far as P(y | W) is right.

    A group of one label is one unit, and exchanges it with other such groups. In a group of several
    labels each row is a unit, and exchanges its label within the group.

    Attributes
    ----------
    data : ndarray of shape (n, k)
        Class indicators, or numbers.
    unit : ndarray of shape (n,)
        What each row moves with: codes from 0.
    block : ndarray of shape (U,)
        Within which each unit exchanges its label.
    pull : ndarray of shape (U, k)
        Slope of a unit's log-odds in its label: log P(class | W), or mean over variance.
    bend : ndarray of shape (U,)
        Their curvature, of numbers: −½ of the rows of the unit, over the variance.
    strata : bool
        Whether units of a block all have the same W, so that any exchange is as likely.
    names : tuple of str
        Of the confounds.
    """

    data: np.ndarray
    unit: np.ndarray
    block: np.ndarray
    pull: np.ndarray
    bend: np.ndarray
    strata: bool
    names: tuple[str, ...]

    @classmethod
    def of(
        cls, z: Concept, parts: Parts, W: Confounds, given: ConfoundPrediction, seed: Sequence[int]
    ) -> GivenConfounds:
        """Return the draws of a concept's labels given W that leave its partitions as they are."""
        data = z.matrix if z.is_classes else z.data
        unit, block = _units(data, parts, W.strata)
        n_units = len(block)
        if given.log_probability is not None:
            slope, bend = given.log_probability, np.zeros(len(data))
            sd = np.ones(1)
        else:
            assert given.mean is not None, "numbers have means"
            assert given.sd is not None, "and spreads about them"
            sd = np.maximum(given.sd, np.finfo(np.float64).tiny)
            slope, bend = given.mean / sd, np.full(len(data), -0.5)
            data = data / sd
        pull = np.zeros((n_units, data.shape[1]))
        np.add.at(pull, unit, slope)
        return cls(
            tuple(seed),
            data,
            unit,
            block,
            pull,
            np.bincount(unit, bend, n_units),
            W.strata is not None,
            W.names,
        )

    def tilted(self, slope: np.ndarray) -> GivenConfounds:
        """Return draws whose log-odds are off by a slope (n, k) in the label of each row."""
        pull = self.pull.copy()
        np.add.at(pull, self.unit, slope)
        return replace(self, pull=pull)

    @property
    def description(self) -> str:
        """How labels are drawn, in words."""
        of = ", ".join(self.names[:5]) + (", ..." if len(self.names) > 5 else "")
        how = "permuted among rows of the same" if self.strata else "drawn given"
        return f"labels {how} {of}, within each block; everything rerun"

    @cached_property
    def _first(self) -> np.ndarray:
        """A row of each unit, (U,)."""
        return np.unique(self.unit, return_index=True)[1]

    @cached_property
    def _hub(self) -> np.ndarray:
        """The state (U,) that all draws start from: which unit each takes its label from."""
        rng = np.random.default_rng([*self.seed, 2**31])
        return self._run(np.arange(len(self.block)), rng)

    def draw(self, k: int) -> np.ndarray:
        """Return draw k as positions (n,), such that y[order] are the labels that are drawn."""
        return self._first[self._run(self._hub, self.rng(k))][self.unit]

    def orders(self, draws: Sequence[int]) -> np.ndarray:
        """Return some draws side by side, (n, m)."""
        return np.stack([self.draw(k) for k in draws], axis=1)

    def _run(self, state: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Run the chain from a state (U,): random pairs of a block swap with the odds of W."""
        state, values = state.copy(), self.data[self._first]
        squares = (values**2).sum(axis=1)
        for _ in range(1 if self.strata else SWEEPS):
            order = np.argsort(self.block + rng.random(len(self.block)))
            if self.strata:  # all orders are alike: one shuffle is enough
                home = np.argsort(self.block, kind="stable")
                state[home] = state[order]
                continue
            a, b = order[:-1:2], order[1::2]
            together = self.block[a] == self.block[b]
            a, b = a[together], b[together]
            mine, other = state[a], state[b]
            odds = ((self.pull[a] - self.pull[b]) * (values[other] - values[mine])).sum(axis=1)
            odds += (self.bend[a] - self.bend[b]) * (squares[other] - squares[mine])
            go = np.log(rng.random(len(a))) < -np.logaddexp(0.0, -odds)
            state[a], state[b] = np.where(go, other, mine), np.where(go, mine, other)
        return state


def _units(
    data: np.ndarray, parts: Parts, strata: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the unit of each row (n,), and the block of each unit (U,)."""
    n, block = len(data), parts.blocks.astype(np.int64)
    if parts.groups is None:
        unit = np.arange(n)
    else:
        _, group = np.unique(parts.groups, return_inverse=True)
        first = np.unique(group, return_index=True)[1]
        mixed = np.zeros(len(first), dtype=bool)
        np.logical_or.at(mixed, group, (data != data[first[group]]).any(axis=1))
        if strata is not None:  # a group of several values of W cannot move whole
            np.logical_or.at(mixed, group, strata != strata[first[group]])
        alone = mixed[group]
        # Rows of a mixed group are units of their own, whose block is the group.
        unit = np.unique(np.where(alone, len(first) + np.arange(n), group), return_inverse=True)[1]
        block = np.where(alone, block.max() + 1 + group, block)
    if strata is not None:
        block = np.unique(np.column_stack([block, strata]), axis=0, return_inverse=True)[1].ravel()
    of_unit = np.empty(int(unit.max()) + 1, dtype=np.int64)
    of_unit[unit] = block
    return unit, of_unit
