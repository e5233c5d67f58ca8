"""Manifest: the description of a folder of captured hidden states.

Shards hold only numbers. The manifest names the sites, explains the codes of labels, names the
concept and the groups, and records model, texts and token rule. For each shard it has the number
of rows and a hash, and it has a hash of its content. The entry of a shard is written just before
the shard gets its name: a folder without some of its shards is an unfinished run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.nested import is_object
from nullprobe._core.validation import complain

MANIFEST = "manifest.json"
FORMAT = "nullprobe.capture/2"
FIRST_FORMAT = "nullprobe.capture/1"  # has the number of shards, but no rows and no hashes
TEXT = "text"  # number of each row's text
# Keys in the file of an eraser that describe the states to which it was fitted.
SITE, TOKENS, MODEL, WEIGHTS = "site", "tokens", "model", "weights"
READ = ("model", "sites", "tokens", "labels", "concept", "groups", "texts", "shard size", "shards")
HASH = "hash"  # of a shard; of the manifest
REFUSED = "refused"  # reason of the error that ended a capture after its first shards


def manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a folder, or None if it does not hold captured states.

    Raises
    ------
    InputError
        If the manifest is of another version, damaged, or edited.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    text = path.read_bytes().decode("utf-8", errors="replace")
    try:
        about = json.loads(text)
    except ValueError:
        begins = '{\n "format": "nullprobe.capture/'
        if text.startswith(begins) or begins.startswith(text) or shard(folder, 0).is_file():
            _complain_damaged(path, "it is truncated, or not valid JSON")
        return None  # a file of the same name from another program
    form = about.get("format") if is_object(about) else None
    if form not in (FORMAT, FIRST_FORMAT):
        if str(form).startswith("nullprobe.capture"):
            complain(
                f"{str(path)!r} must be of format {FORMAT} or {FIRST_FORMAT}",
                f"its format is {form!r}",
                "run the capture again",
            )
        return None
    lacking = [name for name in READ if name not in about]
    if lacking:
        _complain_damaged(path, f"it lacks {', '.join(map(repr, lacking))}")
    if form == FORMAT and about.get(HASH) != _hash(about):
        _complain_damaged(path, f"its {HASH!r} does not match its content")
    if form == FIRST_FORMAT:
        _check_first_format(path, about)
    return about


def _check_first_format(path: Path, about: Mapping[str, Any]) -> None:
    """Complain about inconsistent numbers; the first format has no hash."""
    for name, kind in (("texts", int), ("shard size", int), ("sites", dict), ("labels", dict)):
        if type(about[name]) is not kind or (kind is int and about[name] < 1):
            _complain_damaged(path, f"{name!r} is {str(about[name])[:40]}")
    if about["shards"] != n_shards(about):
        _complain_damaged(path, f"it has {about['texts']} texts in {about['shards']} shards")


def write(folder: Path, about: Mapping[str, Any]) -> None:
    """Write the manifest and its hash, completely or not at all."""
    content = {**about, "format": FORMAT}
    with whole_file(folder / MANIFEST) as temporary:
        ordered = {"format": FORMAT, **about, HASH: _hash(content)}
        text = json.dumps(ordered, indent=1, ensure_ascii=False)
        temporary.write_text(text + "\n", "utf-8")


def _hash(about: Mapping[str, Any]) -> str:
    content = {name: value for name, value in about.items() if name != HASH}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def shard(folder: Path, i: int) -> Path:
    """Return the path of shard i, counted from 0."""
    return folder / f"{i:06d}.safetensors"


def n_shards(about: Mapping[str, Any]) -> int:
    """Return the number of shards of a complete folder."""
    return -(-about["texts"] // about["shard size"])


def names(about: Mapping[str, Any]) -> list[str]:
    """Return the names of the arrays in each shard."""
    return [TEXT, *about["labels"], *about["sites"]]


def groups(about: Mapping[str, Any]) -> str | None:
    """Return the name of the groups: by default the texts, if texts have several rows."""
    if about["groups"] is not None or about["format"] == FIRST_FORMAT:
        return about["groups"]
    return TEXT if sum(one["rows"] for one in about["shards"]) > about["texts"] else None


def _complain_damaged(path: Path, how: str) -> NoReturn:
    complain(
        f"{str(path)!r} must describe the captured states",
        f"the file is damaged: {how}",
        "restore a copy of it, or delete the folder and run the capture again",
    )


def need_whole(folder: Path, about: Mapping[str, Any]) -> None:
    """Complain about a folder that lacks shards or holds other arrays."""
    n = n_shards(about)
    listed = n if about["format"] == FIRST_FORMAT else len(about["shards"])
    # The manifest can name any number of shards, so only those that exist are counted.
    present = {file.name for file in folder.glob("[!.]*.safetensors")}
    first = next((i for i in range(n) if i >= listed or shard(folder, i).name not in present), None)
    if first is not None:
        numbers = [int(name[:-12]) for name in present if name[:-12].isdecimal()]
        n_missing = n - sum(i < min(n, listed) for i in numbers)
        refused = about.get(REFUSED)
        complain(
            f"{str(folder)!r} must hold all {n} shards of its manifest",
            f"{n_missing} are missing, first {shard(folder, first).name}",
            f"the capture was refused: {refused}"
            if refused
            else "run the same capture again: it continues where it stopped",
        )
    need_no_others(folder, n)


def need_no_others(folder: Path, n: int) -> None:
    """Complain about a folder that holds other arrays than its first n shards."""
    expected = {shard(folder, i).name for i in range(n)}
    others = [file.name for file in folder.glob("[!.]*.safetensors") if file.name not in expected]
    if others:
        complain(
            f"{str(folder)!r} must hold {n} shards and no other .safetensors",
            f"{min(others)!r} is not in the manifest",
            "move it out of the folder",
        )


def encoded(y: np.ndarray) -> tuple[np.ndarray, list[Any] | None]:
    """Return labels as codes, with the label of each code; numbers are returned without labels.

    Examples
    --------
    >>> encoded(np.array(["b", "a", "b"]))
    (array([1, 0, 1]), ['a', 'b'])
    """
    if y.dtype.kind == "f" or y.ndim > 1:
        return y.astype(np.float64), None
    classes, codes = np.unique(y, return_inverse=True)
    return codes, classes.tolist()
