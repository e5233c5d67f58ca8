"""Load moments of any kind from a file."""

from __future__ import annotations

from pathlib import Path

from nullprobe.moments.class_moments import ClassMoments
from nullprobe.moments.files import MOMENTS
from nullprobe.moments.moments import Moments
from nullprobe.moments.task_moments import TaskMoments

KINDS = {kind.FORMAT: kind for kind in (Moments, ClassMoments, TaskMoments)}


def load_moments(path: str | Path) -> Moments | ClassMoments | TaskMoments:
    """Return the moments in a file, of all rows, of each class, or with a task.

    Raises
    ------
    InputError
        If the file is missing, damaged, or has no moments.
    """
    return MOMENTS.one_of(path, KINDS).load(path)
