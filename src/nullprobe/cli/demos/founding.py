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
from nullprobe.report.text.answer import ABOUT, CAME_OUT, TESTED
from nullprobe.report.text.rungs import EXPLAINS
from nullprobe.report.text.wording import sentence
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


def point(results: Sequence[Audit]) -> list[tuple[str, str]]:
    """Return what was tested, what came out, and what it is a fact about, with its numbers."""
    falls = [(result.heading, result["one_direction"].details) for result in results]
    first, *others = [_fall(*one) for one in falls]
    shuffled = max(falls, key=lambda one: one[1][BEFORE] - one[1][AFTER])
    left = [
        f"{result['no_halfspace'].observed:.0%} ({_short(result.heading)})" for result in results
    ]
    read = [f"{result['gone'].observed:.2f}" for result in results]
    return [
        (
            TESTED,
            "Is one direction all that a linear probe (a linear classifier that reads the class) "
            "can use? The first data set has two independent features that each separate the "
            "classes, and one of noise. In each data set LEACE removes the one direction that a "
            "linear probe reads.",
        ),
        (
            CAME_OUT,
            f"On the same rows it seems so: accuracy falls {first}; in the other data sets "
            f"{', and '.join(others)}. But it also falls with shuffled labels, which mean nothing: "
            f"{_fall(*shuffled, '_shuffled')}. So the fall does not show that the direction held "
            "all the information, and on new rows a linear classifier can use more: fitted for "
            f"accuracy, it gets {', '.join(left)} right, where chance is 50%. A nonlinear reader "
            f"reads an AUC of {', '.join(read)}.",
        ),
        (
            ABOUT,
            "The fall on the same rows is a fact about linear algebra: any labels on any data give "
            f"it. What is left on new rows is not. {_takes(results)} Where it comes from was not "
            "tried: that needs inputs or an untrained model to compare with.",
        ),
    ]


def _fall(title: str, details: Mapping[str, float], labels: str = "") -> str:
    before, after = (details[f"in_sample_{when}{labels}"] for when in ("before", "after"))
    largest = details["largest_class"]
    return f"from {before:.0%} to {after:.0%} ({_short(title)}, largest class {largest:.0%})"


def _takes(results: Sequence[Audit]) -> str:
    """Say what explains the reading of a halfspace, in which data sets."""
    places: dict[str, list[str]] = {}
    for result in results:
        takes = result["no_halfspace"].takes.value
        places.setdefault(takes, []).append(_short(result.heading))
    known = {key: EXPLAINS[key].format("it").rstrip(".") for key in EXPLAINS}
    parts = [
        f"{known.get(takes, 'what explains it is undecided')} ({', '.join(names)})"
        for takes, names in places.items()
    ]
    return f"{sentence('; '.join(parts))}."


def _short(title: str) -> str:
    return title.partition(":")[0].lower()
