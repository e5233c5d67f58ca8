"""Fresh probes: fitted to erased rows of P and scored on erased rows of S.

The metric of a probe with scores is AUC, one against the rest for more than two classes. The metric
of a halfspace, which is fitted for accuracy, is balanced accuracy. The metric of a numeric concept
is R². The bootstrap reweights the scored rows and does not refit the probe.
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
NUMERIC = ("linear",)  # probes of a numeric concept


@dataclass(frozen=True, eq=False)
class Fresh:
    """An unfitted probe and its metric.

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
            Fitting rows and their concept.
        S : ndarray of shape (n_S, d)
            Rows to score.
        z : Concept
            Concept of the rows S.
        weights : ndarray of shape (m, n_S)
        """
        probe: Any = clone(self.probe)
        return self._reading(probe.fit(P[0], target(probe, P[1], z)), S, z, weights)

    def _reading(self, probe: Any, S: np.ndarray, z: Concept, weights: np.ndarray) -> np.ndarray:
        if z.codes is None:
            predicted = np.asarray(probe.predict(S), dtype=np.float64).reshape(len(z), -1)
            columns = zip(predicted.T, z.data.T, strict=True)
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
    """Return the probes for a concept.

    Parameters
    ----------
    probes : mapping of str to estimator, sequence of str, or None
        Unfitted estimators, or names among "linear", "halfspace", "quadratic" and "rbf"; None
        for all that can read the concept.
    z : Concept
    seed : int
        Random state of probes that are passed by name.
    """
    if probes is None:
        probes = list(FRESH) if z.is_classes else list(NUMERIC)
    if not isinstance(probes, Mapping):
        names = named("probe", probes, list(FRESH))
        probes = {name: _seeded(FRESH[name](), seed) for name in names}
    if not len(probes):
        validation.complain(
            "at least one probe is needed", "none arrived", "pass None for the default"
        )
    for probe in probes.values():
        _need_scores(probe, z)
    return tuple(Fresh(name, probe, _metric(probe, z)) for name, probe in probes.items())


def named(kind: str, names: Any, available: Sequence[str]) -> list[str]:
    """Return a list of names, each of them available; a string is one name."""
    chosen = [names] if isinstance(names, str) or not isinstance(names, Iterable) else list(names)
    for name in chosen:
        if not isinstance(name, str):
            kind_name = name.__name__ if isinstance(name, type) else type(name).__name__
            validation.complain(
                f"{kind}s must be names, or a mapping of names to estimators",
                f"{kind_name} arrived without a name",
                f'pass {{"{kind_name.lower()}": {kind_name}()}}',
            )
        parameters.known(kind, name, available)
    return chosen


def _need_scores(probe: Any, z: Concept) -> None:
    need_rows(probe)
    methods = ("decision_function", "predict_proba") if z.is_classes else ("predict",)
    if not hasattr(probe, "fit") or not any(hasattr(probe, method) for method in methods):
        validation.complain(
            f"a probe must have the methods fit and {' or '.join(methods)}",
            f"{type(probe).__name__} arrived",
            "pass an unfitted classifier that scores rows, or a regressor for a numeric concept",
        )


def _seeded(probe: Any, seed: int) -> Any:
    return probe.set_params(random_state=seed) if "random_state" in probe.get_params() else probe


def _metric(probe: Any, z: Concept) -> Metric:
    return BALANCED_ACCURACY if z.is_classes and isinstance(probe, HalfspaceProbe) else z.metric
