"""Files that appear whole or not at all.

A run that dies half-way must not leave half a file where a whole one used to be. The new
content goes to a temporary file in the same folder (a rename is atomic only within one
file system) and takes the target's name at the end.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nullprobe._core.validation import complain


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
    temporary = target.with_name(f".nullprobe-{secrets.token_hex(8)}{target.suffix}")
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
