"""Erasers: maps after which a concept cannot be read linearly from the fitting sample."""

from nullprobe.erasers.affine import AffineEraser
from nullprobe.erasers.class_transport import ClassTransport
from nullprobe.erasers.concept_shift import ConceptShift
from nullprobe.erasers.game import Game
from nullprobe.erasers.inlp import INLP
from nullprobe.erasers.leace import LEACE, leace
from nullprobe.erasers.loading import load_eraser
from nullprobe.erasers.mean_projection import MeanProjection, mean_projection
from nullprobe.erasers.oracle import OracleLEACE, oracle_leace
from nullprobe.erasers.rlace import RLACE, rlace
from nullprobe.erasers.splince import SPLINCE, splince
from nullprobe.erasers.transport import MiMiC, QuadraticLEACE, mimic, quadratic_leace

ERASERS = {
    "inlp": INLP,
    "leace": LEACE,
    "mean_projection": MeanProjection,
    "mimic": MiMiC,
    "oracle_leace": OracleLEACE,
    "quadratic_leace": QuadraticLEACE,
    "rlace": RLACE,
    "splince": SPLINCE,
}

__all__ = [
    "ERASERS",
    "INLP",
    "LEACE",
    "RLACE",
    "SPLINCE",
    "AffineEraser",
    "ClassTransport",
    "ConceptShift",
    "Game",
    "MeanProjection",
    "MiMiC",
    "OracleLEACE",
    "QuadraticLEACE",
    "leace",
    "load_eraser",
    "mean_projection",
    "mimic",
    "oracle_leace",
    "quadratic_leace",
    "rlace",
    "splince",
]
