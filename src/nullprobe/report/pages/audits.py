"""Page: audits as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from nullprobe._core.validation import complain
from nullprobe.report.audit_document import AuditDocument
from nullprobe.report.document import validated
from nullprobe.report.figures.layers import Reader
from nullprobe.report.pages import shell
from nullprobe.report.pages.claim import section
from nullprobe.report.pages.overview import identified, overview
from nullprobe.report.pages.picture import Picture, anchor, later
from nullprobe.report.pages.pictures import layered, opening, scored
from nullprobe.report.text import rungs, summary, tables, verdicts, wording
from nullprobe.report.text.answer import Lead, answer
from nullprobe.report.text.eraser_cost import eraser_tables
from nullprobe.report.text.limitations import untested

MOST_OPEN = 4  # data sets up to which none is folded, and rows are shown


def no_pictures(data: dict[str, Any]) -> Sequence[Picture]:
    """Return no pictures."""
    return ()


@dataclass(frozen=True)
class More:
    """What a page of several representations shows beyond their audits.

    Attributes
    ----------
    readers : mapping of str to sequence of Reader
        Simpler readers in the curve of a claim, in place of those of the claim.
    pictures : callable
        Takes the data of the page's script, and returns pictures that stand after the curves.
    """

    readers: Mapping[str, Sequence[Reader]] = field(default_factory=dict[str, Sequence[Reader]])
    pictures: Callable[[dict[str, Any]], Sequence[Picture]] = no_pictures


def write_html(
    path: str | Path,
    documents: Sequence[AuditDocument],
    lead: Lead = (),
    lead_tables: Sequence[tables.Table] = (),
    more: More | None = None,
) -> None:
    """Write the page of one audit or of several, whole or not at all.

    Parameters
    ----------
    path : str or path
    documents : sequence of AuditDocument
    lead : sequence of (str, str)
        What the page says first: what was tested, what came out, what it is a fact about. By
        default it is computed.
    lead_tables : sequence of Table
        What stands after it.
    more : More, optional
        Further readers and pictures of several representations.
    """
    shell.write(path, render(documents, lead, lead_tables, more))


def render(
    documents: Sequence[AuditDocument | Mapping[str, Any]],
    lead: Lead = (),
    lead_tables: Sequence[tables.Table] = (),
    more: More | None = None,
) -> str:
    """Return the page of one audit or of several, as HTML.

    Parameters
    ----------
    documents : sequence of AuditDocument, or mappings that hold the same
        One for each data set.
    lead : sequence of (str, str)
        What the page says first.
    lead_tables : sequence of Table
        What stands after it.
    more : More, optional
        Further readers and pictures of several representations.

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
    plain = [validated(AuditDocument, document).plain() for document in documents]
    identity = identified(plain)
    data: dict[str, Any] = {}
    folded = len(plain) > MOST_OPEN
    sets = [
        _data_set(document, position, data, rows=not folded)
        for position, document in enumerate(plain, 1)
    ]
    ends = [(one["untested"], one["command"], one["provenance"]) for one in sets]
    for one, end in zip(sets, ends, strict=True):
        first = sets[ends.index(end)]
        one["ends_as"] = first if folded and first is not one else None
    together = identity.what == "representation"
    more = more or More()
    curves = layered(plain, data, more.readers) if together else ()
    shown: dict[str, Any] = {
        "sets": sets,
        "rungs": rungs.RUNGS,
        "off_ladder": rungs.UNDECIDED,
        "identity": identity,
        "summary": overview(sets, identity),
        "layers": [*curves, *more.pictures(data)],
        "folded": folded,
        "lead": lead or _lead(plain, identity.title if together else sets[0]["title"], together),
        "how": _how(plain, together=together),
        "lead_tables": lead_tables,
    }
    return shell.fill("page.html", shown, data)


def _lead(plain: Sequence[Mapping[str, Any]], title: str, together: bool) -> Lead:
    """Return what a page says first; nothing of data sets that have nothing in common."""
    return answer(plain, title) if together or len(plain) == 1 else ()


def _how(plain: Sequence[Mapping[str, Any]], *, together: bool) -> str:
    """Return how all were audited; the sizes of several data sets stand with their names."""
    claims = list(dict.fromkeys(claim["name"] for one in plain for claim in one["claims"]))
    names = [one["representation"] or one["title"] for one in plain]
    size, *rest = summary.setup([one["provenance"] for one in plain], names, claims)
    rest += list(dict.fromkeys(filter(None, (verdicts.reordered(one["claims"]) for one in plain))))
    if any("±" in claim["reason"] for one in plain for claim in one["claims"]):
        rest.append(wording.SPREAD)
    return " ".join([size, *rest] if together or len(plain) == 1 else rest)


def _data_set(
    document: Mapping[str, Any], position: int, data: dict[str, Any], *, rows: bool
) -> dict[str, Any]:
    """Return what the template shows of a document; what its script needs joins the data.

    Pages of many data sets show no rows and no scores of rows: they would be many megabytes.
    """
    title = wording.heading(document["title"], document["representation"])
    key = f"set-{position}-{anchor(title)}".strip("-")
    first = opening(document, key, data, rows=rows)
    points = tables.points(document["portrait"], first["view"]) if first["pair"] else None
    if points:
        data[f"{key} points"] = asdict(points)
    about = document["provenance"]
    claims = [
        section(claim, key, about, pictures=rows or _draws_nulls(about, claim["name"]))
        for claim in document["claims"]
    ]
    if not rows:
        claims = [_folded(claim, data) for claim in claims]
    return {
        "key": key,
        "title": title,
        "size": verdicts.size(document["provenance"] | {"classes": None}),
        "claims": claims,
        "opening": first,
        "scores": list(scored(document, key, data)) if rows else [],
        "points": points,
        "costs": eraser_tables(document),
        "untested": untested(document),
        "command": document["provenance"].get("command"),
        "provenance": tables.provenance(document),
    }


def _draws_nulls(provenance: Mapping[str, Any], claim: str) -> bool:
    """Return whether a page of many layers has the histograms of a claim.

    Those of a survey would repeat what the curves over layers show, at several kilobytes a layer.
    Claims that were judged apart, at few layers, have theirs.
    """
    joined = {name for part in provenance.get("joined", ()) for name in part["claims"]}
    return provenance.get("depth") != "survey" or claim in joined


def _folded(claim: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Return a claim whose tables are all written when they are looked at."""
    shown = dict(claim)
    for kind in ("pictures", "matrices"):
        shown[kind] = [
            replace(one, table=one.table and later(one.table, f"{one.key} table", data))
            for one in claim[kind]
        ]
    shown["numbers"] = [
        later(table, f"{claim['key']} {place}", data)
        for place, table in enumerate(claim["numbers"])
    ]
    return shown
