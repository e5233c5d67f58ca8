"""Captured states in a folder: written shard by shard, and verified as they are read.

Problem. Shards that were cut short, edited, swapped or copied from elsewhere read like any other.
Most readers want one site of many, so that a hash of whole files would read many times what they
want.
Solution. The header of a shard holds a hash of each of its arrays, and the manifest holds the hash
of the header. Both together cover every byte, and what is not read is not hashed. Names, widths,
numbers of rows, types, text numbers and class codes are compared with the manifest, too.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
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

HASHES = "sha256"  # what the header of a shard calls the hashes of its arrays
LENGTH = 8  # bytes at the start of a .safetensors: how long its header is
LONGEST_HEADER = 100_000_000  # bytes; the limit of the format


class CapturedFolder(Mapping[str, np.ndarray]):
    """A folder of captured states: site → rows (rows, d), read and verified when asked for.

    Parameters
    ----------
    path : str or path
        A folder that ``nullprobe.models.capture_to`` or ``nullprobe capture`` wrote to the end.

    Attributes
    ----------
    path : Path
    about : dict
        The manifest: model, sites and their widths, token rule, labels, hashes.
    rows : list of int
        Rows of each shard.
    concept, groups : str or None
        Labels that an audit takes unless others are named. ``groups`` is ``"text"`` where texts
        have several rows and no groups were named.

    Raises
    ------
    InputError
        If a shard is missing, added, or not what the manifest says; the message names the file.
        Values are verified when they are read.

    Notes
    -----
    Hashes find damage and mix-ups. They do not prove who wrote a folder.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        about = manifest.manifest(self.path)
        if about is None:
            complain(
                f"{str(self.path)!r} must be a folder of captured states",
                f"it has no {manifest.MANIFEST} of one",
                "write one with `nullprobe capture`",
            )
        manifest.need_whole(self.path, about)
        self.about = about
        self.concept: str | None = about["concept"]
        self.groups = manifest.groups(about)
        if about["format"] == FIRST_FORMAT:
            warn(
                f"{str(self.path)!r} was captured by an earlier version, without hashes: values "
                "that were changed since cannot be noticed; names, shapes and text numbers were "
                "verified."
            )
        shards = [Shard.of(self.path, i, about) for i in range(manifest.n_shards(about))]
        self._shards = shards
        self._types = shards[0].types
        for shard in shards[1:]:
            if shard.types != self._types:
                odd = next(name for name in self._types if shard.types[name] != self._types[name])
                shard.complain(f"{odd!r} is {shard.types[odd]}, not {self._types[odd]} as before")
        self.rows = [shard.rows for shard in shards]

    def read(self, only: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """Return arrays by name: sites (rows, d), labels (rows,), ``"text"`` (rows,).

        Parameters
        ----------
        only : sequence of str, optional
            Names to read; by default all.
        """
        wanted = [name for name in manifest.names(self.about) if only is None or name in only]
        found: dict[str, np.ndarray] = {}
        start = 0
        for shard in self._shards:
            stop = start + shard.rows
            for name, part in shard.read(wanted):
                if name not in found:
                    found[name] = np.empty((sum(self.rows), *part.shape[1:]), part.dtype)
                found[name][start:stop] = part
            start = stop
        for name in wanted:
            classes = self.about["labels"].get(name)
            if classes is not None:
                found[name] = np.array(classes)[found[name]]
        return found

    @property
    def text(self) -> np.ndarray:
        """Which text each row is from, (rows,), counted from 0."""
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
        """Whether a site was captured; nothing is read."""
        return site in self.about["sites"]


@dataclass(eq=False)
class Shard:
    """One shard of a folder, whose header has been verified.

    Attributes
    ----------
    path : Path
        The file.
    texts : range
        Texts that its rows are from.
    about : mapping
        The manifest.
    entry : mapping or None
        Rows and hash; None in the first format, which has neither.
    name, hint : str
        What messages call the file, and what they advise.
    rows : int
    types : dict of str to str
        Type of each array, as .safetensors calls it.
    hashes : dict of str to str
        Hash of each array; none in the first format.
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
            return cls(path, texts, about, None, str(path), "capture anew")
        again = "run the same capture again: it makes this shard anew"
        return cls(path, texts, about, about["shards"][i], str(path), again)

    def __post_init__(self) -> None:
        """Verify names, shapes and types."""
        entry = self.entry
        if entry is not None and _header_hash(self.path) != entry[HASH]:
            self.complain("its header is not the one that was written")
        with self._opened() as content:
            types = {name: content.get_slice(name).get_dtype() for name in content.keys()}  # noqa: SIM118
            shapes = {name: content.get_slice(name).get_shape() for name in types}
            notes = content.metadata() or {}
        self._check_names(set(types))
        self.types = types
        self.rows = shapes[TEXT][0] if entry is None else entry["rows"]
        self.hashes = {} if entry is None else json.loads(notes[HASHES])
        self._check_shapes(shapes)

    def read(self, wanted: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
        """Yield arrays by name, each verified; labels are codes."""
        with self._opened() as content:
            # Without hashes text numbers tell a shard from another.
            extra = [] if self.hashes or TEXT in wanted else [TEXT]
            for name in (*extra, *wanted):
                a = content.get_tensor(name)
                if self.hashes and _hash(a) != self.hashes[name]:
                    self.complain(f"values of {name!r} are not those that were written")
                self.check(name, a)
                if name in wanted:
                    yield name, a

    def complain(self, how: str) -> NoReturn:
        """Complain that the shard is not what was captured."""
        complain(f"{self.name!r} must be what was captured", how, self.hint)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        try:
            with safetensors.safe_open(self.path, framework="numpy") as content:
                yield content
        except (OSError, safetensors.SafetensorError) as error:
            self.complain(f"reading it stopped with {type(error).__name__}: {error}")

    def _check_names(self, found: set[str]) -> None:
        right = set(manifest.names(self.about))
        for kind, odd in (("lacks", right - found), ("also holds", found - right)):
            if odd:
                self.complain(f"it {kind} {', '.join(map(repr, sorted(odd)))}")

    def _check_shapes(self, shapes: Mapping[str, list[int]]) -> None:
        if self.rows == 0:
            self.complain("it has no rows")
        labels, sites = self.about["labels"], self.about["sites"]
        for name, shape in shapes.items():
            if name in sites:
                right, types = [self.rows, sites[name]], ("F32", "F64")
            elif labels.get(name) is None and name != TEXT:
                right, types = [self.rows, *shape[1:2]], ("F64",)
            else:
                right, types = [self.rows], ("I64",)
            if shape != right or self.types[name] not in types:
                self.complain(
                    f"{name!r} has shape {tuple(shape)} and type {self.types[name]}, "
                    f"not {tuple(right)} and {' or '.join(types)}"
                )

    def check(self, name: str, a: np.ndarray) -> None:
        """Complain about codes of no class, and about text numbers that are not the shard's."""
        classes = self.about["labels"].get(name)
        if classes is not None and (a.min() < 0 or a.max() >= len(classes)):
            self.complain(
                f"codes of {name!r} go from {a.min()} to {a.max()}, with {len(classes)} classes"
            )
        if name == TEXT:
            steps = np.diff(a, prepend=self.texts[0], append=self.texts[-1])
            if steps[0] or steps[-1] or not np.isin(steps, (0, 1)).all():
                self.complain(
                    f"its rows are not those of texts {self.texts[0]} to {self.texts[-1]} in order"
                )


def write_shard(
    folder: Path, i: int, arrays: Mapping[str, np.ndarray], about: dict[str, Any]
) -> None:
    """Write a shard and its entry in the manifest, in an order that a kill cannot spoil.

    The manifest is replaced when the whole shard is on the disk, under a temporary name, and the
    shard gets its name last: a shard that is there has an entry, and one that is not is made again.

    Parameters
    ----------
    folder : Path
    i : int
        Which shard, counted from 0; at most the number of entries.
    arrays : mapping of str to ndarray
    about : dict
        The manifest, whose entry of the shard is set.
    """
    # The format stores bytes as they lie: a transposed view would come back scrambled.
    flat = {name: np.ascontiguousarray(a) for name, a in arrays.items()}
    # One entry of the header: several would be written in any order.
    notes = {HASHES: json.dumps({name: _hash(a) for name, a in flat.items()})}
    path = manifest.shard(folder, i)
    with whole_file(path) as temporary:
        temporary.write_bytes(safetensors.numpy.save(flat, notes))
        entry = {"rows": len(flat[TEXT]), HASH: _header_hash(temporary)}
        # Better refused now than by whoever reads it.
        hint = "this is a fault of the capture: please report it"
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
        with open(path, "rb") as file:
            start = file.read(LENGTH)
            header = file.read(min(int.from_bytes(start, "little"), LONGEST_HEADER))
    except OSError:
        return None
    return hashlib.sha256(start + header).hexdigest()


def _hash(a: np.ndarray) -> str:
    return hashlib.sha256(a.data if a.size else b"").hexdigest()
