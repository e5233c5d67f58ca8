"""Corpora whose truth is known: samplers of texts, and exact predictors of the same texts."""

from nullprobe.corpora.beliefs import Mess3
from nullprobe.corpora.chains import Chains

__all__ = ["Chains", "Mess3"]
