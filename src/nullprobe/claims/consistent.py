"""Consistent: a probe of contrast pairs that was fitted without labels finds the concept.

CCS looks for a direction that is consistent and confident over pairs. That direction may follow the
concept, or another property that flips within pairs. It may also be no better than a random one.
Explanations: chance (labels permuted; directions drawn at random), moments (the first principal
component of the differences, which looks neither for consistency nor for confidence).
"""

from __future__ import annotations

from dataclasses import replace

from nullprobe.claims.evidence import Evidence
from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.observation import Followed, Observation, Thresholds
from nullprobe.claims.sentences import BECAME, became, number, p_text
from nullprobe.claims.simpler_reading import SimplerReading
from nullprobe.claims.verdict import Claim, Holds, no_sources
from nullprobe.stats.null_distribution import Null

NAME = "consistent"
STATEMENT = "CCS, a probe that is fitted to contrast pairs without labels, finds the concept."
FIRST = "first principal component of the differences (CRC)"


def consistent(evidence: Evidence) -> Claim:
    """Return the verdict on whether CCS finds the concept."""
    followed, bar = evidence.followed, evidence.thresholds
    assert followed is not None, "the audit leaves this claim out where there are no pairs"
    agreement, chance = followed.agreement, evidence.chance(NAME)
    first = SimplerReading.of("moments", FIRST, followed.first, agreement, bar)
    explanations = (*_tried(followed, agreement, chance, first, bar), *no_sources())
    holds, reason = _judge(followed, agreement, first, explanations, evidence)
    agreements = {name: other.value for name, (other, _) in followed.others.items()}
    return Claim(
        NAME,
        STATEMENT,
        holds,
        explanations,
        agreement.value,
        agreement.metric,
        agreement.interval,
        (chance, followed.random),
        chance.p_value(agreement.value),
        reason,
        bar.detectable(agreement, chance) if holds is Holds.UNCLEAR else None,
        {
            "labelled_probe": followed.supervised.value,
            **({"agreements": agreements} if agreements else {}),
            **evidence.details.get(NAME, {}),
        },
        beside=(first,),
    )


def _tried(
    followed: Followed, agreement: Observation, chance: Null, first: SimplerReading, bar: Thresholds
) -> tuple[Explanation, ...]:
    """Judge permuted labels, random directions and the first component as explanations."""
    by_labels = Explanation.of(agreement.value, chance, bar)
    outcome = Outcome.REJECTED if bar.stands_out(agreement, chance) else Outcome.UNDECIDED
    if _leaves_no_room(agreement, bar):
        outcome = Outcome.SUFFICIENT
    return (
        replace(by_labels, outcome=outcome),
        Explanation.of(agreement.value, followed.random, bar),
        first.explanation(bar),
        Explanation.not_tried("noise", "its draws have no pairs"),
    )


def _judge(
    probe: Followed,
    agreement: Observation,
    first: SimplerReading,
    explanations: tuple[Explanation, ...],
    evidence: Evidence,
) -> tuple[Holds, str]:
    bar, chance, random = evidence.thresholds, evidence.chance(NAME), probe.random
    by_labels, by_random, by_first = explanations[:3]
    numbers = f"CCS agrees with the concept in {number(agreement.value)} of the held-out pairs"
    followed = _followed(probe, bar)
    if followed is not None:
        share = number(probe.others[followed][0].value)
        reason = f"{numbers}, and with {followed!r} in {share}."
        return Holds.NO, f"CCS follows another label and not the concept. {reason}"
    numbers += f"; permuted labels give {number(chance.mean)} ({p_text(by_labels.judged_p)})."
    if by_labels.suffices:
        return Holds.NO, f"CCS does not find the concept. {numbers}"
    if not by_labels.is_rejected:
        least = number(bar.detectable(agreement, chance))
        reason = (
            f"{numbers} With this many pairs, a share below {least} would usually go undetected "
            "(80 % power)."
        )
        return Holds.UNCLEAR, f"Whether CCS finds the concept is unclear. {reason}"
    numbers += (
        f" Random directions agree with it in {number(random.mean)} on average, "
        f"{became(by_random, bar)}. The first principal "
        f"component of the differences agrees in {number(first.value)}, "
        f"{BECAME[by_first.outcome].replace('they', 'it').replace('do not', 'does not')}."
    )
    if by_random.suffices:
        start = "CCS finds the concept, but no better than a random direction does"
    elif by_first.suffices:
        start = "CCS finds the concept, but no better than the first principal component does"
    elif by_random.is_rejected and by_first.is_rejected:
        start = "CCS finds the concept, better than random directions and the first component do"
    else:
        start = "CCS finds the concept; whether something simpler does as well is undecided"
    others = ", ".join(repr(name) for name in probe.others)
    rivals = f"It follows none of {others} instead." if others else "No other label was passed."
    return Holds.YES, f"{start}. {numbers} {rivals}"


def _leaves_no_room(agreement: Observation, bar: Thresholds) -> bool:
    """Return whether both ends of the interval differ from chance by less than `min_effect`.

    Training labels choose the sign of the direction. If they choose the wrong sign, the agreement
    is below one half. If the upper end alone counted, a reader with a true agreement of .6 would be
    denied in a tenth of samples of 60 pairs.
    """
    interval = bar.interval(agreement)
    if interval is None:
        return False
    low, high = interval
    return max(high - agreement.chance, agreement.chance - low) < bar.min_effect


def _followed(probe: Followed, bar: Thresholds) -> str | None:
    """Return the other label that CCS follows instead of the concept, if there is one.

    CCS must agree with that label more often than with the concept. It must also agree more often
    than chance, at α over all other labels.
    """
    level = bar.alpha / max(1, len(probe.others))
    for name, (other, null) in sorted(probe.others.items(), key=lambda item: -item[1][0].value):
        more = bar.interval(other.over(probe.agreement))
        if more is not None and more[0] > 0 and null.judged_p(other.value) <= level:
            return name
    return None
