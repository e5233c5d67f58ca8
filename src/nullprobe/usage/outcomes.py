"""Outcomes of pairs: how far the answer of a text, or its metric, is towards its partner's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nullprobe._core.progress import Report, silent
from nullprobe.models.behaviour import Metric, Texts, metrics
from nullprobe.models.contrasts import contrasts
from nullprobe.models.scored_tokens import Edits
from nullprobe.usage.pairs import TextPairs


@dataclass(frozen=True, eq=False)
class Answers:
    """By how many nats b's answer is more probable than a's.

    Attributes
    ----------
    toward, away : sequence of m str
        The answers of b and of a.
    """

    toward: Sequence[str]
    away: Sequence[str]

    @classmethod
    def of(cls, answers: Sequence[str], pairs: TextPairs) -> Answers:
        """Return the outcome of pairs from the answers of all n texts."""
        toward, away = ([answers[i] for i in map(int, of)] for of in (pairs.second, pairs.first))
        return cls(toward, away)

    def under(
        self, texts: Texts, edits: Sequence[Edits], *, layers: str | None = None,
        report: Report = silent,
    ) -> np.ndarray:  # fmt: skip
        """Return the outcome of each first text under each edit, (e, m)."""
        return contrasts(texts, self.toward, self.away, edits, layers=layers, report=report)


@dataclass(frozen=True, eq=False)
class PairMetric:
    """How far the metric of a is from b's, below 0; 0 where it is reached.

    Attributes
    ----------
    metric : callable
        Of logits and of the numbers of texts among all n texts.
    first : ndarray of shape (m,)
        Numbers of the texts a.
    target : ndarray of shape (m,)
        Metric of b, for the unedited model.
    sign : ndarray of shape (m,)
        1 where b's metric is larger than a's, else -1.
    """

    metric: Metric
    first: np.ndarray
    target: np.ndarray
    sign: np.ndarray

    @classmethod
    def of(cls, metric: Metric, values: np.ndarray, pairs: TextPairs) -> PairMetric:
        """Return the outcome of pairs from the metric of all n unedited texts."""
        target = values[pairs.second]
        return cls(metric, pairs.first, target, np.sign(target - values[pairs.first]))

    def under(
        self, texts: Texts, edits: Sequence[Edits], *, layers: str | None = None,
        report: Report = silent,
    ) -> np.ndarray:  # fmt: skip
        """Return the outcome of each first text under each edit, (e, m)."""
        values = metrics(
            texts, lambda logits, which: self.metric(logits, self.first[which]), edits,
            layers=layers, report=report,
        )  # fmt: skip
        return self.sign * (values - self.target)


Outcome = Answers | PairMetric
