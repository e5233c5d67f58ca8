"""PEFT adapters on a loaded model: active, or merged into its weights; safetensors only.

Problem. PEFT reads pickles where there are no safetensors, and leaves out in silence what does not
fit the model.
Solution. The files are checked first; afterwards every weight of the file must have found a place,
and every place a weight.
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
    """Return the model that an adapter says it was trained on, a path or a name on the hub."""
    base = adapter.json(ADAPTER).get("base_model_name_or_path")
    if not base or not isinstance(base, str):
        validation.complain(
            f"{ADAPTER} in {adapter.name!r} must name the model that the adapter changes",
            "base_model_name_or_path is empty",
            f"pass that model as the name, and {adapter.name!r} as adapter",
        )
    return base


def checked(adapter: Checkpoint) -> Checkpoint:
    """Return an adapter that can be applied, or complain about its files."""
    packages.need(["peft"], "adapters", extra="models-extra")
    if not adapter.is_adapter:
        validation.complain(
            f"{adapter.name!r} must be a folder of a PEFT adapter",
            f"it holds no {ADAPTER}",
            "pass the folder that the adapter's save_pretrained wrote",
        )
    if not (adapter.path / ADAPTER_WEIGHTS).is_file():
        validation.complain(
            f"the weights of the adapter in {adapter.name!r} must be {ADAPTER_WEIGHTS}",
            "there is no such file",
            "load the adapter once with peft and save_pretrained it",
        )
    # PEFT imports the module that such a config names.
    if adapter.json(ADAPTER).get("megatron_config") is not None:
        validation.complain(
            "an adapter must need no code of its own",
            f"{adapter.name!r} is one for Megatron",
            "merge it there, and load the merged model",
        )
    return adapter


def applied(
    model: transformers.PreTrainedModel, adapter: Checkpoint, *, merge: bool
) -> tuple[Any, str]:
    """Put an adapter on a model.

    Returns
    -------
    model : peft.PeftModel or transformers.PreTrainedModel
        The model in its wrapper with the adapter active; or, merged, the model itself.
    kind : str
        PEFT's name of the method, such as "LORA".

    Raises
    ------
    InputError
        If the adapter adds virtual tokens, or does not fit the model.
    """
    try:
        with warnings.catch_warnings():
            # PEFT's: names in transformers that will change, and missing weights, refused below.
            warnings.simplefilter("ignore")
            wrapped, placed, kind = _wrapped(model, adapter)
    except validation.InputError:
        raise
    except (OSError, ValueError, TypeError, LookupError, RuntimeError) as error:
        _complain(adapter, " ".join(str(error).split())[:300].rstrip("."), error)
    odd = [*placed.unexpected_keys, *placed.missing_keys]
    if odd:
        many = validation.counted(len(odd), "weight has", "weights have")
        _complain(adapter, f"{many} no counterpart, the first of them {odd[0]!r}")
    if merge:
        wrapped = wrapped.merge_and_unload(safe_merge=True)
    return wrapped, kind


def _wrapped(model: transformers.PreTrainedModel, adapter: Checkpoint) -> tuple[Any, Any, str]:
    """Return the model in its wrapper, what was placed in it, and the name of the method."""
    peft = importlib.import_module("peft")
    folder = str(adapter.path)
    config = peft.PeftConfig.from_pretrained(folder, trust_remote_code=False)
    kind = str(getattr(config.peft_type, "value", config.peft_type))
    if config.is_prompt_learning:
        validation.complain(
            "an adapter must change weights, so that every token of a text has its own state",
            f"{adapter.name!r} adds virtual tokens ({kind})",
            "use another method, such as LoRA",
        )
    wrapped = peft.PeftModel.from_pretrained(
        model, folder, adapter_name=NAME, config=config, trust_remote_code=False
    )
    # Once more, for the answer: which weights had no place, and which places no weight.
    return wrapped, wrapped.load_adapter(folder, NAME), kind


def _complain(adapter: Checkpoint, why: str, error: Exception | None = None) -> NoReturn:
    raise validation.InputError(
        f"the adapter in {adapter.name!r} must fit the model",
        why,
        "check that this is the model that it was trained on",
    ) from error
