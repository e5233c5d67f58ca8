"""Calibrating: how often verdicts are wrong on a user's own rows, made so that the truth is known.

Permuted labels are independent of the rows. Rows with rotated residuals differ between classes in
means and covariances alone. So audits of such data have known answers, and every other property of
the rows (tails, groups, features, number) stays as the user has it.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe._core import parameters, validation
from nullprobe._core.frames import kind_of
from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe._core.validation import InputError
from nullprobe.auditing.calibration import Calibration, Judged
from nullprobe.auditing.entry import audit
from nullprobe.auditing.options import (
    check_effect,
    checked_draws,
    checked_splits,
    claim_names,
    thresholds,
)
from nullprobe.auditing.result import Audit
from nullprobe.claims import Holds, Outcome
from nullprobe.data.concept import Concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.partitions import partitions
from nullprobe.data.splits import Parts
from nullprobe.moments import Moments
from nullprobe.nulls.action import Action
from nullprobe.nulls.permutation import Permutations
from nullprobe.nulls.residuals import Residuals
from nullprobe.nulls.rotation import Rotations

NAMES = ("dependent", "readable", "erasure_holds")
# The verdict on each claim if the concept is detected.
DETECTED = {
    "dependent": Holds.YES,
    "readable": Holds.YES,
    "erasure_holds": Holds.NO,
    "no_halfspace": Holds.NO,
    "gone": Holds.NO,
}


def calibrate(
    X: Any,
    y: Any,
    *,
    groups: Any = None,
    kind: str | None = None,
    claims: Sequence[str] = NAMES,
    n_audits: int = 100,
    draws: int = 99,
    n_splits: int = 4,
    alpha: float = 0.05,
    min_effect: float = 0.05,
    duplicates: str = "group",
    random_state: RandomState = 0,
    n_jobs: int | None = None,
    progress: Progress = False,
) -> Calibration:
    """Measure how often verdicts are wrong on these rows, made so that the truth is known.

    Parameters
    ----------
    X : array of shape (n, d)
    y : array-like of shape (n,) or (n, k)
        Concept, whose labels are permuted.
    groups, kind, draws, n_splits, alpha, min_effect, duplicates, n_jobs
        As `audit` takes them.
    claims : sequence of str
        Among "dependent", "readable", "erasure_holds", "no_halfspace" and "gone".
    n_audits : int
        Audits per truth. With 100, an error rate of .05 has an interval of .016 to .113 (95 %).
    random_state : int, Generator or None
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).

    Returns
    -------
    Calibration

    Notes
    -----
    Rows keep their order. A verdict that is withheld because neighbours in the file resemble each
    other counts as unclear.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> w = worlds.gaussian(n=60, d=3, random_state=0)
    >>> found = calibrate(w.X, w.y, claims=["readable"], n_audits=4, draws=39, n_splits=1)
    >>> [(one.truth, one.claim, one.audits) for one in found]
    [('nothing', 'readable', 4), ('moments', 'readable', 4)]
    """
    names = claim_names(claims, "full") or []
    for name in names:
        parameters.choice("claim", name, list(DETECTED))
    bar = thresholds(alpha, min_effect)
    n_audits = parameters.whole_number("n_audits", n_audits, least=1)
    draws, _ = checked_draws(draws, None, None, bar)
    n_splits = checked_splits(n_splits)
    seed, bars = integer_seed(random_state), reporting(progress)
    dataset = Dataset.of(X, y, groups=groups, kind=kind)
    check_effect(bar, dataset.z)
    if len(dataset.representations) > 1 or dataset.pairs:
        validation.complain(
            "calibrate needs one representation, as an array of rows",
            "contrast pairs arrived" if dataset.pairs else "several representations arrived",
        )
    options = {
        "groups": dataset.groups,
        "claims": names,
        "draws": draws,
        "n_splits": n_splits,
        "alpha": alpha,
        "min_effect": min_effect,
        "duplicates": duplicates,
        "n_jobs": parameters.jobs(n_jobs),
    }
    refused: Counter[str] = Counter()
    judged, not_tried = [], {}
    with bars as report:
        for truth, world in _worlds(dataset, n_splits, seed).items():
            if isinstance(world, str):
                not_tried[truth] = world
                continue
            audits = []
            for k in range(n_audits):
                rows, concept = _drawn(dataset, world, k)
                try:
                    audits.append(_quiet(rows, concept, options, seed + k))
                except InputError as error:
                    refused[str(error)] += 1
                report(truth, k + 1, n_audits)
            judged += [_judge(truth, name, audits) for name in names]
    return Calibration(tuple(judged), bar.alpha, dict(refused), not_tried, kind_of(X, y))


def _worlds(dataset: Dataset, n_splits: int, seed: int) -> dict[str, Action | str]:
    """Return the action that makes data of each truth, or why there is no such action."""
    z, X = dataset.z, dataset.X
    rng = np.random.default_rng([seed, 0])
    parts = partitions(z, groups=dataset.groups, n_splits=n_splits, rng=rng)[0]
    whole = Parts(np.zeros(len(z), dtype=int), 1, parts.groups)
    rotated = Rotations.of(Residuals.of(X, z, Moments.summed(X, z), dataset.groups), (seed, 22))
    return {"nothing": Permutations.of(z, whole, (seed, 21)), "moments": rotated}


def _drawn(dataset: Dataset, world: Action, k: int) -> tuple[np.ndarray, Concept]:
    """Return the rows and the concept of draw k of an action."""
    draw = world.draw(k)
    return (dataset.X, dataset.z.take(draw)) if draw.ndim == 1 else (draw, dataset.z)


def _quiet(rows: np.ndarray, z: Concept, options: Mapping[str, Any], seed: int) -> Audit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = audit(rows, z, random_state=seed, **options)
    assert isinstance(result, Audit), "one representation has one audit"
    return result


def _judge(truth: str, name: str, audits: Sequence[Audit]) -> Judged:
    """Count the verdicts of audits on a claim, and how many are wrong."""
    claims = [one[name] for one in audits]
    if truth == "nothing":
        wrong = sum(claim.holds is DETECTED[name] for claim in claims)
    else:
        wrong = sum(
            one.name == "moments" and one.outcome is Outcome.REJECTED
            for claim in claims
            for one in claim.explanations
        )
    verdicts = Counter(str(claim.holds) for claim in claims)
    return Judged(truth, name, len(claims), wrong, dict(verdicts))
