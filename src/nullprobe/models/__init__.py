"""Inside language models: find sites, capture states, erase concepts, bake erasers into weights."""

from nullprobe.models.baking.entry import bake
from nullprobe.models.baking.remaining import Effect, effect
from nullprobe.models.capturing.folder import capture_to
from nullprobe.models.capturing.states import Captured, capture, capture_moments
from nullprobe.models.editing.erasing import erase
from nullprobe.models.editing.scrubbing import scrub
from nullprobe.models.finding import sites
from nullprobe.models.generation import Generated, generate
from nullprobe.models.loading import load, structure
from nullprobe.models.random_weights import untrained
from nullprobe.models.site import Site
from nullprobe.models.token_rules import Spans

__all__ = [
    "Captured",
    "Effect",
    "Generated",
    "Site",
    "Spans",
    "bake",
    "capture",
    "capture_moments",
    "capture_to",
    "effect",
    "erase",
    "generate",
    "load",
    "scrub",
    "sites",
    "structure",
    "untrained",
]


def __dir__() -> list[str]:
    """Return the public names only, without the names of imported modules."""
    return __all__
