"""Inside language models: where states can be read and edited; captured, erased."""

from nullprobe.models.bake import bake
from nullprobe.models.capture import Captured, capture, capture_moments
from nullprobe.models.edit import erase
from nullprobe.models.loading import load, structure
from nullprobe.models.scrub import scrub
from nullprobe.models.shards import capture_to
from nullprobe.models.sites import Site, sites

__all__ = [
    "Captured",
    "Site",
    "bake",
    "capture",
    "capture_moments",
    "capture_to",
    "erase",
    "load",
    "scrub",
    "sites",
    "structure",
]


def __dir__() -> list[str]:
    """Return the public names: files are named beside them as soon as they are imported."""
    return __all__
