"""The verdicts on several attributes of a representation, and where each audit belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from nullprobe._core import validation
from nullprobe._core.nested import is_mapping
from nullprobe._core.printable import label_list
from nullprobe.auditing.result import Audit
from nullprobe.auditing.showing import documents_of, lines_of, sizes, summarised, tabulated
from nullprobe.claims.tables import frame_of
from nullprobe.erasers import LEACE
from nullprobe.report.document import write_json
from nullprobe.report.notebook import counts
from nullprobe.report.pages.audits import write_html

# Where an audit belongs, in its provenance: the part and the name of the attribute.
PLACE, PARTS = "attribute", ("alone", "jointly", "after_joint_eraser")


@dataclass(frozen=True, eq=False, repr=False)
class Attributes:
    """Verdicts on several attributes of a representation. Printed, it is their tables.

    Attributes
    ----------
    alone : dict of str to Audit
        The audit of each attribute alone, which fits erasers of that attribute.
    jointly : Audit
        The audit of all attributes as one concept of several numbers; classes are one-hot encoded.
    erased : dict of str to Audit
        The audit of each attribute on one half, after a joint eraser fitted to the other half.
        Empty if no claim about erased rows was asked for.
    eraser : LEACE or None
        The joint eraser, fitted to all rows: the one to use. None after ``from_json``: save the
        eraser itself, too.

    Examples
    --------
    >>> from nullprobe import audit_attributes, worlds
    >>> w = worlds.gaussian(n=60, d=2, gap=3.0, random_state=0)
    >>> labels = {"a": w.y, "b": w.X[:, 1] > 0}
    >>> result = audit_attributes(w.X, labels, claims=["readable"], draws=79, depth="quick")
    >>> [*result.alone], [*result.erased], len(result.audits)
    (['a', 'b'], [], 3)
    """

    alone: Mapping[str, Audit]
    jointly: Audit
    erased: Mapping[str, Audit]
    eraser: LEACE | None

    @property
    def audits(self) -> list[Audit]:
        """All audits: each attribute alone, jointly, and each after the joint eraser, if any."""
        return [*self.alone.values(), self.jointly, *self.erased.values()]

    def __repr__(self) -> str:
        """Return the attributes, rows, features and number of verdicts in one line."""
        claims = [claim for one in self.audits for claim in one]
        attributes = label_list(tuple(self.alone)).strip("()")
        return f"Attributes({attributes}, {sizes([self.jointly])}: {counts(claims)})"

    def _repr_html_(self) -> str:
        """Return the verdicts as one table, a row for each audit, for a notebook."""
        return tabulated("attributes", {one.heading: one for one in self.audits})

    def __str__(self) -> str:
        """Return a summary: a table of the verdicts, and a sentence for each claim."""
        return summarised(self.audits)

    def report(self) -> str:
        """Return all that a terminal can show about each audit, one after the other."""
        return "\n\n".join(one.report() for one in self.audits)

    def __eq__(self, other: object) -> bool:
        """Return whether both hold the same audits in the same order; erasers are not compared."""
        if not isinstance(other, Attributes):
            return NotImplemented
        return self.audits == other.audits

    @classmethod
    def of_audits(cls, audits: Sequence[Audit]) -> Self:
        """Return the result that audits from a file belong to, without the eraser.

        Raises
        ------
        InputError
            If they are not the audits that an `Attributes` writes.
        """
        parts: dict[str, dict[str, Audit]] = {name: {} for name in PARTS}
        for one in audits:
            place = one.provenance.get(PLACE)
            if is_mapping(place) and place.get("part") in parts:
                parts[place["part"]][str(place.get("attribute"))] = one
        alone, jointly, erased = parts.values()
        whole = len(jointly) == 1 and len(alone) + 1 + len(erased) == len(audits)
        if not whole or (erased and [*erased] != [*alone]):
            validation.complain(
                "Attributes.from_json needs audits of each attribute alone and jointly",
                f"the document has {len(audits)} audits, and not all of these",
                "use Layers.from_json or nullprobe.load_result",
            )
        return cls(alone, next(iter(jointly.values())), erased, None)

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Return the audits of a JSON text or file that ``to_json`` wrote, without the eraser.

        Raises
        ------
        InputError
            If the source is not JSON, or not the document of several attributes.
        """
        documents = documents_of(source, "Attributes")
        return cls.of_audits([Audit.from_document(one) for one in documents])

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write all audits as JSON, whole or not at all; without a path return the text."""
        return write_json(path, [one.document() for one in self.audits])

    def to_html(self, path: str | Path) -> None:
        """Write all audits as one self-contained page, whole or not at all."""
        write_html(path, [one.document() for one in self.audits])

    def to_frame(self, of: str = "claims", *, kind: str | None = None) -> Any:
        """Return a table of all audits as one data frame, as `Audit.to_frame` does.

        The column ``title`` tells the audits apart.
        """
        return frame_of(lines_of(self.audits), of, kind, self.jointly.frame_kind)
