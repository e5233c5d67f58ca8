"""Evidence made by hand, so that a verdict can be judged without an audit."""

from dataclasses import replace

import numpy as np

from nullprobe.claims import Curve, Evidence, Explanation, Observation, Outcome, Thresholds
from nullprobe.stats.null_distribution import Null

STEPS = np.linspace(-1.0, 1.0, 99)
DRAWN = ("erased", "halfspace", "family", "few")


def null(mean, spread, rung="chance"):
    """Return a null of 99 draws, evenly from mean − spread to mean + spread."""
    return Null(rung, f"{rung}, drawn", mean + spread * STEPS)


def seen(value, spread=0.02, unit="AUC", chance=0.5):
    """Return an observation whose 95 % interval is about value ± 1.96 spread."""
    resampled = value + spread * np.random.default_rng(0).standard_normal(2000)
    return Observation(value, unit, chance, resampled)


def curve(values, moments=(0.9, 0.7, 0.6), spread=0.02, n_drawn=99, **others):
    """Return a curve of removals and those of draws; ``others`` by explanation."""
    rng = np.random.default_rng(1)
    drawn = {
        name: np.array(middle) + spread * rng.standard_normal((n_drawn, len(values)))
        for name, middle in {"moments": moments, **others}.items()
        if middle is not None
    }
    values = np.array(values)
    return Curve(values, "AUC", np.column_stack([values - 0.05, values + 0.05]), drawn)


def nulls(moments=0.6, noise=0.7, spread=0.04, chance=None, curve=None):
    """Return nulls of each explanation: of chance .5, of the others as given, or None to leave out.

    ``chance`` are changes of the nulls of chance, and ``curve`` the curve that is judged.
    """
    by_chance = {name: null(0.5, 0.02) for name in ("raw", *DRAWN)}
    by_chance["association"] = replace(null(0.0, 2.0), upper=True)
    found = {"chance": by_chance | (chance or {})}
    for name, middle in (("moments", moments), ("noise", noise)):
        if middle is not None:
            found[name] = {each: null(middle, spread, name) for each in DRAWN}
            if curve is not None and name in curve.drawn:
                found[name]["curve"] = curve.largest(name)[1]
    return found


def evidence(**changed):
    """Return evidence of a readable concept of which erasure leaves nothing, but for changes."""
    drawn = changed.get("curve") or curve([0.9, 0.7, 0.6])
    given = {
        "raw": seen(0.9),
        "erased": seen(0.5),
        "halfspace": seen(0.5, unit="balanced accuracy"),
        "nulls": nulls(curve=drawn),
        "baselines": {},
        "residual": 1e-16,
        "residual_null": Null("linear_algebra", "", np.full(9, 1e-16)),
        "notes": {},
        "details": {},
        "family": seen(0.5),
        "curve": drawn,
        "carried": None,
        "association": seen(4.0, unit="association (sd)", chance=0.0),
        "probe_rows": 200,
        "rows": 600,
        "confounded": None,
        "sizes": (),
        "thresholds": Thresholds(),
        "few": seen(0.88),
    }
    assert set(changed) <= set(given)
    return Evidence(**given | changed)


def outcomes(explanations):
    """Return the outcome of each explanation by its name."""
    return {one.name: one.outcome for one in explanations}


def explained(**named):
    """Return explanations of these names and outcomes, such as ``chance="rejected"``."""
    return tuple(
        Explanation(name, Outcome(outcome), "because" if outcome == "not_tried" else "")
        for name, outcome in named.items()
    )
