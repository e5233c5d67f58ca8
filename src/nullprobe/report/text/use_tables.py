"""Tables of use: what each method changes, its nulls, doses, pairs, and the path to the head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nullprobe.report.text.tables import Table
from nullprobe.report.text.wording import VERDICTS, sentence

METHODS = {
    "erasing": "erasing the concept",
    "interchange": "giving a text its partner's value",
    "adding": "adding the mean difference",
}
NULLS = {
    "permuted_labels": "subspaces of permuted labels",
    "random_subspaces": "random subspaces that remove as much",
    "same_label": "beyond a partner of the same label, signs flipped",
    "permuted_directions": "directions of permuted labels, as long",
}
OF_ANSWERS = ("answer (nats)", "log-probability (nats)")  # units of answers; others are metrics
DRAWS = ("mean", "low", "high")
NO_INTERVAL = "not measured by this method, or too few pairs for an interval"


def use_tables(claim: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the tables of a claim that was judged by several methods; none for other claims."""
    use = claim.get("use")
    if not use:
        return
    yield methods(use)
    yield nulls(use)
    if any(method["doses"] for method in use["methods"]):
        yield doses(use)
    path_table = path(use)
    if path_table is not None:
        yield path_table
    later_table = later(use)
    if later_table is not None:
        yield later_table
    yield pairs(use)


def unit(use: Mapping[str, Any]) -> str:
    """Return the unit of the effects of methods in words."""
    of_answers = all(one["unit"].endswith(OF_ANSWERS) for one in use["methods"])
    return "nats" if of_answers else "units of the metric"


def methods(use: Mapping[str, Any]) -> Table:
    """Return the effect and the verdict of each method.

    Examples
    --------
    >>> erasing = {"name": "erasing", "holds": "yes", "reason": "Why.", "effect": -0.8}
    >>> erasing |= {"interval": [-0.9, -0.7], "share_of_whole": None}
    >>> erasing |= {"unit": "change of the answer's log-probability (nats)"}
    >>> methods({"methods": [erasing], "verdict_from": "erasing"}).rows
    (('erasing the concept', 'Holds', -0.8, -0.9, -0.7, None),)
    """
    rows = tuple(
        (
            METHODS[one["name"]], VERDICTS[one["holds"]], one["effect"],
            *(one["interval"] or (None, None)), one["share_of_whole"],
        )
        for one in use["methods"]
    )  # fmt: skip
    decides = use["verdict_from"]
    how = [f"{sentence(METHODS[one['name']])}: {one['reason']}" for one in use["methods"]]
    last = f"The verdict is from {decides}." if decides else "No method has power here."
    return Table(
        f"What each method changes, in {unit(use)}",
        ("", "verdict", "effect", "2.5 %", "97.5 %", "share of the whole state's"),
        rows,
        NO_INTERVAL,
        " ".join([*how, last]),
    )


def nulls(use: Mapping[str, Any]) -> Table:
    """Return the nulls of each method, with their overlap with the concept."""
    rows: list[tuple[Any, ...]] = []
    why: list[str] = []
    for method in use["methods"]:
        for one in method["nulls"]:
            name = f"{method['name']}: {NULLS[one['name']]}"
            rows.append((
                name, one["compared"], one["mean"], one["low"], one["high"], one["p_value"],
                one["adjusted_p"], one["overlap"], "no" if one["no_power"] else "yes",
            ))  # fmt: skip
            if one["no_power"]:
                why.append(f"{sentence(name)}, no power: {one['no_power']}.")
    return Table(
        "Each method against its nulls",
        ("", "effect", "mean", "2.5 %", "97.5 %", "p", "adjusted p", "overlap", "has power"),
        tuple(rows),
        "judged alone, or without an overlap with the concept",
        " ".join(["Overlap: share of the concept that the draws contain on average.", *why]),
    )


def doses(use: Mapping[str, Any]) -> Table:
    """Return the effect of each dose of the mean difference."""
    rows = tuple(
        (one["dose"], one["value"], *(one["interval"] or (None, None)))
        for method in use["methods"]
        for one in method["doses"]
    )
    return Table(
        f"Shift towards the partner ({unit(use)}) by dose",
        ("times the mean difference", "shift", "2.5 %", "97.5 %"),
        rows,
        NO_INTERVAL,
    )


def path(use: Mapping[str, Any]) -> Table | None:
    """Return what an interchange does on other ways: whole, placebo, head alone; or None."""
    one = next((m for m in use["methods"] if m["name"] == "interchange"), None)
    if one is None:
        return None
    named = {
        "in this subspace": {"value": one["effect"], "interval": one["interval"]},
        "of the whole state": one["whole"],
        "with a partner of the same label": one["same_label"],
        "with later layers frozen, so that the head alone sees it": one["direct"],
        "what later layers add (undo, if below 0)": one.get("added"),
        "without the part that no later matrix reads": one["read"],
        **{f"in the subspace of {other['name']}": other for other in one["others"]},
    }
    rows = tuple(
        (name, reading["value"], *(reading["interval"] or (None, None)))
        for name, reading in named.items()
        if reading is not None
    )
    needed = one["pairs_needed"]
    note = "" if needed is None else (
        f"About {needed:,} directed pairs detect the smallest effect of interest (80 % power)."
    )  # fmt: skip
    return Table(
        f"What an interchange moves ({unit(use)})",
        ("", "shift", "2.5 %", "97.5 %"),
        rows,
        NO_INTERVAL,
        note,
    )


def later(use: Mapping[str, Any]) -> Table | None:
    """Return how much of the partner's value is left at the outputs of later layers; or None."""
    one = next((m for m in use["methods"] if m["name"] == "interchange"), None)
    if one is None or not one.get("later"):
        return None
    rows = tuple(
        (place["site"], place["value"], *(place["interval"] or (None, None)))
        for place in one["later"]
    )
    return Table(
        "What is left at later layers, as a share of the partner's value",
        ("", "share", "2.5 %", "97.5 %"),
        rows,
        NO_INTERVAL,
        "1: no later layer restores the text's own value. 0: it is restored (self-repair).",
    )


def neutral(claim: Mapping[str, Any]) -> Table | None:
    """Return what erasing changes on neutral texts, next to random subspaces; or None.

    Examples
    --------
    >>> of_random = {"mean": 0.02, "low": 0.01, "high": 0.03}
    >>> one = {"texts": 12, "value": 0.05, "interval": [0.04, 0.06], "random": of_random}
    >>> one |= {"p_value": 0.01, "excess": {"value": 0.03, "interval": None}}
    >>> neutral({"neutral": one}).rows[1]
    ('random subspaces: mean, and 95 % of the draws', 0.02, 0.01, 0.03)
    """
    one = claim.get("neutral")
    if not one:
        return None
    random, excess = one["random"], one["excess"]
    rows = (
        ("erasing the concept", one["value"], *(one["interval"] or (None, None))),
        ("random subspaces: mean, and 95 % of the draws", *(random[k] for k in DRAWS)),
        ("difference, text by text", excess["value"], *(excess["interval"] or (None, None))),
    )
    return Table(
        f"What changes on {one['texts']} neutral texts: KL of the next token (nats per token)",
        ("", "KL", "2.5 %", "97.5 %"),
        rows,
        "fewer than ten texts: no interval",
        f"p = {one['p_value']:.3g} among random subspaces. Intervals resample texts.",
    )


def pairs(use: Mapping[str, Any]) -> Table:
    """Return the first pairs."""
    shown = use["pairs"]
    rows = tuple((one["first"], one["second"]) for one in shown["examples"])
    how = "matched by their words" if shown["matched"] else "passed"
    return Table(
        f"The first of {len(shown['first']):,} directed pairs, {how}",
        ("edited", "partner"),
        rows,
        note=f"The texts of a pair differ in {shown['distance']:.3g} words on average.",
    )
