"""Successive directions: the best, then the best orthogonal to it, and so on, as a curve.

Problem. One probe gives one direction. How many directions know of the concept, and how much does
each of them know when those before it are gone?

Solution. The probe is fitted again and again to what is left of training rows (`nullspace`), and
each fit is scored on rows that none of them saw. The curve of these readings, each with its
interval, is that of iterative nullspace projection.

Reference. S. Ravfogel et al., "Null it out", ACL 2020, arXiv 2004.07667, algorithm 1; recursive
CCS in the code of C. Burns et al., arXiv 2212.03827.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core import arrays, parameters, validation
from nullprobe._core.arrays import Array
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
NOTHING = 1e-10  # of the longest weights: those of a probe that finds nothing but rounding
SHOWN = 5  # readings on one line
PARTS = 3  # of which the last is scored

# Why a curve ends.
REACHED = "r is reached"
NOTHING_LEFT = "nothing is left of X"
NOTHING_FOUND = "the probe finds nothing more"


@dataclass(frozen=True, eq=False, repr=False)
class Successive:
    """A curve of readings, and the directions behind it; frozen.

    Attributes
    ----------
    basis : ndarray of shape (d, r)
        Orthonormal directions in the order in which they were found, from training rows alone; of
        pairs, in units of the standard deviations of the sides.
    readings : ndarray of shape (s,)
        What the fit of each step reads of the held-out rows: the mean AUC of the classes, or the
        mean correlation with the numbers.
    intervals : ndarray of shape (s, 2)
        Their 95 % bootstrap intervals, the fits as they are.
    ranks : ndarray of shape (s,)
        How many directions were gone before each step.
    held_out : ndarray of shape (n_held,)
        Which rows were scored.
    ended : str
        Why there is no further direction: "r is reached", "nothing is left of X", or "the probe
        finds nothing more".
    """

    basis: np.ndarray
    readings: np.ndarray
    intervals: np.ndarray
    ranks: np.ndarray
    held_out: np.ndarray
    ended: str

    def __repr__(self) -> str:
        """Return how many directions there are, the first readings, and why no more."""
        read = ", ".join(f"{value:.2f}" for value in self.readings[:SHOWN])
        more = ", ..." if len(self.readings) > SHOWN else ""
        return f"Successive(r={self.basis.shape[1]}, readings=[{read}{more}], ended={self.ended!r})"


def successive(
    probe: Any,
    n_directions: int,
    X: Array | ContrastPairs,
    y: Any = None,
    *,
    groups: Any = None,
    random_state: RandomState = 0,
) -> Successive:
    """Find the best direction, the best orthogonal to it, and so on, n_directions in all.

    Parameters
    ----------
    probe : estimator
        Linear: one of ours, or one of scikit-learn's with ``coef_``. A probe of K > 2 classes or
        of several numbers gives as many directions a step as it has. Of pairs: ``CCS``, ``CRC``
        or ``VINC``.
    n_directions : int
        Directions to find; fewer come where X has no more, or the probe finds none.
    X : array of shape (n, d), or ContrastPairs with labels
        Representation. Pairs bring their own labels and groups; fits do not see the labels, which
        settle the sign of each direction on the training pairs and are scored on the others.
    y : array-like of shape (n,) or (n, k)
        Concept: labels or numbers (n,), or floats (n, k); none beside pairs.
    groups : array-like of shape (n,), optional
        Rows that belong together; they are held out, and resampled, whole.
    random_state : int, Generator or None
        Of the rows that are held out, and of the bootstrap.

    Returns
    -------
    Successive

    Notes
    -----
    A third of the rows is held out. Directions are orthogonal in the units that X comes in, while
    ours weigh features by their standard deviations, those of X before anything was taken for
    ``LogisticProbe`` with a given ``C``. The interval of a step is that of one fit on other rows
    to score; it is not told where a curve ends, since that would be a test for each step.

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
    there = arrays.host(X[held]) - moments.mean
    found, ranks, longest, ended = [], [], 0.0, NOTHING_FOUND
    while not space.is_full:
        W = space.read()
        length = float(np.linalg.norm(moments.scale[:, None] * W))
        longest = max(longest, length)
        if length <= NOTHING * longest:
            break
        ranks.append(space.basis.shape[1])
        found.append(there @ W)
        if not space.grow(W):
            break
    else:
        ended = REACHED if space.basis.shape[1] == r else NOTHING_LEFT
    own = None if codes is None else codes[held]
    weights = resampled_weights(z.take(held).codes, own, int(held.sum()), N_RESAMPLES, rng)
    curve = [_read(scores, z.take(held), weights) for scores in found]
    return Successive(
        space.basis,
        np.array([value for value, _ in curve]),
        np.array([interval for _, interval in curve]).reshape(-1, 2),
        np.array(ranks),
        np.flatnonzero(held),
        ended,
    )


def _of_pairs(probe: Any, r: int, pairs: Any, y: Any, random_state: RandomState) -> Successive:
    """Go round with a probe of pairs."""
    if not (isinstance(pairs, ContrastPairs) and isinstance(probe, PairEstimator)) or y is not None:
        validation.complain(
            "a probe of pairs takes ContrastPairs, which bring their labels, and no other probe "
            "does",
            f"{type(probe).__name__}, {type(pairs).__name__} and {'no ' if y is None else ''}y "
            "arrived",
            "pass successive(CCS(), r, ContrastPairs(negative, positive, y))",
        )
    pairs.need_enough()
    labels = need_truth(pairs.y, len(pairs))
    rng = generator(random_state)
    order = rng.permutation(len(pairs))  # no label has a say in it
    held, train = np.sort(order[: len(pairs) // PARTS]), np.sort(order[len(pairs) // PARTS :])
    z, there = concept(labels[held]), concept(labels[train])
    z.need_two_classes()
    there.need_two_classes()
    basis, found = rounds(probe, r, pairs.take(train), pairs.take(held))
    weights = resampled_weights(z.data, None, len(held), N_RESAMPLES, rng)
    curve = []
    for own, scores in found:
        up = metrics.auc(own[None], (there.data == 1)[None]).item() >= CHANCE
        curve.append(_read((scores if up else -scores)[:, None], z, weights))
    return Successive(
        basis,
        np.array([value for value, _ in curve]),
        np.array([interval for _, interval in curve]).reshape(-1, 2),
        np.arange(len(curve)),
        held,
        REACHED if len(curve) == r else NOTHING_LEFT if len(curve) == pairs.d else NOTHING_FOUND,
    )


def _read(scores: np.ndarray, z: Concept, weights: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Return the mean reading of scores (n, m), and its bootstrap interval."""
    one = np.ones((1, len(z)))
    columns = [_column(scores[:, i], z, i, scores.shape[1]) for i in range(scores.shape[1])]
    value = np.mean([read(one) for read in columns])
    drawn = np.mean([read(weights) for read in columns], axis=0)
    low, high = np.nanquantile(drawn, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return float(value), (float(low), float(high))


def _column(scores: np.ndarray, z: Concept, i: int, m: int) -> Any:
    """Return a function of weights (b, n) that reads one column of scores."""
    if z.codes is None:
        values = z.data[:, i]
        return lambda w: metrics.correlation(scores[None], values[None], w)
    positive = (z.codes == np.arange(z.n_columns)[-m:][i])[None]
    return lambda w: metrics.auc(scores[None], positive, w)
