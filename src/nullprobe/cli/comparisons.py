"""Comparing: run a comparison with a progress bar, and write down how to do it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nullprobe._core.progress import Bars
from nullprobe.comparing.eraser_result import Comparison
from nullprobe.comparing.erasers import compare
from nullprobe.data.files import Table


@dataclass(frozen=True)
class Settings:
    """How to compare.

    Attributes
    ----------
    title : str
    erasers, probes : sequence of str or None
        Names; None for all that apply.
    seed : int
    command : str
        The command line that does it again.
    source : mapping
        Where the data came from.
    duplicates, independent, min_effect
        As `compare` takes them.
    """

    title: str
    erasers: Sequence[str] | None
    probes: Sequence[str] | None
    seed: int
    command: str
    source: Mapping[str, Any]
    duplicates: str = "group"
    independent: bool = False
    min_effect: float = 0.05


def run(data: Table, settings: Settings) -> Comparison:
    """Compare with a progress bar on stderr, and write down how to do it again."""
    with Bars(settings.title) as bars:
        result = compare(
            data.X,
            data.y,
            erasers=settings.erasers,
            probes=settings.probes,
            others=data.others,
            groups=data.groups,
            duplicates=settings.duplicates,
            independent=settings.independent,
            min_effect=settings.min_effect,
            feature_names=data.feature_names,
            random_state=settings.seed,
            title=settings.title,
            progress=bars,
        )
    origin = {"command": settings.command, "source": dict(settings.source)}
    return replace(result, provenance={**origin, **result.provenance})
