"""Optional packages, which only some models need."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from nullprobe._core import validation


def need(names: Sequence[str], purpose: str, *, extra: str) -> None:
    """Raise InputError if a package is missing, with its name and the command that installs it."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        validation.complain(
            f"{purpose} need{'' if purpose.endswith('s') else 's'} the package {missing[0]}",
            "it is not installed",
            f'run pip install "nullprobe[{extra}]"',
        )
