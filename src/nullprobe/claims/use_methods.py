"""Methods of showing use: erasing, interchange, adding; each with the nulls that have power.

Problem. A null can be so strong that nothing would stand out: a random subspace that removes as
much variance as the concept may remove the concept. Its large p-value then shows nothing.

Solution. Each null states how much of the concept its draws contain. A null whose draws contain
most of the concept more often than α has no power, and is not counted. A method says "yes" only if
every null that has power is rejected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nullprobe.claims.observation import Observation, Thresholds
from nullprobe.claims.sentences import p_text
from nullprobe.claims.verdict import Holds
from nullprobe.stats.null_distribution import Null
from nullprobe.stats.sample_size import units_to_detect

SHARE = 0.05  # smallest share of the whole state's effect that is of interest
MOST_OVERLAP = 0.5  # a draw that reads more of the concept than this contains it
LOG_PROBABILITY = "change of the answer's log-probability (nats)"
ANSWER_UNIT = "shift towards the partner's answer (nats)"
ERASING, INTERCHANGE, ADDING = "erasing", "interchange", "adding"


@dataclass(frozen=True, eq=False)
class Placebo:
    """A null of a method: draws, what is compared with them, and whether they have power.

    Attributes
    ----------
    name : str
        "permuted_labels", "random_subspaces", "same_label" or "permuted_directions".
    null : Null
    compared : Observation
        The effect that is compared with the draws.
    overlap : ndarray of shape (m,) or None
        Share of the concept that each draw contains.
    """

    name: str
    null: Null
    compared: Observation
    overlap: np.ndarray | None = None

    @property
    def share_with_concept(self) -> float:
        """Share of the draws that contain more than half of the concept."""
        return 0.0 if self.overlap is None else float((self.overlap > MOST_OVERLAP).mean())

    def without_power(self, alpha: float) -> str:
        """Return why this null has no power; empty if it has."""
        if self.overlap is None:
            return ""
        share = self.share_with_concept
        if share <= alpha:
            return ""
        return (
            f"{share:.0%} of its draws contain more than half of the concept, so they would do "
            "as much even if the model used nothing else"
        )

    @property
    def p_value(self) -> float:
        """p-value for the verdict, adjusted for the sites that were judged together."""
        return self.null.judged_p(self.compared.value)

    def excess(self) -> Observation:
        """Return the effect minus the mean of the draws."""
        one, mean = self.compared, self.null.mean
        return Observation(one.value - mean, one.unit, 0.0, one.resampled - mean)


@dataclass(frozen=True, eq=False)
class Method:
    """One way of showing use: its effect, its nulls, and further measurements.

    Attributes
    ----------
    name : str
        "erasing", "interchange" or "adding".
    effect : Observation
    placebos : tuple of Placebo
    whole : Observation or None
        Effect of interchanging the whole state: the most that can be moved at this site. None for
        erasing.
    doses : tuple of (float, Observation)
        Effect of adding t times the difference of class means, for each t.
    others : mapping of str to Observation
        Effect of the same edit by subspaces of other concepts.
    same_label : Observation or None
        Effect with partners of the same label.
    direct : Observation or None
        Effect of the same edit on the head alone.
    added : Observation or None
        The effect minus ``direct``, pair by pair: what later layers add, or undo if below 0.
    later : tuple of (str, Observation)
        Output of a later layer, and the share of the partner's value that is found there.
    details : mapping
        Further measurements, as a document shows them.
    """

    name: str
    effect: Observation
    placebos: tuple[Placebo, ...]
    whole: Observation | None = None
    doses: tuple[tuple[float, Observation], ...] = ()
    others: Mapping[str, Observation] = field(default_factory=dict[str, Observation])
    same_label: Observation | None = None
    direct: Observation | None = None
    added: Observation | None = None
    later: tuple[tuple[str, Observation], ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def is_of_metric(self) -> bool:
        """Whether a metric of the user is measured, and not answers."""
        return self.effect.unit not in (ANSWER_UNIT, LOG_PROBABILITY)

    @property
    def nats(self) -> str:
        """The unit after a number, in words; empty for a metric."""
        return "" if self.is_of_metric else " nats"

    @property
    def share(self) -> float | None:
        """Effect as a share of the whole state's; None if that is not above 0."""
        if self.whole is None or self.whole.value <= 0:
            return None
        return self.effect.value / self.whole.value

    def counted(self, bar: Thresholds) -> list[Placebo]:
        """Return the nulls that have power."""
        return [one for one in self.placebos if not one.without_power(bar.alpha)]

    def is_alive(self, bar: Thresholds) -> bool:
        """Return whether the method could show an effect at this site."""
        if not self.counted(bar):
            return False
        if self.whole is None:
            return True
        interval = bar.interval(self.whole)
        return interval is not None and interval[0] > 0 and self.whole.value >= bar.min_effect

    def is_empty(self, bar: Thresholds) -> bool:
        """Return whether not even the whole state moves the answer by what is of interest."""
        most = None if self.whole is None else bar.interval(self.whole)
        return most is not None and most[1] < bar.min_effect

    def least(self, bar: Thresholds) -> float:
        """Return the smallest effect of interest: of the metric, or a share of the whole state."""
        return max(bar.min_effect, 0.0 if self.whole is None else SHARE * self.whole.value)


def judged(method: Method, bar: Thresholds) -> tuple[Holds, str]:
    """Return the verdict of one method, with one sentence of conclusion."""
    interval, least = bar.interval(method.effect), method.least(bar)
    counted = method.counted(bar)
    if method.whole is not None and not method.is_alive(bar) and counted:
        if method.is_empty(bar):
            return Holds.NO, (
                "Not even the whole state of the partner moves the answer, so nothing at these "
                "tokens is used for it."
            )
        return Holds.UNCLEAR, "Whether even the whole state moves the answer is unclear."
    if interval is None:
        return Holds.UNCLEAR, "Too few texts or groups for an interval of the effect."
    two_sided = method.name == ERASING
    if not counted:
        return Holds.UNCLEAR, "No null has power here."
    if not two_sided and interval[1] < least:
        return Holds.NO, "The effect is below the smallest effect of interest."
    if two_sided and any(_is_closer(one) and one.p_value <= bar.alpha for one in counted):
        return Holds.NO, "Removing other subspaces does more."
    if any(_is_small(one, bar, least, two_sided) for one in counted):
        return (
            Holds.NO,
            "The effect exceeds the effect of a placebo by less than what is of interest.",
        )
    if not all(_stands_out(one, bar) for one in counted):
        return Holds.UNCLEAR, "A placebo does as much, within its spread."
    if not two_sided and (interval[0] <= 0 or method.effect.value < least):
        return Holds.UNCLEAR, "The interval of the effect includes 0, or effects of no interest."
    return Holds.YES, "The effect is larger than the effect of every placebo that has power."


def _stands_out(one: Placebo, bar: Thresholds) -> bool:
    """Return whether an effect is significant, and further from 0 than the draws are on average."""
    return one.p_value <= bar.alpha and not _is_closer(one)


def _is_closer(one: Placebo) -> bool:
    """Return whether an effect lies between 0 and the mean of the draws."""
    value, mean = one.compared.value, one.null.mean
    return mean < value < 0 or 0 < value < mean


def _is_small(one: Placebo, bar: Thresholds, least: float, two_sided: bool) -> bool:
    interval = bar.interval(one.excess())
    if interval is None:
        return False
    return (max(-interval[0], interval[1]) if two_sided else interval[1]) < least


SHORT = {
    "permuted_labels": "permuted labels",
    "random_subspaces": "random subspaces",
    "same_label": "partners with the same label",
    "permuted_directions": "permuted directions",
}
NAMES = {
    "permuted_labels": "subspaces of permuted labels",
    "random_subspaces": "random subspaces of the same rank and variance",
    "same_label": "partners with the same label",
    "permuted_directions": "directions of permuted labels, as long",
}


def shift(value: float) -> str:
    """Return an effect as text with three decimals: what is smaller is not of interest."""
    return f"{value:.3f}" if abs(value) >= 5e-4 else "0.000"


def in_words(method: Method, bar: Thresholds) -> str:
    """Return the numbers of one method and of its nulls."""
    of_whole = "" if method.share is None else f", {method.share:.0%} of the whole state's"
    what = "metric" if method.is_of_metric else "answer's log-probability"
    starts = {
        ERASING: f"Erasing changes the {what} by {{}}",
        INTERCHANGE: "Interchange moves the answer by {}{} towards the partner's{}",
        ADDING: "Adding the mean difference moves it by {}{}{}",
    }
    if method.is_of_metric:
        starts[INTERCHANGE] = starts[INTERCHANGE].replace("answer", "metric")
    start = starts[method.name].format(shift(method.effect.value), method.nats, of_whole)
    parts: list[str] = []
    for one in method.placebos:
        value = method.same_label.value if one.name == "same_label" and method.same_label else None
        mean = one.null.mean if value is None else value
        text = f"{NAMES[one.name]} by {shift(mean)} ({p_text(one.p_value)}"
        parts.append(text + ("; no power)" if one.without_power(bar.alpha) else ")"))
    return f"{start}; {', '.join(parts)}."


def powerless_in_words(methods: Sequence[Method], bar: Thresholds) -> str:
    """Return which nulls were not counted, and why; empty if all have power."""
    each: list[str] = []
    for method in methods:
        nulls = [
            f"{SHORT[one.name]} ({one.share_with_concept:.0%} of draws)"
            for one in method.placebos
            if one.without_power(bar.alpha)
        ]
        if nulls:
            each.append(f"{' and '.join(nulls)} for {method.name}")
    if not each:
        return ""
    return (
        f"Not counted: {'; '.join(each)}. Too many of these draws (more than {bar.alpha:.0%}) "
        "contain more than half of the concept, so they would do as much even if the model used "
        "nothing else"
    )


def pairs_needed(units: np.ndarray, per_unit: float, least: float, alpha: float) -> int | None:
    """Return how many directed pairs detect an effect, from the spread of what is resampled.

    Parameters
    ----------
    units : ndarray of shape (n,)
        Mean effect of each pair, or of each group.
    per_unit : float
        Directed pairs in a unit.
    least : float
        The effect to detect; None is returned if it is 0.
    alpha : float
        Level of the test.
    """
    if least <= 0 or len(units) < 2:
        return None
    return int(np.ceil(per_unit * units_to_detect(least, float(units.std(ddof=1)), alpha)))
