"""Fresh probes: fitted to erased rows of P, scored on erased rows of S, each by its own reading.

A probe that gives scores is read by AUC, one against the rest for more than two classes; a
halfspace, which is sought for accuracy, by balanced accuracy; a number by R². The bootstrap
weighs the scored rows and leaves the probe as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from nullprobe._core import parameters, validation
from nullprobe.data.concept import Concept, target
from nullprobe.data.metric import BALANCED_ACCURACY, Metric
from nullprobe.probes import HalfspaceProbe, LDAProbe, QuadraticProbe, RBFProbe
from nullprobe.probes.base.nonlinear import scored
from nullprobe.probes.base.nullspace import need_rows
from nullprobe.stats import metrics

FRESH = {
    "linear": LDAProbe,
    "halfspace": HalfspaceProbe,
    "quadratic": QuadraticProbe,
    "rbf": RBFProbe,
}
NUMERIC = ("linear",)  # those that read numbers


@dataclass(frozen=True, eq=False)
class Fresh:
    """A probe to be fitted afresh, and how it is read.

    Attributes
    ----------
    name : str
    probe : estimator
        Unfitted.
    metric : Metric
        AUC, its mean over classes, balanced accuracy or R².
    """

    name: str
    probe: Any
    metric: Metric

    def read(
        self, P: tuple[np.ndarray, np.ndarray], S: np.ndarray, z: Concept, weights: np.ndarray
    ) -> np.ndarray:
        """Return the readings (m,) of one fit under m weightings of the scored rows.

        Parameters
        ----------
        P : pair of ndarrays of shapes (n_P, d) and (n_P,) or (n_P, k)
            Rows and concept to fit to.
        S : ndarray of shape (n_S, d)
            Rows to score.
        z : Concept
            The concept of these.
        weights : ndarray of shape (m, n_S)
        """
        probe: Any = clone(self.probe)
        return self._reading(probe.fit(P[0], target(probe, P[1], z)), S, z, weights)

    def _reading(self, probe: Any, S: np.ndarray, z: Concept, weights: np.ndarray) -> np.ndarray:
        if z.codes is None:
            said = np.asarray(probe.predict(S), dtype=np.float64).reshape(len(z), -1)
            columns = zip(said.T, z.data.T, strict=True)
            return np.mean([metrics.r_squared(s[None], v[None], weights) for s, v in columns], 0)
        scores = scored(probe, S)
        first = z.n_columns - scores.shape[1]
        each = []
        for c, column in enumerate(scores.T, first):
            positive = (z.codes == c)[None]
            if self.metric == BALANCED_ACCURACY:
                each.append(metrics.balanced_accuracy(column[None] > 0, positive, weights))
            else:
                each.append(metrics.auc(column[None], positive, weights))
        return np.mean(each, axis=0)


def fresh(
    probes: Mapping[str, Any] | Sequence[str] | None, z: Concept, seed: int
) -> tuple[Fresh, ...]:
    """Return the probes that a concept is to be read with.

    Parameters
    ----------
    probes : mapping of str to estimator, sequence of str, or None
        Unfitted estimators, or names among "linear", "halfspace", "quadratic" and "rbf"; None
        for all that can read the concept.
    z : Concept
    seed : int
        Of the probes that are named.
    """
    if probes is None:
        probes = list(FRESH) if z.is_classes else list(NUMERIC)
    if not isinstance(probes, Mapping):
        names = named("probe", probes, list(FRESH))
        probes = {name: _seeded(FRESH[name](), seed) for name in names}
    if not len(probes):
        validation.complain(
            "at least one probe is needed", "none arrived", "name one, or leave it out"
        )
    for probe in probes.values():
        _need_scores(probe, z)
    return tuple(Fresh(name, probe, _metric(probe, z)) for name, probe in probes.items())


def named(kind: str, names: Any, available: Sequence[str]) -> list[str]:
    """Return names, of which one string is one, if each is among those that are available."""
    found = [names] if isinstance(names, str) or not isinstance(names, Iterable) else list(names)
    for name in found:
        if not isinstance(name, str):
            made = name.__name__ if isinstance(name, type) else type(name).__name__
            validation.complain(
                f"{kind}s must be names, or a mapping of names to estimators",
                f"{made} arrived without one",
                f'pass such as {{"{made.lower()}": {made}()}}',
            )
        parameters.known(kind, name, available)
    return found


def _need_scores(probe: Any, z: Concept) -> None:
    need_rows(probe)
    ways = ("decision_function", "predict_proba") if z.is_classes else ("predict",)
    if not hasattr(probe, "fit") or not any(hasattr(probe, way) for way in ways):
        validation.complain(
            f"a probe must have fit, and {' or '.join(ways)}",
            f"{type(probe).__name__} arrived",
            "pass an unfitted classifier that scores rows, or a regressor for a numeric concept",
        )


def _seeded(probe: Any, seed: int) -> Any:
    return probe.set_params(random_state=seed) if "random_state" in probe.get_params() else probe


def _metric(probe: Any, z: Concept) -> Metric:
    return BALANCED_ACCURACY if z.is_classes and isinstance(probe, HalfspaceProbe) else z.metric
