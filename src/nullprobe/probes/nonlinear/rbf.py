"""Gaussian-kernel probe: read any smooth difference between the classes.

Problem. Linear and quadratic probes read means and covariances only. After erasure, a more general
probe may still read the concept.

Solution. Standardise features and use a Gaussian kernel whose width is the expected distance of two
rows; classes count equally. Up to `MOST_EXACT` rows, fit scikit-learn's support vector machine; for
more rows, logistic regression on landmarks (Nyström). An inner split of the fitting rows chooses C
by AUC.

Reference. B. Schölkopf, A. Smola, "Learning with kernels" (2002); C. Williams, M. Seeger,
"Using the Nyström method to speed up kernel machines", NIPS 2000.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from nullprobe._core import parameters, validation
from nullprobe._core.random_state import RandomState
from nullprobe.probes.base.nonlinear import InnerChoice

STRENGTHS = (1.0, 10.0, 100.0)  # weakest first: ties go to the first
MOST_EXACT = 2000  # with more rows, landmarks replace the kernel matrix
LANDMARKS = 512


class RBFProbe(InnerChoice):
    """Read a concept with a Gaussian kernel: any smooth difference between the classes.

    Parameters
    ----------
    C : float or None
        Inverse strength of the penalty; None for the best AUC in an inner split of the fitting
        rows.
    max_samples : int
        Most fitting rows. From more rows a sample is drawn, with classes in proportion.
    random_state : int, Generator or None
        Source of the sample, the split and the landmarks.

    Notes
    -----
    Uses scikit-learn: ``SVC`` up to 2,000 rows, and ``Nystroem`` with 512 landmarks and
    ``LogisticRegression`` for more; one class against the rest. The kernel is exp(−|x − x'|² / 2l)
    for l features that vary. If many features are unrelated to the concept, all distances are
    similar and the probe reads little, even if the concept is present.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1] > 0                          # no halfspace does
    >>> RBFProbe().fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.8
    True
    """

    SPLITS = 1

    def __init__(
        self, C: float | None = None, max_samples: int = 20_000, random_state: RandomState = 0
    ) -> None:
        self.C = C
        self.max_samples = max_samples
        self.random_state = random_state

    def _settings(self, n: int) -> Sequence[tuple[float, bool]]:
        """Return candidates for C, each with whether the exact kernel is used."""
        if self.C is not None and parameters.real_number("C", self.C, least=0.0) == 0:
            validation.complain("C must be above 0", "it is 0", "pass a larger number")
        return [(C, n <= MOST_EXACT) for C in (STRENGTHS if self.C is None else (self.C,))]

    def _model(self, setting: tuple[float, bool], rows: np.ndarray, seed: int) -> Any:
        C, is_exact = setting
        gamma = 0.5 / rows.shape[1]
        if is_exact:
            return OneVsRestClassifier(SVC(C=C, gamma=gamma, class_weight="balanced"))
        landmarks = Nystroem(gamma=gamma, n_components=min(LANDMARKS, len(rows)), random_state=seed)
        reader = LogisticRegression(C=C, class_weight="balanced", max_iter=5000)
        return OneVsRestClassifier(make_pipeline(landmarks, reader))
