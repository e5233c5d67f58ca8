"""Cross-validated readings, each with the null of permuted labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from nullprobe._core import arrays, parameters, validation
from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.rows import rows
from nullprobe.data.splits import group_codes, split
from nullprobe.heldout.factored_rows import Part
from nullprobe.heldout.fresh_probe import fresh
from nullprobe.nulls.permutation import Permutations
from nullprobe.stats import metrics
from nullprobe.stats.null_distribution import Null

FOLDS = 3  # of a pipeline_null: one fit of a probe may take seconds


def permutation_null(
    X: Any,
    y: Any,
    *,
    groups: Any = None,
    n_folds: int = 5,
    n_permutations: int = 999,
    random_state: RandomState = 0,
) -> tuple[float, Null]:
    """Cross-validate a shrunk linear discriminant, and repeat it with permuted labels.

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
        Mean AUC of each permuted labelling; ``null.p_value(observed)`` is exact.

    Raises
    ------
    InputError
        If y does not have two classes, or X and y do not fit together.

    Notes
    -----
    Σ̃⁻¹C is linear in the labels, and Σ̃ does not depend on them. So a fold takes one factorisation,
    and all labellings are right-hand sides.

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
            "y must have two classes",
            f"it has {len(z.classes)}" if z.classes is not None else "it is numeric",
            "use audit, which reads any concept",
        )
    rng = generator(random_state)
    X = arrays.host_native(validation.finite(X))
    parts = split(z, groups=group_codes(groups, len(z)), n_parts=n_folds, rng=rng)
    permuted = Permutations.of(z, parts, [int(rng.integers(2**31))])
    order = np.hstack([np.arange(len(z))[:, None], permuted.orders(range(n_permutations))])
    Y = z.data[order].astype(np.float64)
    total = np.zeros((2, Y.shape[1]))  # AUC and its variance
    for fold in range(n_folds):
        train, test = parts.part != fold, parts.part == fold
        part = Part.of(X, z, np.flatnonzero(train))
        W = part.solve(part.cross(Y))
        scores = (X[test] @ W.astype(X.dtype)).T
        total += np.array(metrics.auc_with_variance(scores, Y[test].T > 0.5)) / n_folds
    value, errors = total[0], np.sqrt(total[1] + metrics.NO_VARIANCE)
    null = Null("chance", permuted.description, value[1:], errors=errors[1:] / errors[0])
    return float(value[0]), null


def pipeline_null(  # noqa: PLR0913  an entry point
    X: Any,
    y: Any,
    probe: Any,
    *,
    groups: Any = None,
    n_permutations: int = 99,
    random_state: RandomState = 0,
    progress: Progress = False,
) -> tuple[float, Null]:
    """Cross-validate any probe, and repeat it with permuted labels.

    Parameters
    ----------
    X : array of shape (n, d)
    y : array-like of shape (n,) or (n, k)
        Labels (n,), or numbers for a probe that reads numbers. Several columns must be floats.
    probe : estimator
        Unfitted probe. Each choice that it makes in a fit (a penalty, a number of neighbours, the
        probe that `StrongestProbe` selects) is made again for each permuted labelling.
    groups : array-like of shape (n,), optional
        Rows of a group stay in one fold.
    n_permutations : int
        Each costs as much as the observation. With fewer than 39, a two-sided p cannot reach .05.
    random_state : int, Generator or None
    progress : bool or callable
        True shows a bar on stderr; a function is called with the stage, the amount done and the
        total, after the observation and after each permutation.

    Returns
    -------
    observed : float
        Mean over three folds: AUC (macro average for more than two classes), balanced accuracy for
        a halfspace probe, R² for numbers.
    null : Null
        This mean for each permuted labelling; ``null.p_value(observed)`` is exact.

    Raises
    ------
    InputError
        If y has a single class, ``probe`` is not an estimator, or X and y do not fit together.

    Notes
    -----
    Choices made before the call are not repeated. If you choose the best of several probes by their
    observed values, and then call this function with this probe, p is too small. Let the probe
    choose in its fit.

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
    rng, bars = generator(random_state), reporting(progress)
    X = arrays.host(validation.finite(X))
    (reading,) = fresh({"probe": probe}, z, 0)
    parts = split(z, groups=group_codes(groups, len(z)), n_parts=FOLDS, rng=rng)
    permuted = Permutations.of(z, parts, [int(rng.integers(2**31))])
    order = np.hstack([np.arange(len(z))[:, None], permuted.orders(range(n_permutations))])
    values = np.zeros(order.shape[1])
    with bars as report:
        for j, labelling in enumerate(order.T):
            relabelled = z.take(labelling)
            for fold in range(FOLDS):
                train, test = parts.part != fold, parts.rows(fold)
                fit = X[train], relabelled.data[train]
                once = np.ones((1, len(test)))
                values[j] += reading.read(fit, X[test], relabelled.take(test), once)[0] / FOLDS
            report("permutations", j + 1, len(values))
    return float(values[0]), Null("chance", permuted.description, values[1:])
