"""Three-way reading: eraser on F, probe on P, scores on S, for many labellings at once.

Problem. A reading counts only on rows that no fit has seen, and a null of it reruns eraser,
probe and score for every permuted labelling.

Solution. Eraser and probe are linear in Cov(X, Z), and the covariances do not know the labels.
After any mean-equalising eraser fitted on F, exactly the weights u with C_Fᵀ u = 0 remain
available to a linear probe, whichever eraser it was (docs/theory in `docs/methods/readback.md`):
so the fresh probe on P is the discriminant

    u = U_P − U_F (C_Fᵀ U_F)⁺ C_Fᵀ U_P,   U_P = Σ̃_P⁻¹ C_P,   U_F = Σ̃_P⁻¹ C_F,

and all labellings are right-hand sides of one factorisation a part. The ridge in Σ̃_P is
measured on the raw features of P, so that the answer is the same for every such eraser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from nullprobe import _array, _linalg, reading
from nullprobe.concepts import Concept
from nullprobe.moments import Moments
from nullprobe.probes.halfspace import halfspaces
from nullprobe.splits import Parts

BATCH_ELEMENTS = 1 << 23


@dataclass(frozen=True, eq=False)
class Part:
    """One part of the rows, factored once."""

    rows: np.ndarray  # positions (n_j,) in the whole
    X: np.ndarray  # (n_j, d), centred on its own mean
    mean: np.ndarray  # (d,)
    inverse: np.ndarray  # (d,) reciprocal standard deviations
    factor: _linalg.PSDFactor  # of the shrunk correlation matrix

    @classmethod
    def of(cls, X: np.ndarray, z: Concept, rows: np.ndarray) -> Part:
        """Factor some rows (n_j,) of a whole X (n, d) and its concept."""
        X, z = X[rows], z.take(rows)
        moments = Moments.of(X, z)
        factor = moments.factor(moments.oracle_shrinkage())
        # In float64: a float32 mean may be off by more than the last digit of a deviation.
        centred = (X - moments.mean).astype(X.dtype)
        return cls(rows, centred, moments.mean, _linalg.reciprocal(moments.scale), factor)

    def cross(self, Z: np.ndarray) -> np.ndarray:
        """Return Cov(X, Z) (d, m) for the columns of a whole Z (n, m)."""
        Z = Z[self.rows]
        return self.X.T @ (Z - Z.mean(axis=0)).astype(self.X.dtype) / len(self.rows)

    def solve(self, C: np.ndarray) -> np.ndarray:
        """Return Σ̃⁻¹ C."""
        return self.inverse[:, None] * self.factor.solve(self.inverse[:, None] * C)

    def scores(self, other: Part, W: np.ndarray) -> np.ndarray:
        """Score the rows of another part, as deviations from this part's mean; (n, m)."""
        return other.X @ W.astype(other.X.dtype) + (other.mean - self.mean) @ W


@dataclass(frozen=True, eq=False)
class Scores:
    """Held-out scores of one labelling: each row scored once, by fits that never saw it.

    Attributes
    ----------
    raw, erased : ndarray of shape (n, k)
        Scores before and after erasure; k = 1 for two classes.
    """

    raw: np.ndarray
    erased: np.ndarray


class Labellings:
    """Labellings of one kind: their columns, and how scores for them are read.

    Parameters
    ----------
    z : Concept
        Its kind says how labellings are read; its values only enter through :meth:`columns`.
    """

    def __init__(self, z: Concept) -> None:
        self.z = z

    @property
    def n_outputs(self) -> int:
        """Number of scores a row gets: 1 for two classes, K for more, k for numbers."""
        return 1 if self.z.classes is not None and len(self.z.classes) == 2 else self.z.n_columns

    def columns(self, order: np.ndarray) -> np.ndarray:
        """Return the labelling y[order[:, j]] for each column of order (n, m), as (n, m, k)."""
        if self.z.codes is None:
            return self.z.data[order]
        labels = np.arange(1, 2) if self.n_outputs == 1 else np.arange(self.n_outputs)
        return (self.z.codes[order][:, :, None] == labels).astype(np.float64)

    def batches(self, order: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the columns (n, m, k) of all labellings of an order, some at a time."""
        m = max(1, BATCH_ELEMENTS // (len(order) * self.n_outputs))
        for start in range(0, order.shape[1], m):
            yield self.columns(order[:, start : start + m])

    def statistic(
        self, scores: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None
    ) -> np.ndarray:
        """Return AUC (macro over outputs), or R², of scores (m, k, n) for truth (m, k, n)."""
        if self.z.codes is None:
            each = [
                reading.r_squared(scores[:, c], truth[:, c], weights)
                for c in range(scores.shape[1])
            ]
        else:
            each = [
                reading.auc(scores[:, c], truth[:, c] > 0.5, weights)
                for c in range(scores.shape[1])
            ]
        return np.mean(each, axis=0)


class ThreeWay(Labellings):
    """Representations split in three and factored, ready to read any labelling.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
    parts : Parts
    """

    def __init__(self, X: np.ndarray, z: Concept, parts: Parts) -> None:
        super().__init__(z)
        if X.dtype not in (np.float32, np.float64):
            X = X.astype(np.float64)
        self.partition = parts
        self.parts = [Part.of(X, z, parts.rows(j)) for j in range(parts.n_parts)]

    def read(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the reading before and after erasure, (m,) each, of m reordered labellings."""
        raw, erased = [], []
        for batch in self.batches(order):
            before, after = self._read_batch(batch)
            raw.append(before)
            erased.append(after)
        return np.concatenate(raw), np.concatenate(erased)

    def scores(self) -> Scores:
        """Return the held-out scores of the labelling as it is."""
        Z = self.columns(np.arange(len(self.z))[:, None])
        raw, erased = np.empty((len(Z), self.n_outputs)), np.empty((len(Z), self.n_outputs))
        for (before, after), S in self._scored(Z):
            raw[S.rows], erased[S.rows] = before[0].T, after[0].T
        return Scores(raw, erased)

    def _read_batch(self, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        raw, erased = np.zeros(Z.shape[1]), np.zeros(Z.shape[1])
        for (before, after), S in self._scored(Z):
            truth = Z[S.rows].transpose(1, 2, 0)
            raw += self.statistic(before, truth) / len(self.parts)
            erased += self.statistic(after, truth) / len(self.parts)
        return raw, erased

    def _scored(self, Z: np.ndarray) -> Iterator[tuple[tuple[np.ndarray, np.ndarray], Part]]:
        """Yield the scores before and after erasure, (m, k, n_S) each, and their part, a role."""
        n, m, k = Z.shape
        flat = Z.reshape(n, m * k)
        crosses = [part.cross(flat) for part in self.parts]
        for f, p, s in self.partition.roles():
            P, S = self.parts[p], self.parts[s]
            U = P.solve(crosses[p])
            loose = Loose.of(self.parts[f], P, crosses[f], k)
            kept = kept_weights(U, crosses[p], P.solve(loose.bound), loose.bound, k)
            loose.settle(kept)
            # R² is about levels, AUC is not
            level = flat[P.rows].mean(axis=0) if self.z.codes is None else 0.0
            raw, erased = ((P.scores(S, W) + level).T.reshape(m, k, len(S.rows)) for W in (U, kept))
            yield (raw, erased), S

    def halfspace(
        self,
        order: np.ndarray,
        seed: int,
        n_restarts: int = 3,
        tick: Callable[[], object] = lambda: None,
    ) -> np.ndarray:
        """Return held-out balanced accuracy of the best halfspace after erasure, (m,)."""
        found = [np.zeros(0)]
        for batch in self.batches(order):
            accuracy = np.zeros(batch.shape[1])
            for said, S in self._said(batch, seed, n_restarts):
                truth = batch[S.rows].transpose(1, 2, 0) > 0.5
                each = [
                    reading.balanced_accuracy(said[:, c], truth[:, c]) for c in range(said.shape[1])
                ]
                accuracy += np.mean(each, axis=0) / len(self.parts)
                tick()
            found.append(accuracy)
        return np.concatenate(found)

    def halfspace_calls(self, seed: int, n_restarts: int = 3) -> np.ndarray:
        """Return which rows (n, k) held-out halfspaces call positive, labels being as they are."""
        Z = self.columns(np.arange(len(self.z))[:, None])
        calls = np.empty((len(Z), self.n_outputs), dtype=bool)
        for said, S in self._said(Z, seed, n_restarts):
            calls[S.rows] = said[0].T
        return calls

    def _said(self, Z: np.ndarray, seed: int, n_restarts: int) -> Iterator[tuple[np.ndarray, Part]]:
        """Yield the calls (m, k, n_S) of halfspaces fitted on erased P, with their part S."""
        n, m, k = Z.shape
        flat = Z.reshape(n, m * k)
        crosses = [part.cross(flat) for part in self.parts]
        rng = np.random.default_rng(seed)
        for f, p, s in self.partition.roles():
            P, S = self.parts[p], self.parts[s]
            # In whitened coordinates "weights orthogonal to C_F" is a plain projection.
            loose = Loose.of(self.parts[f], P, crosses[f], k)
            bars = P.factor.whiten((P.inverse[:, None] * loose.bound).T).T
            W, cuts = halfspaces(
                P.factor.whiten(P.X * P.inverse),
                flat[P.rows] > 0.5,
                forbidden=_orthonormal(bars, k),
                n_restarts=n_restarts,
                rng=rng,
            )
            W = P.inverse[:, None] * P.factor.unwhiten(W)
            loose.settle(W)
            yield (P.scores(S, W) > cuts).T.reshape(m, k, len(S.rows)), S


@dataclass(frozen=True, eq=False)
class Loose:
    """Features that vary on F and not on P, such as a pixel that is hardly ever lit.

    An eraser subtracts scores from them as from any other, so that on erased rows of P they hold
    nothing but those scores, and a fresh probe reads these at no cost: weights on them satisfy
    C_Fᵀ u = 0 for it, as far as C_F reaches them.
    """

    cross: np.ndarray  # C_F, (m, d, k)
    where: np.ndarray  # (q,) positions of these features
    inverse: np.ndarray  # (q,) reciprocals of their standard deviations on F
    back: np.ndarray  # (m, k, q), pseudo-inverse of C_F there in units of these
    bound: np.ndarray  # (d, m k), the part of C_F that the other features must be orthogonal to

    @classmethod
    def of(cls, F: Part, P: Part, C: np.ndarray, k: int) -> Loose:
        """Find them, for an eraser of directions C (d, m k) from F and a probe on P."""
        where = np.flatnonzero((P.inverse == 0) & (F.inverse > 0))
        C3 = C.reshape(len(C), -1, k).transpose(1, 0, 2)
        inverse = F.inverse[where]
        here = C3[:, where] * inverse[:, None]
        if not len(where):
            return cls(C3, where, inverse, here.transpose(0, 2, 1), C)
        back = np.linalg.pinv(here, rcond=1e-8)
        rest = C3 - C3 @ (back @ here)
        size, whole = (np.linalg.norm(a, axis=(1, 2)) for a in (rest, C3))
        rest *= (size > 1e-10 * whole)[:, None, None]  # rounding binds nothing
        return cls(C3, where, inverse, back, rest.transpose(1, 0, 2).reshape(C.shape))

    def settle(self, W: np.ndarray) -> None:
        """Give these features, in place, the weights that make W (d, m k) orthogonal to C_F."""
        if len(self.where):
            W3 = W.reshape(len(W), *self.cross.shape[::2]).transpose(1, 0, 2)
            owed = self.cross.transpose(0, 2, 1) @ W3
            weights = -self.inverse[:, None] * (self.back.transpose(0, 2, 1) @ owed)
            W[self.where] = weights.transpose(1, 0, 2).reshape(len(self.where), -1)


def kept_weights(
    U: np.ndarray, own: np.ndarray, V: np.ndarray, C: np.ndarray, k: int
) -> np.ndarray:
    """Return U − V (Cᵀ V)⁺ Cᵀ U for each labelling's k columns of (d, m k) arrays.

    With U = Σ̃⁻¹ own and V = Σ̃⁻¹ C, what is kept has the squared size (kept)ᵀ Σ̃ (kept), which
    is 0 where erasure leaves no direction. Rounding must not be read there: scores have no
    unit, so that 1e-16 of a readable score is as readable as all of it.
    """
    d = len(U)
    U3, own3, V3, C3 = (a.reshape(d, -1, k).transpose(1, 0, 2) for a in (U, own, V, C))
    if k == 1:
        above, below = np.einsum("mdk,mdk->mk", C3, U3), np.einsum("mdk,mdk->mk", C3, V3)
        ratio = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        coefficients = ratio[:, :, None]
    else:
        gram = C3.transpose(0, 2, 1) @ V3
        inverse = np.linalg.pinv(gram, rcond=1e-10, hermitian=True)
        coefficients = inverse @ (C3.transpose(0, 2, 1) @ U3)
    kept = U3 - V3 @ coefficients
    size = np.einsum("mdk,mdk->mk", kept, own3 - C3 @ coefficients)
    whole = np.einsum("mdk,mdk->mk", U3, own3)
    kept *= (size > np.finfo(np.float64).eps * whole)[:, None, :]
    return kept.transpose(1, 0, 2).reshape(d, -1)


def _orthonormal(G: np.ndarray, k: int) -> np.ndarray:
    """Return, for each of the m k labellings, an orthonormal basis (d, k, m k) of its k bars."""
    d = len(G)
    if k == 1:
        length = np.linalg.norm(G, axis=0)
        return (G * _linalg.reciprocal(length))[:, None, :]
    left, sizes, _ = np.linalg.svd(G.reshape(d, -1, k).transpose(1, 0, 2), full_matrices=False)
    left = left * (sizes > 1e-10 * sizes[:, :1])[:, None, :]
    return np.repeat(left.transpose(1, 2, 0), k, axis=2)


def three_way(X: object, z: Concept, parts: Parts) -> ThreeWay:
    """Split and factor a representation of any array library."""
    return ThreeWay(_array.host_native(X), z, parts)
