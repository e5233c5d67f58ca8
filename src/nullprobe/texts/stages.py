"""Stages: parts of a long audit, each kept in a folder once it is finished.

Problem. An audit of a model takes minutes to hours, and may be killed.
Solution. States are captured to folders that a second run continues. The result of each audit is
written whole, under a name that holds a hash of the captured states and of all settings. A second
run of the same audit reads it; any other audit does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core.atomic_files import whole_file
from nullprobe._version import __version__
from nullprobe.auditing.layers import Layers


@dataclass(frozen=True)
class Stages:
    """Finished parts of one audit.

    Attributes
    ----------
    folder : Path
    key : str
        Hash of the states and settings.
    """

    folder: Path
    key: str

    @classmethod
    def of(cls, folder: Path, about: Mapping[str, Any]) -> Stages:
        """Return the stages of an audit that is described by plain values."""
        text = json.dumps({"nullprobe": __version__, **about}, sort_keys=True, default=str)
        return cls(folder, hashlib.blake2b(text.encode(), digest_size=8).hexdigest())

    def layers(self, name: str, make: Callable[[], Layers]) -> Layers:
        """Return audits that were finished before, or make and keep them."""
        path = self.folder / f"{name}-{self.key}.json"
        if not path.exists():
            made = make()
            with whole_file(path) as part:
                made.to_json(part)
        # Read back in either case: a file has fewer digits than what was computed.
        return Layers.from_json(path)

    def numbers(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """Return an array that was finished before, or make and keep it."""
        path = self.folder / f"{name}-{self.key}.npy"
        if not path.exists():
            made = make()
            with whole_file(path) as part, part.open("wb") as file:
                np.save(file, made, allow_pickle=False)
        return np.asarray(np.load(path, allow_pickle=False))

    def values(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return plain values that were finished before, or make and keep them."""
        path = self.folder / f"{name}-{self.key}.json"
        if not path.exists():
            text = json.dumps(make(), allow_nan=False)
            with whole_file(path) as part:
                part.write_text(text, "utf-8")
        return dict(json.loads(path.read_text("utf-8")))
