"""Captured states in a folder: written shard by shard, and verified when they are read.

Problem. A shard that was truncated, edited, swapped or copied from another folder can be read
without an error. Most readers need one site among many, and a hash of a whole file would make them
read the whole file.
Solution. The header of a shard holds a hash of each of its arrays, and the manifest holds the hash
of the header. Together they cover every byte, and only arrays that are read are hashed. Names,
widths, numbers of rows, types, text numbers and class codes are compared with the manifest, too.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors
import safetensors.numpy

from nullprobe._core.atomic_files import whole_file
from nullprobe._core.caller_warnings import warn
from nullprobe._core.parameters import known
from nullprobe._core.validation import complain
from nullprobe.data import manifest
from nullprobe.data.manifest import FIRST_FORMAT, HASH, TEXT
from nullprobe.data.tensor_files import TensorFile, open_tensors

HASHES = "sha256"  # key of the hashes of the arrays in the header of a shard
LENGTH = 8  # bytes at the start of a .safetensors that hold the length of its header
LONGEST_HEADER = 100_000_000  # bytes; the limit of the format


class CapturedFolder(Mapping[str, np.ndarray]):
    """A folder of captured states: a mapping of site to rows (rows, d), read when it is used.

    Parameters
    ----------
    path : str or path
        A complete folder of ``nullprobe.models.capture_to`` or ``nullprobe capture``.

    Attributes
    ----------
    path : Path
    about : dict
        The manifest: model, sites and their widths, token rule, labels, hashes.
    rows : list of int
        Number of rows of each shard.
    concept, groups : str or None
        Default labels for an audit. ``groups`` is ``"text"`` if texts have several rows and the
        capture names no groups.

    Raises
    ------
    InputError
        If a shard is missing, added, or differs from the manifest; the message names the file.
        Values are verified when they are read.

    Notes
    -----
    Hashes detect damage and swapped files. They do not prove who wrote a folder.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        about = manifest.manifest(self.path)
        if about is None:
            complain(
                f"{str(self.path)!r} must be a folder of captured states",
                f"it has no {manifest.MANIFEST} of captured states",
                "create such a folder with `nullprobe capture`",
            )
        manifest.need_whole(self.path, about)
        self.about = about
        self.concept: str | None = about["concept"]
        self.groups = manifest.groups(about)
        if about["format"] == FIRST_FORMAT:
            warn(
                f"{str(self.path)!r} was captured by an earlier version, without hashes. Names, "
                "shapes and text numbers were verified; later changes of values cannot be detected."
            )
        shards = [Shard.of(self.path, i, about) for i in range(manifest.n_shards(about))]
        self._shards = shards
        self._types = shards[0].types
        for shard in shards[1:]:
            if shard.types != self._types:
                name = next(name for name in self._types if shard.types[name] != self._types[name])
                shard.complain(
                    f"{name!r} is {shard.types[name]}, not {self._types[name]} as in earlier shards"
                )
        self.rows = [shard.rows for shard in shards]

    def read(self, only: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """Return arrays by name: sites (rows, d), labels (rows,), ``"text"`` (rows,).

        Parameters
        ----------
        only : sequence of str, optional
            Names to read; by default all.
        """
        wanted = [name for name in manifest.names(self.about) if only is None or name in only]
        arrays: dict[str, np.ndarray] = {}
        start = 0
        for shard in self._shards:
            stop = start + shard.rows
            for name, part in shard.read(wanted):
                if name not in arrays:
                    arrays[name] = np.empty((sum(self.rows), *part.shape[1:]), part.dtype)
                arrays[name][start:stop] = part
            start = stop
        for name in wanted:
            classes = self.about["labels"].get(name)
            if classes is not None:
                arrays[name] = np.array(classes)[arrays[name]]
        return arrays

    @property
    def text(self) -> np.ndarray:
        """Number of the text of each row, (rows,), counted from 0."""
        return self.read([TEXT])[TEXT]

    @property
    def labels(self) -> dict[str, np.ndarray]:
        """Labels and numbers of the rows, by name, each (rows,) or (rows, k)."""
        return self.read(list(self.about["labels"]))

    def __getitem__(self, site: str) -> np.ndarray:
        """Return the rows of a site, (rows, d)."""
        known("site", site, list(self.about["sites"]))
        return self.read([site])[site]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the sites."""
        return iter(self.about["sites"])

    def __len__(self) -> int:
        """Return the number of sites."""
        return len(self.about["sites"])

    def __contains__(self, site: object) -> bool:
        """Whether a site was captured; this reads no values."""
        return site in self.about["sites"]


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
            types = {name: content.get_slice(name).get_dtype() for name in content.keys()}  # noqa: SIM118
            shapes = {name: content.get_slice(name).get_shape() for name in types}
            notes: dict[str, str] = content.metadata() or {}
        self._check_names(set(types))
        self.types = types
        self.rows = shapes[TEXT][0] if entry is None else entry["rows"]
        self.hashes = {} if entry is None else json.loads(notes[HASHES])
        self._check_shapes(shapes)

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
