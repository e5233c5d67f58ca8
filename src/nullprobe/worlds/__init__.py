"""Synthetic data sets with known answers, to test probes, erasers and audits."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nullprobe._core.validation import complain
from nullprobe.worlds.founding import two_features
from nullprobe.worlds.gaussians import gaussian, multiclass, null, rare
from nullprobe.worlds.grouped import rotating, shared
from nullprobe.worlds.pairs import PairWorld, contrast, distractor
from nullprobe.worlds.redundant import copies
from nullprobe.worlds.shapes import heteroscedastic, skewed, xor
from nullprobe.worlds.world import World

if TYPE_CHECKING:
    from nullprobe.worlds.language_models.organism import language

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
    "language",
    "multiclass",
    "null",
    "rare",
    "rotating",
    "shared",
    "skewed",
    "two_features",
    "xor",
]


def __getattr__(name: str) -> Any:
    """Import `language` when it is first used, because it needs torch."""
    if name != "language":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return import_module("nullprobe.worlds.language_models.organism").language
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "transformers", "tokenizers"):
            raise
        complain(
            "worlds.language needs torch and transformers",
            f"there is no module {error.name!r}",
            'run pip install "nullprobe[models]"',
        )
