"""PEFT adapters on a loaded model: active, or merged into its weights; safetensors only.

Problem. PEFT reads pickles if there are no safetensors, and silently skips weights that do not fit
the model.
Solution. The files are checked before loading. After loading, each weight of the file must have a
place in the model, and each place a weight.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any, NoReturn

import transformers

from nullprobe._core import validation
from nullprobe.models import packages
from nullprobe.models.checkpoint import ADAPTER, ADAPTER_WEIGHTS, Checkpoint

NAME = "default"


def base_of(adapter: Checkpoint) -> str:
    """Return the path, or the name on the hub, of the model that an adapter was trained on."""
    base = adapter.json(ADAPTER).get("base_model_name_or_path")
    if not base or not isinstance(base, str):
        validation.complain(
            f"{ADAPTER} in {adapter.name!r} must name the model that the adapter was trained on",
            "base_model_name_or_path is empty",
            f"pass the model as name, and {adapter.name!r} as adapter",
        )
    return base


def checked(adapter: Checkpoint) -> Checkpoint:
    """Return an adapter whose files can be loaded; raise InputError otherwise."""
    packages.need(["peft"], "adapters", extra="models-extra")
    if not adapter.is_adapter:
        validation.complain(
            f"{adapter.name!r} must be the folder of a PEFT adapter",
            f"it contains no {ADAPTER}",
            "pass a folder that save_pretrained of the adapter wrote",
        )
    if not (adapter.path / ADAPTER_WEIGHTS).is_file():
        validation.complain(
            f"the weights of the adapter in {adapter.name!r} must be in {ADAPTER_WEIGHTS}",
            "this file does not exist",
            "load the adapter with peft and write it with save_pretrained",
        )
    # PEFT would import the module that such a config names.
    if adapter.json(ADAPTER).get("megatron_config") is not None:
        validation.complain(
            "an adapter must load without code from its author",
            f"{adapter.name!r} is for Megatron, which imports a module that the config names",
            "merge it with Megatron, and load the merged model",
        )
    return adapter


def applied(
    model: transformers.PreTrainedModel, adapter: Checkpoint, *, merge: bool
) -> tuple[Any, str]:
    """Put an adapter on a model.

    Returns
    -------
    model : peft.PeftModel or transformers.PreTrainedModel
        The wrapped model with the adapter active; if merged, the model itself.
    kind : str
        PEFT's name for the method, such as "LORA".

    Raises
    ------
    InputError
        If the adapter adds virtual tokens, or does not fit the model.
    """
    try:
        with warnings.catch_warnings():
            # PEFT warns of future names in transformers, and of missing weights (refused below).
            warnings.simplefilter("ignore")
            wrapped, report, kind = _wrapped(model, adapter)
    except validation.InputError:
        raise
    except (OSError, ValueError, TypeError, LookupError, RuntimeError) as error:
        _complain(adapter, " ".join(str(error).split())[:300].rstrip("."), error)
    unmatched = [*report.unexpected_keys, *report.missing_keys]
    if unmatched:
        many = validation.counted(len(unmatched), "weight has", "weights have")
        _complain(adapter, f"{many} no counterpart, such as {unmatched[0]!r}")
    if merge:
        wrapped = wrapped.merge_and_unload(safe_merge=True)
    return wrapped, kind


def _wrapped(model: transformers.PreTrainedModel, adapter: Checkpoint) -> tuple[Any, Any, str]:
    """Return the wrapped model, PEFT's report of unmatched weights, and the name of the method."""
    peft = importlib.import_module("peft")
    folder = str(adapter.path)
    config = peft.PeftConfig.from_pretrained(folder, trust_remote_code=False)
    kind = str(getattr(config.peft_type, "value", config.peft_type))
    if config.is_prompt_learning:
        validation.complain(
            "an adapter must leave the tokens of a text as they are",
            f"{adapter.name!r} adds virtual tokens ({kind})",
            "use another method, such as LoRA",
        )
    wrapped = peft.PeftModel.from_pretrained(
        model, folder, adapter_name=NAME, config=config, trust_remote_code=False
    )
    # A second load returns the weights without a place, and the places without a weight.
    return wrapped, wrapped.load_adapter(folder, NAME), kind


def _complain(adapter: Checkpoint, why: str, error: Exception | None = None) -> NoReturn:
    raise validation.InputError(
        f"the adapter in {adapter.name!r} must fit the model",
        why,
        "pass the model that the adapter was trained on",
    ) from error
