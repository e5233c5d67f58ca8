"""Nulls: group actions on labels or rows, for each of which the whole pipeline is rerun."""

from nullprobe.nulls.action import Action
from nullprobe.nulls.flips import SignFlips
from nullprobe.nulls.given import GivenConfounds
from nullprobe.nulls.permutation import (
    Permutations,
    permutation_null,
    permutations,
    pipeline_null,
)
from nullprobe.nulls.rotation import Rotations
from nullprobe.nulls.shape import CommonShape
from nullprobe.stats.null_distribution import Null

__all__ = [
    "Action",
    "CommonShape",
    "GivenConfounds",
    "Null",
    "Permutations",
    "Rotations",
    "SignFlips",
    "permutation_null",
    "permutations",
    "pipeline_null",
]
