"""Check images and options once, then run the images through a vision encoder batch by batch.

Problem. Encoders differ in the tokens before the patches: a class token, registers, or none.
Solution. The number of patches follows from the size of the processed image. The tokens before them
are the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nullprobe._core import parameters, validation
from nullprobe._core.progress import Report, silent
from nullprobe.models import pictures
from nullprobe.models.finding import available
from nullprobe.models.forward import evaluating, need_finite
from nullprobe.models.hooks import plain, reading
from nullprobe.models.site import IMAGE, OUTPUT, POOLED, Site, choose

CLASS, MEAN = "class", "mean"
RULES = (CLASS, MEAN)


@dataclass(frozen=True)
class Encoder:
    """A vision encoder and its processor.

    Attributes
    ----------
    model : torch.nn.Module
        The whole model, which may read texts, too.
    tower : torch.nn.Module
        The part that reads images.
    processor : callable
        Images → ``pixel_values``.
    """

    model: Any
    tower: Any
    processor: Any

    @classmethod
    def of(cls, model: nn.Module, processor: Any) -> Encoder:
        """Return the encoder of a model; raise InputError if it does not read images."""
        model = plain(model)
        tower = getattr(model, "vision_model", model)
        if getattr(tower, "main_input_name", "") != "pixel_values" or not callable(processor):
            validation.complain(
                "the model must be a vision encoder of transformers, with its image processor",
                f"{type(model).__name__} and {type(processor).__name__} arrived",
                "load both with models.load_vision",
            )
        return cls(model, tower, processor)

    def pixels(self, images: Sequence[Any]) -> Tensor:
        """Return processed images (b, channels, height, width), on the device of the model."""
        weight = next(self.tower.parameters())
        pixels = self.processor(images, return_tensors="pt")["pixel_values"]
        return pixels.to(weight.device, weight.dtype)

    def features(self, pixels: Tensor) -> Tensor | None:
        """Return the embeddings (b, d) in the space of images and texts, if the model has it."""
        if hasattr(self.model, "get_image_features"):
            output = self.model.get_image_features(pixel_values=pixels)
            return output if isinstance(output, Tensor) else output.pooler_output
        return self.model(pixel_values=pixels).get("image_embeds")

    def sites(self, wanted: str | Sequence[str], layers: str | None = None) -> dict[str, Site]:
        """Return the sites of the tower, and those of one vector per image."""
        names = {wanted} if isinstance(wanted, str) else {*wanted}
        inside = sorted(names - {POOLED, IMAGE})
        sites = dict(available(self.tower, inside, layers)) if inside else {}
        return sites | self.vectors()

    def vectors(self) -> dict[str, Site]:
        """Return the sites of one vector per image."""
        sites: dict[str, Site] = {}
        with evaluating(self.model), torch.no_grad():
            pixels = self.pixels([_blank()])
            pooled = self.tower(pixel_values=pixels).get("pooler_output")
            features = self.features(pixels)
        for name, vector in ((POOLED, pooled), (IMAGE, features)):
            if isinstance(vector, Tensor) and vector.ndim == 2:
                sites[name] = Site(name, "", OUTPUT, vector.shape[1])
        return sites


@dataclass(frozen=True, eq=False)
class ImageRule:
    """Which states of an image are read: the class token, or the mean of the patches."""

    tokens: str

    def described(self) -> str:
        """Return the rule for a manifest."""
        return f"{self.tokens} of the image"


@dataclass(frozen=True, eq=False)
class Row:
    """One image gives one row."""

    rows: int = 1


@dataclass(frozen=True, eq=False)
class ImageWork:
    """Images to run through a vision encoder, with all options checked."""

    encoder: Encoder
    texts: Sequence[Path]  # the images; named as the texts of a language model
    sites: list[Site]
    rule: ImageRule
    content: str  # hash
    batch_size: int = 32
    report: Report = silent
    cut: dict[int, tuple[int, int]] = field(default_factory=dict)  # none

    @classmethod
    def of(
        cls,
        encoder: Encoder,
        images: Sequence[Any],
        sites: str | Sequence[str],
        options: tuple[str, int, str | None],
    ) -> ImageWork:
        """Return work from checked arguments; options are the rule, batch size and layers."""
        tokens, batch_size, layers = options
        parameters.choice("tokens", tokens, RULES)
        parameters.whole_number("batch_size", batch_size, least=1)
        paths = [Path(one) for one in images]
        content = pictures.check(paths)
        at = choose(encoder.sites(sites, layers), sites)
        return cls(encoder, paths, at, ImageRule(tokens), content, batch_size)

    def reporting(self, report: Report) -> ImageWork:
        """Return this work with another report of progress."""
        return replace(self, report=report)

    def aligned(self, y: Any, name: str = "y") -> tuple[ImageWork, Any]:
        """Return this work and the labels, after a check of their number."""
        if len(y) != len(self.texts):
            validation.complain(
                f"{name} must have one value for each of {len(self.texts)} images",
                f"{len(y)} values arrived",
            )
        return self, y

    def of_rows(self, y: np.ndarray, texts: np.ndarray, first: int, stop: int) -> np.ndarray:
        """Return the labels of rows."""
        return y[texts]

    def encode(self, first: int, stop: int) -> list[Row]:
        """Return one row for each image from ``first`` to ``stop``."""
        return [Row() for _ in self.texts[first:stop]]

    def passes(self, encoded: Sequence[Row], first: int) -> Iterator[tuple[Any, dict[str, Tensor]]]:
        """Run images, numbered from ``first``; yield batches and their rows by site."""
        stop = first + len(encoded)
        for start in range(first, stop, self.batch_size):
            numbers = np.arange(start, min(start + self.batch_size, stop))
            pixels = self.encoder.pixels([pictures.read(self.texts[i]) for i in numbers.tolist()])
            rows = self._run(pixels)
            for name, x in rows.items():
                need_finite(name, x, numbers)
            yield Numbers(numbers), rows
            self.report("capture", int(numbers[-1]) + 1, len(self.texts))

    def warn_of_texts(self) -> None:
        """Images are never cut."""

    def _run(self, pixels: Tensor) -> dict[str, Tensor]:
        encoder, rows = self.encoder, {}
        inside = [site for site in self.sites if site.name not in (POOLED, IMAGE)]
        names = [site.name for site in self.sites]

        def read(site: Site, states: Tensor) -> None:
            rows[site.name] = self._row(site, states, pixels)

        with evaluating(encoder.model), torch.no_grad(), ExitStack() as stack:
            if IMAGE in names:
                rows[IMAGE] = _wide(encoder.features(pixels))
            stack.enter_context(reading(encoder.tower, inside, read))
            if inside or POOLED in names:
                output = encoder.tower(pixel_values=pixels)
                if POOLED in names:
                    rows[POOLED] = _wide(output.pooler_output)
        missed = [name for name in names if name not in rows]
        if missed:
            validation.complain(f"states must pass {missed[0]!r} in a forward pass", "none did")
        return {name: rows[name] for name in names}

    def _row(self, site: Site, states: Tensor, pixels: Tensor) -> Tensor:
        """Return one row per image (b, d) from the states (b, t, d) of its tokens."""
        size: Any = getattr(self.encoder.tower.config, "patch_size", None)
        height, width = size if isinstance(size, list | tuple) else (size, size)
        patches = 0
        if isinstance(height, int) and isinstance(width, int):
            patches = (pixels.shape[-2] // height) * (pixels.shape[-1] // width)
        if states.ndim != 3 or not 0 < patches <= states.shape[1]:
            validation.complain(
                f"site {site.name!r} must have one state per patch, of shape (b, t, d)",
                f"states of shape {tuple(states.shape)} arrived for {patches} patches",
                f"choose {POOLED} or {IMAGE}",
            )
        before = states.shape[1] - patches
        if self.rule.tokens == MEAN:
            return _wide(states[:, before:]).mean(dim=1)
        if not before:
            validation.complain(
                "tokens='class' needs a model with a class token",
                f"{type(self.encoder.tower).__name__} has patches alone",
                "pass tokens='mean'",
            )
        return _wide(states[:, 0])


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers (b,) of the images of a batch."""

    texts: np.ndarray


def _wide(x: Any) -> Tensor:
    return x.detach().to(torch.float64 if x.dtype == torch.float64 else torch.float32)


def _blank() -> Any:
    return import_module("PIL.Image").new("RGB", (64, 64))
