"""Page of a comparison of two sets of labels: the verdict, probes across them, and the audit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nullprobe.report.document import validated
from nullprobe.report.pages import shell
from nullprobe.report.pages.audits import render as render_audits
from nullprobe.report.same_concept_document import SameConceptDocument
from nullprobe.report.text.answer import CAME_OUT, TESTED
from nullprobe.report.text.tables import Table
from nullprobe.report.text.wording import TOO_FEW

QUESTION = "Do two sets of labels mean the same to a probe, on the rows where they differ?"


def write_html(path: str | Path, document: SameConceptDocument) -> None:
    """Write the page of a comparison of two sets of labels, whole or not at all."""
    shell.write(path, render(document))


def render(document: SameConceptDocument | Mapping[str, Any]) -> str:
    """Return the page as HTML; the same document gives the same bytes."""
    plain = validated(SameConceptDocument, document).plain()
    first, *rest = plain["findings"]
    lead = [(TESTED, QUESTION), (CAME_OUT, first), *(("Reason", sentence) for sentence in rest)]
    audit = plain["audit"] | {"portrait": None}  # nothing is erased
    return render_audits([audit], lead, [crossed_table(plain)])


def crossed_table(document: Mapping[str, Any]) -> Table:
    """Return what probes of either set of labels read of either set.

    Examples
    --------
    >>> one = {"fitted": "a", "scored": "b", "value": 0.8, "interval": [0.7, 0.9]}
    >>> crossed_table({"crossed": [one | {"metric": {"name": "AUC"}}]}).rows
    (('a', 'b', 0.8, 0.7, 0.9),)
    """
    rows = tuple(
        (one["fitted"], one["scored"], one["value"], *(one["interval"] or (None, None)))
        for one in document["crossed"]
    )
    unit = document["crossed"][0]["metric"]["name"]
    return Table(
        f"{unit} of probes across the two sets of labels, on held-out rows",
        ("fitted to", "scored on", unit, "2.5 %", "97.5 %"),
        rows,
        TOO_FEW,
    )
