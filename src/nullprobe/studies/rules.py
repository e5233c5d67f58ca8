"""Rules: what a study decides, written before its results are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nullprobe._core.parameters import choice
from nullprobe._core.validation import complain

OUTCOMES = ("yes", "no", "unclear")
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
    direction : str
        "more" if only values above ``zero`` make the claim true; "any" otherwise.
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

    def __post_init__(self) -> None:
        """Complain of a rule that lacks a sentence, or is of too many factors."""
        choice("direction", self.direction, ("more", "any"))
        if set(self.sentences) != set(OUTCOMES):
            complain(
                f"a rule needs a sentence for each of {', '.join(OUTCOMES)}",
                f"{self.name!r} has {sorted(self.sentences)}",
            )
        if len(self.effect) > 2 or len(set(self.effect)) < len(self.effect):
            complain("an effect must be of none, one or two factors", f"{self.effect!r} arrived")
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


def of_factor(factor: str) -> Rule:
    """Return the rule that a study without rules has for each of its factors."""
    return Rule(
        f"effect_of_{factor}",
        f"What is measured depends on {factor}.",
        {
            "yes": f"What is measured depends on {factor}.",
            "no": f"What is measured does not depend on {factor}.",
            "unclear": f"Whether what is measured depends on {factor} is unclear.",
        },
        effect=(factor,),
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
