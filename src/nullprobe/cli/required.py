"""Required verdicts: what a script asks of a saved result, and where it differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self

from nullprobe._core.parameters import known
from nullprobe._core.printable import in_a_line
from nullprobe._core.validation import complain
from nullprobe.auditing.result import Audit
from nullprobe.auditing.same_concept_result import SameConcept
from nullprobe.claims import ComesFrom, Holds, Takes
from nullprobe.cli.saved import WORDS, Saved
from nullprobe.studies.result import StudyResult

AXES = {"holds": Holds, "takes": Takes, "comes_from": ComesFrom}
SAME = "same_concept"  # its verdict has no axis but "holds"
Verdicts = Mapping[str, Mapping[str, str]]  # claims; of each, a word by axis


@dataclass(frozen=True)
class Requirement:
    """A verdict that is required.

    Attributes
    ----------
    claim : str
    axis : str
        One of ``AXES``.
    word : str
        What is required on it.
    """

    claim: str
    axis: str
    word: str

    @classmethod
    def parsed(cls, text: str) -> Self:
        """Return what a text requires.

        Examples
        --------
        >>> Requirement.parsed("readable=no")
        Requirement(claim='readable', axis='holds', word='no')
        >>> Requirement.parsed("readable.takes=moments").axis
        'takes'

        Raises
        ------
        InputError
            If the text has no "=", or the axis or the word does not exist.
        """
        left, is_pair, word = text.partition("=")
        claim, dotted, axis = left.partition(".")
        if not (claim and is_pair and word):
            complain(
                "--require takes CLAIM=WORD, such as readable=no or readable.takes=moments",
                f"{text!r} arrived",
            )
        axis = axis if dotted else "holds"
        known("part of a verdict", axis, list(AXES))
        known(f"word for {axis!r}", word, [one.value for one in AXES[axis]])
        return cls(claim, axis, word)

    @property
    def subject(self) -> str:
        """The claim, with the axis unless it is whether the claim holds."""
        return self.claim if self.axis == "holds" else f"{self.claim}.{self.axis}"


def parsed(texts: Sequence[str]) -> list[Requirement]:
    """Return the requirements; complain if two ask for different words of one verdict."""
    first_by_subject: dict[str, Requirement] = {}
    for one in map(Requirement.parsed, texts):
        first = first_by_subject.setdefault(one.subject, one)
        if first != one:
            complain(
                "--require asks for one word of each verdict",
                f"{one.subject}={first.word} and {one.subject}={one.word} arrived",
            )
    return [*first_by_subject.values()]


def verdicts(result: Saved, path: Path) -> dict[str, Verdicts]:
    """Return the verdicts of a result, by representation or title, and by claim.

    Raises
    ------
    InputError
        If the result has no verdicts.
    """
    if isinstance(result, SameConcept):
        same = {SAME: {"holds": result.holds.value}}
        return {result.audit.title: same | _verdicts(result.audit)}
    if isinstance(result, StudyResult):
        return {result.name: _verdicts(result)}
    if not isinstance(result, dict):
        complain(
            "only an audit, a study, or a comparison of two sets of labels, has verdicts",
            f"{str(path)!r} is {WORDS[type(result)]}",
        )
    return {name: _verdicts(one) for name, one in result.items()}


def chosen(names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Return the names that match a pattern; all names without patterns.

    Examples
    --------
    >>> chosen(["layer 0", "layer 1", "words"], ["layer *"])
    ['layer 0', 'layer 1']

    Raises
    ------
    InputError
        If a pattern matches no name.
    """
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            complain(
                "--at must name representations of the result, or a pattern such as 'layer.*'",
                f"{pattern!r} matches none of {', '.join(map(repr, names[:10]))}{more}",
                "name one of these",
            )
    return [name for name in names if not patterns or any(fnmatchcase(name, p) for p in patterns)]


def unmet(
    requirements: Sequence[Requirement], judged: Mapping[str, Verdicts], places: Sequence[str]
) -> Iterator[str]:
    """Yield a line for each verdict that is not as required at one of the places.

    A claim that was judged elsewhere in the result, and not there, is not as required.

    Examples
    --------
    >>> judged = {"layer 0": {"readable": {"holds": "yes"}}}
    >>> list(unmet([Requirement("readable", "holds", "no")], judged, ["layer 0"]))
    ['readable: required no, found yes, at layer 0']

    Raises
    ------
    InputError
        If the result does not have the claim, or its verdict not this part.
    """
    claims = {name: one for each in judged.values() for name, one in each.items()}
    for one in requirements:
        known("claim of this result", one.claim, list(claims))
        known(f"part of the verdict on {one.claim!r}", one.axis, list(claims[one.claim]))
    for one in requirements:
        for place in places:
            verdict = judged[place].get(one.claim)
            word = verdict[one.axis] if verdict else "no verdict"
            if word != one.word:
                yield f"{one.subject}: required {one.word}, found {word}, at {in_a_line(place)}"


def _verdicts(result: Audit | StudyResult) -> dict[str, dict[str, str]]:
    return {
        claim.name: {axis: getattr(claim, axis).value for axis in AXES} for claim in result.claims
    }
