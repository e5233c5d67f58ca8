"""Few features: a probe that may use k features reads as well as a probe of all features.

The features are chosen inside the training rows of each probe, and both probes are scored on the
same held-out rows. The claim holds if the interval of the loss excludes the smallest effect of
interest (non-inferiority), and fails if it excludes 0 otherwise. Explanations of what the few
features read: chance, where the choice is made anew for permuted labels, and moments.
"""

from __future__ import annotations

from nullprobe.claims.evidence import Evidence, by_chance
from nullprobe.claims.explanations import Explanation
from nullprobe.claims.observation import Observation
from nullprobe.claims.readable import MATCHED
from nullprobe.claims.sentences import against_chance, compared, number, undetected
from nullprobe.claims.verdict import Claim, Holds, no_sources

NAME = "few_features"
STATEMENT = "A linear probe of {features} reads as well as a linear probe of all features."
MOST_NAMED = 3  # features in the reason; the details name more


def few_features(evidence: Evidence) -> Claim:
    """Return the verdict on whether a few features read as well as all of them."""
    few, chance, bar = evidence.observed("few"), evidence.chance("few"), evidence.thresholds
    details = evidence.details.get(NAME, {})
    moments = evidence.null("moments", "few")
    explanations = (
        by_chance(few, chance, bar),
        evidence.not_tried("moments", "few")
        if moments is None
        else Explanation.of(few.value, moments, bar),
        Explanation.not_tried("noise", MATCHED),
        *no_sources(),
    )
    drawn = (chance,) if moments is None else (chance, moments)
    loss = evidence.raw.over(few)
    is_read = any(
        by_chance(evidence.observed(key), evidence.chance(key), bar).is_rejected
        for key in ("raw", "few")
    )
    holds = _holds(loss, evidence) if is_read else Holds.UNCLEAR
    features = _features(int(details.get("n_features", 1)))
    return Claim(
        NAME,
        STATEMENT.format(features=features),
        holds,
        explanations,
        few.value,
        few.metric,
        few.interval,
        drawn,
        chance.p_value(few.value),
        _reason(holds, loss, features, evidence, is_read=is_read)
        + compared(explanations[1:2], drawn, bar) * (holds is not Holds.UNCLEAR),
        None if is_read else bar.detectable(evidence.raw, evidence.chance("raw")),
        {**details, **_numbers(evidence.raw, loss)},
    )


def _holds(loss: Observation, evidence: Evidence) -> Holds:
    ends = evidence.thresholds.interval(loss)
    if ends is None:
        return Holds.UNCLEAR
    if ends[1] < evidence.thresholds.min_effect:
        return Holds.YES
    return Holds.NO if ends[0] > 0 else Holds.UNCLEAR


def _features(count: int) -> str:
    return "1 feature" if count == 1 else f"{count:,} features"


def _numbers(raw: Observation, loss: Observation) -> dict[str, float]:
    numbers = {"with_all_features": raw.value, "loss": loss.value}
    ends = loss.interval
    return numbers if ends is None else numbers | {"loss_from": ends[0], "loss_to": ends[1]}


def _reason(
    holds: Holds, loss: Observation, features: str, evidence: Evidence, *, is_read: bool
) -> str:
    raw, few, bar = evidence.raw, evidence.observed("few"), evidence.thresholds
    if not is_read:
        chance = evidence.chance("raw")
        return (
            f"The concept is not clearly readable from all features or from {features}. So there "
            f"is nothing to compare. {against_chance(raw, chance)}. {undetected(bar, raw, chance)}."
        )
    ends = loss.interval
    well = "more than" if ends is not None and ends[1] < 0 else "as well as"
    start = {
        Holds.YES: f"A probe of {features} reads {well} a probe of all features",
        Holds.NO: f"A probe of {features} reads less than a probe of all features",
        Holds.UNCLEAR: f"Whether {features} read as well as all features is undecided",
    }[holds]
    text = (
        f"{start}. {against_chance(few, evidence.chance('few'))}; a probe of all features reads "
        f"{number(raw.value)} on the same rows"
    )
    if ends is None:
        return f"{text}, and there are too few rows for an interval of the loss."
    return (
        f"{text}. The loss is {number(loss.value)}, 95 % interval {number(ends[0])} to "
        f"{number(ends[1])}; a loss below {bar.min_effect:g} is negligible.{_used(evidence)}"
    )


def _used(evidence: Evidence) -> str:
    """State which features most probes used."""
    shares = evidence.details.get(NAME, {}).get("probes_with", {})
    named = [f"{name} ({share:.0%})" for name, share in list(shares.items())[:MOST_NAMED]]
    return f" The probes most often used {', '.join(named)}." if named else ""
