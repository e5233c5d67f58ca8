"""Result of an audit of a model: verdicts layer by layer, and what to conclude from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from nullprobe._core import parameters
from nullprobe._core.frames import frame
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.result import Audit
from nullprobe.claims import Outcome
from nullprobe.claims.tables import TABLES
from nullprobe.report.document import plain, read_one, write_json
from nullprobe.report.model_audit_document import MODEL_AUDIT, ModelAuditDocument
from nullprobe.report.pages.audits import write_html
from nullprobe.report.text.wording import counted
from nullprobe.texts import page
from nullprobe.texts.conclusions import Beyond, Range, ranges
from nullprobe.texts.standing import CENSUS, NO_CENSUS, Standings

BEYOND: dict[str, type] = {
    "site": str,
    "observed": float,
    "plausible": float,
    "low": float,
    "high": float,
    "outcome": str,
}


@dataclass(frozen=True, eq=False, repr=False)
class ModelAudit:
    """The verdicts on the states of a model at each layer. Printed, it says what to conclude.

    Attributes
    ----------
    layers : Layers
        Verdicts by site, on all texts.
    concept : str
        Name of the concept.
    title : str
    beyond : mapping of str to Beyond
        By site: what is read beyond how likely the model finds each text.
    beyond_reason : str
        Why that was not compared; empty if it was.
    deep : mapping of str to Audit
        Verdicts of the costly claims at a few sites, on texts that were not used to choose them.
    chosen : mapping of str to float
        These sites, with what a probe read there in the texts that were used to choose.
    chosen_reason : str
        How they were chosen, or why there are none.
    give_away : tuple of str
        What on the surface of the texts goes with the label, in which rows (`text_cards`).
    give_away_reason : str
        Why that was not searched; empty if it was.
    standings : Standings
        Where the concept stands at each site among other labels of the same texts.
    """

    layers: Layers
    concept: str
    title: str
    beyond: Mapping[str, Beyond]
    beyond_reason: str
    deep: Mapping[str, Audit]
    chosen: Mapping[str, float]
    chosen_reason: str
    give_away: tuple[str, ...] = ()
    give_away_reason: str = ""
    standings: Standings = NO_CENSUS

    @property
    def conclusions(self) -> tuple[Range, ...]:
        """What to conclude, for each range of layers with the same verdicts."""
        return ranges(self.layers.audits, self.beyond, self.concept)

    def __repr__(self) -> str:
        """Return the title, and the numbers of sites and texts, in one line."""
        n = self._rows
        return f"ModelAudit({self.title!r}, {counted(len(self.layers), 'site')}, {n:,} texts)"

    def __str__(self) -> str:
        """Return what to conclude for each range of layers, and the verdicts of costly claims."""
        lines = [self.title, ""]
        for one in self.conclusions:
            where = one.first if one.first == one.last else f"{one.first} to {one.last}"
            lines += [f"{where}: {one.text}", ""]
        for site, audit in self.deep.items():
            claims = ", ".join(f"{claim.name} {claim.holds}" for claim in audit)
            lines.append(f"{site}, other texts: {claims}")
        reasons = self.beyond_reason, self.give_away_reason, self.standings.reason
        lines += [self.chosen_reason, *filter(None, reasons)]
        if self.standings.sites:
            lines += ["", *self.standings.sentences]
        if self.give_away:
            lines += ["", f"{page.GIVE_AWAY}:", *(f"- {one}" for one in self.give_away)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return the verdicts as one table, a row for each site, for a notebook."""
        return self.layers._repr_html_()

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same document."""
        if not isinstance(other, ModelAudit):
            return NotImplemented
        return self.document() == other.document()

    def __getitem__(self, site: str) -> Audit:
        """Return the audit of a site."""
        return self.layers[site]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the sites, in their order."""
        return iter(self.layers)

    def __len__(self) -> int:
        """Return how many sites there are."""
        return len(self.layers)

    @property
    def _rows(self) -> int:
        first = next(iter(self.layers.audits.values()))
        return int(first.provenance["rows"])

    @property
    def audits(self) -> dict[str, Audit]:
        """The audits by site, each with the costly claims that were judged there."""
        audits = dict(self.layers.audits)
        for site, one in self.deep.items():
            part = {"claims": [claim.name for claim in one], "rows_are": one.rows, **one.provenance}
            audits[site] = replace(
                audits[site],
                claims=(*audits[site].claims, *one.claims),
                portrait=audits[site].portrait or one.portrait,
                provenance={**audits[site].provenance, "joined": [part]},
            )
        return audits

    def document(self) -> ModelAuditDocument:
        """Return the result as a document, as ``to_json`` writes it."""
        fields = {
            "schema": MODEL_AUDIT,
            "title": self.title,
            "concept": self.concept,
            "conclusions": [asdict(one) for one in self.conclusions],
            "beyond": [{"site": site, **asdict(one)} for site, one in self.beyond.items()],
            "beyond_reason": self.beyond_reason,
            "chosen": [{"site": site, "read": read} for site, read in self.chosen.items()],
            "chosen_reason": self.chosen_reason,
            "give_away": self.give_away,
            "give_away_reason": self.give_away_reason,
            **self.standings.plain(),
            "audits": [one.document().plain() for one in self.audits.values()],
        }
        return ModelAuditDocument.model_validate(plain(fields))

    @classmethod
    def from_document(cls, document: ModelAuditDocument) -> Self:
        """Return the result that a document describes."""
        layers, deep = {}, {}
        for one in map(Audit.from_document, document.audits):
            site = one.representation or one.title
            parts = one.provenance.get("joined", ())
            costly = {name for part in parts for name in part["claims"]}
            rest = {k: v for k, v in one.provenance.items() if k != "joined"}
            cheap = tuple(claim for claim in one.claims if claim.name not in costly)
            layers[site] = replace(one, claims=cheap, provenance=rest)
            if parts:
                provenance = {k: v for k, v in parts[0].items() if k not in ("claims", "rows_are")}
                claims = tuple(claim for claim in one.claims if claim.name in costly)
                deep[site] = replace(one, claims=claims, provenance=provenance, scores=None)
        beyond = {
            one["site"]: Beyond(
                one["observed"],
                one["plausible"],
                one["gain"] and tuple(one["gain"]),
                Outcome(one["outcome"]),
            )
            for one in document.plain()["beyond"]
        }
        return cls(
            Layers(layers),
            document.concept,
            document.title,
            beyond,
            document.beyond_reason,
            deep,
            {one.site: one.read for one in document.chosen},
            document.chosen_reason,
            tuple(document.give_away),
            document.give_away_reason,
            Standings.of_plain(document.plain()),
        )

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Return the result of a JSON text or file that ``to_json`` wrote.

        Raises
        ------
        InputError
            If the source is not JSON, or not the document of one audit of a model.
        """
        return cls.from_document(read_one(source, ModelAuditDocument, MODEL_AUDIT))

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write the result as JSON, whole or not at all; without a path return the text."""
        return write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the result as one self-contained page, whole or not at all."""
        audits, documents = self.layers.audits, [one.document() for one in self.audits.values()]
        reasons = self.chosen_reason, self.beyond_reason, self.standings.reason
        shown = [page.conclusions(audits, self.beyond, self.conclusions, reasons)]
        if self.give_away:
            shown.append(page.give_away(self.give_away))
        lead = page.lead(audits, self.beyond, self.concept, self.standings)
        write_html(path, documents, lead, shown, page.more(audits, self.beyond, self.standings))

    def to_frame(self, of: str = "claims", *, kind: str | None = None) -> Any:
        """Return a table of the result as a data frame.

        Parameters
        ----------
        of : str
            "conclusions" has a row for each range of layers, "beyond" and "census" one for each
            site. The other tables are those of `Layers`: "claims", "explanations", "nulls", ...
        kind : {"pandas", "polars", "pyarrow"}, optional
            As for `Audit.to_frame`.
        """
        parameters.choice("of", of, ["conclusions", "beyond", "census", *TABLES])
        if of == "census":
            return frame(CENSUS, [one.line() for one in self.standings.sites], kind)
        if of == "conclusions":
            columns = {"first": str, "last": str, "text": str}
            return frame(columns, [asdict(one) for one in self.conclusions], kind)
        if of == "beyond":
            lines = [
                {
                    "site": site,
                    "observed": one.observed,
                    "plausible": one.plausible,
                    "low": one.gain and one.gain[0],
                    "high": one.gain and one.gain[1],
                    "outcome": one.outcome.value,
                }
                for site, one in self.beyond.items()
            ]
            return frame(BEYOND, lines, kind)
        return Layers(self.audits).to_frame(of, kind=kind)
