"""Conditional permutation: permute labels given the confounds, and keep the rest.

Problem. Permuted labels are independent of X and also of confounds, such as the length or the
source of a text. So a reading that beats permuted labels may read only a confound.

Solution. Labels are permuted so that P(y | W) is kept. If the confounds W are categories, labels
move among rows with the same values. Otherwise a Markov chain runs: random pairs of rows swap
their labels, with the odds of P(y | W). All draws start from one state. The same chain, run
backwards from the data, reaches this state. So the data are one draw among others if P(y | W) is
right.

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

SWEEPS = 60  # every unit meets one other unit in each sweep
MOST_LABELS = 50_000  # chains run together up to so many labels, so that memory stays small


@dataclass(frozen=True, eq=False)
class ConditionalPermutations(Action):
    """Permutations of labels that keep P(y | W).

    They keep X, W, P(y | W) and class counts in each block of the partitions (counts of groups, if
    groups move as a whole). They break any other dependence between y and X. They are exact if W
    are categories; otherwise they are as accurate as P(y | W).

    A group with a single label is one unit, and exchanges it with other such groups. In a group
    with several labels each row is a unit, and exchanges its label within the group.

    Attributes
    ----------
    data : ndarray of shape (n, k)
        Class indicators, or numbers.
    unit : ndarray of shape (n,)
        Unit of each row: codes from 0. The rows of a unit move together.
    block : ndarray of shape (U,)
        Block of each unit. Units exchange labels within a block.
    slope : ndarray of shape (U, k)
        Slope of the log-odds of a unit in its label: log P(class | W), or mean over variance.
    curvature : ndarray of shape (U,)
        Curvature of the log-odds, for numbers: −½ times the rows of the unit, over the variance.
    strata : bool
        Whether all units of a block have the same W. Then all exchanges are equally likely.
    names : tuple of str
        Names of the confounds.

    Examples
    --------
    Labels move only among rows of the same source:

    >>> from nullprobe.data.concept import concept
    >>> from nullprobe.data.splits import split
    >>> y, source = np.arange(400) % 2, np.repeat(["web", "book"], 200)
    >>> z, W = concept(y), Confounds.of({"source": source}, 400)
    >>> parts = split(z, groups=None, n_parts=2, rng=np.random.default_rng(0))
    >>> prediction = ConfoundPrediction("known", np.full((400, 2), np.log(0.5)), None, None, 0.0)
    >>> order = ConditionalPermutations.of(z, parts, W, prediction, seed=[0]).draw(0)
    >>> bool((source[order] == source).all()), bool((order == np.arange(400)).all())
    (True, False)
    """

    data: np.ndarray
    unit: np.ndarray
    block: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray
    strata: bool
    names: tuple[str, ...]

    @classmethod
    def of(
        cls,
        z: Concept,
        parts: Parts,
        W: Confounds,
        prediction: ConfoundPrediction,
        seed: Sequence[int],
    ) -> ConditionalPermutations:
        """Return the permutations of a concept's labels given W that keep its partitions."""
        data = z.matrix if z.is_classes else z.data
        unit, block = _units(data, parts, W.strata)
        n_units = len(block)
        if prediction.log_probability is not None:
            slope, curvature = prediction.log_probability, np.zeros(len(data))
            sd = np.ones(1)
        else:
            assert prediction.mean is not None, "a prediction of numbers has means"
            assert prediction.sd is not None, "a prediction of numbers has standard deviations"
            sd = np.maximum(prediction.sd, np.finfo(np.float64).tiny)
            slope, curvature = prediction.mean / sd, np.full(len(data), -0.5)
            data = data / sd
        of_unit = np.zeros((n_units, data.shape[1]))
        np.add.at(of_unit, unit, slope)
        return cls(
            tuple(seed),
            data,
            unit,
            block,
            of_unit,
            np.bincount(unit, curvature, n_units),
            W.strata is not None,
            W.names,
        )

    def tilted(self, change: np.ndarray) -> ConditionalPermutations:
        """Return draws whose slopes differ by a change (n, k) for each row."""
        slope = self.slope.copy()
        np.add.at(slope, self.unit, change)
        return replace(self, slope=slope)

    @property
    def description(self) -> str:
        """What the action does, in words."""
        names = ", ".join(self.names[:5]) + (", ..." if len(self.names) > 5 else "")
        how = "permuted among rows with the same" if self.strata else "drawn given"
        return f"labels {how} {names}, within each block; everything rerun"

    @cached_property
    def _first(self) -> np.ndarray:
        """The first row of each unit, (U,)."""
        return np.unique(self.unit, return_index=True)[1]

    @cached_property
    def _start(self) -> np.ndarray:
        """The state (U,) that all draws start from: the unit from which each takes its label."""
        rng = np.random.default_rng([*self.seed, 2**31])
        return self._run(np.arange(len(self.block)), [rng])[0]

    def draw(self, k: int) -> np.ndarray:
        """Return draw k as positions (n,): y[order] are the drawn labels."""
        return self.orders([k])[:, 0]

    def orders(self, draws: Sequence[int]) -> np.ndarray:
        """Return these draws as columns, (n, m)."""
        each = max(1, MOST_LABELS // len(self.block))
        drawn = [
            self._run(self._start, [self.rng(k) for k in draws[i : i + each]])
            for i in range(0, len(draws), each)
        ]
        return self._first[np.concatenate(drawn)].T[self.unit]

    def _run(self, start: np.ndarray, rngs: Sequence[np.random.Generator]) -> np.ndarray:
        """Run one chain for each generator from a state (U,): random pairs of a block swap labels.

        Returns the states (m, U). Each chain is the same as alone.
        """
        m, n_units = len(rngs), len(self.block)
        if self.strata:  # all orders are equally likely: one shuffle is enough
            state = np.empty((m, n_units), dtype=start.dtype)
            state[:, np.argsort(self.block, kind="stable")] = start[self._shuffled(rngs)]
            return state
        values, state = self.data[self._first], np.tile(start, (m, 1))
        squares, chain = (values**2).sum(axis=1), np.arange(m)[:, None]
        # In each order blocks follow each other, so the same places pair units of one block.
        block = np.sort(self.block)
        left = np.arange(0, n_units - 1, 2)
        left = left[block[left] == block[left + 1]]
        for _ in range(SWEEPS):
            order = self._shuffled(rngs)
            a, b = order[:, left], order[:, left + 1]
            old, new = state[chain, a], state[chain, b]
            odds = ((self.slope[a] - self.slope[b]) * (values[new] - values[old])).sum(axis=2)
            odds += (self.curvature[a] - self.curvature[b]) * (squares[new] - squares[old])
            chance = np.stack([rng.random(len(left)) for rng in rngs])
            swap = np.log(chance) < -np.logaddexp(0.0, -odds)
            state[chain, a], state[chain, b] = np.where(swap, new, old), np.where(swap, old, new)
        return state

    def _shuffled(self, rngs: Sequence[np.random.Generator]) -> np.ndarray:
        """Return for each generator an order of the units (m, U), random inside each block."""
        return np.argsort(self.block + np.stack([rng.random(len(self.block)) for rng in rngs]))


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
        if strata is not None:  # a group with several values of W cannot move as a whole
            np.logical_or.at(mixed, group, strata != strata[first[group]])
        single = mixed[group]
        # Each row of a mixed group is a separate unit, and its block is the group.
        unit = np.unique(np.where(single, len(first) + np.arange(n), group), return_inverse=True)[1]
        block = np.where(single, block.max() + 1 + group, block)
    if strata is not None:
        block = np.unique(np.column_stack([block, strata]), axis=0, return_inverse=True)[1].ravel()
    of_unit = np.empty(int(unit.max()) + 1, dtype=np.int64)
    of_unit[unit] = block
    return unit, of_unit
