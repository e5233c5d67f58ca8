"""Audit: the verdicts on a representation, with all that is needed to show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from nullprobe._core import parameters, validation
from nullprobe._core.printable import shortened
from nullprobe.auditing.document import (
    claim_of,
    cost_of,
    document,
    labels_of,
    portrait_of,
)
from nullprobe.auditing.eraser_cost import EraserCost
from nullprobe.auditing.projection import Portrait
from nullprobe.auditing.showing import (
    MORE,
    documents_of,
    lines_of,
    report_parts,
    sizes,
    summarised,
)
from nullprobe.claims import Claim
from nullprobe.claims.tables import frame_of
from nullprobe.heldout.three_way import Scores
from nullprobe.report import notebook
from nullprobe.report.audit_document import AuditDocument
from nullprobe.report.document import plain, write_json
from nullprobe.report.notebook import counts
from nullprobe.report.pages.audits import write_html
from nullprobe.report.text import terminal, verdicts, wording


@dataclass(frozen=True, eq=False, repr=False)
class Audit:
    """The verdicts on one representation and concept, and all that is needed to show them.

    Printed, it is a summary: a sentence for each claim; ``report()`` has the rest. Two audits are
    equal if they are the same document, which has six digits of each number. ``a | b`` is the audit
    with the claims of both.

    Attributes
    ----------
    claims : tuple of Claim
    title : str
        Name of the data set on the page.
    labels : ndarray of shape (n,) or None
        The concept.
    scores : Scores or None
        Held-out scores of each row.
    portrait : Portrait or None
        What the scatter plots show.
    provenance : mapping
        Seed, versions, fingerprint, splits.
    representation : str or None
        Name of the representation, if several were audited.
    rows : str
        Kind of the rows: "rows", "pair_differences" or "texts".
    concept : str
        "labels" or "numeric".
    eraser_cost : EraserCost or None
        Damage of an eraser that was passed.
    frame_kind : str or None
        Kind of the frame that was passed, which ``to_frame`` returns by default.

    Examples
    --------
    >>> from nullprobe import audit, worlds
    >>> w = worlds.gaussian(n=90, d=4, gap=3.0, random_state=0)
    >>> found = audit(w.X, w.y, claims=["readable"], draws=99, title="a world")
    >>> found
    Audit('a world', 90 rows, 4 features: 1 yes)
    >>> print(found)  # doctest: +ELLIPSIS
    a world
    90 rows, 4 features; classes 0 (45), 1 (45). Probe: ...
    <BLANKLINE>
    Readable  yes  A linear probe reads the concept; ...
    >>> Audit.from_json(found.to_json()) == found
    True
    """

    claims: tuple[Claim, ...]
    title: str
    labels: np.ndarray | None
    scores: Scores | None
    portrait: Portrait | None
    provenance: Mapping[str, Any]
    representation: str | None = None
    rows: str = "rows"
    concept: str = "labels"
    eraser_cost: EraserCost | None = None
    frame_kind: str | None = None

    @property
    def heading(self) -> str:
        """Title, with the name of the representation if there is one."""
        return wording.heading(self.title, self.representation)

    def __repr__(self) -> str:
        """Return the heading, rows, features and number of verdicts in one line."""
        return f"Audit({shortened(self.heading, 30)!r}, {sizes([self])}: {counts(self.claims)})"

    def __str__(self) -> str:
        """Return a summary: what was audited, and one sentence for each claim."""
        return summarised([self])

    def _repr_html_(self) -> str:
        """Return the verdicts as one table, for a notebook."""
        size = verdicts.size(plain(self.provenance))
        notes = [*verdicts.left_out(self.left_out), MORE]
        return notebook.verdicts(self.heading, [size], self.claims, notes)

    def report(self) -> str:
        """Return all that a terminal can show: a table of the verdicts, and their reasons.

        Examples
        --------
        >>> from nullprobe import audit, worlds
        >>> w = worlds.gaussian(n=90, d=4, gap=3.0, random_state=0)
        >>> found = audit(w.X, w.y, claims=["readable"], draws=99)
        >>> print(found.report().splitlines()[3])
        claim     holds  takes    comes from  observed        chance  adj. p
        """
        return terminal.text(*report_parts(self))

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same document."""
        if not isinstance(other, Audit):
            return NotImplemented
        return self.document() == other.document()

    def __or__(self, other: Audit) -> Audit:
        """Return this audit with the claims of another audit of the same representation added.

        Pictures come from the first audit that has some. The provenance of the other audit is kept
        in ``provenance["joined"]``.

        Raises
        ------
        InputError
            If both judge the same claim, or have different representations, classes or rows.
        """
        if not isinstance(other, Audit):
            return NotImplemented
        names = [claim.name for claim in other.claims]
        twice = [claim.name for claim in self.claims if claim.name in names]
        if twice:
            validation.complain(
                "audits that are joined must judge different claims",
                f"both judge {twice[0]!r}",
            )
        if None not in (self.representation, other.representation) and (
            self.representation != other.representation
        ):
            validation.complain(
                "audits that are joined must be of the same representation",
                f"they are of {self.representation!r} and {other.representation!r}",
                "put audits of several representations into Layers",
            )
        one, two = (_identity(each, self.rows == other.rows) for each in (self, other))
        if one != two:
            validation.complain(
                "audits that are joined must have the same rows and number of classes",
                f"one has {', '.join(one)}, the other {', '.join(two)}",
                "write a separate page for each data set",
            )
        part = {"claims": names, "rows_are": other.rows, **other.provenance}
        joined = [*self.provenance.get("joined", ()), part]
        pictures = self if self.portrait is not None or other.portrait is None else other
        return replace(
            self,
            claims=(*self.claims, *other.claims),
            labels=pictures.labels,
            scores=pictures.scores,
            portrait=pictures.portrait,
            provenance={**self.provenance, "joined": joined},
        )

    @property
    def left_out(self) -> Mapping[str, str]:
        """Why some claims could not be judged, by their names."""
        parts = (self.provenance, *self.provenance.get("joined", ()))
        judged = {claim.name for claim in self.claims}
        reasons = {name: why for part in parts for name, why in part.get("left_out", {}).items()}
        return {name: why for name, why in reasons.items() if name not in judged}

    def __iter__(self) -> Iterator[Claim]:
        """Yield the claims."""
        return iter(self.claims)

    def __getitem__(self, name: str) -> Claim:
        """Return the claim of this name."""
        parameters.choice("claim", name, [claim.name for claim in self.claims])
        return next(claim for claim in self.claims if claim.name == name)

    def document(self) -> AuditDocument:
        """Return the audit as a document, as ``to_json`` writes it."""
        scores = self.scores and {
            "raw": self.scores.raw[:, 0],
            "erased": self.scores.erased[:, 0],
        }
        return document(
            self.title,
            self.claims,
            self.portrait,
            scores,
            self.labels,
            self.provenance,
            representation=self.representation,
            rows=self.rows,
            concept=self.concept,
            cost=self.eraser_cost,
        )

    @classmethod
    def from_document(cls, document: AuditDocument) -> Self:
        """Return the audit that a document describes."""
        plain = document.plain()
        scores = plain["scores"]
        columns = scores and [
            np.array(scores[view], dtype=np.float64)[:, None] for view in ("raw", "erased")
        ]
        return cls(
            tuple(map(claim_of, plain["claims"])),
            document.title,
            labels_of(scores["labels"]) if scores else None,
            Scores(*columns) if columns else None,
            portrait_of(plain["portrait"]) if plain["portrait"] else None,
            plain["provenance"],
            document.representation,
            document.rows,
            document.concept,
            cost_of(plain.get("eraser_cost")),
        )

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Return the audit of a JSON text or file that ``to_json`` wrote, since version 2.

        Raises
        ------
        InputError
            If the source is not JSON, or not the document of one audit.
        """
        documents = documents_of(source, "Audit")
        if len(documents) != 1:
            validation.complain(
                "Audit.from_json needs a document with one audit",
                f"it has {len(documents)}",
                "use Layers.from_json or nullprobe.load_result",
            )
        return cls.from_document(documents[0])

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write the audit as JSON, whole or not at all; without a path return the text."""
        return write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the audit as one self-contained page, whole or not at all."""
        write_html(path, [self.document()])

    def to_frame(self, of: str = "claims", *, kind: str | None = None) -> Any:
        """Return a table of the audit as a data frame.

        Parameters
        ----------
        of : str
            What has a row: "claims", "explanations", "nulls", "draws", "baselines", "removals" (the
            curve of `one_feature`), "groups" (readings of `transfers`) or "learning_curve".
        kind : {"pandas", "polars", "pyarrow"}, optional
            Kind of the frame. By default it is the kind that was passed to `audit`, or else the
            first of the three that is installed.

        Examples
        --------
        >>> from nullprobe import audit, worlds
        >>> w = worlds.gaussian(n=90, d=4, gap=3.0, random_state=0)
        >>> found = audit(w.X, w.y, claims=["readable"], draws=99)
        >>> found.to_frame("nulls", kind="polars")["null", "draws", "p_value"].rows()
        [('chance', 99, 0.01), ('moments', 39, 0.45)]
        """
        return frame_of(lines_of([self]), of, kind, self.frame_kind)


def _identity(one: Audit, rows_too: bool) -> list[str]:
    """Return the number of classes and the fingerprint of the rows, in words.

    Names of classes are not compared: texts and differences of pairs may name them differently.
    """
    classes = one.provenance.get("classes")
    counted = [validation.counted(len(classes), "class", "classes") if classes else "numbers"]
    return counted + [f"data {one.provenance.get('data_hash')}"] * rows_too
