"""What the command line says of a concept after baking."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nullprobe import models
from nullprobe._core.validation import complain
from nullprobe.cli.texts import Told, read


@dataclass(frozen=True)
class Asked:
    """Texts on which a model and the baked one are compared, with what is known of them.

    Attributes
    ----------
    texts : list
    concept, answers, groups : ndarray of shape (n,) or None
    """

    texts: list[Any]
    concept: Any
    answers: Any
    groups: Any

    def lines(
        self, model: Any, baked: Any, tokenizer: Any, sites: Collection[str]
    ) -> Iterator[str]:
        """Yield a line for each metric, before and after erasers were baked at some sites."""
        told = {"groups": self.groups}
        if self.concept is not None:
            yield str(models.effect(model, baked, tokenizer, self.texts, self.concept, **told))
            if "final_norm" in sites:
                yield "Note: the eraser at final_norm is in the head, behind what this probe reads."
        if self.answers is not None:
            answers = self.answers.tolist()
            yield str(models.effect(model, baked, tokenizer, self.texts, answers=answers, **told))


def asked(
    file: Path | None,
    text: str | None,
    concept: str | None,
    answers: str | None,
    groups: str | None,
) -> Asked | None:
    """Return what the options ask for, or None if that is nothing."""
    if file is None and not any((text, concept, answers, groups)):
        return None
    if file is None or text is None or not (concept or answers):
        complain(
            "what is left needs --texts FILE, --text COLUMN, and --concept or --answers",
            "one of them is missing",
            "pass all three, or none",
        )
    told = Told(text, concept, groups, [answers] if answers else [])
    found = read(file, told)
    return Asked(found.texts, *(found.labels.get(str(name)) for name in (concept, answers, groups)))
