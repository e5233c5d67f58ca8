"""Context: numbers that are shown with the verdicts and decide none of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from nullprobe._core import arrays, validation
from nullprobe.auditing.measurement import Run
from nullprobe.auditing.whole_sample import Whole
from nullprobe.data.concept import Concept
from nullprobe.data.metric import AUC
from nullprobe.heldout.three_way import Scores, ThreeWay
from nullprobe.measures.expected_auc import expected_readback
from nullprobe.measures.largest_gap import largest_auc
from nullprobe.probes.base.linear import LinearProbe
from nullprobe.probes.linear.logistic import logistic
from nullprobe.stats import metrics

MOST_CLASSES = 20  # with more, logistic regression would take longer than the rest of the audit
MOST_NAMED = 32  # features that `few_features` names
DIGITS = 3  # decimals of log-odds: after erasure, float32 rounding is far below the last one


def details(run: Run) -> dict[str, dict[str, Any]]:
    """Return the numbers that are shown with the verdicts on a run, by claim."""
    if run.settings.asks("few_features"):
        return _of_rows(run) | {"few_features": of_few_features(run)}
    return _of_rows(run)


def _of_rows(run: Run) -> dict[str, dict[str, Any]]:
    """Return the numbers of all claims but `few_features`."""
    if validation.is_sparse(run.X):
        return {} if run.settings.quick else {"readable": _of_sparse(run) | _of_readable(run)}
    if run.settings.quick:
        return {"one_direction": {"directions_removed": run.whole.eraser.rank}}
    first, before = run.reader.data[0], run.observed["raw"].value
    numbers: dict[str, dict[str, Any]] = dict(
        _of_sample(run.whole, first, run.scores[0], before, run.seed)
    )
    if run.settings.asks("gone"):
        numbers["gone"] = _of_gone(run.z, *run.family[0])
    if "readable" in numbers:
        numbers["readable"] |= _of_readable(run)
    if run.matched_gap is not None:
        numbers["erasure_holds"]["matched_gap"] = run.matched_gap
    return numbers


def _of_readable(run: Run) -> dict[str, Any]:
    """Return the number of training rows, and a bound on the reading of any linear probe."""
    numbers: dict[str, Any] = {"probe_rows": run.probe_rows}
    if not run.z.is_classes:
        ranks = run.observing.ranks([scores.raw for scores in run.scores])
        numbers["rank_correlation"] = ranks.value
        if ranks.interval is not None:
            numbers["rank_correlation_from"], numbers["rank_correlation_to"] = ranks.interval
    bounds = run.groups is None and not validation.is_sparse(run.X)
    most = largest_auc(run.whole.moments) if bounds else None
    return numbers if most is None else numbers | {"largest_auc": most}


def _of_sparse(run: Run) -> dict[str, Any]:
    """Return the accuracy of logistic regression on sparse rows, and information in the scores."""
    z, data = run.z, run.reader.data[0]
    if z.codes is None or z.n_columns > MOST_CLASSES:
        return {}
    numbers: dict[str, Any] = {
        "logistic_accuracy": accuracy(run.X, data),
        "largest_class": float(np.bincount(z.codes).max() / len(z)),
    }
    if z.metric == AUC:
        numbers["information"] = metrics.information(
            run.scores[0].raw[:, 0], z.codes == 1, np.random.default_rng([run.seed, 6])
        )
    return numbers


def of_few_features(run: Run) -> dict[str, Any]:
    """Return the features that probes of few features used, with the share of probes.

    The most used come first, and of these the ones that correlate most with the concept.
    """
    every = [features for one in run.chosen for features in one.features]
    count, place = Counter[int](), Counter[int]()
    for features in every:
        count.update(features.tolist())
        place.update(dict(zip(features.tolist(), range(len(features)), strict=True)))
    order = sorted(count, key=lambda j: (-count[j], place[j] / count[j], j))
    names = run.settings.feature_names or range(run.X.shape[1])
    shares = {f"{names[j]}": count[j] / len(every) for j in order[:MOST_NAMED]}
    return {"n_features": min(run.settings.n_features, run.X.shape[1]), "probes_with": shares}


def _of_gone(z: Concept, scores: np.ndarray, readers: Sequence[str]) -> dict[str, Any]:
    """Return the accuracy of the chosen readers, and how often each was chosen."""
    counts = {name: readers.count(name) for name in dict.fromkeys(readers)}
    numbers: dict[str, Any] = {"parts_read_by": counts}
    if z.codes is not None:
        predicted = scores.argmax(axis=1) if scores.shape[1] > 1 else scores[:, 0] > 0.5
        numbers["reader_accuracy"] = float((predicted == z.codes).mean())
    return numbers


def _of_sample(
    whole: Whole, data: ThreeWay, scores: Scores, before: float, seed: int
) -> dict[str, dict[str, float]]:
    """Return further numbers for each claim, by its name.

    Parameters
    ----------
    whole : Whole
        The whole sample.
    data : ThreeWay
    scores : Scores
        Held-out scores.
    before : float
        Reading before erasure.
    seed : int
    """
    X, z = whole.X, whole.z
    numbers: dict[str, dict[str, float]] = {
        "readable": {},
        "one_direction": {"directions_removed": whole.eraser.rank},
        "erasure_holds": {"before_erasure": before},
    }
    expected = expected_readback(whole.moments, z, len(data.parts))
    if expected is not None:
        numbers["erasure_holds"]["expected_from_means"] = expected
    if z.codes is None or z.n_columns > MOST_CLASSES:
        return numbers
    largest = float(np.bincount(z.codes).max() / len(z))
    numbers["readable"] |= {
        "logistic_accuracy": accuracy(X, data),
        "largest_class": largest,
    }
    if z.metric == AUC:
        numbers["readable"]["information"] = metrics.information(
            scores.raw[:, 0], z.codes == 1, np.random.default_rng([seed, 6])
        )
    shuffled = z.take(np.random.default_rng([seed, 12]).permutation(len(z)))
    for name, labelled, sample in (("", z, whole), ("_shuffled", shuffled, Whole(X, shuffled))):
        erased = sample.eraser.apply(X)
        numbers["one_direction"] |= {
            f"in_sample_before{name}": _in_sample(X, labelled),
            f"in_sample_after{name}": _in_sample(erased, labelled),
        }
    numbers["one_direction"]["largest_class"] = largest
    return numbers


def _in_sample(X: np.ndarray, z: Concept) -> float:
    """Return the accuracy of logistic regression on the rows that it is fitted to.

    If nothing is left to read, all log-odds are equal up to rounding. Rounding them keeps these
    ties from being decided by the sign of an error.
    """
    log_odds = np.round(_logistic(X, z).scores(X), DIGITS)
    predicted = log_odds.argmax(axis=1) if log_odds.ndim == 2 else log_odds > 0
    return float((predicted == z.codes).mean())


def accuracy(X: np.ndarray, data: ThreeWay) -> float:
    """Return the held-out accuracy of logistic regression, fitted on P and scored on S."""
    right, z = 0, data.z
    for _, p, s in data.partition.roles():
        P, S = data.parts[p].rows, data.parts[s].rows
        right += int((_logistic(X[P], z.take(P)).predict(X[S]) == z.data[S]).sum())
    return right / len(z)


def _logistic(X: np.ndarray, z: Concept) -> LinearProbe:
    """Return a logistic regression of the codes, which serve as labels 0, 1, ..."""
    W, bias = logistic(X if validation.is_sparse(X) else arrays.host(X), z.data)
    return LinearProbe(W, bias, tuple(range(z.n_columns)))
