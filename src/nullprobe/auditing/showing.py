"""What is shown of one audit or of several: sizes, summaries, tables and reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from nullprobe._core.printable import plain_values
from nullprobe.auditing.document import claim_document
from nullprobe.auditing.upgrade import upgraded
from nullprobe.claims import Claim
from nullprobe.report import notebook
from nullprobe.report.audit_document import AUDIT, AuditDocument
from nullprobe.report.document import plain, read_kind, validated
from nullprobe.report.text import summary, terminal, verdicts, wording
from nullprobe.report.text.eraser_cost import eraser_tables
from nullprobe.report.text.rows import notes

MORE = "More: print(result.report()), or the page that to_html writes."


class _Shown(Protocol):
    """What is shown of an `Audit`."""

    @property
    def title(self) -> str: ...
    @property
    def heading(self) -> str: ...
    @property
    def representation(self) -> str | None: ...
    @property
    def claims(self) -> tuple[Claim, ...]: ...
    @property
    def left_out(self) -> Mapping[str, str]: ...
    @property
    def provenance(self) -> Mapping[str, Any]: ...
    @property
    def eraser_cost(self) -> Any: ...
    def document(self) -> AuditDocument: ...


def lines_of(audits: Sequence[_Shown]) -> Iterator[tuple[str, str | None, Claim]]:
    """Yield the claims of audits with titles and representations, for a table."""
    return ((one.title, one.representation, claim) for one in audits for claim in one.claims)


def shown(one: _Shown) -> dict[str, Any]:
    """Return the input of a summary: a document without scores and pictures."""
    return {
        "title": one.title,
        "representation": one.representation,
        "claims": [claim_document(claim) for claim in one.claims],
        "provenance": plain(one.provenance),
        "eraser_cost": one.eraser_cost and one.document().plain()["eraser_cost"],
    }


def sizes(audits: Sequence[_Shown]) -> str:
    """Return how many rows and features audits are of, in few words.

    Examples
    --------
    >>> from nullprobe import Audit
    >>> sizes([Audit((), "", None, None, None, {"rows": 90, "features": d}) for d in (2, 4)])
    '90 rows, 2 to 4 features'
    """
    words = []
    for key in ("rows", "features"):
        numbers = [one.provenance[key] for one in audits if key in one.provenance]
        if numbers:
            words.append(verdicts.span(numbers, key.removesuffix("s")))
    return ", ".join(words) or "unknown rows"


def tabulated(title: str, audits: Mapping[str, _Shown]) -> str:
    """Return the verdicts of several audits as one table, for a notebook."""
    reasons = {name: why for one in audits.values() for name, why in one.left_out.items()}
    notes = [*verdicts.left_out(reasons), MORE]
    claims = {name: one.claims for name, one in audits.items()}
    return notebook.verdicts_of_many(title, [sizes([*audits.values()])], claims, notes)


def summarised(audits: Sequence[_Shown]) -> str:
    """Return a summary of audits, as ``print`` shows it."""
    reasons = {name: why for one in audits for name, why in one.left_out.items()}
    parts = summary.summary([shown(one) for one in audits], reasons, MORE)
    return terminal.text(*parts, width=terminal.WIDEST)


def report_parts(one: _Shown) -> list[Any]:
    """Return the heading, a table of the verdicts, their reasons, notes, and claims left out."""
    claims, provenance = [claim_document(claim) for claim in one.claims], plain(one.provenance)
    heading = terminal.heading(one.heading, verdicts.size(provenance))
    document = one.document().plain() if one.eraser_cost else {}
    costs = map(terminal.costs, eraser_tables(document))
    words = verdicts.sentences(claims, provenance)
    parts = [heading, verdicts.verdicts(claims), words, *costs]
    about_rows = [f"{what}: {text}" for what, text in notes(plain_values(provenance))]
    left_out = verdicts.left_out(one.left_out)
    order = [line for line in [verdicts.reordered(claims)] if line]
    spread = [wording.SPREAD] if any("±" in claim["reason"] for claim in claims) else []
    rest = [*order, *spread, *about_rows, *left_out]
    return [part for each in [*parts, *rest] for part in (each, "")][:-1]


def documents_of(source: str | Path, reader: str) -> list[AuditDocument]:
    """Return the documents of a JSON text or file, of version 2, 3 or 4."""
    documents = read_kind(source, AUDIT, reader)
    return [validated(AuditDocument, upgraded(one)) for one in documents]
