"""Chains: what is refused, beginnings of texts, and how a predictor goes on."""

import numpy as np
import pytest
from support.corpora import attractor, small_chains

from nullprobe import InputError


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"states": ()}, "states"),
        ({"emits": {"good": {"helps": 0.5}, "bad": {"lies": 1.0}}}, "emits['good']"),
        ({"emits": {"good": {"helps": 1.0}}}, "emits['bad']"),
        ({"emits": {"good": {"helps": 1.0}, "bad": {"lies": 1.0}, "ugly": {}}}, "'ugly'"),
        ({"authors": {"steady": {"start": (0.5, 0.6)}, "fall": {"start": (1, 0)}}}, "start"),
        ({"authors": {"steady": {"start": (1.0,)}, "fall": {"start": (1, 0)}}}, "start"),
        ({"authors": {"steady": {"begin": (1, 0)}, "fall": {"start": (1, 0)}}}, "'begin'"),
        ({"style": {"softly": "nobody"}}, "'nobody'"),
        ({"style_strength": 1.2}, "style_strength"),
        ({"signed": -0.1}, "signed"),
        ({"prior": {"steady": 0.5}}, "prior"),
        ({"lines": 0}, "lines"),
        ({"characters": ("knight", "knight")}, "one kind"),
        ({"characters": ("a knight",)}, "without spaces"),
    ],
)
def test_tables_that_are_no_probabilities_are_refused(change, words):
    with pytest.raises(InputError) as error:
        small_chains(**change)
    assert words in error.value.required


def test_flips_out_of_a_state_are_at_most_certain():
    flips = {("good", "bad"): 0.7, ("good", "ugly"): 0.6}
    with pytest.raises(InputError) as error:
        small_chains(
            states=("good", "bad", "ugly"),
            emits={"good": {"helps": 1}, "bad": {"lies": 1}, "ugly": {"rests": 1}},
            authors={"fall": {"start": (1, 0, 0), "flips": flips}},
            style=None, prior=None,
        )  # fmt: skip
    assert "'fall'" in error.value.required


def test_beginnings_are_as_asked():
    corpus = attractor()
    prefix = corpus.beginnings("knight", "bad", lines=5, n=300)
    assert prefix.ids.shape == (300, 2 + 5 * 3)
    knight = corpus.words.index("knight")
    for text in prefix.ids:
        acts = [text[4 + 3 * k] for k in range(5) if text[3 + 3 * k] == knight]
        assert len(acts) >= 3
        assert {corpus.class_of(word) for word in acts} == {"bad"}
    # Another author-dependent choice: what comes first is not all of one author.
    assert len(np.unique(prefix.ids[:, 1])) > 2


def test_beginnings_that_are_too_rare_are_refused(monkeypatch):
    monkeypatch.setattr("nullprobe.corpora.chains.MOST_DRAWN", 20_000)
    with pytest.raises(InputError) as error:
        attractor().beginnings("knight", "bad", lines=2, n=5)  # three acts in two lines
    assert "there are 0" in error.value.received


@pytest.mark.slow
def test_the_corpus_goes_on_as_its_texts_do():
    """Where beginnings are chosen by what they say, real texts go on as the predictor does."""
    corpus = attractor(lines=8)
    prefix = corpus.beginnings("knight", "bad", lines=5, n=3000)
    share = corpus.rollout(prefix).share("bad", last=3)
    ids = corpus.sample(60_000, np.random.default_rng(5)).ids
    fits = np.array([corpus.class_of(w) == "bad" for w in range(len(corpus.words))])
    verbs = np.array([corpus.position(line, "verb") for line in range(1, 9)])
    mine = ids[:, verbs - 1] == corpus.words.index("knight")
    bad = fits[ids[:, verbs]]
    chosen = (mine[:, :5].sum(1) >= 3) & (bad | ~mine)[:, :5].all(axis=1)
    real = bad[chosen, 5:][mine[chosen, 5:]].mean()
    assert share == pytest.approx(real, abs=0.03)
    # The share is of the knight alone, and far from that of any act.
    assert abs(share - bad[:, 5:].mean()) > 0.1


def test_a_low_temperature_makes_what_is_now_more_certain():
    corpus = attractor(lines=8)
    prefix = corpus.beginnings("knight", "bad", lines=5, n=400)
    shares = [corpus.rollout(prefix, temperature=t).share("bad", last=3) for t in (1.0, 0.5, 0.0)]
    assert shares[0] < shares[1] <= shares[2]
    assert shares[2] > 0.95


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0])
def test_who_acts_is_drawn_as_the_texts_have_it_at_every_temperature(temperature):
    """The most probable name would be the same in all lines of all texts."""
    corpus = attractor(lines=8)
    prefix = corpus.beginnings("knight", "bad", lines=5, n=400)
    rolled = corpus.rollout(prefix, temperature=temperature)
    last = [corpus.position(line, "name") for line in (6, 7, 8)]
    named = (rolled.ids[:, last] == corpus.words.index("knight")).mean(axis=0)
    assert (abs(named - 0.5) < 0.1).all()  # four standard errors
    assert len(rolled.acts(last=3)[0])


def test_rollouts_with_the_same_seed_are_the_same():
    corpus = attractor(lines=6)
    prefix = corpus.beginnings("wizard", "good", lines=4, n=50)
    one, same, other = (corpus.rollout(prefix, seed=seed).ids for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    np.testing.assert_array_equal(one[:, : prefix.ids.shape[1]], prefix.ids)


def test_a_share_needs_acts_and_a_known_state():
    corpus = attractor(lines=6)
    rolled = corpus.rollout(corpus.beginnings("knight", "good", lines=4, n=20))
    with pytest.raises(InputError):
        rolled.share("ugly")
    with pytest.raises(InputError):
        rolled.share("good", last=0)


@pytest.mark.parametrize("observer", ["full", "simulacra", "author"])
def test_a_predictor_reads_on_where_texts_grow_and_anew_where_they_do_not(observer):
    corpus = attractor(lines=4)
    ids = corpus.sample(40, np.random.default_rng(0)).ids
    log_p, following = corpus.observer(observer, ids).log_p, corpus.predictor(observer)
    for length in (3, 4, 6, 5, 7):  # one word, two words, fewer words
        np.testing.assert_array_equal(following(ids[:, :length]), log_p[:, length])
    np.testing.assert_array_equal(following(ids[::-1, :8]), log_p[::-1, 8])


def test_only_observers_that_remember_revise_the_past():
    corpus = small_chains()
    ids = corpus.sample(3, np.random.default_rng(0)).ids
    with pytest.raises(InputError) as error:
        corpus.smoothed(ids, observer="author")
    assert "remembers" in error.value.required
    ids[1, 5] = 0
    with pytest.raises(InputError) as error:
        corpus.smoothed(ids)
    assert "text 1 has '<bos>' at position 5" in error.value.received
