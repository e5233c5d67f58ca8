"""Permutation: cut the tie between X and y, keep everything else, and rerun the pipeline.

Labels move only where they could have been swapped from the start: within the parts of the
split, so that class counts, groups and every factorisation stay as they are; within groups
where the concept varies inside them; whole groups at a time where it does not (then it is the
number of groups of each class that stays; that of rows, too, if groups are of one size). Under
the null each such relabelling is as likely as the one observed, so p = (b + 1)/(m + 1) is exact.

Reference. B. Phipson, G. K. Smyth, "Permutation p-values should never be zero", 2010,
equation 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nullprobe._core import arrays, parameters, validation
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.concept import Concept
from nullprobe.data.rows import rows
from nullprobe.data.splits import Parts, group_codes, split
from nullprobe.heldout.factored_rows import Part
from nullprobe.heldout.fresh_probe import fresh
from nullprobe.stats import metrics
from nullprobe.stats.null_distribution import Null

Progress = Callable[[str, int, int], object]  # stage, done, of how many
FOLDS = 3  # of any pipeline, each fit of which may take seconds


def description(z: Concept, parts: Parts) -> str:
    """Say in words how labels are permuted."""
    if parts.groups is None:
        return "labels permuted within each part of the split; everything rerun"
    if _constant_in_groups(z, parts.groups):
        return "labels permuted over whole groups, within each part of the split; everything rerun"
    return "labels permuted within each group; everything rerun"


def permutations(z: Concept, parts: Parts, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw n orders, an (rows, n) array of positions, such that y[order] is a permuted y.

    Where whole groups are swapped, each row is given the position of one row of another group:
    y[order] is a relabelling, but a position may come more than once.

    Parameters
    ----------
    z : Concept
    parts : Parts
    n : int
    rng : Generator
    """
    if parts.groups is None:
        return _shuffled(parts.part, n, rng)
    if not _constant_in_groups(z, parts.groups):
        return _shuffled(parts.groups, n, rng)
    names, first, member = np.unique(parts.groups, return_index=True, return_inverse=True)
    swapped = _shuffled(parts.part[first], n, rng)
    return first[swapped[member]]


def _constant_in_groups(z: Concept, groups: np.ndarray) -> bool:
    _, first, member = np.unique(groups, return_index=True, return_inverse=True)
    return bool((z.data == z.data[first][member]).all())


def _shuffled(stratum: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Permute positions within strata, n times: sorting by stratum plus a random fraction."""
    home = np.argsort(stratum, kind="stable")
    _, dense = np.unique(stratum, return_inverse=True)
    order = np.empty((len(stratum), n), dtype=np.intp)
    order[home] = np.argsort(dense[:, None] + rng.random((len(stratum), n)), axis=0)
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
    0.02
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
    order = np.hstack([np.arange(len(z))[:, None], permutations(z, parts, n_permutations, rng)])
    Y = z.data[order].astype(np.float64)
    found = np.zeros(Y.shape[1])
    for fold in range(n_folds):
        train, test = parts.part != fold, parts.part == fold
        part = Part.of(X, z, np.flatnonzero(train))
        W = part.solve(part.cross(Y))
        scores = (X[test] @ W.astype(X.dtype)).T
        found += metrics.auc(scores, Y[test].T > 0.5) / n_folds
    return float(found[0]), Null("chance", description(z, parts), found[1:])


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
    (True, 0.05)
    """
    X, z, _ = rows(X, y, None, one=True)
    z.need_two_classes()
    n_permutations = parameters.whole_number("n_permutations", n_permutations, least=1)
    parameters.instance("probe", "probe", probe)
    rng = generator(random_state)
    X = arrays.host(validation.finite(X))
    (reader,) = fresh({"probe": probe}, z, 0)
    parts = split(z, groups=group_codes(groups, len(z)), n_parts=FOLDS, rng=rng)
    order = np.hstack([np.arange(len(z))[:, None], permutations(z, parts, n_permutations, rng)])
    found = np.zeros(order.shape[1])
    for j, labelling in enumerate(order.T):
        permuted = z.take(labelling)
        for fold in range(FOLDS):
            train, test = parts.part != fold, parts.rows(fold)
            fit = X[train], permuted.data[train]
            once = np.ones((1, len(test)))
            found[j] += reader.read(fit, X[test], permuted.take(test), once)[0] / FOLDS
        if progress is not None:
            progress("permutations", j + 1, len(found))
    return float(found[0]), Null("chance", description(z, parts), found[1:])
