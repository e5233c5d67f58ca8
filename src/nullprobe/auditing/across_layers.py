"""Nulls of `transfers` and `consistent`, adjusted for each other over representations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nullprobe.claims import Carried, Followed, Observation
from nullprobe.stats.null_distribution import Null, together


def carried_across(
    measured: Sequence[tuple[Carried, dict[str, Null]]],
    nulls: Sequence[dict[str, dict[str, Null]]],
) -> list[Carried]:
    """Add the nulls of `transfers`, adjusted over representations, and return the readings."""
    all_carried = [one for one, _ in measured]
    for name in ("within", "across", "gap"):
        values = [_of_carried(one, name).value for one in all_carried]
        adjusted_nulls = (
            together([chance[name] for _, chance in measured], values) if measured else []
        )
        for place, null in zip(nulls, adjusted_nulls, strict=False):
            place["chance"][name] = null
    if not all_carried:
        return []
    random = together(
        [one.random for one in all_carried], [one.left_across.value for one in all_carried]
    )
    return [replace(one, random=null) for one, null in zip(all_carried, random, strict=True)]


def _of_carried(one: Carried, name: str) -> Observation:
    return one.within.over(one.across) if name == "gap" else getattr(one, name)


def followed_across(
    measured: Sequence[tuple[Followed, Null]], nulls: Sequence[dict[str, dict[str, Null]]]
) -> list[Followed]:
    """Add the null of `consistent`, adjusted over representations, and return the agreements."""
    all_followed = [one for one, _ in measured]
    if not all_followed:
        return []
    values = [one.agreement.value for one in all_followed]
    for place, null in zip(nulls, together([null for _, null in measured], values), strict=True):
        place["chance"]["consistent"] = null
    random = together([one.random for one in all_followed], values)
    others: list[dict[str, tuple[Observation, Null]]] = [{} for _ in all_followed]
    for name in all_followed[0].others:
        pairs = [one.others[name] for one in all_followed]
        adjusted_nulls = together(
            [null for _, null in pairs], [agreement.value for agreement, _ in pairs]
        )
        for place, (agreement, _), null in zip(others, pairs, adjusted_nulls, strict=True):
            place[name] = agreement, null
    return [
        replace(one, random=null, others=each)
        for one, null, each in zip(all_followed, random, others, strict=True)
    ]
