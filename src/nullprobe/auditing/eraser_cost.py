"""Eraser cost: the damage of an eraser that is passed to an audit.

An audit reports three costs with its verdicts: how far rows move, compared with the least possible;
which features move most; and what a downstream task loses. Fresh probes of the task are fitted to
one half of the rows, before and after erasure, and scored on the other half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core import linalg, parameters, validation
from nullprobe.auditing.bootstrap import Observing
from nullprobe.claims import Observation
from nullprobe.data.concept import Concept, concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.metric import R_SQUARED
from nullprobe.data.partitions import partitions
from nullprobe.data.splits import Parts
from nullprobe.measures.damage import damage
from nullprobe.moments import Moments
from nullprobe.probes import LDAProbe

ACCURACY = "accuracy"
MOST_COLUMNS = 20  # features that are named
OTHER_WIDTH = "the eraser changes the number of features, so distances are undefined"


@dataclass(frozen=True)
class Reading:
    """A value with its interval.

    Attributes
    ----------
    value : float
    interval : tuple of two floats or None
        95 % bootstrap interval, given the fitted probe; None where a half has few rows.

    Examples
    --------
    >>> Reading(0.8, (0.75, 0.85)).value
    0.8
    """

    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class TaskCost:
    """The reading of a task by a fresh probe before and after erasure, on held-out rows.

    Attributes
    ----------
    name : str
    metric : str
        "accuracy", or "R²" for numbers.
    guess : float
        Value of the best constant prediction: the share of the largest class, or 0 for R².
    before, after, lost : Reading
        ``lost`` is before minus after, row by row.

    Examples
    --------
    >>> lost = Reading(0.08, (0.03, 0.13))
    >>> TaskCost("sick", "accuracy", 0.5, Reading(0.76, None), Reading(0.68, None), lost).lost.value
    0.08
    """

    name: str
    metric: str
    guess: float
    before: Reading
    after: Reading
    lost: Reading


@dataclass(frozen=True)
class EraserCost:
    """The damage of an eraser: how far rows move, and what tasks lose.

    Attributes
    ----------
    moved : float or None
        Mean squared distance of a row, each feature in units of its standard deviation.
    ratio : float or None
        ``moved`` divided by the same for LEACE fitted to these rows; None if LEACE moves nothing.
    share : float or None
        Share of the total variance that was moved.
    columns : dict of str to float
        Mean squared move of the features that move most, in units of their variance, by name.
    tasks : tuple of TaskCost
    reason : str
        Why there is no distance, or no ratio; empty if there are both.

    Examples
    --------
    >>> EraserCost(0.5, 1.2, 0.1, {"age": 0.4}, (), "").columns
    {'age': 0.4}
    """

    moved: float | None
    ratio: float | None
    share: float | None
    columns: dict[str, float]
    tasks: tuple[TaskCost, ...]
    reason: str


def tasks_of(task: Any, n: int, eraser: Any) -> dict[str, Concept]:
    """Return the tasks of n rows by name, or complain; empty if no task is passed."""
    if task is None:
        return {}
    if eraser is None:
        validation.complain(
            "task needs eraser=: a task is read before and after erasure by that eraser",
            "no eraser arrived",
            "pass eraser, too, or leave task out",
        )
    if hasattr(task, "columns"):
        task = {str(name): task[name] for name in task.columns}
    named = parameters.by_name("task", task) if isinstance(task, Mapping) else {"task": task}
    tasks = {name: concept(one, n=n, name=name) for name, one in named.items()}
    for one in tasks.values():
        one.need_two_classes()
    return tasks


def eraser_cost(
    dataset: Dataset, tasks: Mapping[str, Concept], groups: np.ndarray | None, seed: int
) -> EraserCost:
    """Return the damage of an eraser.

    Parameters
    ----------
    dataset : Dataset
        Its representations are the rows (n, d) before and (n, d') after erasure.
    tasks : mapping of str to Concept
    groups : ndarray of shape (n,) or None
        Group of each row: halves and resamples do not split groups.
    seed : int
    """
    (name, X), (_, erased) = dataset.representations.items()
    lost = tuple(_task_cost(name, task, X, erased, groups, seed) for name, task in tasks.items())
    if X.shape != erased.shape:
        return EraserCost(None, None, None, {}, lost, OTHER_WIDTH)
    moments = Moments.summed(X, dataset.z)
    cost = damage(X, erased, moments=moments)
    move = ((erased - X) ** 2).mean(axis=0) * linalg.reciprocal(moments.scale) ** 2
    called = dataset.feature_names.get(name, range(X.shape[1]))
    order = np.argsort(-move, kind="stable")[:MOST_COLUMNS]
    columns = {str(called[j]): float(move[j]) for j in order}
    return EraserCost(cost.moved, cost.ratio, cost.share, columns, lost, cost.reason)


def _task_cost(
    name: str,
    task: Concept,
    X: np.ndarray,
    erased: np.ndarray,
    groups: np.ndarray | None,
    seed: int,
) -> TaskCost:
    rng = np.random.default_rng([seed, 23])
    (parts,) = partitions(task, groups=groups, n_splits=1, rng=rng, n_parts=2)
    observing = Observing(task, (parts,), seed)
    before, after = (_observed(rows, task, parts, observing) for rows in (X, erased))
    guess = 0.0 if task.codes is None else float(np.bincount(task.codes).max() / len(task))
    return TaskCost(
        name,
        R_SQUARED.name if task.codes is None else ACCURACY,
        guess,
        *(Reading(one.value, one.interval) for one in (before, after, before.over(after))),
    )


def _observed(X: np.ndarray, task: Concept, parts: Parts, observing: Observing) -> Observation:
    """Return the held-out accuracy of a fresh probe of each half, or R² for numbers."""
    values = np.empty((len(task), 1 if task.is_classes else task.n_columns))
    for j in range(parts.n_parts):
        fitted, scored = np.flatnonzero(parts.part != j), parts.rows(j)
        predicted = LDAProbe().fit(X[fitted], task.take(fitted)).predict(X[scored])
        if task.is_classes:
            values[scored, 0] = predicted == task.labels[scored]
        else:
            values[scored] = np.reshape(predicted, (len(scored), -1))
    return observing.mean(values[:, 0], ACCURACY) if task.is_classes else observing.scores([values])
