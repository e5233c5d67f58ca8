"""Page of a comparison of pair readers: what each followed, next to random directions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nullprobe.report.comparison_documents import PairComparisonDocument
from nullprobe.report.document import validated
from nullprobe.report.figures import canvas, style
from nullprobe.report.figures.comparisons import LINE, LONGEST, MARK, height, rule
from nullprobe.report.pages import shell
from nullprobe.report.text.comparisons import percentiles
from nullprobe.report.text.tables import Table, provenance
from nullprobe.report.text.wording import interval, number

RANDOM = "random directions"
UNTESTED = (
    (
        "Other things that flip",
        "A reader may follow something that no label names. That it agrees with the truth here "
        "says that the two go together in these pairs, not that truth is what it reads.",
    ),
    (
        "Other pairs",
        "Held-out pairs are of the same kind as the training pairs. Other questions, templates or "
        "layers were not tried.",
    ),
    (
        "Dependent pairs",
        "Intervals and p-values take pairs as independent: of several pairs from one question, "
        "keep one, or they are too narrow.",
    ),
)


def write_html(path: str | Path, document: PairComparisonDocument) -> None:
    """Write the page of a comparison of pair readers, whole or not at all.

    Parameters
    ----------
    path : str or path
    document : PairComparisonDocument
        What `PairComparison.document` returns.
    """
    shell.write(path, render(document))


def render(document: PairComparisonDocument | Mapping[str, Any]) -> str:
    """Return the page as HTML; the same document gives the same bytes."""
    document = validated(PairComparisonDocument, document).plain()
    shown = {
        "title": document["title"],
        "labels": document["labels"],
        "findings": document["findings"],
        "entries": style.legend(document["labels"]),
        "seen": " ".join(document["findings"]),
        "height": height(len(document["rows"]) + 1, len(document["labels"])),
        "rows": document["rows"],
        "percentiles": [percentiles(document["random"][name]) for name in document["labels"]],
        "n_random": len(document["random"][document["labels"][0]]),
        "numbers": _numbers(document),
        "settings": _settings(document),
        "untested": UNTESTED,
        "command": document["provenance"].get("command"),
        "provenance": provenance(document),
    }
    return shell.fill("pair_comparison.html", shown, {"agreements": figure(document)})


def figure(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return agreements of every reader with every label, random directions as a band."""
    drawn, rows, labels = canvas.empty(), document["rows"], document["labels"]
    names = [*(row["name"] for row in rows), RANDOM]
    for position, name in enumerate(labels):
        shift = (position - (len(labels) - 1) / 2) * MARK / (LINE + MARK * len(labels))
        cells = [row["agreements"][name] for row in rows]
        low, middle, high = percentiles(document["random"][name])
        values = [*(cell["share"] for cell in cells), middle]
        ends = [*(cell["interval"] for cell in cells), [low, high]]
        text = [
            f"{style.text(reader, LONGEST)}, {style.text(name, LONGEST)}: {number(value)} "
            f"({interval(pair)})"
            for reader, value, pair in zip(names, values, ends, strict=True)
        ]
        drawn.add_scatter(
            x=values,
            y=[y + shift for y in range(len(names))],
            mode="markers",
            name=style.text(name),
            marker={"size": 9, "symbol": style.look(position).symbol},
            error_x=style.error(values, ends),
            text=text,
            hoverinfo="text",
            meta={"ink": f"class-{style.look(position).colour}", "group": position},
        )
    rule(drawn, document["chance"], len(names), "chance", right=True)
    shares = [cell["share"] for row in rows for cell in row["agreements"].values()]
    drawn.update_xaxes(
        title="share of held-out pairs",
        range=[min(0.4, min(shares) - 0.05), 1.02],
        zeroline=False,
    )
    drawn.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[style.text(name, LONGEST) for name in names],
        range=[len(names) - 0.5, -0.5],
        zeroline=False,
        automargin=True,
    )
    return style.plain(drawn)


def _numbers(document: Mapping[str, Any]) -> Table:
    """Return every number of the comparison, to be copied."""
    lines = tuple(
        (row["name"], name, cell["share"], *cell["interval"], cell["p_value"], row["as_good"][name])
        for row in document["rows"]
        for name in document["labels"]
        for cell in [row["agreements"][name]]
    )
    return Table(
        "Agreement of each reader with each label",
        ("reader", "label", "agreement", "2.5 %", "97.5 %", "p", "random directions as good"),
        lines,
        "no p-value: this reader was fitted to labels",
    )


def _settings(document: Mapping[str, Any]) -> Table:
    named = tuple((row["name"], row["settings"]) for row in document["rows"])
    return Table("What was compared", ("reader", "as it was set"), named)
