"""Manifest: what a folder of captured hidden states holds, in words, beside its shards.

Shards hold numbers alone. The manifest names the sites, explains the codes of labels, names the
concept and the groups, and records model, texts and token rule. For each shard it has the number
of rows and a hash, and it has a hash of itself. The entry of a shard is written just before the
shard appears: a folder that lacks some of them is a run that has not ended.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.validation import complain

MANIFEST = "manifest.json"
FORMAT = "nullprobe.capture/2"
FIRST_FORMAT = "nullprobe.capture/1"  # has the number of shards, but neither rows nor hashes
TEXT = "text"  # position of each row's text
# What the file of an eraser says of the states that it was fitted to.
SITE, TOKENS, MODEL, WEIGHTS = "site", "tokens", "model", "weights"
READ = ("model", "sites", "tokens", "labels", "concept", "groups", "texts", "shard size", "shards")
HASH = "hash"  # of a shard; of the manifest itself
REFUSED = "refused"  # why a capture that has some shards was refused


def manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a folder, or None if it is no folder of captured states.

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
            _complain_damaged(path, "it is cut short, or not JSON any more")
        return None  # somebody else's file of this name
    form = about.get("format") if isinstance(about, dict) else None
    if form not in (FORMAT, FIRST_FORMAT):
        if str(form).startswith("nullprobe.capture"):
            complain(
                f"{str(path)!r} must be of format {FORMAT} or {FIRST_FORMAT}",
                f"it is {form!r}",
                "capture anew",
            )
        return None
    lacking = [name for name in READ if name not in about]
    if lacking:
        _complain_damaged(path, f"it lacks {', '.join(map(repr, lacking))}")
    if form == FORMAT and about.get(HASH) != _hash(about):
        _complain_damaged(path, f"its {HASH!r} is not that of its content")
    if form == FIRST_FORMAT:
        _check_first_format(path, about)
    return about


def _check_first_format(path: Path, about: Mapping[str, Any]) -> None:
    """Complain about numbers that do not fit together; the first format has no hash."""
    for name, kind in (("texts", int), ("shard size", int), ("sites", dict), ("labels", dict)):
        if type(about[name]) is not kind or (kind is int and about[name] < 1):
            _complain_damaged(path, f"{name!r} is {str(about[name])[:40]}")
    if about["shards"] != n_shards(about):
        _complain_damaged(path, f"it has {about['texts']} texts in {about['shards']} shards")


def write(folder: Path, about: Mapping[str, Any]) -> None:
    """Write the manifest and its hash, whole or not at all."""
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
    """Return how many shards a whole folder has."""
    return -(-about["texts"] // about["shard size"])


def names(about: Mapping[str, Any]) -> list[str]:
    """Return the names of the arrays that each shard holds."""
    return [TEXT, *about["labels"], *about["sites"]]


def groups(about: Mapping[str, Any]) -> str | None:
    """Return the groups of an audit: the texts, if none are named and texts have several rows."""
    if about["groups"] is not None or about["format"] == FIRST_FORMAT:
        return about["groups"]
    return TEXT if sum(one["rows"] for one in about["shards"]) > about["texts"] else None


def _complain_damaged(path: Path, how: str) -> NoReturn:
    complain(
        f"{str(path)!r} must say what was captured",
        f"the file is damaged: {how}",
        "put back a copy of it, or delete the folder and capture anew",
    )


def need_whole(folder: Path, about: Mapping[str, Any]) -> None:
    """Complain about a folder whose run has not ended, or that holds files which are no shards."""
    n = n_shards(about)
    listed = n if about["format"] == FIRST_FORMAT else len(about["shards"])
    missing = [i for i in range(n) if i >= listed or not shard(folder, i).is_file()]
    if missing:
        refused = about.get(REFUSED)
        complain(
            f"{str(folder)!r} must hold all {n} shards of its manifest",
            f"{len(missing)} are not there yet, the first of them {shard(folder, missing[0]).name}",
            f"the capture was refused: {refused}"
            if refused
            else "run the same capture again: it goes on where it stopped",
        )
    need_no_others(folder, n)


def need_no_others(folder: Path, n: int) -> None:
    """Complain about a folder that holds arrays other than those of the first n shards."""
    own = {shard(folder, i).name for i in range(n)}
    others = [file.name for file in folder.glob("[!.]*.safetensors") if file.name not in own]
    if others:
        complain(
            f"{str(folder)!r} must hold {n} shards and no other .safetensors",
            f"{min(others)!r} is not in the manifest",
            "move it out of the folder",
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
