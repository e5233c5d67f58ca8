"""Notebook: results and maps as one small table of HTML, for `_repr_html_`.

A notebook paints its own paper, light or dark, and may run no script and load no style sheet. So
styles are inline, letters have the notebook's colour, and each rung is a bar that is as high as
the rung is, in a colour that is legible on both papers. Whatever a user named is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from nullprobe._core.printable import plain_values, printable, shortened
from nullprobe.report.text import rungs, wording
from nullprobe.report.text.comparisons import ordered
from nullprobe.report.text.wording import number

BARS = "·▁▂▄▆█"  # by the height of the rung; 0 is not on the ladder
MOST_ROWS = 100
LONGEST_NAME, LONGEST_NOTE = 40, 300
MOST_NOTES = 8
# Share of the page on light paper in a colour, for a contrast above 3 on white and on black.
LIGHT = 0.6
HOLDS = ("yes", "no", "unclear")


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text : str
    mark : str
        A letter before the text, in the colour.
    colour : str
        As CSS writes it.
    strong : bool
        Whether the text is bold.
    """

    text: str
    mark: str = ""
    colour: str = ""
    strong: bool = False


def table(
    title: str,
    about: Sequence[str],
    heads: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Cell]]],
    notes: Sequence[str | Sequence[Cell]] = (),
    *,
    dense: bool = False,
) -> str:
    """Return one table as HTML.

    Parameters
    ----------
    title : str
    about : sequence of str
        Lines below the title.
    heads : sequence of str
        Headings of all columns; none if it is empty.
    rows : sequence of (str, sequence of Cell)
        The name of each row, and its other cells.
    notes : sequence of str or of sequences of Cell
        Lines below the table.
    dense : bool
        Whether cells have no style, for tables of many cells.
    """
    # jinja2 is loaded when a notebook asks for a table: claims, maps and moments do not need it.
    from nullprobe.report.templating import rendered  # noqa: PLC0415

    more = [f"{len(rows) - MOST_ROWS:,} more rows"] if len(rows) > MOST_ROWS else []
    lines = [shortened(one, LONGEST_NOTE) if isinstance(one, str) else one for one in notes]
    if len(lines) > MOST_NOTES:
        lines = [*lines[: MOST_NOTES - 1], f"{len(lines) - MOST_NOTES + 1} more notes"]
    shown = {
        "title": shortened(title, LONGEST_NOTE),
        "about": [shortened(line, LONGEST_NOTE) for line in about if line],
        "heads": [shortened(head) for head in heads],
        "rows": [(shortened(name), cells) for name, cells in rows[:MOST_ROWS]],
        "width": 1 + max((len(cells) for _, cells in rows), default=0),
        "notes": [*more, *lines],
        "dense": dense,
    }
    return rendered("notebook.html", shown).strip()


def facts(kind: str, values: Mapping[str, Any], about: Sequence[str] = ()) -> str:
    """Return a table of names and values; values of None are left out."""
    rows = [
        (name, [Cell(shortened(number(value), LONGEST_NOTE))])
        for name, value in values.items()
        if value is not None
    ]
    return table(kind, about, (), rows)


def verdicts(
    title: str, about: Sequence[str], claims: Sequence[Any], notes: Sequence[str] = ()
) -> str:
    """Return the verdicts on some claims, a row for each.

    Parameters
    ----------
    title : str
    about : sequence of str
    claims : sequence of Claim
    notes : sequence of str
    """
    adjusted = any(claim.adjusted_p is not None for claim in claims)
    heads = ("claim", "holds", "takes", "comes from", "observed (95 % interval)")
    rows = [
        (
            wording.claim_name(claim.name),
            [
                Cell(str(claim.holds), strong=True),
                _takes(claim),
                Cell(rungs.source(claim.comes_from)),
                Cell(f"{claim.metric.name} {_within(claim.observed, claim.interval)}"),
                Cell(wording.p_value(claim.adjusted_p if adjusted else claim.p_value)),
            ],
        )
        for claim in claims
    ]
    warned = [f"{wording.claim_name(one.name)}: {text}" for one in claims for text in one.warnings]
    p = "adjusted p" if adjusted else "p"
    return table(title, about, (*heads, p), rows, [*warned, *notes])


def verdicts_of_many(
    title: str,
    about: Sequence[str],
    audits: Mapping[str, Sequence[Any]],
    notes: Sequence[str] = (),
) -> str:
    """Return the verdicts of several audits: a row for each audit, a column for each claim.

    Parameters
    ----------
    title : str
    about : sequence of str
    audits : mapping of str to sequence of Claim
    notes : sequence of str
    """
    units: dict[str, set[str]] = {}
    for claim in (claim for claims in audits.values() for claim in claims):
        units.setdefault(claim.name, set()).add(claim.metric.name)
    heads = [
        wording.claim_name(name) + (f" ({next(iter(unit))})" if len(unit) == 1 else "")
        for name, unit in units.items()
    ]
    rows: list[tuple[str, list[Cell]]] = []
    for name, claims in audits.items():
        judged = {claim.name: claim for claim in claims}
        cells = [_brief(judged[key]) if key in judged else Cell("·") for key in units]
        rows.append((name, cells))
    legend = [
        Cell(rung.name, BARS[rung.height], colours()[rung.colour]) for rung in rungs.RUNGS
    ] + [Cell("undecided, or not tried", BARS[0], colours()["other"])]
    key = "Whether the claim holds, and what was observed; the bar is what the result takes:"
    return table(title, about, ("", *heads), rows, [key, legend, *notes], dense=True)


def counts(claims: Sequence[Any]) -> str:
    """Return how many claims hold, fail and are unclear, for a repr.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> counts([SimpleNamespace(holds=holds) for holds in ("yes", "no", "yes")])
    '2 yes, 1 no'
    """
    held = [str(claim.holds) for claim in claims]
    parts = [f"{held.count(holds)} {holds}" for holds in HOLDS if holds in held]
    return ", ".join(parts) or "no claims"


def _takes(claim: Any) -> Cell:
    """Return what a claim takes, with its bar."""
    rung = _rung(claim)
    return Cell(rung.name, BARS[rung.height], colours()[rung.colour])


def _brief(claim: Any) -> Cell:
    """Return the verdict and what was observed, with the bar of what it takes."""
    rung = _rung(claim)
    text = f"{claim.holds} {number(float(claim.observed))}"
    return Cell(text, BARS[rung.height], colours()[rung.colour])


def _rung(claim: Any) -> rungs.Rung:
    tried = [{"name": one.name, "outcome": str(one.outcome)} for one in claim.explanations]
    return rungs.takes(
        {"holds": str(claim.holds), "takes": str(claim.takes), "explanations": tried}
    )


def _within(value: Any, ends: Sequence[Any] | None) -> str:
    """Write a value with its interval, if there is one."""
    if value is None:
        return "·"
    between = "" if ends is None else f" ({wording.interval([float(end) for end in ends])})"
    return f"{number(float(value))}{between}"


@cache
def colours() -> dict[str, str]:
    """Return the colour of each rung, mixed from those of the page on light and on dark paper.

    Examples
    --------
    >>> colours()["structure"]
    '#c3427e'
    """
    from nullprobe.report.templating import source  # noqa: PLC0415

    painted: dict[str, list[list[int]]] = {}
    for name, colour in re.findall(r"--rung-(\w+): #([0-9a-f]{6});", source("page.css")):
        painted.setdefault(name, []).append([int(colour[at : at + 2], 16) for at in (0, 2, 4)])
    return {name: _mixed(*both) for name, both in painted.items()}


def _mixed(light: Sequence[int], dark: Sequence[int]) -> str:
    mixed = (LIGHT * a + (1 - LIGHT) * b for a, b in zip(light, dark, strict=True))
    return "#" + "".join(f"{round(channel):02x}" for channel in mixed)


def erasers(document: Mapping[str, Any], size: str, notes: Sequence[str]) -> str:
    """Return a comparison of erasers: what is read back after each, and what each costs."""
    document = plain_values(document, printable)
    probes, others = document["probes"], document["others"]
    rows = list(_erasers(document))
    heads = [f"{one['name']} ({one['metric']['name']})" for one in (*probes, *others)]
    heads = ("eraser", *heads, "damage", "rank")
    return table(document["title"], [size], heads, rows, notes)


def _erasers(document: Mapping[str, Any]) -> Iterator[tuple[str, list[Cell]]]:
    columns = [("read_back", one["name"]) for one in document["probes"]]
    columns += [("others", one["name"]) for one in document["others"]]
    for row in ordered(document["rows"]):
        read = [row[key].get(name) or {"value": None, "interval": None} for key, name in columns]
        cells = [Cell(_within(one["value"], one["interval"])) for one in read]
        ratio = row["damage"] and row["damage"]["ratio"]
        low, high = min(row["ranks"], default=0), max(row["ranks"], default=0)
        ranks = f"{low:,}" + (f" to {high:,}" if high > low else "") if row["ranks"] else "·"
        cells += [Cell("·" if ratio is None else f"{ratio:.2f}"), Cell(ranks)]
        yield row["eraser"] + (" (uses the labels)" if row["needs_labels"] else ""), cells


def readers(document: Mapping[str, Any], size: str) -> str:
    """Return a comparison of probes of contrast pairs: how often each agrees with each label."""
    labels = document["labels"]
    rows = [
        (
            row["name"],
            [
                Cell(_within(row["agreements"][name]["share"], row["agreements"][name]["interval"]))
                for name in labels
            ],
        )
        for row in document["rows"]
    ]
    heads = ("reader", *(f"agrees with {name}" for name in labels))
    return table(document["title"], [size], heads, rows, document["findings"])
