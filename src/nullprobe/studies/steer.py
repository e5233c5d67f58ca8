"""Steering: a model whose residual stream is shifted along a direction, at every word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from nullprobe.erasers import AffineEraser

if TYPE_CHECKING:
    from nullprobe.worlds.language_models.corpus_model import CorpusModel

SITE = "layers.0.output"  # the residual stream after the first layer


@contextmanager
def steered(made: CorpusModel, direction: np.ndarray, *, by: float) -> Iterator[CorpusModel]:
    """Shift the stream after the first layer by α times a direction, within the block.

    Parameters
    ----------
    made : CorpusModel
        The model itself is edited by hooks, which the end of the block removes.
    direction : ndarray of shape (d,)
    by : float
        α.
    """
    models = import_module("nullprobe.models")  # torch is needed only now
    with models.erase(made.model, {SITE: AffineEraser.shift(direction, by=by)}):
        yield made


class Nearest:
    """Linear discriminant analysis: the class whose mean is nearest, with the common covariance.

    What it says of a shifted state follows from class means and covariance alone. If it lands where
    a steered model lands, the model adds nothing to these moments.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)
        Classes from 0; each has rows.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        means = np.array([X[y == k].mean(axis=0) for k in range(int(y.max()) + 1)])
        within = X - means[y]
        covariance = within.T @ within / (len(X) - len(means))
        # The least ridge that keeps the solve well-posed.
        covariance += np.eye(len(covariance)) * 1e-6 * np.trace(covariance) / len(covariance)
        self.means = means
        self._weights = np.linalg.solve(covariance, means.T)
        self._offset = -0.5 * (means.T * self._weights).sum(axis=0)
        self._offset += np.log(np.bincount(y) / len(y))

    def classes(self, X: np.ndarray) -> np.ndarray:
        """Return the class (n,) of each state (n, d)."""
        return (X @ self._weights + self._offset).argmax(axis=1)
