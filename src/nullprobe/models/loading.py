"""Load models and tokenizers from folders, GGUF files or the hub; no pickles, no remote code."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn

import torch
import transformers
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch import nn
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from nullprobe._core import parameters, validation
from nullprobe.models import adapters, devices, gguf_file, packages
from nullprobe.models.checkpoint import Checkpoint, find
from nullprobe.models.progress_bars import without_bars
from nullprobe.models.provenance import Origin, hashes, note

DTYPES = {
    "auto": "auto",
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
QUANTIZATIONS = ("4bit", "8bit")
# Errors of transformers, PEFT, bitsandbytes and safetensors about files, packages and devices.
REFUSALS = (
    *(OSError, ValueError, TypeError, LookupError, RuntimeError, ImportError),
    *(SafetensorError, StrictDataclassError),
)


def load(
    name: str | os.PathLike[str],
    *,
    dtype: str = "auto",
    device: str | Mapping[str, Any] | None = None,
    quantization: str | None = None,
    adapter: str | os.PathLike[str] | None = None,
    merge: bool = False,
    revision: str | None = None,
) -> tuple[transformers.PreTrainedModel, Any]:
    """Load a model with the head with which it was saved, and its tokenizer.

    Parameters
    ----------
    name : str or path
        A folder that ``save_pretrained`` wrote, a GGUF file or a folder with one, a folder of a
        PEFT adapter, or the name of a model or adapter on the hub, with or without its owner.
        Paths are never looked up on the hub. If ``HF_HUB_OFFLINE`` is set, names are looked up
        only in its cache.
    dtype : {"auto", "float64", "float32", "bfloat16", "float16"}
        "auto" is the dtype of the saved weights. A quantised GGUF file is dequantised to float32.
    device : str or mapping, optional
        Such as "cpu", "cuda", "cuda:1" or "mps". "auto" (or "balanced", "balanced_low_0",
        "sequential", or a mapping of modules to devices) spreads a large model over many devices,
        and needs accelerate.
    quantization : {"4bit", "8bit"}, optional
        Quantise the weights with bitsandbytes while they are loaded: NF4, or LLM.int8().
    adapter : str or path, optional
        A PEFT adapter for the model: its folder, or its name on the hub. Its tokenizer, if it has
        one, replaces the tokenizer of the model.
    merge : bool
        Merge the adapter into the weights, so that the result is a plain model. If False, the
        adapter is active in a ``peft.PeftModel``.
    revision : str, optional
        Branch, tag or commit of ``name`` on the hub.

    Returns
    -------
    model : transformers.PreTrainedModel
        In evaluation mode.
    tokenizer : PreTrainedTokenizerBase

    Raises
    ------
    InputError
        If the model does not exist, has no safetensors, or needs remote code; if the adapter does
        not fit; if a package or the device is missing.

    Notes
    -----
    :func:`capture_to` records the revision or a hash of each file of weights, the dtype, the
    quantisation and the adapter.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> organism = worlds.language(n_entities=12, steps=1, cache=False)  # a small language model
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for one in (organism.model, organism.tokenizer):
    ...         _ = one.save_pretrained(folder)
    ...     model, tokenizer = load(folder, dtype="float64")
    >>> type(model).__name__, model.dtype, tokenizer.tokenize("the sea")[0]
    ('GPT2LMHeadModel', torch.float64, 'the')
    """
    parameters.choice("dtype", dtype, list(DTYPES))
    parameters.choice("quantization", quantization, [None, *QUANTIZATIONS])
    place = devices.placed(device)
    base, change = _with_base(find(name, revision))
    if adapter is not None:
        if change is not None:
            validation.complain(
                "name must be a model if adapter is passed",
                f"{os.fspath(name)!r} is an adapter",
                "pass the model that the adapter was trained on, or leave adapter out",
            )
        change = find(adapter)
    if change is not None:
        adapters.checked(change)
        if merge and quantization is not None:
            validation.complain(
                "merge needs weights that are not quantised",
                f"quantization={quantization!r} arrived",
                "leave merge or quantization out",
            )
    with refusals(base):
        model, tokenizer = _loaded(base, change, DTYPES[dtype], quantization, place)
    origin = origin_of(base)
    if change is not None:
        model, kind = adapters.applied(model, change, merge=merge)
        origin = replace(origin, adapter=_record(change, kind, merge))
    note(model, origin)
    if isinstance(place, torch.device) and quantization is None:
        with refusals(base):
            model.to(place)  # pyright: ignore[reportArgumentType]
    return model.eval(), tokenizer


def structure(name: str | os.PathLike[str], revision: str | None = None) -> nn.Module:
    """Return a model without weights: they are not read and take no memory.

    For an adapter, this is the structure of the model that it was trained on.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     transformers.GPT2Config(n_embd=8192, n_head=64, n_layer=12).save_pretrained(folder)
    ...     model = structure(folder)
    >>> model.device, f"{model.num_parameters() / 1e9:.0f} billion parameters"
    (device(type='meta'), '10 billion parameters')
    """
    base, _ = _with_base(find(name, revision, weights=False), weights=False)
    with refusals(base), _config_folder(base) as files:
        kind, config = saved_kind(files)
        with torch.device("meta"):
            # AutoModel looks up the class; a class of transformers is used directly.
            if kind is transformers.AutoModel:
                return kind.from_config(config, trust_remote_code=False)
            return kind._from_config(config)


def _with_base(
    checkpoint: Checkpoint, *, weights: bool = True
) -> tuple[Checkpoint, Checkpoint | None]:
    """Return a model and None, or the model that an adapter was trained on, and the adapter."""
    if not checkpoint.is_adapter:
        return checkpoint, None
    base = find(adapters.base_of(checkpoint), weights=weights)
    if base.is_adapter:
        validation.complain(
            f"the adapter {checkpoint.name!r} must name a model that it was trained on",
            f"{base.name!r} is an adapter itself",
            "merge that adapter first, and save the result",
        )
    return base, checkpoint


def _loaded(
    base: Checkpoint, change: Checkpoint | None, dtype: Any, quantization: str | None, place: Any
) -> tuple[Any, Any]:
    """Return model and tokenizer without the adapter; on ``place`` only if quantised or spread."""
    options: dict[str, Any] = {"dtype": dtype}
    if place is not None and not isinstance(place, torch.device):
        options["device_map"] = place
    with _config_folder(base) as files:
        kind, config = saved_kind(files)
        if quantization is not None:
            options |= _quantizing(base, config, quantization, dtype, place)
        if base.is_gguf:
            options |= gguf_file.options()
        with without_bars():
            model, report = kind.from_pretrained(
                **files, config=config, use_safetensors=True, trust_remote_code=False, **options,
                output_loading_info=True,
            )  # fmt: skip
        _need_all(base, report["missing_keys"])
        if base.is_gguf:
            gguf_file.made_plain(model)
        replaced = change is not None and any(change.path.glob("tokenizer*"))
        source = _files(change.path) if change is not None and replaced else files
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            **source, config=config, trust_remote_code=False
        )
    model.config._name_or_path = model.name_or_path = base.name
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        validation.complain(
            f"{base.name!r} must hold a tokenizer in addition to the model",
            "the tokenizer that transformers loads from it has no words",
            "save the tokenizer into the same folder with its save_pretrained",
        )
    return model, tokenizer


def _need_all(base: Checkpoint, missing: Iterable[str]) -> None:
    """Raise InputError if weights are not in the files: transformers would draw them at random."""
    drawn = sorted(name for name in missing if "pooler" not in name)  # no state passes a pooler
    if drawn:
        complain_of_missing(base, drawn)


def complain_of_missing(base: Checkpoint, names: Sequence[str]) -> NoReturn:
    """Raise InputError about weights that are not in the files."""
    validation.complain(
        f"{base.name!r} must hold all weights of the model",
        f"it lacks {validation.counted(len(names), 'weight', 'weights')}, such as {names[0]!r}",
        "check its config.json, or download it again",
    )


@contextmanager
def _config_folder(base: Checkpoint) -> Iterator[dict[str, Any]]:
    """Yield the arguments that point transformers to the files of a model.

    The folder of a GGUF file may hold files of other models. So transformers gets an empty folder,
    and the path of the GGUF file, which is complete.
    """
    if not base.is_gguf:
        yield _files(base.path)
        return
    gguf_file.needs_packages()
    with tempfile.TemporaryDirectory() as empty, gguf_file.parsed_once():
        gguf_file.checked(base.path)
        yield {**_files(empty), "gguf_file": str(base.path.resolve())}


def _files(folder: str | os.PathLike[str]) -> dict[str, Any]:
    return {"pretrained_model_name_or_path": os.fspath(folder), "local_files_only": True}


def saved_kind(files: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the class of the saved model, and its config."""
    config = transformers.AutoConfig.from_pretrained(**files, trust_remote_code=False)
    saved = (config.architectures or [""])[0]
    if "gguf_file" in files and not saved:
        saved = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(config.model_type, "")
    kind = getattr(transformers, saved, None)
    is_model = isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel)
    return (kind if is_model else transformers.AutoModel), config


def _quantizing(
    base: Checkpoint, config: Any, quantization: str, dtype: Any, place: Any
) -> dict[str, Any]:
    """Return arguments that make transformers quantise the weights that it reads."""
    packages.need(["bitsandbytes", "accelerate"], f"{quantization} weights", extra="models-extra")
    if base.is_gguf or getattr(config, "quantization_config", None) is not None:
        validation.complain(
            "quantization needs weights that are stored unquantised, as safetensors",
            f"the weights of {base.name!r} are {'in a GGUF file' if base.is_gguf else 'quantised'}",
            "leave quantization out",
        )
    compute = dtype if isinstance(dtype, torch.dtype) else getattr(config, "dtype", None)
    settings: dict[str, Any] = {"load_in_8bit": True}
    if quantization == "4bit":
        settings = {
            "load_in_4bit": True,
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_compute_dtype": compute or torch.float32,
        }
    where = {"device_map": {"": place}} if isinstance(place, torch.device) else {}
    return {"quantization_config": transformers.BitsAndBytesConfig(**settings), **where}


def origin_of(base: Checkpoint) -> Origin:
    """Return the record of the files of a model."""
    files = {} if base.revision else hashes(base.weights)
    if base.is_gguf:
        stored = gguf_file.stored_as(base.path)
        return Origin(base.label, base.revision, "gguf", stored, files)
    return Origin(base.label, base.revision, "safetensors", files=files)


def _record(change: Checkpoint, kind: str, merged: bool) -> dict[str, Any]:
    return {
        "name": change.label,
        "revision": change.revision,
        "files": {} if change.revision else hashes(change.weights),
        "type": kind,
        "merged": merged,
    }


@contextmanager
def refusals(base: Checkpoint) -> Iterator[None]:
    """Turn errors of transformers within the block into InputErrors."""
    try:
        yield
    except validation.InputError:
        raise
    except torch.OutOfMemoryError as error:
        raise validation.InputError(
            f"{base.name!r} must fit into the memory of the device",
            "it does not",
            "pass device='auto', dtype='bfloat16', or quantization='4bit'",
        ) from error
    except REFUSALS as error:
        _complain(base, error)


def _complain(base: Checkpoint, error: Exception) -> NoReturn:
    reason = " ".join(str(error).split())[:300].rstrip(".")
    raise validation.InputError(
        f"{base.name!r} must be a model that transformers can load from safetensors or GGUF "
        "without remote code",
        f"transformers raised {type(error).__name__}: {reason}",
        "check the files, or save the model again",
    ) from error
