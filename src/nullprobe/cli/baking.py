"""How well a concept can be read after baking, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nullprobe import models
from nullprobe._core.progress import Bars
from nullprobe._core.validation import complain
from nullprobe.cli.texts import TextColumns, read


@dataclass(frozen=True)
class Texts:
    """Texts to compare a model and the baked one on, with their labels.

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
        both, options = (model, baked, tokenizer), {"groups": self.groups}
        if self.concept is not None:
            with Bars("texts") as bars:
                effect = models.effect(*both, self.texts, self.concept, progress=bars, **options)
            yield str(effect)
            if "final_norm" in sites:
                yield "Note: the eraser at final_norm is in the head, behind what this probe reads."
        if self.answers is not None:
            answers = self.answers.tolist()
            with Bars("texts") as bars:
                effect = models.effect(*both, self.texts, answers=answers, progress=bars, **options)
            yield str(effect)


def texts_of(
    file: Path | None,
    text: str | None,
    concept: str | None,
    answers: str | None,
    groups: str | None,
) -> Texts | None:
    """Return the texts that the options name, or None where they name none."""
    if file is None and not any((text, concept, answers, groups)):
        return None
    if file is None or text is None or not (concept or answers):
        complain(
            "what is left needs --texts FILE, --text COLUMN, and --concept or --answers",
            "one of them is missing",
            "pass all three, or none",
        )
    columns = TextColumns(text, concept, groups, [answers] if answers else [])
    content = read(file, columns)
    return Texts(
        content.texts, *(content.labels.get(str(name)) for name in (concept, answers, groups))
    )
