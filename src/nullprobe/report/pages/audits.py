"""Page: audits as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core.validation import complain
from nullprobe.report.audit_document import AuditDocument
from nullprobe.report.document import validated
from nullprobe.report.figures import distributions, scatter, style
from nullprobe.report.histograms import class_bins, present
from nullprobe.report.pages import shell
from nullprobe.report.pages.claim import section
from nullprobe.report.pages.overview import identified, overview
from nullprobe.report.pages.shell import anchor
from nullprobe.report.text import alt_text, rungs, tables, wording
from nullprobe.report.text.eraser_cost import eraser_tables
from nullprobe.report.text.limitations import untested

MOST_SCORED = 1200  # rows of a numeric concept that a picture of its scores shows


def write_html(
    path: str | Path,
    documents: Sequence[AuditDocument],
    lead: Sequence[str] = (),
    lead_tables: Sequence[tables.Table] = (),
) -> None:
    """Write the page of one audit or of several, whole or not at all.

    Parameters
    ----------
    path : str or path
    documents : sequence of AuditDocument
    lead : sequence of str
        Paragraphs that the page begins with.
    lead_tables : sequence of Table
        What stands after them.
    """
    shell.write(path, render(documents, lead, lead_tables))


def render(
    documents: Sequence[AuditDocument | Mapping[str, Any]],
    lead: Sequence[str] = (),
    lead_tables: Sequence[tables.Table] = (),
) -> str:
    """Return the page of one audit or of several, as HTML.

    Parameters
    ----------
    documents : sequence of AuditDocument, or mappings that hold the same
        One for each data set.
    lead : sequence of str
        Paragraphs that the page begins with.
    lead_tables : sequence of Table
        What stands after them.

    Returns
    -------
    str
        The same documents give the same bytes.

    Raises
    ------
    InputError
        If there is no document, or one does not follow its model.
    """
    if not documents:
        complain("a page needs at least one audit", "none arrived", "pass a list of documents")
    sets: list[dict[str, Any]] = []
    data: dict[str, Any] = {}
    plain = [validated(AuditDocument, document).plain() for document in documents]
    for position, document in enumerate(plain, 1):
        one, drawn = _data_set(document, position)
        sets.append(one)
        data |= drawn
    identity = identified(plain)
    shown: dict[str, Any] = {
        "sets": sets,
        "rungs": rungs.RUNGS,
        "identity": identity,
        "summary": overview(sets, identity),
    }
    shown |= {"lead": lead, "lead_tables": lead_tables}
    return shell.fill("page.html", shown, data)


def _data_set(document: Mapping[str, Any], position: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the template shows of a document, and the figures and tables that it embeds."""
    title = wording.heading(document["title"], document["representation"])
    key = f"set-{position}-{anchor(title)}".strip("-")
    data: dict[str, Any] = {}
    shown = {
        "key": key,
        "title": title,
        "claims": [section(claim, key, data) for claim in document["claims"]],
        "portrait": _portrait(document, key, data),
        "scores": _scores(document, key, data),
        "costs": eraser_tables(document),
        "untested": untested(document),
        "command": document["provenance"].get("command"),
        "provenance": tables.provenance(document),
    }
    return shown, data


def _portrait(document: Mapping[str, Any], key: str, data: dict[str, Any]) -> dict[str, Any] | None:
    """Return the scatter plots; the table of their points is filled in when it is opened."""
    shown = document["portrait"]
    if not shown:
        return None
    numeric = document["concept"] == "numeric"
    pictures = scatter.portrait(shown, numeric)
    data |= {f"{key} {name}": figure for name, figure in pictures.items()}
    table = tables.points(shown)
    data[f"{key} points"] = asdict(table)
    n_rows = document["provenance"]["rows"]
    return {
        "kinds": ["3d", "2d"] if "raw 3d before" in pictures else ["2d"],
        "axes": shown["axes"],
        "seen": {
            view: alt_text.portrait(shown, view, n_rows, numeric)
            for view in ("raw", "standardised")
        },
        "table": table,
        "legend": None if numeric else style.legend(wording.classes(shown["labels"])),
    }


def _scores(document: Mapping[str, Any], key: str, data: dict[str, Any]) -> dict[str, Any] | None:
    """Return the pictures of the held-out scores, before and after."""
    if not document["scores"]:
        return None
    labels = document["scores"]["labels"]
    views = {name: a for name, a in document["scores"].items() if name != "labels"}
    if document["concept"] == "numeric":
        return _scores_numeric(labels, views, key, data)
    names = wording.classes(labels)
    pictures: list[dict[str, Any]] = []
    for view, scores_of in views.items():
        bins = class_bins(scores_of, labels, names)
        medians = [_median(scores_of, labels, name) for name in names]
        data[f"{key} scores {view}"] = distributions.scores(bins, names, "held-out score")
        pictures.append({
            "key": f"{key} scores {view}", "when": wording.VIEWS.get(view, view),
            "seen": alt_text.scores(view, bins, names, medians),
            "table": tables.scores(view, bins, names),
        })  # fmt: skip
    legend = style.legend(names)
    return {"pictures": pictures, "legend": legend, "many": len(names) > 2, "points": None}


def _scores_numeric(
    labels: Sequence[Any], views: Mapping[str, Sequence[Any]], key: str, data: dict[str, Any]
) -> dict[str, Any]:
    chosen = np.linspace(0, len(labels) - 1, min(len(labels), MOST_SCORED)).astype(int)
    labels = [labels[i] for i in chosen]
    views = {view: [scores_of[i] for i in chosen] for view, scores_of in views.items()}
    pictures: list[dict[str, Any]] = []
    for view, scores_of in views.items():
        data[f"{key} scores {view}"] = distributions.scores_numeric(
            scores_of, labels, "held-out score"
        )
        pictures.append({
            "key": f"{key} scores {view}", "when": wording.VIEWS.get(view, view),
            "seen": alt_text.scores_numeric(view, scores_of, labels), "table": None,
        })  # fmt: skip
    table = tables.rows_scored(views, labels)
    data[f"{key} scored"] = asdict(table)
    return {"pictures": pictures, "legend": None, "many": False, "points": table}


def _median(scores_of: Sequence[Any], labels: Sequence[Any], name: Any) -> float | None:
    values = present([s for s, label in zip(scores_of, labels, strict=True) if label == name])
    return float(f"{np.median(values):.6g}") if len(values) else None
