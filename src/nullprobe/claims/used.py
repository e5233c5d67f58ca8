"""Used: erasing the concept inside the model changes what the model does about it.

A model need not use a concept that a probe can read. Every projection of a hidden state loses
something. So erasing counts only if random subspaces of the same rank and variance, at the same
site, change the metric less. Explanation: those subspaces.
"""

from __future__ import annotations

from dataclasses import replace

from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.neutral import neutral_in_words, neutral_shown
from nullprobe.claims.observation import Thresholds, Use
from nullprobe.claims.rows_needed import NO_NUMBER
from nullprobe.claims.sentences import MAKES, number, p_text
from nullprobe.claims.verdict import Claim, Holds, no_sources
from nullprobe.data.metric import Metric

NAME = "used"
STATEMENT = "Erasing the concept in the forward pass changes what the model does about it."


def used(use: Use, bar: Thresholds) -> Claim:
    """Return the verdict on whether a model uses the erased concept.

    Parameters
    ----------
    found : Use
    bar : Thresholds
        Its ``min_effect`` is in the units of the metric.
    """
    holds, reason = _judge(use, bar)
    change, random = use.change, use.random
    unclear = holds is Holds.UNCLEAR
    details = {"before_erasing": use.before, "random_change": random.mean}
    if use.divergence is not None:
        details |= use.divergence.details
    return Claim(
        NAME,
        STATEMENT,
        holds,
        (
            _by_random(use, bar),
            *(Explanation.not_tried(name, "the model was not run on draws") for name in MAKES),
            *no_sources(),
        ),
        change.value,
        Metric(change.unit, change.chance, "change", None),
        change.interval,
        (random,),
        random.p_value(change.value),
        reason,
        abs(bar.detectable(use.excess, random)) if unclear else None,
        details,
        neutral_shown(use.divergence, bar),
        rows_reason=NO_NUMBER[NAME] if unclear else "",
    )


def _judge(use: Use, bar: Thresholds) -> tuple[Holds, str]:
    change, random = use.change, use.random
    p = p_text(random.judged_p(change.value))
    numbers = (
        f"Erasing changes the metric by {number(change.value)} (from {number(use.before)}), "
        f"random subspaces of the same rank and variance by {number(random.mean)} ± "
        f"{number(random.sd)} ({p})."
    )
    small = _is_small(use, bar)
    if small:
        return Holds.NO, (
            "Erasing the concept changes what the model does no more than erasing random "
            f"subspaces does, up to the smallest change of interest. {numbers}"
        )
    if not bar.stands_out(change, random):
        least = number(abs(bar.detectable(use.excess, random)))
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
        f"random subspaces does. {numbers}{neutral_in_words(use.divergence, bar)}"
    )


def _is_small(use: Use, bar: Thresholds) -> bool:
    """Return whether the excess over random subspaces is below the smallest change of interest."""
    interval = bar.interval(use.excess)
    return interval is not None and max(-interval[0], interval[1]) < bar.min_effect


def _by_random(use: Use, bar: Thresholds) -> Explanation:
    """Judge random subspaces; if the excess is small, they suffice whatever the p-value."""
    judged = Explanation.of(use.change.value, use.random, bar)
    outcome = Outcome.REJECTED if bar.stands_out(use.change, use.random) else Outcome.UNDECIDED
    return replace(judged, outcome=Outcome.SUFFICIENT if _is_small(use, bar) else outcome)
