"""Demo: the founding experiment, and two data sets in which other things happen.

One direction holds all the linearly available information in each of them, for that takes linear
algebra alone; what remains for a fresh probe, and why, is not the same in any two. (To standardise
the founding experiment changes nothing: erasers and probes do not depend on units.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits

from nullprobe.auditing.result import Audit
from nullprobe.cli.subject import Subject
from nullprobe.worlds import two_features

QUESTION = (
    "Removing one direction removes all that a linear probe could use, in each of three data sets. "
    "Is that a fact about the representation, or about linear algebra? And what does a fresh probe "
    "read on new data?"
)
BEFORE, AFTER = "in_sample_before_shuffled", "in_sample_after_shuffled"


def subjects(seed: int) -> list[Subject]:
    """Return what the demo audits, in the order of the page."""
    digits: Any = load_digits()
    cancer: Any = load_breast_cancer()
    return [
        _founding(seed),
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


def _founding(seed: int) -> Subject:
    world = two_features(n_per_class=300, d=3, random_state=seed)
    return Subject(
        title="Two features",
        X=world.X,
        y=np.where(world.y == 1, "positive", "negative"),
        source={"world": world.description},
        feature_names=("first feature", "second feature", "noise"),
    )


def point(results: Sequence[Audit]) -> list[str]:
    """Return the point of the demo in three paragraphs, with its numbers."""
    falls = [(result.heading, result["one_direction"].details) for result in results]
    first, *others = [_fall(*one) for one in falls]
    shuffled = max(falls, key=lambda one: one[1][BEFORE] - one[1][AFTER])
    left = [f"{result['erasure_holds'].observed:.2f}" for result in results]
    return [
        "Fit the direction that separates two classes, project it out, and the accuracy of "
        f"logistic regression on the same rows falls {first}. It is tempting to conclude that "
        "one direction held all the information.",
        "But these data have two independent features, and each separates the classes. In the "
        f"other data sets of this page the accuracy falls, too: {'; '.join(others)}. It also "
        f"falls when labels are shuffled and mean nothing: {_fall(*shuffled, '_shuffled')}. "
        "Linear algebra alone explains the result: the second claim below states it.",
        "To learn something about the representation, ask what a theorem does not answer. On "
        f"held-out rows, a fresh probe reads an AUC of {', '.join(left)} after erasure; a "
        "classifier fitted for accuracy, or a nonlinear reader, may read more. Each verdict below "
        "states whether chance, means and covariances, or the shape of the noise explain that. "
        "Where it comes from is not tested here: no other representation of these rows is passed.",
    ]


def _fall(title: str, details: Mapping[str, float], labels: str = "") -> str:
    before, after = (details[f"in_sample_{when}{labels}"] for when in ("before", "after"))
    largest = details["largest_class"]
    return f"from {before:.0%} to {after:.0%} ({title}; the larger class has {largest:.0%})"
