"""What a study is: factors, a function that measures one cell, and rules for verdicts.

A study crosses the levels of its factors. Each combination is a cell, and each cell is measured
with several seeds. The function trains what it needs and returns named measurements. The first is
what the study is about; others are what simpler explanations make of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from nullprobe._core.parameters import known, real_number, whole_number
from nullprobe._core.progress import Report, silent
from nullprobe._core.validation import complain
from nullprobe.studies.levels import need_factors
from nullprobe.studies.rules import Placebo, Rule, need_placebo, need_rules

QUICK_STEPS, QUICK_ROWS = 4, 5  # by what a quick run divides
Cache = Any  # a path, a bool, or None


@dataclass(frozen=True)
class Cell:
    """One combination of levels; ``cell.redemption`` is the level of the factor "redemption".

    Attributes
    ----------
    levels : dict of str to value

    Examples
    --------
    >>> cell = Cell({"redemption": 1})
    >>> cell.redemption, str(cell)
    (1, 'redemption=1')
    """

    levels: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        """Return the level of a factor."""
        levels = self.__dict__.get("levels", {})
        if name in levels:
            return levels[name]
        raise AttributeError(f"a cell has the factors {list(levels)}, not {name!r}")

    def __str__(self) -> str:
        """Return factors and levels in one line."""
        return ", ".join(f"{name}={level}" for name, level in self.levels.items()) or "all"


@dataclass(frozen=True)
class Budget:
    """How much a run may take.

    Attributes
    ----------
    quick : bool
        A quick run trains a quarter of the steps and measures a fifth of the texts.
    cache : path, bool or None
        Of trained models.
    report : callable
        Called with a stage, the amount done, and the total.
    ready : mapping
        Models that were trained at once on a GPU, by the name of their training.

    Examples
    --------
    >>> Budget().steps(1000), Budget(quick=True).steps(1000), Budget(quick=True).rows(1000)
    (1000, 250, 200)
    """

    quick: bool = False
    cache: Cache = None
    report: Report = silent
    ready: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def steps(self, full: int) -> int:
        """Return the number of training steps."""
        return max(1, full // QUICK_STEPS) if self.quick else full

    def rows(self, full: int) -> int:
        """Return the number of texts, draws or the like."""
        return max(1, full // QUICK_ROWS) if self.quick else full


@dataclass(frozen=True)
class Measured:
    """What one cell gives with one seed.

    Attributes
    ----------
    values : mapping of str to float
        Named measurements.
    nulls : mapping of str to sequence of float
        Draws of a measurement within this model, such as with permuted labels, by its name.
    series : mapping of str to sequence of float
        Whatever pictures need, such as a learning curve.

    Examples
    --------
    >>> Measured({"model": 0.9}, nulls={"model": [0.1, -0.2]}).values["model"]
    0.9
    """

    values: Mapping[str, float]
    nulls: Mapping[str, Sequence[float]] = field(default_factory=dict[str, Sequence[float]])
    series: Mapping[str, Sequence[float]] = field(default_factory=dict[str, Sequence[float]])


Measure = Callable[[Cell, int, Budget], "Measured | Mapping[str, float]"]
Trainings = Callable[[Cell, int, Budget], Sequence[Any]]  # what `training.Training` describes
Pictures = Callable[[Any], Sequence[Mapping[str, Any]]]  # Result → plain figures


@dataclass(frozen=True, eq=False)
class Study:
    """A question, how it is measured, and how it is decided.

    Attributes
    ----------
    name : str
    measure : callable
        (cell, seed, budget) → `Measured`, or a mapping of measurements.
    question : str
    unit : str
        What the measurements are, such as "share of bad acts".
    factors : mapping of str to sequence of levels
    rules : sequence of Rule
        One verdict each; by default one for each factor.
    min_effect : float
        Smallest effect of interest, in the unit.
    pictures : callable, optional
        Result → figures as plain values; by default the measurements of each cell.
    doubts : sequence of str
        What would change our mind.
    parts : mapping of str to Study
        Extensions, which run alone.
    placebo : Placebo, optional
        A cell in which nothing may be measured; otherwise the run decides nothing.
    trainings : callable, optional
        (cell, seed, budget) → the `training.Training` that ``measure`` will ask for. With it, a run
        on a GPU trains cells and seeds at once.

    Examples
    --------
    >>> one = Study("one", lambda cell, seed, budget: {"model": 1.0}, "Is it one?", "share")
    >>> [str(cell) for cell in one.cells]
    ['all']
    """

    name: str
    measure: Measure
    question: str
    unit: str
    factors: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    rules: Sequence[Rule] = ()
    min_effect: float = 0.05
    pictures: Pictures | None = None
    doubts: Sequence[str] = ()
    parts: Mapping[str, Study] = field(default_factory=dict)
    placebo: Placebo | None = None
    trainings: Trainings | None = None

    def __post_init__(self) -> None:
        """Complain of names and levels that cannot be."""
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            complain(
                "a study needs a name of small letters, digits and _", f"{self.name!r} arrived"
            )
        if not callable(self.measure):
            complain("a study needs a function (cell, seed, budget)", f"{self.measure!r} arrived")
        need_factors(self.factors)
        real_number("min_effect", self.min_effect, least=0.0)
        need_rules(self.rules, self.factors)
        if self.placebo is not None:
            need_placebo(self.placebo, self.factors)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All combinations of levels; the last factor changes first."""
        names = list(self.factors)
        return tuple(
            Cell(dict(zip(names, levels, strict=True)))
            for levels in product(*self.factors.values())
        )

    def part(self, name: str) -> Study:
        """Return an extension, or complain."""
        if not self.parts:
            complain("only a study with extensions has parts", f"{self.name!r} has none")
        known("part", name, list(self.parts))
        return self.parts[name]


def study(
    *,
    question: str,
    unit: str,
    factors: Mapping[str, Sequence[Any]] | None = None,
    rules: Sequence[Rule] = (),
    min_effect: float = 0.05,
    **more: Any,
) -> Callable[[Measure], Study]:
    """Return a decorator that makes a study of a function (cell, seed, budget).

    Parameters
    ----------
    question, unit, factors, rules, min_effect
        As in `Study`.
    **more
        Further attributes of `Study`, and ``name``; by default the name of the function.

    Examples
    --------
    >>> @study(question="Does it double?", unit="size", factors={"size": (1, 2)})
    ... def doubling(cell, seed, budget):
    ...     return {"model": 2.0 * cell.size, "corpus": 2.0 * cell.size}
    >>> doubling.name, [str(cell) for cell in doubling.cells]
    ('doubling', ['size=1', 'size=2'])
    """

    def made(measure: Measure) -> Study:
        name = more.pop("name", getattr(measure, "__name__", ""))
        return Study(name, measure, question, unit, factors or {}, rules, min_effect, **more)

    return made


def seeds_of(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """Return the seeds: so many from 0 on, or those that are listed."""
    if isinstance(seeds, int):
        return tuple(range(whole_number("seeds", seeds, least=1)))
    listed = tuple(whole_number("a seed", seed, least=0) for seed in seeds)
    if not listed or len(set(listed)) < len(listed):
        complain("seeds must be different whole numbers", f"{seeds!r} arrived")
    return listed
