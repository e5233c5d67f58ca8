"""Contrast pairs: the same statements twice, once completed as false and once as true.

Whoever reads truth without labels needs pairs and nothing else: which side of a pair is the true
one is what the probe is to find out, and labels, where there are any, say how well it did.
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
    """Two representations of each of n statements, one row each; checked when made.

    Attributes
    ----------
    negative, positive : ndarray of shape (n, d)
        Representations of the two completions. NumPy arrays, torch tensors and frames are taken.
    y : ndarray of shape (n,), or None
        1 where the positive side is the true one, 0 where the negative is.
    groups : ndarray of shape (n,), or None
        Prompt template of each pair: pairs of the same value are normalised together.

    Raises
    ------
    InputError
        If the sides differ in shape, there is a single pair, a number is not finite, a side never
        varies, or all labels are the same.

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
        """Bring all parts into the form that is promised, and complain about what cannot be."""
        negative, positive = both_sides(self.negative, self.positive)
        object.__setattr__(self, "negative", arrays.host_native(negative))
        object.__setattr__(self, "positive", arrays.host_native(positive))
        object.__setattr__(self, "y", truth(self.y, len(self)))
        object.__setattr__(self, "groups", group_labels(self.groups, len(self)))
        self.need_enough()

    def __repr__(self) -> str:
        """Return the numbers of pairs and features, and what is known of them."""
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
        """Return some of the pairs; they may be few, or all of one class."""
        some = object.__new__(ContrastPairs)
        for name in ("negative", "positive", "y", "groups"):
            whole = getattr(self, name)
            object.__setattr__(some, name, None if whole is None else whole[rows])
        return some

    def need_enough(self) -> None:
        """Complain if nothing can be fitted to these pairs."""
        if len(self) < 2:
            validation.complain(
                "at least two pairs are needed",
                f"there is {len(self)}",
                "pass more pairs: each side is brought to mean zero, which leaves nothing of one",
            )
        for name in ("negative", "positive"):
            side = getattr(self, name)
            # ends at the first block of rows that differ
            if not any((rows != side[0]).any() for _, rows in arrays.cache_blocks(side)):
                validation.complain(
                    "both sides of the pairs must vary",
                    f"all {len(self)} rows of the {name} side are the same",
                    "check which token or layer that side was taken from",
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
                "put true and false statements on either side, or pass no labels",
            )


def both_sides(negative: Any, positive: Any) -> tuple[Any, Any]:
    """Return two representations (n, d) of one shape, all finite, in the library they came in."""
    sides = {
        "negative": validation.representation(negative, name="the negative side"),
        "positive": validation.representation(positive, name="the positive side"),
    }
    shapes = [tuple(side.shape) for side in sides.values()]
    if shapes[0] != shapes[1]:
        validation.complain(
            "the two sides of the pairs must have the same shape (n, d)",
            f"the negative side has {shapes[0]} and the positive {shapes[1]}",
            "pass one row of either side for each pair, in the same order",
        )
    named = [list(getattr(side, "columns", ())) for side in (negative, positive)]
    if all(named) and named[0] != named[1]:
        validation.complain(
            "the two sides of the pairs must have the same features in the same order",
            "the columns of the two frames differ",
            "select the columns of one as those of the other",
        )
    for name, side in sides.items():
        validation.finite(side, name=f"the {name} side", advice="drop such pairs")
    return sides["negative"], sides["positive"]


def as_pairs(negative: Any, positive: Any, y: Any, groups: Any) -> ContrastPairs:
    """Return pairs, whether they come as one object or in parts."""
    if not isinstance(negative, ContrastPairs):
        return ContrastPairs(negative, positive, y, groups)
    if positive is not None:
        validation.complain(
            "pairs must come as one ContrastPairs, or as two sides",
            "a ContrastPairs and a positive side arrived",
            "pass the pairs alone",
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
        If the file cannot be read, a name is unknown, or these are no pairs.

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
    alone = {name: content[name]} if isinstance(content, dict) else content.select([name])
    return representation(alone, [], source).X
