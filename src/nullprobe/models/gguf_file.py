"""Load a GGUF file of llama.cpp as a plain model.

Problem. Transformers dequantises the weights, but marks the model as quantised, so it can neither
be saved nor trained. It also parses the file three times, and a vocabulary takes seconds each time.
Solution. The marks are removed after loading, and the file is parsed once.
"""

from __future__ import annotations

import functools
import importlib
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import transformers

from nullprobe._core import validation
from nullprobe.models import packages

# Errors that damaged files raise, in which lengths and offsets are wrong.
DAMAGES = (ValueError, LookupError, OverflowError, OSError, MemoryError, struct.error, TypeError)


def needs_packages() -> None:
    """Raise InputError if packages that read GGUF files are missing."""
    packages.need(["gguf", "accelerate"], "GGUF files", extra="models")


def checked(file: Path) -> None:
    """Raise InputError if a file is not a whole model."""
    parts, _ = _header(file)
    if parts > 1:
        validation.complain(
            f"{file.name!r} must hold a whole model",
            f"it is one of {parts} parts",
            "merge the parts: llama-gguf-split --merge FIRST_PART WHOLE",
        )


def stored_as(file: Path) -> str:
    """Return the types in which a file stores its weights, the most frequent type first."""
    return _header(file)[1]


@contextmanager
def parsed_once() -> Iterator[None]:
    """Let all readers of a GGUF file within the block share one parse of it.

    Other threads that load files within the block share it, too; nothing is kept after it.
    """
    package: Any = importlib.import_module("gguf")
    original = package.GGUFReader
    package.GGUFReader = functools.cache(original)
    try:
        yield
    finally:
        package.GGUFReader = original


def options() -> dict[str, Any]:
    """Return arguments that make ``from_pretrained`` dequantise; older versions always do."""
    config = getattr(transformers, "GgufConfig", None)
    return {} if config is None else {"quantization_config": config(dequantize=True)}


def made_plain(model: Any) -> None:
    """Remove the marks of quantisation from a model, whose weights are now plain numbers."""
    for holder, names in (
        (model.config, ["quantization_config"]),
        (model, ["hf_quantizer", "quantization_method", "is_quantized"]),
    ):
        for name in names:
            vars(holder).pop(name, None)


def _header(file: Path) -> tuple[int, str]:
    """Return the number of parts into which the model was split, and the types of its weights."""
    stat = file.stat()
    try:
        return _read(file, stat.st_size, stat.st_mtime_ns)
    except DAMAGES as error:
        reason = " ".join(str(error).split())[:120].rstrip(".")
        raise validation.InputError(
            f"{file.name!r} must be a whole GGUF file",
            f"it cannot be read: {reason}",
            "download or convert it again",
        ) from error


@functools.lru_cache(maxsize=16)  # a vocabulary takes seconds to read
def _read(file: Path, size: int, changed: int) -> tuple[int, str]:
    # By the same name as transformers reads it, so that it is parsed once.
    reader = importlib.import_module("gguf").GGUFReader(str(file.resolve()))
    values: Counter[str] = Counter()
    for tensor in reader.tensors:
        values[tensor.tensor_type.name] += int(tensor.n_elements)
    split = reader.get_field("split.count")
    parts = 1 if split is None else int(split.contents())
    return parts, ", ".join(name for name, _ in values.most_common())
