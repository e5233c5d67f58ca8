"""Kept: the weights that an eraser fitted on F leaves to a linear probe on P, C_Fᵀ u = 0.

The formula, and what it is for, stand in `three_way`; here are its two pieces, for many labellings
at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nullprobe.heldout.factored_rows import Part


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
