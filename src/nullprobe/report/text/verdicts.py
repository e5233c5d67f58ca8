"""Verdicts: what an audit found of each claim, as a table and in sentences."""

from __future__ import annotations

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

HOLDS = {"yes": "bold green", "no": "bold red", "unclear": "bold yellow"}
SHORT = {
    "balanced accuracy": "bal. accuracy",
    "canonical correlation": "canon. corr.",
    "largest departure (sd)": "departure, sd",
    "share of held-out pairs": "pairs (share)",
}
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


def size(provenance: Mapping[str, Any], what: str = "rows") -> str:
    """Return how many rows, features, classes and groups a result is of."""
    features = provenance.get("features", 1)  # as the schema has it
    counts = (provenance[what], what.removesuffix("s")), (features, "feature")
    text = ", ".join(wording.counted(*one) for one in counts)
    classes = provenance.get("classes")
    if classes:
        listed = ", ".join(f"{label} ({count:,})" for label, count in list(classes.items())[:4])
        text += f"; classes {listed}{', ...' if len(classes) > 4 else ''}"
    return text + (
        f"; {wording.counted(provenance['groups'], 'group')}" if provenance.get("groups") else ""
    )


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
