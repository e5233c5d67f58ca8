"""The study of authors: observers stand where they should, and a small run measures it all."""

import numpy as np
import pytest

from nullprobe.corpora.authors import authors
from nullprobe.studies import authors as room
from nullprobe.studies.running import run

WORLD = authors()


@pytest.fixture(scope="module")
def texts():
    return room.Standing(WORLD, room.unsigned(WORLD, 80, [0]))


@pytest.mark.parametrize(
    ("observer", "author", "character"),
    [("full", 1, 1), ("simulacra", 0, None), ("author", None, 0)],
)
def test_each_observer_stands_at_its_end(texts, observer, author, character):
    here = texts.of(texts.observers[observer].log_p)
    assert here[f"KL from {observer}"] == 0
    for name, place in (("author share", author), ("character share", character)):
        if place is not None:
            assert here[name] == pytest.approx(place, abs=1e-9)


def test_the_exact_predictor_of_unlinked_characters_does_not_follow_authors(texts):
    unlinked = authors(linked=False)
    assert unlinked.words == WORLD.words
    here = texts.of(unlinked.observers(texts.ids)["full"].log_p)
    assert abs(here["author share"]) < 0.05
    assert here["KL from simulacra"] < 0.2 * here["KL from full"]


def test_a_mixture_stands_in_between(texts):
    full, less = (np.exp(texts.observers[one].log_p) for one in ("full", "simulacra"))
    with np.errstate(divide="ignore"):
        mixed = np.log(0.7 * full + 0.3 * less)
    assert texts.of(mixed)["author share"] == pytest.approx(0.7, abs=0.02)


def test_texts_of_the_study_have_no_byline():
    ids = room.unsigned(WORLD, 50, [1])
    assert len(ids) == 50
    assert {WORLD.words[i] for i in ids[:, 1]} == {"anon"}


@pytest.mark.slow
def test_a_small_run_measures_everything_and_judges_by_all_rules(monkeypatch, tmp_path):
    for name, value in {"STEPS": 240, "TEXTS": 100, "MAPS": 19, "BEGINNINGS": 50}.items():
        monkeypatch.setattr(room, name, value)
    monkeypatch.setattr(room, "SNAPSHOTS", (120, 240))
    result = run(room.authors, quick=True, cache=tmp_path)
    (record,) = result.records
    assert record.values["untrained: author share"] != record.values["author share"]
    assert abs(record.values["unlinked corpus: author share"]) < 0.3
    assert len(record.nulls["lost by erasing authors"]) == 19
    assert record.series["step"] == (30.0, 60.0)
    assert {claim.name for claim in result.claims} == {rule.name for rule in room.RULES}
    assert len(result.figures) == 3
    shares = [v for name, v in record.values.items() if ": bad after" in name]
    assert len(shares) == 12
    assert all(0 <= one <= 1 for one in shares)


@pytest.mark.slow
def test_a_small_run_of_other_casts_is_judged_cast_by_cast(monkeypatch, tmp_path):
    for name, value in {"STEPS": 40, "TEXTS": 100}.items():
        monkeypatch.setattr(room, name, value)
    result = run(room.authors.part("cast"), quick=True, cache=tmp_path)
    assert [one.cell.cast for one in result.records] == list(room.CASTS)
    assert {claim.name for claim in result.claims} == {rule.name for rule in room.CAST_RULES}
    assert len({one.values["KL from full"] for one in result.records}) == 3


def test_three_characters_tell_more_of_the_author_of_each_other():
    """What the third one does is known to the full observer, and to nobody else."""
    world = authors(characters=("knight", "wizard", "thief"))
    texts = room.Standing(world, room.unsigned(world, 80, [0]))
    for observer, share in (("full", 1), ("simulacra", 0)):
        here = texts.of(texts.observers[observer].log_p)
        assert here["author share"] == pytest.approx(share, abs=1e-9)
