"""Same concept: whether two sets of labels measure the same concept, as far as a probe can tell.

Problem. Two annotators, two definitions, a proxy and its target: the labels agree in most rows, and
so do probes that are fitted to them. This does not show what happens where the labels differ.

Solution. Audit the rows where they differ. Suppose that both are noisy labels of the same concept,
whose log-odds differ by a constant at most. Then which of the two says "yes" in such a row is
independent of the representation. So this is audited like any other concept: if it is readable, the
two sets of labels are not the same concept to a probe.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe._core.frames import kind_of
from nullprobe._core.progress import Progress
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.auditing.bootstrap import Observing
from nullprobe.auditing.entry import audit
from nullprobe.auditing.result import Audit
from nullprobe.auditing.same_concept_result import SameConcept, verdict
from nullprobe.auditing.sources import without_baselines
from nullprobe.claims import Observation
from nullprobe.data.concept import Concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.partitions import partitions
from nullprobe.heldout.factored_rows import Part

CLAIMS = ("dependent", "readable")
NAMES = ("first", "second")
NO_BASELINES = "a comparison of two sets of labels takes no baselines"


def same_concept(
    X: Any,
    first: Any,
    second: Any,
    *,
    names: tuple[str, str] = NAMES,
    groups: Any = None,
    random_state: RandomState = 0,
    progress: Progress = False,
    **options: Any,
) -> SameConcept:
    """Judge whether two sets of labels measure the same concept, as far as a probe can tell.

    Parameters
    ----------
    X : array of shape (n, d)
    first, second : array-like of shape (n,)
        Labels of two classes, the same two in both.
    names : tuple of two str
        Names of the two sets.
    groups : array-like of shape (n,), optional
        Rows of a group depend on each other.
    random_state : int, Generator or None
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).
    **options
        As `audit` takes them: ``alpha``, ``min_effect``, ``draws``, ``n_splits``, ...

    Returns
    -------
    SameConcept

    Raises
    ------
    InputError
        If labels are not of the same two classes, or differ in too few rows to be audited.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 4))
    >>> thing = X[:, 0] + rng.normal(size=600) > 0
    >>> proxy = X[:, 1] + thing + rng.normal(size=600) > 0.5
    >>> same_concept(X, thing, proxy, draws=39, independent=True).holds
    <Holds.NO: 'no'>
    """
    if len(set(names)) < 2:
        validation.complain(
            "two sets of labels must have different names", f"{names[0]!r} is there twice"
        )
    seed = integer_seed(random_state)
    dataset = Dataset.of(X, first, groups=groups)
    other = Dataset.of(X, second, groups=groups)
    one, two = dataset.z, other.z
    _need_same_classes(one, two)
    assert one.codes is not None, "they are labels"
    assert one.classes is not None, "of two classes"
    assert two.codes is not None, "they are labels"
    differ = np.flatnonzero(one.codes != two.codes)
    if not len(differ):
        validation.complain(
            "two sets of labels must differ in some rows",
            "they are equal in all rows",
            "audit one of them",
        )
    says = np.array(names)[(two.codes[differ] > one.codes[differ]).astype(int)]
    for name in names:
        if not (says == name).any():
            both = names[1 - names.index(name)]
            validation.complain(
                f"each set of labels must say {one.classes[1]!r} in rows where the other does not",
                f"in all {len(differ)} rows that differ, only {both!r} says so",
                f"audit the rows where {both!r} says {one.classes[1]!r}, with the other labels",
            )
    groups_of_differing = None if dataset.groups is None else dataset.groups[differ]
    result = audit(
        dataset.X[differ],
        says,
        groups=groups_of_differing,
        claims=list(CLAIMS),
        random_state=seed,
        progress=progress,
        title=f"which of {names[0]} and {names[1]} says {one.classes[1]!r} where they differ",
        **options,
    )
    assert isinstance(result, Audit), "one representation has one audit"
    agreement = 1.0 - len(differ) / len(one)
    shares = np.array([z.matrix.mean(axis=0) for z in (one, two)])
    by_chance = float((shares[0] * shares[1]).sum())
    return SameConcept(
        verdict(result),
        agreement,
        (agreement - by_chance) / (1.0 - by_chance),
        len(differ),
        _crossed(dataset, {names[0]: one, names[1]: two}, seed),
        replace(without_baselines(result, NO_BASELINES), frame_kind=kind_of(X, first, second)),
    )


def _need_same_classes(one: Concept, two: Concept) -> None:
    for z in (one, two):
        if z.classes is None or len(z.classes) != 2:
            has = "numbers" if z.classes is None else f"{len(z.classes)} classes"
            validation.complain(
                "two sets of labels must have two classes each",
                f"one has {has}",
                "compare one pair of classes at a time, or cut numbers into two classes",
            )
    if one.classes != two.classes:
        validation.complain(
            "two sets of labels must have the same two classes",
            f"they have {one.classes} and {two.classes}",
            "use the same names in both",
        )


def _crossed(
    dataset: Dataset, labels: dict[str, Concept], seed: int
) -> dict[tuple[str, str], Observation]:
    """Return the held-out reading of each set of labels by probes fitted to each set."""
    observations: dict[tuple[str, str], Observation] = {}
    first = next(iter(labels.values()))
    rng = np.random.default_rng([seed, 0])
    (parts,) = partitions(first, groups=dataset.groups, n_splits=1, rng=rng, n_parts=2)
    cut = [Part.of(dataset.X, first, parts.rows(j)) for j in range(2)]
    for fitted, z in labels.items():
        scores = np.empty((len(z), 1))
        for p, s in ((0, 1), (1, 0)):
            W = cut[p].solve(cut[p].cross(z.matrix[:, 1:]))
            scores[cut[s].rows] = cut[p].scores(cut[s], W)
        for scored, truth in labels.items():
            see = Observing(truth, (parts,), seed)
            observations[fitted, scored] = see.scores([scores])
    return observations
