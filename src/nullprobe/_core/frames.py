"""Data frames, if pandas is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from nullprobe._core.validation import complain


def frame(lines: Sequence[Mapping[str, Any]]) -> Any:
    """Return lines (mappings with the same keys) as a pandas data frame.

    Raises
    ------
    InputError
        If pandas is not installed.
    """
    try:
        pandas = import_module("pandas")
    except ImportError:
        complain("to_frame needs pandas", "it is not installed", "run `pip install pandas`")
    return pandas.DataFrame(list(lines))
