"""Neutral texts: those to use by default, and the interval of what changes there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe.claims.observation import Neutral, Observation
from nullprobe.stats.bootstrap import resampled_weights
from nullprobe.stats.null_distribution import Null
from nullprobe.usage.erasing import DRAWN, LEAST_TEXTS, N_RESAMPLES

DEFAULT, UNIT = "default", "KL on neutral texts (nats per token)"
# Everyday sentences on many subjects, in several tenses and persons.
DEFAULT_TEXTS = (
    "The weather was fine, and we walked along the shore until it grew dark.",
    "Water boils at a lower temperature on a high mountain.",
    "She wrote a long letter to her sister, who lived on the other side of the town.",
    "To bake bread you need flour, water, salt and some patience.",
    "The train was late again, so I read the newspaper twice.",
    "A triangle has three sides, and its angles add up to two right angles.",
    "Put the glasses on the upper shelf and the plates below.",
    "During the winter the lake freezes, and children skate on it after school.",
    "My neighbour repairs old clocks and sells them at the market.",
    "Most birds of this forest fly south before the first snow.",
    "The committee will meet on Thursday to discuss the new timetable.",
    "He opened the window, because the room smelled of paint.",
    "Iron rusts when it is left in damp air for a long time.",
    "They planted apple trees behind the house many years ago.",
    "Press the button for two seconds, then wait until the light turns green.",
    "The second chapter describes how the bridge was built.",
    "Our cat sleeps all day and wants to play at night.",
    "If it rains tomorrow, the match will be moved to the following week.",
    "The museum has a small collection of maps and coins.",
    "You can borrow three books at a time and return them within a month.",
    "The soup needs a little more pepper and a spoon of cream.",
    "Light from the nearest star takes more than four years to reach us.",
    "I forgot my umbrella in the office and came home wet.",
    "The old road follows the river down to the harbour.",
)


def neutral_texts(neutral: Any) -> Sequence[Any]:
    """Return the texts that are passed, or the default ones.

    Examples
    --------
    >>> len(neutral_texts("default")), neutral_texts(["One.", "Two."])
    (24, ['One.', 'Two.'])
    """
    if not isinstance(neutral, str):
        return neutral
    if neutral != DEFAULT:
        validation.complain(f"neutral must be texts or {DEFAULT!r}", f"{neutral!r} arrived")
    return DEFAULT_TEXTS


def divergence_of(moved: np.ndarray, seed: int) -> Neutral:
    """Return what changes on neutral texts, from divergences (1 + m, n), the eraser's first.

    Intervals resample texts, and need ten of them.
    """
    n = moved.shape[1]
    rng = np.random.default_rng([seed, 5])
    weights = None if n < LEAST_TEXTS else resampled_weights(None, None, n, N_RESAMPLES, rng)

    def observed(values: np.ndarray) -> Observation:
        means = np.full(N_RESAMPLES, np.nan)
        if weights is not None:
            means = weights @ values / weights.sum(axis=1)
        return Observation(float(values.mean()), UNIT, 0.0, means)

    erased, random = moved[0], moved[1:]
    null = Null("random_subspaces", DRAWN, random.mean(axis=1))
    return Neutral(n, observed(erased), null, observed(erased - random.mean(axis=0)))
