"""Audit: split, read, erase, read back, compare with nulls, and say what each result is about."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import sklearn
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from nullprobe import _array, _check
from nullprobe._version import __version__
from nullprobe.claims import CLAIMS, Claim, Evidence, Observation
from nullprobe.concepts import Concept, rows
from nullprobe.erasers.leace import leace
from nullprobe.measures import reading
from nullprobe.measures.expected import expected_readback
from nullprobe.measures.guardedness import largest_correlation
from nullprobe.measures.three_way import Scores, ThreeWay
from nullprobe.moments import Moments
from nullprobe.nulls import permutation, surrogate
from nullprobe.nulls.null import Null
from nullprobe.probes.logistic import LogisticProbe
from nullprobe.report.document import document, write_json
from nullprobe.report.page import write_html
from nullprobe.report.portrait import Portrait, portrait
from nullprobe.splits import Parts, group_codes, split

N_PARTS = 3
N_RESAMPLES = 1000
N_ALGEBRA = 9
LEAST_SEARCHES = 99
MOST_CLASSES = 20  # above, logistic regression would take longer than all the rest
Progress = Callable[[str, int, int], object]  # stage, done, of how many


@dataclass(frozen=True, eq=False)
class Audit:
    """The verdicts on one representation and concept, and all that is needed to show them.

    Attributes
    ----------
    claims : tuple of Claim
    title : str
        Name of the data set on the page.
    labels : ndarray of shape (n,)
        The concept.
    scores : Scores
        Held-out scores of each row.
    portrait : Portrait
        What the scatter plots show.
    provenance : mapping
        Seed, versions, fingerprint, splits.
    """

    claims: tuple[Claim, ...]
    title: str
    labels: np.ndarray
    scores: Scores
    portrait: Portrait
    provenance: Mapping[str, Any]

    def __getitem__(self, name: str) -> Claim:
        """Return the claim of this name."""
        _check.choice("claim", name, [claim.name for claim in self.claims])
        return next(claim for claim in self.claims if claim.name == name)

    def document(self) -> dict[str, Any]:
        """Return the audit as plain values, as ``to_json`` writes them."""
        scores = {"raw": self.scores.raw[:, 0], "erased": self.scores.erased[:, 0]}
        return document(
            self.title, self.claims, self.portrait, scores, self.labels, self.provenance
        )

    def to_json(self, path: str | Path) -> None:
        """Write the audit as JSON, whole or not at all."""
        write_json(path, [self.document()])

    def to_html(self, path: str | Path) -> None:
        """Write the audit as one self-contained page, whole or not at all."""
        write_html(path, [self.document()])


def audit(
    X: Any,
    y: Any,
    *,
    groups: Any = None,
    baselines: Mapping[str, Any] | None = None,
    claims: Sequence[str] | None = None,
    n_permutations: int = 999,
    n_surrogates: int = 99,
    random_state: int = 0,
    title: str = "data",
    progress: Progress | None = None,
) -> Audit:
    """Audit what a representation says about a concept, and what that is a fact about.

    Parameters
    ----------
    X : array of shape (n, d)
        Representation.
    y : array-like of shape (n,) or (n, k)
        Concept: class labels, or numbers.
    groups : array-like of shape (n,), optional
        Rows of a group depend on each other; they stay in one part of the split.
    baselines : mapping of str to array of shape (n, d'), optional
        Other representations of the same rows: an untrained model, a bag of words.
    claims : sequence of str, optional
        Names of claims; by default all that apply.
    n_permutations, n_surrogates : int
        Draws of each null.
    random_state : int
        Same seed, same verdicts.
    title : str
        Name of the data set on the page.
    progress : callable, optional
        Called with the stage, how much of it is done, and of how much.

    Returns
    -------
    Audit
        ``.claims``, each with ``.holds``, ``.fact_about`` and what they rest on.

    Raises
    ------
    InputError
        If the input is not finite, of lengths that differ, of one class, or too small to split.

    Notes
    -----
    Rows are split into three stratified parts that take turns as F (eraser), P (probe) and S
    (scores). Intervals are conditional on the fitted erasers and probes.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> w = worlds.two_features(random_state=0)
    >>> result = audit(w.X, w.y, n_permutations=99, n_surrogates=19)
    >>> str(result["one_direction"].holds), str(result["one_direction"].fact_about)
    ('yes', 'linear_algebra')
    """
    X, z, _ = rows(X, y, None)
    X = _array.host_native(_check.finite(X))
    z.need_two_classes()
    names = _claim_names(claims, z)
    n_permutations = _check.whole_number("n_permutations", n_permutations, least=19)
    n_surrogates = _check.whole_number("n_surrogates", n_surrogates, least=19)
    seed = _check.whole_number("random_state", random_state, least=0)
    codes = group_codes(groups, len(z))
    parts = split(z, groups=codes, n_parts=N_PARTS, rng=np.random.default_rng([seed, 0]))
    run = _Run(X, z, parts, seed, n_permutations, n_surrogates, progress or (lambda *_: None))
    evidence = run.evidence(names, _baselines(baselines, len(z)))
    return Audit(
        tuple(CLAIMS[name](evidence) for name in names),
        title,
        _array.host_labels(y) if z.codes is None else np.array(z.classes)[z.codes],
        run.scores,
        portrait(X, z, random_state=seed),
        _provenance(X, z, parts, seed, n_permutations, n_surrogates),
    )


def _claim_names(claims: Sequence[str] | None, z: Concept) -> list[str]:
    apply = [name for name in CLAIMS if z.is_classes or name != "no_halfspace"]
    if claims is None:
        return apply
    for name in claims:
        _check.choice("claim", name, apply)
    return list(claims)


def _baselines(baselines: Mapping[str, Any] | None, n: int) -> dict[str, np.ndarray]:
    found = {}
    for name, B in (baselines or {}).items():
        found[name] = _array.host_native(
            _check.finite(_check.representation(B, name=f"baseline {name!r}"))
        )
        if len(found[name]) != n:
            _check.complain(
                f"baseline {name!r} must have the {n} rows of X",
                f"it has {len(found[name])}",
                "compute it for the same inputs, in the same order",
            )
    return found


class _Run:
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
            value += self.data.statistic(s, truth)[0] / N_PARTS
            resampled += self.data.statistic(s, truth, weights) / N_PARTS
        return Observation(float(value), *self._unit(), resampled)

    def _observe_calls(self, calls: np.ndarray) -> Observation:
        value, resampled = 0.0, np.zeros(len(self.weights[0]))
        outputs = range(self.data.n_outputs)
        for part, weights in zip(self.data.parts, self.weights, strict=True):
            for c in outputs:
                said, truth = calls[None, part.rows, c], self.truth[:, c, part.rows] > 0.5
                share = N_PARTS * len(outputs)
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
    ) -> tuple[dict[str, Null], float]:
        """Rerun everything on Gaussian data of the same class moments."""

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
            surrogate.gaussian_surrogate(self.X, self.z),
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
        return nulls, source.gap

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
        details["one_direction"]["directions removed"] = float(eraser.rank)
        expected = expected_readback(moments, self.z, N_PARTS)
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
            probe = LogisticProbe().fit(self.X[P], self.z.codes[P])  # type: ignore[index]
            right += int((probe.predict(self.X[S]) == self.z.codes[S]).sum())  # type: ignore[index]
        return right / len(self.z)


def _pieces(order: np.ndarray) -> list[np.ndarray]:
    """Cut an order (n, m) into pieces of some fifty labellings, the same on any machine."""
    return np.array_split(order, max(1, order.shape[1] // 50), axis=1)


def _provenance(
    X: np.ndarray, z: Concept, parts: Parts, seed: int, n_permutations: int, n_surrogates: int
) -> dict[str, Any]:
    digest = hashlib.blake2b(np.ascontiguousarray(X).tobytes(), digest_size=16)
    digest.update(np.ascontiguousarray(z.matrix).tobytes())
    names = [] if z.classes is None else [str(label) for label in z.classes]
    return {
        "rows": len(z),
        "features": X.shape[1],
        "dtype": str(X.dtype),
        "classes": dict(zip(names, np.bincount(z.codes).tolist(), strict=True))
        if z.codes is not None
        else "numeric",
        "groups": 0 if parts.groups is None else len(np.unique(parts.groups)),
        "random_state": seed,
        "permutations": n_permutations,
        "surrogates": n_surrogates,
        "splits": {
            "rule": "three parts take turns as F (eraser), P (probe) and S (scores)",
            "rows": [len(parts.rows(j)) for j in range(parts.n_parts)],
            "fingerprint": hashlib.blake2b(
                parts.part.astype(np.int8).tobytes(), digest_size=8
            ).hexdigest(),
        },
        "data hash": digest.hexdigest(),
        "versions": {
            "nullprobe": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }
