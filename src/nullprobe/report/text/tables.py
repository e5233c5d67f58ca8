"""Tables: the numbers behind each verdict and each picture, to read and to copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core.nested import is_list
from nullprobe.report.document import plain
from nullprobe.report.histograms import Bins, present
from nullprobe.report.text import rungs, wording

SIMPLER = ("moments", "inputs", "architecture", "corpus")  # explanations with their own value
QUANTILES = ("2.5 %", "median", "97.5 %")


@dataclass(frozen=True)
class Table:
    """A table of plain values.

    Attributes
    ----------
    caption : str
        What it holds.
    columns : tuple of str
        Headings.
    rows : tuple of tuples
        Plain values; the first of a row names it.
    missing : str
        Why a value may be absent.
    note : str
        What else is to be known, below the table.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    missing: str = "undefined for these data"
    note: str = ""

    @property
    def has_gaps(self) -> bool:
        """Whether a value is absent."""
        return any(value is None for row in self.rows for value in row)


def aligned(lines: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Return lines of cells as lines of text: so many columns to the left, the others right.

    Examples
    --------
    >>> aligned([("eraser", "auc"), ("leace", ".5")])
    ['eraser  auc', 'leace    .5']
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            [*map(str.ljust, line[:left], widths), *map(str.rjust, line[left:], widths[left:])]
        )
        for line in lines
    ]


def evidence(ladders: Sequence[Mapping[str, Any]]) -> Table:
    """Return each statistic of a claim with its nulls.

    Examples
    --------
    >>> auc = {"name": "AUC", "kind": "reading"}
    >>> ladder = {"observed": 0.9, "metric": auc, "interval": [0.8, 0.95]}
    >>> evidence([{**ladder, "nulls": [], "beside": []}]).rows[0]
    ('observed', 0.9, None, 0.8, 0.95, None, None)
    """
    how: list[str] = []
    rows: list[tuple[Any, ...]] = []
    for position, ladder in enumerate(ladders):
        low, high = ladder["interval"] or (None, None)
        name = f"observed: {ladder['metric']['name']}" if position else "observed"
        rows.append((name, ladder["observed"], None, low, high, None, None))
        for null in ladder["nulls"]:
            values = present(null["values"])
            ends = np.quantile(values, [0.025, 0.975]).tolist() if len(values) else (None, None)
            name = rungs.rung(null["rung"]).drawn
            p = None if null["metric"]["kind"] == "residual" else null["p_value"]
            rows.append((name, null["mean"], null["sd"], *ends, len(values), p))
            how.append(f"{wording.sentence(name)}: {null['description'].rstrip('.')}.{_ends(null)}")
        for one in ladder["beside"]:
            ends = one["interval"] or (None, None)
            rows.append((one["name"], one["value"], None, *ends, None, None))
            if one["gain"] is not None:
                more = wording.interval(one["gain"])
                of = wording.percent(one["coverage"])
                how.append(f"Observed less {one['name']}, {of} interval: {more}.")
            for key, unit in (("adds", ""), ("adds_nats", " nats")):
                if one.get(key) is not None:
                    value, *between = one[key]
                    how.append(
                        f"With {one['name']} and what is audited together, {value:.3f}{unit} "
                        f"more than with {one['name']} alone, 95 % interval "
                        f"{wording.interval(between)}."
                    )
    nulls = [null for ladder in ladders for null in ladder["nulls"]]
    unit, bare = ladders[0]["metric"]["name"], [one for one in ladders if not one["interval"]]
    return Table(
        f"{wording.sentence(unit)}, observed and under each null",
        ("", "mean", "sd", "2.5 %", "97.5 %", "draws", _p(nulls)),
        tuple(rows),
        (
            "a theorem holds for any labels, so there is nothing to test"
            if ladders[0]["metric"]["kind"] == "residual"
            else "an observation is one value, and its p is next to each null"
        )
        + (f"; {wording.no_interval(bare[0]['metric']['kind'])}" if bare else ""),
        " ".join(how),
    )


def _p(nulls: Sequence[Mapping[str, Any]]) -> str:
    """Return what the p-values of these nulls are called."""
    sides = {"one-sided" if null["one_sided"] else "two-sided" for null in nulls} or {"two-sided"}
    return "p" if len(sides) > 1 else f"{sides.pop()} p"


def _ends(null: Mapping[str, Any]) -> str:
    """Say between what ends the p-value of endless draws lies."""
    if null["p_interval"] is None or null["metric"]["kind"] == "residual":
        return ""
    return f" With endless draws, p: {wording.interval(null['p_interval'])} (99 % interval)."


def learning_curve(claim: Mapping[str, Any]) -> Table | None:
    """Return what is read by the rows that a probe was trained on, or None where it is not known.

    Examples
    --------
    >>> claim = {"learning_curve": [{"rows": 30, "value": 0.6, "interval": [0.55, 0.65]}]}
    >>> learning_curve(claim | {"metric": {"name": "AUC"}}).rows
    ((30, 0.6, 0.55, 0.65),)
    >>> learning_curve({})
    """
    points = claim.get("learning_curve")
    if not points:
        return None
    rows = ((one["rows"], one["value"], *(one["interval"] or (None, None))) for one in points)
    return Table(
        f"{claim['metric']['name']} of new rows, by the rows that a linear probe was trained on",
        ("rows", claim["metric"]["name"], "2.5 %", "97.5 %"),
        tuple(rows),
        wording.TOO_FEW,
        "If it still climbs at the end, a probe trained on more rows would read more.",
    )


def explanations(claim: Mapping[str, Any]) -> Table:
    """Return what may account for a claim's observation, and what became of each.

    Examples
    --------
    >>> tried = {"name": "chance", "outcome": "rejected", "reason": "", "p_value": 0.01}
    >>> tried |= {"adjusted_p": 0.02, "difference": [0.3, 0.4]}
    >>> claim = {"explanations": [tried], "nulls": [{"rung": "chance", "mean": 0.5}], "beside": []}
    >>> explanations(claim).rows[0]
    ('chance', 'is not enough', 0.5, 0.01, 0.02, 0.3, 0.4)
    """
    values = {null["rung"]: null["mean"] for null in claim["nulls"]}
    simpler = {rung: [one for one in claim["beside"] if one["rung"] == rung] for rung in SIMPLER}
    rows: list[tuple[Any, ...]] = []
    why: list[str] = []
    for one in claim["explanations"]:
        name, value = rungs.rung(one["name"]).name, values.get(one["name"])
        if one["outcome"] == "not_tried":
            why.append(f"{wording.sentence(name)}, not tried: {one['reason'].rstrip('.')}.")
        elif simpler.get(one["name"]):
            other = simpler[one["name"]].pop(0)  # in the order of the explanations
            name, value = f"{name}: {other['name']}", other["value"]
        ends = one["difference"] or (None, None)
        p = (one["p_value"], one["adjusted_p"])
        rows.append((name, rungs.OUTCOMES[one["outcome"]], value, *p, *ends))
    return Table(
        "What may account for it",
        ("", "outcome", "it gives", "p", "adjusted p", "difference", "to"),
        tuple(rows),
        "not tried, not drawn, or judged alone",
        " ".join(["Difference: interval of the observation less what it gives.", *why]),
    )


def details(claim: Mapping[str, Any]) -> Table | None:
    """Return the further numbers of a claim, the observation first; None if there are none."""
    if not claim["details"]:
        return None
    first = (f"observed ({claim['metric']['name']})", claim["observed"])
    rows = [first, *wording.details(claim["details"])]
    return Table("Further numbers", ("number", "value"), tuple(rows))


def histogram(ladder: Mapping[str, Any], bins: Bins) -> Table:
    """Return the histograms of the nulls of one statistic."""
    names = [rungs.rung(null["rung"]).drawn for null in ladder["nulls"]]
    return Table(
        f"Share of draws in each bin of {ladder['metric']['name']}",
        ("from", "to", *names),
        _binned(bins),
    )


def curve(removals: Mapping[str, Any]) -> Table:
    """Return what is read after each removal, with its interval and the draws."""
    columns = ("values", "intervals", "low", "middle", "high")
    each = zip(*(removals[name] for name in columns), strict=True)
    rows = tuple((str(i), value, *ends, *drawn) for i, (value, ends, *drawn) in enumerate(each))
    heads = ("removals", "observed", "2.5 %", "97.5 %", *(f"draws, {q}" for q in QUANTILES))
    return Table(f"Held-out {removals['metric']['name']} after each removal", heads, rows)


def matrix(groups: Sequence[str], values: Sequence[Sequence[Any]], caption: str) -> Table:
    """Return a matrix of groups: where fitted in rows, where scored in columns."""
    rows = tuple((name, *row) for name, row in zip(groups, values, strict=True))
    return Table(caption, ("", *groups), rows)


def scores(view: str, bins: Bins, names: Sequence[Any]) -> Table:
    """Return the histograms of the scores of each class."""
    return Table(
        f"Share of each class in each bin of the score, {wording.VIEWS.get(view, view)}",
        ("from", "to", *(str(name) for name in names)),
        _binned(bins),
    )


def _binned(bins: Bins) -> tuple[tuple[Any, ...], ...]:
    none = np.zeros(0, dtype=np.intp)
    filled = np.flatnonzero(np.sum(bins.shares, axis=0) > 0) if bins.shares else none
    columns = np.column_stack([bins.edges[:-1], bins.edges[1:], *bins.shares])
    return tuple(map(tuple, plain(columns[filled])))


def points(portrait: Mapping[str, Any], view: str = "raw") -> Table:
    """Return the coordinates of every point, before and after erasure.

    Parameters
    ----------
    portrait : mapping
        Of a document.
    view : str
        "raw" or "standardised", as the pictures show them.
    """
    views = ("raw", "erased") if view == "raw" else ("raw_standardised", "erased_standardised")
    columns = tuple(f"{axis} ({when})" for when in ("before", "after") for axis in portrait["axes"])
    rows = tuple(
        (_label(label), *(value for view in views for value in portrait[view][i]))
        for i, label in enumerate(portrait["labels"])
    )
    return Table("Coordinates of the points", ("label", *columns), rows)


def rows_scored(shown: Mapping[str, Sequence[Any]], labels: Sequence[Any]) -> Table:
    """Return held-out scores row by row, for a numeric concept."""
    names = [f"score {wording.VIEWS.get(view, view)}" for view in shown]
    rows = zip(map(_label, labels), *shown.values(), strict=True)
    return Table("Held-out scores", ("concept", *names), tuple(rows))


def provenance(document: Mapping[str, Any]) -> Table:
    """Return how the audit came about, the command aside."""
    record = {k: v for k, v in document["provenance"].items() if k != "command"}
    # Where the data came from first, and versions last.
    order = sorted(record, key=lambda key: {"source": 0, "versions": 2}.get(key, 1))
    named = {wording.PROVENANCE.get(key, key): record[key] for key in order}
    if named.get("classes", ...) is None:
        named["classes"] = "numeric"
    if "concept" in document and document["rows"] in wording.ROWS:  # of an audit, not rows of X
        named = {"rows are": wording.ROWS[document["rows"]], **named}
    return Table(
        "How to obtain the same numbers",
        ("what", "value"),
        (("schema", document["schema"]), *wording.flat(named)),
        "not recorded",
    )


def _label(label: Any) -> Any:
    return ", ".join(map(str, label)) if is_list(label) else label


def layers(documents: Sequence[Mapping[str, Any]], name: str) -> Table:
    """Return what was observed of a claim in each representation, and where its nulls lie.

    Examples
    --------
    >>> claim = {"name": "readable", "metric": {"name": "AUC"}, "observed": 0.9, "holds": "yes"}
    >>> null = {"rung": "chance", "mean": 0.5, "values": [0.5, 0.5], "metric": claim["metric"]}
    >>> claim |= {"interval": [0.8, 0.95], "nulls": [null], "beside": []}
    >>> one = {"representation": "layer 0", "title": "", "claims": [claim]}
    >>> layers([one], "readable").rows
    (('layer 0', 'Holds', 0.9, 0.8, 0.95, 0.5, 0.5, 0.5),)
    """
    claims = {
        one["representation"] or one["title"]: claim
        for one in documents
        for claim in one["claims"]
        if claim["name"] == name
    }
    drawn = list(dict.fromkeys(null["rung"] for one in claims.values() for null in _of_claim(one)))
    readers = list(
        dict.fromkeys(other["name"] for one in claims.values() for other in one["beside"])
    )
    rows: list[tuple[Any, ...]] = []
    for where, claim in claims.items():
        nulls = {null["rung"]: _spread(null) for null in _of_claim(claim)}
        read = {other["name"]: other["value"] for other in claim["beside"]}
        rows.append((
            where, wording.VERDICTS[claim["holds"]], claim["observed"],
            *(claim["interval"] or (None, None)),
            *(value for rung in drawn for value in nulls.get(rung, (None,) * 3)),
            *map(read.get, readers),
        ))  # fmt: skip
    unit = next(iter(claims.values()))["metric"]["name"]
    names = [rungs.rung(key).drawn for key in drawn]
    ends = [f"{name}{end}" for name in names for end in ("", ", 2.5 %", ", 97.5 %")]
    heads = ("", "verdict", unit, "2.5 %", "97.5 %", *ends, *readers)
    return Table(f"{wording.claim_name(name)}: {unit} by representation", heads, tuple(rows))


def _of_claim(claim: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the nulls of what the claim observes, not of another statistic."""
    return [one for one in claim["nulls"] if one["metric"]["name"] == claim["metric"]["name"]]


def _spread(null: Mapping[str, Any]) -> tuple[float | None, ...]:
    """Return the mean of draws, and the ends of their middle 95 %."""
    values = present(null["values"])
    ends = np.quantile(values, [0.025, 0.975]).tolist() if len(values) else (None, None)
    return (null["mean"], *plain(ends))
