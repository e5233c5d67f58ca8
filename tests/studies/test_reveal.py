"""The study of reveals: what is believed of the past then and now, and who can read it."""

import numpy as np
import pytest

from nullprobe.corpora.reveal import COVERS, SIGNS, STATES, reveal
from nullprobe.studies import reveal as room
from nullprobe.studies.observing import explained
from nullprobe.studies.reveal_texts import reveals
from nullprobe.studies.running import run
from nullprobe.studies.standing import unsigned

WORLD = reveal()


@pytest.fixture(scope="module")
def drawn():
    return WORLD.sample(3000, np.random.default_rng(0))


@pytest.fixture(scope="module")
def found(drawn):
    return reveals(WORLD, drawn.ids)


def test_each_reveal_is_the_first_and_its_act_the_last_before_it(found):
    for text, at, act, character in zip(
        found.ids[:50], found.reveal, found.act, found.character, strict=False
    ):
        words = [WORLD.words[w] for w in text]
        name = WORLD.characters[character]
        assert words[at] in {f"{name}.{sign}" for sign in SIGNS}
        assert not any(w.rpartition(".")[2] in SIGNS for w in words[:at])
        assert words[act].startswith(f"{name}.")
        assert name not in words[act + 1 : at - 1]


def test_beliefs_of_both_times_are_as_often_true(drawn, found):
    """The truth is not in the texts; it is drawn with them."""
    rows = [np.flatnonzero((drawn.ids == text).all(axis=1))[0] for text in found.ids]
    states = np.stack([drawn.latents[c][rows] for c in WORLD.characters])
    n = np.arange(len(found))
    under = np.isin(states[found.character, n, found.act - 1], COVERS)
    for belief in (found.then, found.now, found.later):
        edges = np.quantile(belief, [0.25, 0.5, 0.75])
        for part in range(4):
            here = np.digitize(belief, edges) == part
            error = np.sqrt(belief[here].mean() * (1 - belief[here].mean()) / here.sum())
            # Of texts with a reveal, which `then` did not know: it is only right on average there.
            slack = 0.15 if belief is found.then else 0.0
            assert abs(under[here].mean() - belief[here].mean()) < 4 * error + slack
    better = (under - found.then) ** 2 - (under - found.now) ** 2
    assert better.mean() > 5 * better.std() / np.sqrt(len(better))


def test_the_belief_now_is_that_of_the_smoother_and_then_that_of_the_filter(found):
    for row in (0, 7, 19):
        at, act, name = found.reveal[row], found.act[row], WORLD.characters[found.character[row]]
        text = found.ids[row : row + 1]
        ends = {act: found.then, at: found.now, found.named[row]: found.later}
        for end, belief in ((end, beliefs[row]) for end, beliefs in ends.items()):
            past = WORLD.smoothed(text[:, : end + 1])[name]
            assert past[0, act - 1, COVERS].sum() == pytest.approx(belief, abs=1e-12)
        assert WORLD.words[text[0, found.named[row]]] == name
        assert name not in [WORLD.words[w] for w in text[0, at + 1 : found.named[row]]]


@pytest.mark.parametrize("lasting", [True, False])
def test_present_beliefs_tell_the_past_only_where_it_matters(lasting):
    world = reveal(lasting=lasting)
    one = reveals(world, unsigned(world, 1500, [1]))
    half = np.arange(len(one)) % 2 == 0
    for place in (room.REVEAL, room.NAMED):
        at, now, current = room.belief_at(one, place)
        exact = explained(current, now[:, None], half)
        assert exact > 0.999 if lasting else exact < 0.4
        # Neither the words nor the old belief next to the word of the reveal tell it.
        assert explained(one.words(at, len(world.words)), now[:, None], half) < 0.3
        assert explained(one.side_by_side(world), now[:, None], half) < 0.3


def test_houses_and_signs_are_all_alike_in_frequency(drawn):
    """No house, and no sign, means something by itself."""
    tables = WORLD.tables
    start = np.einsum("a,acs->s", tables.prior, tables.start) / len(WORLD.characters)
    np.testing.assert_allclose(start[::2], start[1::2])
    assert STATES[0].rpartition(".")[0] == STATES[1].rpartition(".")[0]
    counts = [(drawn.ids == WORLD.words.index(f"knight.{sign}")).sum() for sign in SIGNS]
    assert abs(counts[0] - counts[1]) < 5 * np.sqrt(sum(counts))


@pytest.mark.slow
def test_a_small_run_measures_everything_and_judges_by_all_rules(monkeypatch, tmp_path):
    for name, value in {"STEPS": 40, "TEXTS": 1500, "DRAWS": 19, "SNAPSHOTS": (20, 40)}.items():
        monkeypatch.setattr(room, name, value)
    result = run(room.reveal, quick=True, cache=tmp_path)
    assert {claim.name for claim in result.claims} == {rule.name for rule in room.RULES}
    assert "yes" not in {str(claim.holds) for claim in result.claims}
    for record in result.records:
        assert len(record.nulls[room.NOW]) == 19
        assert record.series["step"] == (5.0, 10.0)
        assert record.values["untrained: KL from full"] > 1
    matters = next(one for one in result.records if one.cell.lasting)
    assert matters.values[f"exact beliefs: {room.NOW}"] > 0.99
    assert len(result.figures) == 3
    result.to_html(tmp_path / "page.html")
