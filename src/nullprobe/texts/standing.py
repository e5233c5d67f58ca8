"""Standing: where a concept stands at each site among what else its texts carry, in few numbers.

A census has the AUC of hundreds of labellings at each layer. The page of an audit of a model needs
where the concept stands among them, and what a random label for each word reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from nullprobe._core import validation
from nullprobe._core.validation import InputError
from nullprobe.report.text import tables
from nullprobe.texts.census import census
from nullprobe.texts.census_result import Census, LayerCensus
from nullprobe.texts.labellings import BinaryLabels, control_labels, lexical_concepts
from nullprobe.texts.text_rows import TextRows

QUANTILES = (0.05, 0.5, 0.95)  # of the lexical concepts
CAPTION = "Where the concept stands among lexical concepts and random labels of words"
NOTE = (
    "AUC of the same probe, fitted to four fifths of the texts, so it may exceed the AUC of the "
    "claims. Lexical concepts are words, endings, letters and lengths of about the frequency of "
    "the concept. A control task gives each word a random label; selectivity is the AUC of the "
    "concept minus the mean AUC of control tasks."
)

CENSUS: dict[str, type] = {
    "site": str,
    **dict.fromkeys(("auc", "low", "high"), float),
    **dict.fromkeys(("n_below", "n_lexical"), int),
    **dict.fromkeys(("lexical", "control"), float),
    **dict.fromkeys(("selectivity", "selectivity_low", "selectivity_high"), float),
}


@dataclass(frozen=True)
class Standing:
    """Where the concept stands at a site.

    Attributes
    ----------
    site : str
    auc : float
        Held-out AUC of the concept.
    interval : tuple of two floats
        95 % interval of it.
    n_below, n_lexical : int
        Number of lexical concepts that are read worse, and of all.
    lexical : tuple of three floats or None
        5 % quantile, median and 95 % quantile of their AUC.
    control : float or None
        Mean AUC of the control tasks.
    selectivity : float or None
        AUC of the concept minus that mean.
    selectivity_interval : tuple of two floats or None
        95 % interval of it.
    """

    site: str
    auc: float
    interval: tuple[float, float]
    n_below: int
    n_lexical: int
    lexical: tuple[float, float, float] | None
    control: float | None
    selectivity: float | None
    selectivity_interval: tuple[float, float] | None

    @classmethod
    def of(cls, layer: LayerCensus) -> Self:
        """Return where the concept stands at a layer of a census."""
        read = layer.lexical[np.isfinite(layer.lexical)]
        lexical = None
        if len(read):
            low, middle, high = np.quantile(read, QUANTILES).tolist()
            lexical = low, middle, high
        known = bool(np.isfinite(layer.selectivity))
        return cls(
            layer.name,
            layer.auc,
            layer.interval,
            layer.n_below,
            layer.n_lexical,
            lexical,
            float(np.nanmean(layer.control)) if known else None,
            layer.selectivity if known else None,
            layer.selectivity_interval if known else None,
        )

    def line(self) -> dict[str, Any]:
        """Return the row of a data frame, or of a table."""
        values = (
            self.site,
            self.auc,
            *self.interval,
            self.n_below,
            self.n_lexical,
            None if self.lexical is None else self.lexical[1],
            self.control,
            self.selectivity,
            *(self.selectivity_interval or (None, None)),
        )
        return dict(zip(CENSUS, values, strict=True))

    @classmethod
    def of_plain(cls, value: Mapping[str, Any]) -> Self:
        """Return what a document or a file holds."""
        pairs = ("interval", "lexical", "selectivity_interval")
        return cls(**{**value, **{key: value[key] and tuple(value[key]) for key in pairs}})


@dataclass(frozen=True)
class Standings:
    """Where the concept stands at each site.

    Attributes
    ----------
    sites : tuple of Standing
        Empty if there was no census.
    sentences : tuple of str
        What to conclude.
    reason : str
        Why there was no census; empty if there was one.
    """

    sites: tuple[Standing, ...] = ()
    sentences: tuple[str, ...] = ()
    reason: str = ""

    @classmethod
    def of(cls, states: Mapping[str, np.ndarray], rows: TextRows, concept: str, seed: int) -> Self:
        """Read the concept, lexical concepts and control tasks at each site."""
        try:
            texts, z = rows.words(), rows.z
            if texts is None:
                validation.complain("texts must be words", "they are token ids")
            if z.codes is None or z.n_scores != 1:
                validation.complain("the concept must have two classes", "it has others")
            positive = np.asarray(z.codes == 1)
            lexical = lexical_concepts(texts, float(positive.mean()))
            control = _control(texts, seed)
            result = census(
                states, positive, lexical, control, groups=rows.groups, concept=concept,
                random_state=seed,
            )  # fmt: skip
        except InputError as error:
            return cls(reason=f"No other labels of the texts were read: {error}")
        return cls(tuple(map(Standing.of, result.layers)), tuple(_sentences(result)))

    def plain(self) -> dict[str, Any]:
        """Return the values of a document."""
        return {
            "census": [asdict(one) for one in self.sites],
            "census_sentences": list(self.sentences),
            "census_reason": self.reason,
        }

    @classmethod
    def of_plain(cls, value: Mapping[str, Any]) -> Self:
        """Return what a document holds."""
        sites = tuple(map(Standing.of_plain, value["census"]))
        return cls(sites, tuple(value["census_sentences"]), value["census_reason"])

    def table(self) -> tables.Table:
        """Return a row for each site."""
        columns = (
            "", "AUC", "2.5 %", "97.5 %", "better than", "of lexical concepts", "their median",
            "mean of control tasks", "selectivity", "its 2.5 %", "its 97.5 %",
        )  # fmt: skip
        return tables.Table(
            CAPTION,
            columns,
            tuple(tuple(one.line().values()) for one in self.sites),
            "there are no such labels of these texts",
            NOTE,
        )


def _control(texts: Sequence[str], seed: int) -> BinaryLabels:
    """Return control tasks, or none if too few words take a random label."""
    try:
        return control_labels(texts, seed=seed)
    except InputError:
        return BinaryLabels((), np.zeros((len(texts), 0), dtype=bool))


def _sentences(result: Census) -> Iterator[str]:
    yield result.conclusion
    best = result.best
    if np.isfinite(best.selectivity):
        low, high = best.selectivity_interval
        yield (
            f"There, a random label for each word is read with an AUC of "
            f"{np.nanmean(best.control):.2f} on average: selectivity {best.selectivity:.2f} "
            f"({low:.2f} to {high:.2f})."
        )


NO_CENSUS = Standings(reason="No other labels of the texts were read.")
