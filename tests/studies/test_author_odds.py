"""How fast the odds of an author who never flips change, against arithmetic by hand."""

from dataclasses import replace

import numpy as np
import pytest

from nullprobe.studies import author_odds as room
from nullprobe.studies.running import run


def only(corpus, **changes):
    """Return the corpus with two authors and one character, whose odds are known by hand."""
    authors = {name: corpus.authors[name] for name in ("steady", "fall")}
    return replace(corpus, authors=authors, characters=("knight",), style=None, **changes)


def texts(corpus, verbs):
    words = ["<bos>", "anon", *(w for verb in verbs for w in ("knight", f"knight.{verb}"))]
    return np.array([[corpus.words.index(word) for word in words]])


def test_odds_are_those_of_the_definition():
    corpus = only(room.world(False, 2))
    odds = room.log_odds(corpus, texts(corpus, ("helps", "lies")))[0]
    good, bad = 0.75 / 4, 0.05 / 4
    steady = 0.5 * good * bad + 0.5 * bad * good
    # Under "fall", a good character stays with .7; both starts can write both acts.
    fall = 0.9 * good * (0.7 * bad + 0.3 * good) + 0.1 * bad * good
    first = np.log((0.5 * good + 0.5 * bad) / (0.9 * good + 0.1 * bad))
    np.testing.assert_allclose(odds, [0, first, np.log(steady / fall)], atol=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_search_finds_the_text_that_moves_the_odds_most(sign):
    corpus = only(room.world(False, 4))
    every = [[]]
    for _ in range(4):
        every = [[*one, verb] for one in every for verb in ("helps", "lies", "walks")]
    ends = [room.log_odds(corpus, texts(corpus, one))[0, -1] for one in every]
    assert room.fastest(corpus, sign)[-1] == pytest.approx(max(sign * np.array(ends)) * sign)


def test_nobody_dreams_so_no_word_settles_it():
    for style in (True, False):
        corpus = room.world(style, 6)
        drawn = corpus.sample(300, np.random.default_rng(0))
        assert np.isfinite(room.log_odds(corpus, drawn.ids)).all()
        assert bool(corpus.style) == style


def test_odds_rise_on_average_under_the_author_and_fall_under_others():
    corpus = room.world(True, 12)
    drawn = corpus.sample(1500, np.random.default_rng(1))
    change = np.ptp(room.log_odds(corpus, drawn.ids)[:, [0, -1]], axis=1)
    signed = np.diff(room.log_odds(corpus, drawn.ids)[:, [0, -1]], axis=1)[:, 0]
    mine = drawn.latents["author"] == 0
    assert signed[mine].mean() > 0 > signed[~mine].mean()
    assert (change >= 0).all()


@pytest.mark.slow
def test_a_small_run_measures_what_its_rules_judge(monkeypatch, tmp_path):
    for name, value in {"LINES": 18, "TEXTS": 600, "SEARCHED": 3, "BEAM": 3}.items():
        monkeypatch.setattr(room, name, value)
    result = run(room.odds, quick=True)
    for rule in room.RULES:
        assert not rule.of or rule.of in result.measurements
    assert len(result.figures) == 2
    assert len(result.records[0].series["steady"]) == 19
    result.to_html(tmp_path / "page.html")
