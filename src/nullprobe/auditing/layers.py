"""Layers: the verdicts on several representations of the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from nullprobe._core import parameters, validation
from nullprobe.auditing.result import Audit
from nullprobe.auditing.showing import documents_of, lines_of, sizes, summarised, tabulated
from nullprobe.claims.tables import frame_of
from nullprobe.report.audit_document import AuditDocument
from nullprobe.report.document import write_json
from nullprobe.report.notebook import counts
from nullprobe.report.pages.audits import write_html
from nullprobe.report.text.wording import counted


@dataclass(frozen=True, eq=False, repr=False)
class Layers:
    """The verdicts on several representations of the same rows; p-values are adjusted over all.

    Printed, it is a table of verdicts; ``report()`` has the rest. ``a | b`` joins audits of the
    same representations, such as `audit` of layers and `audit_use` of the same layers.

    Attributes
    ----------
    audits : mapping of str to Audit
        Audits, by the name of the representation, in the order of the input.

    Examples
    --------
    >>> from nullprobe import audit, worlds
    >>> w = worlds.gaussian(n=90, d=4, gap=3.0, random_state=0)
    >>> X = {"layer 0": w.X[:, 2:], "layer 1": w.X}
    >>> found = audit(X, w.y, claims=["readable"], draws=99)
    >>> found
    Layers(2 representations, 90 rows, 2 to 4 features: 2 yes)
    >>> found.to_frame()[["representation", "claim", "holds"]].values.tolist()
    [['layer 0', 'readable', 'yes'], ['layer 1', 'readable', 'yes']]
    """

    audits: Mapping[str, Audit]

    def __repr__(self) -> str:
        """Return the numbers of representations, rows, features and verdicts in one line."""
        audits = list(self.audits.values())
        claims = [claim for one in audits for claim in one]
        many = counted(len(audits), "representation")
        return f"Layers({many}, {sizes(audits)}: {counts(claims)})"

    def _repr_html_(self) -> str:
        """Return the verdicts as one table, a row for each representation, for a notebook."""
        title = next((one.title for one in self.audits.values()), "")
        return tabulated(title, self.audits)

    def __str__(self) -> str:
        """Return a summary: a table of the verdicts, and a sentence for each claim."""
        return summarised(list(self.audits.values()))

    def report(self) -> str:
        """Return all that a terminal can show about each audit, one after the other."""
        return "\n\n".join(one.report() for one in self.audits.values())

    def __eq__(self, other: object) -> bool:
        """Return whether both hold the same audits in the same order."""
        if not isinstance(other, Layers):
            return NotImplemented
        return list(self.audits.items()) == list(other.audits.items())

    def __or__(self, other: Layers) -> Layers:
        """Return these audits, each joined with the other audit of the same representation.

        Raises
        ------
        InputError
            If the other has a representation that is missing here, or audits cannot be joined.
        """
        if not isinstance(other, Layers):
            return NotImplemented
        for name in other.audits:
            parameters.choice("representation", name, list(self.audits))
        return Layers(
            {
                name: one | other.audits[name] if name in other.audits else one
                for name, one in self.audits.items()
            }
        )

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the representations, as a mapping does."""
        return iter(self.audits)

    def __getitem__(self, name: str) -> Audit:
        """Return the audit of the representation of this name."""
        parameters.choice("representation", name, list(self.audits))
        return self.audits[name]

    def __len__(self) -> int:
        """Return how many representations there are."""
        return len(self.audits)

    def documents(self) -> list[AuditDocument]:
        """Return the audits as documents, one per representation."""
        return [one.document() for one in self.audits.values()]

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Return the audits of a JSON text or file that ``to_json`` wrote, since version 2.

        Names are the representations, or the headings if representations repeat: a file may hold
        several data sets.
        """
        return cls(by_name([Audit.from_document(one) for one in documents_of(source, "Layers")]))

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write all audits as JSON, whole or not at all; without a path return the text."""
        return write_json(path, self.documents())

    def to_html(self, path: str | Path) -> None:
        """Write all audits as one self-contained page, whole or not at all."""
        write_html(path, self.documents())

    def to_frame(self, of: str = "claims", *, kind: str | None = None) -> Any:
        """Return a table of all audits as one data frame, as `Audit.to_frame` does."""
        audits = [*self.audits.values()]
        default = next((one.frame_kind for one in audits), None)
        return frame_of(lines_of(audits), of, kind, default)


def by_name(audits: Sequence[Audit]) -> dict[str, Audit]:
    """Return audits by representation or title, or by heading if these repeat.

    Raises
    ------
    InputError
        If two headings are equal.
    """
    names = [one.representation or one.title for one in audits]
    if len(set(names)) < len(names):
        names = [one.heading for one in audits]
    if len(set(names)) < len(names):
        validation.complain(
            "audits in a file must have different names",
            f"{max(names, key=names.count)!r} is the name of two",
            "rename one",
        )
    return dict(zip(names, audits, strict=True))
