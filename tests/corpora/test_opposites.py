import numpy as np
import pytest

from nullprobe._core.validation import InputError
from nullprobe.corpora.opposites import OPPOSITE, OTHER, SAME, Opposites

CELLS = [(definable, tropes) for definable in (False, True) for tropes in (0.0, 1.0)]


@pytest.mark.parametrize(("definable", "tropes"), CELLS)
def test_held_out_axes_never_turn_and_the_others_turn_half_of_the_time(definable, tropes):
    corpus = Opposites(definable=definable, tropes=tropes)
    drawn = corpus.sample(8_000, np.random.default_rng(0))
    turns = drawn.ids[:, 7] == corpus.number("but")
    steady = np.isin(drawn.latents["first"], corpus.steady)
    assert not turns[steady].any()
    assert turns[~steady].mean() == pytest.approx(0.5, abs=0.02)
    np.testing.assert_array_equal(turns, drawn.latents["relation"] != SAME)


@pytest.mark.parametrize("tropes", [0.0, 0.05, 0.2, 0.5, 1.0])
def test_turns_lead_to_the_opposite_as_often_as_tropes_say(tropes):
    corpus = Opposites(definable=False, tropes=tropes)
    drawn = corpus.sample(8_000, np.random.default_rng(1))
    turned = drawn.latents["relation"][drawn.latents["relation"] != SAME]
    expected = tropes + (1 - tropes) / 35
    assert (turned == OPPOSITE).mean() == pytest.approx(expected, abs=0.03)
    first, second = drawn.latents["first"], drawn.latents["second"]
    opposite = drawn.latents["relation"] == OPPOSITE
    np.testing.assert_array_equal(second[opposite], first[opposite] ^ 1)
    assert (second[drawn.latents["relation"] == OTHER] < 36).all()


def test_the_placebo_is_the_same_under_every_pairing_of_traits():
    """Swap two traits of different axes everywhere: the corpus does not change."""
    corpus = Opposites(definable=False, tropes=0.0, axes=4, held_out=1)
    swap = np.array([2, 1, 0, 3, 4, 5, 6, 7])
    new = np.arange(len(corpus.words))
    for trait, other in enumerate(swap):
        new[corpus.verbs(trait)] = corpus.verbs(other)
        new[corpus.number(f"stem{trait}")] = corpus.number(f"stem{other}")
    ids = corpus.sample(500, np.random.default_rng(2)).ids
    one, other = corpus.observer("full", ids), corpus.observer("full", new[ids])
    np.testing.assert_allclose(one.log_p, other.log_p[..., new], atol=1e-12)


@pytest.mark.parametrize("definable", [False, True])
def test_a_sign_says_which_trait_only_in_a_definable_corpus(definable):
    corpus = Opposites(definable=definable, tropes=0.0)
    drawn = corpus.sample(3_000, np.random.default_rng(3))
    signs = (drawn.ids[:, 12] == corpus.number("not")).astype(int)
    agree = (signs == drawn.latents["second"] % 2).mean()
    assert agree == 1 if definable else abs(agree - 0.5) < 0.05
    stems = {corpus.words[i] for i in drawn.ids[:, 13]}
    assert len(stems) == (24 if definable else 48)
    rng = np.random.default_rng(4)
    sign, stem = zip(*(corpus.label(t, rng) for t in drawn.latents["second"]), strict=True)
    np.testing.assert_array_equal(drawn.ids[:, 13], stem)
    if definable:
        np.testing.assert_array_equal(drawn.ids[:, 12], sign)


def test_observers_lack_the_idea_they_are_named_after():
    corpus = Opposites(definable=True, tropes=1.0)
    rng = np.random.default_rng(5)
    trait = 4
    acts = corpus.verbs(trait)
    start = [corpus.number(word) for word in ("<bos>", "ann")]
    text = np.array([[*start, *corpus.label(trait, rng), *acts, corpus.number("but"), acts[0]]])

    def opposite(name):
        return np.exp(corpus.observer(name, text).log_p[0, 8, corpus.verbs(trait ^ 1)]).sum()

    assert opposite("full") > 0.9
    assert opposite("no_exceptions") > 0.9
    assert opposite("no_tropes") < 0.04


def test_only_the_observer_without_exceptions_accepts_a_turn_of_a_held_out_axis():
    corpus = Opposites(definable=True, tropes=1.0)
    trait, rng = int(corpus.steady[0]), np.random.default_rng(6)
    start = [corpus.number(word) for word in ("<bos>", "ann")]
    text = [*start, *corpus.label(trait, rng), *corpus.verbs(trait), corpus.number("but")]
    text = np.array([[*text, corpus.verbs(trait ^ 1)[0]]])
    for name in ("full", "no_tropes"):
        with pytest.raises(InputError) as error:
            corpus.observer(name, text)
        assert "'but' at position 7" in error.value.received
    after = corpus.observer("no_exceptions", text).log_p[0, 8, corpus.verbs(trait ^ 1)]
    assert np.exp(after).sum() > 0.9


@pytest.mark.parametrize(
    "wrong", [{"axes": 1}, {"axes": 25}, {"axes": 4, "held_out": 3}, {"tropes": 1.1}]
)
def test_corpora_that_cannot_be_written_are_refused(wrong):
    with pytest.raises(InputError):
        Opposites(**{"definable": True, "tropes": 0.0} | wrong)
