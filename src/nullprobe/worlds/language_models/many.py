"""Training of many models of corpora at once, once it was compared with training one by one."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nullprobe._core.progress import Progress, Report, reporting
from nullprobe.corpora.corpus import Corpus
from nullprobe.worlds.language_models import checkpoints
from nullprobe.worlds.language_models.cached_training import Begun, train
from nullprobe.worlds.language_models.corpus_model import CorpusModel
from nullprobe.worlds.language_models.corpus_training import Lessons
from nullprobe.worlds.language_models.stacked import departure, learn_together

BOUND = 1e-6  # of `departure`, for one step in float64
Task = tuple[Corpus, Lessons, int]  # corpus, lessons, seed


@dataclass(frozen=True)
class Many:
    """Models that were trained together where that agrees with the loop.

    Attributes
    ----------
    models : list of CorpusModel
        In the order of the tasks.
    together : int
        How many of them learned at once; the others learned one by one.
    """

    models: list[CorpusModel]
    together: int


def train_many(
    tasks: Sequence[Task],
    *,
    device: str = "cuda",
    cache: str | os.PathLike[str] | bool | None = None,
    progress: Progress = False,
) -> Many:
    """Train models of corpora at once, or load them from the cache.

    Parameters
    ----------
    tasks : sequence of (Corpus, Lessons, int)
        Corpus, lessons and seed. Those with as many words, texts as long, and lessons that are
        alike but for the weights of words and snapshots, learn together.
    device : str
    cache : path or bool, optional
        As in `train`. Models that learned at once are kept under separate names: `train` never
        returns them, because they differ from its models by rounding.
    progress : bool or callable

    Warns
    -----
    UserWarning
        If one step departs from the loop by more than a bound, or fails. These models are then
        trained one by one, as by `train`.

    Examples
    --------
    >>> from nullprobe.corpora import Mess3
    >>> tasks = [(Mess3(length=4), Lessons(steps=1, batch=2), seed) for seed in (0, 1)]
    >>> many = train_many(tasks, device="cpu", cache=False)
    >>> many.together, [one.random_state for one in many.models]
    (2, [0, 1])
    """
    folder = checkpoints.cache_folder(cache)
    begun = [Begun(*task, folder, together=device) for task in tasks]
    refused: set[int] = set()
    with reporting(progress) as report:
        for group in _groups(begun):
            why = _refusal(group, device)
            if why:
                warnings.warn(f"{why}; they are trained one by one", UserWarning, stacklevel=2)
                refused.update(map(id, group))
            else:
                _learn(group, device, report)
        made = [
            train(one.corpus, one.lessons, random_state=one.seed, cache=cache, progress=report)
            if id(one) in refused
            else one.made()
            for one in begun
        ]
    return Many(made, len(begun) - len(refused))


def _groups(begun: Sequence[Begun]) -> list[list[Begun]]:
    """Return those that are to be trained, in groups that can learn together."""
    groups: dict[object, list[Begun]] = {}
    for one in begun:
        if not one.done:
            alike = replace(one.lessons, word_weights=(), snapshots=())
            key = (len(one.corpus.words), one.corpus.length, alike)
            groups.setdefault(key, []).append(one)
    return list(groups.values())


def _refusal(group: Sequence[Begun], device: str) -> str:
    """Return why a group cannot learn together; "" if one step agrees with the loop."""
    models = [copy.deepcopy(one.twin) for one in group]
    try:
        gap = departure(models, *_of(group), seeds=[one.seed for one in group], device=device)
    # No memory, or an operation that has no rule; torch without CUDA fails by an assertion.
    except (RuntimeError, AssertionError) as error:
        return f"{len(group)} models cannot learn at once on {device} ({error})"
    if gap <= BOUND:
        return ""
    return (
        f"a step of {len(group)} models at once departs from the loop by {gap:.1e} on {device}, "
        f"more than {BOUND:.0e}"
    )


def _learn(group: Sequence[Begun], device: str, report: Report) -> None:
    models = [copy.deepcopy(one.twin) for one in group]
    steps, wanted = group[0].lessons.steps, {step for one in group for step in one.steps}

    def watch(step: int, write: Callable[[], None]) -> None:
        report("training at once", step, steps)
        if step in wanted:
            write()
            for one, model in zip(group, models, strict=True):
                one.take(step, model)

    seeds = [one.seed for one in group]
    learn_together(models, *_of(group), seeds=seeds, device=device, watch=watch)
    for one in group:
        one.keep()


def _of(group: Sequence[Begun]) -> tuple[list[Corpus], list[Lessons]]:
    return [one.corpus for one in group], [one.lessons for one in group]
