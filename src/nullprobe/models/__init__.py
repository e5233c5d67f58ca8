"""Inside language models: where states can be read and edited; captured, erased."""

from nullprobe.models.baking.entry import bake
from nullprobe.models.capturing.folder import capture_to
from nullprobe.models.capturing.states import Captured, capture, capture_moments
from nullprobe.models.editing.erasing import erase
from nullprobe.models.editing.scrubbing import scrub
from nullprobe.models.finding import sites
from nullprobe.models.loading import load, structure
from nullprobe.models.site import Site

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
