"""Linear probes of many concepts, frozen: what `fit_many` returns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from nullprobe._core import arrays
from nullprobe._core.arrays import Array
from nullprobe.probes.base.linear import LinearProbe, scored


@dataclass(frozen=True, eq=False, repr=False)
class LinearProbes:
    """Fitted linear probes of many concepts; frozen.

    Attributes
    ----------
    weights : ndarray of shape (d, M)
        Weights of all probes: one column for a concept with two classes or numbers, K columns
        for a concept with K > 2 classes.
    bias : ndarray of shape (M,)
        Added to the scores.
    classes : tuple of length m
        Labels of each concept; None for a numeric one.

    Examples
    --------
    >>> import numpy as np
    >>> probes = LinearProbes(np.eye(2), np.zeros(2), (("no", "yes"), ("low", "high")))
    >>> X = np.array([[-1.0, 2.0]])
    >>> probes.scores(X).tolist(), probes.predict(X).tolist(), probes[1].predict(X).tolist()
    ([[-1.0, 2.0]], [['no', 'high']], ['high'])
    """

    weights: np.ndarray
    bias: np.ndarray
    classes: tuple[tuple | None, ...]

    @classmethod
    def of(cls, probes: list[LinearProbe]) -> LinearProbes:
        """Join probes of single concepts."""
        return cls(
            np.hstack([probe.weights for probe in probes]),
            np.concatenate([probe.bias for probe in probes]),
            tuple(probe.classes for probe in probes),
        )

    def __repr__(self) -> str:
        """Return the numbers of concepts and features in one line, without the arrays."""
        return f"LinearProbes({len(self.classes)} concepts, d={self.d})"

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.weights)

    @property
    def places(self) -> tuple[slice, ...]:
        """Columns of the weights, and of the scores, of each concept."""
        sizes = [len(c) if c is not None and len(c) > 2 else 1 for c in self.classes]
        return tuple(
            slice(end - size, end) for end, size in zip(accumulate(sizes), sizes, strict=True)
        )

    def __len__(self) -> int:
        """Return the number m of concepts."""
        return len(self.classes)

    def __getitem__(self, j: int) -> LinearProbe:
        """Return the probe of concept j."""
        place = self.places[j]
        return LinearProbe(self.weights[:, place], self.bias[place], self.classes[j])

    def scores(self, X: Array) -> Array:
        """Return scores (n, M) in X's library and device; M = m if no concept has three classes."""
        return scored(X, self.weights, self.bias)

    def predict(self, X: Array) -> np.ndarray:
        """Return the predicted labels and numbers (n, m) of the rows of X (n, d).

        The array has dtype object if the types of labels differ between concepts.
        """
        scores = arrays.host(self.scores(X))
        kinds = {type(label) for c in self.classes for label in (c if c is not None else (0.0,))}
        if len(kinds) == 1 and all(c is not None and len(c) == 2 for c in self.classes):
            low, high = np.array(self.classes).T
            return np.where(scores > 0, high, low)
        columns = [
            _predicted(scores[:, place], c)
            for place, c in zip(self.places, self.classes, strict=True)
        ]
        if len(kinds) == 1:
            return np.column_stack(columns)
        table = np.empty((len(scores), len(self)), dtype=object)
        for j, column in enumerate(columns):
            table[:, j] = column.tolist()
        return table


def _predicted(scores: np.ndarray, classes: tuple | None) -> np.ndarray:
    if classes is None:
        return scores[:, 0]
    best = (scores[:, 0] > 0).astype(int) if len(classes) == 2 else scores.argmax(axis=1)
    return np.array(classes)[best]
