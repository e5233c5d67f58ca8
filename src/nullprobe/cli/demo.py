"""Demo: the founding experiment, and two data sets in which other things happen.

One direction holds all the linearly available information in each of them, for that is a fact
about linear algebra; what remains for a fresh probe, and why, is not the same in any two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits

from nullprobe.cli.subject import Subject
from nullprobe.worlds import two_features

QUESTION = (
    "Removing one direction removes all that a linear probe could use, in each of four data sets. "
    "Is that a fact about the representation, or about linear algebra? And what does a fresh probe "
    "read on new data?"
)
FOUNDING = {"n_per_class": 100, "d": 3}


def subjects(seed: int) -> list[Subject]:
    """Return what the demo audits, in the order of the page."""
    digits: Any = load_digits()
    cancer: Any = load_breast_cancer()
    return [
        _founding(standardise=False, seed=seed),
        _founding(standardise=True, seed=seed),
        Subject(
            title="Digits: odd or even",
            X=digits.data,
            y=np.where(digits.target % 2 == 1, "odd", "even"),
            source={"data": "scikit-learn load_digits; 64 pixels, concept: the digit's parity"},
            feature_names=tuple(map(str, digits.feature_names)),
        ),
        Subject(
            title="Breast cancer: malignant or benign",
            X=cancer.data,
            y=cancer.target_names[cancer.target],
            source={"data": "scikit-learn load_breast_cancer; 30 measurements of cell nuclei"},
            feature_names=tuple(map(str, cancer.feature_names)),
        ),
    ]


def _founding(*, standardise: bool, seed: int) -> Subject:
    world = two_features(**FOUNDING, standardise=standardise, random_state=seed)
    return Subject(
        title=f"Two features, {'standardised' if standardise else 'raw'}",
        X=world.X,
        y=np.where(world.y == 1, "positive", "negative"),
        source={"world": world.description},
        feature_names=("first feature", "second feature", "noise"),
    )
