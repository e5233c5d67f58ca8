"""Load moments of either kind from a file."""

from __future__ import annotations

from pathlib import Path

from nullprobe._core import validation
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
    mark = MOMENTS.mark_of(path)
    if mark not in KINDS:
        validation.complain(
            MOMENTS.required,
            f"{str(path)!r} has the format mark {mark!r}, none of {', '.join(map(repr, KINDS))}",
            MOMENTS.hint,
        )
    return KINDS[mark].load(path)
