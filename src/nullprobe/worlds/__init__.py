"""Data sets with a known answer: whatever examines representations can be examined on them."""

from nullprobe.worlds.founding import two_features
from nullprobe.worlds.gaussians import gaussian, null, rare
from nullprobe.worlds.shapes import skewed, xor
from nullprobe.worlds.world import World

WORLDS = {
    "two_features": two_features,
    "gaussian": gaussian,
    "null": null,
    "rare": rare,
    "skewed": skewed,
    "xor": xor,
}

__all__ = ["WORLDS", "World", "gaussian", "null", "rare", "skewed", "two_features", "xor"]
