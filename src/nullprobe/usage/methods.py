"""Methods: from effects on single pairs and texts to observations, nulls and their overlaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nullprobe.claims.observation import Observation, Thresholds, Use
from nullprobe.claims.use_methods import (
    ADDING,
    ANSWER_UNIT,
    ERASING,
    INTERCHANGE,
    NAMES,
    SHARE,
    Method,
    Placebo,
    pairs_needed,
)
from nullprobe.stats.bootstrap import resampled_weights
from nullprobe.stats.null_distribution import Null, together
from nullprobe.usage.interchange import DOSES, Effects
from nullprobe.usage.subspaces import Subspaces

SHARE_UNIT = "share of the partner's value"
N_RESAMPLES, N_FLIPS, LEAST_CLUSTERS = 1000, 999, 5
RUNGS = {
    "permuted_labels": "chance",
    "random_subspaces": "random_subspaces",
    "same_label": "same_label",
    "permuted_directions": "chance",
}


class Sample:
    """Clusters of pairs that are resampled, or change sign, together.

    Parameters
    ----------
    clusters : ndarray of shape (m,)
        Pair of each directed pair, or its group.
    seed : int
    unit : str
        Unit of the effects.
    """

    def __init__(self, clusters: np.ndarray, seed: int, unit: str = ANSWER_UNIT) -> None:
        self.unit = unit
        rng = np.random.default_rng([seed, 3])
        _, member = np.unique(clusters, return_inverse=True)
        m, n = len(member), int(member.max()) + 1
        self.n_clusters, self.m, self.member = n, m, member
        few = n < LEAST_CLUSTERS
        self.weights = None if few else resampled_weights(None, member, m, N_RESAMPLES, rng)
        self.signs = rng.choice([-1.0, 1.0], size=(N_FLIPS, n))[:, member]

    def observed(self, values: np.ndarray) -> Observation:
        """Return the mean of values (m,) with bootstrap replicates; NaN is not counted."""
        counted = np.isfinite(values)
        if not counted.any():
            return Observation(0.0, self.unit, 0.0, np.full(N_RESAMPLES, np.nan))
        mean = float(values[counted].mean())
        if self.weights is None:
            return Observation(mean, self.unit, 0.0, np.full(N_RESAMPLES, np.nan))
        weights = self.weights[:, counted]
        with np.errstate(invalid="ignore"):
            means = weights @ values[counted] / weights.sum(axis=1)
        return Observation(mean, self.unit, 0.0, means)

    def ratio(self, part: np.ndarray, whole: np.ndarray) -> Observation | None:
        """Return the mean of a part over the mean of the whole; None if that may be 0."""
        top, bottom = self.observed(part), self.observed(whole)
        low = bottom.value if self.weights is None else np.quantile(bottom.resampled, 0.025)
        if min(low, bottom.value) <= 0:
            return None
        shares = top.resampled / bottom.resampled
        return Observation(top.value / bottom.value, SHARE_UNIT, 1.0, shares)

    def units(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of values (m,) of each cluster (n,)."""
        return np.bincount(self.member, values) / np.bincount(self.member)

    def spread(self, units: np.ndarray) -> dict[str, Any] | None:
        """Return the standard deviation of means of clusters (n,), as a document shows it."""
        if len(units) < 2:
            return None
        of = "groups" if self.m > 2 * self.n_clusters else "pairs"
        return {"sd": float(units.std(ddof=1)), "n": len(units), "of": of}

    def flipped(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of values (m,) with random signs of clusters (flips,)."""
        counted = np.isfinite(values)
        if not counted.any():
            return np.zeros(N_FLIPS)
        return self.signs[:, counted] @ values[counted] / counted.sum()


def interchange_and_adding(
    effects: Effects, subspaces: Subspaces, sample: Sample, bar: Thresholds
) -> list[Method]:
    """Return the two methods that use pairs, with nulls that are not adjusted over sites."""
    whole, effect = sample.observed(effects.whole), sample.observed(effects.interchange)
    excess = effects.interchange - effects.same_label
    placebos = [
        _placebo("permuted_labels", effects.permuted.mean(axis=1), effect, subspaces),
        _placebo("random_subspaces", effects.random.mean(axis=1), effect, subspaces),
    ]
    if np.isfinite(excess).any():
        null = Null(RUNGS["same_label"], NAMES["same_label"], sample.flipped(excess), upper=True)
        placebos.append(Placebo("same_label", null, sample.observed(excess)))
    units = sample.units(effects.interchange)
    least = max(bar.min_effect, SHARE * whole.value)
    needed = pairs_needed(units, sample.m / sample.n_clusters, least, bar.alpha)
    interchange = Method(
        INTERCHANGE,
        effect,
        tuple(placebos),
        whole,
        others={name: sample.observed(one) for name, one in effects.others.items()},
        same_label=sample.observed(effects.same_label),
        direct=None if effects.direct is None else sample.observed(effects.direct),
        added=(
            None
            if effects.direct is None
            else sample.observed(effects.interchange - effects.direct)
        ),
        later=tuple(
            (site, share)
            for site, (part, all_of_it) in effects.later.items()
            if (share := sample.ratio(part, all_of_it)) is not None
        ),
        details={
            "before": float(effects.before.mean()),
            "pairs_needed": needed,
            "spread": sample.spread(units),
            **({} if effects.read is None else {"read": sample.observed(effects.read)}),
        },
    )
    doses = [sample.observed(one) for one in effects.doses]
    at = DOSES.index(1.0)
    adding = Method(
        ADDING,
        doses[at],
        (
            _placebo(
                "permuted_directions", effects.permuted_doses.mean(axis=1), doses[at], subspaces
            ),
        ),
        whole,
        doses=tuple(zip(DOSES, doses, strict=True)),
    )
    return [interchange, adding]


def erasing(use: Use, permuted: np.ndarray, subspaces: Subspaces) -> Method:
    """Return erasing as a method: random subspaces and permuted labels, each with its overlap."""
    null = Null(RUNGS["permuted_labels"], NAMES["permuted_labels"], permuted)
    return Method(
        ERASING,
        use.change,
        (
            Placebo("permuted_labels", null, use.change, subspaces.overlaps["permuted_labels"]),
            Placebo(
                "random_subspaces", use.random, use.change, subspaces.overlaps["random_subspaces"]
            ),
        ),
    )


def _placebo(name: str, values: np.ndarray, effect: Observation, subspaces: Subspaces) -> Placebo:
    null = Null(RUNGS[name], NAMES[name], values, upper=True)
    return Placebo(name, null, effect, subspaces.overlaps[name])


def adjusted(methods: Mapping[str, Sequence[Method]]) -> dict[str, list[Method]]:
    """Return the methods of each site with p-values adjusted over sites, null by null."""
    result = {site: list(each) for site, each in methods.items()}
    if len(result) < 2:
        return result
    for m in range(len(next(iter(result.values())))):
        each = [of_site[m] for of_site in result.values()]
        by_name: dict[str, list[tuple[str, Placebo]]] = {}
        for site, method in zip(result, each, strict=True):
            for one in method.placebos:
                by_name.setdefault(one.name, []).append((site, one))
        new: dict[tuple[str, str], Placebo] = {}
        for name, placebos in by_name.items():
            nulls = together(
                [one.null for _, one in placebos], [one.compared.value for _, one in placebos]
            )
            for (site, one), null in zip(placebos, nulls, strict=True):
                new[site, name] = replace(one, null=null)
        for site, judged in result.items():
            placebos = tuple(new[site, one.name] for one in judged[m].placebos)
            judged[m] = replace(judged[m], placebos=placebos)
    return result
