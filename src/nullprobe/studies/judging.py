"""Judging: from the measurements of a study to verdicts, by rules that were written before.

A verdict of yes needs the t-interval over at least three seeds and, where draws within the models
exist, these as well. All verdicts of a study share α (Bonferroni). A source is sufficient if what
it makes of the measurement differs by less than the smallest effect of interest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from nullprobe._core.parameters import known
from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.sentences import number
from nullprobe.claims.verdict import Claim, Holds
from nullprobe.data.metric import Metric
from nullprobe.stats.null_distribution import Null
from nullprobe.studies.definition import Study
from nullprobe.studies.effects import LEAST_SEEDS, Estimate, estimate, weights
from nullprobe.studies.rules import SOURCES, Rule, of_factor, of_mean

ALPHA = 0.05
DEFAULT_SOURCES = {"inputs": "inputs", "architecture": "twin", "corpus": "corpus"}
Table = Mapping[tuple[str, int], Mapping[str, float]]
Draws = Mapping[tuple[str, int], Mapping[str, Sequence[float]]]


def rules_of(study: Study) -> tuple[Rule, ...]:
    """Return the rules of a study; by default one for each factor."""
    return tuple(study.rules) or tuple(map(of_factor, study.factors)) or (of_mean(),)


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
    observed = estimate(study, table, name, rule.effect, rule.levels)
    null = _null(study, rule, name, nulls)
    p_null = None if null is None else null.p_value(observed.value)
    holds = _holds(rule, observed, p_null, effect, alpha)
    chance = _chance(rule, observed, effect, alpha)
    sources = _sources(study, rule, table, observed, effect, alpha)
    details = {"seeds": float(len(observed.values)), "alpha": alpha, "min_effect": effect}
    for source, measurement in _measured_sources(rule, measurements).items():
        details[source] = estimate(study, table, measurement, rule.effect, rule.levels).value
    reach = observed.detectable(alpha)
    unclear = holds is Holds.UNCLEAR
    return Claim(
        rule.name,
        rule.statement,
        holds,
        (chance, *sources),
        observed.value,
        Metric(study.unit, rule.zero, "change", None),
        observed.interval,
        () if null is None else (null,),
        p_null,
        _reason(rule, name, observed, holds, p_null, details),
        None if not unclear or reach is None else rule.zero + reach,
        details,
        rows_reason="more seeds are needed, not rows" if unclear else "",
        warnings=() if len(observed.values) >= LEAST_SEEDS else (ONE_SEED,),
    )


ONE_SEED = (
    f"Fewer than {LEAST_SEEDS} seeds: no interval over seeds decides, and another seed may differ."
)


def _holds(
    rule: Rule, observed: Estimate, p_null: float | None, effect: float, alpha: float
) -> Holds:
    off = observed.value - rule.zero
    if len(observed.values) < LEAST_SEEDS:
        stands = p_null is not None and p_null <= alpha
    else:
        low, high = observed.within(1 - alpha) or (-np.inf, np.inf)
        stands = not low <= rule.zero <= high and (p_null is None or p_null <= alpha)
        near = observed.within(1 - 2 * alpha)
        if near and max(rule.zero - near[0], near[1] - rule.zero) < effect:
            return Holds.NO
        if rule.direction == "more" and high < rule.zero + effect:
            return Holds.NO
    right = off > 0 or rule.direction == "any"
    return Holds.YES if stands and right else Holds.UNCLEAR


def _chance(rule: Rule, observed: Estimate, effect: float, alpha: float) -> Explanation:
    moved = Estimate(tuple(value - rule.zero for value in observed.values))
    return _explained("chance", moved, effect, alpha)


def _explained(name: str, difference: Estimate, effect: float, alpha: float) -> Explanation:
    """Judge an explanation by how far it is from what was observed, seed by seed."""
    if len(difference.values) < LEAST_SEEDS:
        return Explanation.not_tried(name, f"needs at least {LEAST_SEEDS} seeds")
    near, p = difference.within(1 - 2 * alpha), difference.p_value()
    assert near is not None
    assert p is not None
    if max(-near[0], near[1]) < effect:
        outcome = Outcome.SUFFICIENT
    else:
        outcome = Outcome.REJECTED if p <= alpha else Outcome.UNDECIDED
    return Explanation(name, outcome, "", p, None, near)


def _measured_sources(rule: Rule, measurements: Sequence[str]) -> dict[str, str]:
    of_first = not rule.of or rule.of == measurements[0]  # sources are of the same kind as it
    names = {s: m for s, m in DEFAULT_SOURCES.items() if of_first and m in measurements}
    names |= dict(rule.sources)
    for measurement in names.values():
        known("measurement", measurement, measurements)
    return names


def _sources(
    study: Study, rule: Rule, table: Table, observed: Estimate, effect: float, alpha: float
) -> tuple[Explanation, ...]:
    names = _measured_sources(rule, list(next(iter(table.values()))))
    return tuple(
        _explained(
            source,
            observed - estimate(study, table, names[source], rule.effect, rule.levels),
            effect,
            alpha,
        )
        if source in names
        else Explanation.not_tried(source, "the study has no such measurement")
        for source in SOURCES
    )


def _null(study: Study, rule: Rule, name: str, nulls: Draws) -> Null | None:
    """Return draws of the contrast, averaged over seeds: draw k of each model is one draw."""
    rows = [draws.get(name) for draws in nulls.values()]
    if not rows or any(row is None for row in rows):
        return None
    each = dict(zip(map(str, study.cells), weights(study, rule.effect, rule.levels), strict=True))
    m = min(len(row) for row in rows if row is not None)
    seeds = len({seed for _, seed in nulls})
    total = np.zeros(m)
    for (cell, _), draws in nulls.items():
        total += each[cell] * np.asarray(draws[name][:m], dtype=np.float64) / seeds
    return Null("chance", "draws within each model, averaged over seeds", total)


def _reason(
    rule: Rule,
    name: str,
    observed: Estimate,
    holds: Holds,
    p_null: float | None,
    details: dict[str, float],
) -> str:
    contrasts = (
        "mean over the cells",
        "last level of {} less the first",
        "interaction of {} and {}",
    )
    what = f"“{name}”, {contrasts[len(rule.effect)].format(*rule.effect)}"
    if rule.levels:
        where = ", ".join(f"{factor} = {level}" for factor, level in rule.levels.items())
        what = what.replace("mean over the cells", f"where {where}", 1)
        what += "" if not rule.effect else f", where {where}"
    interval = observed.interval
    ends = f" (95 % interval {number(interval[0])} to {number(interval[1])})" if interval else ""
    m = len(observed.values)
    numbers = f"{what}: {number(observed.value)}{ends} over {m} seed{'s' if m > 1 else ''}."
    simpler = [f"{name} {number(details[name])}" for name in SOURCES if name in details]
    if simpler:
        numbers += f" Simpler explanations give: {', '.join(simpler)}."
    if p_null is not None:
        numbers += f" Draws within the models: p = {p_null:.2g}."
    return f"{rule.sentences[holds.value].rstrip('.')}. {numbers}"
