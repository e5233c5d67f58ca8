"""Files that are written completely or not at all, and folders that one process writes at a time.

A run that is interrupted must not replace a complete file with half a file. The new content goes
to a temporary file in the same folder, because a rename is atomic only within one file system.
At the end the temporary file takes the name of the target.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nullprobe._core.validation import complain

try:
    import fcntl
except ImportError:  # Windows has no locks of folders
    fcntl = None

TEMPORARY = ".nullprobe-"  # prefix of the names of temporary files


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
    If the block ends early, also by an interrupt from the keyboard, the temporary file is
    removed and ``path`` is unchanged. A process that is killed leaves its temporary file, named
    ``.nullprobe-…``; the next file that is written to that folder removes it. A file that is
    replaced keeps its permissions, and its owner if the system allows that.

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
    if target.name.startswith(TEMPORARY) and target.exists():
        # A temporary file of a block outside; a new file in its place would not be locked.
        yield target
        return
    remove_leftovers(target.parent)
    before = target.stat() if target.exists() else None
    temporary, handle = _created(target, 0o666 if before is None else 0o600)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if before is not None:
            _keep_access(temporary, before)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def _created(target: Path, mode: int) -> tuple[Path, int]:
    """Return a new temporary file and its handle; the lock shows that its writer is alive."""
    while True:
        temporary = target.with_name(f"{TEMPORARY}{secrets.token_hex(8)}{target.suffix}")
        # Not tempfile: only the owner may read its files, and the target would keep this mode.
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        if fcntl is None:
            return temporary, handle
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # another process took it for a leftover, and removes it
            os.close(handle)
            continue
        except OSError:  # a file system without locks
            return temporary, handle
        if temporary.exists():
            return temporary, handle
        os.close(handle)


def _keep_access(path: Path, before: os.stat_result) -> None:
    """Give a file the owner, the group and the permissions of the file that it replaces."""
    if hasattr(os, "chown"):
        now = path.stat()
        for owner, group in ((before.st_uid, before.st_gid), (-1, before.st_gid)):
            if (owner in (-1, now.st_uid)) and group == now.st_gid:
                break
            try:
                os.chown(path, owner, group)
            except OSError:  # only an administrator may give a file away
                continue
            break
    path.chmod(stat.S_IMODE(before.st_mode))


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files that processes left when they were killed; others are locked."""
    if fcntl is None:
        return
    for leftover in folder.glob(f"{TEMPORARY}*"):
        try:
            handle = os.open(leftover, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError:  # removed by now, or of another user
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            leftover.unlink(missing_ok=True)
        except OSError:  # it is being written
            pass
        finally:
            os.close(handle)


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Lock a folder during the block, and remove temporary files that killed processes left.

    Parameters
    ----------
    folder : Path
        The folder; it is created, with its parents, if it does not exist. A created folder is
        removed again if it is empty when the block ends.

    Raises
    ------
    InputError
        If another process or thread has locked the folder.

    Notes
    -----
    The system releases the lock when a process ends, also when it is killed. Windows and some
    network file systems have no such locks; there the folder is not locked.
    """
    created = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    handle = None if fcntl is None else os.open(folder, os.O_RDONLY)
    try:
        if fcntl is not None and handle is not None and _locked(fcntl, handle, folder):
            for leftover in folder.glob(f"{TEMPORARY}*"):
                leftover.unlink(missing_ok=True)
        yield
    finally:
        with suppress(OSError):  # not empty
            for one in created:
                one.rmdir()
        if handle is not None:
            os.close(handle)


def _locked(locks: Any, handle: int, folder: Path) -> bool:
    """Lock an open folder; return False if the file system has no locks."""
    try:
        locks.flock(handle, locks.LOCK_EX | locks.LOCK_NB)
    except BlockingIOError:
        complain(
            f"{str(folder)!r} can be written by one process at a time",
            "another process is writing to it",
            "wait until that process has ended",
        )
    except OSError:
        return False
    return True


def place(path: str | os.PathLike[str]) -> Path:
    """Return the resolved ``path``, or complain if a file cannot be written to it.

    Long runs call this before they start, so that they do not fail when they save.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to, or ``path`` is something other
        than a file.
    """
    # A link is followed: its target is replaced, not the link itself.
    target = Path(path).resolve()
    if not target.parent.is_dir():
        complain(
            f"the folder of {str(path)!r} must exist",
            f"there is no folder {str(target.parent)!r}",
            "create the folder first",
        )
    if target.exists() and not target.is_file():
        complain(
            f"{str(path)!r} must name a file",
            "it is a folder" if target.is_dir() else "it is not a regular file",
        )
    if not os.access(target.parent, os.W_OK):
        complain(
            f"the folder of {str(path)!r} must be writable",
            "you do not have the permission to write to it",
        )
    return target
