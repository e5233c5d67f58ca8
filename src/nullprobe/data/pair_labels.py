"""Labels of contrast pairs: the true side, other labels, and templates."""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe._core import parameters, validation
from nullprobe._core.nested import is_mapping
from nullprobe.data.concept import concept as read_concept
from nullprobe.data.splits import groups_of


def truth(y: Any, n: int, *, name: str = "y") -> np.ndarray | None:
    """Return labels (n,): 1 if the positive side is true, 0 if the negative side is; or None."""
    if y is None:
        return None
    z = read_concept(y, n=n, name=name, kind="labels")
    if z.codes is None or not set(z.classes or ()) <= {0, 1}:
        arrived = ", ".join(map(repr, (z.classes or ())[:5])) or "several columns"
        validation.complain(
            f"{'labels of pairs' if name == 'y' else name} must be 0 and 1, or False and True",
            f"{arrived} arrived",
            "pass 1 where the positive side is true and 0 where the negative is",
        )
    return np.array(z.classes, dtype=int)[z.codes]


def need_truth(y: Any, n: int) -> np.ndarray:
    """Return labels (n,), 1 if the positive side is true, or complain if there are no labels."""
    labels = truth(y, n)
    if labels is None:
        validation.complain(
            "this requires y to be passed",
            "y is missing",
            "pass 1 where the positive side is true and 0 where the negative is",
        )
    return labels


def other_labels(others: Any, n: int, concept: str) -> dict[str, np.ndarray]:
    """Return other labels (n,) of pairs by name, or complain that they are not labels of pairs.

    Parameters
    ----------
    others : mapping of str to array-like of shape (n,), or None
    n : int
        Number of pairs.
    concept : str
        Name of the labels of the truth; other labels need other names.
    """
    labels: dict[str, np.ndarray] = {}
    if others is not None and not is_mapping(others):
        validation.complain(
            "other labels must have names",
            f"{type(others).__name__} arrived",
            'pass a mapping, such as {"sentiment": z}',
        )
    for name, y in parameters.by_name("label", others or {}).items():
        if name == concept:
            validation.complain("every label needs a different name", f"{concept!r} occurs twice")
        called = f"label {name!r}"
        z = truth(y, n, name=called)
        if z is None:
            validation.complain(
                f"{called} must be 0 and 1, or False and True",
                f"{y} arrived",
                "pass one of these for each pair, or leave the label out",
            )
        if len(np.unique(z)) < 2:
            validation.complain(
                f"{called} must be of two classes", f"all {n} are {z[0]}", "leave it out"
            )
        labels[name] = z
    return labels


def group_labels(groups: Any, n: int) -> np.ndarray | None:
    """Return the labels of the groups (n,), or None if there are no groups."""
    return None if groups is None else groups_of(groups, n).labels
