"""Fold an affine edit into weights.

Problem. The map x ↦ x M + b is applied before a matrix that reads x, or after a matrix that writes
x. M (d, d) must not be formed.

Solution. M = I − R W with R (d, r) and W (r, d). A weight K (out, d) that reads x becomes
K Mᵀ = K − (K Wᵀ) Rᵀ and adds K b; rows k (d,) that are written become k M = k − (k R) W. Both cost
O(d r) per row, run in float64, and are rounded once. A feature that an eraser sets to a constant
level is one more column of R and row of W.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from nullprobe.erasers import AffineEraser

ROWS = 8192  # rows that are in float64 at a time
SAME = 1e-8  # largest relative norm of a difference of equal maps


@dataclass(frozen=True)
class Fold:
    """The map x ↦ x − (x R) W + b of rows x.

    Attributes
    ----------
    reading : Tensor of shape (d, r)
        R. All tensors are float64, on the CPU.
    writing : Tensor of shape (r, d)
        W.
    bias : Tensor of shape (d,)
        b.
    """

    reading: torch.Tensor
    writing: torch.Tensor
    bias: torch.Tensor

    @classmethod
    def of(cls, eraser: AffineEraser) -> Fold:
        """Return the map of ``eraser``, with its constant levels."""
        # An eraser of rank 0 ignores its levels.
        gone = np.flatnonzero(~np.isnan(eraser.level)) if eraser.rank else np.arange(0)
        units = np.eye(eraser.d)[gone]
        writing, bias = eraser.writing.copy(), eraser.bias.copy()
        writing[:, gone], bias[gone] = 0.0, eraser.level[gone]
        parts = np.hstack([eraser.reading, units.T]), np.vstack([writing, units]), bias
        return cls(*map(torch.from_numpy, parts))

    @classmethod
    def identity(cls, d: int) -> Fold:
        """Return the identity map of d features."""
        zeros = torch.zeros(d, 0, dtype=torch.float64)
        return cls(zeros, zeros.T, torch.zeros(d, dtype=torch.float64))

    @property
    def has_bias(self) -> bool:
        """Whether b is not zero."""
        return bool(self.bias.any())

    @property
    def changes_nothing(self) -> bool:
        """Whether this is the identity."""
        return not self.has_bias and not (self.writing.any() and self.reading.any())

    @property
    def linear(self) -> Fold:
        """The same map without b."""
        return replace(self, bias=torch.zeros_like(self.bias))

    def plus(self, constant: torch.Tensor) -> Fold:
        """Return the same map with ``constant`` (d,) added to b."""
        return replace(self, bias=self.bias + constant)

    def then(self, other: Fold) -> Fold:
        """Return the map that applies this map, and then ``other``."""
        # (I − R₁W₁)(I − R₂W₂) = I − R₁W₁ − (M₁R₂) W₂
        moved = other.reading - self.reading @ (self.writing @ other.reading)
        return Fold(
            torch.hstack([self.reading, moved]),
            torch.vstack([self.writing, other.writing]),
            other.rows(self.bias[None])[0],
        )

    def rows(self, rows: torch.Tensor) -> torch.Tensor:
        """Return x M + b for rows x (n, d) in float64."""
        reading, writing, bias = (part.to(rows.device) for part in self._parts)
        return rows - (rows @ reading) @ writing + bias

    def readers(self, rows: torch.Tensor) -> torch.Tensor:
        """Return K Mᵀ for the rows K (n, d), in float64, of a weight that reads x."""
        reading, writing, _ = (part.to(rows.device) for part in self._parts)
        return rows - (rows @ writing.T) @ reading.T

    def leaves_alone(self, other: Fold) -> bool:
        """Return whether this map moves all outputs of ``other`` by the same constant."""
        # other.M (I − M) = 0
        moved = self.reading - other.reading @ (other.writing @ self.reading)
        return _norm(moved, self.writing) <= SAME * _norm(self.reading, self.writing)

    def shift(self, other: Fold) -> torch.Tensor:
        """Return the constant (d,) by which this map moves all outputs of ``other``."""
        shift = self.rows(other.bias[None])[0] - other.bias
        size = max(float(self.bias.abs().max()), float(other.bias.abs().max()))
        # Applying an idempotent map twice differs from once by rounding; this needs no bias.
        return shift if shift.abs().max() > SAME * size else torch.zeros_like(shift)

    @property
    def _parts(self) -> tuple[torch.Tensor, ...]:
        return self.reading, self.writing, self.bias


def in_float64(
    function: Callable[[torch.Tensor], torch.Tensor],
    rows: torch.Tensor,
    dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """Return ``function`` of ``rows`` (n, d), computed in float64 and rounded to their dtype."""
    pieces = (function(exact(piece)) for piece in rows.split(ROWS))
    return torch.cat([piece.to(rows.device, dtype or rows.dtype) for piece in pieces])


def exact(tensor: torch.Tensor) -> torch.Tensor:
    """Return a detached float64 copy, on the same device if it supports float64."""
    return tensor.detach().to(float64_device(tensor.device), copy=True).double()


def float64_device(device: torch.device) -> torch.device:
    """Return the device for float64 copies of tensors on ``device``."""
    return torch.device("cpu") if device.type == "mps" else device


def _norm(left: torch.Tensor, right: torch.Tensor) -> float:
    """Return the Frobenius norm of left (d, r) @ right (r, d), without forming it."""
    square = torch.trace((left.T @ left) @ (right @ right.T))
    return float(square.clamp(min=0.0).sqrt())
