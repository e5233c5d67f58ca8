"""Corpora whose truth is known: samplers of texts, and exact predictors of the same texts."""

from nullprobe.corpora.beliefs import Mess3
from nullprobe.corpora.chains import Chains
from nullprobe.corpora.contexts import Contexts
from nullprobe.corpora.corpus import Drawn, Predictive
from nullprobe.corpora.opposites import Opposites
from nullprobe.corpora.values import Values

__all__ = [
    "Chains",
    "Contexts",
    "Drawn",
    "Mess3",
    "Opposites",
    "Predictive",
    "Values",
]
