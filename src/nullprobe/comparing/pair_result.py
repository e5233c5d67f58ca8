"""Pair comparison: what readers of contrast pairs found, as frozen values and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from scipy.stats import binomtest

from nullprobe._core.frames import frame
from nullprobe.report.comparison_documents import PAIRS, PairComparisonDocument
from nullprobe.report.document import plain, validated, write_json
from nullprobe.report.pages.pair_comparison import write_html
from nullprobe.report.text import comparison_tables, terminal
from nullprobe.report.text.wording import number

SUPERVISED = "with labels"  # the row of the probe that is fitted to labels
LEVEL, CHANCE = 0.05, 0.5


@dataclass(frozen=True, eq=False)
class Agreement:
    """How often held-out pairs are read as a label says.

    Attributes
    ----------
    share : float
        Of pairs; the sign was settled on training pairs, so that ½ is chance.
    interval : tuple of two floats
        95 % Wilson interval, given the fits.
    p_value : float or None
        Share of permuted labels that the same reader agrees with as often; None for a reader that
        is fitted to the labels.
    right : ndarray of shape (n,)
        Which pairs are read so.
    """

    share: float
    interval: tuple[float, float]
    p_value: float | None
    right: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, right: np.ndarray, p_value: float | None) -> Self:
        """Return the agreement, given which pairs (n,) are read as the label says."""
        interval = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
        return cls(float(right.mean()), (float(interval.low), float(interval.high)), p_value, right)


@dataclass(frozen=True)
class Reader:
    """One reader.

    Attributes
    ----------
    name : str
    settings : str
        The estimator, with its parameters.
    told : bool
        Whether it was fitted to labels.
    agreements : mapping of str to Agreement
        With each label.
    """

    name: str
    settings: str
    told: bool
    agreements: Mapping[str, Agreement]


@dataclass(frozen=True, eq=False)
class PairComparison:
    """What `compare_pairs` found.

    Attributes
    ----------
    title : str
    labels : tuple of str
        What pairs were held against, the truth first.
    rows : tuple of Reader
        The last one was fitted to labels: a ceiling.
    random : mapping of str to ndarray of shape (m,)
        Agreements of random directions with each label, sorted.
    provenance : mapping
        What the numbers rest on.
    """

    title: str
    labels: tuple[str, ...]
    rows: tuple[Reader, ...]
    random: Mapping[str, np.ndarray]
    provenance: Mapping[str, Any]

    def __getitem__(self, name: str) -> Reader:
        """Return the row of a reader."""
        return next(row for row in self.rows if row.name == name)

    @property
    def findings(self) -> tuple[str, ...]:
        """What each reader without labels followed, and what could be read, in sentences."""
        truth, draws = self.labels[0], self.random[self.labels[0]]
        told = next(row for row in self.rows if row.told).agreements[truth]
        could = (
            f"With labels, a probe reads {truth!r} in {number(told.share)} of held-out pairs; the "
            f"median of {len(draws):,} random directions is right in {number(np.median(draws))}."
        )
        return (*(" ".join(self._said(row)) for row in self.rows if not row.told), could)

    def as_good(self, row: Reader, label: str) -> float:
        """Return the share of random directions that agree with a label as often as a reader."""
        draws, share = self.random[label], row.agreements[label].share
        return float((draws >= share - 1e-12).mean())

    def _said(self, row: Reader) -> Iterator[str]:
        truth, *others = self.labels
        own = row.agreements[truth]
        rivals = {name: row.agreements[name] for name in others}
        followed = max(rivals, key=lambda name: rivals[name].share, default=truth)
        if rivals and rivals[followed].interval[0] > own.interval[1]:
            yield (
                f"{row.name} follows {followed!r} ({number(rivals[followed].share)} of held-out "
                f"pairs), not {truth!r} ({number(own.share)})."
            )
            return
        by_chance = own.interval[0] <= CHANCE if own.p_value is None else own.p_value > LEVEL
        if by_chance:
            p = "" if own.p_value is None else f" (p = {number(own.p_value)})"
            yield (
                f"That {row.name} agrees with {truth!r} in {number(own.share)} of held-out pairs "
                f"may be chance{p}."
            )
            return
        yield f"{row.name} agrees with {truth!r} in {number(own.share)} of held-out pairs."
        share = self.as_good(row, truth)
        if share > LEVEL:
            yield f"So do {100 * share:.0f} % of random directions, as often or more."
        crc = next((other for other in self.rows if other.name == "CRC"), None)
        if crc is not None and row.name == "CCS" and not _reads_more(own, crc.agreements[truth]):
            yield "CRC, which does not look for consistency, does as well."

    def __str__(self) -> str:
        """Return agreements and findings as text."""
        return terminal.text(comparison_tables.pairs(self.document().plain()), "", *self.findings)

    def document(self) -> PairComparisonDocument:
        """Return the comparison as a document, as ``to_json`` writes it."""
        keys = ("share", "interval", "p_value")  # not the pairs one by one
        rows = [
            {
                **vars(row),
                "agreements": {
                    name: {key: getattr(one, key) for key in keys}
                    for name, one in row.agreements.items()
                },
                "as_good": {name: self.as_good(row, name) for name in self.labels},
            }
            for row in self.rows
        ]
        found = {**vars(self), "schema": PAIRS, "chance": CHANCE, "rows": rows}
        return validated(PairComparisonDocument, plain({**found, "findings": self.findings}))

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write the comparison as JSON, whole or not at all; without a path return the text."""
        return write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the comparison as one self-contained page, whole or not at all."""
        write_html(path, self.document())

    def to_frame(self) -> Any:
        """Return a pandas data frame with a row for each reader × label."""
        return frame(
            [
                {
                    "reader": row.name,
                    "told": row.told,
                    "label": name,
                    "share": found.share,
                    "low": found.interval[0],
                    "high": found.interval[1],
                    "p_value": found.p_value,
                    "as_good": self.as_good(row, name),
                }
                for row in self.rows
                for name, found in row.agreements.items()
            ]
        )


def _reads_more(one: Agreement, other: Agreement) -> bool:
    """Return whether one reader is right more often, beyond twice the error of the difference."""
    difference = one.right.astype(float) - other.right
    return bool(difference.mean() > 2 * difference.std() / np.sqrt(len(difference)))
