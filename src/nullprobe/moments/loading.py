"""Load moments of either kind from a file."""

from __future__ import annotations

from pathlib import Path

from nullprobe.moments.class_moments import ClassMoments
from nullprobe.moments.files import MOMENTS
from nullprobe.moments.moments import Moments

KINDS = {kind.FORMAT: kind for kind in (Moments, ClassMoments)}


def load_moments(path: str | Path) -> Moments | ClassMoments:
    """Return the moments in a file, of all rows or of each class.

    Raises
    ------
    InputError
        If the file is missing, damaged, or has no moments.
    """
    return MOMENTS.one_of(path, KINDS).load(path)
