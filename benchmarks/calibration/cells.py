"""Cells of the calibration study: a world, the claims that are judged in it, and what is true."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Answer = tuple[str, str | None]  # holds, and takes where that is part of the right answer


@dataclass(frozen=True)
class Truth:
    """What is true of a claim in a world.

    Attributes
    ----------
    rung : str
        The least explanation that is true: chance, moments, noise, structure; "carries" or
        "tilted" for `transfers`.
    effect : float
        How far above chance the population lies, in units of the claim's metric; 0 where nothing
        is there. Where only a bound is known, a lower one. Where probes trained on the audit's
        rows read less than the smallest effect of interest, what these read on average.
    right : tuple of (holds, takes or None)
        The right answers.
    source : str
        Where it comes from, if other representations or confounds are given: "inputs", or
        "unknown" where none of them accounts for it; empty where none is given.
    """

    rung: str
    effect: float = 0.0
    right: tuple[Answer, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Cell:
    """A world, the claims that are judged in it, and what is true.

    Attributes
    ----------
    name : str
        Unique; with a seed it determines the data.
    kind : str
        level (error rates), sufficient (n = 2,000), power, or fault (once wrong).
    draw : callable
        Of a generator and ``settings``: the arguments of an audit.
    settings : mapping
    truth : mapping of claim to Truth
        Where an audit answers for several concepts or layers, "claim: which" stands for a family
        of verdicts, of which that counts that errs, if any does.
    levels : mapping of factor to level
        Of cells of the design; else empty.
    seeds : int
        Before any extension.
    before : tuple of two ints or None
        Right answers of the first edition, and audits.
    """

    name: str
    kind: str
    draw: Callable[..., dict[str, Any]]
    settings: Mapping[str, Any]
    truth: Mapping[str, Truth]
    levels: Mapping[str, str] = field(default_factory=dict)
    seeds: int = 100
    before: tuple[int, int] | None = None

    def data(self, seed: int) -> dict[str, Any]:
        """Return the arguments of an audit for a seed: those of another cell are independent."""
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        return self.draw(rng, **self.settings)


def bare(name: str) -> str:
    """Return the claim of a name such as "readable" or "readable: alone"."""
    return name.partition(":")[0]


SAYS_SO = {  # what each claim says where it finds something
    "dependent": ("yes",),
    "readable": ("yes",),
    "erasure_holds": ("no",),
    "no_halfspace": ("no",),
    "gone": ("no",),
    "one_feature": ("yes", "no"),
    "transfers": ("yes", "no"),
    "consistent": ("yes",),
    "used": ("yes",),
}
ABSENT = {  # what each claim says where it finds nothing
    "dependent": ("no",),
    "readable": ("no",),
    "erasure_holds": ("yes",),
    "no_halfspace": ("yes",),
    "gone": ("yes",),
    "one_feature": (),
    "transfers": (),
    "consistent": ("no",),
    "used": ("no",),
}
RUNGS = ("chance", "moments", "noise", "structure")


def nothing(claim: str) -> Truth:
    """Return the truth of a claim in a world whose labels have nothing to do with the rows."""
    absent = ABSENT[claim] or ("unclear",)
    return Truth("chance", 0.0, tuple((holds, None) for holds in absent))


def shifted(claim: str, noise: str, effect: float = 0.2) -> Truth:
    """Return the truth where classes differ in their means alone, or in what those bring about.

    Erasure leaves nothing in the population; what it leaves in a sample follows from means,
    covariances and the shape of the noise, so that any verdict but "structure" is right.
    """
    rung = "moments" if noise == "gaussian" else "noise"
    if claim == "readable":
        return Truth(rung, effect, (("yes", None),))
    if claim == "one_feature":
        return Truth(rung, 0.0, (("yes", None), ("no", "noise")))
    return Truth(rung, 0.0, (("yes", None), ("no", "moments"), ("no", "noise")))
