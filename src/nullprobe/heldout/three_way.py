"""Three-way split: eraser on F, probe on P, scores on S, for many labellings at once.

Problem. A score is valid only on held-out rows. Its null reruns eraser, probe and scores for every
permuted labelling.

Solution. Eraser and probe are linear in Cov(X, Z), and Cov(X) does not depend on the labels. After
any mean-equalising eraser fitted on F, a linear probe can use exactly the weights u with
C_Fᵀ u = 0 (`docs/methods/readback.md`). So the fresh probe on P is the discriminant

    u = U_P − U_F (C_Fᵀ U_F)⁺ C_Fᵀ U_P,   U_P = Σ̃_P⁻¹ C_P,   U_F = Σ̃_P⁻¹ C_F,

and all labellings are right-hand sides of one factorisation per part. The ridge in Σ̃_P comes
from the raw features of P, so that the answer is the same for every such eraser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from nullprobe._core import linalg
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts
from nullprobe.heldout.factored_rows import Part
from nullprobe.heldout.guarded_weights import UnseenFeatures, guarded_weights
from nullprobe.heldout.targets import Labellings
from nullprobe.probes.solvers.halfspace_search import halfspaces
from nullprobe.stats import metrics


@dataclass(frozen=True, eq=False)
class Scores:
    """Held-out scores of one labelling: each row is scored once, by fits on other rows.

    Attributes
    ----------
    raw, erased : ndarray of shape (n, k)
        Scores before and after erasure; k = 1 for two classes.
    """

    raw: np.ndarray
    erased: np.ndarray


class ThreeWay(Labellings):
    """A representation in three parts, factored, to score any labelling.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
    parts : Parts
    erases : bool
        Whether an eraser is fitted on F. If not, a probe on P may use all directions, and two
        parts suffice.
    """

    def __init__(self, X: np.ndarray, z: Concept, parts: Parts, erases: bool = True) -> None:
        super().__init__(z)
        self.erases = erases
        if X.dtype not in (np.float32, np.float64):
            X = X.astype(np.float64)
        self.partition = parts
        self.parts = [Part.of(X, z, parts.rows(j)) for j in range(parts.n_parts)]

    def removed(self, cross: np.ndarray) -> np.ndarray:
        """Return the directions to erase for this Cov(X, Z); zeros without an eraser."""
        return cross if self.erases else np.zeros_like(cross)

    def read(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the metric before and after erasure, (m,) each, of m permuted labellings."""
        return self._averaged(order, self.statistic)

    def read_with_variance(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return AUC and its variance before and after erasure, (2, m) each, for classes."""
        return self._averaged(order, self.with_variance)

    def _averaged(
        self, order: np.ndarray, statistic: Callable[[np.ndarray, np.ndarray], np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean over parts of a statistic (..., m) of scores and truth (m, k, n_S)."""
        raw, erased = [], []
        for Z in self.batches(order):
            values = []
            for each, S in self._scored(Z):
                truth = Z[S.rows].transpose(1, 2, 0)
                values.append([statistic(scores, truth) for scores in each])
            before, after = np.mean(values, axis=0)
            raw.append(before)
            erased.append(after)
        return np.concatenate(raw, axis=-1), np.concatenate(erased, axis=-1)

    def scores(self) -> Scores:
        """Return the held-out scores of the observed labelling."""
        Z = self.columns(np.arange(len(self.z))[:, None])
        raw, erased = (np.empty((len(Z), self.z.n_scores)) for _ in range(2))
        for (before, after), S in self._scored(Z):
            raw[S.rows], erased[S.rows] = before[0].T, after[0].T
        return Scores(raw, erased)

    def _scored(self, Z: np.ndarray) -> Iterator[tuple[tuple[np.ndarray, np.ndarray], Part]]:
        """Yield scores before and after erasure, (m, k, n_S) each, and their part S, per role."""
        n, m, k = Z.shape
        flat = Z.reshape(n, m * k)
        crosses = [part.cross(flat) for part in self.parts]
        for f, p, s in self.partition.roles():
            P, S = self.parts[p], self.parts[s]
            U = P.solve(crosses[p])
            unseen = UnseenFeatures.of(self.parts[f], P, self.removed(crosses[f]), k)
            W_F = guarded_weights(U, crosses[p], P.solve(unseen.constraint), unseen.constraint, k)
            unseen.set_weights(W_F)
            # R² depends on the level, AUC does not.
            level = flat[P.rows].mean(axis=0) if self.z.codes is None else 0.0
            raw, erased = ((P.scores(S, W) + level).T.reshape(m, k, len(S.rows)) for W in (U, W_F))
            yield (raw, erased), S

    def halfspace(
        self,
        order: np.ndarray,
        seed: int,
        n_init: int = 3,
        tick: Callable[[], object] = lambda: None,
    ) -> np.ndarray:
        """Return the held-out balanced accuracy (m,) of the best halfspace after erasure."""
        accuracies = [np.zeros(0)]
        for batch in self.batches(order):
            accuracy = np.zeros(batch.shape[1])
            for calls, S in self._calls(batch, seed, n_init):
                truth = batch[S.rows].transpose(1, 2, 0) > 0.5
                each = [
                    metrics.balanced_accuracy(calls[:, c], truth[:, c])
                    for c in range(calls.shape[1])
                ]
                accuracy += np.mean(each, axis=0) / len(self.parts)
                tick()
            accuracies.append(accuracy)
        return np.concatenate(accuracies)

    def halfspace_calls(self, seed: int, n_init: int = 3) -> np.ndarray:
        """Return which rows (n, k) held-out halfspaces call positive, for the observed labels."""
        Z = self.columns(np.arange(len(self.z))[:, None])
        calls = np.empty((len(Z), self.z.n_scores), dtype=bool)
        for called, S in self._calls(Z, seed, n_init):
            calls[S.rows] = called[0].T
        return calls

    def _calls(self, Z: np.ndarray, seed: int, n_init: int) -> Iterator[tuple[np.ndarray, Part]]:
        """Yield the calls (m, k, n_S) of halfspaces fitted to erased P, and their part S."""
        n, m, k = Z.shape
        flat = Z.reshape(n, m * k)
        crosses = [part.cross(flat) for part in self.parts]
        rng = np.random.default_rng(seed)
        for f, p, s in self.partition.roles():
            P, S = self.parts[p], self.parts[s]
            # In whitened coordinates, weights orthogonal to C_F need only an orthogonal projection.
            unseen = UnseenFeatures.of(self.parts[f], P, self.removed(crosses[f]), k)
            constraints = P.factor.whiten((P.inverse[:, None] * unseen.constraint).T).T
            W, cuts = halfspaces(
                P.factor.whiten(P.X * P.inverse),
                flat[P.rows] > 0.5,
                forbidden=_orthonormal(constraints, k),
                n_init=n_init,
                rng=rng,
            )
            W = P.inverse[:, None] * P.factor.unwhiten(W)
            unseen.set_weights(W)
            yield (P.scores(S, W) > cuts).T.reshape(m, k, len(S.rows)), S


def _orthonormal(G: np.ndarray, k: int) -> np.ndarray:
    """Return an orthonormal basis (d, k, m k) of the k constraints of each of m k columns."""
    d = len(G)
    if k == 1:
        length = np.linalg.norm(G, axis=0)
        return (G * linalg.reciprocal(length))[:, None, :]
    left, sizes, _ = np.linalg.svd(G.reshape(d, -1, k).transpose(1, 0, 2), full_matrices=False)
    left = left * (sizes > 1e-10 * sizes[:, :1])[:, None, :]
    return np.repeat(left.transpose(1, 2, 0), k, axis=2)
