"""Consistent: a probe of contrast pairs that was fitted without labels finds the concept.

CCS looks for a direction that is consistent and confident over pairs. What it finds may be the
concept, something else that flips within pairs, or what any direction would have found. Rungs:
chance (labels permuted; directions drawn at random), moments (the first principal component of the
differences, which looks for neither).
"""

from __future__ import annotations

from nullprobe.claims.observation import Beside, Followed, Observation, Thresholds
from nullprobe.claims.verdict import Claim, Evidence, FactAbout, Holds, number, p_text

NAME = "consistent"
STATEMENT = "CCS, a probe that is fitted to contrast pairs without labels, finds the concept."
FIRST = "first principal component of the differences (CRC)"


def consistent(evidence: Evidence) -> Claim:
    """Return the verdict on what the probe follows."""
    found, bar = evidence.followed, evidence.thresholds
    assert found is not None, "the audit leaves this claim out where there are no pairs"
    own, chance = found.agreement, evidence.chance[NAME]
    first = Beside.of("moments", FIRST, found.first, own, bar)
    holds, about, reason = _judge(found, own, first, evidence)
    agreements = {name: seen.value for name, (seen, _) in found.others.items()}
    return Claim(
        NAME,
        STATEMENT,
        holds,
        about,
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


def _judge(
    found: Followed, own: Observation, first: Beside, evidence: Evidence
) -> tuple[Holds, FactAbout, str]:
    bar, chance, random = evidence.thresholds, evidence.chance[NAME], found.random
    said = f"CCS reads {number(own.value)} of held-out pairs as the labels say"
    followed = _followed(found, bar)
    if followed is not None:
        share = number(found.others[followed][0].value)
        reason = f"{said}, and {share} as {followed!r} says: it follows that."
        return Holds.NO, FactAbout.REPRESENTATION, reason
    p = p_text(chance.p_value(own.value))
    if not bar.stands_out(own, chance):
        reason = f"{said}; permuted labels are agreed with as often ({p})"
        if _leaves_no_room(own, bar):
            return Holds.NO, FactAbout.CHANCE, f"{reason}."
        least = number(bar.detectable(own, chance))
        reason += f", but {least} is the least that so many pairs would have told from chance."
        return Holds.UNCLEAR, FactAbout.CHANCE, reason
    said += f" (permuted labels: {number(chance.mean)}, {p})"
    by_random = p_text(random.p_value(own.value))
    if not bar.stands_out(own, random):
        reason = (
            f"{said}; but so do many random directions, {number(random.mean)} on average "
            f"({by_random}): looking for consistency adds nothing to that."
        )
        return Holds.YES, FactAbout.CHANCE, reason
    said += f", more than random directions do ({number(random.mean)} on average, {by_random})"
    if first.reproduces:
        reason = (
            f"{said}; but the first principal component of the differences reads "
            f"{number(first.value)}, which is not clearly less: to vary most is enough."
        )
        return Holds.YES, FactAbout.MOMENTS, reason
    reason = f"{said} and than the first principal component ({number(first.value)})"
    others = ", ".join(repr(name) for name in found.others)
    tried = f"it follows none of {others} instead" if others else "no other label was given"
    return Holds.YES, FactAbout.REPRESENTATION, f"{reason}; {tried}."


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
        if more is not None and more[0] > 0 and null.p_value(seen.value) <= level:
            return name
    return None
