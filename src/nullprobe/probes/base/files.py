"""Files of fitted linear probes: safetensors, exact to the bit, and checked when they are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core import checked_files, validation
from nullprobe._core.checked_files import Content
from nullprobe._core.marked_files import FileKind

PROBE = FileKind(
    "the probe",
    "a probe must be a file that nullprobe wrote",
    "pass a file from the save method of a linear probe",
)
FORMAT = "nullprobe.LinearProbe/1"


@dataclass(frozen=True, eq=False)
class SavedProbe:
    """A fitted linear probe as its file holds it.

    Attributes
    ----------
    estimator : str
        Name of the class of the probe.
    parameters : mapping of str to value
        Parameters of its constructor.
    weights : ndarray of shape (d, m)
    bias : ndarray of shape (m,)
    concepts : tuple of (tuple or None)
        Labels of each concept; None for a numeric one.
    many : bool
        Whether `fit_many` fitted the probe.
    feature_names : tuple of str or None
        Names of the d features, if X had them.
    """

    estimator: str
    parameters: Mapping[str, Any]
    weights: np.ndarray
    bias: np.ndarray
    concepts: tuple[tuple | None, ...]
    many: bool
    feature_names: tuple[str, ...] | None

    def write(self, path: str | Path) -> None:
        """Write the probe to a file, or complain about a parameter that JSON does not hold."""
        described = {
            "estimator": self.estimator,
            "parameters": {name: _plain(name, value) for name, value in self.parameters.items()},
            "concepts": self.concepts,
            "many": self.many,
            "feature_names": self.feature_names,
            # Products with another memory layout may round differently.
            "transposed": _is_transposed(self.weights),
        }
        tensors = {"weights": self.weights, "bias": self.bias}
        checked_files.write(PROBE, path, FORMAT, tensors, described)

    @classmethod
    def read(cls, path: str | Path) -> SavedProbe:
        """Read a probe that :meth:`write` wrote, or complain about a damaged file."""
        content = Content.read(PROBE, path, FORMAT)
        weights = content.array("weights", (None, None))
        bias = content.array("bias", (weights.shape[1],))
        concepts, many = content.labels_of_each("concepts"), content.value("many")
        estimator, parameters = content.value("estimator"), content.value("parameters")
        if not (isinstance(estimator, str) and isinstance(parameters, dict)):
            content.complain("its probe has no name or no parameters")
        if not concepts or not _fits(concepts, weights.shape[1], bool(many)):
            content.complain(f"its labels do not fit {weights.shape[1]} columns of weights")
        weights = np.asfortranarray(weights) if content.value("transposed") else weights
        names = content.feature_names(len(weights))
        return cls(estimator, parameters, weights, bias, concepts, bool(many), names)


def _fits(concepts: tuple[tuple | None, ...], columns: int, many: bool) -> bool:
    """Return whether the concepts have this many columns; one may be several numbers."""
    if not many and len(concepts) == 1 and concepts[0] is None:
        return True
    sizes = [len(c) if c is not None and len(c) > 2 else 1 for c in concepts]
    return sum(sizes) == columns and (many or len(concepts) == 1)


def _is_transposed(a: np.ndarray) -> bool:
    return a.flags.f_contiguous and not a.flags.c_contiguous


def _plain(name: str, value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    try:
        json.dumps(value)
    except TypeError:
        validation.complain(
            "parameters of a saved probe must be numbers, words or None",
            f"{name} is a {type(value).__name__}",
            f"fit with another {name}, such as an integer",
        )
    return value
