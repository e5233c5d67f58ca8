"""Files that appear whole or not at all, and folders that one process writes at a time.

A run that dies half-way must not leave half a file where a whole one used to be. The new
content goes to a temporary file in the same folder (a rename is atomic only within one
file system) and takes the target's name at the end.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nullprobe._core.validation import complain

try:
    import fcntl
except ImportError:  # Windows has no locks of folders
    fcntl = None

TEMPORARY = ".nullprobe-"  # what the names of temporary files start with


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path that becomes ``path`` if, and only if, the block succeeds.

    Parameters
    ----------
    path : str or path
        The file to write or to replace. Its folder must exist.

    Yields
    ------
    Path
        An empty file in the same folder, with the same suffix, to be written.

    Raises
    ------
    InputError
        If the folder does not exist, or ``path`` is something other than a file.

    Notes
    -----
    Whatever ends the block early, an interrupt from the keyboard included, removes the
    temporary file and leaves ``path`` as it was. A process that is killed outright leaves
    its temporary file, named ``.nullprobe-…``, behind.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.txt"
    ...     with whole_file(path) as temporary:
    ...         _ = temporary.write_text("whole")
    ...     path.read_text()
    'whole'
    """
    target = place(path)
    temporary = target.with_name(f"{TEMPORARY}{secrets.token_hex(8)}{target.suffix}")
    # Not tempfile: its files are closed to everyone else, and the target would stay so.
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold a folder within the block, and remove temporary files that killed processes left.

    Parameters
    ----------
    folder : Path
        Made, with its parents, if it does not exist. What was made is removed again if it is
        empty when the block ends.

    Raises
    ------
    InputError
        If another process, or another thread, holds the folder.

    Notes
    -----
    The system releases the lock when a process ends, however it ends. Windows and some network
    file systems have no such locks: there the folder is not held.
    """
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    handle = None if fcntl is None else os.open(folder, os.O_RDONLY)
    try:
        if fcntl is not None and handle is not None and _locked(fcntl, handle, folder):
            for left in folder.glob(f"{TEMPORARY}*"):
                left.unlink(missing_ok=True)
        yield
    finally:
        with suppress(OSError):  # not empty
            for one in made:
                one.rmdir()
        if handle is not None:
            os.close(handle)


def _locked(locks: Any, handle: int, folder: Path) -> bool:
    """Lock an open folder; return whether the file system can."""
    try:
        locks.flock(handle, locks.LOCK_EX | locks.LOCK_NB)
    except BlockingIOError:
        complain(
            f"{str(folder)!r} must be written by one process at a time",
            "another one is writing it",
            "wait for its end",
        )
    except OSError:
        return False
    return True


def place(path: str | os.PathLike[str]) -> Path:
    """Return the resolved ``path``, or complain if no file can be written there.

    For long work: better one word at its beginning than at its end.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to, or ``path`` is something other
        than a file.
    """
    # A link is followed: what it points to is replaced, not the link itself.
    target = Path(path).resolve()
    if not target.parent.is_dir():
        complain(
            f"the folder of {str(path)!r} must exist",
            f"there is no folder {str(target.parent)!r}",
            "make it first, or choose another path",
        )
    if target.exists() and not target.is_file():
        complain(
            f"{str(path)!r} must name a file",
            "something else of that name exists",
            "choose another path",
        )
    if not os.access(target.parent, os.W_OK):
        complain(
            f"the folder of {str(path)!r} must be one that you may write to",
            "you may not",
            "choose another path",
        )
    return target
