"""Pairing: contrast pairs of a file, to compare their readers or to audit them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nullprobe._core.progress import Bars
from nullprobe.cli import column_options
from nullprobe.cli.sources import places
from nullprobe.cli.subject import Subject
from nullprobe.comparing.pair_probes import compare_pairs
from nullprobe.comparing.pair_result import PairComparison
from nullprobe.data.files import read_labels
from nullprobe.data.pairs import ContrastPairs, read_pairs


@dataclass(frozen=True)
class Columns:
    """Which arrays or columns of a file mean what.

    Attributes
    ----------
    negative, positive : str
        The two sides.
    concept : str
        Which side is true.
    groups : str or None
        Prompt templates.
    others : sequence of str
        Other labels.
    """

    negative: str
    positive: str
    concept: str
    groups: str | None
    others: Sequence[str]

    @property
    def sides(self) -> dict[str, str]:
        """The names of the two sides, as `read_pairs` takes them."""
        return {"negative": self.negative, "positive": self.positive}

    def source(self, path: Path) -> dict[str, str]:
        """Where pairs came from."""
        source_of = {"file": str(path), **self.sides, "concept": self.concept}
        return source_of if self.groups is None else {**source_of, "groups": self.groups}

    def read(self, path: Path) -> tuple[ContrastPairs, dict[str, np.ndarray]]:
        """Read the pairs of a file, and their other labels."""
        options = {
            "--negative": [self.negative],
            "--positive": [self.positive],
            "--concept": [self.concept],
            "--groups": [self.groups],
            "--other": self.others,
        }
        with column_options.named(options):
            pairs = read_pairs(path, **self.sides, concept=self.concept, groups=self.groups)
            return pairs, read_labels(path, self.others, len(pairs))


def subject(path: Path, columns: Columns, name: str, order: str | None) -> Subject:
    """Return the pairs of a file of this name as what is audited; they may be a series."""
    pairs, others = columns.read(path)
    source = columns.source(path)
    place = None
    if order is not None:
        source["order"] = order
        with column_options.named({"--order": [order]}):
            place = places(read_labels(path, [order], len(pairs))[order], order)
    assert pairs.y is not None, "a concept is named"
    return Subject(
        title=f"{name}: {columns.concept}",
        X=pairs,
        y=pairs.y,
        source=source,
        order=place,
        others=others,
    )


def run(path: Path, columns: Columns, title: str, seed: int, command: str) -> PairComparison:
    """Compare the pairs of a file under this title, and write down how to do it again."""
    pairs, others = columns.read(path)
    with Bars(title) as bars:
        result = compare_pairs(
            pairs,
            others=others,
            random_state=seed,
            concept=columns.concept,
            title=title,
            progress=bars,
        )
    origin = {"command": command, "source": columns.source(path)}
    return replace(result, provenance={**origin, **result.provenance})
