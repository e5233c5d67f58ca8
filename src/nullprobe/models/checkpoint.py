"""Find the files of a model: a folder, one GGUF file, or a copy of a repository on the hub.

Problem. A repository on the hub may hold pickles and code, and its content may change.
Solution. One revision is downloaded into a folder, and only its safetensors and text files. All
later steps treat it like any other folder.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from huggingface_hub import errors, snapshot_download

from nullprobe._core import validation

# Names on the hub, with or without the owner; anything else is a path.
HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
OFFLINE = "HF_HUB_OFFLINE"
CONFIG, ADAPTER, ADAPTER_WEIGHTS = (
    "config.json",
    "adapter_config.json",
    "adapter_model.safetensors",
)
TEXTS = ["*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken"]
WEIGHTS = "model.safetensors"
INDEX = f"{WEIGHTS}.index.json"
MODULES = "modules.json"  # of models of sentence-transformers


@dataclass(frozen=True)
class Checkpoint:
    """Files of a model or of an adapter.

    Attributes
    ----------
    name : str
        The path or the name on the hub that the caller passed.
    path : Path
        A folder, or a GGUF file.
    revision : str
        Commit on the hub; empty for local files.
    """

    name: str
    path: Path
    revision: str = ""

    @property
    def is_gguf(self) -> bool:
        """Whether it is a file in llama.cpp's format."""
        return self.path.is_file()

    @property
    def is_adapter(self) -> bool:
        """Whether it is an adapter of another model, which its config names."""
        return (self.path / ADAPTER).is_file()

    @property
    def label(self) -> str:
        """Its name in records, without folders of this machine."""
        return self.name if self.revision else self.path.name

    @property
    def weights(self) -> list[Path]:
        """Local files of weights."""
        return [self.path] if self.is_gguf else sorted(self.path.glob("*.safetensors"))

    def json(self, file: str) -> dict[str, Any]:
        """Return the content of a .json file in the folder."""
        try:
            content = json.loads((self.path / file).read_bytes())
        except ValueError:
            content = None
        if not isinstance(content, dict):
            validation.complain(
                f"{file} of {self.name!r} must hold a JSON object",
                "it is damaged",
                "save the model again",
            )
        return content


def find(
    name: str | os.PathLike[str], revision: str | None = None, *, weights: bool = True
) -> Checkpoint:
    """Return the files of a model; files on the hub are downloaded unless the cache has them.

    Parameters
    ----------
    name : str or path
        A folder, a GGUF file, or a name on the hub.
    revision : str, optional
        Branch, tag or commit on the hub.
    weights : bool
        Whether weights are needed, not only the configuration.

    Raises
    ------
    InputError
        If the folder, file or name does not exist, or a revision of local files is requested.
    """
    if not isinstance(name, str | os.PathLike):
        validation.complain(
            "the model must be a string or a path: a folder, a .gguf file, or a name on the hub",
            f"{type(name).__name__} arrived",
        )
    text = os.fspath(name)
    path = Path(text).expanduser()
    is_gguf = path.is_file() and path.suffix.lower() == ".gguf"
    if text and (path.is_dir() or is_gguf):
        if revision is not None:
            validation.complain(
                "revision needs a name on the hub",
                f"{text!r} is a local {'file' if is_gguf else 'folder'}",
                "leave revision out",
            )
        return Checkpoint(text, path) if is_gguf else _of_folder(Checkpoint(text, path), weights)
    if isinstance(name, os.PathLike) or path.exists() or not HUB_NAME.fullmatch(text):
        validation.complain(
            f"{text!r} must be the folder of a model, a .gguf file, or a name on the hub "
            "(NAME or OWNER/NAME)",
            "it is a file of another format" if path.is_file() else "this path does not exist",
        )
    try:
        folder = _fetched(text, revision, weights)
    except validation.InputError:
        raise
    except (OSError, ValueError, errors.HTTPError) as error:  # pyright: ignore
        _complain(text, error)
    return _of_folder(Checkpoint(text, folder, folder.name), weights)


def _of_folder(folder: Checkpoint, weights: bool) -> Checkpoint:
    """Return the folder, or the one GGUF file in it; raise InputError if it has no weights."""
    gguf = sorted(folder.path.glob("*.gguf"))
    if folder.is_adapter and (folder.path / CONFIG).is_file():
        validation.complain(
            f"{folder.name!r} must hold either a model or an adapter",
            f"it holds both {CONFIG} and {ADAPTER}",
            f"move {ADAPTER} and {ADAPTER_WEIGHTS} into another folder, and pass it as adapter",
        )
    has_weights = folder.is_adapter or any(folder.path.glob("*.safetensors"))
    # Earlier models of sentence-transformers have the transformer in a folder.
    if (folder.path / MODULES).is_file():
        has_weights |= any(folder.path.glob(f"*/{WEIGHTS}"))
    if has_weights or not (weights or gguf):
        return folder
    if len(gguf) == 1:
        return Checkpoint(folder.name, gguf[0], folder.revision)
    if gguf:
        validation.complain(
            f"{folder.name!r} must hold one .gguf file",
            f"it holds {', '.join(file.name for file in gguf)}",
            "pass the path of one of these files",
        )
    hub = ", or download a .gguf file and pass its path" if folder.revision else ""
    validation.complain(
        f"{folder.name!r} must hold weights as .safetensors, or one .gguf file",
        "it holds neither",
        f"load the model with transformers and write it with save_pretrained{hub}",
    )
    return None


def _fetched(name: str, revision: str | None, weights: bool) -> Path:
    """Return the folder in the cache that holds a revision of a repository."""
    options: dict[str, Any] = {"local_files_only": _is_offline()}
    folder = Path(snapshot_download(name, revision=revision, allow_patterns=TEXTS, **options))
    if weights:
        is_sharded = (folder / INDEX).is_file()
        shards = Checkpoint(name, folder).json(INDEX).get("weight_map") if is_sharded else None
        names = map(str, shards.values()) if isinstance(shards, dict) else [WEIGHTS]
        files = [*dict.fromkeys(names), ADAPTER_WEIGHTS]
        if (folder / MODULES).is_file():
            files.append(f"*/{WEIGHTS}")
        snapshot_download(name, revision=folder.name, allow_patterns=files, **options)
    return folder


def _is_offline() -> bool:
    """Whether HF_HUB_OFFLINE is set now; huggingface_hub reads it only once, on import."""
    return os.environ.get(OFFLINE, "").upper() in ("1", "ON", "YES", "TRUE")


def _complain(name: str, error: Exception) -> NoReturn:
    offline = f" ({OFFLINE} is set, so only the cache was searched)" if _is_offline() else ""
    why = " ".join(str(error).split())[:300].partition(". ")[0].rstrip(".")
    raise validation.InputError(
        f"{name!r} must be a model that transformers can load from safetensors without remote code",
        f"no folder has this name, and the hub returned an error{offline}: {why}",
        "check the name, or pass the path of a folder",
    ) from error
