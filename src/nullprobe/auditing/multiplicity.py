"""Several: evidence of several representations of the same rows, corrected for their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nullprobe.claims import Evidence
from nullprobe.stats.null_distribution import Null, among


def told_of_each_other(several: Sequence[Evidence]) -> list[Evidence]:
    """Return the evidence with every p-value that of the largest departure in any representation.

    Parameters
    ----------
    several : sequence of Evidence
        For the same claims, with labels permuted alike in each.
    """
    if len(several) == 1:
        return list(several)
    judged = [_judged(one) for one in several]
    told: list[dict[tuple[str, str], Null]] = [{} for _ in several]
    for place in judged[0]:
        values, nulls = zip(*(one[place] for one in judged), strict=True)
        for own, null in zip(told, among(nulls, values), strict=True):
            own[place] = null
    return [_told(one, nulls) for one, nulls in zip(several, told, strict=True)]


def _judged(one: Evidence) -> dict[tuple[str, str], tuple[float, Null]]:
    """Return each observed value with the null that it is judged by, by the place of that null."""
    found = {
        ("chance", name): (one.observed(name).value, null) for name, null in one.chance.items()
    }
    for name, null in one.moments.items():
        found["moments", name] = one.observed(name).value, null
    if one.curve is not None:
        found["curve", ""] = one.curve.largest()
    if one.carried is not None:
        found["carried", ""] = one.carried.left_across.value, one.carried.random
    if one.followed is not None:
        found["followed", ""] = one.followed.agreement.value, one.followed.random
        for name, (seen, null) in one.followed.others.items():
            found["others", name] = seen.value, null
    return found


def _told(one: Evidence, nulls: Mapping[tuple[str, str], Null]) -> Evidence:
    """Return the evidence with its nulls replaced by these."""
    curve, carried, followed = one.curve, one.carried, one.followed
    if curve is not None:
        curve = replace(curve, strongest=nulls["curve", ""].strongest)
    if carried is not None:
        carried = replace(carried, random=nulls["carried", ""])
    if followed is not None:
        others = {
            name: (seen, nulls["others", name]) for name, (seen, _) in followed.others.items()
        }
        followed = replace(followed, random=nulls["followed", ""], others=others)
    return replace(
        one,
        chance={name: nulls["chance", name] for name in one.chance},
        moments={name: nulls["moments", name] for name in one.moments},
        curve=curve,
        carried=carried,
        followed=followed,
    )
