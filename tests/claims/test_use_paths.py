"""Paths of an interchange in words, from readings made by hand."""

import numpy as np
import pytest

from nullprobe.claims import Observation, Thresholds
from nullprobe.claims.use_methods import INTERCHANGE, Method
from nullprobe.claims.use_paths import path_in_words

BAR = Thresholds()


def reading(value, sd=0.01):
    return Observation(value, "nats", 0.0, value + sd * np.linspace(-2, 2, 1000))


def path(**fields):
    made = Method(INTERCHANGE, reading(1.0), (), reading(1.0), **fields)
    return path_in_words(made, BAR)


@pytest.mark.parametrize(
    ("direct", "added", "sd", "words"),
    [
        (0.4, 0.6, 0.01, "later layers add 0.6"),
        (1.5, -0.6, 0.01, "undo 40%"),
        (1.0, 0.01, 0.01, "less than what is of interest"),
        (1.0, -0.1, 0.1, "unclear"),
        (-0.4, -0.6, 0.01, "unclear"),  # nothing that could be repaired
    ],
)
def test_later_layers_add_or_undo_only_what_is_of_interest(direct, added, sd, words):
    assert words in path(direct=reading(direct), added=reading(added, sd))


@pytest.mark.parametrize(
    ("share", "sd", "words"),
    [
        (0.5, 0.01, "restore the text's own value (self-repair)"),
        (1.0, 0.01, "do not restore"),
        (1.2, 0.01, "do not restore"),
        (0.96, 0.1, "unclear"),
    ],
)
def test_repair_is_what_is_left_at_the_last_layer(share, sd, words):
    later = (("layers.3.output", reading(1.0)), ("layers.4.output", reading(share, sd)))
    text = path(later=later)
    assert words in text
    assert "layers.4.output" in text


def test_what_was_not_measured_is_not_stated():
    assert path() == ""
    few = Observation(0.5, "share", 1.0, np.full(1000, np.nan))
    assert path(later=(("layers.4.output", few),)) == ""
