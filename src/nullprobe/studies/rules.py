"""Rules: what a study decides, written before its results are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nullprobe._core.parameters import choice, known, real_number
from nullprobe._core.validation import complain
from nullprobe.studies.levels import need_levels

OUTCOMES = ("yes", "no", "unclear")
ENDS, LARGEST = "ends", "largest"  # contrasts of a factor
SOURCES = ("inputs", "architecture", "corpus")


@dataclass(frozen=True)
class Rule:
    """One verdict of a study.

    Attributes
    ----------
    name : str
        Of the verdict.
    statement : str
        What is claimed.
    sentences : mapping of "yes", "no", "unclear" to str
        What the page says of each outcome; all are written before the run.
    of : str
        Name of the measurement; the first one of the study by default.
    effect : tuple of str
        Factors: none for the mean over cells, one for its main effect (last level less first), two
        for their interaction (a difference of differences).
    levels : mapping of str to level
        The cells of the mean, such as {"way": "sealed"}; all by default.
    contrast : str
        Of the effect of one factor: "ends", its last level less the first, or "largest", the
        largest difference between any two of its levels, with simultaneous intervals.
    needs : str
        Name of a measurement that has draws within the models. If it does not differ from them,
        there is nothing that the claim could be about, and the verdict is unclear.
    direction : str
        "more" if only values above ``zero``, and above the mean of the draws within the models
        where there are some, make the claim true; "any" otherwise.
    zero : float
        What the statement denies.
    sources : mapping of "inputs", "architecture" or "corpus" to str
        Measurements of what simpler explanations make of it. Where a study has measurements named
        "corpus", "twin" or "inputs", these are the default for the first measurement.
    min_effect : float, optional
        Smallest effect of interest; the study's by default.

    Examples
    --------
    >>> sentences = {"yes": "It is read.", "no": "It is not read.", "unclear": "It is unclear."}
    >>> Rule("read", "The state is read.", sentences, direction="more").effect
    ()
    """

    name: str
    statement: str
    sentences: Mapping[str, str]
    of: str = ""
    effect: tuple[str, ...] = ()
    direction: str = "any"
    zero: float = 0.0
    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    min_effect: float | None = None
    levels: Mapping[str, object] = field(default_factory=dict[str, object])
    contrast: str = ENDS
    needs: str = ""

    def __post_init__(self) -> None:
        """Complain of a rule that lacks a sentence, or is of too many factors."""
        if not str(self.name).isidentifier():
            complain("a rule needs a name of letters, digits and _", f"{self.name!r} arrived")
        choice("direction", self.direction, ("more", "any"))
        real_number("zero", self.zero)
        if self.min_effect is not None:
            real_number("min_effect", self.min_effect, least=0.0)
        if set(self.sentences) != set(OUTCOMES):
            complain(
                f"a rule needs a sentence for each of {', '.join(OUTCOMES)}",
                f"{self.name!r} has {sorted(self.sentences)}",
            )
        if len(self.effect) > 2 or len(set(self.effect)) < len(self.effect):
            complain("an effect must be of none, one or two factors", f"{self.effect!r} arrived")
        choice("contrast", self.contrast, (ENDS, LARGEST))
        if self.contrast == LARGEST and (
            len(self.effect) != 1 or self.direction != "any" or self.zero != 0
        ):
            complain(
                "the largest difference needs one factor, any direction and zero=0",
                f"effect={self.effect!r}, direction={self.direction!r}, zero={self.zero!r} arrived",
            )
        for factor in set(self.levels) & set(self.effect):
            complain("an effect must be of factors whose levels vary", f"{factor!r} is fixed")
        for source in self.sources:
            choice("a source", source, SOURCES)


@dataclass(frozen=True)
class Placebo:
    """A cell in which there is nothing to measure. If something is measured there, a run is void.

    Attributes
    ----------
    of : str
        Name of the measurement.
    levels : mapping of str to level
        The cell.
    within : float
        How far from 0 the mean over seeds may be.
    statement : str
        Why there is nothing to measure.

    Examples
    --------
    >>> Placebo("model", {"tropes": 0}, 0.1, "nothing marks the opposite").within
    0.1
    """

    of: str
    levels: Mapping[str, object]
    within: float
    statement: str

    def __post_init__(self) -> None:
        """Complain of a placebo that no mean would pass."""
        if real_number("within", self.within) <= 0:
            complain("within must be above 0", f"{self.within!r} arrived")


def need_rules(rules: Sequence[Rule], factors: Mapping[str, Sequence[Any]]) -> None:
    """Complain of rules with one name, or of factors and levels that a study lacks."""
    names = [rule.name for rule in rules]
    for rule in rules:
        if names.count(rule.name) > 1:
            complain("every rule needs a different name", f"{rule.name!r} occurs twice")
        for factor in rule.effect:
            known("factor", factor, list(factors))
        need_levels(rule.levels, factors)


def need_placebo(placebo: Placebo, factors: Mapping[str, Sequence[Any]]) -> None:
    """Complain of a placebo that is no cell of a study."""
    need_levels(placebo.levels, factors)
    if set(placebo.levels) != set(factors):
        complain(
            f"a placebo must be one cell, with a level of each factor: {', '.join(factors)}",
            f"{dict(placebo.levels)!r} arrived",
        )


def of_factor(factor: str, levels: int = 2) -> Rule:
    """Return the rule that a study without rules has for each of its factors.

    Of more than two levels it is about the largest difference between any two.
    """
    return Rule(
        f"effect_of_{factor}",
        f"What is measured depends on {factor}.",
        {
            "yes": f"What is measured depends on {factor}.",
            "no": f"What is measured does not depend on {factor}.",
            "unclear": f"Whether what is measured depends on {factor} is unclear.",
        },
        effect=(factor,),
        contrast=LARGEST if levels > 2 else ENDS,
    )


def of_mean() -> Rule:
    """Return the rule of a study that has neither rules nor factors."""
    return Rule(
        "differs_from_zero",
        "What is measured differs from 0.",
        {
            "yes": "What is measured differs from 0.",
            "no": "What is measured does not differ from 0.",
            "unclear": "Whether what is measured differs from 0 is unclear.",
        },
    )
