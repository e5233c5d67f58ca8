"""Rules about factors of several levels: no effect is overlooked, and nothing is seen too often."""

import numpy as np
import pytest

from nullprobe import InputError
from nullprobe.studies import Measured, Rule, Study, run
from nullprobe.studies.rules import of_factor

WORDS = {"yes": "It is so.", "no": "It is not so.", "unclear": "It is unclear."}


def verdict(of_level, levels=(0, 1, 2), *, seeds=5, noise=0.01, **fields):
    def measure(cell, seed, budget):
        rng = np.random.default_rng([seed, list(levels).index(cell.a)])
        return {"model": of_level(cell.a) + noise * rng.normal()}

    one = Study("made", measure, "?", "u", factors={"a": levels, "b": ("x", "y")}, **fields)
    return run(one, seeds=seeds)["effect_of_a"]


@pytest.mark.parametrize(
    ("of_level", "levels", "largest"),
    [
        (lambda a: 1.0 * (a == 1), (0, 1, 2), 1.0),
        (lambda a: -1.0 * (a == 1), (0, 1, 2), 1.0),
        (lambda a: 1.0 * a, (0, 1, 2), 2.0),
        (lambda a: -0.5 * a, (0.0, 0.5, 1.0), 0.5),
        (lambda a: 1.0 * (a == "c"), tuple("abcde"), 1.0),
        (lambda a: 1.0 * (a == "a"), tuple("abcde"), 1.0),
        (lambda a: {"a": 0, "b": 2, "c": -1, "d": 0}[a], tuple("abcd"), 3.0),
        (lambda a: 1.0 * a, (0, 1), 1.0),
    ],
)
def test_an_effect_of_any_level_is_seen_and_its_size_is_stated(of_level, levels, largest):
    claim = verdict(of_level, levels)
    assert str(claim.holds) == "yes"
    assert claim.observed == pytest.approx(largest, abs=0.05)
    assert claim.interval[0] <= claim.observed <= claim.interval[1]


@pytest.mark.parametrize("levels", [(0, 1), (0, 1, 2), tuple("abcde")])
def test_levels_that_are_alike_have_no_effect_and_noisy_ones_are_unclear(levels):
    assert str(verdict(lambda a: 0.3, levels).holds) == "no"
    noisy = verdict(lambda a: 0.3, levels, noise=1.0)
    assert str(noisy.holds) == "unclear"
    assert noisy.detectable > 0.5


@pytest.mark.slow
def test_pairs_share_the_error_of_one_test():
    """Of 200 studies of nothing 5 % may be wrong; without a correction over 15 % would be."""
    wrong = 0
    for number in range(200):
        values = np.random.default_rng(number).normal(size=(5, 4))
        one = Study("made", lambda c, s, b, v=values: {"model": v[c.a, s]}, "?", "u",
                    factors={"a": range(5)})  # fmt: skip
        wrong += str(run(one, seeds=4).verdict.holds) == "yes"
    assert wrong <= 200 * 0.1


def test_draws_within_the_models_are_of_the_largest_difference():
    def measure(size):
        def one(cell, seed, budget):
            rng = np.random.default_rng([seed, cell.a])
            draws = rng.normal(0, 0.3, 199)
            return Measured({"model": size * (cell.a == 1)}, nulls={"model": draws})

        return one

    def claim(size):
        return run(
            Study("made", measure(size), "?", "u", factors={"a": (0, 1, 2)}), seeds=1
        ).verdict

    assert claim(5.0).p_value <= 0.01
    assert str(claim(-5.0).holds) == "yes"
    assert str(claim(0.1).holds) == "unclear"


@pytest.mark.slow
def test_draws_within_the_models_of_nothing_say_yes_no_more_often_than_alpha():
    wrong = 0
    for number in range(300):
        rng = np.random.default_rng(number)
        values, draws = rng.normal(size=4), rng.normal(size=(4, 99))

        def measure(cell, seed, budget, values=values, draws=draws):
            return Measured({"model": values[cell.a]}, nulls={"model": draws[cell.a]})

        one = Study("made", measure, "?", "u", factors={"a": range(4)})
        wrong += str(run(one, seeds=1).verdict.holds) == "yes"
    assert wrong <= 300 * 0.08


@pytest.mark.parametrize("other", ["twin", "corpus", "inputs"])
def test_a_source_must_have_all_differences(other):
    def measure(shape):
        def one(cell, seed, budget):
            rng = np.random.default_rng([seed, cell.a])
            model = (0.0, 1.0, 0.5)[cell.a] + 0.01 * rng.normal()
            return {"model": model, other: shape[cell.a]}

        return one

    def source(*shape):
        one = Study("made", measure(shape), "?", "u", factors={"a": (0, 1, 2)})
        return str(run(one, seeds=5).verdict.comes_from)

    name = {"twin": "architecture"}.get(other, other)
    assert source(3.0, 4.0, 3.5) == name
    assert source(0.0, 1.0, 0.0) != name  # the largest difference is the same, another is not


def test_a_rule_may_be_of_the_ends_or_of_the_largest_difference():
    def holds(contrast):
        rule = Rule("effect_of_a", "It is so.", WORDS, effect=("a",), contrast=contrast)
        return str(verdict(lambda a: 1.0 * (a == 1), rules=(rule,)).holds)

    assert holds("ends") == "no"
    assert holds("largest") == "yes"
    assert of_factor("a").contrast == "ends"
    for wrong in ({"direction": "more"}, {"zero": 1.0}, {"effect": ()}, {"contrast": "middle"}):
        with pytest.raises(InputError):
            Rule(**{"name": "r", "statement": "It.", "sentences": WORDS, "effect": ("a",),
                    "contrast": "largest", **wrong})  # fmt: skip


@pytest.mark.parametrize("seeds", [1, 2, 5])
def test_sources_that_were_measured_were_tried(seeds):
    def measure(cell, seed, budget):
        return {"model": 0.587, "corpus": 0.595, "twin": 0.011}

    claim = run(Study("made", measure, "?", "u"), seeds=seeds).verdict
    assert str(claim.comes_from) == ("corpus" if seeds > 2 else "undecided")
    bare = run(Study("made", lambda c, s, b: {"model": 0.587}, "?", "u"), seeds=seeds).verdict
    assert str(bare.comes_from) == "not_tried"


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        ({"model": 1.0, "corpus": 1.0}, "It comes from the corpus"),
        ({"model": 1.0, "twin": 1.0}, "It comes from the architecture"),
        ({"model": 1.0, "inputs": 1.0}, "It comes from the inputs"),
        ({"model": 1.0, "inputs": 0.0, "twin": 0.0, "corpus": 0.0}, "It comes from training"),
        ({"model": 1.0, "corpus": 0.0}, "Where it comes from is undecided"),
    ],
)
def test_the_answer_says_where_what_holds_comes_from(measured, words):
    result = run(Study("made", lambda c, s, b: measured, "?", "u"), seeds=3)
    assert words in result.answer
    assert words in result.in_words()
    assert words in result.document().plain()["answer"]
    none = run(Study("made", lambda c, s, b: {"model": 1.0}, "?", "u"), seeds=3)
    assert "comes from" not in none.answer


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_terms_that_cancel_are_nought(scale):
    def measure(cell, seed, budget):
        return {"model": scale * (0.1 + 0.2 * (cell.a + cell.b) + seed / 7)}

    one = Study("made", measure, "?", "u", factors={"a": (0, 1), "b": (0, 1)})
    assert run(one, seeds=3).effects["a × b"].value == 0.0
