"""Confounding: whether labels that are drawn from the confounds alone are as readable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nullprobe._core.caller_warnings import warn
from nullprobe.auditing.drawing import drawn
from nullprobe.auditing.measurement import Run
from nullprobe.claims import Confounded
from nullprobe.claims.confound_warnings import nearly_the_concept
from nullprobe.claims.evidence import by_chance
from nullprobe.data.confounds import Confounds
from nullprobe.data.matched_rows import pairs_within_cells
from nullprobe.heldout.confound_prediction import folds, predict_from_confounds
from nullprobe.measures.covariance_beyond import covariance_beyond
from nullprobe.nulls.conditional_permutation import ConditionalPermutations
from nullprobe.stats.null_distribution import Null

ODDS = (1.1, 1.25, 1.5, 2.0, 3.0, 5.0)  # factors by which the odds given W may be wrong
LEAST_OPEN = 0.1  # share of rows whose labels W should leave open


def confounded(
    runs: Sequence[Run], W: Confounds, nulls: Sequence[Mapping[str, Mapping[str, Null]]]
) -> list[Confounded | None]:
    """Return the readings of labels drawn given W, by representation; None if nothing is read.

    Parameters
    ----------
    several : sequence of Run
    W : Confounds
    nulls : sequence of mapping of str to mapping of str to Null
        Nulls of each run, by explanation and key; "chance" has been drawn.
    """
    first = runs[0]
    bar, seed, z = first.settings.thresholds, first.seed, first.z
    is_read = [
        run.settings.asks("readable")
        and by_chance(run.observed["raw"], nulls_of_run["chance"]["raw"], bar).is_rejected
        for run, nulls_of_run in zip(runs, nulls, strict=True)
    ]
    if not any(is_read):
        return [None for _ in runs]
    parts = folds(z, first.groups, np.random.default_rng([seed, 18]))
    prediction = predict_from_confounds(z, W, parts, seed)
    if prediction.informative < LEAST_OPEN * len(z):
        warn(nearly_the_concept(prediction.informative, len(z)))
    is_pair = z.codes is not None and z.n_columns == 2
    matched_pairs = len(pairs_within_cells(z, W)) if is_pair else None
    action = ConditionalPermutations.of(z, first.partitions[0], W, prediction, (seed, 19))

    def draw(i: int, draws: range) -> Mapping[str, np.ndarray]:
        return runs[i].read(["raw"], action.orders(draws)) if is_read[i] else {}

    def judge(i: int, values: Mapping[str, np.ndarray]) -> dict[str, tuple[float, Null]]:
        if not values:
            return {}
        null = runs[i].of_labels("inputs", action.description, "raw", values)
        return {"raw": (runs[i].observed["raw"].value, null)}

    drawn_nulls, _ = drawn(len(runs), draw, judge, first.settings.draws, bar)
    made: list[Confounded | None] = []
    for run, nulls_of_run in zip(runs, drawn_nulls, strict=True):
        if not nulls_of_run:
            made.append(None)
            continue
        null, scores = nulls_of_run["raw"], _standardised(run)
        rejected = null.judged_p(run.observed["raw"].value) <= bar.alpha
        made.append(
            Confounded(
                W.names,
                null,
                covariance_beyond(scores, z, W, prediction, parts, seed),
                prediction.model,
                prediction.informative,
                _robust(run, action, scores) if rejected else None,
                prediction.informative < LEAST_OPEN * len(z),
                len(z),
                W.design.shape[1],
                matched_pairs,
            )
        )
    return made


def _standardised(run: Run) -> np.ndarray:
    """Return held-out scores (n, k), standardised in each part, which has one probe."""
    scores, parts = run.scores[0].raw.copy(), run.partitions[0]
    for j in range(parts.n_parts):
        rows = parts.rows(j)
        sd = scores[rows].std(axis=0)
        scores[rows] -= scores[rows].mean(axis=0)
        scores[rows] *= np.divide(1.0, sd, out=np.zeros_like(sd), where=sd > 0)
    return scores


def _robust(run: Run, action: ConditionalPermutations, scores: np.ndarray) -> float | None:
    """Return the factor by which odds may be wrong before the verdict changes, for classes.

    The odds of a label are multiplied in rows whose score favours the label, and divided in other
    rows. This is the worst error that P(y | W) could have.
    """
    if not run.z.is_classes or action.strata:
        return None
    speaks = np.where(scores > np.median(scores, axis=0), 0.5, -0.5)
    slope = np.hstack([-speaks, speaks]) if run.z.n_scores == 1 else 2 * speaks
    bar, last = run.settings.thresholds, 1.0
    draws = range(bar.least_draws)
    for odds in ODDS:
        tilted = action.tilted(np.log(odds) * slope)
        null = run.of_labels("inputs", "", "raw", run.read(["raw"], tilted.orders(draws)))
        if null.p_value(run.observed["raw"].value) > bar.alpha:
            break
        last = odds
    return last
