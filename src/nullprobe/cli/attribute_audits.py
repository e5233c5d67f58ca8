"""Attribute audits: several columns of a file, each alone, jointly, after one eraser of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nullprobe._core.progress import Bars
from nullprobe._core.validation import complain
from nullprobe.auditing.attributes import audit_attributes
from nullprobe.auditing.result import Audit
from nullprobe.cli import column_options
from nullprobe.cli.file_columns import columns_of
from nullprobe.cli.sources import file_subject, stem
from nullprobe.cli.subject import Settings, Subject
from nullprobe.stats.thresholds import Thresholds


def subjects(
    file: Path,
    names: Sequence[str],
    groups: str | None,
    leave_out: Sequence[str],
    kind: str | None,
) -> dict[str, Subject]:
    """Return the same rows with each attribute as the concept, and none of them as a feature."""
    if len(set(names)) < len(names):
        complain(
            "attributes must have different names",
            f"{max(names, key=list(names).count)!r} is there twice",
            "name each once",
        )
    column_options.need(file, "--concept", names)
    each = {}
    for name in names:
        others = [other for other in names if other != name]
        meaning = columns_of(file, name, groups=groups, leave_out=[*leave_out, *others], kind=kind)
        each[name] = file_subject(file, meaning)
    return each


def run(attributes: dict[str, Subject], settings: Settings, file: Path) -> list[Audit]:
    """Audit with a progress bar on stderr, and write down how to do it again."""
    first = next(iter(attributes.values()))
    _need_draws(settings, len(attributes))
    with Bars(stem(file)) as bars:
        result = audit_attributes(
            first.X,
            {name: one.y for name, one in attributes.items()},
            groups=first.groups,
            **settings.options,
            title=settings.title or stem(file),
            progress=bars,
        )
    source = {**first.source, "concept": ", ".join(attributes)}
    source.pop("left_out", None)
    origin = {"command": settings.command, "source": source}
    return [replace(one, provenance={**origin, **one.provenance}) for one in result.audits]


def _need_draws(settings: Settings, n_attributes: int) -> None:
    """Refuse fewer draws than the share of alpha for each attribute needs."""
    alpha = settings.alpha / n_attributes
    least = Thresholds(alpha=alpha).least_draws
    if settings.draws < least and not any(settings.old.values()):
        complain(
            f"--alpha {settings.alpha:g} is divided by {n_attributes} concepts, and {alpha:g} "
            f"needs at least {least} draws of each null",
            f"--draws {settings.draws} arrived",
            f"pass --draws {least}, or a larger --alpha",
        )
