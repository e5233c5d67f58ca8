"""The result of a study: measurements, effects, verdicts and pictures, with its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from nullprobe._core.frames import Line, Table
from nullprobe.auditing.document import claim_document, claim_of
from nullprobe.claims.verdict import Claim
from nullprobe.report.document import plain, read_one, validated, write_json
from nullprobe.report.pages import study as page
from nullprobe.report.study_document import STUDY, StudyDocument
from nullprobe.studies.definition import Cell
from nullprobe.studies.effects import Effect, Estimate, mean_of_cell
from nullprobe.studies.reasons import origin


@dataclass(frozen=True)
class Record:
    """What one cell gave with one seed.

    Attributes
    ----------
    cell : Cell
    seed : int
    values : mapping of str to float
    nulls, series : mapping of str to tuple of float
        As in `Measured`.
    """

    cell: Cell
    seed: int
    values: Mapping[str, float]
    nulls: Mapping[str, Sequence[float]] = field(default_factory=dict)
    series: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult:
    """What a study came to; frozen.

    Attributes
    ----------
    name, question, unit : str
    factors : mapping of str to tuple of levels
    quick : bool
        Whether it was a quick run.
    records : tuple of Record
        All measurements.
    effects : mapping of str to Effect
        Main effects and interactions of the first measurement: "a", "b", "a × b".
    claims : tuple of Claim
        The verdicts.
    figures : tuple of mapping
        Pictures, as plain values.
    doubts : tuple of str
        What would change our mind.
    provenance : mapping

    Examples
    --------
    >>> from nullprobe import studies
    >>> @studies.study(question="Does it double?", unit="size", factors={"size": (1, 2)})
    ... def doubling(cell, seed, budget):
    ...     return {"model": 2.0 * cell.size + seed / 100}
    >>> result = studies.run(doubling, seeds=3)
    >>> result
    StudyResult(doubling: effect_of_size yes)
    >>> StudyResult.from_json(result.to_json()) == result
    True
    """

    name: str
    question: str
    unit: str
    factors: Mapping[str, tuple[Any, ...]]
    quick: bool
    records: tuple[Record, ...]
    effects: Mapping[str, Effect]
    claims: tuple[Claim, ...]
    figures: tuple[Mapping[str, Any], ...]
    doubts: tuple[str, ...]
    provenance: Mapping[str, Any]

    def __repr__(self) -> str:
        """Return the verdicts in one line."""
        verdicts = ", ".join(f"{claim.name} {claim.holds}" for claim in self.claims)
        return f"StudyResult({self.name}: {verdicts})"

    def __str__(self) -> str:
        """Return question and answer."""
        return f"{self.question}\n{self.answer}"

    def in_words(self) -> str:
        """Return question, answer, and each verdict with its numbers."""
        verdicts = [f"  {claim.name}: {claim.holds}. {claim.reason}" for claim in self.claims]
        return "\n".join([str(self), *verdicts])

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same document."""
        if not isinstance(other, StudyResult):
            return NotImplemented
        return self.document() == other.document()

    def __getitem__(self, name: str) -> Claim:
        """Return a verdict by name."""
        return {claim.name: claim for claim in self.claims}[name]

    @property
    def verdict(self) -> Claim:
        """The first verdict."""
        return self.claims[0]

    @property
    def answer(self) -> str:
        """The first sentence of each verdict, and where what holds comes from."""
        first = ((f"{one.reason.split('. ')[0].rstrip('.')}.", origin(one)) for one in self.claims)
        return " ".join(sentence for both in first for sentence in both if sentence)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells, in order."""
        return tuple({str(one.cell): one.cell for one in self.records}.values())

    @property
    def measurements(self) -> tuple[str, ...]:
        """Names of the measurements."""
        return tuple(self.records[0].values)

    def mean(self, measurement: str, cell: Cell | None = None) -> Estimate:
        """Return a measurement over seeds, in a cell; without one, in the first."""
        table = {(str(one.cell), one.seed): one.values for one in self.records}
        return mean_of_cell(table, cell or self.cells[0], measurement)

    def with_figures(self, figures: Sequence[Mapping[str, Any]]) -> Self:
        """Return the same result with these pictures."""
        return replace(self, figures=tuple(figures))

    def with_command(self, command: str) -> Self:
        """Return the same result with the command line that does it again."""
        return replace(self, provenance={**self.provenance, "command": command})

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return all measurements as a data frame, one row each.

        ``kind`` is "pandas", "polars" or "pyarrow".
        """
        columns = {**dict.fromkeys(self.factors, str), "seed": int, "measurement": str}
        return Table({**columns, "value": float}, _lines).frame([self], kind)

    def document(self) -> StudyDocument:
        """Return the result as a document, as ``to_json`` writes it."""
        fields = {
            "schema": STUDY,
            "name": self.name,
            "question": self.question,
            "answer": self.answer,
            "unit": self.unit,
            "quick": self.quick,
            "factors": {k: [str(level) for level in v] for k, v in self.factors.items()},
            "claims": [claim_document(claim) for claim in self.claims],
            "effects": [
                {
                    "name": name,
                    "measurement": one.measurement,
                    "factors": one.factors,
                    "value": one.value,
                    "interval": one.interval,
                    "p_value": one.p_value(),
                    "values": one.values,
                }
                for name, one in self.effects.items()
            ],
            "cells": [
                {
                    "levels": {k: str(v) for k, v in one.cell.levels.items()},
                    "seed": one.seed,
                    "values": one.values,
                    "nulls": one.nulls,
                    "series": one.series,
                }
                for one in self.records
            ],
            "figures": self.figures,
            "doubts": self.doubts,
            "provenance": dict(self.provenance),
        }
        return validated(StudyDocument, plain(fields))

    @classmethod
    def from_document(cls, document: StudyDocument) -> Self:
        """Return the result that a document describes; levels are words."""
        fields = document.plain()
        return cls(
            fields["name"],
            fields["question"],
            fields["unit"],
            {name: tuple(levels) for name, levels in fields["factors"].items()},
            fields["quick"],
            tuple(
                Record(
                    Cell(one["levels"]), *(one[k] for k in ("seed", "values", "nulls", "series"))
                )
                for one in fields["cells"]
            ),
            {
                one["name"]: Effect(tuple(one["values"]), one["measurement"], tuple(one["factors"]))
                for one in fields["effects"]
            },
            tuple(map(claim_of, fields["claims"])),
            tuple(fields["figures"]),
            tuple(fields["doubts"]),
            fields["provenance"],
        )

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Return the result of a JSON text or file that ``to_json`` wrote.

        Raises
        ------
        InputError
            If it is not a document of a study.
        """
        return cls.from_document(read_one(source, StudyDocument, STUDY))

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write the result to a file, or return its text if there is no path."""
        return write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the page: question, answer, pictures, verdicts and all numbers."""
        page.write_html(path, self.document())


def _lines(result: StudyResult) -> list[Line]:
    return [
        {
            **{name: str(level) for name, level in one.cell.levels.items()},
            "seed": one.seed,
            "measurement": name,
            "value": value,
        }
        for one in result.records
        for name, value in one.values.items()
    ]
