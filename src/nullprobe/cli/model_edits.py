"""Edits: erasers fitted inside a model, and what it writes before and after."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nullprobe import models
from nullprobe._core.atomic_files import place, whole_file
from nullprobe._core.progress import Bars
from nullprobe._core.validation import complain, counted
from nullprobe.cli import model_tasks, verdict_tables
from nullprobe.cli.eraser_files import CONCEPT
from nullprobe.cli.model_tasks import Fit
from nullprobe.cli.texts import Task, TextColumns, read
from nullprobe.data.manifest import MODEL, SITE, TOKENS, WEIGHTS
from nullprobe.erasers import AffineEraser
from nullprobe.models.generation import Generated
from nullprobe.models.provenance import described
from nullprobe.report.text import terminal

SCHEMA = "nullprobe.generated/1"


def scrub(
    name: str,
    task: Task,
    out: Path,
    fit: Fit,
    settings: Mapping[str, Any],
    loading: Mapping[str, Any],
) -> str:
    """Write the eraser of each site into a new folder, and say what was done."""
    model_tasks.need_new(out)
    fit.check()
    content = task.read()
    column = task.columns.concept or ""
    z = fit.concept(content.labels[column], column)
    model, tokenizer = model_tasks.loaded(name, loading)
    with model_tasks.warning_in_words(), Bars(str(task.file)) as bars:
        erasers = models.scrub(
            model,
            tokenizer,
            content.texts,
            z,
            list(task.sites),
            tokens=content.tokens,
            fit=fit,
            progress=bars,
            **settings,
        )
    origin = described(model)
    where = {TOKENS: task.tokens, MODEL: origin["name"], WEIGHTS: origin["weights"]}
    with model_tasks.whole_folder(out) as folder:
        for site, one in erasers.items():
            details = {**one.details, CONCEPT: column, SITE: site, **where}
            replace(one, details=details).save(folder / f"{site}.safetensors")
    ranks = sorted({one.rank for one in erasers.values()})
    most = f"{ranks[0]}" if len(ranks) == 1 else f"{ranks[0]} to {ranks[-1]}"
    return (
        f"{counted(len(erasers), 'eraser removes', 'erasers remove')} {column!r}, {most} of "
        f"{next(iter(erasers.values())).d:,} directions each, fitted to "
        f"{counted(len(content.texts), 'text', 'texts')}.\nWrote {out}\n"
        f"Try them: nullprobe erase {name} {out} --generate TEXT"
    )


@dataclass(frozen=True)
class Prompts:
    """Prompts, and a file with more of them in a column."""

    typed: Sequence[str]
    file: Path | None
    column: str | None

    def all(self) -> list[Any]:
        """Return those that were typed and then those of the file."""
        if self.file is None or self.column is None:
            return list(self.typed)
        return [*self.typed, *read(self.file, TextColumns(self.column, None, None, ())).texts]


def written(  # noqa: PLR0913  one command
    name: str,
    files: Sequence[str],
    prompts: Prompts,
    out: Path | None,
    command: str,
    settings: Mapping[str, Any],
    loading: Mapping[str, Any],
) -> None:
    """Print what a model writes before and after erasing, and write it to a file."""
    if out is not None:
        if out.suffix.lower() != ".json":
            complain("--out must name a .json file", f"{str(out)!r} arrived", "rename it")
        place(out)
    every = prompts.all()
    erasers = model_tasks.erasers_of(files)
    model, tokenizer = model_tasks.loaded(name, loading)
    model_tasks.warn_of_origins(model, erasers)
    with model_tasks.warning_in_words(), Bars("texts") as bars:
        generated = models.generate(
            model, tokenizer, every, erasers=erasers, progress=bars, **settings
        )
    if out is not None:
        document = {"schema": SCHEMA, "command": command, **_document(model, erasers, generated)}
        with whole_file(out) as temporary:
            temporary.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
    _show(generated)
    if out is not None:
        verdict_tables.show_files(out)


def _document(
    model: Any, erasers: Mapping[str, AffineEraser], generated: Generated
) -> dict[str, Any]:
    """Return what was generated, by which model and with which erasers, as plain values."""
    each = zip(generated.prompts, generated.before, generated.after, strict=True)
    return {
        "model": described(model),
        "erasers": {
            site: {"method": one.method, "rank": one.rank, **one.details}
            for site, one in erasers.items()
        },
        "texts": [{"prompt": p, "before": b, "after": a} for p, b, a in each],
    }


def _show(generated: Generated) -> None:
    """Print each prompt with its two texts next to each other."""
    for prompt, before, after in zip(
        generated.prompts, generated.before, generated.after, strict=True
    ):
        prompt_text = prompt if isinstance(prompt, str) else _chat(prompt)
        verdict_tables.show_parts(terminal.side_by_side(prompt_text, before, after))
    same = sum(b == a for b, a in zip(generated.before, generated.after, strict=True))
    verdict_tables.say(
        f"Erasing changed {len(generated) - same} of {counted(len(generated), 'text', 'texts')}."
    )


def _chat(messages: Sequence[Mapping[str, str]]) -> str:
    return "\n".join(f"{one['role']}: {one['content']}" for one in messages)
