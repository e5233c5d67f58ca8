"""Strongest of a family: cross-validation inside the fitting rows selects a probe.

Problem. One probe may read a concept that another misses. But the best of several scores on the
same held-out rows is above chance even without any effect, and more so with more probes.

Solution. Cross-validation inside the fitting rows scores each probe. The best probe is fitted to
all fitting rows, and only this probe is scored on held-out rows. Selection is part of the fit: a
null that reruns the fit on permuted labels (`pipeline_null`) also reruns the selection.

Reference. S. Varma, R. Simon, "Bias in error estimation when using cross-validation for model
selection", 2006.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from nullprobe._core import parameters, validation
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.data.concept import Concept, target
from nullprobe.probes.base.nonlinear import Reader, ReaderEstimator, inner_splits, readings, scored
from nullprobe.probes.base.nullspace import need_rows
from nullprobe.probes.linear.lda import LDAProbe
from nullprobe.probes.nonlinear.mlp import MLPProbe
from nullprobe.probes.nonlinear.neighbors import KNeighborsProbe
from nullprobe.probes.nonlinear.quadratic import QuadraticProbe
from nullprobe.probes.nonlinear.rbf import RBFProbe

FAMILY = {  # simplest first: ties go to the first
    "linear": LDAProbe,
    "quadratic": QuadraticProbe,
    "rbf": RBFProbe,
    "neighbors": KNeighborsProbe,
    "mlp": MLPProbe,
}


@dataclass(frozen=True, eq=False)
class StrongestReader(Reader):
    """The selected probe, fitted.

    Attributes
    ----------
    name : str
        Name of the probe in the family.
    reader : estimator
        Probe fitted to all fitting rows.
    """

    name: str
    reader: Any

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """Return the scores of rows (n, d): (n, 1) for two classes, else (n, K)."""
        return scored(self.reader, rows)


class StrongestProbe(ReaderEstimator):
    """Read a concept with the best probe of a family, selected by inner cross-validation.

    Parameters
    ----------
    probes : mapping of str to estimator, or None
        Unfitted classifiers; None for "linear" (`LDAProbe`), "quadratic", "rbf", "neighbors"
        and "mlp", with their defaults.
    random_state : int, Generator or None
        Source of the inner cross-validation, and of the default probes.

    Attributes
    ----------
    chosen_ : str
        Name of the selected probe.
    scores_ : dict of str to float
        Macro AUC of each probe in the inner cross-validation. The best AUC is biased upwards,
        because it was selected: score the probe on held-out rows. Empty if a class is too rare for
        inner splits; then the first probe is selected.

    Notes
    -----
    The selected probe is fitted four times, the others three times to two thirds of the rows. Inner
    splits ignore groups; this can only make the selection worse.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1] > 0                          # no halfspace does
    >>> family = {"linear": LDAProbe(), "neighbors": KNeighborsProbe()}
    >>> probe = StrongestProbe(family).fit(X[:200], y[:200])
    >>> probe.chosen_, probe.score(X[200:], y[200:]) > 0.8
    ('neighbors', True)
    """

    def __init__(
        self, probes: Mapping[str, Any] | None = None, random_state: RandomState = 0
    ) -> None:
        self.probes = probes
        self.random_state = random_state

    def _reader(self, X: np.ndarray, codes: np.ndarray, classes: tuple) -> Reader:
        seed = integer_seed(self.random_state)
        probes = _family(seed) if self.probes is None else _checked(self.probes)

        def fit(X: np.ndarray, codes: np.ndarray, name: str) -> StrongestReader:
            probe: Any = clone(probes[name])
            probe.fit(X, target(probe, codes, Concept(codes, (), None)))
            return StrongestReader(classes, X.shape[1], name, probe)

        splits, names = inner_splits(codes, seed), list(probes)
        aucs = readings(fit, names, X, codes, splits)
        self.scores_ = dict(zip(names, aucs.tolist(), strict=True)) if splits else {}
        return fit(X, codes, names[int(np.argmax(aucs))])

    @property
    def chosen_(self) -> str:
        """Name of the selected probe."""
        probe: Any = self.probe_
        return probe.name


def _family(seed: int) -> dict[str, Any]:
    probes = {name: probe() for name, probe in FAMILY.items()}
    return {
        name: probe.set_params(random_state=seed) if "random_state" in probe.get_params() else probe
        for name, probe in probes.items()
    }


def _checked(probes: Any) -> Mapping[str, Any]:
    if not isinstance(probes, Mapping) or not probes:
        validation.complain(
            "probes must map names to unfitted classifiers",
            f"{type(probes).__name__} of length {len(probes)} arrived"
            if hasattr(probes, "__len__")
            else f"{probes!r} arrived",
            'pass {"linear": LDAProbe(), "rbf": RBFProbe()}, or None for the default family',
        )
    for name, probe in probes.items():
        parameters.instance("probe", name, probe)
        need_rows(probe)
        scores = any(hasattr(probe, method) for method in ("decision_function", "predict_proba"))
        if not hasattr(probe, "fit") or not scores:
            validation.complain(
                "a probe must have the methods fit and decision_function or predict_proba",
                f"{name!r} is {type(probe).__name__}",
                "pass an unfitted classifier that scores rows",
            )
    return probes
