"""Capturing: what passes sites of a model for each text, into a folder or one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe import models
from nullprobe._core.atomic_files import place
from nullprobe._core.progress import Bars
from nullprobe._core.validation import complain, counted
from nullprobe.cli import arguments, model_tasks, texts
from nullprobe.data.formats import SUFFIXES, TABLE_SUFFIXES
from nullprobe.data.manifest import TEXT, manifest
from nullprobe.data.rewriting import as_columns
from nullprobe.data.writing import save
from nullprobe.models.embedding_models import is_embedder
from nullprobe.models.site import EMBEDDING

MOST_NAMES = 6  # of sites, in a line


@dataclass(frozen=True)
class Target:
    """Where captured states go.

    Attributes
    ----------
    path : Path
        A folder of shards; or a file, if the suffix is one of a kind that is written.
    force : bool
        Whether a file may be replaced.
    """

    path: Path
    force: bool = False

    @property
    def is_file(self) -> bool:
        """Whether the states go into one file."""
        return self.path.suffix.lower() in SUFFIXES and not self.path.is_dir()


def capture(
    name: str,
    task: texts.Task,
    target: Target,
    settings: Mapping[str, Any],
    loading: Mapping[str, Any],
) -> str:
    """Capture to a folder or a file, and return in words what it holds."""
    if target.is_file:
        arguments.need_new(target.path, force=target.force)
        place(target.path)
    sites = list(task.sites) or _usual_sites(name, loading)
    content = task.read()
    model, tokenizer = _loaded(name, sites, loading)
    into = _to_file if target.is_file else _to_folder
    with model_tasks.warning_in_words(), Bars(str(task.file)) as bars:
        how = {"tokens": content.tokens, "progress": bars, **settings}
        lines = into(target.path, task, content, (model, tokenizer, content.texts, sites), how)
    return "\n".join(lines)


def _usual_sites(name: str, loading: Mapping[str, Any]) -> list[str]:
    """Return the site of embeddings, or complain that a site must be named."""
    if is_embedder(name, loading.get("revision")):
        return [EMBEDDING]
    raise arguments.UsageError(
        "capture needs --site, such as --site 'layers.*.output'; "
        f"`nullprobe sites {name}` lists the sites of this model"
    )


def _loaded(name: str, sites: list[str], loading: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return a model and its tokenizer: with its pooling, if embeddings are wanted."""
    if EMBEDDING not in sites:
        return model_tasks.loaded(name, loading)
    for option in ("quantization", "adapter"):
        if loading.get(option) is not None:
            complain(
                f"{EMBEDDING} is read from the model as sentence-transformers saved it",
                f"--{option} {loading[option]} arrived",
                "choose other sites, or leave the option out",
            )
    simple = {key: loading.get(key) for key in ("device", "revision")}
    return models.load_embedder(name, dtype=loading.get("dtype", "auto"), **simple)


def _to_folder(
    out: Path, task: texts.Task, content: texts.Texts, args: tuple, how: Mapping[str, Any]
) -> list[str]:
    columns, before = task.columns, _written(out)
    named = {"concept": columns.concept, "groups": columns.groups}
    models.capture_to(out, *args, labels=content.labels, **named, **how)
    lines = list(contents(out, nothing_new=before == _written(out)))
    return [*lines, f"Audit them: nullprobe audit {out}"] if columns.concept else lines


def _to_file(
    out: Path, task: texts.Task, content: texts.Texts, args: tuple, how: Mapping[str, Any]
) -> list[str]:
    labels = {name: np.asarray(y) for name, y in content.labels.items()}
    how = {key: value for key, value in how.items() if key != "shard_size"}
    states = models.capture(*args, **how)
    n = len(content.texts)
    for name, y in labels.items():
        if y.shape != (n,) or name in (*states, TEXT):
            complain(
                f"label {name!r} must have one value for each of {n} texts, and the name of no "
                "site",
                f"it has shape {y.shape}",
                "capture into a folder",
            )
    arrays = {name: y[states.text] for name, y in labels.items()}
    if len(states.text) > n:
        arrays[TEXT] = states.text
    arrays |= states.arrays
    save(out, as_columns(arrays) if out.suffix.lower() in TABLE_SUFFIXES else arrays)
    rows = counted(len(states.text), "row", "rows")
    return [f"Captured: {counted(n, 'text', 'texts')} in {out}, {rows}", *by_width(_widths(states))]


def _widths(states: models.Captured) -> dict[str, int]:
    return {site: x.shape[1] for site, x in states.items()}


def contents(folder: Path, *, nothing_new: bool) -> Iterator[str]:
    """Yield in words what a folder of captured states holds: rows, sites, and their widths."""
    about = manifest(folder)
    assert about is not None, "a capture has just ended"
    n = counted(about["texts"], "text", "texts")
    rows = counted(sum(one["rows"] for one in about["shards"]), "row", "rows")
    places = counted(len(about["sites"]), "site", "sites")
    done = "Already complete, nothing was to do" if nothing_new else "Captured"
    yield f"{done}: {n} in {folder}, {rows} at {places}"
    yield from by_width(about["sites"])


def by_width(sites: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each width, with its sites."""
    widths: dict[int, list[str]] = {}
    for site, width in sites.items():
        widths.setdefault(width, []).append(site)
    for width, names in widths.items():
        few = [*names[:2], "...", names[-1]] if len(names) > MOST_NAMES else names
        yield f"  {width:,} wide: {', '.join(few)}"


def _written(folder: Path) -> dict[str, int]:
    """Return when each shard of a folder was written."""
    return {shard.name: shard.stat().st_mtime_ns for shard in folder.glob("*.safetensors")}
