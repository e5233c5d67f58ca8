"""The study of outside-text: guarantees hold, attacks break what has none, the price is stated."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from nullprobe.studies import outside as room
from nullprobe.studies import outside_attacks as attacks
from nullprobe.studies import outside_ways as ways
from nullprobe.studies.definition import Budget, Cell
from nullprobe.studies.outside_rules import ATTACKS, PLACEBO, RULES, TEXTS
from nullprobe.studies.running import run
from nullprobe.worlds.language_models import attacks as searches

SMALL = {
    room: {"STEPS": 40, "PRICED": 300},
    ways: {"TEACHING": 40},
    attacks: {
        "NATURAL": 60, "RANDOM": 200, "SEARCHES": 2, "SWEEPS": 1, "ATTACKED": 12, "TUNING": 10,
        "RATES": (1e-3, 1.0), "NORMS": (1, 10, 100),
    },
}  # fmt: skip


def small(monkeypatch):
    for place, values in SMALL.items():
        for name, value in values.items():
            monkeypatch.setattr(place, name, value)
    monkeypatch.setattr(room, "TUNING", 10)
    monkeypatch.setattr(room, "RATES", (1e-3, 1.0))
    monkeypatch.setattr(searches, "search_vector", partial(searches.search_vector, steps=12))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return a folder for the model that every cell begins with."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def result(kept):
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        yield run(room.outside, quick=True, cache=kept)


def values_of(result, way):
    return next(one.values for one in result.records if one.cell.way == way)


@pytest.mark.slow
def test_guarantees_hold_and_bound_what_is_left_to_the_context(result):
    for way in ways.WAYS:
        values = values_of(result, way)
        guaranteed = values["guaranteed probability, every text"]
        assert (guaranteed > 0) == (way in (ways.HARD_CODED, ways.SEALED))
        assert values["least probability of a word"] >= guaranteed - 1e-6
        assert guaranteed >= values["guaranteed probability, vector of norm 10"]
        assert abs(values["in-context learning in its place"]) <= 1 - guaranteed + 1e-6
        assert values[TEXTS] == min(
            values[f"{kind} texts"] for kind in ("natural", "random", "searched")
        )
        assert values[ATTACKS] <= min(values[TEXTS], values["vector of norm 100"])
    assert values_of(result, ways.HARD_CODED)[ATTACKS] == 1
    sealed = values_of(result, ways.SEALED)
    assert sealed[TEXTS] == sealed["vector of norm 1"] == sealed["vector of norm 10"] == 1
    assert sealed[ATTACKS] == 0


@pytest.mark.slow
def test_attacks_break_what_nothing_guarantees(result):
    for way in set(ways.WAYS) - {ways.HARD_CODED, ways.SEALED}:
        values = values_of(result, way)
        assert values[ATTACKS] == 0
        assert values["vector of norm 10"] < 0.5
        assert values["steps of training to break it"] < attacks.TUNING
    # Unprotected, a table can be trained away as well.
    hard_coded = values_of(result, ways.HARD_CODED)
    assert hard_coded["steps of training to break it"] < 100
    assert values_of(result, ways.NOTHING)[PLACEBO.of] < PLACEBO.within


@pytest.mark.slow
def test_a_share_of_the_table_costs_what_the_bound_says(result):
    record = next(one for one in result.records if one.cell.way == ways.HARD_CODED)
    learned, loss = (
        np.array(record.series[f"{name} in its place"]) for name in ("in-context learning", "loss")
    )
    shares = np.array(ways.SHARES)
    np.testing.assert_allclose(record.series["guaranteed"], shares, atol=1e-6)
    # A network of few steps gives π to padding, which is not counted. The table takes a share of
    # that as well: the loss rises by λπ more, to first order.
    more = loss - loss[0] + np.log(1 - shares)
    assert -1e-6 < more[-1] < 0.02
    np.testing.assert_allclose(more, shares * more[-1] / shares[-1], rtol=0.02, atol=1e-6)
    np.testing.assert_allclose(learned, (1 - shares) * learned[0], rtol=0.02)
    assert len(result.figures) == 3
    assert {claim.name for claim in result.claims} == {rule.name for rule in RULES}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers(monkeypatch):
    small(monkeypatch)
    for place, name in ((room, "STEPS"), (ways, "TEACHING")):
        monkeypatch.setattr(place, name, 4)
    one, other = (
        room.measure(Cell({"way": ways.SEALED}), 1, Budget(quick=True, cache=False))
        for _ in range(2)
    )
    assert one.values == other.values


@pytest.mark.slow
def test_small_vectors_are_measured_and_one_of_no_length_changes_nothing(monkeypatch, kept):
    small(monkeypatch)
    monkeypatch.setattr(room, "SMALL_NORMS", (1e-9, 1000.0))
    part = replace(room.outside.part("small"), pictures=None)
    rules = [replace(rule, of="vector of norm 1000") for rule in part.rules]
    found = run(replace(part, rules=rules), quick=True, cache=kept)
    assert [one.cell.way for one in found.records] == ["prompted", "tuned", "tuned, noise too"]
    budget = Budget(quick=True, cache=False)
    (training,) = room.trainings(part.cells[0], 0, budget)
    made = training.made(Budget(cache=kept))
    for one in found.records:
        every = attacks.Attacks(0, budget)
        stream = room.module("attacks").size_of(made.model, "layers.1", every.natural)
        defended = ways.defended(one.cell.way, made, seed=0, budget=budget, stream=stream)
        natural = every.target.success(defended.model, every.contexts(defended, every.natural))
        assert one.values["vector of norm 1e-09"] == natural
        assert one.values["vector of norm 1000"] <= natural


def test_pictures_of_small_vectors_have_every_norm():
    part = room.outside.part("small")
    names = [f"vector of norm {norm:g}" for norm in attacks.SMALL_NORMS]
    found = run(replace(part, measure=lambda c, s, b: dict.fromkeys(names, 0.5)), seeds=3)
    (shown,) = found.figures
    assert [one["x"] for one in shown["series"]] == [list(attacks.SMALL_NORMS)] * 3
    assert {rule.of for rule in part.rules} <= set(names)
