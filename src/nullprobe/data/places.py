"""Places of input: a file, a folder, a pattern of names, a remote address, or "-" for a pipe.

Remote files and pipes are copied to a temporary folder, once in a process, since a reader of a
format jumps around in its file.
"""

from __future__ import annotations

import atexit
import glob
import os
import re
import shutil
import stat
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from nullprobe._core.validation import InputError, complain

PIPE = "-"
LARGEST_PIPE = 4 << 30  # bytes
_PIECE = 1 << 20  # bytes that are read from a pipe at a time
# Path("s3://a/b") has a single slash. A single letter is a drive of Windows.
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/{1,3}(?!/)(.+)")
_PATTERN = re.compile(r"[*?\[]")
_NUMBERS = re.compile(r"([0-9]+)")
_copies: dict[str, Path] = {}  # the temporary folder, and what lies in it


def located(path: str | os.PathLike[str]) -> list[Path]:
    """Return the files and folders that a path names, in the order of their names.

    Raises
    ------
    InputError
        If there is nothing of that name, or it is a device, a socket or a named pipe.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.csv", "a.csv", "c.txt"):
    ...         _ = (Path(folder) / name).write_text("a,y")
    ...     [one.name for one in located(Path(folder) / "*.csv")]
    ['a.csv', 'b.csv']
    """
    text = str(path)
    if text == PIPE:
        return [_piped()]
    remote = address(text)
    if remote is not None:
        return _fetched(remote)
    lone = Path(path)
    if _exists(lone):
        _need_end(lone)
        return [lone]
    if _PATTERN.search(text):
        paths = map(Path, glob.glob(text))  # noqa: PTH207  the pattern may be absolute
        matches = sorted(paths, key=in_order)
        for one in matches:
            _need_end(one)
        if matches:
            return matches
        raise InputError(f"No file matches {text!r}")
    raise InputError(f"File not found: {text!r}")


def in_order(path: str | os.PathLike[str]) -> list[Any]:
    """Return a key by which names are sorted as people count: part-2 before part-10.

    Examples
    --------
    >>> sorted(["part-10.npz", "part-2.npz", "part-1.npz"], key=in_order)
    ['part-1.npz', 'part-2.npz', 'part-10.npz']
    """
    pieces = _NUMBERS.split(str(path))
    counted = [int(piece) if k % 2 else piece for k, piece in enumerate(pieces)]
    return [*counted, str(path)]  # "01" and "1" differ


def is_local(path: str | os.PathLike[str]) -> bool:
    """Whether a path names one file or folder on this machine."""
    return str(path) != PIPE and address(str(path)) is None and _exists(Path(path))


def is_read(out: Path, source: Path) -> bool:
    """Return whether reading a file, folder or pattern would read what lies at ``out``."""
    if is_local(source) and source.is_dir():
        return source.resolve() in out.resolve().parents
    if str(source) == PIPE or address(str(source)) is not None:
        return False
    if is_local(source):
        return out.is_file() and source.samefile(out)
    return out.resolve().match(str(Path(source).absolute()))


def address(text: str) -> str | None:
    """Return the remote address that a path names, or None for a path on this machine.

    Examples
    --------
    >>> address("s3:/bucket/rows.npz"), address("rows.npz"), address("C:/rows.npz")
    ('s3://bucket/rows.npz', None, None)
    """
    remote = _ADDRESS.fullmatch(text)
    if remote is None:
        return None
    return f"{remote[1]}://{'/' * (remote[1] == 'file')}{remote[2]}"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError) as error:  # too long, or with a null byte
        _complain_unusable(path, error)


def _complain_unusable(path: Path, error: Exception) -> NoReturn:
    complain(f"{str(path)[:100]!r} must name a file", f"the system refuses it: {error}")


def _need_end(path: Path) -> None:
    """Refuse input that may have no end, such as a named pipe or a device."""
    mode = path.stat().st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return
    is_pipe = stat.S_ISFIFO(mode)
    complain(
        f"{str(path)!r} must be a file or a folder",
        "it is a named pipe" if is_pipe else "it is a device or a socket",
        "redirect it and pass -, as in `nullprobe fit - < pipe`" if is_pipe else "",
    )


def _folder() -> Path:
    """Return the temporary folder of this process; it is removed when the process ends."""
    if "folder" not in _copies:
        _copies["folder"] = Path(tempfile.mkdtemp(prefix="nullprobe-"))
        atexit.register(shutil.rmtree, _copies["folder"], ignore_errors=True)
    return _copies["folder"]


def _piped() -> Path:
    """Return the file that holds what arrived in the standard input."""
    if PIPE in _copies:
        return _copies[PIPE]
    source = sys.stdin.buffer
    if source.isatty():
        complain("- reads a pipe", "the standard input is a terminal", "name a file")
    path, size = _folder() / "standard input", 0
    with path.open("wb") as file:
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > LARGEST_PIPE:
                complain(
                    f"a pipe must hold at most {LARGEST_PIPE:,} bytes",
                    "more arrived",
                    "write them to a file, and name it",
                )
            file.write(piece)
    _copies[PIPE] = path
    return path


def _fetched(remote: str) -> list[Path]:
    """Return copies of remote files, or of a remote folder."""
    try:
        fsspec: Any = import_module("fsspec")
    except ImportError:
        complain(
            f"reading {remote!r} needs fsspec",
            "it is not installed",
            "pip install nullprobe[remote], and what your storage needs, such as s3fs",
        )
    try:
        system, inside = fsspec.core.url_to_fs(remote)
        names = [inside] if system.exists(inside) else []
        if not names and _PATTERN.search(inside):
            names = sorted(system.glob(inside), key=in_order)
        copies = [_copied(system, name) for name in names]
    except InputError:
        raise
    except Exception as error:
        # Each storage has other errors: of addresses, of rights, of networks.
        what = " ".join(str(error).split())[:300].rstrip(".")
        raise InputError(
            f"{remote!r} must name a remote file or folder that can be read",
            f"fsspec failed with {type(error).__name__}: {what}",
        ) from error
    if not copies:
        raise InputError(f"File not found: {remote!r}")
    return copies


def _copied(system: Any, name: str) -> Path:
    """Return the copy of a remote file or folder; what has changed since is copied again."""
    # A page of the web is a file, although it may list others.
    is_folder: bool = "http" not in system.protocol and system.isdir(name)
    state = [system.ukey(one) for one in (sorted(system.find(name)) if is_folder else [name])]
    key = f"{type(system).__name__} {name} {state}"
    if key not in _copies:
        place = _folder() / f"copy {len(_copies)}"
        place.mkdir()
        target = place / Path(name.split("?")[0]).name
        if is_folder:
            system.get(name.rstrip("/") + "/", f"{target}/", recursive=True)
        else:
            system.get_file(name, str(target))
        _copies[key] = target
    return _copies[key]
