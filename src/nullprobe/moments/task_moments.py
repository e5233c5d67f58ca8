"""Moments of X with a concept and a task, for erasers that must preserve the task.

The concept and the task share the covariance of X: the d × d scatter is formed once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nullprobe._core import validation
from nullprobe._core.arrays import Array
from nullprobe._core.printable import label_list
from nullprobe.data.concept import Concept, concept
from nullprobe.data.rows import rows
from nullprobe.moments import files
from nullprobe.moments.moments import Moments, add_together, read_together
from nullprobe.moments.scatter import need_squares
from nullprobe.report.notebook import facts

TASK = "task."  # before the names of the task's arrays in a file


@dataclass(eq=False, repr=False)
class TaskMoments:
    """Moments of X (n, d) with a concept Z (n, k) and with a task T (n, t); mergeable.

    Attributes
    ----------
    concept : Moments
        Moments of X and the concept to erase.
    task : Moments
        Moments of X and the task to preserve; both share one ``spread`` object.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 0.0], [3.0, 1.0], [5.0, 5.0], [7.0, 6.0]])
    >>> m = TaskMoments.of(X, ["a", "b", "a", "b"], [0.5, 1.5, 2.5, 3.5])
    >>> m.concept.classes, m.task.cross_covariance[:, 0].tolist()
    (('a', 'b'), [2.5, 2.75])
    """

    FORMAT: ClassVar[str] = "nullprobe.TaskMoments/1"

    concept: Moments
    task: Moments

    @classmethod
    def of(
        cls, X: Array, y: Any, task: Any, *, sample_weight: Any = None, kind: str | None = None
    ) -> TaskMoments:
        """Return the moments of X (n, d), a concept and a task of n rows, with weights (n,)."""
        X, z, w = rows(X, y, sample_weight, kind=kind)
        t = concept(task, n=len(z), name="task")
        first = Moments.zeros(X, z)
        both = cls(first, Moments.zeros(X, t, spread=first.spread))
        read_together([both.concept, both.task], X, [z, t], w)
        need_squares(X, w, first.variance)
        return both

    @classmethod
    def without_task(cls, moments: Moments) -> TaskMoments:
        """Return these moments with a task without columns."""
        none = Concept(None, None, np.zeros((0, 0)))
        return cls(moments, Moments.zeros(moments.mean[None], none, spread=moments.spread))

    def update(
        self, X: Array, y: Any, task: Any, *, sample_weight: Any = None, kind: str | None = None
    ) -> TaskMoments:
        """Add rows in place; return self. Labels that are floats need ``kind="labels"``."""
        X, z, w = rows(X, y, sample_weight, kind=kind, like=self)
        t = concept(task, n=len(z), name="task", like=self.task)
        read_together([self.concept, self.task], X, [z, t], w)
        return self

    def __add__(self, other: TaskMoments) -> TaskMoments:
        """Return the moments of both pieces together."""
        if not isinstance(other, TaskMoments):
            return NotImplemented
        return TaskMoments(*add_together([self.concept, self.task], [other.concept, other.task]))

    def __radd__(self, other: object) -> TaskMoments:
        """Let ``sum(pieces)`` start from 0."""
        if other != 0:
            return NotImplemented
        spread = self.concept.spread.copy()
        return TaskMoments(self.concept.copy(spread), self.task.copy(spread))

    def save(self, path: str | Path) -> None:
        """Write the moments to a .safetensors file. A failed write leaves no partial file.

        The file holds all sums in float64, exactly. Labels, and the names and details of
        ``concept``, are JSON.
        """
        if not self.task.k:
            validation.complain(
                "a file of TaskMoments must have a task",
                "the task has no columns",
                "save the attribute concept instead",
            )
        one, two = self.concept.sums, self.task.sums
        tensors = files.spread_tensors(self.concept.spread)
        tensors |= files.sums_tensors(one) | files.sums_tensors(two, TASK)
        described = files.described_sums(one) | files.described_sums(two, TASK)
        described |= {
            "feature_names": self.concept.feature_names,
            "details": dict(self.concept.details),
        }
        files.write(path, self.FORMAT, tensors, described)

    @classmethod
    def load(cls, path: str | Path) -> TaskMoments:
        """Read moments that :meth:`save` wrote, on the host.

        Raises
        ------
        InputError
            If the file is missing, damaged, or not such a file.
        """
        content = files.read(path, cls.FORMAT)
        spread = files.read_spread(content)
        d = len(spread.mean)
        concept = Moments(spread, files.read_sums(content, d), **files.read_origin(content, d))
        return cls(concept, Moments(spread, files.read_sums(content, d, TASK)))

    def __repr__(self) -> str:
        """Return the moments with the concept and with the task in one line, without the arrays."""
        concept, task = (
            f"k={one.k}" if one.classes is None else label_list(one.classes, 24)
            for one in (self.concept, self.task)
        )
        return f"TaskMoments(n={self.concept.n}, d={self.d}, concept={concept}, task={task})"

    def _repr_html_(self) -> str:
        """Return rows, features, concept and task as one table, for a notebook."""
        concept, task = (
            f"{one.k} numeric" if one.classes is None else label_list(one.classes)
            for one in (self.concept, self.task)
        )
        about = {"rows": self.concept.n, "features": self.d, "concept": concept, "task": task}
        return facts("TaskMoments", about)

    @property
    def d(self) -> int:
        """Number of features."""
        return self.concept.d

    @property
    def classes(self) -> tuple | None:
        """Labels of the concept; None for a numeric concept."""
        return self.concept.classes

    @property
    def levels(self) -> tuple | None:
        """Labels of each column of y, for columns of labels that are encoded together."""
        return self.concept.levels
