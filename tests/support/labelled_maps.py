"""Erasers that must be told the concept, made by hand: nothing in them is zero."""

import numpy as np

from nullprobe import ClassTransport, ConceptShift

KINDS = ["labels", "numbers", "transport"]
LABELS = ("no", "so", "yes")


def shift(centre, reading, writing, *, level=None, **other):
    """Return a shift in which every feature is left something."""
    level = np.full(np.shape(writing)[1], np.nan) if level is None else level
    return ConceptShift(centre, reading, writing, level, **other)


def transport(*, seed=0, d=5, rank=None, level=None, **other):
    """Return a transport of three classes, by maps that are symmetric."""
    rng = np.random.default_rng(seed)
    maps = rng.standard_normal((3, d, d))
    parts = {
        "means": rng.standard_normal((3, d)),
        "maps": maps + maps.transpose(0, 2, 1),
        "target": rng.standard_normal(d),
        "level": np.full(d, np.nan) if level is None else level,
        "rank": d if rank is None else rank,
        "classes": LABELS,
    }
    return ClassTransport(**{**parts, **other})


def some(kind, *, rank=None, **other):
    """Return an eraser of a kind that no method would fit."""
    if kind == "transport":
        return transport(rank=rank, **other)
    rng = np.random.default_rng(0)
    classes, k = (LABELS, 3) if kind == "labels" else (None, 2)
    rank = 2 if rank is None else rank
    return shift(
        rng.standard_normal(k),
        rng.standard_normal((k, rank)),
        rng.standard_normal((rank, 5)),
        **{"classes": classes, **other},
    )
