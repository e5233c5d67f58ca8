"""Run: all measurements of one representation, with the same partitions and seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from nullprobe._core.workers import Workers
from nullprobe.auditing import transfer
from nullprobe.auditing.bootstrap import Observing
from nullprobe.auditing.consistency import followed
from nullprobe.auditing.readings import LINEAR, Reader, Readings, splits
from nullprobe.auditing.settings import Settings
from nullprobe.auditing.whole_sample import Whole
from nullprobe.claims import Carried, Curve, Followed, Observation
from nullprobe.data.concept import Concept
from nullprobe.data.splits import Parts
from nullprobe.heldout.few_features import Chosen
from nullprobe.heldout.learning_curve import folds, learning_curve
from nullprobe.heldout.pair_agreement import HeldOut
from nullprobe.heldout.three_way import Scores
from nullprobe.heldout.transfer import Carry
from nullprobe.measures.association import REFERENCE, Association
from nullprobe.moments import Moments
from nullprobe.nulls.action import Action
from nullprobe.nulls.flips import SignFlips
from nullprobe.nulls.permutation import Permutations
from nullprobe.nulls.residuals import Residuals
from nullprobe.nulls.rotation import Rotations
from nullprobe.nulls.shape import CommonShape
from nullprobe.stats.null_distribution import Null

N_ALGEBRA = 9
N_RANDOM = 999  # random directions, which cost little


class Run:
    """One representation and concept, with its partitions.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    z : Concept
    partitions : tuple of Parts
    settings : Settings
    """

    def __init__(
        self, X: np.ndarray, z: Concept, partitions: tuple[Parts, ...], settings: Settings
    ) -> None:
        self.X, self.z, self.partitions, self.settings = X, z, partitions, settings
        self.seed, self.groups = settings.seed, partitions[0].groups
        self.readings = Readings(z, partitions, settings.seed, settings.erases, settings.n_features)
        self.whole = Whole(X, z)
        self.observing = Observing(z, partitions, settings.seed)
        self._stack = ExitStack()
        self.workers = Workers(self._stack, X.size, settings.progress, settings.n_jobs)
        self._actions: dict[str, Action | str] = {}
        self.chance_raw: Null  # set once labels have been permuted

    def __enter__(self) -> Run:
        """Return the run; workers start with the first work."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        self._stack.close()

    @cached_property
    def reader(self) -> Reader:
        """The reader of the data."""
        return self.readings.of(self.X)

    @cached_property
    def association(self) -> Association:
        """The test statistic of `dependent`, with the permutations that standardise it."""
        reference = replace(self.permuted, seed=(self.seed, 16)).orders(range(REFERENCE))
        return Association(self.X, self.z, self.whole.moments, reference)

    def forget(self) -> None:
        """Free the factorisations; they are formed again if they are needed again."""
        self.__dict__.pop("reader", None)
        self.__dict__.pop("association", None)

    @cached_property
    def scores(self) -> list[Scores]:
        """Held-out scores in each partition."""
        return [data.scores() for data in self.reader.data]

    @cached_property
    def observed(self) -> dict[str, Observation]:
        """Readings of the data, by key."""
        asks, see = self.settings.asks, self.observing
        observations = {
            "raw": see.scores([scores.raw for scores in self.scores]),
            "erased": see.scores([scores.erased for scores in self.scores]),
        }
        if asks("no_halfspace"):
            data_of_halfspaces = self.reader.data[: splits("halfspace", self.X)]
            observations["halfspace"] = see.calls(
                [data.halfspace_calls(self.seed) for data in data_of_halfspaces]
            )
        if asks("dependent"):
            value = self.association.read(self.readings.asis)[0]
            nothing = np.full(self.observing.n_resamples, np.nan)
            observations["association"] = Observation(
                float(value), "association (sd)", 0.0, nothing
            )
        if asks("few_features"):
            observations["few"] = see.scores([one.scores for one in self.chosen])
        if asks("gone"):
            observations["family"] = see.marked([scores for scores, _ in self.family])
        return observations

    @cached_property
    def family(self) -> list[tuple[np.ndarray, Sequence[str]]]:
        """Held-out scores of the nonlinear readers, and the reader of each part, by partition."""
        return [family.scores() for family in self.reader.families]

    @cached_property
    def chosen(self) -> list[Chosen]:
        """Held-out scores of the probe of few features, and its features, by partition."""
        return self.reader.few()

    @cached_property
    def curve(self) -> Curve:
        """The curve of removals of the data, not yet compared with draws."""
        scores = self.reader.curve_scores()
        steps = [self.observing.scores(each) for each in zip(*scores, strict=True)]
        values = np.array([step.value for step in steps])
        ends = [step.interval or (np.nan, np.nan) for step in steps]
        return Curve(values, self.z.metric.name, np.array(ends), {})

    @property
    def probe_rows(self) -> int:
        """Smallest number of training rows of a probe, in the first partition."""
        parts = self.partitions[0]
        return min(len(parts.rows(j)) for j in range(parts.n_parts))

    @cached_property
    def sizes(self) -> list[tuple[int, Observation]]:
        """Readings of a linear probe on other rows, by its number of training rows."""
        rng = np.random.default_rng([self.seed, 17])
        parts = None if self.settings.quick else folds(self.z, self.groups, rng)
        if parts is None:
            return []
        see = Observing(self.z, [parts], self.seed)
        curve = learning_curve(self.X, self.z, parts)
        return [(one.rows, see.scores([one.scores])) for one in curve]

    @property
    def method(self) -> dict[str, Any]:
        """Eraser and probe in words, and the probe's shrinkage λ in each part."""
        parts = self.partitions[0]
        each = [parts.rows(j) for j in range(parts.n_parts)]
        lam = self._shrinkage(each)
        return {**self.how, "shrinkage": [round(one, 4) for one in lam]}

    @property
    def how(self) -> dict[str, str]:
        """Eraser and probe in words."""
        probe = "linear discriminant" if self.z.is_classes else "linear regression"
        return {
            "eraser": "LEACE, fitted to one part" if self.settings.erases else "given",
            "probe": f"{probe}, its covariance shrunk towards the diagonal",
        }

    def _shrinkage(self, each: Sequence[np.ndarray]) -> list[float]:
        """Return the probe's shrinkage λ for each part of the rows."""
        return [Moments.summed(self.X[r], self.z.take(r)).oracle_shrinkage() for r in each]

    @property
    def matched_gap(self) -> float | None:
        """Gap of the class means of sign flips that are matched to the reading, if drawn."""
        flips = self._actions.get("flips")
        return flips.scale if isinstance(flips, SignFlips) else None

    # Nulls

    @cached_property
    def permuted(self) -> Permutations:
        """Permutations of the labels, the same for all representations."""
        how = self.settings
        options = {"within": how.within, "place": how.place, "unit": how.unit}
        return Permutations.of(self.z, self.partitions[0], (self.seed, 2), **options)

    def by_chance(self, keys: Sequence[str], draws: range) -> dict[str, np.ndarray]:
        """Return readings of permuted labels, (m,), by key."""
        return self.read(keys, self.permuted.orders(draws))

    def read(self, keys: Sequence[str], order: np.ndarray) -> dict[str, np.ndarray]:
        """Return readings of reordered labellings y[order[:, j]], (m,), by key.

        Standard errors of "raw" and "erased" are included if they are known (`Reader.tested`).
        """
        values: dict[str, np.ndarray] = {}
        for stage, requested, work, size in (
            ("permutations", {*LINEAR} & {*keys}, self.reader.tested, 50),
            ("halfspaces", {"halfspace"} & {*keys}, self._reads("halfspace"), 25),
            ("nonlinear readers", {"family"} & {*keys}, self._reads("family"), 2),
            ("few features", {"few"} & {*keys}, self._reads("few"), 25),
        ):
            if requested:
                pieces = np.array_split(order, max(1, order.shape[1] // size), axis=1)
                read = self.workers.map(stage, work, pieces)
                values |= {k: np.concatenate([one[k] for one in read]) for k in read[0]}
        if "association" in keys:
            values["association"] = self.association.read(order)
        return values

    def _reads(self, key: str) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
        return partial(self.reader.read, keys=[key])

    @cached_property
    def _errors(self) -> dict[str, np.ndarray]:
        """Standard errors of the observed readings, (1,), by key."""
        return self.reader.tested(self.readings.asis)

    def of_labels(
        self,
        explanation: str,
        description: str,
        key: str,
        drawn: Mapping[str, np.ndarray],
        observed: Mapping[str, np.ndarray] | None = None,
    ) -> Null:
        """Return the null of a key, from readings of drawn labels.

        Parameters
        ----------
        explanation, description : str
            What the draws keep, and how they were drawn.
        key : str
        drawn : mapping of str to ndarray of shape (m,)
            Readings, and their standard errors if known, by key.
        observed : mapping of str to ndarray of shape (1,), optional
            The same for the observed labels, if another representation was read.
        """
        # An AUC below .5 is a reading of the opposite sign; an R² below the draws is not a reading.
        upper = key == "association" or not (self.z.is_classes or key == "family")
        error = f"{key} error"
        errors = drawn[error] / (observed or self._errors)[error] if error in drawn else None
        return Null(explanation, description, drawn[key], upper, errors=errors)

    def action(self, explanation: str, key: str) -> Action | str:
        """Return the action that draws an explanation for a key, or why there is no such action."""
        name = "rotations" if explanation == "moments" else "shape" if key == "family" else "flips"
        if explanation == "noise" and self.settings.no_noise:
            return self.settings.no_noise
        if name not in self._actions:
            self._actions[name] = self._made(name)
        return self._actions[name]

    @cached_property
    def residuals(self) -> Residuals:
        """Residuals of the rows, after their class means."""
        return Residuals.of(self.X, self.z, self.whole.moments, self.groups)

    def _made(self, name: str) -> Action | str:
        stream = {"rotations": 3, "flips": 4, "shape": 13}[name]
        seed = (self.seed, stream, self.settings.number)
        if name == "rotations":
            return Rotations.of(self.residuals, seed)
        kind = SignFlips if name == "flips" else CommonShape
        action = kind.of(self.residuals, self.whole.moments, seed)
        if isinstance(action, str):
            return action
        chance = self.chance_raw

        def read(representations: list[np.ndarray]) -> np.ndarray:
            return np.array(self.workers.map("matching", self.readings.raw, representations))

        return action.matched(read, self.observed["raw"].value, chance.mean, chance.sd)

    def explained(
        self, explanation: str, keys: Sequence[str], draws: range
    ) -> dict[str, np.ndarray]:
        """Return readings of draws of an explanation, (m,), or (m, r) for the curve, by key."""
        values: dict[str, np.ndarray] = {}
        actions: dict[int, tuple[Action, list[str]]] = {}
        for key in keys:
            action = self.action(explanation, key)
            assert isinstance(action, Action), "keys without an action are left out"
            actions.setdefault(id(action), (action, []))[1].append(key)
        for action, keys_of_action in actions.values():
            work = partial(self.readings.draw, action, keys_of_action)
            read = self.workers.map(explanation, work, list(draws))
            values |= {key: np.array([one[key] for one in read]) for key in keys_of_action}
        return values

    def carried(self, parts: Parts, names: Sequence[str]) -> tuple[Carried, dict[str, Null]]:
        """Return readings within and across groups, and the same for permuted labels."""
        carry, n = Carry(self.X, self.z, parts), self.settings.draws
        permuted = Permutations.of(self.z, carry.strata, (self.seed, 8))
        pieces = np.array_split(permuted.orders(range(n)), max(1, n // 50), axis=1)
        read = self.workers.map("groups", carry.probed, pieces)
        measured = transfer.carried(
            self.X,
            carry,
            names,
            n_resamples=self.observing.n_resamples,
            rng=np.random.default_rng([self.seed, 9]),
            n_draws=max(transfer.DRAWS, self.settings.thresholds.least_draws),
        )
        return measured, transfer.chance(np.concatenate(read))

    def followed(self, pairs: HeldOut, others: Mapping[str, np.ndarray]) -> tuple[Followed, Null]:
        """Fit CCS to the pairs, and compare its answers with all labels."""
        self.settings.progress("pairs", 0, 1)
        draws = self.settings.draws
        measured = followed(
            pairs, self.z.data, others, n_permutations=draws, n_random=max(N_RANDOM, draws)
        )
        self.settings.progress("pairs", 1, 1)
        return measured

    def algebra(self) -> tuple[float, Null]:
        """Return the correlation left after erasing the whole sample, and for permuted labels."""
        rng = np.random.default_rng([self.seed, 5])
        n = 1 if self.settings.quick else N_ALGEBRA  # a theorem: one is enough
        permuted = (self.z.take(rng.permutation(len(self.z))) for _ in range(n))
        left = np.array([Whole(self.X, z).left() for z in permuted])
        description = "labels permuted over all rows; erased in sample"
        return self.whole.left(), Null("linear_algebra", description, left)
