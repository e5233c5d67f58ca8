"""What a study cannot be, and what its function cannot return, is refused as soon as it is seen."""

import numpy as np
import pytest

from nullprobe import InputError
from nullprobe.corpora import Chains
from nullprobe.studies import Measured, Placebo, Rule, Study, run, train

WORDS = {"yes": "It is so.", "no": "It is not so.", "unclear": "It is unclear."}


def rule(name="claim", **fields):
    return Rule(name, "It is so.", WORDS, **fields)


def study(measure=lambda cell, seed, budget: {"model": 1.0}, **fields):
    fields = {"factors": {"a": (0, 1), "b": ("x", "y")}, **fields}
    return Study("made", measure, "?", "u", **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"placebo": Placebo("model", {"zz": 0}, 0.1, "it is nothing")},
        {"placebo": Placebo("model", {"a": 5, "b": "x"}, 0.1, "it is nothing")},
        {"placebo": Placebo("model", {"a": 0}, 0.1, "it is nothing")},
        {"placebo": Placebo("model", {}, 0.1, "it is nothing")},
        {"rules": (rule(), rule())},
        {"rules": (rule(levels={"a": 2}),)},
        {"rules": (rule(effect=("c",)),)},
        {"min_effect": -1},
        {"min_effect": float("nan")},
        {"min_effect": "small"},
        {"measure": 5},
        *({"factors": {name: (0, 1)}} for name in ("levels", "seed", "value", "class", "1", "")),
        {"factors": {"a": (0, 0.0)}},
        {"factors": {"a": "xy"}},
        {"factors": {"a": (1, True)}},
    ],
)
def test_a_study_is_refused_when_it_is_made(fields):
    with pytest.raises(InputError):
        study(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "a b"}, {"name": "a=b"}, {"name": "a.b"}, {"name": ""},
        {"min_effect": -1}, {"min_effect": float("inf")}, {"zero": float("nan")},
    ],
)  # fmt: skip
def test_a_rule_is_refused_when_it_is_made(fields):
    with pytest.raises(InputError):
        rule(**{"name": "claim", **fields})


@pytest.mark.parametrize("within", [0, -0.1, float("nan"), "near"])
def test_a_placebo_that_nothing_passes_is_refused(within):
    with pytest.raises(InputError):
        Placebo("model", {}, within, "it is nothing")


@pytest.mark.parametrize("zero", [0, 0.0, "0", np.int64(0), np.float64(0)])
def test_equal_levels_are_the_same_level(zero):
    def measure(cell, seed, budget):
        return {"model": cell.a + 0.1 * (cell.b == "y") + seed / 1000}

    placebo = Placebo("model", {"b": "x", "a": zero}, 0.01, "it is nothing")
    made = study(measure, rules=(rule(levels={"a": zero}),), placebo=placebo)
    verdict = run(made, seeds=3).verdict
    assert verdict.observed == pytest.approx(0.051)
    assert "void" not in verdict.reason


@pytest.mark.parametrize(
    "fields",
    [
        {"rules": (rule(of="nope"),)},
        {"rules": (rule(sources={"corpus": "nope"}),)},
        {"rules": (rule(needs="nope"),)},
        {"placebo": Placebo("nope", {"a": 0, "b": "x"}, 0.1, "it is nothing")},
    ],
)
def test_what_is_not_measured_is_refused_after_the_first_cell(fields, tmp_path):
    calls = []

    def measure(cell, seed, budget):
        calls.append(cell)
        return {"model": 1.0}

    with pytest.raises(InputError) as error:
        run(study(measure, **fields), seeds=3)
    assert "nope" in error.value.required
    assert len(calls) == 1


@pytest.mark.parametrize(
    "given",
    [
        None,
        1.0,
        "model",
        [1.0],
        np.ones(3),
        {"model": "1.0"},
        {"model": None},
        {"model": np.ones(3)},
        {"model": [1.0]},
        {"model": 1j},
        {"model": float("inf")},
        Measured(1.0),
        Measured({"model": 1.0}, nulls={"nope": [1.0]}),
        Measured({"model": 1.0}, nulls={"model": []}),
        Measured({"model": 1.0}, nulls={"model": 1.0}),
        Measured({"model": 1.0}, nulls={"model": [float("nan")]}),
        Measured({"model": 1.0}, nulls=[1.0]),
        Measured({"model": 1.0}, series={"curve": "12"}),
        Measured({"model": 1.0}, series={"curve": [[1.0], [2.0]]}),
    ],
)
def test_what_is_no_measurement_is_refused_with_what_arrived(given):
    with pytest.raises(InputError) as error:
        run(study(lambda cell, seed, budget: given), seeds=1)
    assert error.value.received or "nope" in error.value.required


@pytest.mark.parametrize("value", [1, True, np.float32(1), np.array(1.0), np.bool_(True)])
def test_any_single_number_is_a_measurement(value):
    result = run(study(lambda cell, seed, budget: {"model": value}), seeds=1)
    assert result.mean("model").value == 1.0


def test_draws_in_some_cells_alone_are_refused():
    def measure(cell, seed, budget):
        return Measured({"model": 1.0}, nulls={"model": [0.0]} if cell.a else {})

    with pytest.raises(InputError) as error:
        run(study(measure), seeds=1)
    assert "a=1" in error.value.received


def test_parts_and_folders_that_are_none_are_refused(tmp_path):
    with pytest.raises(InputError) as error:
        study().part("zz")
    assert "none" in error.value.received
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "folder"):
        (tmp_path / "folder").mkdir(exist_ok=True)
        (tmp_path / "folder" / "parts").write_text("")
        with pytest.raises(InputError):
            run(study(), seeds=1, out=out)


@pytest.mark.parametrize("corpus", ["x", None, 5, object()])
def test_what_is_no_corpus_is_not_trained_on(corpus):
    with pytest.raises(InputError):
        train(corpus, seed=0)


def test_beginnings_are_no_longer_than_texts():
    corpus = Chains(
        states=("good", "bad"), emits={"good": {"helps": 1.0}, "bad": {"lies": 1.0}},
        authors={"steady": {"start": (0.5, 0.5)}}, characters=("knight",), lines=4,
    )  # fmt: skip
    assert corpus.beginnings("knight", "bad", lines=4, n=2).ids.shape == (2, corpus.length)
    with pytest.raises(InputError):
        corpus.beginnings("knight", "bad", lines=9, n=2)
