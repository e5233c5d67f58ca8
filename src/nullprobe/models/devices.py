"""Devices: one available device, or a map that spreads a model over many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from nullprobe._core import validation
from nullprobe.models import packages

SPREADS = ("auto", "balanced", "balanced_low_0", "sequential")


def placed(device: str | Mapping[str, Any] | None) -> Any:
    """Return a device map, an available device, or None; raise InputError for other values."""
    if isinstance(device, Mapping) or device in SPREADS:
        packages.need(["accelerate"], f"device={device!r}", extra="models")
        return device
    if device is None:
        return None
    try:
        place = torch.device(device)
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError, ImportError, TypeError, ValueError) as error:
        why = " ".join(str(error).split())[:120].partition(". ")[0].rstrip(".")
        raise validation.InputError(
            "device must be available, such as 'cpu', or 'auto' to spread the model over devices",
            f"{device!r} arrived: {why}",
        ) from error
    if place.type == "meta":
        validation.complain(
            "device must be able to hold weights", "'meta' arrived", "use models.structure(name)"
        )
    return place
