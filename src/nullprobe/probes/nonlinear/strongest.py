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

from nullprobe._core import arrays, validation
from nullprobe._core.arrays import Array
from nullprobe._core.random_state import integer_seed
from nullprobe.probes.base.nonlinear import Reader, ReaderEstimator, inner_splits, scored, worth
from nullprobe.probes.base.nullspace import need_rows
from nullprobe.probes.linear.lda import LDAProbe
from nullprobe.probes.nonlinear.mlp import MLPProbe
from nullprobe.probes.nonlinear.neighbors import NeighboursProbe
from nullprobe.probes.nonlinear.quadratic import QuadraticProbe
from nullprobe.probes.nonlinear.rbf import RBFProbe

FAMILY = {  # simplest first: of equals the first is taken
    "linear": LDAProbe,
    "quadratic": QuadraticProbe,
    "rbf": RBFProbe,
    "neighbours": NeighboursProbe,
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
    readings : dict of str to float
        Macro AUC of each of the family on inner rows; empty where there were none.
    """

    name: str
    reader: Any
    readings: Mapping[str, float]

    def scores(self, X: Array) -> Array:
        """Return scores, (n,) for two classes and (n, K) for more, in X's library and device."""
        X = validation.representation(X)
        validation.width(X.shape[1], self.d)
        found = scored(self.reader, arrays.host(X))
        return arrays.like(found[:, 0] if len(self.classes) == 2 else found, X)


def strongest(
    X: np.ndarray,
    codes: np.ndarray,
    classes: tuple,
    *,
    probes: Mapping[str, Any],
    seed: int | None,
) -> StrongestReader:
    """Return the reader of best macro AUC in an inner cross-validation, fitted to all rows.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    codes : ndarray of shape (n,)
        Position of each row's label in ``classes``; every class has a row.
    classes : tuple
    probes : mapping of str to estimator
        Unfitted; of equals the first is taken, and so it is where a class is too rare for an
        inner split.
    seed : int or None
        Of the cross-validation.
    """
    found = dict.fromkeys(probes, 0.0)
    splits = inner_splits(codes, seed)
    for train, test in splits:
        for name, probe in probes.items():
            scores = scored(_fitted(probe, X[train], codes[train]), X[test])
            found[name] += worth(scores, codes[test], len(classes)) / len(splits)
    name = max(found, key=found.__getitem__)
    reader = _fitted(probes[name], X, codes)
    nothing, one = np.zeros(X.shape[1]), np.ones(X.shape[1])
    return StrongestReader(classes, nothing, one, name, reader, found if splits else {})


def _fitted(probe: Any, X: np.ndarray, codes: np.ndarray) -> Any:
    made: Any = clone(probe)
    return made.fit(X, codes)


class StrongestProbe(ReaderEstimator):
    """Read a concept with whichever of several readers reads it best on inner rows.

    Parameters
    ----------
    probes : mapping of str to estimator, or None
        Unfitted classifiers; None for "linear" (`LDAProbe`), "quadratic", "rbf", "neighbours"
        and "mlp", as they come.
    random_state : int or None
        Of the inner cross-validation, and of the readers where ``probes`` is None.

    Attributes
    ----------
    chosen_ : str
        Name of the reader that was chosen.
    readings_ : dict of str to float
        Macro AUC of each reader on inner rows. The best of them is too good, being the best of
        several: score the probe on rows that it was not fitted to.

    Notes
    -----
    Each reader is fitted four times in all at most, three times to two thirds of the rows. Inner
    splits do not keep groups together, which can make the choice worse and nothing else.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1] > 0                          # no halfspace does
    >>> family = {"linear": LDAProbe(), "neighbours": NeighboursProbe()}
    >>> probe = StrongestProbe(family).fit(X[:200], y[:200])
    >>> probe.chosen_, probe.score(X[200:], y[200:]) > 0.8
    ('neighbours', True)
    """

    def __init__(
        self, probes: Mapping[str, Any] | None = None, random_state: int | None = 0
    ) -> None:
        self.probes = probes
        self.random_state = random_state

    def _reader(self, X: np.ndarray, codes: np.ndarray, classes: tuple) -> Reader:
        seed = integer_seed(self.random_state)
        probes = _family(seed) if self.probes is None else _checked(self.probes)
        return strongest(X, codes, classes, probes=probes, seed=seed)

    @property
    def chosen_(self) -> str:
        """Name of the reader that was chosen."""
        probe: Any = self.probe_
        return probe.name

    @property
    def readings_(self) -> dict[str, float]:
        """Macro AUC of each reader on inner rows; empty where a class is too rare for them."""
        probe: Any = self.probe_
        return dict(probe.readings)


def _family(seed: int | None) -> dict[str, Any]:
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
        validation.instance("probe", name, probe)
        need_rows(probe)
        scores = any(hasattr(probe, way) for way in ("decision_function", "predict_proba"))
        if not hasattr(probe, "fit") or not scores:
            validation.complain(
                "a probe must have fit, and decision_function or predict_proba",
                f"{name!r} is {type(probe).__name__}",
                "pass an unfitted classifier that scores rows",
            )
    return probes
