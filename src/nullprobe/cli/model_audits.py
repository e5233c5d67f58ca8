"""Audits of use: whether a model uses a concept, from a file of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core.parameters import known
from nullprobe._core.progress import Bars
from nullprobe._core.validation import complain
from nullprobe.auditing.result import Audit
from nullprobe.cli import column_options
from nullprobe.cli.model_tasks import Fit, loaded, warning_in_words
from nullprobe.cli.sources import stem
from nullprobe.cli.texts import TextColumns, read
from nullprobe.data.formats import load, names
from nullprobe.usage.entry import audit_use
from nullprobe.usage.neutral import DEFAULT, DEFAULT_TEXTS
from nullprobe.usage.pairs import MATCH


@dataclass(frozen=True)
class Partners:
    """Which texts are interchanged.

    Attributes
    ----------
    pairs : str or None
        Column that names the pair of each text, or "match"; None for no interchange.
    others : tuple of str
        Columns of other concepts.
    """

    pairs: str | None = None
    others: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Columns of labels that are read for it."""
        return list(self.others)

    def arguments(self, file: Path, labels: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of `audit_use`; a text of the file may have no pair."""
        if self.pairs is None:
            return {}
        pairs: Any = MATCH
        if self.pairs != MATCH:
            content = load(file)
            available = list(content) if isinstance(content, dict) else content.column_names
            with column_options.named({"--pairs": [self.pairs]}):
                known("column", self.pairs, available)
            pairs = (
                content[self.pairs].astype(object)
                if isinstance(content, dict)
                else np.array(content.column(self.pairs).to_pylist(), dtype=object)
            )
        return {"pairs": pairs, "concepts": {name: labels[name] for name in self.others}}


@dataclass(frozen=True)
class UseTask:
    """An audit of use: texts, sites and answers.

    Attributes
    ----------
    file : Path
        With a text, its concept and its answer in each row.
    columns : TextColumns
        Columns of the file.
    sites : sequence of str
    answers : str
        Column of the right continuations.
    neutral : str or None
        Column of the file, or path of another file, with neutral texts; or "default".
    tokens : str
        The rule for tokens.
    command : str
        The command line that does it again.
    title : str or None
        Title of the page; None for the file and the concept.
    partners : Partners
    """

    file: Path
    columns: TextColumns
    sites: Sequence[str]
    answers: str
    neutral: str | None
    tokens: str
    command: str
    title: str | None = None
    partners: Partners = Partners()

    @property
    def source(self) -> dict[str, str]:
        """Where the data came from, for the provenance."""
        named = {
            "file": str(self.file), "text": self.columns.text, "concept": self.columns.concept,
            "groups": self.columns.groups, "answers": self.answers, "neutral": self.neutral,
            "pairs": self.partners.pairs,
        }  # fmt: skip
        return {key: name for key, name in named.items() if name is not None}

    def neutral_texts(self) -> list[Any] | None:
        """Return the neutral texts, if there are any."""
        if self.neutral is None:
            return None
        columns = names(self.file)
        if self.neutral in columns:
            return read(self.file, TextColumns(self.neutral, None, None, ())).texts
        if self.neutral == DEFAULT:
            return list(DEFAULT_TEXTS)
        if not Path(self.neutral).exists():
            complain(
                f"--neutral must name a column of {str(self.file)!r} or a file, or be {DEFAULT!r}",
                f"{self.neutral!r} is neither",
                f"the columns are {', '.join(map(repr, columns[:10]))}",
            )
        return read(Path(self.neutral), TextColumns(self.columns.text, None, None, ())).texts


def run(
    name: str, task: UseTask, fit: Fit, settings: Mapping[str, Any], loading: Mapping[str, Any]
) -> list[Audit]:
    """Return an audit of each site."""
    fit.check()
    content = read(task.file, task.columns, task.tokens)
    labels = content.labels
    neutral = task.neutral_texts()
    column = task.columns.concept or ""
    title = task.title or f"{stem(task.file)}: {column}"
    z = fit.concept(labels[column], column)
    groups = None if task.columns.groups is None else labels[task.columns.groups]
    model, tokenizer = loaded(name, loading)
    with warning_in_words(), Bars(title) as bars:
        result = audit_use(
            model,
            tokenizer,
            content.texts,
            z,
            list(task.sites),
            answers=labels[task.answers].tolist(),
            neutral=neutral,
            groups=groups,
            fit=fit,
            **task.partners.arguments(task.file, labels),
            tokens=content.tokens,
            title=title,
            progress=bars,
            **settings,
        )
    origin = {"command": task.command, "source": {"model": name, **task.source}}
    return [replace(one, provenance={**origin, **one.provenance}) for one in result.audits.values()]
