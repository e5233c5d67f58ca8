"""Readable: a linear probe reads y on data it was not fitted on.

Explanations: chance (labels permuted), moments (data of the same class means and covariances),
inputs and architecture (the same pipeline on other representations of the rows). The shape of the
noise is not tried: its draws are matched to be as readable.
"""

from __future__ import annotations

from collections.abc import Sequence

from nullprobe.claims.confound_warnings import confound_warnings
from nullprobe.claims.explanations import SOURCES, ComesFrom, Explanation, Outcome, comes_from
from nullprobe.claims.observation import Beside, Confounded, Observation
from nullprobe.claims.verdict import (
    Claim,
    Evidence,
    Holds,
    absent,
    against_chance,
    by_chance,
    compared,
    number,
    p_text,
    undetected,
)

NAME = "readable"
STATEMENT = "A linear probe reads the concept on data it was not fitted on."
MATCHED = "its draws are matched to be as readable as the data"


def readable(evidence: Evidence) -> Claim:
    """Return the verdict on whether the concept can be read linearly."""
    raw, chance, bar = evidence.raw, evidence.chance("raw"), evidence.thresholds
    each = [(s, *one) for s, several in evidence.baselines.items() for one in several.items()]
    others = tuple(
        Beside.of(
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
    # Below chance is no sign of absence, and no reading either.
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
        + compared(explanations[1:2], drawn) * (holds is Holds.YES)
        + ".",
        bar.detectable(raw, chance) if holds is Holds.UNCLEAR else None,
        {**evidence.details.get(NAME, {}), **_confounds(evidence)},
        shown=_shown(evidence),
        beside=others,
        warnings=_warnings(evidence),
    )


def _warnings(evidence: Evidence) -> tuple[str, ...]:
    """Return what to know of the confounds, where there are any."""
    one = evidence.confounded
    if one is None:
        return ()
    return confound_warnings(one, one.explanation(evidence.raw.value, evidence.thresholds))


def _shown(evidence: Evidence) -> dict[str, object]:
    """Return what a picture needs: what is read by the rows that the probe was trained on."""
    points = [
        {"rows": rows, "value": one.value, "interval": one.interval} for rows, one in evidence.sizes
    ]
    return {"learning_curve": points} if points else {}


def _beside(one: Beside) -> str:
    said = f"{one.name!r} reads {number(one.value)}"
    if one.adds is not None:
        value, low, high = one.adds
        ends = f"{number(value)} [{number(low)}, {number(high)}]"
        said += f" ({number(one.value + value)} with what is audited, which adds {ends})"
    return f"{said}, and what is audited is a linear function of it" if one.contains else said


def _confounds(evidence: Evidence) -> dict[str, float]:
    """Return further numbers about the confounds, where there are any."""
    one = evidence.confounded
    if one is None:
        return {}
    found = {"covariance_p": one.covariance_p, "rows_open": one.informative}
    if one.matched_pairs is not None:
        found["matched_pairs"] = one.matched_pairs
    return found if one.odds is None else found | {"odds_may_be_off_by": one.odds}


def _given(one: Confounded, observed: float) -> str:
    """Say what labels that follow the confounds alone are read by."""
    names = ", ".join(one.names[:3]) + (", ..." if len(one.names) > 3 else "")
    return (
        f"labels drawn given {names} give {number(one.null.mean)} ± {number(one.null.sd)} "
        f"({p_text(one.null.judged_p(observed))}; covariance beyond them: "
        f"{p_text(one.covariance_p)})"
        + (
            f", which says little: these nearly say what the concept is, and leave it open in "
            f"about {one.informative:.0f} rows"
            if one.is_closed
            else ""
        )
    )


def _dependent(evidence: Evidence) -> str:
    """Say that more is there than is read, where the test of dependence found something."""
    seen, bar = evidence.association, evidence.thresholds
    if seen is None or not bar.stands_out(seen, evidence.chance("association")):
        return ""
    return (
        ". Something is there all the same (claim 'dependent'), and a probe trained on more rows "
        "may read it"
    )


def _sources(
    others: Sequence[Beside], evidence: Evidence, *, nothing_read: bool
) -> tuple[Explanation, ...]:
    """Return what became of each other representation of the rows, and of sources without one."""
    if nothing_read:
        return tuple(Explanation.not_tried(source, "nothing is read") for source in SOURCES[:2])
    bar = evidence.thresholds
    found = [one.explanation(bar) for one in others]
    if evidence.confounded is not None:
        found.append(evidence.confounded.explanation(evidence.raw.value, bar))
    there = {one.name for one in found}
    return (
        *found,
        *(Explanation.not_tried(s, "none was given") for s in SOURCES[:2] if s not in there),
    )


def _below(raw: Observation, evidence: Evidence) -> str:
    return (
        f"{against_chance(raw, evidence.chance('raw'))}: below chance, which is no sign of "
        "absence. The parts disagree about the direction: rows depend on each other (copies, "
        "groups that were not named), or the means differ by little and the rest of the "
        "distributions by much."
    )


def _reason(
    holds: Holds,
    evidence: Evidence,
    explanations: Sequence[Explanation],
    others: Sequence[Beside],
) -> str:
    raw, chance = evidence.raw, evidence.chance("raw")
    said = against_chance(raw, chance)
    if holds is Holds.NO:
        who = f"linear probe trained on up to {evidence.probe_rows:,} rows"
        return f"{absent(who, raw, evidence.thresholds)}: {said}{_dependent(evidence)}"
    if holds is Holds.UNCLEAR:
        lost = undetected(evidence.thresholds, raw, chance)
        return (
            f"Whether it is read cannot be said: {said}. With this much data, {lost}"
            f"{_dependent(evidence)}"
        )
    source = comes_from(explanations)
    if source is ComesFrom.NOT_TRIED:
        return f"It is read, and where from was not tried (no baseline was given): {said}"
    each = [_beside(one) for one in others]
    if evidence.confounded is not None:
        each.append(_given(evidence.confounded, raw.value))
    beside = ", ".join(each)
    if source is ComesFrom.TRAINING:
        start = "It is read, and neither inputs nor architecture account for it"
    elif source is ComesFrom.UNDECIDED:
        start = "It is read, and where from is undecided"
        tried = [one for one in explanations if one.name == "inputs"]
        if tried and all(one.is_rejected for one in tried):
            start = (
                "It is read, the inputs that were tried do not account for it, and whether an "
                "untrained network reads as much was not shown"
            )
    else:
        start = f"It is read, and the {source.value} account for it"
    return f"{start}: {said}; {beside}"
