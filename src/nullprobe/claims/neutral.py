"""Neutral texts: how far erasing moves predictions where the concept does not matter."""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe.claims.observation import Neutral, Thresholds
from nullprobe.claims.sentences import number, p_text


def neutral_in_words(one: Neutral | None, bar: Thresholds) -> str:
    """Return what changes on neutral texts in a sentence; empty if it was not measured.

    Examples
    --------
    >>> from nullprobe.claims.observation import Observation
    >>> from nullprobe.stats.null_distribution import Null
    >>> values = np.linspace(0.04, 0.06, 100)
    >>> random = Null("random_subspaces", "random subspaces", np.linspace(0.01, 0.03, 99), True)
    >>> one = Observation(0.05, "nats per token", 0.0, values)
    >>> excess = Observation(0.03, "nats per token", 0.0, values - 0.02)
    >>> print(neutral_in_words(Neutral(12, one, random, excess), Thresholds()).strip())
    On 12 neutral texts, erasing moves predictions by 0.050 nats per token (0.041 to 0.059), and
    random subspaces by 0.020 (p = 0.01).
    """
    if one is None:
        return ""
    interval, value = bar.interval(one.change), one.change.value
    ends = "" if interval is None else f" ({number(interval[0])} to {number(interval[1])})"
    return (
        f" On {one.texts} neutral texts, erasing moves predictions by {number(value)} nats per "
        f"token{ends}, and random subspaces by {number(one.random.mean)} "
        f"({p_text(one.random.p_value(value))})."
    )


def neutral_shown(one: Neutral | None, bar: Thresholds) -> dict[str, Any]:
    """Return what a document shows, by its key in `Claim.shown`; empty if it was not measured."""
    if one is None:
        return {}
    low, high = (float(np.quantile(one.random.values, q)) for q in (0.025, 0.975))
    return {
        "neutral": {
            "texts": one.texts,
            "value": one.change.value,
            "interval": bar.interval(one.change),
            "random": {"mean": one.random.mean, "low": low, "high": high},
            "p_value": one.random.p_value(one.change.value),
            "excess": {"value": one.excess.value, "interval": bar.interval(one.excess)},
        }
    }
