"""Tensor files: what this room uses of the reader of safetensors, which has no types."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import safetensors


class TensorSlice(Protocol):
    """A tensor of a file that is not read yet."""

    def get_dtype(self) -> str:
        """Return its type, such as "F32" or "BF16"."""
        ...

    def get_shape(self) -> list[int]:
        """Return its shape."""
        ...


class TensorFile(Protocol):
    """An open .safetensors file."""

    def keys(self) -> list[str]:
        """Return the names of its tensors."""
        ...

    def metadata(self) -> dict[str, str] | None:
        """Return the notes in its header."""
        ...

    def get_slice(self, name: str) -> TensorSlice:
        """Return a tensor without its values."""
        ...

    def get_tensor(self, name: str) -> np.ndarray:
        """Return a tensor."""
        ...


def open_tensors(path: Path) -> AbstractContextManager[TensorFile]:
    """Open a file of tensors."""
    return cast(Any, safetensors).safe_open(path, framework="numpy")
