"""Evidence made by hand, so that a verdict can be judged without an audit."""

import numpy as np

from nullprobe.claims import Curve, Evidence, Observation, Thresholds
from nullprobe.nulls import Null

STEPS = np.linspace(-1.0, 1.0, 99)


def null(mean, spread, rung="chance"):
    """Return a null of 99 draws, evenly from mean − spread to mean + spread."""
    return Null(rung, f"{rung}, drawn", mean + spread * STEPS)


def seen(value, spread=0.02, unit="AUC", chance=0.5):
    """Return an observation whose 95 % interval is about value ± 1.96 spread."""
    resampled = value + spread * np.random.default_rng(0).standard_normal(2000)
    return Observation(value, unit, chance, resampled)


def curve(values, gaussian=(0.9, 0.7, 0.6), spread=0.02, n_drawn=99):
    """Return a curve of removals beside those of surrogates."""
    drawn = np.array(gaussian) + spread * np.random.default_rng(1).standard_normal((n_drawn, 3))
    values = np.array(values)
    return Curve(values, "AUC", np.column_stack([values - 0.05, values + 0.05]), drawn)


def evidence(**changed):
    """Return evidence of a readable concept of which erasure leaves nothing, but for changes."""
    given = {
        "raw": seen(0.9),
        "erased": seen(0.5),
        "halfspace": seen(0.5, unit="balanced accuracy"),
        "chance": {name: null(0.5, 0.04) for name in ("raw", "erased", "halfspace", "family")},
        "moments": {name: null(0.6, 0.04, "moments") for name in ("erased", "halfspace", "family")},
        "baselines": {},
        "residual": 1e-16,
        "residual_null": Null("linear_algebra", "", np.full(9, 1e-16)),
        "notes": {},
        "details": {},
        "family": seen(0.5),
        "curve": curve([0.9, 0.7, 0.6]),
        "carried": None,
        "thresholds": Thresholds(),
    }
    assert set(changed) <= set(given)
    return Evidence(**given | changed)
