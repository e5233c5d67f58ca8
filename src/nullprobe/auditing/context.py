"""Beside: the numbers that stand beside the verdicts, and decide none of them."""

from __future__ import annotations

import numpy as np

from nullprobe.claims.one_direction import IN_SAMPLE
from nullprobe.data.concept import Concept, concept
from nullprobe.erasers.leace import leace
from nullprobe.heldout.three_way import Scores, ThreeWay
from nullprobe.measures.expected_auc import expected_readback
from nullprobe.moments import Moments
from nullprobe.probes.linear.logistic import LogisticProbe
from nullprobe.stats import metrics

MOST_CLASSES = 20  # above, logistic regression would take longer than all the rest
DIGITS = 3  # decimals of log-odds: after erasure, float32 may leave hundredths of that


def beside(
    X: np.ndarray, data: ThreeWay, scores: Scores, before: float, seed: int
) -> dict[str, dict[str, float]]:
    """Return further numbers for each claim, by its name.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    data : ThreeWay
    scores : Scores
        Held out.
    before : float
        Reading before erasure.
    seed : int
    """
    z = data.z
    moments = Moments.of(X, z)
    eraser = leace(moments)
    found: dict[str, dict[str, float]] = {
        "readable": {},
        "one_direction": {"directions removed": eraser.rank},
        "erasure_holds": {"before erasure": before},
    }
    expected = expected_readback(moments, z, len(data.parts))
    if expected is not None:
        found["erasure_holds"]["expected from estimated means"] = expected
    if z.codes is None or z.n_columns > MOST_CLASSES:
        return found
    largest = float(np.bincount(z.codes).max() / len(z))
    found["readable"] |= {
        "accuracy of logistic regression": accuracy(X, data),
        "share of the largest class": largest,
    }
    if data.n_outputs == 1:
        found["readable"]["information (nats, lower bound)"] = metrics.information(
            scores.raw[:, 0], z.codes == 1, np.random.default_rng([seed, 6])
        )
    shuffled = z.take(np.random.default_rng([seed, 12]).permutation(len(z)))
    for name, told in (("", z), (", labels shuffled", shuffled)):
        erased = leace(Moments.of(X, told)).apply(X)
        found["one_direction"] |= {
            f"{IN_SAMPLE} before{name}": _in_sample(X, told),
            f"{IN_SAMPLE} after{name}": _in_sample(erased, told),
        }
    found["one_direction"]["share of the largest class"] = largest
    return found


def _in_sample(X: np.ndarray, z: Concept) -> float:
    """Return the accuracy of logistic regression on the rows that it is fitted to.

    Where nothing is left to read, all log-odds are the same but for rounding: ties, of which none
    is to be right by the sign of what rounding left.
    """
    log_odds = LogisticProbe(C=1.0).fit(X, z).decision_function(X)
    log_odds = np.round(log_odds, DIGITS)
    said = log_odds.argmax(axis=1) if log_odds.ndim == 2 else log_odds > 0
    return float((said == z.codes).mean())


def accuracy(X: np.ndarray, data: ThreeWay) -> float:
    """Return the held-out accuracy of logistic regression, fitted on P and scored on S."""
    right, z = 0, data.z
    for _, p, s in data.partition.roles():
        P, S = data.parts[p].rows, data.parts[s].rows
        probe = LogisticProbe(C=1.0).fit(X[P], concept(z.data[P], kind="labels"))
        right += int((probe.predict(X[S]) == z.data[S]).sum())
    return right / len(z)
