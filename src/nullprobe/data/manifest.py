"""Captured: what a folder of captured hidden states says of itself, beside its shards.

Shards hold numbers alone. The manifest says which of them are sites, what the codes of labels
stand for, which labels are the concept and the groups, how many shards there are, and of what
model, texts and token rule they are. It is written first, and shards appear whole: a folder that
lacks some of them is a run that has not ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.validation import complain

MANIFEST = "manifest.json"
FORMAT = "nullprobe.capture/1"
TEXT = "text"  # position of each row's text
# What the file of an eraser says of the states that it was fitted to.
SITE, TOKENS, MODEL, WEIGHTS = "site", "tokens", "model", "weights"
READ = ("model", "sites", "tokens", "labels", "concept", "groups", "shards")  # by whoever reads it


def manifest(folder: Path) -> dict[str, Any] | None:
    """Return what a folder says of itself, or None if it is no folder of captured states.

    Raises
    ------
    InputError
        If the manifest is of another version, or damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    text = path.read_bytes().decode("utf-8", errors="replace")
    try:
        said = json.loads(text)
    except ValueError:
        begins = f'{{\n "format": "{FORMAT}"'
        if text.startswith(begins) or begins.startswith(text) or shard(folder, 0).is_file():
            _complain_damaged(path, "it is cut short, or not JSON any more")
        return None  # somebody else's file of this name
    form = said.get("format") if isinstance(said, dict) else None
    if form != FORMAT and str(form).startswith("nullprobe.capture"):
        complain(f"{str(path)!r} must be of format {FORMAT}", f"it is {form!r}", "capture anew")
    if form != FORMAT:
        return None
    lacking = [name for name in READ if name not in said]
    if lacking:
        _complain_damaged(path, f"it lacks {', '.join(map(repr, lacking))}")
    return said


def write(folder: Path, said: Mapping[str, Any]) -> None:
    """Write the manifest, whole or not at all."""
    with whole_file(folder / MANIFEST) as temporary:
        text = json.dumps({"format": FORMAT, **said}, indent=1, ensure_ascii=False)
        temporary.write_text(text + "\n", "utf-8")


def shard(folder: Path, i: int) -> Path:
    """Return the path of shard i, counted from 0."""
    return folder / f"{i:06d}.safetensors"


def _complain_damaged(path: Path, how: str) -> NoReturn:
    complain(
        f"{str(path)!r} must say what was captured",
        f"the file is damaged: {how}",
        "put back a copy of it, or delete the folder and capture anew",
    )


def need_whole(folder: Path, said: Mapping[str, Any]) -> None:
    """Complain about a folder whose run has not ended."""
    n = said["shards"]
    missing = [i for i in range(n) if not shard(folder, i).is_file()]
    if missing:
        complain(
            f"{str(folder)!r} must hold all {n} shards of its manifest",
            f"{len(missing)} are not there yet, the first of them {shard(folder, missing[0]).name}",
            "run the same capture again: it goes on where it stopped",
        )


def encoded(y: np.ndarray) -> tuple[np.ndarray, list | None]:
    """Return labels as numbers, and what codes stand for; numbers stand for themselves.

    Examples
    --------
    >>> encoded(np.array(["b", "a", "b"]))
    (array([1, 0, 1]), ['a', 'b'])
    """
    if y.dtype.kind == "f" or y.ndim > 1:
        return y.astype(np.float64), None
    classes, codes = np.unique(y, return_inverse=True)
    return codes, classes.tolist()


def decoded(content: dict[str, np.ndarray], said: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return what shards hold with labels in place of their codes."""
    found = dict(content)
    for name, classes in said["labels"].items():
        if classes is not None and name in content:
            found[name] = np.array(classes)[content[name]]
    return found
