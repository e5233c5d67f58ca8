"""Strongest of a family: let the rows decide which reader reads them best.

Problem. A concept that one reader does not find, another may. But the best of several readings of
the same scored rows is above chance where there is nothing, the more so the more readers there
are.

Solution. Each reader is fitted and read by cross-validation inside the fitting rows. The best one
is fitted to all of these, and it alone is scored on rows that took no part. As the choice is a
part of the fit, whatever reruns the fit on permuted labels (`pipeline_null`) reruns the choice.

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

FAMILY = {  # simplest first: of equals the first is taken
    "linear": LDAProbe,
    "quadratic": QuadraticProbe,
    "rbf": RBFProbe,
    "neighbors": KNeighborsProbe,
    "mlp": MLPProbe,
}


@dataclass(frozen=True, eq=False)
class StrongestReader(Reader):
    """The reader that was chosen.

    Attributes
    ----------
    name : str
        Its name in the family.
    reader : estimator
        Fitted to all fitting rows.
    """

    name: str
    reader: Any

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """Return the scores of rows (n, d): (n, 1) for two classes, else (n, K)."""
        return scored(self.reader, rows)


class StrongestProbe(ReaderEstimator):
    """Read a concept with whichever of several readers reads it best on inner rows.

    Parameters
    ----------
    probes : mapping of str to estimator, or None
        Unfitted classifiers; None for "linear" (`LDAProbe`), "quadratic", "rbf", "neighbors"
        and "mlp", as they come.
    random_state : int, Generator or None
        Of the inner cross-validation, and of the readers where ``probes`` is None.

    Attributes
    ----------
    chosen_ : str
        Name of the reader that was chosen.
    scores_ : dict of str to float
        Macro AUC of each reader on inner rows. The best of them is too good, being the best of
        several: score the probe on rows that it was not fitted to. Empty where a class is too
        rare for inner rows; the first reader is taken then.

    Notes
    -----
    Each reader is fitted four times in all at most, three times to two thirds of the rows. Inner
    splits do not keep groups together, which can make the choice worse and nothing else.

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
            made: Any = clone(probes[name])
            made.fit(X, target(made, codes, Concept(codes, (), None)))
            return StrongestReader(classes, X.shape[1], name, made)

        splits, names = inner_splits(codes, seed), list(probes)
        found = readings(fit, names, X, codes, splits)
        self.scores_ = dict(zip(names, found.tolist(), strict=True)) if splits else {}
        return fit(X, codes, names[int(np.argmax(found))])

    @property
    def chosen_(self) -> str:
        """Name of the reader that was chosen."""
        probe: Any = self.probe_
        return probe.name


def _family(seed: int) -> dict[str, Any]:
    made = {name: probe() for name, probe in FAMILY.items()}
    return {
        name: probe.set_params(random_state=seed) if "random_state" in probe.get_params() else probe
        for name, probe in made.items()
    }


def _checked(probes: Any) -> Mapping[str, Any]:
    if not isinstance(probes, Mapping) or not probes:
        validation.complain(
            "probes must map names to unfitted classifiers",
            f"{type(probes).__name__} of length {len(probes)} arrived"
            if hasattr(probes, "__len__")
            else f"{probes!r} arrived",
            'pass such as {"linear": LDAProbe(), "rbf": RBFProbe()}, or leave it out',
        )
    for name, probe in probes.items():
        parameters.instance("probe", name, probe)
        need_rows(probe)
        scores = any(hasattr(probe, way) for way in ("decision_function", "predict_proba"))
        if not hasattr(probe, "fit") or not scores:
            validation.complain(
                "a probe must have fit, and decision_function or predict_proba",
                f"{name!r} is {type(probe).__name__}",
                "pass an unfitted classifier that scores rows",
            )
    return probes
