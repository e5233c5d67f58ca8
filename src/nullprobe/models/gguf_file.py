"""GGUF files of llama.cpp: what transformers needs to load one as a plain model.

The weights are dequantised. What transformers notes of the quantisation is taken off the model
afterwards: else it can neither be saved nor trained, although its weights are plain numbers.
"""

from __future__ import annotations

import functools
import importlib
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import transformers

from nullprobe._core import validation
from nullprobe.models import packages

# What a damaged file raises, where lengths and offsets are nonsense.
DAMAGES = (ValueError, LookupError, OverflowError, OSError, MemoryError, struct.error, TypeError)


def checked(file: Path) -> None:
    """Complain about a file that is not all of a model, or if packages are missing."""
    packages.need(["gguf", "accelerate"], "GGUF files", extra="models")
    parts, _ = _header(file)
    if parts > 1:
        validation.complain(
            f"{file.name!r} must hold a whole model",
            f"it is one of {parts} parts",
            "merge them: llama-gguf-split --merge FIRST_PART WHOLE",
        )


def stored_as(file: Path) -> str:
    """Return how the weights of a file are stored: its types, that of most values first."""
    return _header(file)[1]


def options() -> dict[str, Any]:
    """Return what makes ``from_pretrained`` dequantise; older versions always do."""
    config = getattr(transformers, "GgufConfig", None)
    return {} if config is None else {"quantization_config": config(dequantize=True)}


def made_plain(model: Any) -> None:
    """Take off a model what says that it is quantised: its weights no longer are."""
    for holder, names in (
        (model.config, ["quantization_config"]),
        (model, ["hf_quantizer", "quantization_method", "is_quantized"]),
    ):
        for name in names:
            vars(holder).pop(name, None)


def _header(file: Path) -> tuple[int, str]:
    """Return of how many parts a file is one, and the types of its weights."""
    stat = file.stat()
    try:
        return _read(file, stat.st_size, stat.st_mtime_ns)
    except DAMAGES as error:
        said = " ".join(str(error).split())[:120].rstrip(".")
        raise validation.InputError(
            f"{file.name!r} must be a whole GGUF file",
            f"it cannot be read: {said}",
            "download or convert it again",
        ) from error


@functools.lru_cache(maxsize=16)  # a vocabulary takes seconds to read
def _read(file: Path, size: int, changed: int) -> tuple[int, str]:
    reader = importlib.import_module("gguf").GGUFReader(file)
    values: Counter[str] = Counter()
    for tensor in reader.tensors:
        values[tensor.tensor_type.name] += int(tensor.n_elements)
    split = reader.get_field("split.count")
    parts = 1 if split is None else int(split.contents())
    return parts, ", ".join(name for name, _ in values.most_common())
