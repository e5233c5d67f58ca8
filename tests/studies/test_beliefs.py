"""The study of beliefs: its measures on states made by hand, and that it ends in both sentences."""

import numpy as np
import pytest

from nullprobe.studies import Measured, Study, run
from nullprobe.studies.beliefs import BEYOND, READ, beliefs, pictures, readings, words_so_far


def test_a_linear_image_is_read_on_new_texts_and_noise_is_not():
    rng = np.random.default_rng(0)
    target = rng.random((60, 5, 3))
    image = target @ rng.normal(size=(3, 8)) + 2.0
    noise = rng.normal(size=(60, 5, 8))
    assert readings(image, [target])[0] == pytest.approx(1)
    assert readings(noise, [target])[0] < 0.05
    # Several targets at once are as each alone.
    both = readings(noise, [target, target[::-1]])
    assert both[1] == pytest.approx(readings(noise, [target[::-1]])[0])


def test_the_fit_has_not_seen_the_texts_that_are_scored():
    rng = np.random.default_rng(0)
    X, target = rng.normal(size=(20, 3, 25)), rng.random((20, 3, 2))
    assert readings(X, [target])[0] < 0


def test_words_so_far_know_nothing_of_later_words():
    ids = np.array([[0, 1, 2, 3], [0, 1, 2, 1]])
    one, other = words_so_far(ids, 4)
    np.testing.assert_array_equal(one[:3], other[:3])
    assert (one[3] != other[3]).any()
    assert one.shape == (4, 16)


@pytest.mark.parametrize(("model", "holds"), [(0.999, "yes"), (0.951, "no")])
def test_either_outcome_has_its_sentence(model, holds):
    def measure(cell, seed, budget):
        r2 = {"model": model + 1e-4 * seed, "inputs": 0.95, "twin": 0.9}
        left = {f"{name}_left": 1 - value for name, value in r2.items()}
        draws = np.random.default_rng(seed).normal(0, 0.01, 199)
        return Measured({**r2, "beyond": r2["model"] - 0.95, **left}, nulls={"model": draws})

    one = Study(
        "beliefs", measure, "?", "R²", rules=(READ, BEYOND), min_effect=0.01, pictures=pictures
    )
    result = run(one, seeds=3)
    assert result["belief_is_read"].holds == "yes"
    assert result["beyond_inputs"].holds == holds
    assert BEYOND.sentences[holds] in result.answer
    assert [shown["key"] for shown in result.figures] == ["read", "left"]
    source = "training" if holds == "yes" else "inputs"
    assert result["belief_is_read"].comes_from == source


@pytest.mark.slow
def test_a_quick_run_finds_the_belief():
    result = run(beliefs, quick=True, cache=False)
    values = result.records[0].values
    assert values["model"] > values["inputs"] > values["twin"] > 0.8
    assert max(result.records[0].nulls["model"]) < 0.05  # held out, so it may be below 0
    assert 0 < values["gap_to_ideal_in_nats"] < 0.05
    assert result["belief_is_read"].holds == "yes"
