"""Marked files: safetensors with a format mark, written completely or not at all.

Equal content gives equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np
import safetensors
from safetensors.numpy import load_file
from safetensors.numpy import save as serialise

from nullprobe._core import validation
from nullprobe._core.atomic_files import whole_file
from nullprobe._core.validation import InputError

T = TypeVar("T")
FORMAT = "format"  # key of the format mark in the metadata


@dataclass(frozen=True)
class FileKind:
    """What messages call the files of one kind.

    Attributes
    ----------
    name : str
        What a file holds, such as "the eraser".
    required : str
        What a file must be.
    hint : str
        Where such files come from.
    """

    name: str
    required: str
    hint: str

    def write(
        self,
        path: str | Path,
        mark: str,
        tensors: Mapping[str, np.ndarray],
        metadata: Mapping[str, str],
    ) -> None:
        """Write arrays and metadata to a file under a format mark, such as "nullprobe.X/1"."""
        flat = {name: np.ascontiguousarray(a) for name, a in tensors.items()}
        content = _sorted_header(serialise(flat, {FORMAT: mark, **metadata}))
        with whole_file(path) as temporary:
            # save_file would replace the file by one that only its owner may read.
            temporary.write_bytes(content)

    def mark_of(self, path: str | Path) -> str:
        """Return the format mark of a file, or complain that it is not such a file."""
        path = Path(path)
        if path.is_dir():
            raise InputError(f"A .safetensors file is needed, but {str(path)!r} is a folder")
        if not path.is_file():
            raise InputError(f"File not found: {str(path)!r}")
        try:
            with safetensors.safe_open(path, framework="numpy") as f:
                return (f.metadata() or {}).get(FORMAT, "none")
        except (safetensors.SafetensorError, OSError) as error:
            if path.suffix != ".safetensors":
                validation.complain(self.required, f"{str(path)!r} is not one", self.hint)
            self.complain_unreadable(path, error)

    def one_of(self, path: str | Path, kinds: Mapping[str, T]) -> T:
        """Return the kind with the format mark of a file, or complain that it has none of them."""
        mark = self.mark_of(path)
        if mark not in kinds:
            validation.complain(
                self.required,
                f"{str(path)!r} has the format mark {mark!r}, none of "
                f"{', '.join(map(repr, kinds))}",
                self.hint,
            )
        return kinds[mark]

    def read(self, path: str | Path, mark: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Return the arrays and the metadata of a file that :meth:`write` wrote.

        Raises
        ------
        InputError
            If the file is missing or damaged, or has another format mark.
        """
        file_mark = self.mark_of(path)
        if file_mark != mark:
            validation.complain(
                self.required,
                f"{str(path)!r} has the format mark {file_mark!r}, not {mark!r}",
                self.hint,
            )
        try:
            with safetensors.safe_open(path, framework="numpy") as f:
                metadata = f.metadata()
            return load_file(path), metadata
        except (safetensors.SafetensorError, OSError, KeyError, TypeError) as error:
            self.complain_unreadable(path, error)

    def complain_unreadable(self, path: str | Path, reason: object) -> NoReturn:
        """Raise an error about a file that is damaged."""
        validation.complain(
            self.required,
            f"{str(path)!r} cannot be read ({reason})",
            f"save {self.name} again",
        )


def labels_as_json(labels: Any) -> str:
    """Return labels as JSON, or complain about a label that JSON does not hold."""
    try:
        return json.dumps(labels)
    except TypeError as error:
        validation.complain(
            "saved labels must be strings, numbers or booleans",
            f"{error}",
            "convert y to strings before fitting",
        )


def _sorted_header(content: bytes) -> bytes:
    """Sort the header of a safetensors file: its metadata are in random order."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:end]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)  # the tensors are aligned to 8 bytes
    return len(header).to_bytes(8, "little") + header + content[end:]
