"""Permutation: cut the tie between X and y, keep everything else, and rerun the pipeline.

Labels move only where they could have been from the start, within the blocks of the partitions, so
that class counts, groups and every factorisation stay as they are. Under the null each such
relabelling is as likely as the one observed, so p = (b + 1)/(m + 1) is exact.

Reference. B. Phipson, G. K. Smyth, "Permutation p-values should never be zero", 2010,
equation 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nullprobe._core import arrays, parameters, validation
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.concept import Concept
from nullprobe.data.rows import rows
from nullprobe.data.splits import Parts, group_codes, split
from nullprobe.heldout.factored_rows import Part
from nullprobe.heldout.fresh_probe import fresh
from nullprobe.nulls.action import Action
from nullprobe.stats import metrics
from nullprobe.stats.null_distribution import Null

Progress = Callable[[str, int, int], object]  # stage, done, of how many
FOLDS = 3  # of any pipeline, each fit of which may take seconds


@dataclass(frozen=True, eq=False)
class Permutations(Action):
    """Labels that move to rows where they could have been from the start.

    Kept are X, the counts of the classes in each block of the partitions, and how labels run
    within groups; the tie between X and y is cut. Exact if rows, or groups, are exchangeable.

    - Without groups, labels move among the rows of a block.
    - Groups of one label exchange it with other such groups of their block, whatever their sizes
      (the counts of rows then vary, those of groups do not).
    - A group of several labels exchanges all of them with groups of its size in its block, whatever
      labels these have, and then permutes them among its rows; or shifts them round, where rows of
      a group are a series; or leaves them as they run, where groups are blocks of one series.
    - A block of one series that holds a unit of several labels exchanges nothing: labels are
      permuted among the rows of each of its units, whose rows are exchangeable.

    Attributes
    ----------
    groups : ndarray of shape (n,) or None
        Group codes.
    blocks : ndarray of shape (n,)
        Blocks that labels stay in; a group lies in one block.
    data : ndarray of shape (n,) or (n, k)
        Labels, which say whether a group has one or several.
    within : {"permuted", "shifted", "kept"}
        What becomes of labels within a group of several.
    place : ndarray of shape (n,), optional
        Order of the rows in a series; that of the file by default.
    unit : ndarray of shape (n,), optional
        What moves together within groups that are blocks of one series.
    """

    groups: np.ndarray | None
    blocks: np.ndarray
    data: np.ndarray
    within: str = "permuted"
    place: np.ndarray | None = None
    unit: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        z: Concept,
        parts: Parts,
        seed: Sequence[int],
        *,
        within: str = "permuted",
        place: np.ndarray | None = None,
        unit: np.ndarray | None = None,
    ) -> Permutations:
        """Return the permutations of a concept that leave its partitions as they are."""
        return cls(tuple(seed), parts.groups, parts.blocks, z.data, within, place, unit)

    @property
    def description(self) -> str:
        """How labels are permuted, in words."""
        if self.groups is None:
            return "labels permuted within each block of the split; everything rerun"
        if self._constant.all():
            return "labels permuted over whole groups, within each block; everything rerun"
        within = {
            "permuted": "permuted within each group",
            "shifted": "shifted round in each series",
            "kept": "kept as they run",
        }[self.within]
        if self._alone.any():
            within = "permuted within each unit of a block that has several"
        if self._strata[1].max(initial=0) < 2:
            return f"labels {within}; everything rerun"
        return f"labels exchanged between groups of a block, and {within}; everything rerun"

    @cached_property
    def _units(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows in order of their groups (n,), and where each of G groups starts and how many."""
        assert self.groups is not None, "rows without groups are permuted one by one"
        place = np.arange(len(self.groups)) if self.place is None else self.place
        home = np.lexsort((place, self.groups))
        _, start, size = np.unique(self.groups[home], return_index=True, return_counts=True)
        return home, start, size

    @cached_property
    def _constant(self) -> np.ndarray:
        """Whether each of G groups has one label."""
        home, start, size = self._units
        return np.logical_and.reduceat(self._as_first(home, np.repeat(start, size)), start)

    @cached_property
    def _alone(self) -> np.ndarray:
        """Whether each of G groups holds a unit of several labels, and so exchanges none."""
        home, start, _ = self._units
        if self.unit is None:
            return np.zeros(len(start), dtype=bool)
        _, first, member = np.unique(self.unit[home], return_index=True, return_inverse=True)
        return ~np.logical_and.reduceat(self._as_first(home, first[member]), start)

    def _as_first(self, home: np.ndarray, first: np.ndarray) -> np.ndarray:
        """Return whether rows in an order (n,) have the labels of those in other places of it."""
        data = self.data.reshape(len(self.data), -1)[home]
        return (data == data[first]).all(axis=1)

    @cached_property
    def _strata(self) -> tuple[np.ndarray, np.ndarray]:
        """Stratum (G,) within which each group exchanges its labels, and how many are in each."""
        home, start, size = self._units
        mixed_sizes = np.unique(size[~self._constant])
        # Groups of one label go together, but for those that several-labelled ones have a use for.
        kind = np.where(np.isin(size, mixed_sizes), size, 0)
        own = np.where(self._alone, np.arange(len(size)), -1)
        key = np.stack([self.blocks[home][start], kind, own])
        _, stratum, counts = np.unique(key, axis=1, return_inverse=True, return_counts=True)
        return stratum.ravel(), counts

    def draw(self, k: int) -> np.ndarray:
        """Return permutation k as positions (n,), such that y[order] is the permuted y.

        Where groups of different sizes exchange their one label, a position may come twice.
        """
        rng = self.rng(k)
        if self.groups is None:
            return _shuffled(self.blocks, rng)
        home, start, size = self._units
        order = np.empty(len(home), dtype=np.intp)
        from_group = _shuffled(self._strata[0], rng)
        # The row of the other group in the same place, of which there is one if sizes are equal.
        place = np.arange(len(home)) - np.repeat(start, size)
        other = np.repeat(from_group, size)
        within = self._within(rng, home, start, size, place)
        order[home] = home[start[other] + np.minimum(within, size[other] - 1)]
        return order

    def _within(
        self,
        rng: np.random.Generator,
        home: np.ndarray,
        start: np.ndarray,
        size: np.ndarray,
        place: np.ndarray,
    ) -> np.ndarray:
        """Return which place of a group each place (n,) takes its label from."""
        if self.within == "kept":
            if self.unit is None:
                return place
            moved = _shuffled(self.unit[home], rng) - np.repeat(start, size)
            return np.where(np.repeat(self._alone, size), moved, place)
        if self.within == "shifted":
            shift = np.repeat((rng.random(len(size)) * size).astype(int), size)
            return (place + shift) % np.repeat(size, size)
        group = np.repeat(np.arange(len(size)), size)
        return _shuffled(group, rng) - np.repeat(start, size)

    def orders(self, draws: Sequence[int]) -> np.ndarray:
        """Return some permutations side by side, (n, m)."""
        return np.stack([self.draw(k) for k in draws], axis=1)


def permutations(z: Concept, parts: Parts, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw n orders, an (rows, n) array of positions, such that y[order] is a permuted y.

    Parameters
    ----------
    z : Concept
    parts : Parts
    n : int
    rng : Generator
        Draws the seed of the permutations.
    """
    return Permutations.of(z, parts, [int(rng.integers(2**31))]).orders(range(n))


def _shuffled(stratum: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Permute positions (n,) within strata: sorting by stratum, at random within."""
    home = np.argsort(stratum, kind="stable")
    order = np.empty(len(stratum), dtype=np.intp)
    order[home] = np.lexsort((rng.random(len(stratum)), stratum))
    return order


def permutation_null(
    X: Any,
    y: Any,
    *,
    groups: Any = None,
    n_folds: int = 5,
    n_permutations: int = 999,
    random_state: RandomState = 0,
) -> tuple[float, Null]:
    """Cross-validate a shrunk linear discriminant, and rerun all of it on permuted labels.

    Parameters
    ----------
    X : array of shape (n, d)
    y : array-like of shape (n,)
        Labels of two classes.
    groups : array-like of shape (n,), optional
        Rows of a group stay in one fold.
    n_folds, n_permutations : int
    random_state : int, Generator or None

    Returns
    -------
    observed : float
        Mean AUC over the folds.
    null : Null
        The same of each permuted labelling; ``null.p_value(observed)`` is exact.

    Notes
    -----
    Σ̃⁻¹C is linear in the labels, and Σ̃ does not know them: a fold costs one factorisation,
    with all labellings as right-hand sides.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(60, 4)), np.arange(60) % 2
    >>> observed, null = permutation_null(X + 2 * y[:, None], y, n_permutations=99)
    >>> null.p_value(observed)
    0.01
    """
    X, z, _ = rows(X, y, None, one=True)
    if z.classes is None or len(z.classes) != 2:
        validation.complain(
            "two classes are needed",
            "y has another number of them",
            "use audit, which reads any concept",
        )
    rng = generator(random_state)
    X = arrays.host_native(validation.finite(X))
    parts = split(z, groups=group_codes(groups, len(z)), n_parts=n_folds, rng=rng)
    permuted = Permutations.of(z, parts, [int(rng.integers(2**31))])
    order = np.hstack([np.arange(len(z))[:, None], permuted.orders(range(n_permutations))])
    Y = z.data[order].astype(np.float64)
    found = np.zeros((2, Y.shape[1]))  # AUC and its variance
    for fold in range(n_folds):
        train, test = parts.part != fold, parts.part == fold
        part = Part.of(X, z, np.flatnonzero(train))
        W = part.solve(part.cross(Y))
        scores = (X[test] @ W.astype(X.dtype)).T
        found += np.array(metrics.auc_with_variance(scores, Y[test].T > 0.5)) / n_folds
    value, errors = found[0], np.sqrt(found[1] + metrics.NO_VARIANCE)
    null = Null("chance", permuted.description, value[1:], errors=errors[1:] / errors[0])
    return float(value[0]), null


def pipeline_null(
    X: Any,
    y: Any,
    probe: Any,
    *,
    groups: Any = None,
    n_permutations: int = 99,
    random_state: RandomState = 0,
    progress: Progress | None = None,
) -> tuple[float, Null]:
    """Cross-validate any probe, and rerun all of it on permuted labels.

    Parameters
    ----------
    X : array of shape (n, d)
    y : array-like of shape (n,) or (n, k)
        Labels (n,), or numbers for a probe that reads them: floats, if there are k columns.
    probe : estimator
        Unfitted. All that it decides while it is fitted (a penalty, a number of neighbours, the
        reader that `StrongestProbe` takes) is decided afresh for each permuted labelling.
    groups : array-like of shape (n,), optional
        Rows of a group stay in one fold.
    n_permutations : int
        Each costs as much as the observation; with fewer than 39 no two-sided p reaches .05.
    random_state : int, Generator or None
    progress : callable, optional
        Called with the stage, how much of it is done, and of how much: after the observation and
        after each permutation.

    Returns
    -------
    observed : float
        Mean AUC over three folds, macro for more than two classes; balanced accuracy for a
        halfspace, R² for a number.
    null : Null
        The same of each permuted labelling; ``null.p_value(observed)`` is exact.

    Notes
    -----
    What was decided *before*, by looking at y, is not rerun: choosing the best of several probes
    by their observed values, and then permuting labels for that one, gives p-values that are too
    small. Choose inside the fit.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe.probes import KNeighborsProbe
    >>> X = np.random.default_rng(0).normal(size=(120, 2))
    >>> y = X[:, 0] * X[:, 1] > 0
    >>> observed, null = pipeline_null(X, y, KNeighborsProbe(), n_permutations=39)
    >>> observed > 0.8, null.p_value(observed)
    (True, 0.025)
    """
    X, z, _ = rows(X, y, None, one=True)
    z.need_two_classes()
    n_permutations = parameters.whole_number("n_permutations", n_permutations, least=1)
    parameters.instance("probe", "probe", probe)
    rng = generator(random_state)
    X = arrays.host(validation.finite(X))
    (reader,) = fresh({"probe": probe}, z, 0)
    parts = split(z, groups=group_codes(groups, len(z)), n_parts=FOLDS, rng=rng)
    permuted = Permutations.of(z, parts, [int(rng.integers(2**31))])
    order = np.hstack([np.arange(len(z))[:, None], permuted.orders(range(n_permutations))])
    found = np.zeros(order.shape[1])
    for j, labelling in enumerate(order.T):
        relabelled = z.take(labelling)
        for fold in range(FOLDS):
            train, test = parts.part != fold, parts.rows(fold)
            fit = X[train], relabelled.data[train]
            once = np.ones((1, len(test)))
            found[j] += reader.read(fit, X[test], relabelled.take(test), once)[0] / FOLDS
        if progress is not None:
            progress("permutations", j + 1, len(found))
    return float(found[0]), Null("chance", permuted.description, found[1:])
