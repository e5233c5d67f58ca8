"""Load an eraser of any kind from a file."""

from __future__ import annotations

from pathlib import Path

from nullprobe.erasers.maps.affine import AffineEraser
from nullprobe.erasers.maps.class_transport import ClassTransport
from nullprobe.erasers.maps.concept_shift import ConceptShift
from nullprobe.erasers.maps.store import ERASER

KINDS = {kind.FORMAT: kind for kind in (AffineEraser, ConceptShift, ClassTransport)}


def load_eraser(path: str | Path) -> AffineEraser | ConceptShift | ClassTransport:
    """Load an eraser that the save method of any fitted map wrote.

    Parameters
    ----------
    path : str or Path
        A .safetensors file.

    Raises
    ------
    InputError
        If the file is missing, damaged, or not an eraser.

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
    return ERASER.one_of(path, KINDS).load(path)
