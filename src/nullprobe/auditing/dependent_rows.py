"""Dependent rows: verdicts are checked if neighbouring rows may depend on each other.

Rows are taken as independent, except within groups and copies. If neighbours in the file resemble
each other, all claims are judged again with blocks of neighbours as groups. A verdict that does not
change is kept with a note. A verdict that changes is withheld. If blocks contradict what a verdict
takes, the result with blocks is reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nullprobe._core.validation import InputError
from nullprobe.auditing.judging import Judged, Plan, judge, withheld
from nullprobe.auditing.readings import OF_CLAIMS
from nullprobe.claims import Claim, Holds, Outcome, Takes
from nullprobe.claims.rows_needed import WITHHELD, without_rows
from nullprobe.stats.dependence import LEVEL, blocks, few_runs, neighbours
from nullprobe.stats.neighbours import Resemblance

ADVICE = (
    "Name the groups, or declare the order; pass independent=True only if you know that "
    "neighbouring rows have nothing in common"
)


def judge_dependent(plan: Plan, independent: bool) -> tuple[dict[str, Judged], dict[str, Any]]:
    """Return the verdicts on each representation, and the dependence of neighbours in the file."""
    dataset, unit = plan.dataset, plan.unit
    if plan.place is not None:
        return _in_series(plan)
    judged = judge(plan)
    if independent:
        return judged, {"independent": True}
    resemblance = neighbours(dataset, unit, plan.seed)
    if resemblance.p_value > LEVEL:
        return judged, {}
    return _among_blocks(plan, judged, resemblance)


def _in_series(plan: Plan) -> tuple[dict[str, Judged], dict[str, Any]]:
    """Return the verdicts if rows are declared to be a series, or a series in each group."""
    if plan.dataset.groups is not None:
        return judge(plan, "shifted"), {"order": "a series in each group"}
    assert plan.place is not None, "a series has an order"
    rows = np.argsort(plan.place, kind="stable")
    unit = None if plan.unit is None else plan.unit[rows]
    dataset = plan.dataset.take(rows)
    resemblance = neighbours(dataset, unit, plan.seed)
    dependence = {"order": "one series", "length": resemblance.length}
    few = few_runs(dataset.z)
    if few:
        return {name: withheld(one, few) for name, one in judge(plan).items()}, dependence
    cut = blocks(dataset.z, unit, resemblance.length)
    if isinstance(cut, str):
        return {name: withheld(one, cut) for name, one in judge(plan).items()}, dependence
    code = np.empty(len(rows), dtype=int)
    code[rows] = cut
    try:
        judged = judge(replace(plan, unit=code, inside=plan.unit), "kept")
    except InputError as error:  # too few blocks of a class
        return {name: withheld(one, str(error)) for name, one in judge(plan).items()}, dependence
    return judged, {**dependence, "blocks": len(np.unique(cut))}


def _among_blocks(
    plan: Plan, first: Mapping[str, Judged], resemblance: Resemblance
) -> tuple[dict[str, Judged], dict[str, Any]]:
    """Judge again with blocks of neighbours as groups, and withhold verdicts that change.

    The second value describes the dependence, for the provenance.
    """
    record = {
        "correlation": resemblance.correlation,
        "p_value": resemblance.p_value,
        "length": resemblance.length,
    }
    unit = blocks(plan.dataset.z, plan.unit, resemblance.length)
    names = [name for name in plan.names if name in OF_CLAIMS]
    if isinstance(unit, str):
        held = {name: withheld(one, f"{unit}. {ADVICE}") for name, one in first.items()}
        return held, {**record, "withheld": names}
    narrow = replace(plan, unit=unit, inside=plan.unit, names=names, domains=None, pairs={})
    try:
        again = judge(narrow, "kept", again=True)
    except InputError as error:  # too few blocks of a class
        held = {name: withheld(one, f"{error} {ADVICE}") for name, one in first.items()}
        return held, {**record, "withheld": names}
    judged, gone, other_takes = {}, set(), set()
    for name, one in first.items():
        other = {claim.name: claim for claim in again[name].claims}
        claims = []
        for claim in one.claims:
            new = other.get(claim.name, claim)
            if new.holds is not claim.holds:
                gone.add(claim.name)
                claim = _withheld(claim, new, resemblance.length)
            elif _contradicts(claim, new):
                other_takes.add(claim.name)
                claim = new
            claims.append(claim)
        judged[name] = replace(one, claims=tuple(claims))
    count = len(np.unique(unit))
    record["blocks"] = count
    if gone:
        record["withheld"] = sorted(gone)
    if other_takes:
        record["by_blocks"] = sorted(other_takes)
    return judged, record


def _contradicts(claim: Claim, new: Claim) -> bool:
    """Return whether blocks of neighbours contradict what a verdict takes.

    They do if an explanation is sufficient in one and rejected in the other. They also do if
    "structure" is credited without blocks only. An explanation that blocks cannot try is ignored.
    """
    if claim.takes is Takes.STRUCTURE:
        return new.takes is not Takes.STRUCTURE
    other = {one.name: one.outcome for one in new.explanations}
    against = {Outcome.SUFFICIENT, Outcome.REJECTED}
    return any({one.outcome, other.get(one.name)} == against for one in claim.explanations)


def _withheld(claim: Claim, new: Claim, length: int) -> Claim:
    """Return an unclear claim in place of a verdict that blocks of neighbours change."""
    return replace(
        without_rows(new, WITHHELD),
        holds=Holds.UNCLEAR,
        reason=(
            "The verdict is withheld, because it changes where neighbouring rows count as groups. "
            f"Rows resemble their neighbours in the file over {length} rows. With blocks of "
            f"neighbours as groups the verdict is {new.holds.value}, not {claim.holds.value}. "
            f"{ADVICE}. With blocks: {new.reason}"
        ),
    )
