"""Models and tokenizers from a folder or a name: safetensors only, no code of others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn

from nullprobe import _check

DTYPES = {
    "auto": "auto",
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def load(
    name: str | os.PathLike[str], *, dtype: str = "auto", device: str | None = None
) -> tuple[transformers.PreTrainedModel, Any]:
    """Load a model with the head that it was saved with, and its tokenizer.

    Parameters
    ----------
    name : str or path
        A folder that ``save_pretrained`` wrote, or the name of a model that transformers finds.
    dtype : {"auto", "float64", "float32", "bfloat16", "float16"}
        "auto" is what the weights were saved in.
    device : str, optional
        Such as "cuda"; "auto" spreads a large model over what there is.

    Returns
    -------
    model : transformers.PreTrainedModel
        In evaluation mode.
    tokenizer : PreTrainedTokenizerBase

    Raises
    ------
    InputError
        If there is no such model, it has no safetensors, or it needs code of its own.
    """
    _check.choice("dtype", dtype, list(DTYPES))
    kind, config = _kind(name)
    if Path(name).is_dir() and not any(Path(name).glob("*.safetensors")):
        _check.complain(
            f"the weights in {str(name)!r} must be .safetensors",
            "there are none",
            "convert them: load the model once with transformers and save_pretrained it",
        )
    spread = {} if device is None else {"device_map": device}
    try:
        model = kind.from_pretrained(
            name, config=config, dtype=DTYPES[dtype], use_safetensors=True, **spread
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        _complain(name, error)
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        _check.complain(
            f"{str(name)!r} must hold a tokenizer beside the model",
            "what transformers finds there knows no words",
            "save the tokenizer into the same folder with its save_pretrained",
        )
    return model.eval(), tokenizer


def structure(name: str | os.PathLike[str]) -> nn.Module:
    """Return a model without its weights, which are neither read nor made room for."""
    kind, config = _kind(name)
    with torch.device("meta"):
        return kind._from_config(config)


def _kind(name: str | os.PathLike[str]) -> tuple[Any, Any]:
    """Return the class that a model was saved as, and its config."""
    if os.path.sep in str(name) and not Path(name).exists():
        _check.complain(
            f"{str(name)!r} must be a folder that holds a model", "there is none", "check the path"
        )
    try:
        config = transformers.AutoConfig.from_pretrained(name)
    except (OSError, ValueError) as error:
        _complain(name, error)
    saved = (config.architectures or [""])[0]
    kind = getattr(transformers, saved, None)
    return (transformers.AutoModel if kind is None else kind), config


def _complain(name: str | os.PathLike[str], error: Exception) -> None:
    said = " ".join(str(error).split())
    raise _check.InputError(
        f"{str(name)!r} must be a model that transformers can load from safetensors without code "
        f"of its own, but it said: {said[:300]}; check the name, or save the model anew."
    ) from error
