"""Weights u with C_Fᵀ u = 0: all that a linear probe on P can use after an eraser fitted on F.

The module `three_way` explains the formula. This module computes its two parts for many labellings
at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe.heldout.factored_rows import Part


@dataclass(frozen=True, eq=False)
class UnseenFeatures:
    """Features that vary on F and are constant on P, such as a pixel that is nearly always dark.

    An eraser subtracts its scores from these features, too. On erased rows of P they hold only
    these scores, which a fresh probe then reads exactly. Weights on these features satisfy
    C_Fᵀ u = 0 as far as C_F covers them.
    """

    cross: np.ndarray  # C_F, (m, d, k)
    positions: np.ndarray  # (q,) positions of these features
    inverse: np.ndarray  # (q,) reciprocals of their standard deviations on F
    cross_inverse: np.ndarray  # (m, k, q), pseudo-inverse of these rows of C_F, in these units
    constraint: np.ndarray  # (d, m k), the part of C_F that binds the other features

    @classmethod
    def of(cls, F: Part, P: Part, C: np.ndarray, k: int) -> UnseenFeatures:
        """Find these features, for an eraser with directions C (d, m k) from F and a probe on P."""
        positions = np.flatnonzero((P.inverse == 0) & (F.inverse > 0))
        C3 = C.reshape(len(C), -1, k).transpose(1, 0, 2)
        inverse = F.inverse[positions]
        cross_inside = C3[:, positions] * inverse[:, None]
        if not len(positions):
            return cls(C3, positions, inverse, cross_inside.transpose(0, 2, 1), C)
        cross_inverse = np.linalg.pinv(cross_inside, rcond=1e-8)
        rest = C3 - C3 @ (cross_inverse @ cross_inside)
        size, whole = (np.linalg.norm(a, axis=(1, 2)) for a in (rest, C3))
        rest *= (size > 1e-10 * whole)[:, None, None]  # rounding is not a constraint
        return cls(C3, positions, inverse, cross_inverse, rest.transpose(1, 0, 2).reshape(C.shape))

    def set_weights(self, W: np.ndarray) -> None:
        """Set the weights of these features in W (d, m k), in place, so that C_Fᵀ W = 0."""
        if len(self.positions):
            W3 = W.reshape(len(W), *self.cross.shape[::2]).transpose(1, 0, 2)
            violation = self.cross.transpose(0, 2, 1) @ W3
            weights = -self.inverse[:, None] * (self.cross_inverse.transpose(0, 2, 1) @ violation)
            W[self.positions] = weights.transpose(1, 0, 2).reshape(len(self.positions), -1)


def guarded_weights(
    U: np.ndarray, C_P: np.ndarray, V: np.ndarray, C: np.ndarray, k: int
) -> np.ndarray:
    """Return U − V (Cᵀ V)⁺ Cᵀ U for each labelling's k columns of (d, m k) arrays.

    U = Σ̃⁻¹ C_P and V = Σ̃⁻¹ C. The result u has the squared size uᵀ Σ̃ u, which is 0 if erasure
    leaves no direction; then u is set to 0, so that rounding is not read. Scores have no unit: a
    score scaled by 1e-16 is as readable as the score itself.
    """
    d = len(U)
    U3, C_P3, V3, C3 = (a.reshape(d, -1, k).transpose(1, 0, 2) for a in (U, C_P, V, C))
    if k == 1:
        CU, CV = np.einsum("mdk,mdk->mk", C3, U3), np.einsum("mdk,mdk->mk", C3, V3)
        ratio = np.divide(CU, CV, out=np.zeros_like(CU), where=CV > 0)
        coefficients = ratio[:, :, None]
    else:
        gram = C3.transpose(0, 2, 1) @ V3
        inverse = np.linalg.pinv(gram, rcond=1e-10, hermitian=True)
        coefficients = inverse @ (C3.transpose(0, 2, 1) @ U3)
    guarded = U3 - V3 @ coefficients
    size = np.einsum("mdk,mdk->mk", guarded, C_P3 - C3 @ coefficients)
    whole = np.einsum("mdk,mdk->mk", U3, C_P3)
    guarded *= (size > np.finfo(np.float64).eps * whole)[:, None, :]
    return guarded.transpose(1, 0, 2).reshape(d, -1)
