"""Load a fitted linear probe from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe.probes.base.batched import ManyConcepts
from nullprobe.probes.base.files import PROBE, SavedProbe
from nullprobe.probes.base.linear import LinearProbe
from nullprobe.probes.base.linear_probes import LinearProbes
from nullprobe.probes.linear.halfspace import HalfspaceProbe
from nullprobe.probes.linear.lda import LDAProbe
from nullprobe.probes.linear.logistic import LogisticProbe
from nullprobe.probes.linear.mean_difference import MeanDifferenceProbe

KINDS: dict[str, Any] = {
    kind.__name__: kind for kind in (HalfspaceProbe, LDAProbe, LogisticProbe, MeanDifferenceProbe)
}


def load_probe(path: str | Path) -> Any:
    """Load a fitted linear probe that its save method wrote.

    Its predictions and scores are those of the saved probe, to the last bit. Attributes that only
    describe the fit, such as ``path_``, are not saved.

    Parameters
    ----------
    path : str or Path
        A .safetensors file.

    Returns
    -------
    HalfspaceProbe, LDAProbe, LogisticProbe or MeanDifferenceProbe
        As it was fitted, with its parameters.

    Raises
    ------
    InputError
        If the file is missing, damaged, or not a linear probe.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), ["no", "no", "yes", "yes"]
    >>> with TemporaryDirectory() as folder:
    ...     MeanDifferenceProbe().fit(X, y).save(f"{folder}/probe.safetensors")
    ...     load_probe(f"{folder}/probe.safetensors").predict(np.array([[0.5], [2.5]])).tolist()
    ['no', 'yes']
    """
    saved = SavedProbe.read(path)
    if saved.estimator not in KINDS:
        validation.complain(
            f"{str(path)!r} must hold one of {', '.join(KINDS)}",
            f"it holds {saved.estimator!r}",
            PROBE.hint,
        )
    try:
        probe: Any = KINDS[saved.estimator](**saved.parameters)
    except TypeError as error:
        PROBE.complain_unreadable(path, error)
    if saved.many and not issubclass(KINDS[saved.estimator], ManyConcepts):
        PROBE.complain_unreadable(path, f"{saved.estimator} is a probe of one concept")
    if saved.many:
        probe._adopt_many(LinearProbes(saved.weights, saved.bias, saved.concepts))
    else:
        probe._adopt(LinearProbe(saved.weights, saved.bias, saved.concepts[0]))
    if saved.feature_names is not None:
        probe.feature_names_in_ = np.array(saved.feature_names, dtype=object)
    return probe
