"""Audited: the verdicts on a representation, or on several, and all that is needed to show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe import _check
from nullprobe.claims import Claim
from nullprobe.measures.three_way import Scores
from nullprobe.report.document import document, write_json
from nullprobe.report.page import write_html
from nullprobe.report.portrait import Portrait


@dataclass(frozen=True, eq=False)
class Audit:
    """The verdicts on one representation and concept, and all that is needed to show them.

    Attributes
    ----------
    claims : tuple of Claim
    title : str
        Name of the data set on the page.
    labels : ndarray of shape (n,)
        The concept.
    scores : Scores
        Held-out scores of each row.
    portrait : Portrait
        What the scatter plots show.
    provenance : mapping
        Seed, versions, fingerprint, splits.
    """

    claims: tuple[Claim, ...]
    title: str
    labels: np.ndarray = field(repr=False)
    scores: Scores = field(repr=False)
    portrait: Portrait = field(repr=False)
    provenance: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, name: str) -> Claim:
        """Return the claim of this name."""
        _check.choice("claim", name, [claim.name for claim in self.claims])
        return next(claim for claim in self.claims if claim.name == name)

    def document(self) -> dict[str, Any]:
        """Return the audit as plain values, as ``to_json`` writes them."""
        scores = {"raw": self.scores.raw[:, 0], "erased": self.scores.erased[:, 0]}
        return document(
            self.title, self.claims, self.portrait, scores, self.labels, self.provenance
        )

    def to_json(self, path: str | Path) -> None:
        """Write the audit as JSON, whole or not at all."""
        write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the audit as one self-contained page, whole or not at all."""
        write_html(path, [self.document()])


@dataclass(frozen=True, eq=False)
class Layers:
    """The verdicts on several representations of the same rows; p-values are over all of them.

    Attributes
    ----------
    audits : mapping of str to Audit
        By the name of the representation, in the order given.
    """

    audits: Mapping[str, Audit]

    def __getitem__(self, name: str) -> Audit:
        """Return the audit of the representation of this name."""
        _check.choice("representation", name, list(self.audits))
        return self.audits[name]

    def __len__(self) -> int:
        """Return how many representations there are."""
        return len(self.audits)

    def documents(self) -> list[dict[str, Any]]:
        """Return the audits as plain values, one a representation."""
        return [one.document() for one in self.audits.values()]

    def to_json(self, path: str | Path) -> None:
        """Write all audits as one JSON list, whole or not at all."""
        write_json(path, self.documents())

    def to_html(self, path: str | Path) -> None:
        """Write all audits as one self-contained page, whole or not at all."""
        write_html(path, self.documents())
