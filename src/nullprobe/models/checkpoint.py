"""Where the files of a model are: a folder, one GGUF file, or a copy of a repository on the hub.

A name on the hub is turned into a folder of files first: one revision of it, safetensors and texts
alone. The next steps are the same for all, code is never fetched, and the revision is known.
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

# What may be a model's name on the hub, with or without its owner; anything else is a path.
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


@dataclass(frozen=True)
class Checkpoint:
    """Files of a model or of an adapter.

    Attributes
    ----------
    name : str
        As it was asked for: a path, or a name on the hub.
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
        """Whether it is one file of llama.cpp's format."""
        return self.path.is_file()

    @property
    def is_adapter(self) -> bool:
        """Whether it changes another model, which its config names."""
        return (self.path / ADAPTER).is_file()

    @property
    def label(self) -> str:
        """What a record calls it: no folders of this machine."""
        return self.name if self.revision else self.path.name

    @property
    def weights(self) -> list[Path]:
        """The local files of weights."""
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
                "save the model anew",
            )
        return content


def find(
    name: str | os.PathLike[str], revision: str | None = None, *, weights: bool = True
) -> Checkpoint:
    """Return the files that are meant; those on the hub are fetched, unless the cache has them.

    Parameters
    ----------
    name : str or path
        A folder, a GGUF file, or a name on the hub.
    revision : str, optional
        Branch, tag or commit on the hub.
    weights : bool
        Whether weights are needed, not only what says how they are built.

    Raises
    ------
    InputError
        If there is no such folder, file or name; or a revision of local files is asked for.
    """
    if not isinstance(name, str | os.PathLike):
        validation.complain(
            "a model to be loaded must be named, by a folder or its name on the hub",
            f"{type(name).__name__} arrived",
            "pass a string or a path",
        )
    text = os.fspath(name)
    path = Path(text).expanduser()
    is_gguf = path.is_file() and path.suffix.lower() == ".gguf"
    if text and (path.is_dir() or is_gguf):
        if revision is not None:
            validation.complain(
                "a revision is one of a name on the hub",
                f"{text!r} is a {'file' if is_gguf else 'folder'} here",
                "leave revision out",
            )
        return Checkpoint(text, path) if is_gguf else _of_folder(Checkpoint(text, path), weights)
    if isinstance(name, os.PathLike) or path.exists() or not HUB_NAME.fullmatch(text):
        validation.complain(
            f"{text!r} must be a folder that holds a model, a .gguf file, or a name on the hub "
            "(NAME or OWNER/NAME)",
            "it is another file" if path.is_file() else "there is no such folder or file",
            "check the path",
        )
    try:
        folder = _fetched(text, revision, weights)
    except validation.InputError:
        raise
    except (OSError, ValueError, errors.HTTPError) as error:  # pyright: ignore
        _complain(text, error)
    return _of_folder(Checkpoint(text, folder, folder.name), weights)


def _of_folder(folder: Checkpoint, weights: bool) -> Checkpoint:
    """Return the folder, or the one GGUF file in it; complain if it holds no weights to load."""
    gguf = sorted(folder.path.glob("*.gguf"))
    if folder.is_adapter and (folder.path / CONFIG).is_file():
        validation.complain(
            f"{folder.name!r} must hold a model or an adapter",
            "both are there",
            f"move {ADAPTER} and {ADAPTER_WEIGHTS} into a folder that you pass as adapter",
        )
    has_weights = folder.is_adapter or any(folder.path.glob("*.safetensors"))
    if has_weights or not (weights or gguf):
        return folder
    if len(gguf) == 1:
        return Checkpoint(folder.name, gguf[0], folder.revision)
    if gguf:
        validation.complain(
            f"one .gguf file of {folder.name!r} is loaded",
            f"there are {', '.join(file.name for file in gguf)}",
            "pass the path of one of them",
        )
    hub = "; a .gguf file is downloaded first, then pass its path" if folder.revision else ""
    validation.complain(
        f"the weights in {folder.name!r} must be .safetensors, or one .gguf file",
        "there are none",
        f"convert them: load the model once with transformers and save_pretrained it{hub}",
    )
    return None


def _fetched(name: str, revision: str | None, weights: bool) -> Path:
    """Return the folder of a revision on the hub in the cache."""
    options: dict[str, Any] = {"local_files_only": _is_offline()}
    folder = Path(snapshot_download(name, revision=revision, allow_patterns=TEXTS, **options))
    if weights:
        there = (folder / INDEX).is_file()
        shards = Checkpoint(name, folder).json(INDEX).get("weight_map") if there else None
        names = map(str, shards.values()) if isinstance(shards, dict) else [WEIGHTS]
        files = [*dict.fromkeys(names), ADAPTER_WEIGHTS]
        snapshot_download(name, revision=folder.name, allow_patterns=files, **options)
    return folder


def _is_offline() -> bool:
    """Whether the environment says so now; huggingface_hub asks it once, when it is imported."""
    return os.environ.get(OFFLINE, "").upper() in ("1", "ON", "YES", "TRUE")


def _complain(name: str, error: Exception) -> NoReturn:
    kept = f" ({OFFLINE} is set, so that only its cache was asked)" if _is_offline() else ""
    why = " ".join(str(error).split())[:300].partition(". ")[0].rstrip(".")
    raise validation.InputError(
        f"{name!r} must be a model that transformers can load from safetensors without remote code",
        f"there is no folder of this name, and the hub answered{kept}: {why}",
        "check the name, or pass the path of a folder",
    ) from error
