"""Used: erasing the concept inside the model changes what the model does about it.

That a probe can read a concept does not say that the model does. Whatever is projected out of a
hidden state, something is lost, so that erasing counts only if random subspaces of the same rank
and variance, at the same site, change the metric less. Explanation: those subspaces.
"""

from __future__ import annotations

from dataclasses import replace

from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.observation import Thresholds, Use
from nullprobe.claims.rows_needed import NO_NUMBER
from nullprobe.claims.sentences import MAKES, number, p_text
from nullprobe.claims.verdict import Claim, Holds, no_sources
from nullprobe.data.metric import Metric

NAME = "used"
STATEMENT = "Erasing the concept in the forward pass changes what the model does about it."


def used(found: Use, bar: Thresholds) -> Claim:
    """Return the verdict on whether a model uses what was erased.

    Parameters
    ----------
    found : Use
    bar : Thresholds
        Its ``min_effect`` is in the units of the metric.
    """
    holds, reason = _judge(found, bar)
    change, random = found.change, found.random
    unclear = holds is Holds.UNCLEAR
    details = {"before_erasing": found.before, "random_change": random.mean}
    if found.divergence is not None:
        seen, null = found.divergence
        details["divergence"] = seen
        details["random_divergence"] = null.mean
    return Claim(
        NAME,
        STATEMENT,
        holds,
        (
            _by_random(found, bar),
            *(Explanation.not_tried(name, "a model takes no drawn states") for name in MAKES),
            *no_sources(),
        ),
        change.value,
        Metric(change.unit, change.chance, "change", None),
        change.interval,
        (random,),
        random.p_value(change.value),
        reason,
        abs(bar.detectable(found.excess, random)) if unclear else None,
        details,
        rows_reason=NO_NUMBER[NAME] if unclear else "",
    )


def _judge(found: Use, bar: Thresholds) -> tuple[Holds, str]:
    change, random = found.change, found.random
    p = p_text(random.judged_p(change.value))
    numbers = (
        f"Erasing changes the metric by {number(change.value)} (from {number(found.before)}), "
        f"random subspaces of the same rank and variance by {number(random.mean)} ± "
        f"{number(random.sd)} ({p})."
    )
    small = _is_small(found, bar)
    if small:
        return Holds.NO, (
            "Erasing the concept changes what the model does no more than erasing random "
            f"subspaces does, up to the smallest change of interest. {numbers}"
        )
    if not bar.stands_out(change, random):
        least = number(abs(bar.detectable(found.excess, random)))
        return Holds.UNCLEAR, (
            f"Whether the model uses the concept is unclear. {numbers} A change that differs from "
            f"theirs by less than {least} would usually go undetected (80 % power)."
        )
    if random.mean < change.value < 0 or 0 < change.value < random.mean:
        return Holds.NO, (
            "Erasing the concept changes what the model does less than erasing random subspaces "
            f"does. {numbers}"
        )
    return Holds.YES, (
        "The model uses the concept: erasing it changes what the model does more than erasing "
        f"random subspaces does. {numbers}{_harm(found)}"
    )


def _is_small(found: Use, bar: Thresholds) -> bool:
    """Return whether the change differs from that of random subspaces by less than what matters."""
    interval = bar.interval(found.excess)
    return interval is not None and max(-interval[0], interval[1]) < bar.min_effect


def _by_random(found: Use, bar: Thresholds) -> Explanation:
    """Judge random subspaces; what is small by the texts suffices, whatever its p-value."""
    of = Explanation.of(found.change.value, found.random, bar)
    outcome = Outcome.REJECTED if bar.stands_out(found.change, found.random) else Outcome.UNDECIDED
    return replace(of, outcome=Outcome.SUFFICIENT if _is_small(found, bar) else outcome)


def _harm(found: Use) -> str:
    """State what else erasing does, where that was measured."""
    if found.divergence is None:
        return ""
    seen, null = found.divergence
    p = p_text(null.p_value(seen))
    return (
        f" On neutral texts the model's predictions move by {number(seen)} nats per token, and by "
        f"{number(null.mean)} after random subspaces ({p})."
    )
