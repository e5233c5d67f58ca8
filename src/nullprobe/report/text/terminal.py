"""Terminal: parts of a result as text and tables, for ``print`` and for the command line alike.

What a user named is text in cells, from which rich reads no markup.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from nullprobe._core.printable import in_a_line, plain_values, printable
from nullprobe.report.text.wording import number

WIDEST = 100  # columns of a line of words
PRINTED = 200  # columns of what is printed, wide enough that no cell of a table is folded


def text(*parts: RenderableType, width: int = PRINTED) -> str:
    r"""Return what a terminal without colours would show, without blanks at the ends of lines.

    Examples
    --------
    >>> text("a table:", grid("eraser", ["[b]leace", "0.5"], heads=["auc"]))
    'a table:\neraser    auc\n─────────────\n[b]leace  0.5'
    """
    page = io.StringIO()
    console = Console(width=width, file=page, color_system=None, force_terminal=False)
    for part in parts:
        console.print(Text(part) if isinstance(part, str) else part)
    return printable(re.sub(r" +(?=\n)", "", page.getvalue()).rstrip())


def grid(first: str, *rows: Sequence[str | Text], heads: Sequence[str], left: int = 0) -> Table:
    """Return a table whose first column, and ``left`` more, stand to the left."""
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    shown.add_column(Text(first), overflow="fold")
    for position, head in enumerate(heads):
        side = "left" if position < left else "right"
        shown.add_column(Text(head), justify=side, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return shown


def side_by_side(prompt: str, before: str, after: str) -> Table:
    """Return a text before and after an edit next to each other, below what they follow."""
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    shown.title, shown.title_justify, shown.title_style = Text(printable(prompt)), "left", "bold"
    for head in ("before", "after"):
        shown.add_column(head, ratio=1, overflow="fold")
    shown.add_row(*(Text(printable(one)) for one in (before, after)))
    shown.expand = True
    return shown


def heading(title: str, size: str) -> Text:
    """Return the heading of a result: what it is of, and how large that is."""
    return Text.assemble((in_a_line(title), "bold"), "\n", (in_a_line(size), "dim"))


def costs(table: Any) -> Table:
    """Return a table of words and numbers for a terminal, its caption above it."""
    shown = grid(
        table.columns[0],
        *(tuple(number(value) for value in row) for row in printable_rows(table.rows)),
        heads=table.columns[1:],
    )
    shown.title, shown.title_justify, shown.title_style = Text(table.caption), "left", "bold"
    return shown


def printable_rows(rows: Sequence[Sequence[Any]]) -> Any:
    """Return rows of values with the control characters of their strings written out."""
    return plain_values([list(row) for row in rows])


def numbers(table: Any) -> Table:
    """Return a `tables.Table` for a terminal."""
    rows = [(name, *map(number, values)) for name, *values in table.rows]
    return grid(table.columns[0], *rows, heads=table.columns[1:])
