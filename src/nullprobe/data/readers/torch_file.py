"""Tensors in a file of torch.save (.pt, .pth); no object but tensors is unpickled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nullprobe._core import torch_files
from nullprobe.data.readers.numpy_files import ZIP, members
from nullprobe.data.readers.reader import Arrays, Reader


def _recognises(head: bytes, path: Path) -> bool:
    # Before 1.6 torch wrote plain pickles; the reader refuses those of other programs.
    if head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return True
    return head.startswith(ZIP) and any(name.endswith("data.pkl") for name in members(path))


def _names(path: Path) -> list[str]:
    return list(torch_files.read(path))


def _load(path: Path, only: Sequence[str] | None, _: Sequence[str]) -> Arrays:
    return {n: a for n, a in torch_files.read(path).items() if only is None or n in only}


TORCH = Reader((".pt", ".pth"), False, _recognises, _names, _load)
