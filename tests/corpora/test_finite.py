import numpy as np
import pytest

from nullprobe._core.validation import InputError
from nullprobe.corpora.finite import FiniteCorpus, draw, predict
from nullprobe.corpora.grammar import MOST_SETTINGS, Grammar, Slot

COIN = Slot(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 1]))
WORDS, FAIR = ("heads", "tails"), np.array([0.5, 0.5])
LATENTS = {"two_heads": np.array([0, 1])}


def coin(slots=(COIN, COIN), prior=FAIR, latents=LATENTS, words=WORDS):
    return Grammar(words, prior, latents, slots)


def test_tails_exclude_the_coin_with_two_heads():
    expected = predict(coin(), np.array([[0, 0], [0, 1], [1, 0]]))
    share = expected.posterior["two_heads"][:, :, 1]
    np.testing.assert_allclose(share, [[2 / 3, 0.8], [2 / 3, 0], [0, 0]])
    np.testing.assert_allclose(np.exp(expected.log_p[0]), [[0.75, 0.25], [5 / 6, 1 / 6]])


def test_a_posterior_survives_evidence_of_a_thousand_words():
    """Products of probabilities would underflow after 745 nats."""
    slots = (Slot(np.array([[0.25, 0.75], [0.2, 0.8]]), np.array([0, 1])),) * 1_000
    grammar = coin(slots)
    share = predict(grammar, np.zeros((1, 1_000), np.int64)).posterior["two_heads"][0, :, 1]
    np.testing.assert_allclose(
        np.log(share[[9, 999]]), np.log(0.8) * np.array([10, 1000]), atol=0.2
    )


def test_an_impossible_word_is_never_drawn_even_by_the_smallest_number():
    class Zero:
        def random(self, shape):
            return np.zeros(shape)

    slots = (Slot(np.array([0.0, 1.0])),)
    assert draw(coin(slots), 3, Zero()).ids.tolist() == [[1]] * 3


def test_thirds_that_sum_to_less_than_one_never_draw_beyond_the_last_word():
    class Most:
        def random(self, shape):
            return np.full(shape, 1 - 2**-53)

    slots = (Slot(np.array([0.1] * 9 + [0.1 - 1e-10, 0.0])),)
    grammar = Grammar(tuple("abcdefghijk"), FAIR, LATENTS, slots)
    assert draw(grammar, 2, Most()).ids.tolist() == [[9], [9]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"prior": np.array([0.5, 0.4])},
        {"prior": np.array([1.5, -0.5])},
        {"prior": np.array([np.nan, 1.0])},
        {"slots": (Slot(np.array([0.5, 0.6])),)},
        {"slots": (Slot(np.array([1.0])),)},
        {"slots": (Slot(COIN.table, np.array([0, 2])),)},
        {"slots": (Slot(COIN.table, np.array([0])),)},
        {"slots": (Slot(FAIR, reads=0, context=np.zeros(2, int)),)},
        {"slots": (COIN, Slot(FAIR, reads=0))},
        {"slots": (COIN, Slot(FAIR, reads=0, context=np.array([0, 1])))},
        {"latents": {"x": np.array([0.0, 1.0])}},
        {"latents": {"x": np.array([0, -1])}},
        {"prior": np.full(MOST_SETTINGS + 1, 1 / (MOST_SETTINGS + 1)), "latents": {}, "slots": ()},
    ],
)
def test_tables_that_are_not_distributions_or_do_not_fit_are_refused(wrong):
    with pytest.raises(InputError):
        coin(**wrong)


def test_a_corpus_needs_a_full_observer_and_one_vocabulary():
    with pytest.raises(InputError):
        FiniteCorpus({"other": coin()})
    with pytest.raises(InputError):
        FiniteCorpus({"full": coin(), "other": coin(words=("a", "b"))})


def test_an_observer_is_asked_by_name():
    with pytest.raises(InputError, match="observer"):
        FiniteCorpus({"full": coin()}).observer("fool", np.array([[0]]))


@pytest.mark.parametrize("ids", [[[0, 2]], [[0, -1]], [[0, 0, 0]], [0, 0], [[0.0, 1.0]]])
def test_texts_that_are_not_numbers_of_words_are_refused(ids):
    with pytest.raises(InputError):
        predict(coin(), np.array(ids))


def test_the_first_impossible_word_is_named():
    with pytest.raises(InputError) as error:
        predict(coin(prior=np.array([0.0, 1.0])), np.array([[0, 0], [0, 1]]), "sure")
    assert "'sure'" in error.value.required
    assert error.value.received.startswith("text 1 has 'tails' at position 1")


def test_many_texts_give_what_each_text_gives_alone(monkeypatch):
    ids = draw(coin(), 9, np.random.default_rng(0)).ids
    whole = predict(coin(), ids)
    monkeypatch.setattr("nullprobe.corpora.finite.BLOCK", 4)
    parts = predict(coin(), ids)
    np.testing.assert_array_equal(whole.log_p, parts.log_p)
    np.testing.assert_array_equal(whole.posterior["two_heads"], parts.posterior["two_heads"])
