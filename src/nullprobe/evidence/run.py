"""Evidence: everything an audit measures, once, by the same splits and seeds.

Observed readings with their bootstrap intervals, the permutation and surrogate nulls of each,
and what is left in sample after erasure. What it means is decided in `claims`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from nullprobe import reading
from nullprobe.claims import CLAIMS, Evidence, Observation
from nullprobe.concepts import Concept
from nullprobe.erasers.leace import leace
from nullprobe.measures.expected import expected_readback
from nullprobe.measures.guardedness import largest_correlation
from nullprobe.measures.three_way import ThreeWay
from nullprobe.moments import Moments
from nullprobe.nulls import permutation, surrogate
from nullprobe.nulls.null import Null
from nullprobe.probes.logistic import LogisticProbe
from nullprobe.splits import Parts

N_RESAMPLES = 1000
N_ALGEBRA = 9
LEAST_SEARCHES = 99
MOST_CLASSES = 20  # above, logistic regression would take longer than all the rest
Progress = Callable[[str, int, int], object]  # stage, done, of how many


class Run:
    """One audit under way: everything measured once, by the same splits and seeds."""

    def __init__(
        self,
        X: np.ndarray,
        z: Concept,
        parts: Parts,
        seed: int,
        n_permutations: int,
        n_surrogates: int,
        progress: Progress,
    ) -> None:
        self.X, self.z, self.parts, self.seed = X, z, parts, seed
        self.n_permutations, self.n_surrogates, self.progress = (
            n_permutations,
            n_surrogates,
            progress,
        )
        self.data = ThreeWay(X, z, parts)
        self.scores = self.data.scores()
        self.asis = np.arange(len(z))[:, None]
        self.truth = self.data.columns(self.asis).transpose(1, 2, 0)
        self.weights = self._weights()

    def _weights(self) -> list[np.ndarray]:
        """Draw bootstrap weights once a part, so that observations can be compared in pairs."""
        rng = np.random.default_rng([self.seed, 1])
        n_resamples = int(np.clip(2e7 / len(self.z), 100, N_RESAMPLES))
        weights = []
        for part in self.data.parts:
            groups = None if self.parts.groups is None else self.parts.groups[part.rows]
            codes = None if self.z.codes is None else self.z.codes[part.rows]
            weights.append(
                reading.resampled_weights(codes, groups, len(part.rows), n_resamples, rng)
            )
        return weights

    def evidence(self, names: Sequence[str], baselines: Mapping[str, np.ndarray]) -> Evidence:
        """Measure what the claims of these names need."""
        halfspace = None
        if "no_halfspace" in names:
            halfspace = self._observe_calls(self.data.halfspace_calls(self.seed))
        raw, erased = self._observe(self.scores.raw), self._observe(self.scores.erased)
        chance = self._chance(halfspace is not None)
        moments: dict[str, Null] = {}
        details = self._details(names)
        if {"erasure_holds", "no_halfspace"} & set(names):
            moments, gap = self._moments(raw, chance["raw"], halfspace is not None)
            if gap is not None:
                details["erasure_holds"]["surrogate gap, as a share of the debiased one"] = gap
        residual, null = self._algebra()
        return Evidence(
            raw,
            erased,
            halfspace,
            chance,
            moments,
            {
                name: self._observe(ThreeWay(B, self.z, self.parts).scores().raw)
                for name, B in baselines.items()
            },
            residual,
            null,
            {},
            details,
        )

    def _unit(self) -> tuple[str, float]:
        if not self.z.is_classes:
            return "R²", 0.0
        return ("AUC" if self.data.n_outputs == 1 else "macro AUC"), 0.5

    def _observe(self, scores: np.ndarray) -> Observation:
        """Average a reading over the parts, with its bootstrap replicates."""
        value, resampled = 0.0, np.zeros(len(self.weights[0]))
        for part, weights in zip(self.data.parts, self.weights, strict=True):
            s, truth = scores[part.rows].T[None], self.truth[:, :, part.rows]
            value += self.data.statistic(s, truth)[0] / self.parts.n_parts
            resampled += self.data.statistic(s, truth, weights) / self.parts.n_parts
        return Observation(float(value), *self._unit(), resampled)

    def _observe_calls(self, calls: np.ndarray) -> Observation:
        value, resampled = 0.0, np.zeros(len(self.weights[0]))
        outputs = range(self.data.n_outputs)
        for part, weights in zip(self.data.parts, self.weights, strict=True):
            for c in outputs:
                said, truth = calls[None, part.rows, c], self.truth[:, c, part.rows] > 0.5
                share = self.parts.n_parts * len(outputs)
                value += reading.balanced_accuracy(said, truth)[0] / share
                resampled += reading.balanced_accuracy(said, truth, weights) / share
        return Observation(float(value), "balanced accuracy", 0.5, resampled)

    def _map(self, stage: str, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Apply work to items on all cores, in order, with progress.

        Threads, since the work is NumPy's; each with one BLAS thread, so that results do not
        depend on how many there are.
        """
        found = []
        with threadpool_limits(1, "blas"):
            jobs = Parallel(n_jobs=-1, prefer="threads", return_as="generator")
            for result in jobs(delayed(work)(item) for item in items):
                found.append(result)
                self.progress(stage, len(found), len(items))
        return found

    def _chance(self, with_halfspace: bool) -> dict[str, Null]:
        """Rerun everything on permuted labels."""
        rng = np.random.default_rng([self.seed, 2])
        order = permutation.permutations(self.z, self.parts, self.n_permutations, rng)
        said = permutation.description(self.z, self.parts)
        found = self._map("permutations", self.data.read, _pieces(order))
        raw, erased = (np.concatenate(values) for values in zip(*found, strict=True))
        nulls = {"raw": Null("chance", said, raw), "erased": Null("chance", said, erased)}
        if with_halfspace:
            # a search costs hundreds of times what a linear reading costs: a fifth of them
            some = order[:, : max(LEAST_SEARCHES, self.n_permutations // 5)]
            found = self._map(
                "halfspaces", lambda o: self.data.halfspace(o, self.seed), _pieces(some)
            )
            nulls["halfspace"] = Null("chance", said, np.concatenate(found))
        return nulls

    def _moments(
        self, raw: Observation, chance: Null, with_halfspace: bool
    ) -> tuple[dict[str, Null], float | None]:
        """Rerun everything on Gaussian data of the same class moments."""
        debiased = surrogate.gaussian_surrogate(self.X, self.z)

        def three(X: np.ndarray) -> ThreeWay:
            return ThreeWay(X, self.z, self.parts)

        def pilots(drawn: Sequence[np.ndarray]) -> np.ndarray:
            read = self._map("matching", lambda X: three(X).read(self.asis)[0], drawn)
            return np.concatenate(read)

        def rerun(i: int) -> tuple[float, ...]:
            data = three(source.draw(np.random.default_rng([self.seed, 4, i])))
            values = [*data.read(self.asis)]
            if with_halfspace:
                values.append(data.halfspace(self.asis, self.seed))
            return tuple(float(v[0]) for v in values)

        source = surrogate.match(
            debiased,
            pilots,
            raw.value,
            chance.mean,
            chance.sd,
            np.random.default_rng([self.seed, 3]),
        )
        found = np.array(self._map("surrogates", rerun, range(self.n_surrogates)))
        names = ("raw", "erased", "halfspace")
        nulls = {
            name: Null("moments", surrogate.DESCRIPTION, values)
            for name, values in zip(names, found.T, strict=False)
        }
        return nulls, source.gap if debiased.gap > 0 else None

    def _algebra(self) -> tuple[float, Null]:
        """Erase from the whole sample and look what is left; likewise for permuted labels."""
        rng = np.random.default_rng([self.seed, 5])
        left = [self._left(self.z)]
        left += [self._left(self.z.take(rng.permutation(len(self.z)))) for _ in range(N_ALGEBRA)]
        said = "labels permuted over all rows; erased in sample"
        return left[0], Null("linear_algebra", said, np.array(left[1:]))

    def _left(self, z: Concept) -> float:
        return largest_correlation(leace(Moments.of(self.X, z)).apply(self.X), z)

    def _details(self, names: Sequence[str]) -> dict[str, dict[str, float]]:
        """Collect the numbers that stand beside the verdicts."""
        details: dict[str, dict[str, float]] = {name: {} for name in CLAIMS}
        moments = Moments.of(self.X, self.z)
        eraser = leace(moments)
        details["one_direction"]["directions removed"] = eraser.rank
        expected = expected_readback(moments, self.z, self.parts.n_parts)
        details["erasure_holds"]["before erasure"] = self._observe(self.scores.raw).value
        if expected is not None:
            details["erasure_holds"]["expected from estimated means"] = expected
        if self.z.codes is None or self.z.n_columns > MOST_CLASSES:
            return details
        largest = float(np.bincount(self.z.codes).max() / len(self.z))
        details["readable"] |= {
            "accuracy of logistic regression": self._accuracy(),
            "share of the largest class": largest,
        }
        if self.data.n_outputs == 1:
            details["readable"]["information (nats, lower bound)"] = reading.information(
                self.scores.raw[:, 0], self.z.codes == 1, np.random.default_rng([self.seed, 6])
            )
        X_ = eraser.apply(self.X)
        said = LogisticProbe().fit(X_, self.z.codes).predict(X_)
        details["one_direction"] |= {
            "in-sample accuracy of logistic regression after": float((said == self.z.codes).mean()),
            "share of the largest class": largest,
        }
        return details

    def _accuracy(self) -> float:
        """Return the held-out accuracy of logistic regression, fitted on P and scored on S."""
        right = 0
        for _, p, s in self.parts.roles():
            P, S = self.data.parts[p].rows, self.data.parts[s].rows
            probe = LogisticProbe().fit(self.X[P], self.z.data[P])
            right += int((probe.predict(self.X[S]) == self.z.data[S]).sum())
        return right / len(self.z)


def _pieces(order: np.ndarray) -> list[np.ndarray]:
    """Cut an order (n, m) into pieces of some fifty labellings, the same on any machine."""
    return np.array_split(order, max(1, order.shape[1] // 50), axis=1)
