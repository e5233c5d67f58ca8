"""Verdicts: what an audit found of each claim, as a table and in sentences."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from nullprobe._core.printable import in_a_line, plain_values
from nullprobe.report.text import rungs, wording
from nullprobe.report.text.claim_notes import claim_notes
from nullprobe.report.text.terminal import grid
from nullprobe.report.text.wording import number

MOST_NAMED = 4  # results in a sentence
HOLDS = {"yes": "bold green", "no": "bold red", "unclear": "bold yellow"}
SHORT = {
    "balanced accuracy": "bal. accuracy",
    "canonical correlation": "canon. corr.",
    "largest departure (sd)": "departure, sd",
    "share of held-out pairs": "pairs (share)",
}
REORDERED = (
    "Adjusted p-values are not in the order of the raw ones: they compare departures from chance "
    "in standard deviations, whose distributions differ in shape (see docs/methods/nulls.md)."
)
_CONCLUSION = re.compile(r".*?[.?!](?=\s|$)", re.DOTALL)


def conclusion(reason: str) -> str:
    """Return the first sentence of a reason: what to conclude.

    Examples
    --------
    >>> conclusion("A probe reads nothing above .55. Held-out AUC 0.512.")
    'A probe reads nothing above .55.'
    """
    first = _CONCLUSION.match(reason)
    return first[0] if first else reason


def size(provenance: Mapping[str, Any], what: str = "rows", counts: str = "") -> str:
    """Return how many rows, features, classes and groups a result is of.

    Parameters
    ----------
    provenance : mapping
    what : str
        Key of the number of rows.
    counts : str
        Rows and features in words, if those of `provenance` are not all.
    """
    text = counts or _counts([provenance], [""], what)
    classes = provenance.get("classes")
    if classes:
        listed = ", ".join(f"{label} ({count:,})" for label, count in list(classes.items())[:4])
        text += f"; classes {listed}{', ...' if len(classes) > 4 else ''}"
    return text + (
        f"; {wording.counted(provenance['groups'], 'group')}" if provenance.get("groups") else ""
    )


def sizes(provenances: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """Return the size of one result, or of several; if they differ, the width of each by its name.

    Examples
    --------
    >>> both = [{"rows": 100, "features": d} for d in (15, 8)]
    >>> sizes(both, ["a", "b"])
    '100 rows, 15 (a) or 8 (b) features'
    >>> sizes(both * 3, "abcdef")
    '100 rows, 8 to 15 features'
    """
    return size(provenances[0], counts=_counts(provenances, names))


def _counts(
    provenances: Sequence[Mapping[str, Any]], names: Sequence[str], what: str = "rows"
) -> str:
    rows = [one[what] for one in provenances]
    widths = [one.get("features", 1) for one in provenances]  # as the schema has it
    if 1 < len(provenances) <= MOST_NAMED and len({*widths}) > 1:
        each = (f"{width:,} ({name})" for width, name in zip(widths, names, strict=True))
        return f"{span(rows, what.removesuffix('s'))}, {' or '.join(each)} features"
    return f"{span(rows, what.removesuffix('s'))}, {span(widths, 'feature')}"


def span(numbers: Sequence[int], noun: str) -> str:
    """Return a number and its noun, or the least and the most of several numbers.

    Examples
    --------
    >>> span([4, 2], "feature")
    '2 to 4 features'
    """
    least, most = min(numbers), max(numbers)
    return ("" if least == most else f"{least:,} to ") + wording.counted(most, noun)


def verdicts(claims: Sequence[Mapping[str, Any]]) -> Table:
    """Return the table of the verdicts on some claims of a document."""
    rows: list[tuple[str | Text, ...]] = []
    adjusted = any(claim["adjusted_p"] is not None for claim in claims)
    for claim in plain_values(claims):
        means = {null["rung"]: number(null["mean"]) for null in claim["nulls"]}
        unit = str(claim["metric"]["name"])
        unit = SHORT.get(unit) or unit
        ends = claim["interval"]
        between = "" if ends is None else f"[{number(ends[0])}, {number(ends[1])}]"
        rows.append((
            Text.assemble(wording.claim_name(claim["name"]), "\n", (unit, "dim")),
            Text(claim["holds"], HOLDS[claim["holds"]]),
            _axis(claim["takes"]),
            _axis(claim["comes_from"]),
            Text.assemble(number(claim["observed"]), "\n", (between, "dim")),
            means.get("chance", "·"),
            wording.p_value(claim["adjusted_p"] if adjusted else claim["p_value"]),
        ))  # fmt: skip
    p = "adj. p" if adjusted else "p"
    heads = ("holds", "takes", "comes from", "observed", "chance", p)
    return grid("claim", *rows, heads=heads, left=4)


def reordered(claims: Sequence[Mapping[str, Any]]) -> str:
    """Return a sentence if adjusted p-values are not in the order of the raw ones, else nothing.

    Examples
    --------
    >>> claims = [{"p_value": 0.01, "adjusted_p": 0.04}, {"p_value": 0.02, "adjusted_p": 0.03}]
    >>> reordered(claims) == REORDERED, reordered(claims[:1])
    (True, '')
    """
    both = [(one["p_value"], one["adjusted_p"]) for one in claims]
    pairs = itertools.permutations([pair for pair in both if None not in pair], 2)
    return REORDERED if any(p < q and a > b for (p, a), (q, b) in pairs) else ""


def _axis(value: str) -> Text:
    """Return one axis of a verdict; in bold where it says more than a simple explanation does."""
    style = {"structure": "bold", "training": "bold", "undecided": "dim", "not_tried": "dim"}
    return Text(value.replace("_", " "), style.get(value, ""))


def sentences(claims: Sequence[Mapping[str, Any]], provenance: Mapping[str, Any]) -> Table:
    """Return the statement, the verdict and the reason of each claim, in words."""
    shown = Table.grid(padding=(0, 2, 0, 0))
    shown.add_column(no_wrap=True)
    shown.add_column(ratio=1)
    for position, claim in enumerate(plain_values(claims)):
        if position:
            shown.add_row()
        holds = claim["holds"]
        words = Text.assemble(
            (claim["statement"], "dim"), "\n",
            (f"{holds.capitalize()}. ", HOLDS[holds]), wording.sentence(claim["reason"]),
            (f"\n{axes(claim)}", "dim"),
            *((f"\n{note}", "dim") for note in claim_notes(claim, provenance)),
        )  # fmt: skip
        shown.add_row(Text(wording.claim_name(claim["name"]), "bold"), words)
    return shown


def axes(claim: Mapping[str, Any]) -> str:
    """State what an observation takes, and where it comes from.

    Examples
    --------
    >>> axes({"takes": "moments", "comes_from": "not_tried", "explanations": []})
    'Takes: means and covariances. Comes from: not tried.'
    """
    takes, source = rungs.takes(claim).name, rungs.source(claim["comes_from"])
    return f"Takes: {takes}. Comes from: {source}."


def left_out(reasons: Mapping[str, str]) -> list[str]:
    """Return a line for each claim that could not be judged."""
    return [
        f"{wording.claim_name(name)} was left out: {in_a_line(why)}"
        for name, why in reasons.items()
    ]
