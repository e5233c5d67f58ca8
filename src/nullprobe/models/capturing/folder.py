"""Capture to a folder: shards of hidden states, and a manifest that describes them.

Problem. Hidden states of many texts do not fit into memory, and a run of hours may be killed.
Solution. The states of a thousand texts at a time form one shard, which appears whole or not at
all. A second run verifies and skips the existing shards. Batches do not cross shards, so the folder
is identical to the byte. A folder of another model, text or rule is refused, unless its capture has
no shard yet or was refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import nn

from nullprobe._core import parameters, validation
from nullprobe._core.atomic_files import TEMPORARY, only_writer
from nullprobe._core.caller_warnings import warn
from nullprobe._core.progress import Progress, reporting, silent
from nullprobe._version import __version__
from nullprobe.data import manifest
from nullprobe.data.captured_shards import Shard, write_shard
from nullprobe.data.kinds import as_array
from nullprobe.models.capturing.states import captured
from nullprobe.models.image_batches import ImageWork
from nullprobe.models.provenance import described
from nullprobe.models.sentence_embedding import embedder_of
from nullprobe.models.site import EMBEDDING, listed
from nullprobe.models.text_batches import Options, Work
from nullprobe.models.texts import canonical

SHARD_SIZE = 1024
EMBEDDED = "pooled by the embedding model"  # rule of tokens for embeddings
LONGEST = 120  # characters of an entry of a manifest in a message


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
    progress: Progress = False,
) -> Path:
    """Write the states at the sites of a model for each text into a folder of shards.

    Parameters
    ----------
    folder : str or path
        Created if it does not exist. A part of the same capture in it is continued; damaged
        shards are written again, with a warning.
    model, tokenizer, texts, sites, tokens, batch_size, max_length, layers,
    add_generation_prompt
        As for :func:`capture`. Another batch size changes only the last digits of a shard.
    labels : mapping of str to array-like of shape (n,), optional
        Name → a value for each text; all rows of a text have its value. If texts give more than one
        row, a label may also have one value for each row, as for :func:`capture_moments`.
    concept, groups : str, optional
        Names of the labels that an audit of the folder uses by default. Without ``groups``, the
        rows of a text form a group if it gives more than one row.
    shard_size : int
        Texts in a shard.
    progress : bool or callable
        True shows a bar on stderr; a function is called with ``("capture", texts done, n)``.

    Returns
    -------
    Path
        The folder, for ``nullprobe.data.captured.CapturedFolder`` and ``nullprobe audit``.

    Raises
    ------
    InputError
        As for :func:`capture`; or if the folder holds other files, or another process writes to
        it. A refused capture leaves no folder, or a folder that another capture may replace.

    Examples
    --------
    >>> import tempfile
    >>> from nullprobe import CapturedFolder, worlds
    >>> organism = worlds.language(n_entities=12, steps=1, cache=False)  # a small language model
    >>> drawn = organism.statements(20)
    >>> args = organism.model, organism.tokenizer, drawn.texts, "final_norm"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     states = CapturedFolder(capture_to(folder, *args, labels={"truth": drawn.truth}))
    ...     states["final_norm"].shape, states.labels["truth"].shape
    ((20, 64), (20,))
    """
    # Invalid arguments raise before the folder is created.
    bars = reporting(progress)
    options = Options(tokens, batch_size, max_length, layers, silent, add_generation_prompt)
    work = Work.of(model, tokenizer, texts, sites, options)

    def identity(work: Work) -> dict[str, Any]:
        sites_of = {site.name: site.width for site in work.sites}
        return {
            "model": _described(model, work),
            "tokenizer": type(tokenizer).__name__,
            "sites": sites_of,
            "tokens": EMBEDDED if list(sites_of) == [EMBEDDING] else work.rule.described(),
            "max_length": max_length,
            "generation prompt": add_generation_prompt,
            "texts": len(work.texts),
            "text hash": _text_hash(canonical(work.texts)),
            "token hash": work.token_hash(),
        }

    named = Labels(labels or {}, concept, groups)
    return write_folder(Path(folder), work, identity, named, shard_size, bars)


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of texts or images by name, and which are the concept and the groups."""

    labels: Mapping[str, Any]
    concept: str | None = None
    groups: str | None = None


def write_folder(
    path: Path,
    work: Any,
    identity: Callable[[Any], dict[str, Any]],
    named: Labels,
    shard_size: int,
    bars: Any,
) -> Path:
    """Write the states of all texts or images of ``work`` into a folder of shards.

    Parameters
    ----------
    path : Path
    work : Work or ImageWork
    identity : callable
        Takes the work, and returns the entries of the manifest that say which capture it is.
    named : Labels
    shard_size : int
    bars : context manager
        Yields a report of progress.
    """
    shard_size = parameters.whole_number("shard_size", shard_size, least=1)
    flat: dict[str, Any] = {}
    for name, y in parameters.by_name("label", named.labels).items():
        work, flat[name] = work.aligned(y, f"label {name!r}")
    columns, classes = _columns(flat, [site.name for site in work.sites])
    for name in (named.concept, named.groups):
        if name is not None:
            parameters.known("label", name, list(columns))
    about = {
        **identity(work),
        "labels": classes,
        "label hash": {name: _hash([codes]) for name, codes in columns.items()},
        "concept": named.concept,
        "groups": named.groups,
        "shard size": shard_size,
        "versions": {
            "nullprobe": __version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "shards": [],
    }
    if path.exists() and not path.is_dir():
        validation.complain(
            f"{str(path)!r} must be a folder", "it is a file", "choose another path"
        )
    with only_writer(path), bars as report:
        work = work.reporting(report)
        _write_shards(path, _continued_manifest(path, about), work, columns)
    work.warn_of_texts()
    return path


def _described(model: nn.Module, work: Work) -> dict[str, Any]:
    """Return the identity of a model; of an embedding model also its modules after the first."""
    if work.embedder is None:
        return described(work.model if embedder_of(model) else model)
    return {**described(model), "modules": work.embedder.described()}


def _write_shards(
    folder: Path, about: dict[str, Any], work: Work | ImageWork, columns: Mapping[str, np.ndarray]
) -> None:
    """Write the shards that are missing or damaged."""
    n, size = about["texts"], about["shard size"]
    for i in range(manifest.n_shards(about)):
        first, stop = i * size, min((i + 1) * size, n)
        if _is_whole(folder, i, about):
            work.report("capture", stop, n)
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
    """Return whether a shard exists and is undamaged; warn if it is damaged."""
    if i >= len(about["shards"]) or not manifest.shard(folder, i).is_file():
        return False
    try:
        for _ in Shard.of(folder, i, about).read(manifest.names(about)):
            pass
    except validation.InputError as error:
        warn(f"{error.required}, but {error.received}: this shard is written again.")
        return False
    return True


def _columns(
    labels: Mapping[str, Any], sites: Sequence[str]
) -> tuple[dict[str, np.ndarray], dict[str, list | None]]:
    """Return labels as numbers, and the classes of their codes, by name."""
    columns, classes = {}, {}
    for name, y in labels.items():
        if name == manifest.TEXT:
            validation.complain(
                f"{name!r} is the column of the number of each row's text",
                "a label has this name",
                "rename the label",
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
                "pass each column as a label with its own name",
            )
        missing = [i for i, one in enumerate(a.tolist()) if one is None or one != one]
        if missing:
            validation.complain(
                f"label {name!r} must have a value for every text or row",
                f"value {missing[0]} (counted from 0) is missing",
                "leave such texts out",
            )
        columns[name], classes[name] = manifest.encoded(a.astype(str) if a.dtype == object else a)
    return columns, classes


def _continued_manifest(folder: Path, requested: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest of the capture to continue; raise InputError if it is another capture."""
    about = manifest.manifest(folder)
    if about is None:
        if any(not file.name.startswith(TEMPORARY) for file in folder.iterdir()):
            validation.complain(
                f"{str(folder)!r} must be a new folder, or one of captured states",
                "it holds other files",
                "choose another path",
            )
        return requested
    if about["format"] != manifest.FORMAT:
        validation.complain(
            f"{str(folder)!r} must have the format {manifest.FORMAT} to be continued",
            f"it has {about['format']}, whose shards cannot be verified",
            "choose another folder, or delete this one",
        )
    requested = json.loads(json.dumps(requested))  # a manifest has lists in place of tuples
    open_to_change = ("versions", "shards")
    other = [
        one for one in requested if one not in open_to_change and about.get(one) != requested[one]
    ]
    manifest.need_no_others(folder, len(about["shards"]))
    if not other:
        about.pop(manifest.REFUSED, None)
        return about
    begun = any(manifest.shard(folder, i).is_file() for i in range(len(about["shards"])))
    if begun and manifest.REFUSED not in about:
        validation.complain(
            f"{str(folder)!r} must hold a part of the same capture",
            f"it differs in {', '.join(_difference(k, about.get(k), requested[k]) for k in other)}",
            "choose another folder, or delete this one",
        )
    return requested


def _clear(folder: Path) -> None:
    """Remove the shards of a capture before its manifest is replaced."""
    replaced = manifest.manifest(folder) or {"shards": []}
    for i in range(len(replaced["shards"])):
        manifest.shard(folder, i).unlink(missing_ok=True)


def _difference(name: str, present: Any, requested: Any) -> str:
    """Return an entry of a manifest as text, with its present and its requested value."""
    both = present, requested
    if isinstance(present, dict) and isinstance(requested, dict):
        changed = [
            key for key in {**present, **requested} if present.get(key) != requested.get(key)
        ]
        both = tuple({key: one[key] for key in changed if key in one} for one in both)
    if name == "sites" and isinstance(present, dict) and set(present) != set(requested):
        words = [listed(present), listed(requested)]
    else:
        words = [json.dumps(one, ensure_ascii=False)[:LONGEST] for one in both]
    return f"{name!r} (present: {words[0]}, requested: {words[1]})"


def _text_hash(texts: Sequence[str]) -> str:
    return _hash([f"{len(text)}:{text}".encode() for text in texts])


def _hash(pieces: Sequence[Any]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        digest.update(piece.tobytes() if isinstance(piece, np.ndarray) else piece)
    return digest.hexdigest()
