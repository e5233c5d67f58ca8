"""Readable: a linear probe reads y on data it was not fitted on.

Explanations: chance (labels permuted), moments (data of the same class means and covariances),
inputs and architecture (the same pipeline on other representations of the rows). The shape of the
noise is not tried: its draws are matched to be as readable as the data.
"""

from __future__ import annotations

from collections.abc import Sequence

from nullprobe.claims.confound_warnings import confound_warnings
from nullprobe.claims.evidence import Evidence, by_chance
from nullprobe.claims.explanations import SOURCES, ComesFrom, Explanation, Outcome, comes_from
from nullprobe.claims.observation import Confounded, Observation
from nullprobe.claims.sentences import (
    absent,
    against_chance,
    compared,
    number,
    p_text,
    sentence,
    undetected,
    wider_than_the_test,
)
from nullprobe.claims.simpler_reading import SimplerReading
from nullprobe.claims.verdict import Claim, Holds

NAME = "readable"
STATEMENT = "A linear probe reads the concept on data it was not fitted on."
MATCHED = "its draws are matched to be as readable as the data"
NO_BASELINE = "no baseline was passed"
NO_TWIN = "no untrained network was passed"
CHANCE_SUFFICES = "chance explains the reading"
ORIGINS = {
    ComesFrom.INPUTS: "the inputs alone explain it",
    ComesFrom.ARCHITECTURE: "an untrained network explains it",
    ComesFrom.CORPUS: "the corpus alone explains it",
    ComesFrom.TRAINING: "the {} and the untrained networks passed do not explain it",
    ComesFrom.UNDECIDED: "the comparisons leave open where it comes from",
    ComesFrom.NOT_TRIED: f"{NO_BASELINE}, so where it comes from is unknown",
}


def readable(evidence: Evidence) -> Claim:
    """Return the verdict on whether the concept can be read linearly."""
    raw, chance, bar = evidence.raw, evidence.chance("raw"), evidence.thresholds
    each = [(s, *one) for s, named in evidence.baselines.items() for one in named.items()]
    others = tuple(
        SimplerReading.of(
            s,
            name,
            one,
            raw,
            bar,
            len(each),
            (s, name) in evidence.contained,
            evidence.added.get((s, name)),
        )
        for s, name, one in each
    )
    first, moments = by_chance(raw, chance, bar), evidence.null("moments", "raw")
    explanations = (
        first,
        evidence.not_tried("moments", "raw")
        if moments is None
        else Explanation.of(raw.value, moments, bar),
        Explanation.not_tried("noise", MATCHED),
        *_sources(others, evidence, nothing_read=first.suffices),
    )
    drawn = (chance,) if moments is None else (chance, moments)
    if evidence.confounded is not None:
        drawn = (*drawn, evidence.confounded.null)
    # A reading below chance shows neither presence nor absence.
    below = first.is_rejected and raw.value < chance.mean
    holds = Holds.UNCLEAR
    if first.outcome is not Outcome.UNDECIDED and not below:
        holds = Holds.NO if first.suffices else Holds.YES
    return Claim(
        NAME,
        STATEMENT,
        holds,
        explanations,
        raw.value,
        raw.metric,
        raw.interval,
        drawn,
        chance.p_value(raw.value),
        _below(raw, evidence)
        if below
        else _reason(holds, evidence, explanations, others)
        + compared(explanations[1:2], drawn, bar) * (holds is Holds.YES),
        bar.detectable(raw, chance) if holds is Holds.UNCLEAR else None,
        {**evidence.details.get(NAME, {}), **_confound_numbers(evidence)},
        shown=_shown(evidence),
        beside=others,
        warnings=_warnings(evidence, () if first.suffices else others),
    )


def _warnings(evidence: Evidence, others: Sequence[SimplerReading]) -> tuple[str, ...]:
    """Return the warnings about baselines that read nothing, and about the confounds."""
    silent = tuple(one.warning for one in others if one.warning)
    one = evidence.confounded
    if one is None:
        return silent
    judged = one.explanation(evidence.raw.value, evidence.thresholds)
    return (*silent, *confound_warnings(one, judged))


def _shown(evidence: Evidence) -> dict[str, object]:
    """Return what a picture needs: the reading for each number of training rows."""
    points = [
        {"rows": rows, "value": one.value, "interval": one.interval} for rows, one in evidence.sizes
    ]
    return {"learning_curve": points} if points else {}


def _simpler_sentence(one: SimplerReading) -> str:
    text = f"A probe of {one.name!r} reads {number(one.value)}"
    if one.adds is not None:
        value, low, high = one.adds
        text += (
            f", and one of both together reads {number(one.value + value)}: the representation "
            f"adds {number(value)}, 95 % interval {number(low)} to {number(high)}"
        )
    if one.contains:
        text += "; the representation is a linear function of it"
    return f"{text}."


def _confound_numbers(evidence: Evidence) -> dict[str, float]:
    """Return further numbers about the confounds, if there are any."""
    one = evidence.confounded
    if one is None:
        return {}
    numbers = {"covariance_p": one.covariance_p, "rows_open": one.informative}
    if one.matched_pairs is not None:
        numbers["matched_pairs"] = one.matched_pairs
    return numbers if one.odds is None else numbers | {"odds_may_be_off_by": one.odds}


def _confounds_sentence(one: Confounded, observed: float) -> str:
    """State the reading of labels that are drawn from the confounds alone."""
    names = ", ".join(one.names[:3]) + (", ..." if len(one.names) > 3 else "")
    text = (
        f"Labels drawn from {names} alone give {number(one.null.mean)} ± {number(one.null.sd)} "
        f"({p_text(one.null.judged_p(observed))}; the scores' covariance with the labels beyond "
        f"them: {p_text(one.covariance_p)})."
    )
    if one.is_closed:
        text += (
            " This comparison decides little: the confounds nearly determine the concept, and "
            f"leave it open in about {one.informative:.0f} rows."
        )
    if one.is_wide:
        text += (
            f" The confounds have {one.columns:,} columns for {one.rows:,} rows, too many to "
            "rule them out: what the model of them shrinks away may still confound."
        )
    return text


def _dependent(evidence: Evidence) -> str:
    """State that a dependence was detected, if the test of dependence detected one."""
    association, bar = evidence.association, evidence.thresholds
    if association is None or not bar.stands_out(association, evidence.chance("association")):
        return ""
    return (
        " The representation does depend on the concept (claim 'dependent'), so a probe trained "
        "on more rows may read it."
    )


def _sources(
    others: Sequence[SimplerReading], evidence: Evidence, *, nothing_read: bool
) -> tuple[Explanation, ...]:
    """Judge each baseline and the confounds; a source without a baseline is not tried."""
    if nothing_read:
        return tuple(Explanation.not_tried(source, CHANCE_SUFFICES) for source in SOURCES[:2])
    bar = evidence.thresholds
    judged = [one.explanation(bar) for one in others]
    if evidence.confounded is not None:
        judged.append(evidence.confounded.explanation(evidence.raw.value, bar))
    tried = {one.name for one in judged}
    return (
        *judged,
        *(
            Explanation.not_tried(s, NO_BASELINE if s == "inputs" else NO_TWIN)
            for s in SOURCES[:2]
            if s not in tried
        ),
    )


def _below(raw: Observation, evidence: Evidence) -> str:
    return (
        "A linear probe reads less than chance, which shows neither that the concept is there nor "
        f"that it is not. {against_chance(raw, evidence.chance('raw'))}. The parts of the data "
        "disagree about the direction: either rows depend on each other (copies, groups that were "
        "not named), or the class means differ little and the rest of the distributions much."
    )


def _reason(
    holds: Holds,
    evidence: Evidence,
    explanations: Sequence[Explanation],
    others: Sequence[SimplerReading],
) -> str:
    raw, chance = evidence.raw, evidence.chance("raw")
    numbers = f"{against_chance(raw, chance)}."
    if holds is Holds.NO:
        who = f"linear probe trained on up to {evidence.probe_rows:,} rows"
        start = sentence(absent(who, raw, evidence.thresholds))
        return f"{start}. {numbers}{_dependent(evidence)}"
    if holds is Holds.UNCLEAR:
        lost = undetected(evidence.thresholds, raw, chance)
        return (
            "A linear probe is not clearly better than chance, but these data cannot show that "
            f"nothing is there. {numbers} {lost}.{_dependent(evidence)}"
        )
    numbers += wider_than_the_test(raw)
    each = [_simpler_sentence(one) for one in others]
    if evidence.confounded is not None:
        each.append(_confounds_sentence(evidence.confounded, raw.value))
    return " ".join(
        [f"A linear probe reads the concept; {_origin(explanations, evidence)}.", numbers, *each]
    )


def _origin(explanations: Sequence[Explanation], evidence: Evidence) -> str:
    """State where a reading comes from, as far as it is known."""
    source = comes_from(explanations)
    passed = ["baselines"] if evidence.baselines.get("inputs") else []
    passed += ["confounds"] if evidence.confounded is not None else []
    named = " and ".join(passed)
    if source is ComesFrom.UNDECIDED:
        tried = [one for one in explanations if one.name == "inputs"]
        if tried and all(one.is_rejected for one in tried):
            return (
                f"the {named} passed do not explain it, and an untrained network was not ruled out"
            )
    return ORIGINS[source].format(named)
