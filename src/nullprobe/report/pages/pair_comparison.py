"""Page of a comparison of pair readers: what each followed, next to random directions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from nullprobe.report.comparison_documents import PairComparisonDocument
from nullprobe.report.document import validated
from nullprobe.report.figures import roles
from nullprobe.report.figures.erasers import height
from nullprobe.report.figures.pairs import agreements
from nullprobe.report.pages import shell
from nullprobe.report.pages.picture import WHOLE, Picture, drawn, glyph
from nullprobe.report.text import titles
from nullprobe.report.text.comparisons import percentiles
from nullprobe.report.text.tables import Table, provenance

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
        "picture": _picture(document),
        "rows": document["rows"],
        "percentiles": [percentiles(document["random"][name]) for name in document["labels"]],
        "n_random": len(document["random"][document["labels"][0]]),
        "numbers": _numbers(document),
        "settings": _settings(document),
        "untested": UNTESTED,
        "command": document["provenance"].get("command"),
        "provenance": provenance(document),
    }
    return shell.fill("pair_comparison.html", shown, {})


def _picture(document: Mapping[str, Any]) -> Picture:
    """Return agreements of every reader with every label, and of random directions."""
    size = (WHOLE, height(len(document["rows"]) + 1, len(document["labels"])))
    svg, notes = drawn("agreements", size, partial(agreements, document))
    sentence = "Bars are 95 % intervals, given the fits; of random directions, the middle 90 %."
    entries = [
        glyph(one["glyph"], f"class-{one['colour']}", one["name"])
        for one in roles.legend(document["labels"])
    ]
    description = f"Agreement of each reader with each label. {' '.join(document['findings'])}"
    return Picture(
        "agreements",
        titles.AGREEMENTS,
        description,
        svg,
        [sentence, *notes],
        entries,
        _drawn(document),
    )


def _drawn(document: Mapping[str, Any]) -> Table:
    """Return what the picture shows: a line for each mark."""
    lines = [
        (row["name"], name, cell["share"], *cell["interval"])
        for row in document["rows"]
        for name, cell in row["agreements"].items()
    ]
    for name in document["labels"]:
        low, middle, high = percentiles(document["random"][name])
        lines.append(("random directions", name, middle, low, high))
    heads = ("reader", "label", "agreement", "from", "to")
    return Table("Agreement of each reader with each label", heads, tuple(lines))


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
