"""Multilayer perceptron: read with a small network.

Problem. Kernels and neighbours weigh all features alike, and lose sight of a concept that lies in
few of many. A network learns which ones to look at, but with as many weights as there are rows it
learns the rows, too.

Solution. One or two hidden layers of rectified units on standardised features, trained by Adam.
Layers, penalty and number of passes are those of the least log-loss on inner rows; then the
network is trained afresh on all fitting rows, with so many passes.

Reference. D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015; L. Prechelt,
"Early stopping - but when?", 1998.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.neural_network import MLPClassifier

from nullprobe._core import validation
from nullprobe._core.random_state import integer_seed
from nullprobe.probes.base.nonlinear import (
    Reader,
    ReaderEstimator,
    distinct,
    inner_splits,
    log_odds,
    some,
    units,
)

LAYERS = ((16,), (64, 64))  # smallest first: of equals the first is taken
PENALTIES = (0.03, 0.001)
USUAL_LAYERS, USUAL_PENALTY, USUAL_PASSES = (16,), 0.03, 30  # where a class is too rare
MOST_PASSES = 150
PATIENCE = 15  # passes without a gain after which training ends
GAIN = 1e-3  # nats
BATCHES, LEAST_BATCH, MOST_BATCH = 10, 16, 200
PACE = 0.01


@dataclass(frozen=True, eq=False)
class Network(Reader):
    """Log-odds of a network of rectified units.

    Attributes
    ----------
    weights : tuple of ndarray of shapes (d, h), (h, h'), ..., (h', k)
        k = 1 for two classes, else K.
    biases : tuple of ndarray of shapes (h,), ..., (k,)
    penalty : float
        Factor of half the squared weights, next to the mean log-loss of a row.
    passes : int
        How often training went through the rows.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    penalty: float
    passes: int

    @property
    def layers(self) -> tuple[int, ...]:
        """Width of each hidden layer."""
        return tuple(len(bias) for bias in self.biases[:-1])

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """Return log-odds, (n, 1) for two classes and (n, K) for more, of standardised rows."""
        first, again = distinct(rows)
        out = _forward(rows[first], self.weights, self.biases)[again]
        return out if len(self.classes) == 2 else log_odds(out)


def mlp(
    X: np.ndarray,
    codes: np.ndarray,
    classes: tuple,
    *,
    layers: tuple[int, ...] | None,
    penalty: float | None,
    seed: int | None,
) -> Network:
    """Return the trained network.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    codes : ndarray of shape (n,)
        Position of each row's label in ``classes``; every class has a row.
    classes : tuple
    layers : tuple of int, or None
        Width of each hidden layer; None for those of the least log-loss in an inner split.
    penalty : float or None
        Factor of half the squared weights; None for that of the least log-loss.
    seed : int or None
        Of the split, the first weights and the order of rows.
    """
    mean, inverse = units(X)
    rows = (X - mean) * inverse
    # A feature that never varies would change which weights are drawn for the others.
    live = np.flatnonzero(inverse > 0)
    live = live if len(live) else np.array([0])
    shapes = LAYERS if layers is None else (layers,)
    penalties = PENALTIES if penalty is None else (penalty,)
    best = (
        np.inf,
        USUAL_LAYERS if layers is None else layers,
        USUAL_PENALTY if penalty is None else penalty,
        USUAL_PASSES,
    )
    for train, test in inner_splits(codes, seed)[:1]:
        for shape, weight in product(shapes, penalties):
            loss, passes = _stopped(rows[:, live], codes, train, test, (shape, weight, seed))
            if loss < best[0]:
                best = loss, shape, weight, passes
    _, shape, weight, passes = best
    model = next(_trained(rows[:, live], codes, (shape, weight, seed), passes))
    entry = np.zeros((X.shape[1], shape[0]))
    entry[live] = model.coefs_[0]
    weights, biases = (entry, *model.coefs_[1:]), tuple(model.intercepts_)
    return Network(classes, mean, inverse, weights, biases, weight, passes)


def _stopped(
    rows: np.ndarray, codes: np.ndarray, train: np.ndarray, test: np.ndarray, net: tuple
) -> tuple[float, int]:
    """Return the least log-loss on rows to judge by, and after how many passes it was reached."""
    least, at = np.inf, 1
    for passes, model in enumerate(_trained(rows[train], codes[train], net), 1):
        loss = _loss(_forward(rows[test], model.coefs_, model.intercepts_), codes[test])
        if loss < least - GAIN:
            least, at = loss, passes
        if passes - at >= PATIENCE:
            break
    return least, at


def _trained(
    rows: np.ndarray, codes: np.ndarray, net: tuple, passes: int = 1
) -> Iterator[MLPClassifier]:
    """Yield the network after each so many passes through the rows, up to the most there are."""
    shape, penalty, seed = net
    batch: Any = min(len(rows), max(LEAST_BATCH, min(MOST_BATCH, len(rows) // BATCHES)))
    model: Any = MLPClassifier(
        shape,
        alpha=penalty * batch,  # scikit-learn divides it by the rows of a batch
        batch_size=batch,
        learning_rate_init=PACE,
        random_state=np.random.RandomState(seed),  # a number would order each pass alike
    )
    for _ in range(MOST_PASSES // passes):
        for _ in range(passes):
            model.partial_fit(rows, codes, classes=np.arange(codes.max() + 1))
        yield model


def _forward(rows: np.ndarray, weights: Any, biases: Any) -> np.ndarray:
    """Return what the last layer (n, k) says of rows (n, d)."""
    out = rows @ weights[0] + biases[0]
    for W, b in zip(weights[1:], biases[1:], strict=True):
        out = np.maximum(out, 0.0) @ W + b
    return out


def _loss(out: np.ndarray, codes: np.ndarray) -> float:
    """Return the mean log-loss of what the last layer says, (n, 1) or (n, K)."""
    out = np.hstack([np.zeros_like(out), out]) if out.shape[1] == 1 else out
    return -float(log_softmax(out, axis=1)[np.arange(len(codes)), codes].mean())


class MLPProbe(ReaderEstimator):
    """Read a concept with a small network: whatever a few features say together.

    Parameters
    ----------
    layers : tuple of int, or None
        Width of one or two hidden layers; None for those of the least log-loss on inner rows.
    penalty : float or None
        Factor of half the squared weights, next to the mean log-loss of a row; None for that of
        the least log-loss on inner rows.
    most_rows : int
        Rows that it is fitted to; of more, so many are drawn, every class in proportion.
    random_state : int or None
        Of the rows, the split, the first weights and the order of rows.

    Notes
    -----
    How long it is trained is settled on inner rows in any case. Another ``random_state`` is
    another network: its readings differ more from seed to seed than those of other probes.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1] > 0                          # no halfspace does
    >>> MLPProbe().fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.8
    True
    """

    def __init__(
        self,
        layers: tuple[int, ...] | None = None,
        penalty: float | None = None,
        most_rows: int = 20_000,
        random_state: int | None = 0,
    ) -> None:
        self.layers = layers
        self.penalty = penalty
        self.most_rows = most_rows
        self.random_state = random_state

    def _reader(self, X: np.ndarray, codes: np.ndarray, classes: tuple) -> Reader:
        most = validation.whole_number("most_rows", self.most_rows, least=2)
        seed = integer_seed(self.random_state)
        layers = None if self.layers is None else _widths(self.layers)
        penalty = self.penalty
        if penalty is not None:
            penalty = validation.real_number("penalty", penalty, least=0.0)
        kept = some(codes, most, seed)
        return mlp(X[kept], codes[kept], classes, layers=layers, penalty=penalty, seed=seed)


def _widths(layers: Any) -> tuple[int, ...]:
    if not isinstance(layers, tuple | list) or len(layers) not in (1, 2):
        validation.complain(
            "layers must be one or two widths", f"{layers!r} arrived", "pass a tuple such as (64,)"
        )
    return tuple(
        validation.whole_number("the width of a layer", width, least=1) for width in layers
    )
