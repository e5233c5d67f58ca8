"""Erasers: maps that make a concept linearly unreadable on the fitting sample."""

from nullprobe.erasers.inlp import INLP
from nullprobe.erasers.leace import LEACE
from nullprobe.erasers.maps.affine import AffineEraser
from nullprobe.erasers.maps.class_transport import ClassTransport
from nullprobe.erasers.maps.concept_shift import ConceptShift
from nullprobe.erasers.maps.loading import load_eraser
from nullprobe.erasers.mean_projection import MeanProjection
from nullprobe.erasers.oracle import OracleLEACE, oracle_leace
from nullprobe.erasers.rlace.game import Game
from nullprobe.erasers.rlace.rlace import RLACE
from nullprobe.erasers.splince import SPLINCE
from nullprobe.erasers.transport.transport import MiMiC, QuadraticLEACE, mimic, quadratic_leace

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
    "load_eraser",
    "mimic",
    "oracle_leace",
    "quadratic_leace",
]
