"""Models and tokenizers from a folder or a name: safetensors only, no code of others."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import torch
import transformers
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)
from safetensors import SafetensorError
from torch import nn
from transformers.utils import logging

from nullprobe._core import parameters, validation

DTYPES = {
    "auto": "auto",
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
# What may be a model's name on the hub, with or without its owner; anything else is a path.
HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
OFFLINE = "HF_HUB_OFFLINE"


def load(
    name: str | os.PathLike[str], *, dtype: str = "auto", device: str | None = None
) -> tuple[transformers.PreTrainedModel, Any]:
    """Load a model with the head that it was saved with, and its tokenizer.

    Parameters
    ----------
    name : str or path
        A folder that ``save_pretrained`` wrote, or the name of a model on the hub, with or without
        its owner. A path is never looked for there, nor is a name if ``HF_HUB_OFFLINE`` is set.
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
    parameters.choice("dtype", dtype, list(DTYPES))
    source = _source(name)
    kind, config = _kind(source)
    if Path(source).is_dir() and not any(Path(source).glob("*.safetensors")):
        validation.complain(
            f"the weights in {source!r} must be .safetensors",
            "there are none",
            "convert them: load the model once with transformers and save_pretrained it",
        )
    spread = {} if device is None else {"device_map": device}
    told = {"dtype": DTYPES[dtype], "use_safetensors": True, "local_files_only": _is_offline()}
    try:
        with without_bars():
            model = kind.from_pretrained(source, config=config, **told, **spread)
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            source, local_files_only=_is_offline()
        )
    except (OSError, ValueError, SafetensorError) as error:
        _complain(source, error)
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        validation.complain(
            f"{source!r} must hold a tokenizer beside the model",
            "what transformers finds there knows no words",
            "save the tokenizer into the same folder with its save_pretrained",
        )
    return model.eval(), tokenizer


def structure(name: str | os.PathLike[str]) -> nn.Module:
    """Return a model without its weights, which are neither read nor made room for."""
    kind, config = _kind(_source(name))
    with torch.device("meta"):
        return kind._from_config(config)


@contextmanager
def without_bars() -> Iterator[None]:
    """Keep the progress bars of transformers away within the block; those of downloads stay."""
    own, downloads = logging.is_progress_bar_enabled(), not are_progress_bars_disabled()
    _show_bars(False, downloads)
    try:
        yield
    finally:
        _show_bars(own, downloads)


def _show_bars(own: bool, downloads: bool) -> None:
    # The bars of transformers take those of downloads with them, but for where the environment
    # has settled them, which is warned of.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (logging.enable_progress_bar if own else logging.disable_progress_bar)()
        (enable_progress_bars if downloads else disable_progress_bars)()


def _source(name: str | os.PathLike[str]) -> str:
    """Return the folder that is meant, or what may be a name on the hub."""
    if not isinstance(name, str | os.PathLike):
        validation.complain(
            "a model to be loaded must be named, by a folder or its name on the hub",
            f"{type(name).__name__} arrived",
            "pass a string or a path",
        )
    text = os.fspath(name)
    path = Path(text).expanduser()
    if text and path.is_dir():
        return str(path)
    if isinstance(name, os.PathLike) or path.exists() or not HUB_NAME.fullmatch(text):
        validation.complain(
            f"{text!r} must be a folder that holds a model, or a name on the hub (NAME or "
            "OWNER/NAME)",
            "it is a file" if path.is_file() else "there is no such folder",
            "check the path",
        )
    return text


def _kind(source: str) -> tuple[Any, Any]:
    """Return the class that a model was saved as, and its config."""
    try:
        config = transformers.AutoConfig.from_pretrained(source, local_files_only=_is_offline())
    except (OSError, ValueError) as error:
        _complain(source, error)
    saved = (config.architectures or [""])[0]
    kind = getattr(transformers, saved, None)
    return (transformers.AutoModel if kind is None else kind), config


def _is_offline() -> bool:
    """Whether the environment says so now; huggingface_hub asks it once, when it is imported."""
    return os.environ.get(OFFLINE, "").upper() in ("1", "ON", "YES", "TRUE")


def _complain(source: str, error: Exception) -> NoReturn:
    said = " ".join(str(error).split())[:300].rstrip(".")
    required = "a model that transformers can load from safetensors without code of its own"
    if Path(source).is_dir():
        arrived, advice = f"it said: {said}", "check the folder, or save the model anew"
    else:
        kept = f" ({OFFLINE} is set, so that only its cache was asked)" if _is_offline() else ""
        why = said.partition(". ")[0]  # what follows is where to read about it
        arrived = f"there is no folder of this name here, and of the hub it said{kept}: {why}"
        advice = "check the name, or pass the path of a folder"
    raise validation.InputError(
        f"{source!r} must be {required}, but {arrived}; {advice}."
    ) from error
