"""Dots: one line an eraser, one mark a probe, so that a reader sees who is left to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nullprobe.report.figures import canvas, style
from nullprobe.report.text.comparisons import label
from nullprobe.report.text.wording import interval, number

LINE, MARK, ENDS = 22, 11, 70  # pixels of a line, of each mark in it, of what is above and below
LONGEST = 26  # letters of an eraser's name next to its line
SHOWN = 0.25  # of the way from chance to 1 at least, or noise would look like a finding
LEACE = 1.0  # what LEACE moves, as a multiple of itself


def height(n_rows: int, n_marks: int) -> int:
    """Return how many pixels high a figure of so many lines and marks a line should be."""
    return ENDS + n_rows * (LINE + MARK * n_marks)


def readings(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[Mapping[str, Any]], key: str
) -> dict[str, Any]:
    """Return what probes read after each eraser, with intervals and a line at chance.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of a document, from top to bottom.
    columns : sequence of mapping
        Probes or other labels, all with the same chance.
    key : str
        Where a row holds these: "read_back" or "others".
    """
    figure = canvas.empty()
    chance = columns[0]["metric"]["chance"]
    visible = [chance, chance + SHOWN * (1 - chance)]
    for position, column in enumerate(columns):
        cells = [(y, row, row[key].get(column["name"])) for y, row in enumerate(rows)]
        shown = [(y, row, cell) for y, row, cell in cells if cell and cell["value"] is not None]
        shift = (position - (len(columns) - 1) / 2) * MARK / (LINE + MARK * len(columns))
        ends = [cell["interval"] or [cell["value"]] * 2 for *_, cell in shown]
        values = [cell["value"] for *_, cell in shown]
        visible += [value for pair in ends for value in pair] + values
        figure.add_scatter(
            x=values,
            y=[y + shift for y, *_ in shown],
            mode="markers",
            name=style.text(column["name"]),
            marker={"size": 9, "symbol": style.look(position).symbol},
            error_x=style.error(values, ends),
            text=[_hover(row, column, cell) for _, row, cell in shown],
            hoverinfo="text",
            meta={"ink": f"class-{style.look(position).colour}", "group": position},
        )
    # A prediction may be arbitrarily worse than the mean: R² below −1 says no more than −1 does.
    low, high = max(min(visible), 2 * chance - 1), max(visible)
    room = 0.04 * (high - low)
    rule(figure, chance, len(rows), "chance", right=chance < (low + high) / 2)
    figure.update_xaxes(title=style.text(_units(columns)), range=[low - room, high + room])
    return _finished(figure, rows)


def damage(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how far each eraser moved rows: as a multiple of LEACE's distance where it has one."""
    relative = any(row["damage"] and row["damage"]["ratio"] is not None for row in rows)
    figure = canvas.empty()
    key = "ratio" if relative else "moved"
    shown = [(y, row) for y, row in enumerate(rows) if row["damage"]]
    values = [row["damage"][key] for _, row in shown]
    figure.add_scatter(
        x=values,
        y=[y for y, _ in shown],
        mode="markers",
        name="moved",
        marker={"size": 10, "symbol": "diamond"},
        text=[
            f"{_name(row)}: {number(value)}" for (_, row), value in zip(shown, values, strict=True)
        ],
        hoverinfo="text",
        meta={"ink": "ink"},
    )
    title = "mean squared distance, LEACE = 1" if relative else "mean squared distance"
    most = max([v for v in values if v is not None] + [LEACE if relative else 0.0]) or 1.0
    if relative:
        rule(figure, LEACE, len(rows), "LEACE", right=most > 2 * LEACE)
    figure.update_xaxes(title=title, range=[-0.04 * most, 1.08 * most])
    return _finished(figure, rows)


def rule(figure: canvas.Figure, value: float, n_rows: int, name: str, *, right: bool) -> None:
    """Draw a line from top to bottom, with its name to the right or left of it."""
    figure.add_scatter(
        x=[value, value],
        y=[-0.5, n_rows - 0.5],
        mode="lines+text",
        text=[f" {name} ", ""],
        textposition=f"bottom {'right' if right else 'left'}",
        line={"width": 1.5, "dash": "dash"},
        name=name,
        hoverinfo="skip",
        meta={"ink": "muted"},
    )
    figure.data = (figure.data[-1], *figure.data[:-1])  # below the marks


def _hover(row: Mapping[str, Any], column: Mapping[str, Any], cell: Mapping[str, Any]) -> str:
    between = f" ({interval(cell['interval'])})" if cell["interval"] else ""
    name = style.text(column["name"], LONGEST)
    return f"{_name(row)}, {name}: {number(cell['value'])}{between}"


def _name(row: Mapping[str, Any]) -> str:
    return style.text(label(row), LONGEST)


def _units(columns: Sequence[Mapping[str, Any]]) -> str:
    """Return the unit of most columns, and which have another."""
    units = [column["metric"]["name"] for column in columns]
    usual = max(units, key=units.count)
    odd = [f"{c['name']}: {c['metric']['name']}" for c in columns if c["metric"]["name"] != usual]
    return usual + (f" ({', '.join(odd)})" if odd else "")


def _finished(figure: canvas.Figure, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = [_name(row) + ("<br>uses the labels" if row["needs_labels"] else "") for row in rows]
    figure.update_xaxes(zeroline=False, nticks=6)
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=names,
        range=[len(rows) - 0.5, -0.5],
        zeroline=False,
        automargin=True,
    )
    return style.plain(figure)
