"""Capture the states of images at the sites of a vision encoder: as arrays, or into a folder.

Problem. A vision encoder has no tokenizer, and its tokens are patches of an image.
Solution. A rule reads the class token or the mean of the patches. All else is as for texts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from nullprobe._core.progress import Progress, reporting
from nullprobe.models.capturing.folder import SHARD_SIZE, Labels, write_folder
from nullprobe.models.capturing.states import Captured, captured
from nullprobe.models.image_batches import Encoder, ImageWork
from nullprobe.models.provenance import described
from nullprobe.models.site import IMAGE, POOLED


def capture_images(
    model: nn.Module,
    processor: Any,
    images: Sequence[str | os.PathLike[str]],
    sites: str | Sequence[str],
    *,
    tokens: str = "class",
    batch_size: int = 32,
    layers: str | None = None,
    progress: Progress = False,
) -> Captured:
    """Return the states at the sites of a vision encoder for each image.

    Parameters
    ----------
    model, processor
        As :func:`load_vision` returns them: ViT, DINOv2, CLIP, SigLIP, or a similar model.
    images : sequence of str or path
        n image files: PNG, JPEG, WebP, BMP, GIF (its first picture), TIFF, PPM.
    sites : str or sequence of str
        Names or patterns, as for :func:`capture`; ``"pooled_output"``, the output of the pooler;
        ``"image_embedding"``, the vector in the space of images and texts (CLIP, SigLIP).
    tokens : {"class", "mean"}
        At all other sites: the class token, or the mean of the patches without class token and
        registers.
    batch_size : int
        Images in a batch.
    layers : str, optional
        Path of the list of layers, if the structure does not show it.
    progress : bool or callable
        As for :func:`capture`.

    Returns
    -------
    Captured
        Site → (n, d).

    Raises
    ------
    InputError
        If a file is not a complete image or has more than 67 million pixels, a site does not exist,
        or the model has no class token.
    """
    work = ImageWork.of(Encoder.of(model, processor), images, sites, (tokens, batch_size, layers))
    with reporting(progress) as report:
        return captured(work.reporting(report), 0, len(work.texts))


def capture_images_to(
    folder: str | os.PathLike[str],
    model: nn.Module,
    processor: Any,
    images: Sequence[str | os.PathLike[str]],
    sites: str | Sequence[str],
    *,
    labels: Mapping[str, Any] | None = None,
    concept: str | None = None,
    groups: str | None = None,
    tokens: str = "class",
    batch_size: int = 32,
    shard_size: int = SHARD_SIZE,
    layers: str | None = None,
    progress: Progress = False,
) -> Path:
    """Write the states at the sites of a vision encoder for each image into a folder of shards.

    Parameters
    ----------
    model, processor, images, sites, tokens, batch_size, layers, progress
        As for :func:`capture_images`.
    folder, labels, concept, groups, shard_size
        As for :func:`capture_to`, with images in place of texts.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        As for :func:`capture_images` and :func:`capture_to`.
    """
    encoder = Encoder.of(model, processor)
    work = ImageWork.of(encoder, images, sites, (tokens, batch_size, layers))

    def identity(work: ImageWork) -> dict[str, Any]:
        sites_of = {site.name: site.width for site in work.sites}
        whole = {*sites_of} <= {POOLED, IMAGE}
        return {
            "model": described(encoder.model),
            "processor": _plain(processor),
            "inputs": "images",
            "sites": sites_of,
            "tokens": "pooled by the model" if whole else work.rule.described(),
            "texts": len(work.texts),
            "text hash": work.content,
        }

    named = Labels(labels or {}, concept, groups)
    return write_folder(Path(folder), work, identity, named, shard_size, reporting(progress))


def _plain(processor: Any) -> dict[str, Any]:
    """Return the settings of a processor that are plain values."""
    settings = processor.to_dict() if hasattr(processor, "to_dict") else {}
    kinds = (str, int, float, bool, list, tuple, dict, type(None))
    return {key: value for key, value in settings.items() if isinstance(value, kinds)}
