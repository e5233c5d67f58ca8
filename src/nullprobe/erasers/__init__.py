"""Erasers: maps after which a concept cannot be read linearly from the fitting sample."""

from nullprobe.erasers.affine import AffineEraser
from nullprobe.erasers.leace import LEACE, leace
from nullprobe.erasers.mean_projection import MeanProjection, mean_projection
from nullprobe.erasers.splince import SPLINCE, splince

ERASERS = {"leace": LEACE, "mean_projection": MeanProjection, "splince": SPLINCE}

__all__ = [
    "ERASERS",
    "LEACE",
    "SPLINCE",
    "AffineEraser",
    "MeanProjection",
    "leace",
    "mean_projection",
    "splince",
]
