"""Capture to a folder: shards of hidden states, and a manifest that says of what.

Problem. Hidden states of many texts do not fit into memory, and a run of hours may be killed.
Solution. Texts are taken a thousand at a time; what passes the sites for these is one shard, which
appears whole or not at all. A run that is started again skips the shards that are there: since no
batch crosses a shard, the folder is the same to the byte. What another model, text or rule made is
refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors import SafetensorError, safe_open
from torch import nn

from nullprobe._core import parameters, validation
from nullprobe._version import __version__
from nullprobe.data import manifest
from nullprobe.data.kinds import as_array
from nullprobe.data.writing import save
from nullprobe.models.capturing.states import captured
from nullprobe.models.forward import Progress
from nullprobe.models.provenance import described
from nullprobe.models.site import listed
from nullprobe.models.text_batches import Options, Work
from nullprobe.models.texts import canonical

SHARD_SIZE = 1024
LONGEST = 120  # of an entry of a manifest, in a message


def capture_to(
    folder: str | os.PathLike[str],
    model: nn.Module,
    tokenizer: Any,
    texts: Sequence[Any],
    sites: str | Sequence[str],
    *,
    labels: Mapping[str, Any] | None = None,
    concept: str | None = None,
    groups: str | None = None,
    tokens: Any = "last",
    batch_size: int = 32,
    max_length: int | None = None,
    shard_size: int = SHARD_SIZE,
    layers: str | None = None,
    add_generation_prompt: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write what passes the sites of a model for each text into a folder of shards.

    Parameters
    ----------
    folder : str or path
        Made if it does not exist. If it holds a part of the same capture, that is continued.
    model, tokenizer, texts, sites, tokens, batch_size, max_length, layers,
    add_generation_prompt
        As for :func:`capture`. Another batch size changes the last digits of a shard, no more.
    labels : mapping of str to array-like of shape (n,), optional
        What is known of the texts, by name; every row has its text's.
    concept, groups : str, optional
        Names of the labels that an audit of the folder takes, unless it is told otherwise. Rows
        of the same text are a group where there is more than one and no groups are named.
    shard_size : int
        Texts in a shard.
    progress : callable, optional
        Called with ``("capture", texts done, n)``.

    Returns
    -------
    Path
        The folder. ``nullprobe.data.files.read`` and ``nullprobe audit`` take it.

    Raises
    ------
    InputError
        As :func:`capture`; or if the folder holds something else.
    """
    # Complains before a folder is made.
    given = Options(tokens, batch_size, max_length, layers, progress, add_generation_prompt)
    work = Work.of(model, tokenizer, texts, sites, given)
    texts = work.texts
    shard_size = parameters.whole_number("shard_size", shard_size, least=1)
    columns, classes = _columns(labels or {}, len(texts))
    for name in (concept, groups):
        if name is not None:
            parameters.known("label", name, list(columns))
    said = {
        "model": described(model),
        "tokenizer": type(tokenizer).__name__,
        "sites": {site.name: site.width for site in work.sites},
        "tokens": work.rule.described(),
        "max_length": max_length,
        "generation prompt": add_generation_prompt,
        "texts": len(texts),
        "text hash": _text_hash(canonical(texts)),
        "labels": classes,
        "label hash": {name: _hash([codes]) for name, codes in columns.items()},
        "concept": concept,
        "groups": groups if groups or not work.rule.may_give_several else manifest.TEXT,
        "shards": -(-len(texts) // shard_size),
        "shard size": shard_size,
        "versions": {
            "nullprobe": __version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
    }
    path = _begun(Path(folder), said)
    for i in range(said["shards"]):
        first, stop = i * shard_size, min((i + 1) * shard_size, len(texts))
        if not _is_whole(manifest.shard(path, i)):
            found = captured(work, first, stop)
            known = {name: y[found.text] for name, y in columns.items()}
            save(manifest.shard(path, i), {manifest.TEXT: found.text, **known, **found})
        elif progress is not None:
            progress("capture", stop, len(texts))
    work.warn_of_texts()
    return path


def _is_whole(path: Path) -> bool:
    """Return whether a shard is there and can be read; ours appear whole, but disks fail."""
    try:
        with safe_open(path, framework="numpy") as shard:
            return bool(shard.keys())
    except (OSError, SafetensorError):
        return False


def _columns(
    labels: Mapping[str, Any], n: int
) -> tuple[dict[str, np.ndarray], dict[str, list | None]]:
    """Return labels as numbers, and what their codes stand for, by name."""
    columns, classes = {}, {}
    for name, y in parameters.by_name("label", labels).items():
        if name == manifest.TEXT:
            validation.complain(
                f"{name!r} is the number of each row's text", "a label has this name", "rename it"
            )
        a = as_array(y, f"label {name!r}")
        if a.ndim != 1 or len(a) != n:
            validation.complain(
                f"label {name!r} must have one value for each of {n} texts",
                f"it has shape {a.shape}",
                "pass one for each text",
            )
        missing = [i for i, one in enumerate(a.tolist()) if one is None or one != one]
        if missing:
            validation.complain(
                f"every text needs a value of label {name!r}",
                f"that of text {missing[0]} (counted from 0) is missing",
                "leave such texts out",
            )
        columns[name], classes[name] = manifest.encoded(a.astype(str) if a.dtype == object else a)
    return columns, classes


def _begun(folder: Path, said: dict[str, Any]) -> Path:
    """Return the folder with its manifest written, or complain that it holds something else."""
    if folder.exists() and not folder.is_dir():
        validation.complain(
            f"{str(folder)!r} must name a folder", "it is a file", "choose another path"
        )
    folder.mkdir(parents=True, exist_ok=True)
    there = manifest.manifest(folder)
    if there is None:
        if any(not file.name.startswith(".nullprobe-") for file in folder.iterdir()):
            validation.complain(
                f"{str(folder)!r} must be a new folder, or one of captured states",
                "it holds something else",
                "choose another path",
            )
        manifest.write(folder, said)
        return folder
    other = [name for name in said if there.get(name) != said[name] and name != "versions"]
    if other:
        validation.complain(
            f"{str(folder)!r} must hold a part of the same capture",
            f"it is of other {', '.join(_apart(one, there.get(one), said[one]) for one in other)}",
            "choose another folder, or delete this one",
        )
    return folder


def _apart(name: str, there: Any, asked: Any) -> str:
    """Return an entry of a manifest in words, as it is and as it would be."""
    both = there, asked
    if isinstance(there, dict) and isinstance(asked, dict):
        odd = [key for key in {**there, **asked} if there.get(key) != asked.get(key)]
        both = tuple({key: one[key] for key in odd if key in one} for one in both)
    if name == "sites" and isinstance(there, dict) and set(there) != set(asked):
        words = [listed(there), listed(asked)]
    else:
        words = [json.dumps(one, ensure_ascii=False)[:LONGEST] for one in both]
    return f"{name!r} (there {words[0]}, asked for {words[1]})"


def _text_hash(texts: Sequence[str]) -> str:
    return _hash([f"{len(text)}:{text}".encode() for text in texts])


def _hash(pieces: Sequence[Any]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        digest.update(piece.tobytes() if isinstance(piece, np.ndarray) else piece)
    return digest.hexdigest()
