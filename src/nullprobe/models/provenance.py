"""What a model is and where it came from: what a capture records of it.

Problem. A folder of states, or an eraser, is a fact about one set of weights; a class and a name do
not identify them.
Solution. Of the weights in memory a fingerprint is taken. Of the files that they were read from
:func:`nullprobe.models.load` leaves a note on the model: the revision on the hub or a hash of each
file, the format, the quantisation and the adapter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

SAMPLED = 64  # values of each weight that go into a model's fingerprint
NOTE = "_nullprobe_origin"


@dataclass(frozen=True)
class Origin:
    """The files that a model was read from.

    Attributes
    ----------
    name : str
        Name on the hub, or the last part of the path.
    revision : str
        Commit on the hub; empty for local files.
    format : str
        "safetensors", "gguf", or "" where the model was not loaded here.
    quantization : str
        How the weights are stored in the file, such as "Q4_1", where they were dequantised.
    files : mapping of str to str
        SHA-256 of each local file of weights; empty for models from the hub.
    adapter : mapping or None
        ``name``, ``revision``, ``files``, ``type`` (such as "LORA") and ``merged`` of an adapter.
    """

    name: str = ""
    revision: str = ""
    format: str = ""
    quantization: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    adapter: Mapping[str, Any] | None = None


def note(model: nn.Module, origin: Origin) -> None:
    """Leave on a model what it was read from."""
    setattr(model, NOTE, origin)


def hashes(files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file by its name; files are read in parallel."""
    files = sorted(files)
    with ThreadPoolExecutor() as pool:
        return dict(zip([file.name for file in files], pool.map(_sha256, files), strict=True))


def described(model: nn.Module) -> dict[str, Any]:
    """Return what a model is and what it was read from, as plain values.

    Of each weight a few values go into the fingerprint, spread evenly: training changes them all.

    Returns
    -------
    dict
        ``class`` (inside an adapter's wrapper), ``name``, ``revision``, ``weights`` (fingerprint),
        ``dtype`` (of the floating-point parameters), ``quantization``, ``adapter``, ``format`` and
        ``files``: see :class:`Origin`.
    """
    config = getattr(model, "config", None)
    origin = getattr(model, NOTE, None) or Origin()
    inside = model.get_base_model() if hasattr(model, "get_base_model") else model  # pyright: ignore
    floating = {str(w.dtype) for w in model.parameters() if w.is_floating_point()}
    return {
        "class": type(inside).__name__,
        "name": origin.name or Path(str(getattr(config, "_name_or_path", "") or "")).name,
        "revision": origin.revision,
        "weights": _fingerprint(model),
        "dtype": ", ".join(sorted(name.removeprefix("torch.") for name in floating)),
        "quantization": _quantization(config) or origin.quantization,
        "adapter": _adapter(model, origin),
        "format": origin.format,
        "files": dict(origin.files),
    }


def _fingerprint(model: nn.Module) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, weight in sorted(model.state_dict().items()):
        digest.update(f"{name} {tuple(weight.shape)} {weight.dtype}".encode())
        flat = weight.detach().flatten()
        if flat.device.type != "meta" and len(flat):
            # In integers: float32 knows no odd position beyond 2^24.
            some = min(SAMPLED, len(flat))
            where = torch.arange(some) * (len(flat) - 1) // max(some - 1, 1)
            digest.update(flat[where.to(flat.device)].double().cpu().numpy().tobytes())
    return digest.hexdigest()


def _quantization(config: Any) -> str:
    """Return how the weights in memory are quantised, such as "bitsandbytes 4bit nf4"."""
    said = getattr(config, "quantization_config", None)
    if said is None:
        return ""
    said = said if isinstance(said, Mapping) else said.to_dict()
    method = said.get("quant_method", "")
    words = [str(getattr(method, "value", method))]
    if said.get("load_in_8bit"):
        words += ["8bit"]
    elif said.get("load_in_4bit"):
        words += ["4bit", str(said.get("bnb_4bit_quant_type", ""))]
    elif "bits" in said:
        words += [f"{said['bits']}bit"]
    return " ".join(filter(None, words))


def _adapter(model: nn.Module, origin: Origin) -> dict[str, Any] | None:
    if origin.adapter is not None:
        return dict(origin.adapter)
    there = getattr(model, "peft_config", None)
    if not isinstance(there, Mapping) or not there:
        return None
    kinds = [getattr(one.peft_type, "value", str(one.peft_type)) for one in there.values()]
    return {"name": ", ".join(there), "type": ", ".join(kinds), "merged": False}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
