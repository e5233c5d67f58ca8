"""Paths of an interchange: straight to the head, through later layers, or undone by them.

Problem. An effect can be small although the concept is read, because later layers restore the
text's own value (self-repair). And a subspace can move the answer by a path that texts never take.

Solution. Three measurements next to the effect: the same change with later layers frozen, the share
of the partner's value that is found at later layers, and the effect of what later matrices read.
"""

from __future__ import annotations

from nullprobe.claims.observation import Observation, Thresholds
from nullprobe.claims.use_methods import Method, shift

SELF_REPAIR = "(self-repair)"
TOLERANCE = 0.05  # a share of the partner's value further than this below 1 is a repair


def path_in_words(interchange: Method, bar: Thresholds) -> str:
    """Return in words by which path an interchange moves the answer; empty if not measured."""
    parts = [_frozen(interchange, bar), _restored(interchange, bar)]
    read = interchange.details.get("read")
    if read is not None:
        parts.append(
            f"Without the part of the subspace that no later matrix reads, the shift is "
            f"{shift(read.value)}."
        )
    return "".join(f" {part}" for part in parts if part)


def repairs_in_words(interchange: Method, bar: Thresholds) -> list[str]:
    """Return the sentences that state a self-repair, for a warning."""
    parts = _frozen(interchange, bar), _restored(interchange, bar)
    return [part.rstrip(".") for part in parts if SELF_REPAIR in part]


def _frozen(interchange: Method, bar: Thresholds) -> str:
    """State the effect on the head alone, and what later layers do to it."""
    direct, added = interchange.direct, interchange.added
    if direct is None or added is None:
        return ""
    interval, least = bar.interval(added), interchange.least(bar)
    size = f"{shift(added.value)}{interchange.nats}{_between(added, bar)}"
    if interval is None:
        what = f"later layers add {size}"
    elif interval[1] < 0 and added.value <= -least and direct.value > 0:
        share = f"{-added.value / direct.value:.0%}"
        what = f"later layers undo {share} of this {SELF_REPAIR}: {size}"
    elif max(-interval[0], interval[1]) < least:
        what = f"later layers add less than what is of interest, {size}"
    elif interval[0] > 0:
        what = f"later layers add {size}"
    else:
        what = f"whether later layers add or undo a part is unclear, {size}"
    return (
        f"With later layers frozen, so that the head alone sees the change, the "
        f"shift is {shift(direct.value)}; {what}."
    )


def _restored(interchange: Method, bar: Thresholds) -> str:
    """State how much of the partner's value is left at the last layer that was examined."""
    if not interchange.later:
        return ""
    site, share = interchange.later[-1]
    interval = bar.interval(share)
    place = f"at {site}, {share.value:.0%}{_between(share, bar, '.0%')} of the partner's value"
    if interval is None:
        return ""
    if interval[1] < 1.0 - TOLERANCE:
        return f"Later layers restore the text's own value {SELF_REPAIR}: {place} is left."
    if interval[0] > 1.0 - TOLERANCE:
        return f"Later layers do not restore the text's own value: {place} is found."
    return f"Whether later layers restore the text's own value is unclear: {place} is found."


def _between(one: Observation, bar: Thresholds, form: str = "") -> str:
    interval = bar.interval(one)
    if interval is None:
        return ""
    low, high = (format(end, form) if form else shift(end) for end in interval)
    return f" ({low} to {high})"
