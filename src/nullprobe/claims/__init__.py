"""Claims about a concept, and the verdict on each."""

from dataclasses import replace

from nullprobe.claims import (
    consistent,
    dependent,
    erasure_holds,
    few_features,
    gone,
    no_halfspace,
    one_direction,
    one_feature,
    readable,
    transfers,
)
from nullprobe.claims.evidence import Evidence
from nullprobe.claims.explanations import ComesFrom, Explanation, FactAbout, Outcome, Takes
from nullprobe.claims.observation import (
    Carried,
    Confounded,
    Curve,
    Followed,
    Observation,
    Thresholds,
    Use,
)
from nullprobe.claims.rows_needed import with_rows_needed
from nullprobe.claims.simpler_reading import SimplerReading
from nullprobe.claims.verdict import Claim, Holds

LARGEST = 1.0  # of AUC, accuracies, R² and shares: larger values are never observed
CLAIMS = {
    "dependent": dependent.dependent,
    "readable": readable.readable,
    "one_direction": one_direction.one_direction,
    "erasure_holds": erasure_holds.erasure_holds,
    "no_halfspace": no_halfspace.no_halfspace,
    "one_feature": one_feature.one_feature,
    "few_features": few_features.few_features,
    "gone": gone.gone,
    "transfers": transfers.transfers,
    "consistent": consistent.consistent,
}


def judged(name: str, evidence: Evidence) -> Claim:
    """Return the verdict on a claim, with the rows that it needs if it is unclear.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe.nulls import Null
    >>> noise = 0.01 * np.random.default_rng(0).normal(size=200)
    >>> raw, erased = (Observation(v, "AUC", 0.5, v + noise) for v in (0.9, 0.5))
    >>> chance = {"raw": Null("chance", "labels permuted", np.linspace(0.45, 0.55, 99))}
    >>> residual = Null("linear_algebra", "labels permuted", np.zeros(9))
    >>> evidence = Evidence(raw, erased, None, {"chance": chance}, {}, 0.0, residual, {}, {})
    >>> judged("readable", evidence).holds
    <Holds.YES: 'yes'>
    """
    claim = with_rows_needed(CLAIMS[name](evidence), evidence)
    impossible = claim.detectable is not None and claim.detectable > LARGEST
    return replace(claim, detectable=None) if impossible else claim


__all__ = [
    "CLAIMS",
    "Carried",
    "Claim",
    "ComesFrom",
    "Confounded",
    "Curve",
    "Evidence",
    "Explanation",
    "FactAbout",
    "Followed",
    "Holds",
    "Observation",
    "Outcome",
    "SimplerReading",
    "Takes",
    "Thresholds",
    "Use",
    "judged",
]
