"""Usual names: of representations, of labels, and of columns that are seldom features."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Usual names of a representation, and of labels.
USUAL = (
    *("X", "acts", "activations", "hidden_states"),
    *("embeddings", "embedding", "sentence_embedding", "vector"),
)
USUAL_LABELS = ("y", "label", "labels", "target")

# Names of columns that tell rows apart, or stand for a label.
IDENTIFIER = re.compile(
    r"(^|[_\W])(id|ids|idx|index|uuid|guid|row|rank|split|fold)$", re.IGNORECASE
)
# Names under which pandas writes row numbers. They are rarely a feature, and in a sorted file they
# reveal the concept.
ROW_NUMBERS = ("", "Unnamed: 0", "__index_level_0__")


def look_like_labels(names: Sequence[str], concept: str) -> tuple[list[str], list[str]]:
    """Return which features have names of labels, and which have names of identifiers.

    Examples
    --------
    >>> look_like_labels(["age", "target", "user_id", "tone_id", "tone"], "tone")
    (['target'], ['user_id', 'tone_id'])
    """
    labels = [name for name in names if name.lower() in USUAL_LABELS and name != concept]
    return labels, [name for name in names if IDENTIFIER.search(name)]


def usual_label(names: Sequence[str]) -> str | None:
    """Return the one name among these under which labels are usually stored, or None.

    Examples
    --------
    >>> usual_label(["X", "label"]), usual_label(["X", "y", "target"])
    ('label', None)
    """
    usual = [name for name in USUAL_LABELS if name in names]
    return usual[0] if len(usual) == 1 else None
