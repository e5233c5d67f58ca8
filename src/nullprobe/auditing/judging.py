"""Judging: the verdicts on every representation, with scores, pictures and provenance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe._core.caller_warnings import warn
from nullprobe._core.progress import Report
from nullprobe.auditing.evidence import evidence
from nullprobe.auditing.fitted_eraser import BEFORE, ERASED, FittedEraser, joined
from nullprobe.auditing.guards import (
    ALL_RARE,
    aside_record,
    outlying_record,
    reading_with_them,
)
from nullprobe.auditing.measurement import Run
from nullprobe.auditing.projection import Portrait, portrait
from nullprobe.auditing.settings import Settings
from nullprobe.auditing.sparse_run import SparseRun
from nullprobe.auditing.withholding import Shortage, shortage, without_interval
from nullprobe.auditing.withholding import withheld as of_claims_withheld
from nullprobe.claims import Claim, Evidence, Thresholds
from nullprobe.claims import judged as judged_claim
from nullprobe.data.dataset import Dataset
from nullprobe.data.partitions import N_PARTS, partitions
from nullprobe.data.splits import Parts
from nullprobe.heldout.pair_agreement import HeldOut
from nullprobe.heldout.three_way import Scores

# Claims of what is left after erasure.
AFTER_ERASURE = ("erasure_holds", "no_halfspace", "gone", "one_feature")


@dataclass(frozen=True, eq=False)
class Plan:
    """The data of an audit, and how to judge them.

    Attributes
    ----------
    dataset : Dataset
        Its representations lack the features that are set aside.
    whole : mapping of str to ndarray of shape (n, d)
        Representations with all features, if some are set aside.
    aside : mapping of str to mapping of str to str
        Why a feature should be set aside, by representation and feature. If all features of a
        representation should be, none is.
    unit : ndarray of shape (n,) or None
        Group or block of each row: splits and permutations keep its rows together.
    place : ndarray of shape (n,) or None
        Order of the rows, if one is declared.
    eraser : FittedEraser or None
        An eraser that was passed. The erased rows are then a second representation.
    inside : ndarray of shape (n,) or None
        Groups inside the units, if the units are blocks of neighbours.
    names : sequence of str
        Names of the claims.
    domains, pairs
        As `evidence` takes them.
    seed, draws, draws_to_explain, n_splits, explain, quick, bar, progress, n_jobs, n_features
        As `Settings` and `partitions` take them.
    """

    dataset: Dataset
    whole: Mapping[str, np.ndarray]
    aside: Mapping[str, Mapping[str, str]]
    unit: np.ndarray | None
    place: np.ndarray | None
    names: Sequence[str]
    domains: tuple[Parts, Sequence[str]] | None
    pairs: Mapping[str, HeldOut]
    seed: int
    draws: int
    draws_to_explain: int
    n_splits: int
    explain: bool
    quick: bool
    bar: Thresholds
    progress: Callable[[str], Report]
    n_jobs: int | None = None
    inside: np.ndarray | None = None
    eraser: FittedEraser | None = None
    n_features: int = 8

    def names_of(self, representation: str) -> Sequence[str]:
        """Return the claims that a representation is judged on."""
        if self.eraser is None:
            return self.names
        return [name for name in self.names if (name in BEFORE) == (representation != ERASED)]


@dataclass(frozen=True, eq=False)
class Judged:
    """The verdicts on one representation, with scores, picture and provenance.

    Attributes
    ----------
    claims : tuple of Claim
    scores : Scores or None
        Held-out scores in the first partition; None for sparse rows.
    portrait : Portrait or None
    splits : tuple of Parts
    record : mapping
        Number of draws, features set aside and outlying rows, for the provenance.
    """

    claims: tuple[Claim, ...]
    scores: Scores | None
    portrait: Portrait | None
    splits: tuple[Parts, ...]
    record: Mapping[str, Any]


def judge(plan: Plan, within: str = "permuted", *, again: bool = False) -> dict[str, Judged]:
    """Return the verdicts on each representation, by its name.

    Parameters
    ----------
    plan : Plan
    within : {"permuted", "shifted", "kept"}
        How labels within a group change, if they differ (`Permutations`).
    again : bool
        Whether to return verdicts only, without pictures and records.
    """
    dataset, z, results = plan.dataset, plan.dataset.z, {}
    # `transfers` alone splits within groups, so partitions need not keep groups together.
    unit = None if plan.names == ["transfers"] else plan.unit
    rng = np.random.default_rng([plan.seed, 0])
    n_parts = N_PARTS if plan.eraser is None else 2
    splits = partitions(z, groups=unit, n_splits=plan.n_splits, rng=rng, n_parts=n_parts)
    with ExitStack() as stack:
        runs = {}
        for number, (name, X) in enumerate(dataset.representations.items()):
            settings = Settings(
                plan.names_of(name),
                plan.seed,
                plan.draws,
                plan.draws_to_explain,
                plan.explain,
                plan.quick,
                plan.bar,
                plan.progress(name),
                plan.n_jobs,
                number,
                within,
                plan.place,
                plan.inside,
                ALL_RARE if name in plan.aside and name not in plan.whole else "",
                plan.eraser is None,
                plan.n_features,
                _names_of_features(plan, name),
            )
            kind = SparseRun if validation.is_sparse(X) else Run
            runs[name] = stack.enter_context(kind(X, z, splits, settings))
        evidence_by_run = evidence(
            runs,
            {name: dataset.compared_with(name) for name in runs},
            plan.domains,
            plan.pairs,
            dataset.others,
            dataset.confounds if "readable" in plan.names else None,
        )
        if plan.eraser is not None:
            name = next(iter(runs))  # of the rows before erasure
            return {name: _of_fitted_eraser(plan, runs, evidence_by_run, splits, again=again)}
        for (name, run), evidence_of_run in zip(runs.items(), evidence_by_run, strict=True):
            claims = tuple(judged_claim(claim, evidence_of_run) for claim in plan.names)
            is_sparse = isinstance(run, SparseRun)
            picture = None if again or plan.quick or is_sparse else _picture(plan, name, run)
            record = {} if again else _record(plan, name, run, claims)
            # Scores are shown before and after erasure, and sparse rows are not erased.
            scores = None if is_sparse else run.scores[0]
            claims = without_interval(claims, run.observing.no_interval)
            judged = Judged(claims, scores, picture, splits, record)
            results[name] = withheld(judged, shortage(run.permuted, z, plan.bar.alpha))
    return results


def _of_fitted_eraser(
    plan: Plan,
    runs: Mapping[str, Run],
    evidence_by_run: Sequence[Evidence],
    splits: tuple[Parts, ...],
    *,
    again: bool,
) -> Judged:
    """Return the verdicts on rows and on the same rows after an eraser that was passed."""
    assert plan.eraser is not None, "this is for an eraser that was passed"
    before, after = runs.values()
    expected = plan.eraser.expected(before.whole.moments, before.z, splits[0].n_parts)
    joint = joined(evidence_by_run[0], evidence_by_run[1], expected)
    claims = tuple(judged_claim(claim, joint) for claim in plan.names)
    scores = Scores(before.scores[0].raw, after.scores[0].raw)
    record = {} if again else _record(plan, next(iter(runs)), before, claims)
    claims = without_interval(claims, before.observing.no_interval)
    judged = Judged(claims, scores, None, splits, record)
    return withheld(judged, shortage(before.permuted, before.z, plan.bar.alpha))


def _names_of_features(plan: Plan, name: str) -> Sequence[str]:
    """Return the names of the features that are read, or their numbers if some are set aside."""
    names = plan.dataset.feature_names.get(name, ())
    if names or name not in plan.whole:
        return names
    aside = plan.aside[name]
    return [str(j) for j in range(plan.whole[name].shape[1]) if str(j) not in aside]


def _picture(plan: Plan, name: str, run: Run) -> Portrait:
    names = plan.dataset.feature_names.get(name)
    return portrait(run.X, run.z, feature_names=names, random_state=plan.seed, whole=run.whole)


def _record(plan: Plan, name: str, run: Run, claims: Sequence[Claim]) -> dict[str, Any]:
    """Return the number of draws, features set aside, and outlying rows.

    Of a quick audit the features alone, without a reading with them; a survey adds the draws.
    """
    used: dict[str, int] = {}
    for claim in claims:
        for null in claim.nulls:
            used[null.rung] = max(used.get(null.rung, 0), len(null.values))
    if plan.quick:
        aside = plan.aside[name] if name in plan.whole else {}
        drawn = {"method": run.how, "draws_used": used} if plan.explain else {}
        return drawn | ({"set_aside": aside_record(aside)} if aside else {})
    aside = {}
    if name in plan.whole:
        aside = {
            **aside_record(plan.aside[name]),
            **reading_with_them(plan.whole[name], run.readings),
        }
    far = {} if isinstance(run, SparseRun) else outlying_record(run.X, run.readings)
    _warn_of_outlying(far, run, plan.bar.min_effect)
    return {
        "method": run.method,
        "draws_used": used,
        **({"set_aside": aside} if aside else {}),
        **({"outlying": far} if far else {}),
    }


def _warn_of_outlying(far: Mapping[str, Any], run: Run, least: float) -> None:
    """Warn about outlying rows that change the reading, before erasure or after it."""
    changed = {
        when: (run.observed[key], far[f"{key}_without_them"])
        for key, when in (("raw", "before"), ("erased", "after"))
        if f"{key}_without_them" in far and (key == "raw" or run.settings.asks(*AFTER_ERASURE))
    }
    changes = [
        f"{read.unit} {read.value:.3f} {when} erasure, and {without:.3f} without"
        for when, (read, without) in changed.items()
        if abs(without - read.value) >= least
    ]
    if changes:
        count, rows = far["how_many"], ", ".join(map(str, far["rows"]))
        them, s = ("them", "") if count > 1 else ("it", "s")
        warn(
            f"{count} row{'s lie' if count > 1 else ' lies'} far out ({rows}) and decide{s} what "
            f"is read: {'; '.join(changes)}; look at {them}, or leave {them} out"
        )


def withheld(one: Judged, short: Shortage | None) -> Judged:
    """Return the verdicts, unclear for this reason, if any, if they rest on permutations."""
    return one if short is None else replace(one, claims=of_claims_withheld(one.claims, short))
