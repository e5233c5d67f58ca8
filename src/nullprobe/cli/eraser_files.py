"""Erasing: fit an eraser to a file, and apply it to a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nullprobe._core.atomic_files import place
from nullprobe._core.caller_warnings import warn
from nullprobe._core.parameters import known
from nullprobe._core.validation import complain
from nullprobe.cli import column_options, memory
from nullprobe.cli.eraser_choice import Choice
from nullprobe.data import token_rows
from nullprobe.data.concept import Concept, concept
from nullprobe.data.formats import holds_one_array, names, suffix_of
from nullprobe.data.label_files import OPTION as LABELS_OPTION
from nullprobe.data.label_files import label_file, label_names
from nullprobe.data.manifest import TOKENS
from nullprobe.data.rewriting import rewrite
from nullprobe.data.row_sketch import RowSketch
from nullprobe.data.row_streams import RowStream, stream
from nullprobe.erasers import AffineEraser, ClassTransport, ConceptShift, load_eraser
from nullprobe.erasers.estimator import ROW_SKETCH
from nullprobe.moments.streams import Piece
from nullprobe.stats.copies import copies
from nullprobe.stats.copy_sketch import CopySketch

# What an eraser file calls the column of the concept, and the columns that were no features.
CONCEPT, NOT_FEATURES = "concept", "not features"
SHRUNK = "shrunk"  # what a transport calls how many classes were

Eraser = AffineEraser | ConceptShift | ClassTransport


def need_eraser_path(path: Path, what: str = "an eraser is") -> None:
    """Refuse a path that no eraser should be written to."""
    if path.suffix.lower() != ".safetensors":
        complain(
            f"{what} written to a .safetensors file",
            f"{str(path)!r} arrived",
            "choose a path that ends in .safetensors",
        )
    place(path)


def fit(
    data: RowStream,
    chosen: Choice,
    others: Sequence[str],
    where: Mapping[str, str],
) -> Eraser:
    """Fit an eraser that remembers the names of its features, and of what was none.

    Parameters
    ----------
    data : RowStream
        With the values of the task, if there is one.
    chosen : Choice
    others : sequence of str
        Columns that are no features: the concept first, then what else.
    where : mapping of str to str
        Site, model and token rule, where these are states that were captured.

    Notes
    -----
    Rows are read block by block, unless the method needs all rows at once.
    """
    z = data.y
    unfitted = chosen.unfitted(z)
    task = None if chosen.task is None else concept(data.others[chosen.task], name="task")
    if chosen.needs_rows(z):
        memory.need(
            data.n, data.where.d, memory.OF_FIT, f"--method {chosen.method}",
            "about {rows} rows fit; choose a method that is fitted from moments, such as leace",
        )  # fmt: skip
        X = data.rows(np.arange(data.n))
        warn_of_copies(X)
        eraser = unfitted.fit(X, z).eraser_
        sketch = RowSketch.of(X).text
    else:
        rows = Pieces(data, z, task)
        eraser = unfitted.fit_blocks(rows).eraser_
        sketch = rows.sketch
    if data.feature_names is not None:
        eraser = eraser.named(data.feature_names)
    remembered = {CONCEPT: others[0], NOT_FEATURES: json.dumps(list(others)), ROW_SKETCH: sketch}
    return replace(eraser, details={**eraser.details, **remembered, **where})


class Pieces:
    """The rows of a stream with their concept and task; at the end, a warning of copies.

    Parameters
    ----------
    data : RowStream
    z, task : Concept
    """

    def __init__(self, data: RowStream, z: Concept, task: Concept | None = None) -> None:
        self._data, self._z, self._task = data, z, task
        self._sketch = CopySketch()

    def __iter__(self) -> Iterator[Piece]:
        """Read the rows, block by block."""
        task, divided = self._task, False
        for rows, X in self._data.blocks():
            self._sketch.add(X)
            if len(X) == self._data.n:
                warn_of_copies(X)
            else:
                divided = True
            yield X, self._z.take(rows), None if task is None else task.take(rows)
        share = self._sketch.share if divided else 0.0
        if share:
            _warn_of_copies(
                f"about {share:.1%} of {self._data.n:,} rows are exact copies of others"
            )

    @property
    def sketch(self) -> str:
        """The sketch of the rows that were read, as text."""
        return self._sketch.rows.text


def warn_of_copies(X: np.ndarray) -> None:
    """Warn of rows (n, d) that are copies of others: an eraser counts each of them."""
    repeated = copies(X, 0)
    if repeated.any:
        _warn_of_copies(
            f"{repeated.n_exact + repeated.n_near} rows are copies of others "
            f"({repeated.n_exact} exact, {repeated.n_near} near)"
        )


def _warn_of_copies(which: str) -> None:
    warn(
        f"{which}: the eraser counts each of them, so its means and covariances are known less "
        "well than the number of rows suggests"
    )


def apply(
    saved: Path, path: Path, out: Path, *, named: str | None, leave_out: Sequence[str]
) -> tuple[Eraser, int]:
    """Apply a saved eraser to a file, and write the result with all else as it was.

    Parameters
    ----------
    saved, path, out : Path
        The eraser, the file, and where the result goes.
    named : str or None
        Column of the concept; None for the one that the eraser was fitted with.
    leave_out : sequence of str
        Columns that are no features.

    Returns
    -------
    eraser : AffineEraser, ConceptShift or ClassTransport
    n : int
        Number of rows that were written.

    Notes
    -----
    Which columns of a table are features is what the eraser remembers: it was fitted on
    columns of these names. Only where it has no names do all numeric columns count that are
    not left out.
    """
    eraser = load_eraser(saved)
    suffix_of(out)
    place(out)
    columns, file = names(path), label_file(path)
    if isinstance(eraser, AffineEraser):
        if file is not None:
            complain(
                f"{LABELS_OPTION} is for erasers that need the labels of rows",
                f"{str(saved)!r} holds one that does not ({eraser.method})",
                f"leave {LABELS_OPTION} out",
            )
        others = _others(eraser, columns, [*leave_out, *([named] if named else [])], str(path))
        z = None
    else:
        column = named or _column(eraser, [*columns, *label_names(file)], path)
        others = _others(eraser, columns, [*leave_out, *({column} & set(columns))], str(path))
        y = stream(path, concept=column, leave_out=others, label_file=file).y
        z = eraser.concept_of(y, len(y))

    def erased(rows: slice, X: np.ndarray, feature_names: tuple[str, ...] | None) -> np.ndarray:
        order = _order(eraser, feature_names, X.shape[1], str(path))
        labels = () if z is None else (z.take(rows),)
        moved = eraser.apply(X[:, order], *labels)
        if isinstance(order, slice):
            return moved
        X_ = np.empty(X.shape, X.dtype)
        X_[:, order] = moved
        return X_

    with token_rows.reading(tokens=_tokens_of(eraser, saved)):
        n = rewrite(path, out, erased, leave_out=others)
    return eraser, n


def _tokens_of(eraser: Eraser, saved: Path) -> str | None:
    """Return which tokens the eraser was fitted to; refuse others."""
    fitted, chosen = eraser.details.get(TOKENS), token_rows.current().tokens
    if fitted not in token_rows.RULES:  # of a model's states, or of a file without tokens
        return chosen
    if chosen not in (None, fitted):
        complain(
            f"an eraser is for the tokens that it was fitted to: {fitted!r} in {str(saved)!r}",
            f"--tokens {chosen} arrived",
            "leave --tokens out",
        )
    return fitted


def is_constant(z: Concept) -> bool:
    """Return whether the concept is the same in all rows."""
    return bool((z.data == z.data[:1]).all())


def _column(eraser: Eraser, columns: Sequence[str], path: Path) -> str:
    """Return the column of the concept that the eraser was fitted with, where the file has it."""
    column = eraser.details.get(CONCEPT)
    # The concept of a lone array lies in a file next to it.
    if column is None or not (column in columns or holds_one_array(path)):
        complain(
            f"--concept COLUMN must say what {eraser.method} is to erase from each row",
            f"none was named, and {str(path)!r} has no column {column!r}"
            if column
            else "none was named, and the eraser's file does not say with which it was fitted",
            "name the column",
        )
    return column


def _others(
    eraser: Eraser, columns: Sequence[str], leave_out: Sequence[str], source: str
) -> list[str]:
    """Return which of the columns or arrays of a file are no features."""
    features = eraser.feature_names or ()
    for name in leave_out:
        with column_options.named({"--leave-out": [name]}):
            known("column", name, columns)
        if name in features:
            complain(
                "every column that the eraser was fitted on is needed",
                f"{name!r} is one of them and was left out",
                "do not leave it out",
            )
    if set(features) & set(columns):
        _need_all(features, columns, source)
        return [name for name in columns if name not in features]
    remembered = json.loads(eraser.details.get(NOT_FEATURES, "[]"))
    return [name for name in columns if name in leave_out or name in remembered]


def _order(
    eraser: Eraser, present: tuple[str, ...] | None, d: int, source: str
) -> np.ndarray | slice:
    """Return where in the file the features of the eraser stand, in its order."""
    wanted = eraser.feature_names
    if wanted is None or present is None:
        if d != eraser.d:
            complain(
                f"the eraser was fitted on {eraser.d} features",
                f"{source!r} has {d}",
                "apply it to the same representation, and name columns that are no features "
                "with --leave-out",
            )
        return slice(None)
    _need_all(wanted, present, source)
    extra = [name for name in present if name not in wanted]
    if extra:
        complain(
            f"{source!r} must have just the {eraser.d} columns that the eraser was fitted on",
            f"it has {extra[0]!r}, too",
            "apply it to the same representation",
        )
    return np.array([present.index(name) for name in wanted])


def _need_all(wanted: Sequence[str], present: Sequence[str], source: str) -> None:
    missing = [name for name in wanted if name not in present]
    if missing:
        complain(
            f"{source!r} must have the {len(wanted)} columns that the eraser was fitted on",
            f"{', '.join(map(repr, missing[:5]))}{' and more' if len(missing) > 5 else ''} "
            f"{'is' if len(missing) == 1 else 'are'} not among its columns "
            f"({', '.join(map(repr, present[:5]))}{', ...' if len(present) > 5 else ''})",
            "apply it to the same representation, or rename the columns",
        )
