"""Weights that took minutes to train, kept in a folder: whole, or not at all."""

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
    """Return the folder that weights are kept in, made if need be; None for none.

    Parameters
    ----------
    cache : path, bool or None
        False for none; True or None for the one that NULLPROBE_CACHE names, else "nullprobe" in the
        user's cache directory.

    Raises
    ------
    InputError
        If it cannot be made or written to.
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
        _complain(folder, "you may not")
    return folder


def _complain(folder: Path, why: str) -> None:
    complain(
        f"cache must be a folder that you may write to, here {str(folder)!r}",
        why,
        f"pass another folder, or False, or set {ENVIRONMENT}",
    )


def fingerprint(model: torch.nn.Module, facts: Mapping[str, object]) -> str:
    """Return a name for what training makes of a model that has not been trained yet.

    Parameters
    ----------
    model : Module
    facts : mapping
        Everything else that the result depends on, as JSON takes it.
    """
    found = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, weights in model.state_dict().items():
        found.update(name.encode())
        found.update(weights.numpy().tobytes())
    return found.hexdigest()[:32]


def fetch(folder: Path, newborn: GPT2LMHeadModel) -> GPT2LMHeadModel | None:
    """Return a model with kept weights, like one of the same shape; None if they are damaged."""
    path = folder / WEIGHTS
    try:
        expected = json.loads((folder / RECORD).read_text("utf-8"))["sha256"]
        # The format guards its header only.
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            return None
        # Not into the model itself, which weights that do not fit would leave half loaded.
        model = copy.deepcopy(newborn)
        load_model(model, path)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError):
        return None
    return model


def keep(folder: Path, model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast) -> None:
    """Keep a model and its tokenizer, as plain transformers load them, in place of damaged ones.

    Notes
    -----
    They are written next to ``folder`` and then take its name. Of two that come at the same time
    the first one stays; both hold the same weights.
    """
    temporary = folder.with_name(f".nullprobe-{secrets.token_hex(8)}")
    try:
        temporary.mkdir()
        # Not model.save_pretrained: it draws a progress bar.
        model.config.save_pretrained(temporary)
        save_model(model, str(temporary / WEIGHTS))
        tokenizer.save_pretrained(temporary)
        digest = hashlib.sha256((temporary / WEIGHTS).read_bytes()).hexdigest()
        (temporary / RECORD).write_text(json.dumps({"sha256": digest}) + "\n", "utf-8")
        if folder.exists():
            os.replace(folder, temporary.with_name(f"{temporary.name}-damaged"))
        try:
            os.replace(temporary, folder)
        except OSError:
            if not (folder / RECORD).is_file():
                raise
    finally:
        for left in (temporary, temporary.with_name(f"{temporary.name}-damaged")):
            shutil.rmtree(left, ignore_errors=True)
