"""Result of a census: where a concept stands among what its texts carry, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nullprobe._core.frames import Line, Table, table_of
from nullprobe._core.printable import printable, shortened
from nullprobe._core.validation import counted

MOST_PRINTED = 3  # lexical concepts


@dataclass(frozen=True, eq=False)
class LayerCensus:
    """Held-out AUC of all labellings at one layer.

    Attributes
    ----------
    name : str
    auc : float
        AUC of the concept.
    interval : tuple of two floats
        95 % bootstrap interval of it over groups or rows, widened for the variation of fits.
    lexical, control : ndarray of shape (m,)
        AUC of each lexical concept and of each control task; NaN if it has one label only in all
        folds.
    selectivity : float
        AUC of the concept minus the mean AUC of the control tasks; NaN without any.
    selectivity_interval : tuple of two floats
        95 % interval of it, over groups or rows for the concept, and over control tasks.
    """

    name: str
    auc: float
    interval: tuple[float, float]
    lexical: np.ndarray = field(repr=False)
    control: np.ndarray = field(repr=False)
    selectivity: float
    selectivity_interval: tuple[float, float]

    @property
    def n_lexical(self) -> int:
        """Number of lexical concepts with an AUC."""
        return int(np.isfinite(self.lexical).sum())

    @property
    def n_below(self) -> int:
        """Number of lexical concepts whose AUC is lower than the AUC of the concept."""
        return int((self.lexical < self.auc).sum())


@dataclass(frozen=True, eq=False)
class Census:
    """Where a concept stands among what its texts carry, as returned by :func:`census`.

    Attributes
    ----------
    concept : str
    layers : tuple of LayerCensus
    lexical_names, control_names : tuple of str
    n_folds : int
    seed : int

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import census, control_labels, lexical_concepts
    >>> texts = ["a cat", "the cat", "a dog", "the dog", "an owl", "an elk"] * 20
    >>> labels = lexical_concepts(texts, 0.5), control_labels(texts)
    >>> X = np.random.default_rng(0).normal(size=(120, 4))
    >>> result = census({"layer 0": X}, np.tile([0, 1, 1], 40), *labels)
    >>> result.best.name, result.n_folds
    ('layer 0', 5)
    """

    concept: str
    layers: tuple[LayerCensus, ...]
    lexical_names: tuple[str, ...]
    control_names: tuple[str, ...]
    n_folds: int
    seed: int

    def __getitem__(self, name: str) -> LayerCensus:
        """Return the layer with this name."""
        return next(layer for layer in self.layers if layer.name == name)

    @property
    def best(self) -> LayerCensus:
        """The layer that reads the concept best."""
        return max(self.layers, key=lambda layer: layer.auc)

    @property
    def conclusion(self) -> str:
        """Where the concept stands at the layer that reads it best, in one sentence."""
        best, what = self.best, shortened(self.concept)
        what = what[:1].upper() + what[1:]
        where = f"at {shortened(best.name)} (AUC {best.auc:.2f}, {_range(best.interval)})"
        if not best.n_lexical:
            return f"{what} is read best {where}; there is no lexical concept to compare it with."
        return (
            f"{what} is read better than {best.n_below} of "
            f"{counted(best.n_lexical, 'lexical concept', 'lexical concepts')} of about its "
            f"frequency {where}."
        )

    def __str__(self) -> str:
        """Return the conclusion, selectivity, and a line for each layer."""
        best = self.best
        lines = [self.conclusion]
        if best.n_lexical:
            order = np.argsort(-np.nan_to_num(best.lexical))[: min(MOST_PRINTED, best.n_lexical)]
            named = [f"{self.lexical_names[i]} ({best.lexical[i]:.2f})" for i in order]
            lines.append(f"Of these, the best are read so: {shortened('; '.join(named), 200)}.")
        if np.isfinite(best.selectivity):
            lines.append(
                f"A random label per word is read with an AUC of {np.nanmean(best.control):.2f} on "
                f"average, so selectivity is {best.selectivity:.2f} "
                f"({_range(best.selectivity_interval)})."
            )
        for layer in self.layers if len(self.layers) > 1 else ():
            control = f", selectivity {layer.selectivity:.2f}" if len(layer.control) else ""
            lines.append(
                f"- {shortened(layer.name)}: AUC {layer.auc:.2f}, better than {layer.n_below} of "
                f"{layer.n_lexical}{control}"
            )
        return printable("\n".join(lines))

    def to_frame(self, of: str = "layers", *, kind: str | None = None) -> Any:
        """Return a data frame.

        Parameters
        ----------
        of : {"layers", "labellings"}
            One row for each layer, or for each layer and labelling.
        kind : {"pandas", "polars", "pyarrow"}, optional
            Kind of the frame.
        """
        return table_of(TABLES, of).frame([self], kind)


def _range(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.2f} to {interval[1]:.2f}"


def _layer_lines(result: Census) -> Iterator[Line]:
    for layer in result.layers:
        low, high = layer.interval
        least, most = layer.selectivity_interval
        yield {
            "layer": layer.name, "auc": layer.auc, "low": low, "high": high,
            "n_below": layer.n_below, "n_lexical": layer.n_lexical,
            "selectivity": layer.selectivity, "selectivity_low": least, "selectivity_high": most,
        }  # fmt: skip


def _labelling_lines(result: Census) -> Iterator[Line]:
    for layer in result.layers:
        yield {
            "layer": layer.name, "kind": "concept", "labelling": result.concept, "auc": layer.auc,
        }  # fmt: skip
        for kind, names, areas in (
            ("lexical", result.lexical_names, layer.lexical),
            ("control", result.control_names, layer.control),
        ):
            for name, area in zip(names, areas, strict=True):
                yield {"layer": layer.name, "kind": kind, "labelling": name, "auc": float(area)}


TABLES = {
    "layers": Table(
        {
            "layer": str,
            **dict.fromkeys(("auc", "low", "high"), float),
            **dict.fromkeys(("n_below", "n_lexical"), int),
            **dict.fromkeys(("selectivity", "selectivity_low", "selectivity_high"), float),
        },
        _layer_lines,
    ),
    "labellings": Table(
        {**dict.fromkeys(("layer", "kind", "labelling"), str), "auc": float}, _labelling_lines
    ),
}
