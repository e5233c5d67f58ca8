"""Subspaces of each site: the concept's, those of permuted labels, random ones, other concepts'.

Every null passes through the pipeline that fitted the concept's subspace. Permuted labels are
those of the rows that fitted it, so they are exchangeable with the labels if these mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nullprobe.data.concept import Concept
from nullprobe.erasers import AffineEraser
from nullprobe.moments import Moments
from nullprobe.usage.edits import Fit

RELATIVE = 1e-6  # singular values below this share of the largest are rounding


@dataclass(frozen=True, eq=False)
class Subspaces:
    """Maps R, W of a site, and directions to add.

    Attributes
    ----------
    concept : AffineEraser
    random, permuted : list of m AffineEraser
    others : dict of str to AffineEraser
        Other concepts, by name.
    means : ndarray of shape (K, d) or (k, d)
        Class means, less their mean; of numbers, the slopes of the states.
    permuted_means : ndarray of shape (m, K, d)
        The same for permuted labels, scaled: as long as ``means`` in units of the covariance.
    overlaps : dict of str to ndarray of shape (m,)
        For each null, the share of what the concept's map reads that each draw reads, too. For
        directions: the squared cosine in units of the covariance, 0 for opposite directions.
    """

    concept: AffineEraser
    random: Sequence[AffineEraser]
    permuted: Sequence[AffineEraser]
    others: Mapping[str, AffineEraser]
    means: np.ndarray
    permuted_means: np.ndarray
    overlaps: Mapping[str, np.ndarray]


def subspaces_of(
    X: np.ndarray,
    z: Concept,
    fit: Fit,
    erasers: Sequence[AffineEraser],
    drawn: Sequence[Concept],
    others: Mapping[str, Concept],
) -> Subspaces:
    """Return the subspaces of a site.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        States that the eraser was fitted to.
    z : Concept
        Their concept.
    fit : callable
    erasers : sequence of 1 + m AffineEraser
        The concept's, then random ones.
    drawn : sequence of m Concept
        The concept with permuted labels.
    others : mapping of str to Concept
        Other concepts of the same rows.
    """
    concept, random = erasers[0], list(erasers[1:])
    permuted = [fit(Moments.of(X, one)) for one in drawn]
    means = class_means(X, z)
    shuffled = np.stack([class_means(X, one) for one in drawn])
    whitener = _whitener(X)
    size = np.linalg.norm(means @ whitener)
    sizes = np.linalg.norm(shuffled @ whitener, axis=(1, 2), keepdims=True)
    shuffled *= np.divide(size, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    overlaps = {
        "random_subspaces": overlap(X, concept, random),
        "permuted_labels": overlap(X, concept, permuted),
        "permuted_directions": np.array(
            [_cosine(means @ whitener, one @ whitener) for one in shuffled]
        ),
    }
    elsewhere = {name: fit(Moments.of(X, other)) for name, other in others.items()}
    return Subspaces(concept, random, permuted, elsewhere, means, shuffled, overlaps)


def class_means(X: np.ndarray, z: Concept) -> np.ndarray:
    """Return how the mean state depends on the concept.

    Returns
    -------
    ndarray of shape (K, d) or (k, d)
        Mean of each class, less the mean of these means; 0 for absent classes. Of numbers, the
        slopes of the states by least squares.
    """
    Z = z.matrix
    if z.codes is None:
        return np.linalg.lstsq(Z - Z.mean(axis=0), X - X.mean(axis=0, dtype=np.float64))[0]
    counts = Z.sum(axis=0)
    present = counts > 0
    means = np.zeros((len(counts), X.shape[1]))
    means[present] = (Z.T @ X.astype(np.float64))[present] / counts[present, None]
    means[present] -= means[present].mean(axis=0)
    return means


def mean_steps(means: np.ndarray, z: Concept, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the difference (m, d) of the mean states of second and first texts (m,) by concept."""
    if z.codes is None:
        return (z.data[second] - z.data[first]) @ means
    return means[z.data[second]] - means[z.data[first]]


def overlap(X: np.ndarray, concept: AffineEraser, others: Sequence[AffineEraser]) -> np.ndarray:
    """Return how much of the concept's scores each other map reads (m,), from 0 to 1.

    It is the mean squared canonical correlation of the scores X R of the two maps on the rows.
    """
    centred = X - X.mean(axis=0, dtype=np.float64)
    basis = _basis(centred @ concept.reading)
    if not basis.shape[1]:
        return np.zeros(len(others))
    shares = [np.square(basis.T @ _basis(centred @ one.reading)).sum() for one in others]
    return np.array(shares) / basis.shape[1]


def _basis(scores: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis (n, r) of the columns of scores."""
    U, sizes, _ = np.linalg.svd(scores, full_matrices=False)
    return U[:, sizes > sizes.max(initial=0.0) * RELATIVE]


def _whitener(X: np.ndarray) -> np.ndarray:
    """Return W (d, r) such that X W has covariance I, within the directions in which X varies."""
    centred = X - X.mean(axis=0, dtype=np.float64)
    _, sizes, rows = np.linalg.svd(centred, full_matrices=False)
    varies = sizes > sizes.max(initial=0.0) * RELATIVE
    return rows[varies].T * (np.sqrt(len(X)) / sizes[varies])


def _cosine(A: np.ndarray, B: np.ndarray) -> float:
    """Return the squared cosine of the angle between two arrays, 0 if they are opposite."""
    product, sizes = float(np.sum(A * B)), float(np.square(A).sum() * np.square(B).sum())
    return product**2 / sizes if sizes > 0 and product > 0 else 0.0
