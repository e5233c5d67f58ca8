"""Contrast pairs: each statement twice, once completed as false and once as true.

Probes of pairs need no labels: they predict which side of a pair is true. Labels, if there are any,
only measure the quality of the prediction.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from nullprobe._core import arrays, parameters, validation
from nullprobe.data.columns import labels, representation
from nullprobe.data.formats import Arrays, load, names
from nullprobe.data.pair_labels import group_labels, truth


@dataclass(frozen=True, eq=False, repr=False)
class ContrastPairs:
    """Two representations of each of n statements, validated when created.

    Attributes
    ----------
    negative, positive : ndarray of shape (n, d)
        Representations of the two completions: NumPy arrays, torch tensors or data frames.
    y : ndarray of shape (n,), or None
        1 where the positive side is true, 0 where the negative side is true.
    groups : ndarray of shape (n,), or None
        Prompt template of each pair. Pairs with the same template are normalised together.

    Raises
    ------
    InputError
        If the sides differ in shape, there is only one pair, a number is not finite, a side is
        constant, or all labels are the same.

    Examples
    --------
    >>> import numpy as np
    >>> negative, positive = np.random.default_rng(0).normal(size=(2, 4, 3))
    >>> pairs = ContrastPairs(negative, positive, y=[0, 1, 1, 0])
    >>> len(pairs), pairs.d, len(pairs.take(np.array([1, 2])))
    (4, 3, 2)
    """

    negative: Any
    positive: Any
    y: Any = None
    groups: Any = None

    def __post_init__(self) -> None:
        """Convert and validate all fields."""
        negative, positive = both_sides(self.negative, self.positive)
        object.__setattr__(self, "negative", arrays.host_native(negative))
        object.__setattr__(self, "positive", arrays.host_native(positive))
        object.__setattr__(self, "y", truth(self.y, len(self)))
        object.__setattr__(self, "groups", group_labels(self.groups, len(self)))
        self.need_enough()

    def __repr__(self) -> str:
        """Return the numbers of pairs and features, and whether there are labels and groups."""
        known = "" if self.y is None else ", with labels"
        if self.groups is not None:
            known += f", in {len(np.unique(self.groups))} groups"
        return f"ContrastPairs(n={len(self)}, d={self.d}{known})"

    def __len__(self) -> int:
        """Return the number n of pairs."""
        return len(self.negative)

    @property
    def d(self) -> int:
        """Number of features."""
        return self.negative.shape[1]

    def take(self, rows: np.ndarray | slice) -> ContrastPairs:
        """Return the selected pairs; they may be few, or all of one class."""
        subset = object.__new__(ContrastPairs)
        for name in ("negative", "positive", "y", "groups"):
            whole = getattr(self, name)
            object.__setattr__(subset, name, None if whole is None else whole[rows])
        return subset

    def need_enough(self) -> None:
        """Complain if a probe cannot be fitted to these pairs."""
        if len(self) < 2:
            validation.complain(
                "at least two pairs are needed",
                f"there is {len(self)}",
                "pass more pairs: each side is centred, and one centred row is zero",
            )
        for name in ("negative", "positive"):
            side = getattr(self, name)
            # Ends at the first block with different rows.
            if not any((rows != side[0]).any() for _, rows in arrays.cache_blocks(side)):
                validation.complain(
                    "both sides of the pairs must vary",
                    f"all {len(self)} rows of the {name} side are the same",
                    "check from which token or layer that side was captured",
                )
        if np.array_equal(self.negative, self.positive):
            validation.complain(
                "the two sides of the pairs must differ",
                "they are the same in every row",
                "pass the representations of both completions",
            )
        if self.y is not None and len(np.unique(self.y)) < 2:
            validation.complain(
                "labels must be of two classes",
                f"all {len(self)} are {self.y[0]} (1 class)",
                "put true and false statements on both sides, or omit the labels",
            )


def both_sides(negative: Any, positive: Any) -> tuple[Any, Any]:
    """Return two finite representations (n, d) of equal shape, in the library of the input."""
    sides = {
        "negative": validation.representation(negative, name="the negative side"),
        "positive": validation.representation(positive, name="the positive side"),
    }
    shapes = [tuple(side.shape) for side in sides.values()]
    if shapes[0] != shapes[1]:
        validation.complain(
            "the two sides of the pairs must have the same shape (n, d)",
            f"the negative side has shape {shapes[0]} and the positive side {shapes[1]}",
            "pass one row of each side for each pair, in the same order",
        )
    named = [list(getattr(side, "columns", ())) for side in (negative, positive)]
    if all(named) and named[0] != named[1]:
        validation.complain(
            "the two sides of the pairs must have the same features in the same order",
            "the columns of the two frames differ",
            "select the same columns from both frames",
        )
    for name, side in sides.items():
        validation.finite(side, name=f"the {name} side", advice="drop such pairs")
    return sides["negative"], sides["positive"]


def as_pairs(negative: Any, positive: Any, y: Any, groups: Any) -> ContrastPairs:
    """Return contrast pairs from one object or from two sides."""
    if not isinstance(negative, ContrastPairs):
        return ContrastPairs(negative, positive, y, groups)
    if positive is not None:
        validation.complain(
            "pairs must be one ContrastPairs, or two sides",
            "a ContrastPairs and a positive side arrived",
        )
    if y is None and groups is None:
        return negative
    return ContrastPairs(
        negative.negative,
        negative.positive,
        negative.y if y is None else y,
        negative.groups if groups is None else groups,
    )


def read_pairs(
    path: str | os.PathLike[str],
    *,
    negative: str = "negative",
    positive: str = "positive",
    concept: str | None = None,
    groups: str | None = None,
) -> ContrastPairs:
    """Read contrast pairs from one file or a folder of shards.

    Parameters
    ----------
    path : str or path
        A .npz or .safetensors with two (n, d) arrays, a .parquet with two list columns, or a
        folder of files of one of these formats.
    negative, positive : str
        Names of the arrays or columns that hold the two sides.
    concept : str, optional
        Name of the labels: 1 where the positive side is true.
    groups : str, optional
        Name of the prompt templates.

    Returns
    -------
    ContrastPairs

    Raises
    ------
    InputError
        If the file cannot be read, a name is unknown, or the two sides are not pairs.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "pairs.npz"
    ...     np.savez(path, no=np.eye(3), yes=np.eye(3)[::-1], truth=[0, 1, 1])
    ...     pairs = read_pairs(path, negative="no", positive="yes", concept="truth")
    >>> pairs.positive.shape, pairs.y.tolist()
    ((3, 3), [0, 1, 1])
    """
    source = str(path)
    named = [name for name in (negative, positive, concept, groups) if name is not None]
    for name in named:
        parameters.known("column", name, names(path))
    content = load(path, only=named)
    below, above = (_side(content, name, source) for name in (negative, positive))
    y, templates = (
        None if name is None else labels(content, name, len(below), source)
        for name in (concept, groups)
    )
    return ContrastPairs(below, above, y, templates)


def _side(content: Arrays | pa.Table, name: str, source: str) -> np.ndarray:
    single = {name: content[name]} if isinstance(content, dict) else content.select([name])
    return representation(single, [], source).X
