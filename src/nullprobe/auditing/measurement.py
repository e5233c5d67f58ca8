"""Run: one audit under way, everything measured once, by the same splits and seeds.

Observed readings with their bootstrap intervals, the permutation and surrogate nulls of each,
and what is left in sample after erasure. What it means is decided in `claims`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from nullprobe._core.workers import Workers
from nullprobe.auditing import transfer
from nullprobe.auditing.bootstrap import Observing
from nullprobe.auditing.consistency import followed
from nullprobe.auditing.context import beside
from nullprobe.auditing.removals import Removals
from nullprobe.auditing.surrogate_run import Rereading
from nullprobe.auditing.whole_sample import Whole
from nullprobe.claims import Carried, Evidence, Followed, Observation, Thresholds
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts
from nullprobe.heldout.nonlinear_family import Family
from nullprobe.heldout.pair_agreement import HeldOut
from nullprobe.heldout.three_way import ThreeWay
from nullprobe.heldout.transfer import Carry
from nullprobe.nulls import permutation, surrogate
from nullprobe.stats.null_distribution import Null

N_ALGEBRA = 9
LEAST_SEARCHES = 99
N_RANDOM = 999  # directions, which cost little
Progress = Callable[[str, int, int], object]  # stage, done, of how many


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes
    ----------
    names : sequence of str
        Claims that the evidence is for.
    seed : int
    n_permutations, n_surrogates : int
        Draws of each null; 0 surrogates leave the rung of the moments out.
    thresholds : Thresholds
    progress : callable
    number : int
        Of the representation among several: their surrogates are drawn independently.
    """

    names: Sequence[str]
    seed: int
    n_permutations: int
    n_surrogates: int
    thresholds: Thresholds
    progress: Progress
    number: int = 0

    def asks(self, *names: str) -> bool:
        """Return whether any of some claims is asked for."""
        return bool({*names} & {*self.names})


class Run:
    """One representation and concept, split and factored.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
    parts : Parts
    settings : Settings
    """

    def __init__(self, X: np.ndarray, z: Concept, parts: Parts, settings: Settings) -> None:
        self.X, self.z, self.parts, self.settings, self.seed = X, z, parts, settings, settings.seed
        self.whole = Whole(X, z)
        self.data = ThreeWay(X, z, parts)
        self.scores = self.data.scores()
        self.observing = Observing(self.data, settings.seed)
        self.removals = Removals(X, self.data, self.observing, settings.seed)

    def evidence(
        self,
        baselines: Mapping[str, np.ndarray],
        domains: tuple[Parts, Sequence[str]] | None = None,
        pairs: tuple[HeldOut, Mapping[str, np.ndarray]] | None = None,
    ) -> Evidence:
        """Measure what the claims that are asked for need.

        Parameters
        ----------
        baselines : mapping of str to ndarray of shape (n, d')
        domains : tuple of Parts and names, or None
            A split within each group, and what the groups are called, for `transfers`.
        pairs : tuple of HeldOut and mapping of str to ndarray of shape (n,), or None
            The pairs whose differences are audited, and other labels of them, for `consistent`.
        """
        with ExitStack() as stack:
            self.workers = Workers(stack, self.X.size, self.settings.progress)
            return self._evidence(baselines, domains, pairs)

    def _evidence(
        self,
        baselines: Mapping[str, np.ndarray],
        domains: tuple[Parts, Sequence[str]] | None,
        pairs: tuple[HeldOut, Mapping[str, np.ndarray]] | None,
    ) -> Evidence:
        observe, asks = self.observing, self.settings.asks
        halfspace = family = curve = None
        raw, erased = observe.scores(self.scores.raw), observe.scores(self.scores.erased)
        details = beside(self.whole, self.data, self.scores, raw.value, self.seed)
        if asks("no_halfspace"):
            halfspace = observe.calls(self.data.halfspace_calls(self.seed))
        if asks("gone"):
            scores, readers = Family(self.data, self.seed).scores()
            family = observe.scores(scores)
            details["gone"] = self._gone(scores, readers)
        chance = self._chance()
        moments: dict[str, np.ndarray] = {}
        notes = {} if self.settings.n_surrogates else {"moments": "no surrogates were asked for"}
        if not notes and asks("erasure_holds", "no_halfspace", "gone", "one_feature"):
            moments, gap = self._moments(raw, chance["raw"])
            if gap is not None:
                details["erasure_holds"]["surrogate_gap"] = gap
        if "curve" in moments:
            curve = self.removals.curve(moments.pop("curve"))
        carried = None
        if domains is not None and asks("transfers"):
            carried, across = self._carried(*domains)
            chance |= across
        follows = None
        if pairs is not None and asks("consistent"):
            follows, chance["consistent"] = self._followed(*pairs)
        residual, null = self._algebra()
        return Evidence(
            raw,
            erased,
            halfspace,
            chance,
            {
                name: Null("moments", surrogate.DESCRIPTION, values)
                for name, values in moments.items()
            },
            {
                name: observe.scores(ThreeWay(B, self.z, self.parts).scores().raw)
                for name, B in baselines.items()
            },
            residual,
            null,
            notes,
            details,
            self.settings.thresholds,
            family,
            curve,
            carried,
            follows,
        )

    def _gone(self, scores: np.ndarray, readers: Sequence[str]) -> dict[str, Any]:
        """Return how often the reader of each part is right, and which readers were chosen."""
        counts = {name: readers.count(name) for name in dict.fromkeys(readers)}
        found: dict[str, Any] = {"parts_read_by": counts}
        if self.z.codes is not None:
            said = scores.argmax(axis=1) if scores.shape[1] > 1 else scores[:, 0] > 0.5
            found["reader_accuracy"] = float((said == self.z.codes).mean())
        return found

    def _chance(self) -> dict[str, Null]:
        """Rerun everything on permuted labels."""
        rng, n = np.random.default_rng([self.seed, 2]), self.settings.n_permutations
        order = permutation.permutations(self.z, self.parts, n, rng)
        said = permutation.description(self.z, self.parts)

        def reread(stage: str, work: Callable[[Any], Any], pieces: list) -> Null:
            return Null("chance", said, np.concatenate(self.workers.map(stage, work, pieces)))

        found = self.workers.map("permutations", self.data.read, _pieces(order, 50))
        raw, erased = (np.concatenate(values) for values in zip(*found, strict=True))
        nulls = {"raw": Null("chance", said, raw), "erased": Null("chance", said, erased)}
        # These cost hundreds of times what a linear reading costs: a tenth of them.
        least = max(LEAST_SEARCHES, self.settings.thresholds.least_draws)
        some = order[:, : max(least, n // 10)]
        if self.settings.asks("no_halfspace"):
            nulls["halfspace"] = reread(
                "halfspaces", lambda o: self.data.halfspace(o, self.seed), _pieces(some, 25)
            )
        if self.settings.asks("gone"):
            family = Family(self.data, self.seed)
            nulls["family"] = reread("nonlinear readers", family.read, _pieces(some, 2))
        return nulls

    def _moments(
        self, raw: Observation, chance: Null
    ) -> tuple[dict[str, np.ndarray], float | None]:
        """Rerun everything on Gaussian data of the same class moments."""
        debiased = surrogate.gaussian_surrogate(self.X, self.z, self.whole.moments)
        again = Rereading(self.removals, self.settings.names, self.seed, self.settings.number)

        def pilots(source: surrogate.Surrogate, noises: Sequence[np.ndarray]) -> np.ndarray:
            read = partial(again.shifted, source)
            return np.concatenate(self.workers.map("matching", read, noises))

        source = surrogate.match(
            debiased,
            pilots,
            raw.value,
            chance.mean,
            chance.sd,
            np.random.default_rng([self.seed, 3, self.settings.number]),
        )
        numbers = range(self.settings.n_surrogates)
        found = self.workers.map("surrogates", partial(again.surrogate, source), numbers)
        values = {name: np.array([one[name] for one in found]) for name in found[0]}
        return values, source.gap if debiased.gap > 0 else None

    def _carried(self, parts: Parts, names: Sequence[str]) -> tuple[Carried, dict[str, Null]]:
        """Read across groups, and again with permuted labels."""
        carry, n = Carry(self.X, self.z, parts), self.settings.n_permutations
        rng = np.random.default_rng([self.seed, 8])
        order = permutation.permutations(self.z, carry.strata, n, rng)
        read = self.workers.map("groups", carry.probed, _pieces(order, 50))
        found = transfer.carried(
            carry,
            names,
            n_resamples=self.observing.n_resamples,
            rng=np.random.default_rng([self.seed, 9]),
            n_draws=max(self.settings.n_surrogates, self.settings.thresholds.least_draws),
        )
        return found, transfer.chance(np.concatenate(read))

    def _followed(self, pairs: HeldOut, others: Mapping[str, np.ndarray]) -> tuple[Followed, Null]:
        """Fit CCS to the pairs, and hold what it reads against all labels."""
        self.settings.progress("pairs", 0, 1)
        found = followed(
            pairs,
            self.z.data,
            others,
            n_permutations=self.settings.n_permutations,
            n_random=max(N_RANDOM, self.settings.n_permutations),
        )
        self.settings.progress("pairs", 1, 1)
        return found

    def _algebra(self) -> tuple[float, Null]:
        """Erase from the whole sample and look what is left; likewise for permuted labels."""
        rng = np.random.default_rng([self.seed, 5])
        permuted = (self.z.take(rng.permutation(len(self.z))) for _ in range(N_ALGEBRA))
        left = np.array([Whole(self.X, z).left() for z in permuted])
        said = "labels permuted over all rows; erased in sample"
        return self.whole.left(), Null("linear_algebra", said, left)


def _pieces(order: np.ndarray, size: int) -> list[np.ndarray]:
    """Cut an order (n, m) into pieces of some labellings, the same on any machine."""
    return np.array_split(order, max(1, order.shape[1] // size), axis=1)
