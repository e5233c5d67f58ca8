"""Calibration: how often verdicts were wrong on a user's own rows, in words and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from scipy.stats import binomtest

from nullprobe._core.frames import Line, Table
from nullprobe._core.printable import shortened
from nullprobe.claims import Holds
from nullprobe.report.calibration_document import CALIBRATION, CalibrationDocument
from nullprobe.report.document import plain, read_one, validated, write_json
from nullprobe.report.notebook import Cell, table
from nullprobe.report.text.tables import aligned
from nullprobe.report.text.wording import interval

FINDS = {
    "nothing": "finds something in permuted labels",
    "moments": "finds more than class means and covariances",
}
LEVEL = 0.05  # of the test that a rate is above α


@dataclass(frozen=True)
class Judged:
    """Verdicts of audits on one claim, for data with a known answer.

    Attributes
    ----------
    truth : str
        "nothing" or "moments".
    claim : str
    audits : int
        Number of audits that ended in a verdict.
    wrong : int
        Number of wrong verdicts. They detect a concept in permuted labels, or reject means and
        covariances although classes differ in nothing else.
    verdicts : mapping of str to int
        Number of each verdict: "yes", "no" and "unclear".
    """

    truth: str
    claim: str
    audits: int
    wrong: int
    verdicts: Mapping[str, int]

    @property
    def rate(self) -> float:
        """Share of audits that were wrong."""
        return self.wrong / self.audits if self.audits else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the rate (Clopper and Pearson)."""
        if not self.audits:
            return 0.0, 1.0
        ends = binomtest(self.wrong, self.audits).proportion_ci(0.95, method="exact")
        return float(ends.low), float(ends.high)


@dataclass(frozen=True, eq=False, repr=False)
class Calibration:
    """How often verdicts were wrong on a user's own rows. Printed, it is a sentence and a table.

    Attributes
    ----------
    judged : tuple of Judged
    alpha : float
        Significance level of the audits.
    refused : mapping of str to int
        Number of audits that were refused, by reason.
    not_tried : mapping of str to str
        Truths for which no data could be made from these rows, and why.
    frame_kind : str or None
        Kind of the frame that was passed, which ``to_frame`` returns by default.

    Examples
    --------
    >>> verdicts = {"yes": 4, "no": 90, "unclear": 6}
    >>> judged = Judged("nothing", "readable", audits=100, wrong=4, verdicts=verdicts)
    >>> found = Calibration((judged,), alpha=0.05, refused={}, not_tried={})
    >>> [one.rate for one in found]
    [0.04]
    >>> found.conclusion.split(";")[1]
    ' 100 audits exclude error rates above 0.099 (95 %).'
    """

    judged: tuple[Judged, ...]
    alpha: float
    refused: Mapping[str, int]
    not_tried: Mapping[str, str]
    frame_kind: str | None = None

    def __iter__(self) -> Iterator[Judged]:
        """Yield the counts for each claim under each truth."""
        return iter(self.judged)

    def __repr__(self) -> str:
        """Return the rates in one line."""
        each = (f"{one.claim} {one.wrong}/{one.audits} ({one.truth})" for one in self.judged)
        return f"Calibration({shortened(', '.join(each), 85)})"

    def _repr_html_(self) -> str:
        """Return the conclusion and the rates as one table, for a notebook."""
        rows = [
            (f"{one.claim} ({one.truth})", [
                Cell(f"{one.wrong} of {one.audits}"),
                Cell(interval(one.interval)),
                *(Cell(str(one.verdicts.get(str(holds), 0))) for holds in Holds),
            ])
            for one in self.judged
        ]  # fmt: skip
        heads = ("claim (truth)", "wrong", "95 % interval", *map(str, Holds))
        notes = [f"{name}: not tried: {why}" for name, why in self.not_tried.items()]
        notes += [f"refused {count} times: {why}" for why, count in self.refused.items()]
        return table("Calibration", [self.conclusion], heads, rows, notes)

    @property
    def conclusion(self) -> str:
        """What to conclude, in one sentence.

        A rate is too high if the exact one-sided p-value of its count is at most .05, over all
        rates (Holm). The sentence names these claims, or the largest rate that is not excluded.
        """
        judged = [one for one in self.judged if one.audits]
        if not judged:
            return "No audit reached a verdict, so nothing can be concluded about these rows."
        too_often = _too_often(judged, self.alpha)
        if too_often:
            listed = ", ".join(
                f"{one.claim} {FINDS[one.truth]} in {one.wrong} of {one.audits} audits"
                for one in too_often
            )
            return (
                f"Do not rely on these verdicts for your rows, since more than α = {self.alpha:g} "
                f"of them are wrong: {listed}; look for rows that depend on each other, and name "
                "their groups."
            )
        worst = max(judged, key=lambda one: one.interval[1])
        return (
            f"On your rows no verdict was wrong more often than α = {self.alpha:g} allows; "
            f"{worst.audits} audits exclude error rates above {worst.interval[1]:.3f} (95 %)."
        )

    def __str__(self) -> str:
        """Return the conclusion, and the table."""
        return f"{self.conclusion}\n\n{self.table}"

    @property
    def table(self) -> str:
        """The table: truth, claim, rate of wrong verdicts, and number of each verdict."""
        lines = [("truth", "claim", "wrong", "95 % interval", *map(str, Holds))]
        for one in self.judged:
            low, high = one.interval
            counts = (str(one.verdicts.get(holds, 0)) for holds in map(str, Holds))
            rate = f"{one.wrong} of {one.audits}"
            lines.append((one.truth, one.claim, rate, f"{low:.3f} to {high:.3f}", *counts))
        text = aligned(lines, left=2)
        text += [f"{name}: not tried: {why}" for name, why in self.not_tried.items()]
        text += [f"refused {count} times: {why}" for why, count in self.refused.items()]
        return "\n".join(text)

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same document."""
        if not isinstance(other, Calibration):
            return NotImplemented
        return self.document() == other.document()

    def document(self) -> CalibrationDocument:
        """Return the result as a document, as ``to_json`` writes it."""
        fields = {
            "schema": CALIBRATION,
            "alpha": self.alpha,
            "judged": [{**vars(one), "rate": one.rate, "interval": one.interval} for one in self],
            "refused": self.refused,
            "not_tried": self.not_tried,
            "conclusion": self.conclusion,
        }
        return validated(CalibrationDocument, plain(fields))

    @classmethod
    def from_document(cls, document: CalibrationDocument) -> Self:
        """Return the result that a document describes."""
        judged = tuple(
            Judged(one.truth, one.claim, one.audits, one.wrong, {**one.verdicts})
            for one in document.judged
        )
        return cls(judged, document.alpha, {**document.refused}, {**document.not_tried})

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Return the result of a JSON text or file that ``to_json`` wrote.

        Raises
        ------
        InputError
            If the source is not JSON, or not the document of one calibration.
        """
        return cls.from_document(read_one(source, CalibrationDocument, CALIBRATION))

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write the result as JSON, whole or not at all; without a path return the text."""
        return write_json(path, [self.document()])

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with a row for each truth and claim.

        ``kind`` is "pandas", "polars" or "pyarrow"; by default the kind that was passed.
        """
        return RATES.frame([self], kind, self.frame_kind)


def _rates(result: Calibration) -> Iterator[Line]:
    for one in result:
        low, high = one.interval
        yield {
            "truth": one.truth,
            "claim": one.claim,
            "audits": one.audits,
            "wrong": one.wrong,
            "rate": one.rate,
            "low": low,
            "high": high,
            **{str(holds): one.verdicts.get(str(holds), 0) for holds in Holds},
        }


RATES = Table(
    {
        **dict.fromkeys(("truth", "claim"), str),
        **dict.fromkeys(("audits", "wrong"), int),
        **dict.fromkeys(("rate", "low", "high"), float),
        **dict.fromkeys(map(str, Holds), int),
    },
    _rates,
)


def _too_often(judged: Sequence[Judged], alpha: float) -> list[Judged]:
    """Return the rates that exceed α, by exact one-sided tests at .05 over all of them (Holm)."""
    tested = [
        (float(binomtest(one.wrong, one.audits, alpha, alternative="greater").pvalue), position)
        for position, one in enumerate(judged)
    ]
    positions = []
    for step, (p, position) in enumerate(sorted(tested)):
        if p * (len(tested) - step) > LEVEL:
            break
        positions.append(position)
    return [judged[position] for position in sorted(positions)]
