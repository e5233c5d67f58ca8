"""Data sets with a known answer: whatever examines representations can be examined on them."""

from nullprobe.worlds.contrast import PairWorld, contrast, distractor
from nullprobe.worlds.founding import two_features
from nullprobe.worlds.gaussians import gaussian, multiclass, null, rare
from nullprobe.worlds.grouped import rotating, shared
from nullprobe.worlds.redundant import copies
from nullprobe.worlds.shapes import heteroscedastic, skewed, xor
from nullprobe.worlds.world import World

WORLDS = {
    "two_features": two_features,
    "gaussian": gaussian,
    "multiclass": multiclass,
    "copies": copies,
    "null": null,
    "rare": rare,
    "skewed": skewed,
    "xor": xor,
    "heteroscedastic": heteroscedastic,
    "shared": shared,
    "rotating": rotating,
}

__all__ = [
    "WORLDS",
    "PairWorld",
    "World",
    "contrast",
    "copies",
    "distractor",
    "gaussian",
    "heteroscedastic",
    "multiclass",
    "null",
    "rare",
    "rotating",
    "shared",
    "skewed",
    "two_features",
    "xor",
]
