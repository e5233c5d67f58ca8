"""Own figures: what some claims have besides nulls: a curve of removals, matrices of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nullprobe.report.figures import canvas, style
from nullprobe.report.text.wording import number, rung

MOST_WRITTEN = 12  # groups up to which the numbers stand in the cells
WIDELY = 6  # groups up to which there is room for the 0 before the point
LONGEST = 18  # letters of a group's name next to its row
SHOWN = 0.1  # of the way from chance to 1 at least, or noise would look like a finding
CELL, ENDS = 34, 96  # pixels of a row, and of what is above and below all


def curve(removals: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is read after each removal, over the band of the draws.

    Parameters
    ----------
    found : mapping
        ``shown["curve"]`` of a claim of a document.
    """
    figure = canvas.empty()
    chance, last = removals["metric"]["chance"], len(removals["values"]) - 1
    band = [
        (x, low, high)
        for x, (low, high) in enumerate(zip(removals["low"], removals["high"], strict=True))
        if None not in (low, high)
    ]
    drawn = {"meta": {"ink": f"rung-{removals['rung']}"}}
    figure.add_scatter(
        x=[x for x, *_ in band] + [x for x, *_ in reversed(band)],
        y=[low for _, low, _ in band] + [high for *_, high in reversed(band)],
        mode="lines",
        fill="toself",
        line={"width": 0},
        hoverinfo="skip",
        **drawn,
    )
    figure.add_scatter(
        y=removals["middle"],
        mode="lines",
        line={"width": 2, "dash": "dash"},
        name=rung(removals["rung"]).drawn,
        hoverinfo="name+y",
        **drawn,
    )
    figure.add_scatter(
        x=[-0.4, last + 0.4],
        y=[chance, chance],
        mode="lines",
        line={"width": 1.5, "dash": "dot"},
        hoverinfo="skip",
        meta={"ink": "muted"},
    )
    figure.add_scatter(
        y=removals["values"],
        mode="lines+markers",
        marker={"symbol": "diamond", "size": 9},
        line={"width": 1.5},
        error_y=style.error(removals["values"], removals["intervals"], width=4),
        name="observed",
        hoverinfo="name+y",
        meta={"ink": "ink"},
    )
    figure.update_xaxes(
        title="removals of the best direction", zeroline=False, dtick=1, range=[-0.4, last + 0.4]
    )
    unit = style.text(f"held-out {removals['metric']['name']}")
    figure.update_yaxes(title=unit, zeroline=False, nticks=6, range=_room(removals, chance))
    return style.plain(figure)


def _room(removals: Mapping[str, Any], chance: float) -> list[float]:
    """Return the range of the readings: all that is drawn, chance, and a little above it."""
    ends = [end for pair in removals["intervals"] for end in pair]
    drawn = [*ends, *removals["values"], *removals["low"], *removals["high"]]
    finite = [float(v) for v in drawn if v is not None]
    # A prediction may be arbitrarily worse than the mean: R² below −1 says no more than −1 does.
    low = max(min([*finite, chance]), 2 * chance - 1)
    high = max([*finite, chance + SHOWN * (1 - chance)])
    room = 0.05 * (high - low)
    return [low - room, high + room]


def height(n_groups: int) -> int:
    """Return how many pixels high a matrix of so many groups should be."""
    return ENDS + CELL * max(4, min(n_groups, MOST_WRITTEN))


def matrix(
    groups: Sequence[str],
    values: Sequence[Sequence[Any]],
    metric: Mapping[str, Any],
    fitted: str,
) -> dict[str, Any]:
    """Return a matrix of readings: a row for each group of the fit, a column for each scored.

    Parameters
    ----------
    groups : sequence of G str
    values : sequence of sequences of float or None, (G, G)
    metric : mapping
        What is read: its name, and its value at chance.
    fitted : str
        What was done in the group of the row: "fitted", "erased".

    Notes
    -----
    Every matrix of one metric has the same scale, from chance to 1, so that two can be compared.
    """
    names = [style.text(name, LONGEST) for name in groups]
    places = list(range(len(groups)))
    many = len(groups) > MOST_WRITTEN
    hover = [
        [f"{fitted} in {a}, scored in {b}: {number(v)}" for b, v in zip(names, row, strict=True)]
        for a, row in zip(names, values, strict=True)
    ]
    written: dict[str, Any] = {}
    if not many:
        digits = [[cell_text(v, short=len(groups) > WIDELY) for v in row] for row in values]
        written = {"text": digits, "texttemplate": "%{text}"}
        written["textfont"] = {"size": 13 if len(groups) <= WIDELY else 11}
    figure = canvas.empty()
    figure.add_heatmap(
        x=places,
        y=places,
        z=[list(row) for row in values],
        zmin=metric["chance"],
        zmax=1.0,
        xgap=2,
        ygap=2,
        hovertext=hover,
        hoverinfo="text",
        showscale=many,
        colorbar={
            "thickness": 12,
            "outlinewidth": 0,
            "title": {"text": style.text(metric["name"])},
        },
        meta={"ink": "heat"},
        **written,
    )
    ticks: dict[str, Any] = {"tickvals": places, "ticktext": names}
    ticks |= {"showgrid": False, "zeroline": False}
    figure.update_xaxes(title="scored in", automargin=True, **ticks)
    title = {"text": f"{fitted} in", "standoff": 14}
    figure.update_yaxes(title=title, automargin=True, autorange="reversed", **ticks)
    return style.plain(figure)


def cell_text(value: float | None, *, short: bool = False) -> str:
    """Write a reading into a cell; without the 0 before the point where there is little room.

    Examples
    --------
    >>> cell_text(0.8765), cell_text(0.8765, short=True), cell_text(-0.25), cell_text(None)
    ('0.88', '.88', '−0.25', '—')
    """
    if value is None:
        return "—"
    text = f"{value:.2f}".replace("-", "−")
    return text.replace("0.", ".", 1) if short else text
