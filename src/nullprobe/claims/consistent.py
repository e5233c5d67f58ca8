"""Consistent: a probe of contrast pairs that was fitted without labels finds the concept.

CCS looks for a direction that is consistent and confident over pairs. What it finds may be the
concept, something else that flips within pairs, or what any direction would have found.
Explanations: chance (labels permuted; directions drawn at random), moments (the first principal
component of the differences, which looks for neither).
"""

from __future__ import annotations

from dataclasses import replace

from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.observation import Beside, Followed, Observation, Thresholds
from nullprobe.claims.sentences import BECAME, number, p_text
from nullprobe.claims.verdict import Claim, Evidence, Holds, no_sources
from nullprobe.stats.null_distribution import Null

NAME = "consistent"
STATEMENT = "CCS, a probe that is fitted to contrast pairs without labels, finds the concept."
FIRST = "first principal component of the differences (CRC)"


def consistent(evidence: Evidence) -> Claim:
    """Return the verdict on what the probe follows."""
    found, bar = evidence.followed, evidence.thresholds
    assert found is not None, "the audit leaves this claim out where there are no pairs"
    own, chance = found.agreement, evidence.chance(NAME)
    first = Beside.of("moments", FIRST, found.first, own, bar)
    explanations = (*_tried(found, own, chance, first, bar), *no_sources())
    holds, reason = _judge(found, own, first, explanations, evidence)
    agreements = {name: seen.value for name, (seen, _) in found.others.items()}
    return Claim(
        NAME,
        STATEMENT,
        holds,
        explanations,
        own.value,
        own.metric,
        own.interval,
        (chance, found.random),
        chance.p_value(own.value),
        reason,
        bar.detectable(own, chance) if holds is Holds.UNCLEAR else None,
        {
            "labelled_probe": found.told.value,
            **({"agreements": agreements} if agreements else {}),
            **evidence.details.get(NAME, {}),
        },
        beside=(first,),
    )


def _tried(
    found: Followed, own: Observation, chance: Null, first: Beside, bar: Thresholds
) -> tuple[Explanation, ...]:
    """Return what became of labels that mean nothing, random directions and the first component."""
    by_labels = Explanation.of(own.value, chance, bar)
    outcome = Outcome.REJECTED if bar.stands_out(own, chance) else Outcome.UNDECIDED
    if _leaves_no_room(own, bar):
        outcome = Outcome.SUFFICIENT
    return (
        replace(by_labels, outcome=outcome),
        Explanation.of(own.value, found.random, bar),
        first.explanation(bar),
        Explanation.not_tried("noise", "its draws have no pairs"),
    )


def _judge(
    found: Followed,
    own: Observation,
    first: Beside,
    explanations: tuple[Explanation, ...],
    evidence: Evidence,
) -> tuple[Holds, str]:
    bar, chance, random = evidence.thresholds, evidence.chance(NAME), found.random
    by_labels, by_random, by_first = explanations[:3]
    numbers = f"CCS agrees with the concept in {number(own.value)} of the held-out pairs"
    followed = _followed(found, bar)
    if followed is not None:
        share = number(found.others[followed][0].value)
        reason = f"{numbers}, and with {followed!r} in {share}."
        return Holds.NO, f"CCS follows another label and not the concept. {reason}"
    numbers += f"; permuted labels give {number(chance.mean)} ({p_text(by_labels.judged_p)})."
    if by_labels.suffices:
        return Holds.NO, f"CCS does not find the concept. {numbers}"
    if not by_labels.is_rejected:
        least = number(bar.detectable(own, chance))
        reason = (
            f"{numbers} With this many pairs, a share below {least} would usually go undetected "
            "(80 % power)."
        )
        return Holds.UNCLEAR, f"Whether CCS finds the concept is unclear. {reason}"
    numbers += (
        f" Random directions agree with it in {number(random.mean)} on average, "
        f"{BECAME[by_random.outcome]} ({p_text(by_random.judged_p)}). The first principal "
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
    others = ", ".join(repr(name) for name in found.others)
    rivals = f"It follows none of {others} instead." if others else "No other label was passed."
    return Holds.YES, f"{start}. {numbers} {rivals}"


def _leaves_no_room(own: Observation, bar: Thresholds) -> bool:
    """Return whether the interval stays closer to chance, on either side, than what matters.

    Training labels settle a sign. Where they settle it wrongly, what was found is read below one
    half: of 60 pairs, a reader that is right in .6 of all would be denied in a tenth of the cases
    if the upper end alone counted.
    """
    interval = bar.interval(own)
    if interval is None:
        return False
    low, high = interval
    return max(high - own.chance, own.chance - low) < bar.min_effect


def _followed(found: Followed, bar: Thresholds) -> str | None:
    """Return the other label that is followed rather than the concept, if there is one.

    It must be agreed with more often than the concept is and than it would be by chance, at α over
    all other labels.
    """
    level = bar.alpha / max(1, len(found.others))
    for name, (seen, null) in sorted(found.others.items(), key=lambda item: -item[1][0].value):
        more = bar.interval(seen.over(found.agreement))
        if more is not None and more[0] > 0 and null.judged_p(seen.value) <= level:
            return name
    return None
