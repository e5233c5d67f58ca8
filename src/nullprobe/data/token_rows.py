"""Arrays [rows, positions, features]: one row of features from the tokens of each text.

Which tokens are read, and which file holds the labels of requests, is decided once for a command;
every file that it reads follows.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa

from nullprobe._core.caller_warnings import warn
from nullprobe._core.parameters import choice
from nullprobe._core.validation import complain

RULES = ("last", "mean", "first")
MASK = "attention_mask"  # (rows, positions): 1 for a token, 0 for padding


@dataclass(frozen=True)
class Reading:
    """How files are read.

    Attributes
    ----------
    tokens : {"last", "mean", "first"} or None
        Which tokens of a text are read; None reads the last where a mask marks it, and refuses
        other arrays of tokens.
    labels : Path or None
        The file with the labels of requests.
    """

    tokens: str | None = None
    labels: Path | None = None


_current = ContextVar("reading", default=Reading())  # noqa: B039  it is frozen


def current() -> Reading:
    """Return how files are read at present."""
    return _current.get()


@contextmanager
def reading(tokens: str | None = None, labels: Path | None = None) -> Generator[None]:
    """Set how files are read during the block; None keeps what was set before.

    Examples
    --------
    >>> with reading(tokens="mean"):
    ...     current().tokens
    'mean'
    """
    if tokens is not None:
        choice("--tokens", tokens, RULES)
    before = _current.get()
    token = _current.set(Reading(tokens or before.tokens, labels or before.labels))
    try:
        yield
    finally:
        _current.reset(token)


def pooled(a: np.ndarray, rule: str, mask: np.ndarray | None = None) -> np.ndarray:
    """Return one row of features (n, ..., d) from tokens (n, positions, ..., d).

    Parameters
    ----------
    a : ndarray of shape (n, positions, ..., d)
    rule : {"last", "mean", "first"}
    mask : ndarray of shape (n, positions), optional
        Not zero for tokens, zero for padding.

    Examples
    --------
    >>> a = np.arange(6.0).reshape(1, 3, 2)
    >>> pooled(a, "last").tolist(), pooled(a, "last", np.array([[1, 1, 0]])).tolist()
    ([[4.0, 5.0]], [[2.0, 3.0]])
    """
    n, positions = a.shape[:2]
    if positions == 0:
        complain("every text needs at least one token", "an array of tokens has none")
    if mask is None or mask.shape != (n, positions):
        if rule == "mean":
            return a.mean(axis=1, dtype=np.float64).astype(a.dtype)
        return a[:, -1] if rule == "last" else a[:, 0]
    used = mask != 0
    empty = np.flatnonzero(~used.any(axis=1))
    if len(empty):
        complain(f"every row of {MASK!r} needs a token", f"row {empty[0]} has none")
    if rule == "mean":
        weights = used.reshape(used.shape + (1,) * (a.ndim - 2))
        total = np.where(weights, a, 0).sum(axis=1, dtype=np.float64)
        return (total / weights.sum(axis=1)).astype(a.dtype)
    at = used.argmax(axis=1)
    if rule == "last":
        at = positions - 1 - used[:, ::-1].argmax(axis=1)
    return a[np.arange(n), at]


def pooled_arrays(arrays: Mapping[str, np.ndarray], rule: str | None) -> dict[str, np.ndarray]:
    """Return arrays in which those of floats [rows, positions, features] have one row each.

    ``rule`` is the rule of the caller, or None; see `rule_of`.
    """
    mask = arrays.get(MASK)
    rules = {name: rule_of(a, rule, mask) for name, a in arrays.items()}
    return {
        name: a if chosen is None else pooled(a, chosen, mask)
        for (name, a), chosen in zip(arrays.items(), rules.values(), strict=True)
    }


def rule_of(array: Any, rule: str | None, mask: Any) -> str | None:
    """Return the rule by which an array is read, or None if it is read as it is.

    Without a rule of the caller, the last token is read where a mask says which one that is; a
    warning says so.

    Parameters
    ----------
    array, mask : object with ``shape`` and ``dtype``
        The mask may be None.
    rule : {"last", "mean", "first"} or None
    """
    if len(array.shape) != 3 or array.dtype.kind != "f":
        return None
    if rule is None and mask is not None and mask.shape == array.shape[:2]:
        warn(f"the last token of each row is read, as {MASK!r} marks it; --tokens chooses others")
        return "last"
    return rule


def pooled_columns(table: pa.Table, rule: str) -> pa.Table:
    """Return a table in which lists of lists of floats, one for each token, are one list each."""
    for i, name in enumerate(table.column_names):
        kind: Any = table.column(name).type
        inner = getattr(getattr(kind, "value_type", None), "value_type", None)
        if inner is None or not pa.types.is_floating(inner) or table.column(name).null_count:
            continue
        rows = cast("list[list[list[float]]]", table.column(name).to_pylist())
        try:
            lists = [pooled(np.array([row], dtype=float), rule)[0] for row in rows]
        except (ValueError, TypeError, IndexError):
            complain(
                f"{name!r} must hold lists of tokens, each a list of as many numbers",
                "a row holds something else",
            )
        table = table.set_column(i, name, pa.array(lists, pa.list_(inner)))
    return table
