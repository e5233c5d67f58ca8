"""Cells and seeds trained at once, where CUDA is available."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from nullprobe.studies.definition import Budget, Cell, Study
from nullprobe.studies.training import module


@dataclass(frozen=True)
class Ready:
    """Models that were trained at once.

    Attributes
    ----------
    models : mapping of str to CorpusModel
        By the name of their training; empty where they are trained one by one.
    note : str
        How they were trained, for the record; "" for one by one.
    """

    models: Mapping[str, Any] = field(default_factory=dict[str, Any])
    note: str = ""


def device() -> str | None:
    """Return "cuda" if torch has it; None otherwise."""
    if find_spec("torch") is None:
        return None
    return "cuda" if import_module("torch").cuda.is_available() else None


def at_once(study: Study, todo: Sequence[tuple[Cell, int]], budget: Budget) -> Ready:
    """Return the models of a study, trained at once on a GPU, or none without one.

    Parameters
    ----------
    study : Study
    todo : sequence of (Cell, int)
        Cells and seeds.
    budget : Budget
    """
    where = device()
    if where is None or study.trainings is None:
        return Ready()
    wanted = [one for cell, seed in todo for one in study.trainings(cell, seed, budget)]
    tasks, begun = [one.task(budget) for one in wanted], module("cached_training").Begun
    named = {begun(*task, None).name: task for task in tasks}  # each training once
    room = module("many")
    many = room.train_many(
        list(named.values()), device=where, cache=budget.cache, progress=budget.report
    )
    if not many.together:
        return Ready()
    note = (
        f"{many.together} of {len(named)} models at once on {where}; one step differs from the "
        f"step of each model alone by at most {room.BOUND:.0e}"
    )
    return Ready(dict(zip(named, many.models, strict=True)), note)
