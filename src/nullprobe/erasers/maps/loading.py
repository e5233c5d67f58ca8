"""Read an eraser from a file, whichever kind of map it holds."""

from __future__ import annotations

from pathlib import Path

from nullprobe._core import validation
from nullprobe.erasers.maps import store
from nullprobe.erasers.maps.affine import AffineEraser
from nullprobe.erasers.maps.class_transport import ClassTransport
from nullprobe.erasers.maps.concept_shift import ConceptShift

KINDS = {kind.FORMAT: kind for kind in (AffineEraser, ConceptShift, ClassTransport)}


def load_eraser(path: str | Path) -> AffineEraser | ConceptShift | ClassTransport:
    """Read an eraser that the save method of any of the three kinds of map wrote.

    Parameters
    ----------
    path : str or Path
        A .safetensors file.

    Raises
    ------
    InputError
        If the file is missing, damaged, or no eraser.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> eraser = AffineEraser(np.zeros(2), np.array([[1.0], [0.0]]), np.array([[1.0, 0.0]]))
    >>> with TemporaryDirectory() as folder:
    ...     eraser.save(f"{folder}/eraser.safetensors")
    ...     load_eraser(f"{folder}/eraser.safetensors").apply(np.array([[3.0, 4.0]])).tolist()
    [[0.0, 4.0]]
    """
    mark = store.mark_of(path)
    if mark not in KINDS:
        validation.complain(
            store.REQUIRED,
            f"{str(path)!r} has the format mark {mark!r}, none of {', '.join(map(repr, KINDS))}",
            "pass a file that `nullprobe fit` or the save method of an eraser wrote",
        )
    return KINDS[mark].load(path)
