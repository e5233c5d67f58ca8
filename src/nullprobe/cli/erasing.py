"""Erasing: fit an eraser to a file, and apply it to a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nullprobe._check import choice, complain, known
from nullprobe._files import place
from nullprobe._formats import names, suffix_of
from nullprobe.concepts import concept
from nullprobe.erasers import ERASERS, AffineEraser
from nullprobe.readers import Table, read_matrix, write_like

NOT_FEATURES = "not features"  # what an eraser file calls the columns that were no features


def need_eraser_path(path: Path) -> None:
    """Refuse a path that no eraser should be written to."""
    if path.suffix.lower() != ".safetensors":
        complain(
            "an eraser is written to a .safetensors file",
            f"{str(path)!r} arrived",
            "choose a path that ends in .safetensors",
        )
    place(path)


def fit(found: Table, method: str, others: Sequence[str]) -> AffineEraser:
    """Fit an eraser that remembers the names of its features, and of what was none.

    Parameters
    ----------
    found : Table
        What was read.
    method : str
        Name of a method.
    others : sequence of str
        Columns that are no features: the concept and what was left out.
    """
    choice("method", method, list(ERASERS))
    concept(found.y, n=len(found.X)).need_two_classes()
    eraser = ERASERS[method]().fit(found.X, found.y).eraser_
    if found.feature_names is not None:
        eraser = eraser.named(found.feature_names)
    return replace(eraser, details={**eraser.details, NOT_FEATURES: json.dumps(list(others))})


def apply(saved: Path, path: Path, out: Path, leave_out: Sequence[str]) -> tuple[AffineEraser, int]:
    """Apply a saved eraser to a file, and write the result with all else as it was.

    Returns
    -------
    eraser : AffineEraser
    n : int
        Number of rows that were written.

    Notes
    -----
    Which columns of a table are features is what the eraser remembers: it was fitted on
    columns of these names. Only where it has no names do all numeric columns count that are
    not left out.
    """
    eraser = AffineEraser.load(saved)
    suffix_of(out)
    place(out)
    others = _others(eraser, path, leave_out)
    X, found = read_matrix(path, leave_out=others)
    order = _order(eraser, found, X.shape[1], str(path))
    erased = np.empty(X.shape, X.dtype)
    erased[:, order] = eraser.apply(X[:, order])
    write_like(path, out, erased, leave_out=others)
    return eraser, len(X)


def fitted(eraser: AffineEraser, n: int) -> str:
    """Return in words what was fitted to n rows."""
    return (
        f"{eraser.method} removes {_count(eraser.rank, 'direction')} of {eraser.d:,}, fitted to "
        f"{_count(n, 'row')}."
    )


def applied(eraser: AffineEraser, n: int) -> str:
    """Return in words what was done to n rows."""
    return (
        f"{eraser.method} took {_count(eraser.rank, 'direction')} of {eraser.d:,} out of "
        f"{_count(n, 'row')}."
    )


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _others(eraser: AffineEraser, path: Path, leave_out: Sequence[str]) -> list[str]:
    """Return which of the columns or arrays of a file are no features."""
    there, features = names(path), eraser.feature_names or ()
    for name in leave_out:
        known("column", name, there)
        if name in features:
            complain(
                "every column that the eraser was fitted on is needed",
                f"{name!r} is one of them and was left out",
                "do not leave it out",
            )
    if set(features) & set(there):
        _need_all(features, there, str(path))
        return [name for name in there if name not in features]
    remembered = json.loads(eraser.details.get(NOT_FEATURES, "[]"))
    return [name for name in there if name in leave_out or name in remembered]


def _order(
    eraser: AffineEraser, found: tuple[str, ...] | None, d: int, source: str
) -> np.ndarray | slice:
    """Return where in the file the features of the eraser stand, in its order."""
    wanted = eraser.feature_names
    if wanted is None or found is None:
        if d != eraser.d:
            complain(
                f"the eraser was fitted on {eraser.d} features",
                f"{source!r} has {d}",
                "apply it to the same representation, and name columns that are no features "
                "with --leave-out",
            )
        return slice(None)
    _need_all(wanted, found, source)
    extra = [name for name in found if name not in wanted]
    if extra:
        complain(
            f"{source!r} must have just the {eraser.d} columns that the eraser was fitted on",
            f"it has {extra[0]!r}, too",
            "apply it to the same representation",
        )
    return np.array([found.index(name) for name in wanted])


def _need_all(wanted: Sequence[str], found: Sequence[str], source: str) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        complain(
            f"{source!r} must have the {len(wanted)} columns that the eraser was fitted on",
            f"{', '.join(map(repr, missing[:5]))}{' and more' if len(missing) > 5 else ''} "
            f"{'is' if len(missing) == 1 else 'are'} not among its columns "
            f"({', '.join(map(repr, found[:5]))}{', ...' if len(found) > 5 else ''})",
            "apply it to the same representation, or rename the columns",
        )
