"""Evidence: all that an audit measures before claims are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.observation import (
    Carried,
    Confounded,
    Curve,
    Followed,
    Observation,
    Thresholds,
)
from nullprobe.claims.simpler_reading import Added
from nullprobe.data.metric import R_SQUARED
from nullprobe.stats.null_distribution import Null


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that an audit measures before claims are judged.

    Attributes
    ----------
    raw, erased, halfspace : Observation or None
        Held-out readings: before erasure, after it, and of the best halfspace after it.
    nulls : mapping of str to mapping of str to Null
        Nulls, by explanation ("chance", "moments", "noise") and observation ("raw", "erased", ...);
        absent if they could not be drawn.
    baselines : mapping of str to mapping of str to Observation
        Readings of other representations of the rows, with the replicates of ``raw``, by source
        ("inputs", "architecture") and name.
    residual : float
        Largest canonical correlation that is left after erasing from the whole sample.
    residual_null : Null
        The same for permuted labels.
    notes : mapping of str to str
        Why an explanation was not tried for an observation, by "explanation observation".
    details : mapping of str to mapping of str to float or mapping
        Further numbers for each claim, by its name.
    thresholds : Thresholds
        Significance level and smallest effect of interest.
    family : Observation or None
        Held-out reading, after erasure, of the strongest of the nonlinear readers.
    curve : Curve or None
        Readings after each removal of a direction.
    carried : Carried or None
        Readings across groups.
    followed : Followed or None
        Agreement of labels with a probe of contrast pairs that was fitted without labels.
    association : Observation or None
        Strength of the dependence of rows and concept in the whole sample.
    probe_rows : int
        Rows that each probe was trained on.
    confounded : Confounded or None
        Reading of labels drawn from the confounds alone.
    contained : set of (str, str)
        Source and name of each baseline that determines the representation linearly.
    added : mapping of (str, str) to Added
        What the representation adds to a baseline.
    rows : int
        Rows that were audited; 0 if unknown.
    sizes : sequence of (int, Observation)
        Numbers of training rows, each with the reading of a linear probe on other rows.
    few : Observation or None
        Held-out reading, before erasure, of a probe of few features.

    Examples
    --------
    >>> import numpy as np
    >>> noise = 0.01 * np.random.default_rng(0).normal(size=200)
    >>> raw, erased = (Observation(v, "AUC", 0.5, v + noise) for v in (0.9, 0.5))
    >>> chance = {"raw": Null("chance", "labels permuted", np.linspace(0.45, 0.55, 99))}
    >>> residual = Null("linear_algebra", "labels permuted", np.zeros(9))
    >>> evidence = Evidence(raw, erased, None, {"chance": chance}, {}, 0.0, residual, {}, {})
    >>> evidence.observed("raw").value, evidence.chance("raw").p_value(0.9)
    (0.9, 0.01)
    """

    raw: Observation
    erased: Observation
    halfspace: Observation | None
    nulls: Mapping[str, Mapping[str, Null]]
    baselines: Mapping[str, Mapping[str, Observation]]
    residual: float
    residual_null: Null
    notes: Mapping[str, str]
    details: Mapping[str, Mapping[str, Any]]
    thresholds: Thresholds = Thresholds()
    family: Observation | None = None
    curve: Curve | None = None
    carried: Carried | None = None
    followed: Followed | None = None
    association: Observation | None = None
    probe_rows: int = 0
    sizes: Sequence[tuple[int, Observation]] = ()
    confounded: Confounded | None = None
    contained: frozenset[tuple[str, str]] = frozenset()
    added: Mapping[tuple[str, str], Added] = field(default_factory=dict[tuple[str, str], Added])
    rows: int = 0
    few: Observation | None = None

    def null(self, explanation: str, name: str) -> Null | None:
        """Return the null of an observation under an explanation, or None if it was not drawn."""
        return self.nulls.get(explanation, {}).get(name)

    def chance(self, name: str) -> Null:
        """Return the null of an observation for permuted labels."""
        return self.nulls["chance"][name]

    @property
    def targets(self) -> str:
        """What the concept gives to each row: "labels", or "numbers" if it is numeric."""
        return "numbers" if self.raw.unit == R_SQUARED.name else "labels"

    def not_tried(self, explanation: str, name: str) -> Explanation:
        """Return an explanation that was not tried for an observation, with the reason."""
        reason = self.notes.get(f"{explanation} {name}", "not requested")
        return Explanation.not_tried(explanation, reason)

    def observed(self, name: str) -> Observation:
        """Return the observation that nulls of this name belong to."""
        observations = {
            "raw": self.raw,
            "erased": self.erased,
            "halfspace": self.halfspace,
            "family": self.family,
            "association": self.association,
            "few": self.few,
            "consistent": None if self.followed is None else self.followed.agreement,
        }
        if self.carried is not None:
            within, across = self.carried.within, self.carried.across
            observations |= {"within": within, "across": across, "gap": within.over(across)}
        observation = observations[name]
        assert observation is not None, f"there is no null of {name} without it"
        return observation


def by_chance(observed: Observation, chance: Null, bar: Thresholds) -> Explanation:
    """Judge chance as an explanation, by permuted labels.

    Chance is sufficient if two intervals exclude the smallest effect of interest: the interval of
    the difference from the draws, and the interval of the reading itself.

    Permuted labels have an R² below 0, since probes overfit. A reading that is better than theirs
    but below 0 predicts worse than the mean, so nothing is read. Chance is then sufficient if the
    interval of the reading excludes the effect of interest and probes overfit by less than it.
    Otherwise chance is undecided: probes that overfit more may miss what is there.
    """
    judged = Explanation.of(observed.value, chance, bar)
    p, room = judged.judged_p, not bar.negligible(observed)
    if judged.suffices and room:
        # Draws vary less around chance than readings vary around the reading of new rows.
        outcome = Outcome.REJECTED if p <= bar.alpha else Outcome.UNDECIDED
        judged = replace(judged, outcome=outcome)
    if judged.suffices or not chance.mean < observed.value <= observed.chance:
        return judged
    fits = observed.chance - chance.mean < bar.min_effect
    enough = fits and not room
    return replace(judged, outcome=Outcome.SUFFICIENT if enough else Outcome.UNDECIDED)
