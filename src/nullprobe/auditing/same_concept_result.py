"""Result of a comparison of two sets of labels: verdict, readings across them, and the audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from nullprobe._core.frames import Line, Table
from nullprobe._core.parameters import choice
from nullprobe.auditing.result import Audit
from nullprobe.claims import Holds, Observation
from nullprobe.claims.tables import TABLES
from nullprobe.report import notebook
from nullprobe.report.document import plain, read_one, write_json
from nullprobe.report.pages.same_concept import write_html
from nullprobe.report.same_concept_document import SAME_CONCEPT, SameConceptDocument
from nullprobe.report.text import wording

FAR_BELOW = 0.4  # AUC across sets of labels
SWAPPED = (
    "The probe of each set of labels ranks the rows of the other set the wrong way round (AUC far "
    "below .5). Perhaps the two sets code the classes the other way round: swap the two classes of "
    "one set, and compare again."
)


@dataclass(frozen=True, eq=False)
class Read(Observation):
    """A reading from a file, which has its 95 % interval but not the replicates.

    Attributes
    ----------
    ends : tuple of two floats or None
    """

    ends: tuple[float, float] | None = None

    @classmethod
    def of_document(cls, fields: Mapping[str, Any]) -> Read:
        """Return the reading that a part of a document describes."""
        value, chance, *ends = (
            np.nan if one is None else one
            for one in (fields["value"], fields["metric"]["chance"], *(fields["interval"] or ()))
        )
        within = (ends[0], ends[1]) if ends else None
        return cls(value, fields["metric"]["name"], chance, np.empty(0), ends=within)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval, as written."""
        return self.ends


@dataclass(frozen=True, eq=False, repr=False)
class SameConcept:
    """Whether two sets of labels measure the same concept. Printed, it is the verdict in words.

    Attributes
    ----------
    holds : Holds
        "no" if a probe reads which set says "yes" in the rows where they differ. "yes" if no probe
        of so many rows is likely to exceed chance by the smallest effect of interest there.
        Otherwise "unclear".
    agreement : float
        Share of rows with the same label.
    kappa : float
        Cohen's κ: agreement beyond chance.
    differing : int
        Rows with different labels.
    crossed : mapping of (str, str) to Observation
        Reading of a probe fitted to one set and scored against another, by the two names.
    audit : Audit
        Audit of the rows where the labels differ; the concept is which set says "yes".

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import same_concept
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> result = same_concept(X, X[:, 0] > 0, X[:, 1] > 0, draws=39)
    >>> str(result.holds), result.agreement, result.differing
    ('no', 0.485, 103)
    """

    holds: Holds
    agreement: float
    kappa: float
    differing: int
    crossed: Mapping[tuple[str, str], Observation]
    audit: Audit

    def __repr__(self) -> str:
        """Return the verdict in one line."""
        return f"SameConcept({self.holds}, agreement {self.agreement:.3f}, κ {self.kappa:.3f})"

    def __str__(self) -> str:
        """Return the verdict, its reason, and the readings of probes across the sets of labels."""
        lines = list(self.findings)
        for (fitted, scored), one in self.crossed.items():
            ends = one.interval
            within = "" if ends is None else f" [{ends[0]:.3f}, {ends[1]:.3f}]"
            lines.append(
                f"fitted to {fitted}, scored on {scored}: {one.unit} {one.value:.3f}{within}"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return the verdict and the readings across the sets of labels, for a notebook."""
        rows = [
            (fitted, scored, f"{one.unit} {one.value:.3f}", wording.interval(one.interval))
            for (fitted, scored), one in self.crossed.items()
        ]
        return notebook.table(
            f"Same concept: {self.holds}",
            self.findings,
            ("fitted to", "scored on", "reading", "95 % interval"),
            [(first, list(map(notebook.Cell, cells))) for first, *cells in rows],
        )

    @property
    def findings(self) -> tuple[str, ...]:
        """The verdict with the agreement of the labels, its reason, and a hint if any."""
        read = self.audit["readable"].holds is Holds.YES
        alone = self.holds is Holds.NO and not read  # the dependence decides, and no probe reads it
        answer = {
            Holds.YES: "Yes, as far as a linear probe of these rows can tell",
            Holds.NO: "No: where the labels differ, "
            + (
                "a probe reads which of them says yes"
                if read
                else "the rows depend on which of them says yes"
            ),
            Holds.UNCLEAR: "Unclear",
        }[self.holds]
        return (
            f"{answer}. Labels agree in {self.agreement:.1%} of rows (κ = {self.kappa:.3f}) and "
            f"differ in {self.differing}.",
            self.audit["dependent" if alone else "readable"].reason,
            *([SWAPPED] if self._is_swapped else []),
        )

    @property
    def _is_swapped(self) -> bool:
        """Whether the probe of each set of labels ranks the other set the wrong way round."""
        across = [one for (fitted, scored), one in self.crossed.items() if fitted != scored]
        return bool(across) and all(
            one.value < FAR_BELOW and (one.interval is None or one.interval[1] < 0.5)
            for one in across
        )

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same document."""
        if not isinstance(other, SameConcept):
            return NotImplemented
        return self.document() == other.document()

    def document(self) -> SameConceptDocument:
        """Return the result as a document, as ``to_json`` writes it."""
        crossed = [
            {
                "fitted": fitted,
                "scored": scored,
                "metric": one.metric,
                "value": one.value,
                "interval": one.interval,
            }
            for (fitted, scored), one in self.crossed.items()
        ]
        fields = {
            "schema": SAME_CONCEPT,
            "names": list(dict.fromkeys(fitted for fitted, _ in self.crossed)),
            "holds": self.holds.value,
            "agreement": self.agreement,
            "kappa": self.kappa,
            "differing": self.differing,
            "findings": self.findings,
            "crossed": crossed,
            "audit": self.audit.document().plain(),
        }
        return SameConceptDocument.model_validate(plain(fields))

    @classmethod
    def from_document(cls, document: SameConceptDocument) -> Self:
        """Return the result that a document describes."""
        shown = document.plain()["crossed"]
        crossed = {(one["fitted"], one["scored"]): Read.of_document(one) for one in shown}
        return cls(
            Holds(document.holds),
            document.agreement,
            document.kappa,
            document.differing,
            crossed,
            Audit.from_document(document.audit),
        )

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Return the result of a JSON text or file that ``to_json`` wrote.

        Raises
        ------
        InputError
            If the source is not JSON, or not the document of one comparison of labels.
        """
        return cls.from_document(read_one(source, SameConceptDocument, SAME_CONCEPT))

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write the result as JSON, whole or not at all; without a path return the text."""
        return write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the result as one self-contained page, whole or not at all."""
        write_html(path, self.document())

    def to_frame(self, of: str = "readings", *, kind: str | None = None) -> Any:
        """Return a table of the result as a data frame.

        Parameters
        ----------
        of : str
            "readings" has a row for each set of labels that a probe was fitted to and scored
            against. The other tables are those of the audit: "claims", "nulls", ...
        kind : {"pandas", "polars", "pyarrow"}, optional
            As for `Audit.to_frame`.
        """
        choice("of", of, ["readings", *TABLES])
        if of != "readings":
            return self.audit.to_frame(of, kind=kind)
        return READINGS.frame([self], kind, self.audit.frame_kind)


def _readings(result: SameConcept) -> Iterator[Line]:
    for (fitted, scored), one in result.crossed.items():
        low, high = one.interval or (None, None)
        yield {
            "fitted": fitted,
            "scored": scored,
            "metric": one.unit,
            "value": one.value,
            "low": low,
            "high": high,
            "chance": one.chance,
        }


READINGS = Table(
    {
        **dict.fromkeys(("fitted", "scored", "metric"), str),
        **dict.fromkeys(("value", "low", "high", "chance"), float),
    },
    _readings,
)


def verdict(result: Audit) -> Holds:
    """Return whether labels are the same to a probe, from the audit of rows where they differ."""
    if result["readable"].holds is Holds.YES or result["dependent"].holds is Holds.YES:
        return Holds.NO
    return Holds.YES if result["readable"].holds is Holds.NO else Holds.UNCLEAR
