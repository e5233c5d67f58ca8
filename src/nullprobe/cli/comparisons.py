"""Comparing: run a comparison, print it as a table, write its page and its JSON twin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from nullprobe.cli.subject import Bars
from nullprobe.comparing.eraser_result import Cell, Column, Comparison, Row
from nullprobe.comparing.erasers import compare
from nullprobe.data.files import Table
from nullprobe.report.pages.eraser_comparison import missing, nothing_left, way
from nullprobe.report.text import wording

WIDEST = 100  # of a line of words


@dataclass(frozen=True)
class Settings:
    """How to compare.

    Attributes
    ----------
    title : str
    erasers, probes : sequence of str or None
        Names; None for all that apply.
    seed : int
    command : str
        The command line that does it again.
    source : mapping of str to str
        Where the data came from.
    """

    title: str
    erasers: Sequence[str] | None
    probes: Sequence[str] | None
    seed: int
    command: str
    source: Mapping[str, str]


def run(found: Table, settings: Settings) -> Comparison:
    """Compare with a progress bar on stderr, and write down how to do it again."""
    with Bars(settings.title) as bars:
        result = compare(
            found.X,
            found.y,
            erasers=settings.erasers,
            probes=settings.probes,
            others=found.others,
            groups=found.groups,
            feature_names=found.feature_names,
            random_state=settings.seed,
            title=settings.title,
            progress=bars,
        )
    origin = {"command": settings.command, "source": dict(settings.source)}
    return replace(result, provenance={**origin, **result.provenance})


def show(result: Comparison, console: Console) -> None:
    """Print what every eraser leaves and costs, and why a number is missing."""
    width = min(WIDEST, console.width)
    facts = result.provenance
    size = f"{facts['rows']:,} rows, {facts['features']:,} features"
    console.print()
    console.print(Text.assemble((result.title, "bold"), "\n", (size, "dim")), width=width)
    for grid in _grids(result):
        console.print()
        console.print(grid)
    for line in _notes(result):
        console.print()
        console.print(Text(line), width=width)


def _grids(result: Comparison) -> Iterator[Grid]:
    """Yield a table of what is read back and what it costs, and one of the other labels."""
    rows = sorted(result.rows, key=lambda row: row.told)
    grid = _headed([*(column.name for column in result.probes), "damage", "rank", "sec"])
    for row in rows:
        shown = [_cell(row.read_back.get(column.name), column) for column in result.probes]
        grid.add_row(_name(row), *shown, *_costs(row))
    yield grid
    if result.others:
        beside = _headed([column.name for column in result.others])
        for row in rows:
            cells = [_cell(row.others.get(column.name), column) for column in result.others]
            beside.add_row(_name(row), *cells)
        yield beside


def _headed(heads: Sequence[str]) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    grid.add_column("eraser", overflow="fold")
    for head in heads:
        grid.add_column(Text(head), justify="right", overflow="fold")
    return grid


def _name(row: Row) -> Text:
    marks = [nothing_left(row.nothing_left), "told the labels" if row.told else ""]
    return Text.assemble(row.eraser, *((f"\n{mark}", "dim") for mark in marks if mark))


def _cell(cell: Cell | None, column: Column) -> Text:
    """Return a reading above its interval; green where that reaches down to chance."""
    if cell is None or cell.value is None:
        return Text("·")
    if cell.interval is None:
        return Text(wording.number(cell.value))
    low, high = map(_short, cell.interval)
    ends = f"{low} to {high}" if low.startswith("-") else f"{low}-{high}"
    style = "bold green" if cell.interval[0] <= column.chance else ""
    return Text.assemble((wording.number(cell.value), style), "\n", (ends, "dim"))


def _short(value: float) -> str:
    """Write two digits of a number, without the zero before the point.

    Examples
    --------
    >>> _short(0.5), _short(-0.123), _short(-0.001), _short(10.04)
    ('.50', '-.12', '.00', '10.04')
    """
    return re.sub(r"^(-?)0\.", r"\1.", f"{round(value, 2) + 0.0:.2f}")


def _costs(row: Row) -> tuple[Text, Text, Text]:
    """Return damage, directions and time of a row."""
    ratio = None if row.damage is None else row.damage.ratio
    low, high = min(row.ranks, default=0), max(row.ranks, default=0)
    ranks = ("·" if not row.ranks else f"{low:,}") + (f"-{high:,}" if high > low else "")
    what = f"\n{way(row.settings, row.told)}" if row.ranks and row.settings else ""
    return (
        Text("·" if ratio is None else f"{ratio:.2f}"),
        Text.assemble(ranks, (what, "dim")),
        Text("·" if row.seconds is None else wording.number(row.seconds)),
    )


def _is_told_more(row: Row) -> bool:
    """Return whether an eraser is set otherwise than it comes, or asked to keep something."""
    return bool(row.settings) and not row.settings.endswith("()")


def _notes(result: Comparison) -> Iterator[str]:
    """Yield how to read the table, and what is missing from it."""
    units = ", ".join(f"{c.name} {c.unit}" for c in (*result.probes, *result.others))
    yield (
        f"Read back on new data ({units}), with 95 % intervals. Chance is .5, and 0 for R². "
        "Damage: mean squared distance of new rows, as a multiple of what LEACE moves. "
        "Rank: directions that are removed, or that rows are moved in."
    )
    if any(row.told for row in result.rows):
        yield (
            "Told the labels: the eraser sees the concept of every row that it erases, also of "
            "those that are scored. It cannot be used where that is not known."
        )
    if any(any(row.nothing_left) for row in result.rows):
        yield "Nothing left: once erased, all rows are the same; all else is gone with the concept."
    told = [f"{row.eraser} {row.settings}" for row in result.rows if _is_told_more(row)]
    if told:
        yield f"As set: {'; '.join(told)}."
    for what, why in missing(result.document()):
        yield f"{what}: {why}"
