"""A cache of trained weights in a folder, written completely or not at all."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_model, save_model
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from nullprobe._core.validation import complain

ENVIRONMENT = "NULLPROBE_CACHE"
WEIGHTS, RECORD = "model.safetensors", "nullprobe.json"


def cache_folder(cache: str | os.PathLike[str] | bool | None) -> Path | None:
    """Return the folder of the cache, created if it does not exist; None without a cache.

    Parameters
    ----------
    cache : path, bool or None
        False for no cache. True or None for the folder in the environment variable NULLPROBE_CACHE,
        or else "nullprobe" in the user's cache directory.

    Raises
    ------
    InputError
        If the folder cannot be created or is not writable.
    """
    if cache is False:
        return None
    if cache is None or cache is True:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        cache = os.environ.get(ENVIRONMENT) or Path(home) / "nullprobe"
    folder = Path(cache).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _complain(folder, str(error.strerror or error).lower())
    if not os.access(folder, os.W_OK):
        _complain(folder, "you do not have the permission to write to it")
    return folder


def _complain(folder: Path, why: str) -> None:
    complain(
        f"the cache {str(folder)!r} must be a writable folder",
        why,
        f"pass cache=False or another folder, or set {ENVIRONMENT}",
    )


def fingerprint(model: torch.nn.Module, facts: Mapping[str, object]) -> str:
    """Return a hash of an untrained model and its recipe, which names the trained model.

    Parameters
    ----------
    model : Module
    facts : mapping
        Everything else that the result depends on, as JSON values.
    """
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, weights in model.state_dict().items():
        digest.update(name.encode())
        digest.update(weights.numpy().tobytes())
    return digest.hexdigest()[:32]


def fetch(folder: Path, newborn: GPT2LMHeadModel) -> GPT2LMHeadModel | None:
    """Return a copy of ``newborn`` with the cached weights; None if these are damaged."""
    path = folder / WEIGHTS
    try:
        expected = json.loads((folder / RECORD).read_text("utf-8"))["sha256"]
        # The format does not detect damaged values.
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            return None
        # Into a copy: weights of another shape would leave the model half loaded.
        model = copy.deepcopy(newborn)
        load_model(model, path)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError):
        return None
    return model


def keep(folder: Path, model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast) -> None:
    """Save a model and its tokenizer in the format of transformers; replace damaged files.

    Notes
    -----
    The files are written to a temporary folder, which then takes the name ``folder``. If two
    processes save at the same time, the files of the first one stay; both have the same weights.
    """
    temporary = folder.with_name(f".nullprobe-{secrets.token_hex(8)}")
    try:
        temporary.mkdir()
        # Not model.save_pretrained: it shows a progress bar.
        model.config.save_pretrained(temporary)
        save_model(model, str(temporary / WEIGHTS))
        tokenizer.save_pretrained(temporary)
        digest = hashlib.sha256((temporary / WEIGHTS).read_bytes()).hexdigest()
        (temporary / RECORD).write_text(json.dumps({"sha256": digest}) + "\n", "utf-8")
        if folder.exists():
            folder.replace(temporary.with_name(f"{temporary.name}-damaged"))
        try:
            temporary.replace(folder)
        except OSError:
            if not (folder / RECORD).is_file():
                raise
    finally:
        for leftover in (temporary, temporary.with_name(f"{temporary.name}-damaged")):
            shutil.rmtree(leftover, ignore_errors=True)
