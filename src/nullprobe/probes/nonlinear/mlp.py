"""Multilayer perceptron: read with a small network.

Problem. Kernels and neighbours weight all features equally, and miss a concept that only a few of
many features encode. A network learns which features matter, but with as many weights as rows it
also memorises the rows.

Solution. scikit-learn's network with one or two hidden layers of rectified units on standardised
features, trained for `PASSES` passes of Adam. An inner split of the fitting rows chooses layers and
``alpha`` by AUC.

Reference. D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier

from nullprobe._core import parameters, validation
from nullprobe._core.random_state import RandomState
from nullprobe.probes.base.nonlinear import InnerChoice

LAYERS = ((16,), (64, 64))  # smallest first: ties go to the first
ALPHAS = (10.0, 1.0, 0.1)
PASSES = 40  # plus two, which scikit-learn needs to detect that the loss stopped falling
BATCHES, LEAST_BATCH, MOST_BATCH = 10, 16, 200
PACE = 0.01


class MLPProbe(InnerChoice):
    """Read a concept with a small network, which combines a few features.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int, or None
        Width of one or two hidden layers; None for the best AUC in an inner split.
    alpha : float or None
        Strength of the penalty, as in scikit-learn: factor of half the squared weights, divided by
        the rows of a batch. None for the best AUC in an inner split.
    max_samples : int
        Most fitting rows. From more rows a sample is drawn, with classes in proportion.
    random_state : int, Generator or None
        Source of the sample, the split, the initial weights and the order of rows.

    Notes
    -----
    Uses scikit-learn's ``MLPClassifier``. Scores vary more with ``random_state`` than scores of
    other probes.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1] > 0                          # no halfspace does
    >>> MLPProbe().fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.8
    True
    """

    SPLITS = 1

    def __init__(
        self,
        hidden_layer_sizes: tuple[int, ...] | None = None,
        alpha: float | None = None,
        max_samples: int = 20_000,
        random_state: RandomState = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.alpha = alpha
        self.max_samples = max_samples
        self.random_state = random_state

    def _settings(self, n: int) -> Sequence[tuple[tuple[int, ...], float]]:
        layers, alphas = LAYERS, ALPHAS
        if self.hidden_layer_sizes is not None:
            layers = (_widths(self.hidden_layer_sizes),)
        if self.alpha is not None:
            alphas = (parameters.real_number("alpha", self.alpha, least=0.0),)
        return list(product(layers, alphas))

    def _model(self, setting: tuple[tuple[int, ...], float], rows: np.ndarray, seed: int) -> Any:
        layers, alpha = setting
        batch: Any = min(len(rows), max(LEAST_BATCH, min(MOST_BATCH, len(rows) // BATCHES)))
        return MLPClassifier(
            layers,
            alpha=alpha,
            batch_size=batch,
            learning_rate_init=PACE,
            # No gain exceeds tol, so training ends after PASSES passes without a warning.
            tol=1e9,
            n_iter_no_change=PASSES,
            max_iter=2 * PASSES,
            random_state=seed,
        )


def _widths(layers: Any) -> tuple[int, ...]:
    if not isinstance(layers, tuple | list) or len(layers) not in (1, 2):
        validation.complain(
            "hidden_layer_sizes must be one or two widths",
            f"{layers!r} arrived",
            "pass a tuple such as (64,)",
        )
    return tuple(
        parameters.whole_number("the width of a layer", width, least=1) for width in layers
    )
