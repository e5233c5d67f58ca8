"""Halfspace probe: the most accurate linear classifier, instead of the least convex loss.

Problem. If class means are equal, every convex loss has its trivial value. A halfspace that
maximises accuracy may still be far above chance.

Solution. Whiten features by their shrunk covariance, and search for the best halfspace for each
class against the rest (`halfspace_search`).
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from nullprobe._core import arrays, linalg, parameters, validation
from nullprobe._core.arrays import Array
from nullprobe._core.random_state import RandomState, generator
from nullprobe.data.concept import Concept
from nullprobe.moments import Moments
from nullprobe.probes.base.linear import LinearProbe, ProbeEstimator
from nullprobe.probes.solvers.halfspace_search import halfspaces


class HalfspaceProbe(ProbeEstimator):
    """Read a concept with the linear classifier with the best balanced accuracy.

    Parameters
    ----------
    n_init : int
        Random starts of the search, in addition to two informed starts.
    random_state : int, Generator or None
        Source of the starts.

    Notes
    -----
    The halfspace is not guaranteed to be the best: finding the best is NP-hard. With more than two
    classes, there is one halfspace for each class against the rest.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[-1.0], [-1.0], [-1.0], [3.0], [1.0], [1.0], [1.0], [-3.0]])
    >>> y = np.array([0, 0, 0, 0, 1, 1, 1, 1])          # equal means
    >>> float((HalfspaceProbe().fit(X, y).predict(X) == y).mean())
    0.75
    """

    def __init__(self, n_init: int = 8, random_state: RandomState = 0) -> None:
        self.n_init = n_init
        self.random_state = random_state

    def fit(self, X: Array, y: Any) -> Self:
        """Fit the probe to X (n, d) and labels y (n,); classes count equally, without weights."""
        return super().fit(X, y)

    def _probe(self, X: Array, z: Concept, w: np.ndarray | None) -> LinearProbe:
        if z.codes is None:
            validation.complain(
                "a halfspace needs class labels",
                "the concept is numeric",
                "use LDAProbe, or cut the concept into classes",
            )
        parameters.whole_number("n_init", self.n_init, least=0)
        moments = Moments.of(X, z)
        inverse = linalg.reciprocal(moments.scale)
        factor = moments.factor("oas")
        rows = (arrays.host(X) - moments.mean) * inverse
        labels = range(1, 2) if z.n_columns == 2 else range(z.n_columns)
        Y = z.codes[:, None] == np.array(labels)
        W, thresholds = halfspaces(
            factor.whiten(rows),
            Y,
            n_init=self.n_init,
            rng=generator(self.random_state),
        )
        W = inverse[:, None] * factor.unwhiten(W)
        return LinearProbe(W, -thresholds - moments.mean @ W, z.classes)
