"""Erasers: maps after which a concept cannot be read linearly from the fitting sample."""

from nullprobe.erasers.affine import AffineEraser
from nullprobe.erasers.leace import LEACE, leace
from nullprobe.erasers.mean_projection import MeanProjection, mean_projection

ERASERS = {"leace": LEACE, "mean_projection": MeanProjection}

__all__ = ["ERASERS", "LEACE", "AffineEraser", "MeanProjection", "leace", "mean_projection"]
