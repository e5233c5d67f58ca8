"""Nulls: group actions on labels or rows. The whole pipeline is rerun for each draw."""

from nullprobe.nulls.action import Action
from nullprobe.nulls.conditional_permutation import ConditionalPermutations
from nullprobe.nulls.cross_validation import permutation_null, pipeline_null
from nullprobe.nulls.flips import SignFlips
from nullprobe.nulls.permutation import Permutations, permutations
from nullprobe.nulls.rotation import Rotations
from nullprobe.nulls.shape import CommonShape
from nullprobe.stats.null_distribution import Null

__all__ = [
    "Action",
    "CommonShape",
    "ConditionalPermutations",
    "Null",
    "Permutations",
    "Rotations",
    "SignFlips",
    "permutation_null",
    "permutations",
    "pipeline_null",
]
