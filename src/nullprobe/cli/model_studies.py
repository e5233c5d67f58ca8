"""Studies: audits of a model at all layers, from a file of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nullprobe._core.progress import Bars
from nullprobe.auditing.layers import Layers
from nullprobe.cli.model_tasks import warning_in_words
from nullprobe.cli.sources import stem
from nullprobe.cli.texts import Task
from nullprobe.texts.entry import audit_model
from nullprobe.texts.result import ModelAudit

PARTS = "parts"  # folder of what is kept between runs


def audit_of(
    name: str,
    loaded: tuple[Any, Any],
    task: Task,
    out: Path,
    settings: Mapping[str, Any],
    command: str,
) -> ModelAudit:
    """Return the audit of a loaded model on the texts of a file, with its origin."""
    content, columns = task.read(), task.columns
    title = settings["title"] or f"{stem(task.file)}: {columns.concept}, {stem(Path(name))}"
    frame = {columns.text: content.texts, **content.labels}
    with warning_in_words(), Bars(title) as bars:
        result = audit_model(
            *loaded,
            frame,
            concept=columns.concept or "",
            text=columns.text,
            groups=columns.groups,
            tokens=content.tokens,
            folder=out / PARTS,
            progress=bars,
            **{**settings, "title": title},
        )
    source = {"model": name, "file": str(task.file), **_named(task)}
    origin = {"command": command, "source": source}
    audits = {
        site: replace(one, provenance={**origin, **one.provenance})
        for site, one in result.layers.audits.items()
    }
    return replace(result, layers=Layers(audits))


def _named(task: Task) -> dict[str, str]:
    columns = {
        "text": task.columns.text,
        "concept": task.columns.concept,
        "groups": task.columns.groups,
    }
    named = {key: name for key, name in columns.items() if name is not None}
    further = ", ".join(task.columns.labels)
    return named | ({"confounds": further} if further else {})
