"""Audited: the verdicts on a representation, or on several, and all that is needed to show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe.auditing.document import document
from nullprobe.auditing.projection import Portrait
from nullprobe.claims import Claim
from nullprobe.heldout.three_way import Scores
from nullprobe.report.document import write_json
from nullprobe.report.pages.audits import write_html
from nullprobe.report.text import wording
from nullprobe.report.text.tables import aligned

HEADINGS = ("claim", "holds", "fact about", "observed", "p")


@dataclass(frozen=True, eq=False, repr=False)
class Audit:
    """The verdicts on one representation and concept, and all that is needed to show them.

    Printed, it is a table of its verdicts, and of what was left out and why.

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

    Examples
    --------
    >>> from nullprobe import audit, worlds
    >>> w = worlds.gaussian(n=90, d=4, gap=3.0, random_state=0)
    >>> found = audit(w.X, w.y, claims=["readable"], n_permutations=99, title="a world")
    >>> found
    Audit('a world': readable yes)
    >>> print(found)
    a world
    claim     holds      fact about   observed      p
    readable    yes  representation  AUC 0.972  0.020
    """

    claims: tuple[Claim, ...]
    title: str
    labels: np.ndarray
    scores: Scores
    portrait: Portrait
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        """Return the title, and whether each claim holds."""
        said = ", ".join(f"{claim.name} {claim.holds}" for claim in self.claims)
        return f"Audit({self.title!r}: {said})"

    def __str__(self) -> str:
        """Return the title, a line for each claim, and one for each that was left out."""
        left_out = [f"{name} was left out: {why}" for name, why in self.left_out.items()]
        return "\n".join([self.title, *aligned([HEADINGS, *map(_line, self.claims)]), *left_out])

    @property
    def left_out(self) -> Mapping[str, str]:
        """Why some claims could not be judged, by their names."""
        return self.provenance.get("left out", {})

    def __getitem__(self, name: str) -> Claim:
        """Return the claim of this name."""
        validation.choice("claim", name, [claim.name for claim in self.claims])
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


def _line(claim: Claim) -> tuple[str, ...]:
    """Return what stands in a line for a claim."""
    return (
        claim.name,
        str(claim.holds),
        str(claim.fact_about).replace("_", " "),
        f"{claim.unit} {wording.number(float(claim.observed))}",
        wording.p_value(claim.p_value),
    )


@dataclass(frozen=True, eq=False, repr=False)
class Layers:
    """The verdicts on several representations of the same rows; p-values are over all of them.

    Printed, it is a table of verdicts for each of them.

    Attributes
    ----------
    audits : mapping of str to Audit
        By the name of the representation, in the order given.

    Examples
    --------
    >>> from nullprobe import audit, worlds
    >>> w = worlds.gaussian(n=90, d=4, gap=3.0, random_state=0)
    >>> X = {"layer 0": w.X[:, 2:], "layer 1": w.X}
    >>> found = audit(X, w.y, claims=["readable"], n_permutations=99)
    >>> found
    Layers('layer 0', 'layer 1')
    >>> print(found)
    data: layer 0
    claim     holds      fact about   observed      p
    readable    yes  representation  AUC 0.954  0.020
    <BLANKLINE>
    data: layer 1
    claim     holds      fact about   observed      p
    readable    yes  representation  AUC 0.972  0.020
    """

    audits: Mapping[str, Audit]

    def __repr__(self) -> str:
        """Return the names of the representations."""
        return f"Layers({', '.join(map(repr, self.audits))})"

    def __str__(self) -> str:
        """Return the verdicts on each representation, with an empty line between them."""
        return "\n\n".join(map(str, self.audits.values()))

    def __getitem__(self, name: str) -> Audit:
        """Return the audit of the representation of this name."""
        validation.choice("representation", name, list(self.audits))
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
