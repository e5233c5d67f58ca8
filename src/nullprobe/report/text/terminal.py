"""Terminal: results as tables of text, for ``print`` and for the command line alike.

What a user named stands in cells as text, from which rich reads no markup, and its control codes
are written out, so that a terminal does not obey them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from nullprobe.report.text import comparisons, wording
from nullprobe.report.text.claim_notes import claim_notes
from nullprobe.report.text.wording import number

WIDEST = 100  # columns of a line of words
PRINTED = 200  # columns of what is printed, wide enough that no cell of a table is folded
HOLDS = {"yes": "bold green", "no": "bold red", "unclear": "bold yellow"}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tabs and line breaks
SHORT = {
    "balanced accuracy": "bal. accuracy",
    "canonical correlation": "canon. corr.",
    "largest departure (sd)": "departure, sd",
    "share of held-out pairs": "pairs (share)",
}


def printable(value: Any) -> Any:
    r"""Return a value of a document with the control codes of its strings written out.

    Examples
    --------
    >>> printable({"title": "a\x1b[2J"})
    {'title': 'a\\x1b[2J'}
    """
    if isinstance(value, str):
        return CONTROL.sub(lambda code: repr(code[0])[1:-1], value)
    if isinstance(value, Mapping):
        return {printable(key): printable(inner) for key, inner in value.items()}
    return [printable(inner) for inner in value] if isinstance(value, list) else value


def text(*parts: RenderableType) -> str:
    r"""Return what a terminal without colours would show, without blanks at the ends of lines.

    Examples
    --------
    >>> text("a table:", grid("eraser", ["[b]leace", "0.5"], heads=["auc"]))
    'a table:\neraser    auc\n─────────────\n[b]leace  0.5'
    """
    console = Console(width=PRINTED, file=io.StringIO(), color_system=None, force_terminal=False)
    for part in parts:
        console.print(Text(printable(part)) if isinstance(part, str) else part)
    return re.sub(r" +(?=\n)", "", console.file.getvalue()).rstrip()  # type: ignore[attr-defined]


def grid(first: str, *rows: Sequence[str | Text], heads: Sequence[str], left: int = 0) -> Table:
    """Return a table whose first column, and ``left`` more, stand to the left."""
    found = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    found.add_column(Text(first), overflow="fold")
    for position, head in enumerate(heads):
        side = "left" if position < left else "right"
        found.add_column(Text(head), justify=side, overflow="fold")
    for row in rows:
        found.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return found


def side_by_side(prompt: str, before: str, after: str) -> Table:
    """Return a text before and after an edit next to each other, below what they follow."""
    found = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    found.title, found.title_justify, found.title_style = Text(printable(prompt)), "left", "bold"
    for head in ("before", "after"):
        found.add_column(head, ratio=1, overflow="fold")
    found.add_row(*(Text(printable(one)) for one in (before, after)))
    found.expand = True
    return found


def heading(title: str, size: str) -> Text:
    """Return the heading of a result: what it is of, and how large that is."""
    return Text.assemble((printable(title), "bold"), "\n", (printable(size), "dim"))


def size(provenance: Mapping[str, Any], what: str = "rows") -> str:
    """Return how many rows, features, classes and groups a result is of."""
    found = f"{provenance[what]:,} {what}, {provenance['features']:,} features"
    classes = provenance.get("classes")
    if classes:
        listed = ", ".join(f"{label} ({count:,})" for label, count in list(classes.items())[:4])
        found += f"; classes {listed}{', ...' if len(classes) > 4 else ''}"
    return found + (f"; {provenance['groups']:,} groups" if provenance.get("groups") else "")


def verdicts(claims: Sequence[Mapping[str, Any]]) -> Table:
    """Return the table of the verdicts on some claims of a document."""
    rows = []
    adjusted = any(claim["adjusted_p"] is not None for claim in claims)
    for claim in printable(claims):
        means = {null["rung"]: number(null["mean"]) for null in claim["nulls"]}
        unit = str(claim["metric"]["name"])
        unit = SHORT.get(unit) or unit
        ends = claim["interval"]
        between = "" if ends is None else f"[{number(ends[0])}, {number(ends[1])}]"
        rows.append((
            Text.assemble(wording.claim_name(claim["name"]), "\n", (unit, "dim")),
            Text(claim["holds"], HOLDS[claim["holds"]]),
            _axis("not_tried" if wording.taken(claim) is wording.NOT_TRIED else claim["takes"]),
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


def sentences(claims: Sequence[Mapping[str, Any]]) -> Table:
    """Return what each claim says, and why its verdict is what it is, in words."""
    found = Table.grid(padding=(0, 2, 0, 0))
    found.add_column(no_wrap=True)
    found.add_column(ratio=1)
    for position, claim in enumerate(printable(claims)):
        if position:
            found.add_row()
        holds = claim["holds"]
        words = Text.assemble(
            (claim["statement"], "dim"), "\n",
            (f"{holds.capitalize()}. ", HOLDS[holds]), wording.sentence(claim["reason"]),
            (f"\n{axes(claim)}", "dim"),
            *((f"\n{note}", "dim") for note in claim_notes(claim)),
        )  # fmt: skip
        found.add_row(Text(wording.claim_name(claim["name"]), "bold"), words)
    return found


def axes(claim: Mapping[str, Any]) -> str:
    """Say what an observation takes, and where it comes from.

    Examples
    --------
    >>> axes({"takes": "moments", "comes_from": "not_tried", "explanations": []})
    'Takes: means and covariances. Comes from: not tried.'
    """
    takes, source = wording.taken(claim).name, wording.source(claim["comes_from"])
    return f"Takes: {takes}. Comes from: {source}."


def left_out(reasons: Mapping[str, str]) -> list[str]:
    """Return a line for each claim that could not be judged."""
    return [
        f"{wording.claim_name(name)} was left out: {printable(why)}"
        for name, why in reasons.items()
    ]


def costs(table: Any) -> Table:
    """Return a table of words and numbers for a terminal, its caption above it."""
    found = grid(
        table.columns[0],
        *(tuple(number(value) for value in row) for row in printable_rows(table.rows)),
        heads=table.columns[1:],
    )
    found.title, found.title_justify, found.title_style = Text(table.caption), "left", "bold"
    return found


def printable_rows(rows: Sequence[Sequence[Any]]) -> Any:
    """Return rows of values with the control characters of their strings written out."""
    return printable([list(row) for row in rows])


def numbers(table: Any) -> Table:
    """Return a `tables.Table` for a terminal."""
    rows = [(name, *map(number, values)) for name, *values in table.rows]
    return grid(table.columns[0], *rows, heads=table.columns[1:])


def erasers(document: Mapping[str, Any]) -> Iterator[Table]:
    """Yield a table of what is read back and what it costs, and one of the other labels."""
    document = printable(document)
    rows = comparisons.ordered(document["rows"])
    for key in ("probes", "others"):
        columns, cells = document[key], {"probes": "read_back", "others": "others"}[key]
        if not columns:
            continue
        lines = [
            (
                _eraser(row),
                *(_reading(row[cells].get(c["name"]), c["metric"]["chance"]) for c in columns),
                *(_costs(row) if key == "probes" else ()),
            )
            for row in rows
        ]
        heads = [column["name"] for column in columns]
        heads += ["damage", "rank", "sec"] if key == "probes" else []
        yield grid("eraser", *lines, heads=heads)


def _eraser(row: Mapping[str, Any]) -> Text:
    marks = [
        comparisons.nothing_left(row["nothing_left"]),
        "told the labels" if row["told"] else "",
    ]
    return Text.assemble(row["eraser"], *((f"\n{mark}", "dim") for mark in marks if mark))


def _reading(cell: Mapping[str, Any] | None, chance: float) -> Text:
    """Return a reading above its interval; green where that reaches down to chance."""
    if cell is None or cell["value"] is None:
        return Text("·")
    if cell["interval"] is None:
        return Text(number(cell["value"]))
    low, high = map(_short, cell["interval"])
    ends = f"{low} to {high}" if round(cell["interval"][0], 2) < 0 else f"{low}-{high}"
    style = "bold green" if cell["interval"][0] <= chance else ""
    return Text.assemble((number(cell["value"]), style), "\n", (ends, "dim"))


def _short(value: float) -> str:
    """Write two digits of a number, without the zero before the point.

    Examples
    --------
    >>> _short(0.5), _short(-0.123), _short(-0.001), _short(10.04)
    ('.50', '-.12', '.00', '10.04')
    """
    return re.sub(r"^(-?)0\.", r"\1.", f"{round(value, 2) + 0.0:.2f}")


def _costs(row: Mapping[str, Any]) -> tuple[Text, Text, Text]:
    """Return damage, directions and time of a row."""
    ratio = row["damage"] and row["damage"]["ratio"]
    low, high = min(row["ranks"], default=0), max(row["ranks"], default=0)
    ranks = ("·" if not row["ranks"] else f"{low:,}") + (f"-{high:,}" if high > low else "")
    what = f"\n{comparisons.way(row)}" if row["ranks"] and row["erases"] else ""
    return (
        Text("·" if ratio is None else f"{ratio:.2f}"),
        Text.assemble(ranks, (what, "dim")),
        Text("·" if row["seconds"] is None else number(row["seconds"])),
    )


def eraser_notes(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield how to read the table of erasers, and what is missing from it."""
    document = printable(document)
    columns = [*document["probes"], *document["others"]]
    units = ", ".join(f"{column['name']} {column['metric']['name']}" for column in columns)
    yield (
        f"Read back on new data ({units}), with 95 % intervals. Chance is .5, and 0 for R². "
        "Damage: mean squared distance of new rows, as a multiple of what LEACE moves. "
        "Rank: directions that are removed, or that rows are moved in."
    )
    rows = document["rows"]
    if any(row["told"] for row in rows):
        yield (
            "Told the labels: the eraser sees the concept of every row that it erases, also of "
            "those that are scored. It cannot be used where that is not known."
        )
    if any(any(row["nothing_left"]) for row in rows):
        yield "Nothing left: once erased, all rows are the same; all else is gone with the concept."
    told = [f"{row['eraser']} {row['settings']}" for row in rows if row["configured"]]
    if told:
        yield f"As set: {'; '.join(told)}."
    for what, why in comparisons.missing(document):
        yield f"{what}: {why}"


def pairs(document: Mapping[str, Any]) -> Table:
    """Return how often each reader of pairs agrees with each label, beside random directions."""
    document = printable(document)
    labels, rows = document["labels"], []
    for row in document["rows"]:
        cells = [row["agreements"][name] for name in labels]
        rows.append((row["name"], *(_share(cell["share"], cell["interval"]) for cell in cells)))
    ends = [comparisons.percentiles(document["random"][name]) for name in labels]
    rows.append(("random", *(_share(middle, (low, high)) for low, middle, high in ends)))
    return grid("reader", *rows, heads=labels)


def _share(share: float, ends: Sequence[float]) -> Text:
    return Text.assemble(number(share), (f"\n{wording.interval(ends)}", "dim"))


def pair_note(document: Mapping[str, Any]) -> str:
    """Return how to read the table of readers of pairs."""
    few, _, most = comparisons.PERCENTILES
    n = len(document["random"][document["labels"][0]])
    return (
        "Shares of held-out pairs that are read as a label says, with 95 % intervals; chance is "
        f".5. Random: the median direction of {n:,}, and percentiles {few} and {most}."
    )
