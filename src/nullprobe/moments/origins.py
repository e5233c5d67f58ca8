"""Origins of moments: names of the features and details of the rows, for sums of pieces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from nullprobe._core import validation

FeatureNames = tuple[str, ...] | None


def checked_names(feature_names: Any, d: int) -> tuple[str, ...]:
    """Return the names of d features as strings, or complain about another number of names."""
    names = tuple(map(str, feature_names))
    if len(names) != d:
        validation.complain(f"{d} features need {d} names", f"{len(names)} arrived")
    return names


def joint_names(ours: FeatureNames, theirs: FeatureNames) -> FeatureNames:
    """Return the names of the features of two pieces; a piece without names has the same features.

    Raises
    ------
    InputError
        If the names differ, also in their order.
    """
    if ours is not None and theirs is not None and ours != theirs:
        _complain_names(ours, theirs)
    return theirs if ours is None else ours


def joint_details(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Return the details that two pieces have in common."""
    return {key: value for key, value in ours.items() if theirs.get(key) == value}


def _complain_names(ours: tuple[str, ...], theirs: tuple[str, ...]) -> NoReturn:
    j = next(i for i, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1])
    validation.complain(
        "all pieces must have the same features, in the same order",
        f"feature {j} (counted from 0) is {ours[j]!r} in one and {theirs[j]!r} in another",
        "pass the features of all pieces in the same order",
    )
