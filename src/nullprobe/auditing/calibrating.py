"""Calibrating: how often verdicts are wrong on a user's own rows, made so that the truth is known.

Permuted labels are independent of the rows. Rows with rotated residuals differ between classes in
means and covariances alone. So audits of such data have known answers, and every other property of
the rows (tails, groups, features, number) stays as the user has it.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

from nullprobe._core import parameters, validation
from nullprobe._core.frames import frame
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe._core.validation import InputError
from nullprobe.auditing.entry import audit
from nullprobe.auditing.options import checked_draws, checked_splits, claim_names, thresholds
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
from nullprobe.report.text.tables import aligned

NAMES = ("dependent", "readable", "erasure_holds")
# The verdict on each claim if the concept is detected.
DETECTED = {
    "dependent": Holds.YES,
    "readable": Holds.YES,
    "erasure_holds": Holds.NO,
    "no_halfspace": Holds.NO,
    "gone": Holds.NO,
}
TRUTHS = {
    "nothing": "labels permuted: rows and labels are independent",
    "moments": "residuals rotated: classes differ in means and covariances alone",
}

FINDS = {
    "nothing": "finds something in permuted labels",
    "moments": "finds more than class means and covariances",
}
LEVEL = 0.05  # of the test that a rate is above α


@dataclass(frozen=True)
class Judged:
    """Verdicts of audits on one claim, for data with a known answer.

    Attributes
    ----------
    truth : str
        "nothing" or "moments".
    claim : str
    audits : int
        Number of audits that ended in a verdict.
    wrong : int
        Number of wrong verdicts. They detect a concept in permuted labels, or reject means and
        covariances although classes differ in nothing else.
    verdicts : mapping of str to int
        Number of each verdict: "yes", "no" and "unclear".
    """

    truth: str
    claim: str
    audits: int
    wrong: int
    verdicts: Mapping[str, int]

    @property
    def rate(self) -> float:
        """Share of audits that were wrong."""
        return self.wrong / self.audits if self.audits else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the rate (Clopper and Pearson)."""
        if not self.audits:
            return 0.0, 1.0
        ends = binomtest(self.wrong, self.audits).proportion_ci(0.95, method="exact")
        return float(ends.low), float(ends.high)


@dataclass(frozen=True, eq=False, repr=False)
class Calibration:
    """How often verdicts were wrong on a user's own rows. Printed, it is a sentence and a table.

    Attributes
    ----------
    judged : tuple of Judged
    alpha : float
        Significance level of the audits.
    refused : mapping of str to int
        Number of audits that were refused, by reason.
    not_tried : mapping of str to str
        Truths for which no data could be made from these rows, and why.

    Examples
    --------
    >>> verdicts = {"yes": 4, "no": 90, "unclear": 6}
    >>> judged = Judged("nothing", "readable", audits=100, wrong=4, verdicts=verdicts)
    >>> found = Calibration((judged,), alpha=0.05, refused={}, not_tried={})
    >>> [one.rate for one in found]
    [0.04]
    >>> found.conclusion.split(";")[1]
    ' 100 audits exclude error rates above 0.099 (95 %).'
    """

    judged: tuple[Judged, ...]
    alpha: float
    refused: Mapping[str, int]
    not_tried: Mapping[str, str]

    def __iter__(self) -> Iterator[Judged]:
        """Yield the counts for each claim under each truth."""
        return iter(self.judged)

    def __repr__(self) -> str:
        """Return the rates in one line."""
        each = (f"{one.claim} {one.wrong}/{one.audits} ({one.truth})" for one in self.judged)
        return f"Calibration({', '.join(each)})"

    @property
    def conclusion(self) -> str:
        """What to conclude, in one sentence.

        A rate is too high if the exact one-sided p-value of its count is at most .05, over all
        rates (Holm). The sentence names these claims, or the largest rate that is not excluded.
        """
        judged = [one for one in self.judged if one.audits]
        if not judged:
            return "No audit reached a verdict, so nothing can be concluded about these rows."
        too_often = _too_often(judged, self.alpha)
        if too_often:
            listed = ", ".join(
                f"{one.claim} {FINDS[one.truth]} in {one.wrong} of {one.audits} audits"
                for one in too_often
            )
            return (
                f"Do not rely on these verdicts for your rows, since more than α = {self.alpha:g} "
                f"of them are wrong: {listed}; look for rows that depend on each other, and name "
                "their groups."
            )
        worst = max(judged, key=lambda one: one.interval[1])
        return (
            f"On your rows no verdict was wrong more often than α = {self.alpha:g} allows; "
            f"{worst.audits} audits exclude error rates above {worst.interval[1]:.3f} (95 %)."
        )

    def __str__(self) -> str:
        """Return the conclusion, and the table."""
        return f"{self.conclusion}\n\n{self.table}"

    @property
    def table(self) -> str:
        """The table: truth, claim, rate of wrong verdicts, and number of each verdict."""
        lines = [("truth", "claim", "wrong", "95 % interval", *map(str, Holds))]
        for one in self.judged:
            low, high = one.interval
            counts = (str(one.verdicts.get(holds, 0)) for holds in map(str, Holds))
            rate = f"{one.wrong} of {one.audits}"
            lines.append((one.truth, one.claim, rate, f"{low:.3f} to {high:.3f}", *counts))
        text = aligned(lines, left=2)
        text += [f"{name}: not tried: {why}" for name, why in self.not_tried.items()]
        text += [f"refused {count} times: {why}" for why, count in self.refused.items()]
        return "\n".join(text)

    def to_frame(self) -> Any:
        """Return a pandas data frame with a row for each truth and claim."""
        return frame(
            [
                {
                    "truth": one.truth,
                    "claim": one.claim,
                    "audits": one.audits,
                    "wrong": one.wrong,
                    "low": one.interval[0],
                    "high": one.interval[1],
                    **{str(holds): one.verdicts.get(str(holds), 0) for holds in Holds},
                }
                for one in self.judged
            ]
        )


def _too_often(judged: Sequence[Judged], alpha: float) -> list[Judged]:
    """Return the rates that exceed α, by exact one-sided tests at .05 over all of them (Holm)."""
    tested = [
        (float(binomtest(one.wrong, one.audits, alpha, alternative="greater").pvalue), position)
        for position, one in enumerate(judged)
    ]
    positions = []
    for step, (p, position) in enumerate(sorted(tested)):
        if p * (len(tested) - step) > LEVEL:
            break
        positions.append(position)
    return [judged[position] for position in sorted(positions)]


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
    progress: Any = None,
) -> Calibration:
    """Measure how often verdicts are wrong on these rows, made so that the truth is known.

    Parameters
    ----------
    X : array of shape (n, d)
    y : array-like of shape (n,) or (n, k)
        Concept, whose labels are permuted.
    groups, kind, draws, n_splits, alpha, min_effect, duplicates
        As `audit` takes them.
    claims : sequence of str
        Among "dependent", "readable", "erasure_holds", "no_halfspace" and "gone".
    n_audits : int
        Audits per truth. With 100, an error rate of .05 has an interval of .016 to .113 (95 %).
    random_state : int, Generator or None
    progress : callable, optional
        Called with the stage, the amount done, and the total.

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
    seed = integer_seed(random_state)
    dataset = Dataset.of(X, y, groups=groups, kind=kind)
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
    }
    refused: Counter[str] = Counter()
    judged, not_tried = [], {}
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
            if progress is not None:
                progress(truth, k + 1, n_audits)
        judged += [_judge(truth, name, audits) for name in names]
    return Calibration(tuple(judged), bar.alpha, dict(refused), not_tried)


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
