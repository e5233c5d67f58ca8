"""Plots of results, for papers and notebooks: each function returns Matplotlib axes."""

from nullprobe.plot.of_audits import (
    before_and_after,
    layers,
    nulls,
    removals,
    transfer,
    verdicts,
)
from nullprobe.plot.of_comparisons import erasers, pairs

__all__ = [
    "before_and_after",
    "erasers",
    "layers",
    "nulls",
    "pairs",
    "removals",
    "transfer",
    "verdicts",
]
