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
from nullprobe.auditing.withholding import Shortage, of_blocks
from nullprobe.claims import Claim, Holds, Outcome, Takes
from nullprobe.claims.rows_needed import WITHHELD, without_rows
from nullprobe.claims.sentences import sentence
from nullprobe.stats.dependence import LEVEL, FewBlocks, blocks, few_runs, neighbours
from nullprobe.stats.neighbours import Resemblance

INDEPENDENT = "pass independent=True only if you know that neighbouring rows have nothing in common"


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
        return _held(judge(plan), Shortage(few, is_dependent=True)), dependence
    cut = blocks(dataset.z, unit, resemblance.length)
    if isinstance(cut, FewBlocks):
        return _held(judge(plan), of_blocks(cut)), dependence
    code = np.empty(len(rows), dtype=int)
    code[rows] = cut
    try:
        judged = judge(replace(plan, unit=code, inside=plan.unit), "kept")
    except InputError as error:  # too few blocks of a class
        return _held(judge(plan), _of_classes(error)), dependence
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
    advice = _advice(plan, of_order=False)  # blocks of a declared order are the same
    if isinstance(unit, FewBlocks):
        return _held(first, of_blocks(unit, advice)), {**record, "withheld": names}
    narrow = replace(plan, unit=unit, inside=plan.unit, names=names, domains=None, pairs={})
    try:
        again = judge(narrow, "kept", again=True)
    except InputError as error:  # too few blocks of a class
        return _held(first, _of_classes(error, advice)), {**record, "withheld": names}
    judged, gone, other_takes = {}, set(), set()
    for name, one in first.items():
        other = {claim.name: claim for claim in again[name].claims}
        claims = []
        for claim in one.claims:
            new = other.get(claim.name, claim)
            if new.holds is not claim.holds:
                gone.add(claim.name)
                claim = _withheld(claim, new, resemblance.length, plan)
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


def _held(results: Mapping[str, Judged], short: Shortage) -> dict[str, Judged]:
    """Return the verdicts on each representation, withheld."""
    return {name: withheld(one, short) for name, one in results.items()}


def _of_classes(error: InputError, advice: str = "") -> Shortage:
    """Return the shortage of blocks that hold a class."""
    why = "too few blocks of neighbours hold each class"
    return Shortage(why, f"{sentence(str(error))} {advice}".strip(), is_dependent=True)


def _advice(plan: Plan, *, of_order: bool) -> str:
    """Return what may help if neighbours resemble each other.

    ``of_order`` is whether the verdict with blocks of neighbours is one: then an order that is
    declared brings it, unless the labels form too few runs.
    """
    named = plan.dataset.groups is not None
    text = "Name larger groups" if named else "Name the groups, if rows form any"
    if of_order and not named and not few_runs(plan.dataset.z):
        text += ", or declare the order"
    return f"{text}; {INDEPENDENT}."


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


def _withheld(claim: Claim, new: Claim, length: int, plan: Plan) -> Claim:
    """Return an unclear claim in place of a verdict that blocks of neighbours change."""
    unclear = new.holds is Holds.UNCLEAR  # rows needed, if a number is known, are of blocks
    advice = _advice(plan, of_order=not unclear)
    return replace(
        new if unclear else without_rows(new, WITHHELD),
        holds=Holds.UNCLEAR,
        reason=(
            "The verdict is withheld, because it changes where neighbouring rows count as groups. "
            f"Rows resemble their neighbours in the file over {length} rows. With blocks of "
            f"neighbours as groups the verdict is {new.holds.value}, not {claim.holds.value}. "
            f"{advice} With blocks: {new.reason}"
        ),
    )
