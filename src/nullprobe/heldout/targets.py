"""Labellings of one kind: their columns, and the metric of their scores."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nullprobe.data.concept import Concept
from nullprobe.data.quarters import quarters
from nullprobe.stats import metrics

BATCH_ELEMENTS = 1 << 19  # most entries (n, m, k) of a batch of labellings


def marks(z: Concept) -> np.ndarray:
    """Return indicators (n, q) of the classes or, for numbers, of the quarters of each column.

    Nonlinear probes read the whole distribution of a number: if X predicts its spread but not its
    mean, the number is not gone. Two classes give one column.

    Examples
    --------
    >>> from nullprobe.data.concept import concept
    >>> marks(concept([0.5, 1.5, 2.5, 3.5])).astype(int).tolist()
    [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    """
    if z.codes is not None:
        return Labellings(z).columns(np.arange(len(z))[:, None])[:, 0]
    columns = [np.zeros((len(z), 0))]
    for column in z.data.T:
        quarter = quarters(column)
        columns.append((quarter[:, None] == np.unique(quarter)).astype(np.float64))
    return np.hstack(columns)


def mean_auc(
    scores: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the mean AUC over outputs of scores (m, q, n) for indicators (m, q, n), (m,).

    Outputs with rows of only one class are left out: they occur if a number has few rows.
    """
    each = [metrics.auc(scores[:, c], truth[:, c] > 0.5, weights) for c in range(scores.shape[1])]
    defined = ~np.isnan(each)
    total = np.where(defined, each, 0.0).sum(axis=0)
    count = defined.sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


class Labellings:
    """Labellings of one kind: their columns, and the metric of their scores.

    Parameters
    ----------
    z : Concept
        Its kind determines the metric; its values enter only through :meth:`columns`.
    """

    def __init__(self, z: Concept) -> None:
        self.z = z

    def columns(self, order: np.ndarray) -> np.ndarray:
        """Return the labelling y[order[:, j]] for each column of order (n, m), as (n, m, k)."""
        if self.z.codes is None:
            return self.z.data[order]
        labels = np.arange(1, 2) if self.z.n_scores == 1 else np.arange(self.z.n_scores)
        return (self.z.codes[order][:, :, None] == labels).astype(np.float64)

    def batches(self, order: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the columns (n, m, k) of all labellings of an order, in batches."""
        m = max(1, BATCH_ELEMENTS // (len(order) * self.z.n_scores))
        for start in range(0, order.shape[1], m):
            yield self.columns(order[:, start : start + m])

    def statistic(
        self, scores: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None
    ) -> np.ndarray:
        """Return AUC (macro over outputs), or R², of scores (m, k, n) for truth (m, k, n)."""
        if self.z.codes is None:
            each = [
                metrics.r_squared(scores[:, c], truth[:, c], weights)
                for c in range(scores.shape[1])
            ]
        else:
            each = [
                metrics.auc(scores[:, c], truth[:, c] > 0.5, weights)
                for c in range(scores.shape[1])
            ]
        return np.mean(each, axis=0)

    def with_variance(self, scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """Return the AUC (macro over outputs) of scores (m, k, n), and its variance, (2, m)."""
        each = [
            metrics.auc_with_variance(scores[:, c], truth[:, c] > 0.5)
            for c in range(scores.shape[1])
        ]
        return np.mean(each, axis=0)
