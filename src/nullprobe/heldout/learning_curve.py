"""Learning curve: held-out scores of a linear probe by its number of training rows.

A held-out score depends on the number of training rows as well as on the representation. Rows are
split into folds. A probe is trained on one, two, four, ... or all but one of them and scored on the
next fold, once per fold. So every size is scored on every row, and sizes can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe._core.validation import InputError
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts, split
from nullprobe.heldout.factored_rows import Part
from nullprobe.heldout.targets import Labellings

FOLDS = (8, 4)  # the second if the rarest class has too few rows for the first


@dataclass(frozen=True, eq=False)
class Trained:
    """Held-out scores of probes with one number of training rows.

    Attributes
    ----------
    rows : int
        Mean number of training rows of the probes.
    scores : ndarray of shape (n, k)
        Score of each row by a probe that was not trained on it.
    """

    rows: int
    scores: np.ndarray


def folds(z: Concept, groups: np.ndarray | None, rng: np.random.Generator) -> Parts | None:
    """Return eight folds, or four if classes or groups are too small, or None."""
    for n_parts in FOLDS:
        try:
            return split(z, groups=groups, n_parts=n_parts, rng=rng)
        except InputError:
            continue
    return None


def learning_curve(X: np.ndarray, z: Concept, parts: Parts) -> list[Trained]:
    """Train the shrunk discriminant on one fold, on two, on four, ... and on all but one.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n, d)
    z : Concept
    parts : Parts
        Folds.
    """
    labellings, n_folds = Labellings(z), parts.n_parts
    Z = labellings.columns(np.arange(len(z))[:, None])[:, 0]
    level = z.codes is None  # R² depends on the level, AUC does not
    sizes = sorted({*(2**i for i in range(n_folds.bit_length() - 1)), n_folds - 1})
    points = []
    for size in sizes:
        scores, rows = np.empty((len(z), z.n_scores)), 0
        for j in range(n_folds):
            train = np.isin(parts.part, (j + 1 + np.arange(size)) % n_folds)
            test = parts.rows(j)
            part = Part.of(X, z, np.flatnonzero(train))
            W = part.solve(part.cross(Z))
            scores[test] = part.scores_of(X[test], W)
            scores[test] += Z[train].mean(axis=0) * level
            rows += int(train.sum())
        points.append(Trained(round(rows / n_folds), scores))
    return points
