"""Captured states in a folder: written shard by shard, and verified when they are read.

Problem. A shard that was truncated, edited, swapped or copied from another folder can be read
without an error. Most readers need one site among many, and a hash of a whole file would make them
read the whole file.
Solution. The header of a shard holds a hash of each of its arrays, and the manifest holds the hash
of the header. Together they cover every byte, and only arrays that are read are hashed. Names,
widths, numbers of rows, types, text numbers and class codes are compared with the manifest, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from nullprobe._core.caller_warnings import warn
from nullprobe._core.parameters import known
from nullprobe._core.printable import shortened
from nullprobe._core.validation import complain
from nullprobe.data import manifest
from nullprobe.data.captured_shards import Shard
from nullprobe.data.manifest import FIRST_FORMAT, TEXT
from nullprobe.data.readers.reader import RowArray, slices
from nullprobe.data.readers.safetensors_file import TYPES


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

    def __repr__(self) -> str:
        """Return the path, and the numbers of sites and rows, in one line."""
        path = shortened(str(self.path), 60)
        return f"CapturedFolder({path!r}, {len(self)} sites, {sum(self.rows)} rows)"

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

    def rows_of(self, name: str) -> RowArray:
        """Return a site, labels or the text numbers; each shard is verified when it is read."""
        first = self._shards[0]
        classes = self.about["labels"].get(name)
        dtype = np.dtype(TYPES[first.types[name]]) if classes is None else np.array(classes).dtype

        def blocks(step: int) -> Iterator[np.ndarray]:
            for shard in self._shards:
                for _, part in shard.read([name]):
                    yield from slices(part if classes is None else np.array(classes)[part], step)

        return RowArray((sum(self.rows), *first.shapes[name][1:]), dtype, blocks)

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
