"""Capture to a folder: shards of hidden states, and a manifest that says of what.

Problem. Hidden states of many texts do not fit into memory, and a run of hours may be killed.
Solution. Texts are taken a thousand at a time; what passes the sites for these is one shard, which
appears whole or not at all. A run that is started again verifies the shards that are there and
skips them: since no batch crosses a shard, the folder is the same to the byte. What another model,
text or rule made is refused, unless that capture has no shard yet or was refused.
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
from torch import nn

from nullprobe._core import parameters, validation
from nullprobe._core.atomic_files import TEMPORARY, only_writer
from nullprobe._core.caller_warnings import warn
from nullprobe._version import __version__
from nullprobe.data import manifest
from nullprobe.data.captured import Shard, write_shard
from nullprobe.data.kinds import as_array
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
        Made if it does not exist. If it holds a part of the same capture, that is continued; shards
        that are damaged are made again, with a warning.
    model, tokenizer, texts, sites, tokens, batch_size, max_length, layers,
    add_generation_prompt
        As for :func:`capture`. Another batch size changes the last digits of a shard, no more.
    labels : mapping of str to array-like of shape (n,), optional
        What is known of the texts, by name; every row has its text's. Where a text gives several
        rows, a label may also have one value for each row, as for :func:`capture_moments`.
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
        The folder. ``nullprobe.data.captured.CapturedFolder`` opens it, and ``nullprobe audit``
        takes it.

    Raises
    ------
    InputError
        As :func:`capture`; or if the folder holds something else, or another process writes it.
        A refused capture leaves no folder, or one that another capture may replace.
    """
    # Complains before a folder is made.
    given = Options(tokens, batch_size, max_length, layers, progress, add_generation_prompt)
    work = Work.of(model, tokenizer, texts, sites, given)
    texts = work.texts
    shard_size = parameters.whole_number("shard_size", shard_size, least=1)
    flat: dict[str, Any] = {}
    for name, y in parameters.by_name("label", labels or {}).items():
        work, flat[name] = work.aligned(y, f"label {name!r}")
    columns, classes = _columns(flat, [site.name for site in work.sites])
    for name in (concept, groups):
        if name is not None:
            parameters.known("label", name, list(columns))
    about = {
        "model": described(model),
        "tokenizer": type(tokenizer).__name__,
        "sites": {site.name: site.width for site in work.sites},
        "tokens": work.rule.described(),
        "max_length": max_length,
        "generation prompt": add_generation_prompt,
        "texts": len(texts),
        "text hash": _text_hash(canonical(texts)),
        "token hash": work.token_hash(),
        "labels": classes,
        "label hash": {name: _hash([codes]) for name, codes in columns.items()},
        "concept": concept,
        "groups": groups,
        "shard size": shard_size,
        "versions": {
            "nullprobe": __version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "shards": [],
    }
    path = Path(folder)
    if path.exists() and not path.is_dir():
        validation.complain(
            f"{str(path)!r} must name a folder", "it is a file", "choose another path"
        )
    with only_writer(path):
        _write_shards(path, _begun(path, about), work, columns)
    work.warn_of_texts()
    return path


def _write_shards(
    folder: Path, about: dict[str, Any], work: Work, columns: Mapping[str, np.ndarray]
) -> None:
    """Write the shards that are not there, or not as they were written."""
    n, size = about["texts"], about["shard size"]
    for i in range(manifest.n_shards(about)):
        first, stop = i * size, min((i + 1) * size, n)
        if _is_whole(folder, i, about):
            if work.given.progress is not None:
                work.given.progress("capture", stop, n)
            continue
        try:
            rows = captured(work, first, stop)
            if not about["shards"]:
                _clear(folder)
            known = {name: work.of_rows(y, rows.text, first, stop) for name, y in columns.items()}
            write_shard(folder, i, {manifest.TEXT: rows.text, **known, **rows}, about)
        except validation.InputError as error:
            if 0 < len(about["shards"]) <= i:
                why = str(error).rstrip(".")
                manifest.write(folder, {**about, manifest.REFUSED: why})
            raise


def _is_whole(folder: Path, i: int, about: Mapping[str, Any]) -> bool:
    """Return whether a shard is there as it was written; warn if it is there otherwise."""
    if i >= len(about["shards"]) or not manifest.shard(folder, i).is_file():
        return False
    try:
        for _ in Shard.of(folder, i, about).read(manifest.names(about)):
            pass
    except validation.InputError as error:
        warn(f"{error.required}, but {error.received}: this shard is made again.")
        return False
    return True


def _columns(
    labels: Mapping[str, Any], sites: Sequence[str]
) -> tuple[dict[str, np.ndarray], dict[str, list | None]]:
    """Return labels as numbers, and what their codes stand for, by name."""
    columns, classes = {}, {}
    for name, y in labels.items():
        if name == manifest.TEXT:
            validation.complain(
                f"{name!r} is the number of each row's text", "a label has this name", "rename it"
            )
        if name in sites:
            validation.complain(
                f"{name!r} is a site to capture", "a label has this name", "rename the label"
            )
        a = as_array(y, f"label {name!r}")
        if a.ndim != 1:
            validation.complain(
                f"label {name!r} must have one value for each text, or for each row",
                f"it has shape {a.shape}",
                "pass several columns by names of their own",
            )
        missing = [i for i, one in enumerate(a.tolist()) if one is None or one != one]
        if missing:
            validation.complain(
                f"every text, or row, needs a value of label {name!r}",
                f"that of number {missing[0]} (counted from 0) is missing",
                "leave such texts out",
            )
        columns[name], classes[name] = manifest.encoded(a.astype(str) if a.dtype == object else a)
    return columns, classes


def _begun(folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest to go on with, or complain that the folder holds something else."""
    about = manifest.manifest(folder)
    if about is None:
        if any(not file.name.startswith(TEMPORARY) for file in folder.iterdir()):
            validation.complain(
                f"{str(folder)!r} must be a new folder, or one of captured states",
                "it holds something else",
                "choose another path",
            )
        return asked
    if about["format"] != manifest.FORMAT:
        validation.complain(
            f"{str(folder)!r} must be of format {manifest.FORMAT} to go on with",
            f"it is of {about['format']}, whose shards cannot be verified",
            "choose another folder, or delete this one",
        )
    asked = json.loads(json.dumps(asked))  # a manifest has lists for tuples
    open_to_change = ("versions", "shards")
    other = [one for one in asked if one not in open_to_change and about.get(one) != asked[one]]
    manifest.need_no_others(folder, len(about["shards"]))
    if not other:
        about.pop(manifest.REFUSED, None)
        return about
    begun = any(manifest.shard(folder, i).is_file() for i in range(len(about["shards"])))
    if begun and manifest.REFUSED not in about:
        validation.complain(
            f"{str(folder)!r} must hold a part of the same capture",
            f"it is of other {', '.join(_apart(one, about.get(one), asked[one]) for one in other)}",
            "choose another folder, or delete this one",
        )
    return asked


def _clear(folder: Path) -> None:
    """Remove the shards of a capture that is replaced, before its manifest is."""
    replaced = manifest.manifest(folder) or {"shards": []}
    for i in range(len(replaced["shards"])):
        manifest.shard(folder, i).unlink(missing_ok=True)


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
