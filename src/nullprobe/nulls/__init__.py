"""Nulls: reference procedures that rerun the whole pipeline on data of less structure."""

from nullprobe.nulls.permutation import permutation_null, permutations, pipeline_null
from nullprobe.nulls.surrogate import Surrogate, gaussian_surrogate, match
from nullprobe.stats.null_distribution import Null

__all__ = [
    "Null",
    "Surrogate",
    "gaussian_surrogate",
    "match",
    "permutation_null",
    "permutations",
    "pipeline_null",
]
