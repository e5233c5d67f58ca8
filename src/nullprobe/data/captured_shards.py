"""Shards of a folder of captured states: reading with checks, and writing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors
import safetensors.numpy

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.validation import complain
from nullprobe.data import manifest
from nullprobe.data.manifest import FIRST_FORMAT, HASH, TEXT
from nullprobe.data.tensor_files import TensorFile, open_tensors

HASHES = "sha256"  # key of the hashes of the arrays in the header of a shard
LENGTH = 8  # bytes at the start of a .safetensors that hold the length of its header
LONGEST_HEADER = 100_000_000  # bytes; the limit of the format


@dataclass(eq=False)
class Shard:
    """One shard of a folder; its header has been verified.

    Attributes
    ----------
    path : Path
        The file.
    texts : range
        Numbers of the texts of its rows.
    about : mapping
        The manifest.
    entry : mapping or None
        Number of rows and hash; None in the first format, which has neither.
    name, hint : str
        Name of the file in messages, and their hint.
    rows : int
        Number of rows.
    types : dict of str to str
        Type of each array, in the notation of .safetensors.
    shapes : dict of str to list of int
    hashes : dict of str to str
        Hash of each array; empty in the first format.
    """

    path: Path
    texts: range
    about: Mapping[str, Any]
    entry: Mapping[str, Any] | None
    name: str
    hint: str
    rows: int = field(init=False)
    types: dict[str, str] = field(init=False)
    shapes: dict[str, list[int]] = field(init=False)
    hashes: dict[str, str] = field(init=False)

    @classmethod
    def of(cls, folder: Path, i: int, about: Mapping[str, Any]) -> Shard:
        """Return shard i of a folder, counted from 0."""
        path, texts = manifest.shard(folder, i), _texts(i, about)
        if about["format"] == FIRST_FORMAT:
            return cls(path, texts, about, None, str(path), "run the capture again")
        again = "run the same capture again: it replaces this shard"
        return cls(path, texts, about, about["shards"][i], str(path), again)

    def __post_init__(self) -> None:
        """Verify names, shapes and types."""
        entry = self.entry
        if entry is not None and _header_hash(self.path) != entry[HASH]:
            self.complain("its header has changed")
        with self._opened() as content:
            types = {name: content.get_slice(name).get_dtype() for name in content.keys()}  # noqa: SIM118  not a mapping
            shapes = {name: content.get_slice(name).get_shape() for name in types}
            notes: dict[str, str] = content.metadata() or {}
        self._check_names(set(types))
        self.types = types
        self.rows = shapes[TEXT][0] if entry is None else entry["rows"]
        self.hashes = {} if entry is None else json.loads(notes[HASHES])
        self._check_shapes(shapes)
        self.shapes = shapes

    def read(self, wanted: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
        """Yield arrays by name, each verified; labels are codes."""
        with self._opened() as content:
            # Without hashes, only text numbers show whether shards were swapped.
            extra = [] if self.hashes or TEXT in wanted else [TEXT]
            for name in (*extra, *wanted):
                a = content.get_tensor(name)
                if self.hashes and _hash(a) != self.hashes[name]:
                    self.complain(f"values of {name!r} have changed")
                self.check(name, a)
                if name in wanted:
                    yield name, a

    def complain(self, how: str) -> NoReturn:
        """Complain that the shard differs from the captured one."""
        complain(f"{self.name!r} must be the captured file", how, self.hint)

    @contextmanager
    def _opened(self) -> Generator[TensorFile]:
        try:
            with open_tensors(self.path) as content:
                yield content
        except (OSError, safetensors.SafetensorError) as error:
            self.complain(f"reading it stopped with {type(error).__name__}: {error}")

    def _check_names(self, names: set[str]) -> None:
        required = set(manifest.names(self.about))
        for kind, wrong in (("lacks", required - names), ("also holds", names - required)):
            if wrong:
                self.complain(f"it {kind} {', '.join(map(repr, sorted(wrong)))}")

    def _check_shapes(self, shapes: Mapping[str, list[int]]) -> None:
        if self.rows == 0:
            self.complain("it has no rows")
        labels, sites = self.about["labels"], self.about["sites"]
        for name, shape in shapes.items():
            if name in sites:
                required, types = [self.rows, sites[name]], ("F32", "F64")
            elif labels.get(name) is None and name != TEXT:
                required, types = [self.rows, *shape[1:2]], ("F64",)
            else:
                required, types = [self.rows], ("I64",)
            if shape != required or self.types[name] not in types:
                self.complain(
                    f"{name!r} has shape {tuple(shape)} and type {self.types[name]}, "
                    f"not {tuple(required)} and {' or '.join(types)}"
                )

    def check(self, name: str, a: np.ndarray) -> None:
        """Complain about codes without a class, and about text numbers of other shards."""
        classes = self.about["labels"].get(name)
        if classes is not None and (a.min() < 0 or a.max() >= len(classes)):
            self.complain(
                f"codes of {name!r} range from {a.min()} to {a.max()}, with {len(classes)} classes"
            )
        if name == TEXT:
            steps = np.diff(a, prepend=self.texts[0], append=self.texts[-1])
            if steps[0] or steps[-1] or not np.isin(steps, (0, 1)).all():
                self.complain(
                    f"its rows are not from texts {self.texts[0]} to {self.texts[-1]} in order"
                )


def write_shard(
    folder: Path, i: int, arrays: Mapping[str, np.ndarray], about: dict[str, Any]
) -> None:
    """Write a shard and its entry in the manifest; a killed process leaves a consistent folder.

    First the whole shard is written under a temporary name, then the manifest, and at the end the
    shard gets its name. So each shard with a final name has an entry, and all others are rewritten.

    Parameters
    ----------
    folder : Path
    i : int
        Number of the shard, counted from 0; at most the number of entries.
    arrays : mapping of str to ndarray
    about : dict
        The manifest; this sets its entry of the shard.
    """
    # The format stores the bytes in memory order; a transposed view would be read back wrongly.
    flat = {name: np.ascontiguousarray(a) for name, a in arrays.items()}
    # As one entry of the header: the order of several entries is not fixed.
    notes = {HASHES: json.dumps({name: _hash(a) for name, a in flat.items()})}
    path = manifest.shard(folder, i)
    with whole_file(path) as temporary:
        temporary.write_bytes(safetensors.numpy.save(flat, notes))
        entry = {"rows": len(flat[TEXT]), HASH: _header_hash(temporary)}
        # An error now is better than an error for the reader of the folder.
        hint = "this is a bug in the capture: please report it"
        shard = Shard(temporary, _texts(i, about), about, entry, str(path), hint)
        for name, a in flat.items():
            shard.check(name, a)
        about["shards"][i : i + 1] = [entry]
        manifest.write(folder, about)


def _texts(i: int, about: Mapping[str, Any]) -> range:
    size = about["shard size"]
    return range(i * size, min((i + 1) * size, about["texts"]))


def _header_hash(path: Path) -> str | None:
    """Return the hash of a shard's header, or None if it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(LENGTH)
            header = file.read(min(int.from_bytes(start, "little"), LONGEST_HEADER))
    except OSError:
        return None
    return hashlib.sha256(start + header).hexdigest()


def _hash(a: np.ndarray) -> str:
    return hashlib.sha256(a.data if a.size else b"").hexdigest()
