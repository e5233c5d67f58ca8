"""Judging: from the measurements of a study to verdicts, by rules that were written before.

A verdict of yes needs the t-interval over at least three seeds and, where draws within the models
exist, these as well: if the claim is of more, there must be more than in the draws. All verdicts of
a study share α (Bonferroni). Of the levels of a factor, the differences of all pairs are judged
together. A source is sufficient if what it makes of the measurement differs by less than the
smallest effect of interest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from nullprobe._core.parameters import known
from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.verdict import Claim, Holds
from nullprobe.data.metric import Metric
from nullprobe.stats.null_distribution import Null
from nullprobe.studies.contrasts import Contrast, contrasts_of, drawn
from nullprobe.studies.definition import Study
from nullprobe.studies.effects import LEAST_SEEDS, Estimate, estimate
from nullprobe.studies.reasons import reason
from nullprobe.studies.rules import LARGEST, SOURCES, Rule, of_factor, of_mean

ALPHA = 0.05
DEFAULT_SOURCES = {"inputs": "inputs", "architecture": "twin", "corpus": "corpus"}
Table = Mapping[tuple[str, int], Mapping[str, float]]
Draws = Mapping[tuple[str, int], Mapping[str, Sequence[float]]]


def rules_of(study: Study) -> tuple[Rule, ...]:
    """Return the rules of a study; by default one for each factor."""
    built_in = (of_factor(name, len(levels)) for name, levels in study.factors.items())
    return tuple(study.rules) or tuple(built_in) or (of_mean(),)


def judged(study: Study, table: Table, nulls: Draws) -> tuple[Claim, ...]:
    """Return the verdicts of a study."""
    rules = rules_of(study)
    claims = tuple(_judge(study, rule, table, nulls, ALPHA / len(rules)) for rule in rules)
    void = _void(study, table)
    if not void:
        return claims
    return tuple(
        replace(
            claim,
            holds=Holds.UNCLEAR,
            reason=f"{rule.sentences['unclear'].rstrip('.')}: the run is void. {void}",
            warnings=(*claim.warnings, void),
            rows_reason="the run is void",
        )
        for rule, claim in zip(rules, claims, strict=True)
    )


def _void(study: Study, table: Table) -> str:
    """Return why a run decides nothing; "" if its placebo is as it should be."""
    placebo = study.placebo
    if placebo is None:
        return ""
    value = estimate(study, table, placebo.of, (), placebo.levels).value
    if abs(value) < placebo.within:
        return ""
    return (
        f"In the placebo cell {placebo.statement}, but {placebo.of} is {value:.3g} there, not "
        f"within ±{placebo.within:g}."
    )


def _judge(study: Study, rule: Rule, table: Table, nulls: Draws, alpha: float) -> Claim:
    measurements = list(next(iter(table.values())))
    name = rule.of or measurements[0]
    known("measurement", name, measurements)
    effect = study.min_effect if rule.min_effect is None else rule.min_effect
    contrasts = contrasts_of(study, rule)
    if rule.contrast == LARGEST:  # the sign of a difference of two levels is free
        means = [one.estimate(study, table, name).value for one in contrasts]
        pairs = zip(contrasts, means, strict=True)
        contrasts = tuple(one.reversed() if mean < 0 else one for one, mean in pairs)
    every = [one.estimate(study, table, name) for one in contrasts]
    shown = _shown(rule, every, alpha)
    observed = every[shown]
    null = drawn(study, contrasts, name, nulls)
    p_null = None if null is None else null.p_value(observed.value)
    holds = _holds(rule, every, p_null, effect, alpha)
    nothing = _nothing(study, rule, contrasts, table, nulls, alpha)
    if nothing or (holds is Holds.YES and _contradicted(rule, null, observed)):
        holds = Holds.UNCLEAR
    named = _measured_sources(rule, measurements)
    made = {
        source: [one.estimate(study, table, measurement) for one in contrasts]
        for source, measurement in named.items()
    }
    details = {"seeds": float(len(observed.values)), "alpha": alpha, "min_effect": effect}
    details |= {source: estimates[shown].value for source, estimates in made.items()}
    reach = observed.detectable(alpha / len(every))
    unclear = holds is Holds.UNCLEAR
    claim = Claim(
        rule.name,
        rule.statement,
        holds,
        (_chance(rule, every, effect, alpha), *_sources(every, made, effect, alpha)),
        observed.value,
        Metric(study.unit, rule.zero, "change", None),
        observed.within(1 - 0.05 / len(every)),
        () if null is None else (null,),
        p_null,
        "",
        None if not unclear or reach is None else rule.zero + reach,
        details,
        rows_reason="more seeds are needed, not rows" if unclear else "",
        warnings=() if len(observed.values) >= LEAST_SEEDS else (ONE_SEED,),
    )
    what = f"“{name}”, {contrasts[shown].words}"
    return replace(claim, reason=reason(rule, claim, what, nothing, pairs=len(every)))


ONE_SEED = (
    f"Fewer than {LEAST_SEEDS} seeds: no interval over seeds decides, and another seed may differ."
)


def _shown(rule: Rule, every: Sequence[Estimate], alpha: float) -> int:
    """Return which contrast is stated: the largest one of those whose interval excludes zero."""
    stand = [i for i, one in enumerate(every) if _excludes(one, rule.zero, alpha / len(every))]
    return max(stand or range(len(every)), key=lambda i: abs(every[i].value - rule.zero))


def _excludes(one: Estimate, zero: float, alpha: float) -> bool:
    low, high = one.within(1 - alpha) or (-np.inf, np.inf)
    return not low <= zero <= high


def _holds(
    rule: Rule, every: Sequence[Estimate], p_null: float | None, effect: float, alpha: float
) -> Holds:
    """Return the verdict on contrasts that are judged together.

    Yes if one of them is not zero, at α over their number; no if all are nearer to zero than the
    smallest effect of interest, each at α (an intersection-union test needs no correction).
    """
    if len(every[0].values) < LEAST_SEEDS:
        stands = p_null is not None and p_null <= alpha
    else:
        if _within(every, rule.zero, effect, alpha):
            return Holds.NO
        highest = max((one.within(1 - alpha) or (0.0, np.inf))[1] for one in every)
        if rule.direction == "more" and highest < rule.zero + effect:
            return Holds.NO
        stands = any(_excludes(one, rule.zero, alpha / len(every)) for one in every)
        stands = stands and (p_null is None or p_null <= alpha)
    right = rule.direction == "any" or every[0].value > rule.zero
    return Holds.YES if stands and right else Holds.UNCLEAR


def _contradicted(rule: Rule, null: Null | None, observed: Estimate) -> bool:
    """Return whether there is no more than in draws within the models, where more is claimed.

    Their p-value is two-sided: it is small as well if there is less than in the draws.
    """
    return rule.direction == "more" and null is not None and observed.value <= null.mean


def _nothing(
    study: Study,
    rule: Rule,
    contrasts: Sequence[Contrast],
    table: Table,
    nulls: Draws,
    alpha: float,
) -> str:
    """Return why there is nothing that a claim could be about; "" if there is something."""
    if not rule.needs:
        return ""
    null = drawn(study, contrasts, rule.needs, nulls)
    if null is None:
        return f"There are no draws of “{rule.needs}”."
    values = [one.estimate(study, table, rule.needs).value for one in contrasts]
    p = null.p_value(values[0] if len(values) == 1 else max(map(abs, values)))
    if p <= alpha:
        return ""
    return (
        f"“{rule.needs}” does not differ from its draws within the models (p = {p:.2g}), so there "
        "is nothing that this could be about."
    )


def _within(every: Sequence[Estimate], zero: float, effect: float, alpha: float) -> bool:
    ends = [one.within(1 - 2 * alpha) for one in every]
    return all(end and max(zero - end[0], end[1] - zero) < effect for end in ends)


def _chance(rule: Rule, every: Sequence[Estimate], effect: float, alpha: float) -> Explanation:
    if len(every[0].values) < LEAST_SEEDS:
        return Explanation.not_tried("chance", f"needs at least {LEAST_SEEDS} seeds")
    moved = [Estimate(tuple(value - rule.zero for value in one.values)) for one in every]
    return _explained("chance", moved, effect, alpha)


def _explained(
    name: str, differences: Sequence[Estimate], effect: float, alpha: float
) -> Explanation:
    """Judge an explanation by how far it is from what was observed, seed by seed."""
    if len(differences[0].values) < LEAST_SEEDS:  # it was measured, but nothing decides
        return Explanation(name, Outcome.UNDECIDED)
    ends = [one.within(1 - 2 * alpha) or (-np.inf, np.inf) for one in differences]
    least = min(one.p_value() or 1.0 for one in differences)
    p = min(1.0, least * len(differences))
    if _within(differences, 0.0, effect, alpha):
        outcome = Outcome.SUFFICIENT
    else:
        outcome = Outcome.REJECTED if p <= alpha else Outcome.UNDECIDED
    return Explanation(name, outcome, "", p, None, max(ends, key=lambda end: max(-end[0], end[1])))


def _measured_sources(rule: Rule, measurements: Sequence[str]) -> dict[str, str]:
    of_first = not rule.of or rule.of == measurements[0]  # sources are of the same kind as it
    names = {s: m for s, m in DEFAULT_SOURCES.items() if of_first and m in measurements}
    names |= dict(rule.sources)
    for measurement in names.values():
        known("measurement", measurement, measurements)
    return names


def _sources(
    every: Sequence[Estimate],
    made: Mapping[str, Sequence[Estimate]],
    effect: float,
    alpha: float,
) -> tuple[Explanation, ...]:
    return tuple(
        _explained(
            source,
            [one - other for one, other in zip(every, made[source], strict=True)],
            effect,
            alpha,
        )
        if source in made
        else Explanation.not_tried(source, "the study has no such measurement")
        for source in SOURCES
    )
