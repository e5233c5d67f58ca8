"""Moments of a stream: one total of pieces that share a concept, without all rows in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from nullprobe._core import linalg, validation
from nullprobe._core.arrays import Array
from nullprobe.data.concept import Concept
from nullprobe.moments.class_moments import ClassMoments
from nullprobe.moments.moments import Moments, add_block, read_together
from nullprobe.moments.scatter import GATHERED_ELEMENTS, Deviations, Gathering
from nullprobe.moments.task_moments import TaskMoments

AnyMoments = Moments | ClassMoments | TaskMoments
Piece = tuple[Array, Concept, Concept | None]  # rows, their concept and their task


def gathered(kind: type[AnyMoments], pieces: Iterable[Piece]) -> AnyMoments:
    """Return the moments of all pieces: the same as of all rows at once, up to rounding.

    Parameters
    ----------
    kind : {Moments, ClassMoments, TaskMoments}
    pieces : iterable of (X, concept, task)
        Rows (b, d), and their concept and task with the classes of all rows; a task comes with
        TaskMoments only.

    Raises
    ------
    InputError
        If there are no rows, values are not finite, or pieces have different widths.

    Examples
    --------
    >>> from nullprobe.data.concept import concept
    >>> X, z = np.arange(10.0).reshape(5, 2), concept(list("abbab"))
    >>> parts = (slice(0, 2), slice(2, 5))
    >>> m = gathered(Moments, ((X[rows], z.take(rows), None) for rows in parts))
    >>> m.n, m.mean.tolist(), m.classes
    (5, [4.0, 5.0], ('a', 'b'))
    """
    total: AnyMoments | None = None
    deviations, waiting = Deviations(), _Waiting()
    for X, z, task in pieces:
        X = validation.representation(X)
        total = _empty(kind, X, z, task) if total is None else total
        if isinstance(total, ClassMoments):
            total.update(X, z)
        else:
            waiting.add(total, X, [z] if task is None else [z, task])
        deviations.add(X, _variance(total))
    if total is None:
        validation.complain("X needs at least one row and one feature", "no rows arrived")
    waiting.end()
    deviations.need_squares(_variance(total))
    return total


class _Waiting:
    """Pieces that are added to moments together: fewer and larger products take less time."""

    def __init__(self) -> None:
        self._rows = Gathering()
        self._concepts: list[list[Concept]] = []
        self._moments: list[Moments] = []

    def add(self, total: Moments | TaskMoments, X: Array, concepts: list[Concept]) -> None:
        """Add rows (b, d) with their concepts, now or with the next."""
        self._moments = [total] if isinstance(total, Moments) else [total.concept, total.task]
        if not isinstance(X, np.ndarray) or X.size > GATHERED_ELEMENTS:
            self.end()
            read_together(self._moments, X, concepts, None)
            return
        if self._concepts and (
            not self._rows.has_room(X) or any(map(_differ, self._concepts[-1], concepts))
        ):
            self.end()
        self._moments[0].check_width(X.shape[1])
        self._rows.add(X)
        self._concepts.append(concepts)

    def end(self) -> None:
        """Add the rows that wait."""
        if not self._concepts:
            return
        block, concepts = self._rows.block(), list(map(_joined, zip(*self._concepts, strict=True)))
        self._concepts = []
        with np.errstate(invalid="ignore", over="ignore"):
            adopted = [m.sums.adopt(z) for m, z in zip(self._moments, concepts, strict=True)]
            add_block(self._moments, block, adopted)
            linalg.need_finite(self._moments[0].variance)


def _differ(one: Concept, other: Concept) -> bool:
    return one.classes != other.classes or one.n_columns != other.n_columns


def _joined(pieces: tuple[Concept, ...]) -> Concept:
    """Return the concept of the rows of all pieces, which have the same classes."""
    data, first = np.concatenate([z.data for z in pieces]), pieces[0]
    return replace(first, values=data) if first.codes is None else replace(first, codes=data)


def _empty(kind: type[AnyMoments], X: Array, z: Concept, task: Concept | None) -> AnyMoments:
    if kind is ClassMoments:
        return ClassMoments({})
    first = Moments.zeros(X, z)
    if task is None:
        return first
    return TaskMoments(first, Moments.zeros(X, task, spread=first.spread))


def _variance(total: AnyMoments) -> np.ndarray:
    """Return the variance (d,) of the rows that were added; 0 before the first."""
    moments = total.concept if isinstance(total, TaskMoments) else total
    return moments.variance if moments.n else np.zeros(moments.d)
