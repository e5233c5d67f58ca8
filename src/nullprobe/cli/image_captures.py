"""Capturing images: of a folder, whose folders name labels, or of a file with a column of paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe import models
from nullprobe._core.parameters import known
from nullprobe._core.validation import complain
from nullprobe.cli import arguments, captures, column_options
from nullprobe.data.columns import array, values
from nullprobe.data.formats import load
from nullprobe.models import pictures
from nullprobe.models.image_batches import Encoder
from nullprobe.models.site import IMAGE, POOLED

LABEL, FILE = "label", "file"  # what a folder of images knows of each


@dataclass(frozen=True)
class Images:
    """Images to capture, and what is kept of each.

    Attributes
    ----------
    source : Path
        A folder, or a file with a column of paths.
    column : str or None
        The column of paths.
    concept, groups : str or None
    labels : sequence of str
        What else is kept.
    """

    source: Path
    column: str | None
    concept: str | None
    groups: str | None
    labels: Sequence[str]

    def read(self) -> tuple[list[Path], dict[str, Any], str | None]:
        """Return the paths, labels by name, and the name of the concept."""
        if self.source.is_dir() and self.column is None:
            return self._of_folder()
        if self.column is None:
            raise arguments.UsageError(
                "capture needs --text COLUMN, --image COLUMN, or a folder of images"
            )
        content = load(self.source)
        available = list(content) if isinstance(content, dict) else content.column_names
        named = self._named(self.concept)
        options = {"--image": [self.column], "--concept": [self.concept], "--groups": [self.groups]}
        with column_options.named(options):
            for column in (self.column, *named):
                known("column", column, available)
        names = values(content, self.column)
        if not all(isinstance(name, str) for name in names):
            complain(
                f"column {self.column!r} must hold paths of images",
                f"it holds a {type(names[0]).__name__}" if names else "it is empty",
                "write the images into files",
            )
        folder = self.source.parent
        labels = {name: array(content, name) for name in named}
        return [folder / name for name in names], labels, self.concept

    def _of_folder(self) -> tuple[list[Path], dict[str, Any], str | None]:
        paths = pictures.files_in(self.source)
        if not paths:
            complain(
                f"{str(self.source)!r} must hold images ({', '.join(pictures.SUFFIXES)})",
                "it holds none",
                "for texts, name their column with --text",
            )
        inner = [path.relative_to(self.source) for path in paths]
        about = {FILE: np.array([path.as_posix() for path in inner])}
        if all(len(path.parts) > 1 for path in inner):
            about[LABEL] = np.array([path.parent.name for path in inner])
        concept = self.concept or (LABEL if LABEL in about else None)
        for name in self._named(concept):
            known("label", name, list(about))
        return paths, {name: about[name] for name in self._named(concept)}, concept

    def _named(self, concept: str | None) -> list[str]:
        names = [name for name in (concept, self.groups, *self.labels) if name is not None]
        return list(dict.fromkeys(names))


def capture(
    name: str,
    images: Images,
    wanted: captures.Wanted,
    target: captures.Target,
    settings: Mapping[str, Any],
    loading: Mapping[str, Any],
) -> str:
    """Capture images to a folder or a file, and return in words what it holds."""
    target.check()
    paths, labels, concept = images.read()
    simple = {key: loading[key] for key in ("dtype", "device", "revision")}
    model, processor = models.load_vision(name, **simple)
    sites = list(wanted.sites) or _usual_sites(model, processor)
    how = {key: settings[key] for key in ("batch_size", "shard_size", "layers")}
    job = captures.Job(
        len(paths), "image", labels, concept, images.groups, (model, processor, paths, sites),
        {"tokens": wanted.tokens, **how}, models.capture_images, models.capture_images_to,
    )  # fmt: skip
    return captures.done(job, target, images.source)


def _usual_sites(model: Any, processor: Any) -> list[str]:
    """Return the site of one vector per image."""
    available = Encoder.of(model, processor).vectors()
    for site in (IMAGE, POOLED):
        if site in available:
            return [site]
    raise arguments.UsageError("capture needs --site: this model gives no vector per image")
