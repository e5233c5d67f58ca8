"""Load embedding models that sentence-transformers saved; no pickles, no remote code.

Problem. ``modules.json`` names classes, which the library imports, and modules may have pickled
weights.
Solution. Only classes that compute an embedding from the states of a transformer are accepted, and
only weights in safetensors. The library loads them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nullprobe._core import parameters, validation
from nullprobe.data.tensor_files import open_tensors
from nullprobe.models import devices, packages
from nullprobe.models.checkpoint import CONFIG, MODULES, WEIGHTS, Checkpoint, find
from nullprobe.models.loading import DTYPES, complain_of_missing, origin_of, refusals
from nullprobe.models.progress_bars import without_bars
from nullprobe.models.provenance import note
from nullprobe.models.sentence_embedding import LIBRARY, embedder_of
from nullprobe.models.site import EMBEDDING

# Modules after the first; others read further files, or give no single vector.
ACCEPTED = ("Pooling", "Dense", "Normalize", "LayerNorm", "Dropout", "WeightedLayerPooling")
TRANSFORMER, DENSE = "Transformer", "Dense"


def load_embedder(
    name: str | os.PathLike[str],
    *,
    dtype: str = "auto",
    device: str | None = None,
    revision: str | None = None,
) -> tuple[Any, Any]:
    """Load an embedding model that sentence-transformers saved, and its tokenizer.

    Parameters
    ----------
    name : str or path
        A folder with ``modules.json``, or the name of such a model on the hub.
    dtype, device, revision
        As for :func:`load`; ``device`` must be a single device.

    Returns
    -------
    model : sentence_transformers.SentenceTransformer
        :func:`sites` has ``"sentence_embedding"`` and the sites of the transformer inside.
    tokenizer : PreTrainedTokenizerBase

    Raises
    ------
    InputError
        If the model does not exist or is not an embedding model, if its modules are not known or
        have no safetensors, or if sentence-transformers is not installed.
    """
    parameters.choice("dtype", dtype, list(DTYPES))
    place = devices.placed(device)
    if place is not None and not isinstance(place, torch.device):
        validation.complain(
            f"the device of an embedding model must be a single one, for {EMBEDDING}",
            f"{device!r} arrived",
            "pass such as 'cpu' or 'cuda'",
        )
    packages.need([LIBRARY], "an embedding model", extra="embeddings")
    base = find(name, revision)
    _check(base)
    # On the CPU unless a device is named, as all other models.
    options: dict[str, Any] = {"dtype": DTYPES[dtype], "use_safetensors": True}
    with refusals(base), without_bars():
        model = import_module(LIBRARY).SentenceTransformer(
            str(base.path),
            device=str(place or "cpu"),
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs=options,
        )
    embedder = embedder_of(model)
    assert embedder is not None, "it is a model of the library"
    _need_all(base, embedder.transformer)
    origin = origin_of(base)
    for one in (model, embedder.transformer):
        note(one, origin)
    return model.eval(), model.tokenizer


def is_embedder(name: str | os.PathLike[str], revision: str | None = None) -> bool:
    """Whether a folder, or a model on the hub, was saved by sentence-transformers."""
    base = find(name, revision, weights=False)
    return not base.is_gguf and (base.path / MODULES).is_file()


def _check(base: Checkpoint) -> None:
    """Raise InputError unless all modules are known, and their weights are safetensors."""
    if base.is_gguf or not (base.path / MODULES).is_file():
        validation.complain(
            f"{EMBEDDING} needs a model that sentence-transformers saved, with {MODULES}",
            f"{base.name!r} has no such file, so nothing tells how it pools tokens",
            "choose a site and tokens instead, such as the output of the last layer with "
            "tokens='mean:every'",
        )
    try:
        modules = json.loads((base.path / MODULES).read_bytes())
        listed = [(_kind(str(one["type"])), Path(str(one["path"]))) for one in modules]
    except (ValueError, TypeError, LookupError):
        listed = []
    if not listed or any(path.is_absolute() or ".." in path.parts for _, path in listed):
        validation.complain(
            f"{MODULES} of {base.name!r} must list modules with type and path",
            "it is damaged, or names folders outside",
            "save the model again",
        )
    first, *more = listed
    for kind in [first[0]] * (first[0] != TRANSFORMER) + [k for k, _ in more if k not in ACCEPTED]:
        validation.complain(
            f"the modules of an embedding model must be {TRANSFORMER} first, and then "
            f"{', '.join(ACCEPTED)}",
            f"{base.name!r} has {kind!r}",
            "encode the texts with sentence-transformers, and pass the embeddings as a file",
        )
    weighted = [path for kind, path in listed if kind in (DENSE, "LayerNorm")]
    for path in [first[1], *weighted]:
        if not any((base.path / path).glob("*.safetensors")):
            validation.complain(
                f"every module of {base.name!r} must have its weights in {WEIGHTS}",
                f"{path.as_posix()!r} has none",
                "load the model with sentence-transformers and write it with save_pretrained",
            )
    _need_config(base, first[1])
    for kind, path in more:
        if kind == DENSE:
            _need_activation(base, path)


def _need_all(base: Checkpoint, transformer: nn.Module) -> None:
    """Raise InputError if weights are not in the files: the library would draw them at random.

    Names in files may have the prefix of the family. If they are others altogether, as transformers
    renames some, the weights are not checked.
    """
    prefix = f"{getattr(transformer, 'base_model_prefix', '')}."
    present: set[str] = set()
    for file in [*base.path.glob("*.safetensors"), *base.path.glob(f"0_*/{WEIGHTS}")]:
        with open_tensors(file) as content:
            present |= {name.removeprefix(prefix) for name in content.keys()}  # noqa: SIM118  not a mapping
    wanted = {name.removeprefix(prefix) for name in transformer.state_dict()}
    lacking = sorted(name for name in wanted - present if "pooler" not in name)
    extra = {name for name in present - wanted if not name.endswith("position_ids")}
    if lacking and not extra:
        complain_of_missing(base, lacking)


def _kind(kind: str) -> str:
    """Return the name of a class of sentence-transformers; of other classes the whole path."""
    library, _, rest = kind.partition(".")
    return rest.rpartition(".")[2] if library == LIBRARY else kind


def _need_config(base: Checkpoint, path: Path) -> None:
    """Raise InputError if the transformer has no config, or its settings name other places.

    Settings are passed to transformers, where some names download code, such as a kernel.
    """
    folder = base.path / path
    if not (folder / CONFIG).is_file():
        validation.complain(
            f"{base.name!r} must hold {(path / CONFIG).as_posix()!r}",
            "there is no such file",
            "save the model again",
        )
    for file in folder.glob("sentence_*_config.json"):
        settings = Checkpoint(base.name, folder).json(file.name)
        odd = next((text for text in _texts(settings) if "/" in text), None)
        if odd is not None:
            validation.complain(
                f"{file.name} of {base.name!r} must name nothing outside the folder",
                f"it names {odd!r}",
                "remove this setting",
            )


def _texts(settings: Any) -> Iterator[str]:
    """Yield all values in nested settings that are strings."""
    if isinstance(settings, str):
        yield settings
    elif isinstance(settings, dict | list):
        for one in settings.values() if isinstance(settings, dict) else settings:
            yield from _texts(one)


def _need_activation(base: Checkpoint, path: Path) -> None:
    """Raise InputError if the activation of a dense module is not a class of torch.

    The library replaces others by tanh, with a warning.
    """
    config = Checkpoint(base.name, base.path / path).json(CONFIG)
    activation = str(config.get("activation_function", "torch."))
    if not activation.startswith("torch."):
        validation.complain(
            f"the activation of {path.as_posix()!r} must be a module of torch",
            f"it is {activation!r}, which is code from elsewhere",
        )
