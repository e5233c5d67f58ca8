"""Several: evidence of several representations of the same rows, corrected for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nullprobe.claims import Carried, Curve, Evidence, Followed
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
    chance = _nulls([one.chance for one in several], several)
    moments = _nulls([one.moments for one in several], several)
    curves = _curves([one.curve for one in several if one.curve is not None])
    carried = _carried([one.carried for one in several if one.carried is not None])
    followed = _followed([one.followed for one in several if one.followed is not None])
    found = []
    for i, one in enumerate(several):
        found.append(
            replace(
                one,
                chance=chance[i],
                moments=moments[i],
                curve=curves[i] if curves else None,
                carried=carried[i] if carried else None,
                followed=followed[i] if followed else None,
            )
        )
    return found


def _nulls(rung: Sequence, several: Sequence[Evidence]) -> list[dict[str, Null]]:
    found: list[dict[str, Null]] = [{} for _ in several]
    for name in rung[0]:
        values = [one.observed(name).value for one in several]
        for own, null in zip(found, among([nulls[name] for nulls in rung], values), strict=True):
            own[name] = null
    return found


def _curves(curves: Sequence[Curve]) -> list[Curve]:
    if not curves:
        return []
    largest = [one.largest() for one in curves]
    told = among([null for _, null in largest], [value for value, _ in largest])
    return [replace(c, strongest=null.strongest) for c, null in zip(curves, told, strict=True)]


def _carried(carried: Sequence[Carried]) -> list[Carried]:
    if not carried:
        return []
    told = among([c.random for c in carried], [c.left_across.value for c in carried])
    return [replace(c, random=null) for c, null in zip(carried, told, strict=True)]


def _followed(followed: Sequence[Followed]) -> list[Followed]:
    if not followed:
        return []
    told = among([f.random for f in followed], [f.agreement.value for f in followed])
    found = [replace(f, random=null) for f, null in zip(followed, told, strict=True)]
    for name in followed[0].others:
        each = [f.others[name] for f in found]
        nulls = among([null for _, null in each], [seen.value for seen, _ in each])
        found = [
            replace(f, others={**f.others, name: (f.others[name][0], null)})
            for f, null in zip(found, nulls, strict=True)
        ]
    return found
