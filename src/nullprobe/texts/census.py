"""Census: where a concept stands among what else its texts carry, layer by layer.

Problem. "Truth is read with an AUC of .83 at layer 20" says little while it is unknown how well the
same probe reads any other property of the same texts.

Solution. The held-out AUC of the concept, of lexical concepts of about its frequency, and of
control tasks, by the same probe (a linear discriminant) on the same folds. Only Cov(X, Z) depends
on the labels, so one factorisation per fold and layer serves them all. Selectivity is the AUC of
the concept minus the mean AUC of the control tasks.

Reference. J. Hewitt, P. Liang, "Designing and interpreting probes with control tasks", 2019.
C. Nadeau, Y. Bengio, "Inference for the generalization error", 2003.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from nullprobe._core import arrays, validation
from nullprobe._core import random_state as random_states
from nullprobe._core.validation import InputError, complain
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts, group_codes, split
from nullprobe.heldout.factored_rows import Part
from nullprobe.stats import metrics
from nullprobe.stats.bootstrap import resampled_weights
from nullprobe.texts.cards import two_labels
from nullprobe.texts.census_result import Census, LayerCensus
from nullprobe.texts.labellings import BinaryLabels

FOLDS = 5
RESAMPLES = 400  # of groups or rows, and of control tasks
LEVELS = (0.025, 0.975)  # of an interval


def census(  # noqa: PLR0913 - an entry point: the rows, two sets of labels, and how to read them
    representations: Mapping[str, Any],
    y: Any,
    lexical: BinaryLabels,
    control: BinaryLabels,
    *,
    groups: Any = None,
    concept: str = "the concept",
    random_state: random_states.RandomState = 0,
) -> Census:
    """Read a concept, lexical concepts and control tasks at each layer, by the same probe.

    Parameters
    ----------
    representations : mapping of str to array-like of shape (n, d)
        Layers by name; d may differ.
    y : array-like of shape (n,)
        Labels of two classes.
    lexical : BinaryLabels
        Of the same n rows, from `lexical_concepts`.
    control : BinaryLabels
        Of the same n rows, from `control_labels`.
    groups : array-like of shape (n,), optional
        Rows that belong together are in one fold.
    concept : str
        What the labels are, for the sentences.
    random_state : None, int or Generator

    Returns
    -------
    Census

    Raises
    ------
    InputError
        If y does not have two classes, numbers of rows differ, or there are too few rows or groups
        for two folds.

    Notes
    -----
    Five folds, or fewer if there are few rows or groups. Each fit uses all folds but one, and the
    AUC is the mean over folds. Folds in which a labelling has one label only, in the fit or in the
    scores, are left out of its mean. The bootstrap keeps the fits; its variance is multiplied by
    1 + k/(k − 1) for k folds, since fits vary and share rows (Nadeau and Bengio 2003).

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import census, control_labels, lexical_concepts
    >>> rng = np.random.default_rng(0)
    >>> things = "cat dog owl elk ant bee".split()
    >>> texts = [f"{rng.choice(['a', 'the'])} {rng.choice(things)}" for _ in range(200)]
    >>> y = rng.permutation(200) % 2
    >>> X = np.column_stack([y + rng.normal(size=200), rng.normal(size=(200, 3))])
    >>> result = census({"layer 0": X}, y, lexical_concepts(texts, 0.5), control_labels(texts))
    >>> result.best.n_below == result.best.n_lexical, round(result.best.auc, 1)
    (True, 0.8)
    """
    if not isinstance(representations, Mapping) or not representations:
        complain(
            "representations must be a mapping of names to arrays (n, d)",
            f"{type(representations).__name__} arrived"
            if not isinstance(representations, Mapping)
            else "it is empty",
        )
    n = len(lexical.values)
    z = two_labels(y, n)
    if len(control.values) != n:
        complain(f"control labels need {n} rows", f"they have {len(control.values)}")
    layers = {str(name): _rows(X, str(name), n) for name, X in representations.items()}
    codes = group_codes(groups, n)
    seed = random_states.integer_seed(random_state)
    rng = np.random.default_rng(seed)
    parts = _folds(z, codes, rng)
    Z = np.column_stack([z.data == 1, lexical.values, control.values]).astype(float)
    draws = Draws.of(z, codes, control, rng)
    return Census(
        concept,
        tuple(_layer(name, X, z, Z, parts, draws) for name, X in layers.items()),
        lexical.names,
        control.names,
        parts.n_parts,
        seed,
    )


class Draws(NamedTuple):
    """Bootstrap draws, the same for all layers.

    Attributes
    ----------
    weights : ndarray of shape (b, n)
        Weights of the rows.
    control : ndarray of shape (b, m), int
        Positions of control tasks.
    """

    weights: np.ndarray
    control: np.ndarray

    @classmethod
    def of(
        cls, z: Concept, codes: np.ndarray | None, control: BinaryLabels, rng: np.random.Generator
    ) -> Draws:
        """Draw groups, or rows within classes, and control tasks."""
        m = len(control)
        weights = resampled_weights(z.codes, codes, len(z), RESAMPLES, rng)
        return cls(weights, rng.integers(max(m, 1), size=(RESAMPLES, m)))


def _rows(X: Any, name: str, n: int) -> np.ndarray:
    """Return a representation as an array of n rows, or complain."""
    X = arrays.host_native(validation.finite(validation.representation(X, name=name), name=name))
    if len(X) != n:
        complain(f"{name} must have {n} rows, one for each text", f"it has {len(X)}")
    return X if X.dtype == np.float32 else X.astype(np.float64)


def _folds(z: Concept, codes: np.ndarray | None, rng: np.random.Generator) -> Parts:
    """Return five folds, or as many as rows and groups allow."""
    for n_parts in range(FOLDS, 2, -1):
        try:
            return split(z, groups=codes, n_parts=n_parts, rng=rng)
        except InputError:
            continue
    return split(z, groups=codes, n_parts=2, rng=rng)


def _layer(
    name: str, X: np.ndarray, z: Concept, Z: np.ndarray, parts: Parts, draws: Draws
) -> LayerCensus:
    """Return the AUC of all labellings Z (n, m) of one layer: the concept, lexical, control."""
    each, drawn = [], []
    for j in range(parts.n_parts):
        rows = parts.rows(j)
        fit = Part.of(X, z, np.flatnonzero(parts.part != j))
        W = fit.solve(fit.cross(Z))
        scores = (X[rows] - fit.mean) @ W
        truth = Z[rows].T > 0.5
        areas = metrics.auc(scores.T, truth)
        # A labelling that is constant in the fit has no probe.
        areas[np.ptp(Z[fit.rows], axis=0) == 0] = np.nan
        each.append(areas)
        drawn.append(metrics.auc(scores[:, :1].T, truth[:1], draws.weights[:, rows]))
    areas, replicates = _mean(np.array(each)), _widened(_mean(np.array(drawn)), parts.n_parts)
    m = draws.control.shape[1]
    lexical, control = areas[1 : len(areas) - m], areas[len(areas) - m :]
    gaps = replicates - _mean(control[draws.control].T) if m else np.full(len(replicates), np.nan)
    return LayerCensus(
        name,
        float(areas[0]),
        _interval(replicates),
        lexical,
        control,
        float(areas[0] - _mean(control[:, None])[0]) if m else float("nan"),
        _interval(gaps),
    )


def _widened(replicates: np.ndarray, n_folds: int) -> np.ndarray:
    """Return replicates for fixed fits, spread further since the fits of folds share rows."""
    centre = replicates.mean()
    factor = np.sqrt(1.0 + n_folds / (n_folds - 1))
    return np.clip(centre + factor * (replicates - centre), 0.0, 1.0)


def _mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of values (k, m) over k, without those that are NaN; NaN if all are."""
    defined = np.isfinite(values)
    count = defined.sum(axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _interval(replicates: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of replicates; NaN without any."""
    defined = replicates[np.isfinite(replicates)]
    if not len(defined):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, LEVELS)
    return float(low), float(high)
