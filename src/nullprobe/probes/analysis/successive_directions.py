"""Successive directions: the best direction, the best one orthogonal to it, and so on.

Problem. One probe gives one direction. How many directions predict the concept, and how well does
each predict it after removal of the directions before it?

Solution. The probe is fitted repeatedly to training rows without the directions removed so far
(`nullspace`). Each fit is scored on held-out rows, with an interval. This is the curve of iterative
nullspace projection.

Reference. S. Ravfogel et al., "Null it out", ACL 2020, arXiv 2004.07667, algorithm 1; recursive
CCS in the code of C. Burns et al., arXiv 2212.03827.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core import arrays, parameters, validation
from nullprobe._core.arrays import Array
from nullprobe._core.frames import Table
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.concept import Concept, concept
from nullprobe.data.pair_labels import need_truth
from nullprobe.data.pairs import ContrastPairs
from nullprobe.data.rows import rows
from nullprobe.data.splits import group_codes, split
from nullprobe.moments import Moments
from nullprobe.probes.base.nullspace import Nullspace, need_usable
from nullprobe.probes.base.pairs import PairEstimator
from nullprobe.probes.pairs.rounds import rounds
from nullprobe.stats import metrics
from nullprobe.stats.bootstrap import resampled_weights

N_RESAMPLES = 400
LEVEL = 0.95
CHANCE = 0.5
NOTHING = 1e-10  # shorter weights, relative to the longest, are rounding
SHOWN = 5  # most readings in a repr
PARTS = 3  # the last part is held out

# Why a curve ends.
REACHED = "r is reached"
NOTHING_LEFT = "nothing is left of X"
NOTHING_READ = "the probe finds nothing more"


@dataclass(frozen=True, eq=False, repr=False)
class Successive:
    """A curve of readings, and the directions behind it; frozen.

    Attributes
    ----------
    basis : ndarray of shape (d, r)
        Orthonormal directions in the order of the steps, fitted to training rows only. For pairs,
        in units of the standard deviations of the sides.
    readings : ndarray of shape (s,)
        Held-out score of each step's fit: the mean AUC of the classes, or the mean correlation
        with the numbers.
    intervals : ndarray of shape (s, 2)
        95 % bootstrap intervals of the readings, without refits.
    ranks : ndarray of shape (s,)
        Number of directions removed before each step.
    held_out : ndarray of shape (n_held,)
        Positions of the held-out rows.
    ended : str
        Why the steps ended: "r is reached", "nothing is left of X", or "the probe finds nothing
        more".

    Examples
    --------
    >>> from nullprobe.probes import LDAProbe
    >>> y = np.arange(600) % 2
    >>> X = np.random.default_rng(0).normal(size=(600, 5)) + 2 * y[:, None] * [1, 0, 0, 0, 0]
    >>> curve = successive(LDAProbe(), 2, X, y)
    >>> curve.ranks.tolist(), curve.readings.shape, curve.intervals.shape
    ([0, 1], (2,), (2, 2))
    >>> np.allclose(curve.basis.T @ curve.basis, np.eye(2))
    True
    """

    basis: np.ndarray
    readings: np.ndarray
    intervals: np.ndarray
    ranks: np.ndarray
    held_out: np.ndarray
    ended: str

    def __repr__(self) -> str:
        """Return the number of directions, the first readings, and why the steps ended."""
        read = ", ".join(f"{value:.2f}" for value in self.readings[:SHOWN])
        more = ", ..." if len(self.readings) > SHOWN else ""
        return f"Successive(r={self.basis.shape[1]}, readings=[{read}{more}], ended={self.ended!r})"

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with a row for each step.

        ``kind`` is "pandas", "polars" or "pyarrow".
        """
        return STEPS.frame([self], kind)


STEPS = Table(
    {"removed": int, "reading": float, "low": float, "high": float},
    lambda one: [
        {"removed": removed, "reading": reading, "low": low, "high": high}
        for removed, reading, (low, high) in zip(
            one.ranks, one.readings, one.intervals, strict=True
        )
    ],
)


def successive(
    probe: Any,
    n_directions: int,
    X: Array | ContrastPairs,
    y: Any = None,
    *,
    groups: Any = None,
    random_state: RandomState = 0,
) -> Successive:
    """Find the best direction, the best one orthogonal to it, and so on.

    Parameters
    ----------
    probe : estimator
        A linear probe of nullprobe, or of scikit-learn with ``coef_``. For K > 2 classes or several
        numbers, each step adds all directions of the fit. For pairs: ``CCS``, ``CRC`` or ``VINC``.
    n_directions : int
        Number of directions. There are fewer if X has no more, or if the probe reads nothing.
    X : array of shape (n, d), or ContrastPairs with labels
        Representation. Pairs contain their labels and groups. Their fits do not use labels: labels
        of training pairs set the sign of each direction, labels of held-out pairs score it.
    y : array-like of shape (n,) or (n, k)
        Concept: labels or numbers (n,), or floats (n, k). Not for pairs.
    groups : array-like of shape (n,), optional
        Group of each row; whole groups are held out and resampled.
    random_state : int, Generator or None
        Source of the held-out rows and of the bootstrap.

    Returns
    -------
    Successive

    Notes
    -----
    A third of the rows is held out. Directions are orthogonal in the units of X, while nullprobe's
    probes standardise features (``LogisticProbe`` with a given ``C`` by the standard deviations
    before the first removal). An interval is for one fit and other held-out rows. The curve has no
    test of where the concept ends: that would need one test per step.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe.probes import LDAProbe
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(600) % 2
    >>> X = rng.normal(size=(600, 5)) + 2 * y[:, None] * [1, 0, 0, 0, 0]
    >>> found = successive(LDAProbe(), 3, X, y)
    >>> found.basis.shape, np.round(found.readings, 1).tolist(), found.ended
    ((5, 3), [0.9, 0.7, 0.5], 'r is reached')
    """
    r = parameters.whole_number("n_directions", n_directions, least=1)
    if isinstance(X, ContrastPairs) or isinstance(probe, PairEstimator):
        return _of_pairs(probe, r, X, y, random_state)
    need_usable(probe, weighted=False)
    X, z, _ = rows(X, y, None, one=True)
    z.need_two_classes()
    X, z = arrays.host_native(validation.finite(X)), z.present()
    codes = group_codes(groups, len(z))
    rng = generator(random_state)
    parts = split(z, groups=codes, n_parts=PARTS, rng=rng)
    held, train = parts.part == PARTS - 1, parts.part != PARTS - 1
    moments = Moments.of(X[train], z.take(train))
    space = Nullspace(probe, X[train], z.take(train), w=None, moments=moments, most=r)
    held_rows = arrays.host(X[held]) - moments.mean
    scores, ranks, longest, ended = [], [], 0.0, NOTHING_READ
    while not space.is_full:
        W = space.read()
        length = float(np.linalg.norm(moments.scale[:, None] * W))
        longest = max(longest, length)
        if length <= NOTHING * longest:
            break
        ranks.append(space.basis.shape[1])
        scores.append(held_rows @ W)
        if not space.grow(W):
            break
    else:
        ended = REACHED if space.basis.shape[1] == r else NOTHING_LEFT
    held_groups = None if codes is None else codes[held]
    weights = resampled_weights(z.take(held).codes, held_groups, int(held.sum()), N_RESAMPLES, rng)
    curve = [_read(column, z.take(held), weights) for column in scores]
    return Successive(
        space.basis,
        np.array([value for value, _ in curve]),
        np.array([interval for _, interval in curve]).reshape(-1, 2),
        np.array(ranks),
        np.flatnonzero(held),
        ended,
    )


def _of_pairs(probe: Any, r: int, pairs: Any, y: Any, random_state: RandomState) -> Successive:
    """Return the curve of a probe of pairs."""
    if not (isinstance(pairs, ContrastPairs) and isinstance(probe, PairEstimator)) or y is not None:
        validation.complain(
            "ContrastPairs with labels need a probe of pairs, and a probe of pairs needs them",
            f"{type(probe).__name__}, {type(pairs).__name__} and {'no ' if y is None else ''}y "
            "arrived",
            "pass successive(CCS(), r, ContrastPairs(negative, positive, y))",
        )
    pairs.need_enough()
    labels = need_truth(pairs.y, len(pairs))
    rng = generator(random_state)
    order = rng.permutation(len(pairs))  # independent of labels
    held, train = np.sort(order[: len(pairs) // PARTS]), np.sort(order[len(pairs) // PARTS :])
    z, z_train = concept(labels[held]), concept(labels[train])
    z.need_two_classes()
    z_train.need_two_classes()
    basis, rounds_scores = rounds(probe, r, pairs.take(train), pairs.take(held))
    weights = resampled_weights(z.data, None, len(held), N_RESAMPLES, rng)
    curve = []
    for train_scores, scores in rounds_scores:
        up = metrics.auc(train_scores[None], (z_train.data == 1)[None]).item() >= CHANCE
        curve.append(_read((scores if up else -scores)[:, None], z, weights))
    return Successive(
        basis,
        np.array([value for value, _ in curve]),
        np.array([interval for _, interval in curve]).reshape(-1, 2),
        np.arange(len(curve)),
        held,
        REACHED if len(curve) == r else NOTHING_LEFT if len(curve) == pairs.d else NOTHING_READ,
    )


def _read(scores: np.ndarray, z: Concept, weights: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Return the mean reading of the columns of scores (n, m), and its bootstrap interval."""
    one = np.ones((1, len(z)))
    columns = [_column(scores[:, i], z, i, scores.shape[1]) for i in range(scores.shape[1])]
    value = np.mean([read(one) for read in columns])
    drawn = np.mean([read(weights) for read in columns], axis=0)
    low, high = np.nanquantile(drawn, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return float(value), (float(low), float(high))


def _column(scores: np.ndarray, z: Concept, i: int, m: int) -> Any:
    """Return a function of weights (b, n) that returns the reading of one column of scores."""
    if z.codes is None:
        values = z.data[:, i]
        return lambda w: metrics.correlation(scores[None], values[None], w)
    positive = (z.codes == np.arange(z.n_columns)[-m:][i])[None]
    return lambda w: metrics.auc(scores[None], positive, w)
