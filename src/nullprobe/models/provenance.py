"""Record the identity and the origin of a model.

Problem. A folder of states, or an eraser, belongs to one set of weights. A class and a name do not
identify them.
Solution. The record has a fingerprint of the weights in memory. :func:`nullprobe.models.load` also
notes the files on the model: the revision on the hub or a hash of each file, the format, the
quantisation and the adapter.
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

SAMPLED = 64  # values of each weight in a model's fingerprint
NOTE = "_nullprobe_origin"


@dataclass(frozen=True)
class Origin:
    """The files from which a model was read.

    Attributes
    ----------
    name : str
        Name on the hub, or the last part of the path.
    revision : str
        Commit on the hub; empty for local files.
    format : str
        "safetensors", "gguf", or "" if ``models.load`` did not load the model.
    quantization : str
        Type of the stored weights, such as "Q4_1", if they were dequantised.
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
    """Note on a model the files from which it was read."""
    setattr(model, NOTE, origin)


def hashes(files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file by its name; files are read in parallel."""
    files = sorted(files)
    with ThreadPoolExecutor() as pool:
        return dict(zip([file.name for file in files], pool.map(_sha256, files), strict=True))


def described(model: nn.Module) -> dict[str, Any]:
    """Return the identity and the origin of a model, as plain values.

    The fingerprint is a hash of a few evenly spaced values of each weight: training changes them
    all.

    Returns
    -------
    dict
        ``class`` (without an adapter's wrapper), ``name``, ``revision``, ``weights`` (fingerprint),
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
            # In integers: float32 cannot represent odd positions beyond 2^24.
            n_values = min(SAMPLED, len(flat))
            positions = torch.arange(n_values) * (len(flat) - 1) // max(n_values - 1, 1)
            digest.update(flat[positions.to(flat.device)].double().cpu().numpy().tobytes())
    return digest.hexdigest()


def _quantization(config: Any) -> str:
    """Return the quantisation of the weights in memory, such as "bitsandbytes 4bit nf4"."""
    settings = getattr(config, "quantization_config", None)
    if settings is None:
        return ""
    settings = settings if isinstance(settings, Mapping) else settings.to_dict()
    method = settings.get("quant_method", "")
    words = [str(getattr(method, "value", method))]
    if settings.get("load_in_8bit"):
        words += ["8bit"]
    elif settings.get("load_in_4bit"):
        words += ["4bit", str(settings.get("bnb_4bit_quant_type", ""))]
    elif "bits" in settings:
        words += [f"{settings['bits']}bit"]
    return " ".join(filter(None, words))


def _adapter(model: nn.Module, origin: Origin) -> dict[str, Any] | None:
    if origin.adapter is not None:
        return dict(origin.adapter)
    adapters = getattr(model, "peft_config", None)
    if not isinstance(adapters, Mapping) or not adapters:
        return None
    kinds = [getattr(one.peft_type, "value", str(one.peft_type)) for one in adapters.values()]
    return {"name": ", ".join(adapters), "type": ", ".join(kinds), "merged": False}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
