"""Moments of a stream: one total of pieces that share a concept, without all rows in memory."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nullprobe._core import validation
from nullprobe._core.arrays import Array
from nullprobe.data.concept import Concept
from nullprobe.moments.class_moments import ClassMoments
from nullprobe.moments.moments import Moments
from nullprobe.moments.scatter import Deviations
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
    deviations = Deviations()
    for X, z, task in pieces:
        total = _empty(kind, X, z, task) if total is None else total
        if isinstance(total, TaskMoments):
            total.update(X, z, task)
        else:
            total.update(X, z)
        deviations.add(X, _variance(total))
    if total is None:
        validation.complain("X needs at least one row and one feature", "no rows arrived")
    deviations.need_squares(_variance(total))
    return total


def _empty(kind: type[AnyMoments], X: Array, z: Concept, task: Concept | None) -> AnyMoments:
    if kind is ClassMoments:
        return ClassMoments({})
    first = Moments.zeros(X, z)
    if task is None:
        return first
    return TaskMoments(first, Moments.zeros(X, task, spread=first.spread))


def _variance(total: AnyMoments) -> np.ndarray:
    return (total.concept if isinstance(total, TaskMoments) else total).variance
