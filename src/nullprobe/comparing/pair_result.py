"""Result of a comparison of probes of contrast pairs, as frozen values and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from scipy.stats import binomtest

from nullprobe._core.frames import Line, Table, table_of
from nullprobe._core.printable import shortened
from nullprobe.report import notebook
from nullprobe.report.comparison_documents import PAIRS, PairComparisonDocument
from nullprobe.report.document import plain, read_one, validated, write_json
from nullprobe.report.pages.pair_comparison import write_html
from nullprobe.report.text import comparison_tables, terminal
from nullprobe.report.text.wording import counted, number

SUPERVISED = "with labels"  # name of the row of the supervised probe
LEVEL, CHANCE = 0.05, 0.5


@dataclass(frozen=True, eq=False)
class Agreement:
    """Share of held-out pairs for which the prediction equals a label.

    Attributes
    ----------
    share : float
        Share of pairs. The sign comes from training pairs, so ½ is chance.
    interval : tuple of two floats
        95 % Wilson interval for fixed fits.
    p_value : float or None
        Permutation p-value of the agreement; None for the supervised probe.
    right : ndarray of shape (n,)
        Whether the prediction of each pair equals the label; empty if read from a file.
    """

    share: float
    interval: tuple[float, float]
    p_value: float | None
    right: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, right: np.ndarray, p_value: float | None) -> Self:
        """Return the agreement from whether the prediction of each pair (n,) equals the label."""
        interval = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
        return cls(float(right.mean()), (float(interval.low), float(interval.high)), p_value, right)


@dataclass(frozen=True)
class Reader:
    """One probe of contrast pairs.

    Attributes
    ----------
    name : str
    settings : str
        Estimator with its parameters.
    supervised : bool
        Whether the probe was fitted to labels.
    agreements : mapping of str to Agreement
        Agreement with each label.
    as_good : mapping of str to float, or None
        Share of random directions that agree as often with each label, if a file states it.
    """

    name: str
    settings: str
    supervised: bool
    agreements: Mapping[str, Agreement]
    as_good: Mapping[str, float] | None = None


@dataclass(frozen=True, eq=False, repr=False)
class PairComparison:
    """Agreements of all probes of contrast pairs, as returned by :func:`compare_pairs`.

    Attributes
    ----------
    title : str
    labels : tuple of str
        Names of the labels, the truth first.
    rows : tuple of Reader
        The last probe is supervised: an upper bound.
    random : mapping of str to ndarray of shape (m,)
        Agreements of random directions with each label, sorted.
    provenance : mapping
        Seed, versions, fingerprint of the data, permutations.
    frame_kind : str or None
        Kind of the frame that was passed, which ``to_frame`` returns by default.
    recorded : tuple of str or None
        Findings that a file states, since it lacks the single pairs.
    """

    title: str
    labels: tuple[str, ...]
    rows: tuple[Reader, ...]
    random: Mapping[str, np.ndarray]
    provenance: Mapping[str, Any]
    frame_kind: str | None = None
    recorded: tuple[str, ...] | None = None

    def __getitem__(self, name: str) -> Reader:
        """Return the row of the probe with this name."""
        return next(row for row in self.rows if row.name == name)

    @property
    def findings(self) -> tuple[str, ...]:
        """Sentences on the label that each probe follows, and on the upper bound."""
        if self.recorded is not None:
            return self.recorded
        truth, draws = self.labels[0], self.random[self.labels[0]]
        ceiling = next(row for row in self.rows if row.supervised).agreements[truth]
        bound = (
            f"A probe fitted to labels agrees with {truth!r} in {number(ceiling.share)} of "
            f"held-out pairs, and the median of {len(draws):,} random directions in "
            f"{number(np.median(draws))}."
        )
        return (*(" ".join(self._finding(row)) for row in self.rows if not row.supervised), bound)

    def as_good(self, row: Reader, label: str) -> float:
        """Return the share of random directions that agree with a label at least as often."""
        if row.as_good is not None:
            return row.as_good[label]
        draws, share = self.random[label], row.agreements[label].share
        return float((draws >= share - 1e-12).mean())

    def _finding(self, row: Reader) -> Iterator[str]:
        """Yield the sentences on one unsupervised probe."""
        truth, *others = self.labels
        with_truth = row.agreements[truth]
        rivals = {name: row.agreements[name] for name in others}
        followed = max(rivals, key=lambda name: rivals[name].share, default=truth)
        if rivals and rivals[followed].interval[0] > with_truth.interval[1]:
            yield (
                f"{row.name} follows {followed!r} ({number(rivals[followed].share)} of held-out "
                f"pairs), not {truth!r} ({number(with_truth.share)})."
            )
            return
        p = with_truth.p_value
        by_chance = with_truth.interval[0] <= CHANCE if p is None else p > LEVEL
        if by_chance:
            shown = "" if p is None else f" (p = {number(p)})"
            yield (
                f"{row.name} is not detectably better than chance: it agrees with {truth!r} in "
                f"{number(with_truth.share)} of held-out pairs{shown}."
            )
            return
        yield f"{row.name} agrees with {truth!r} in {number(with_truth.share)} of held-out pairs."
        share = self.as_good(row, truth)
        if share > LEVEL:
            yield f"{100 * share:.0f} % of random directions agree at least as often."
        crc = next((other for other in self.rows if other.name == "CRC"), None)
        if crc is None or row.name != "CCS":
            return
        if not _is_better(with_truth, crc.agreements[truth]):
            yield "CRC, which ignores consistency, is not detectably worse."

    def __repr__(self) -> str:
        """Return the title, pairs, features and numbers of readers and labels in one line."""
        readers = counted(len(self.rows), "reader")
        labels = counted(len(self.labels), "label")
        return f"PairComparison({shortened(self.title, 30)!r}, {self._size()}: {readers}, {labels})"

    def _size(self) -> str:
        known = [key for key in ("pairs", "features") if key in self.provenance]
        return ", ".join(counted(self.provenance[key], key.removesuffix("s")) for key in known)

    def _repr_html_(self) -> str:
        """Return agreements and findings as one table, for a notebook."""
        return notebook.readers(self.document().plain(), self._size())

    def __str__(self) -> str:
        """Return the table of agreements and the findings as text."""
        return terminal.text(comparison_tables.pairs(self.document().plain()), "", *self.findings)

    def document(self) -> PairComparisonDocument:
        """Return the comparison as a document, as ``to_json`` writes it."""
        keys = ("share", "interval", "p_value")  # without the single pairs
        rows = [
            {
                **vars(row),
                "agreements": {
                    name: {key: getattr(agreement, key) for key in keys}
                    for name, agreement in row.agreements.items()
                },
                "as_good": {name: self.as_good(row, name) for name in self.labels},
            }
            for row in self.rows
        ]
        fields = {**vars(self), "schema": PAIRS, "chance": CHANCE, "rows": rows}
        del fields["frame_kind"], fields["recorded"]
        return validated(PairComparisonDocument, plain({**fields, "findings": self.findings}))

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same document."""
        if not isinstance(other, PairComparison):
            return NotImplemented
        return self.document() == other.document()

    @classmethod
    def from_document(cls, document: PairComparisonDocument) -> Self:
        """Return the comparison that a document describes, without the single pairs."""
        fields = document.plain()
        rows = tuple(
            Reader(
                **{
                    **row,
                    "agreements": {
                        name: Agreement(
                            one["share"], tuple(one["interval"]), one["p_value"], np.empty(0, bool)
                        )
                        for name, one in row["agreements"].items()
                    },
                }
            )
            for row in fields["rows"]
        )
        draws = {name: np.array(one, float) for name, one in fields["random"].items()}
        labels, findings = tuple(fields["labels"]), tuple(fields["findings"])
        return cls(fields["title"], labels, rows, draws, fields["provenance"], None, findings)

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Return the comparison of a JSON text or file that ``to_json`` wrote.

        Raises
        ------
        InputError
            If the source is not JSON, or not the document of one comparison of pair probes.
        """
        return cls.from_document(read_one(source, PairComparisonDocument, PAIRS))

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Write the comparison as JSON; without a path return the text. No partial file is left."""
        return write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the comparison as one self-contained HTML page. No partial file is left."""
        write_html(path, self.document())

    def to_frame(self, of: str = "agreements", *, kind: str | None = None) -> Any:
        """Return a table of the comparison as a data frame.

        Parameters
        ----------
        of : {"agreements", "draws"}
            What has a row: each probe and label, or each random direction and label.
        kind : {"pandas", "polars", "pyarrow"}, optional
            Kind of the frame. By default it is the kind of ``others``, if that was a frame, or else
            the first of the three that is installed.
        """
        return table_of(TABLES, of).frame([self], kind, self.frame_kind)


def _agreements(result: PairComparison) -> Iterator[Line]:
    for row in result.rows:
        for name, agreement in row.agreements.items():
            low, high = agreement.interval
            yield {
                "reader": row.name,
                "supervised": row.supervised,
                "label": name,
                "share": agreement.share,
                "low": low,
                "high": high,
                "p_value": agreement.p_value,
                "as_good": result.as_good(row, name),
            }


def _draws(result: PairComparison) -> Iterator[Line]:
    for label, values in result.random.items():
        for draw, value in enumerate(values):
            yield {"label": label, "draw": draw, "share": value}


TABLES = {
    "agreements": Table(
        {
            "reader": str,
            "supervised": bool,
            "label": str,
            **dict.fromkeys(("share", "low", "high", "p_value", "as_good"), float),
        },
        _agreements,
    ),
    "draws": Table({"label": str, "draw": int, "share": float}, _draws),
}


def _is_better(first: Agreement, second: Agreement) -> bool:
    """Return whether the first agrees more often, by over two standard errors of the difference."""
    difference = first.right.astype(float) - second.right
    return bool(difference.mean() > 2 * difference.std() / np.sqrt(len(difference)))
