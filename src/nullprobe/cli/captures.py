"""Capturing: what passes sites of a model for each text, into a folder or one file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe import models
from nullprobe._core.atomic_files import place
from nullprobe._core.progress import Bars
from nullprobe._core.validation import complain, counted
from nullprobe.cli import arguments, memory, model_tasks, texts
from nullprobe.data.formats import SUFFIXES, TABLE_SUFFIXES
from nullprobe.data.manifest import TEXT, manifest
from nullprobe.data.rewriting import as_columns
from nullprobe.data.writing import save
from nullprobe.models.embedding_models import is_embedder
from nullprobe.models.finding import chosen
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

    def of_twin(self, k: int) -> Target:
        """Return where the states of untrained network k go, counted from 0."""
        suffix = self.path.suffix if self.is_file else ""
        name = f"{self.path.name.removesuffix(suffix)}-untrained-{k + 1}{suffix}"
        return Target(self.path.with_name(name), self.force)

    def check(self) -> None:
        """Refuse a file that exists, unless it may be replaced, or that cannot be written."""
        if self.is_file:
            arguments.need_new(self.path, force=self.force)
            place(self.path)


@dataclass(frozen=True)
class Wanted:
    """Where a model is read, and at which tokens.

    Attributes
    ----------
    sites : sequence of str
        Empty for the usual one.
    tokens : str
    """

    sites: Sequence[str]
    tokens: str


@dataclass(frozen=True, eq=False)
class Job:
    """What is captured, and by which functions.

    Attributes
    ----------
    n : int
        Number of texts or images.
    kind : {"text", "image"}
    labels : dict of str to array-like
    concept, groups : str or None
    args : tuple
        Model, tokenizer or processor, texts or images, and sites.
    how : dict
        Further arguments of both functions.
    into_memory, into_folder : callable
        Such as ``models.capture`` and ``models.capture_to``.
    """

    n: int
    kind: str
    labels: Mapping[str, Any]
    concept: str | None
    groups: str | None
    args: tuple[Any, ...]
    how: Mapping[str, Any]
    into_memory: Callable[..., models.Captured]
    into_folder: Callable[..., Path]


def capture(
    name: str,
    task: texts.Task,
    target: Target,
    settings: Mapping[str, Any],
    loading: Mapping[str, Any],
    untrained: int = 0,
) -> str:
    """Capture texts to a folder or a file, and return in words what it holds.

    So many untrained networks are captured, too, each next to it.
    """
    target.check()
    twins = [target.of_twin(k) for k in range(untrained)]
    for one in twins:
        one.check()
    sites = list(task.sites) or _usual_sites(name, loading)
    content, columns = task.read(), task.columns
    model, tokenizer = _loaded(name, sites, loading)
    job = Job(
        len(content.texts), "text", content.labels, columns.concept, columns.groups,
        (model, tokenizer, content.texts, sites), {"tokens": content.tokens, **settings},
        models.capture, models.capture_to,
    )  # fmt: skip
    lines = [done(job, target, task.file)]
    for k, one in enumerate(twins):
        twin = models.untrained(model, k)
        lines.append(done(replace(job, args=(twin, *job.args[1:])), one, task.file))
    if twins and columns.concept is not None and not target.is_file:
        lines.append(
            f"Compare them: nullprobe audit {target.path} "
            + " ".join(f"--untrained twin{k + 1}={one.path}" for k, one in enumerate(twins))
        )
    return "\n".join(lines)


def done(job: Job, target: Target, source: Path) -> str:
    """Do a job, and return in words what it captured."""
    with model_tasks.warning_in_words(), Bars(str(source)) as bars:
        into = _to_file if target.is_file else _to_folder
        return "\n".join(into(target.path, job, bars))


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


def _to_folder(out: Path, job: Job, bars: Bars) -> list[str]:
    before = _written(out)
    named = {"labels": job.labels, "concept": job.concept, "groups": job.groups}
    job.into_folder(out, *job.args, **named, **job.how, progress=bars)
    lines = list(contents(out, nothing_new=before == _written(out)))
    return [*lines, f"Audit them: nullprobe audit {out}"] if job.concept else lines


def _need_memory(out: Path, job: Job) -> None:
    """State how much memory states for one file need, and refuse more than is free.

    A text has one row or more, so this is the least that they need.
    """
    model, sites = job.args[0], job.args[3]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the capture gives the same warnings
        d = sum(site.width for site in chosen(model, sites, job.how.get("layers")))
    hint = "capture into a folder: it is written in shards, which are not in memory together"
    memory.need(job.n, d, memory.OF_CAPTURE, f"a capture into one file ({out.name})", hint)


def _to_file(out: Path, job: Job, bars: Bars) -> list[str]:
    if job.kind == "text":
        _need_memory(out, job)
    labels = {name: np.asarray(y) for name, y in job.labels.items()}
    how = {key: value for key, value in job.how.items() if key != "shard_size"}
    states = job.into_memory(*job.args, **how, progress=bars)
    for name, y in labels.items():
        if y.shape != (job.n,) or name in (*states, TEXT):
            complain(
                f"label {name!r} must have one value for each of {job.n} {job.kind}s, and the name "
                "of no site",
                f"it has shape {y.shape}",
                "capture into a folder",
            )
    arrays = {name: y[states.text] for name, y in labels.items()}
    if len(states.text) > job.n:
        arrays[TEXT] = states.text
    arrays |= states.arrays
    save(out, as_columns(arrays) if out.suffix.lower() in TABLE_SUFFIXES else arrays)
    inputs = counted(job.n, job.kind, f"{job.kind}s")
    rows = counted(len(states.text), "row", "rows")
    return [f"Captured: {inputs} in {out}, {rows}", *by_width(_widths(states))]


def _widths(states: models.Captured) -> dict[str, int]:
    return {site: x.shape[1] for site, x in states.items()}


def contents(folder: Path, *, nothing_new: bool) -> Iterator[str]:
    """Yield in words what a folder of captured states holds: rows, sites, and their widths."""
    about = manifest(folder)
    assert about is not None, "a capture has just ended"
    kind = about.get("inputs", "texts")
    n = counted(about["texts"], kind.removesuffix("s"), kind)
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
