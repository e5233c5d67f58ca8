import numpy as np
import pytest
from support.exact_models import Exact

from nullprobe._core.validation import InputError
from nullprobe.corpora import Opposites, Values
from nullprobe.studies.elicit import fewest_words
from nullprobe.studies.trait_readings import (
    advantage,
    after_one_act,
    corpus_of,
    expectations,
    expected_by,
    random_pairings,
    repaired,
    stories,
)


def test_with_tropes_the_exact_advantage_is_that_of_noise():
    corpus = Opposites(definable=True, tropes=1.0, axes=8, held_out=2)
    # A tenth of the acts are of any trait.
    rng, expected = np.random.default_rng(0), np.log((0.9 + 0.1 / 16) / (0.1 / 16))
    assert advantage(expected_by(corpus, "full", corpus.turning, rng)) == pytest.approx(expected)
    assert advantage(expected_by(corpus, "no_exceptions", corpus.steady, rng)) == pytest.approx(
        expected
    )
    without = advantage(expected_by(corpus, "no_tropes", corpus.turning, rng))
    assert without == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("definable", [False, True])
def test_without_tropes_the_exact_observer_has_no_advantage_on_any_axis(definable):
    corpus = Opposites(definable=definable, tropes=0.0, axes=6, held_out=2)
    made, rng = Exact(corpus, "no_exceptions"), np.random.default_rng(1)
    for traits in (corpus.turning, corpus.steady):
        for named in (True, False):
            E = expectations(made, traits, rng, n=3, named=named)
            assert advantage(E) == pytest.approx(0, abs=1e-10)
        # One act of a trait makes that trait as likely, whichever trait it is.
        assert advantage(after_one_act(made, traits, rng, n=2)) == pytest.approx(0, abs=1e-10)


def test_a_model_and_an_observer_are_read_alike():
    corpus = Opposites(definable=True, tropes=0.5, axes=6, held_out=2)
    E = expectations(Exact(corpus), corpus.turning, np.random.default_rng(2), n=4)
    F = expected_by(corpus, "full", corpus.turning, np.random.default_rng(2))
    np.testing.assert_allclose(E, F, atol=1e-10)


def test_stories_are_texts_of_the_corpus():
    for definable in (False, True):
        corpus = Opposites(definable=definable, tropes=1.0)
        for named in (False, True):
            texts = stories(corpus, 5, 6, np.random.default_rng(3), named=named)
            share = corpus.observer("full", texts).posterior["first"][:, -1, 5]
            assert (share > 0.99).all()


def test_the_advantage_is_zero_if_all_traits_are_equal_and_follows_the_opposite():
    rng = np.random.default_rng(4)
    E = rng.normal(size=(12, 12)) * 0
    assert advantage(E) == 0
    E[np.arange(12), np.arange(12) ^ 1] = 2
    assert advantage(E) == pytest.approx(2)
    np.fill_diagonal(E, 50)  # the trait itself does not count
    assert advantage(E) == pytest.approx(2)


def test_random_pairings_are_pairings_and_uniform():
    pairings = random_pairings(4, 6_000, np.random.default_rng(5))
    np.testing.assert_array_equal(
        np.take_along_axis(pairings, pairings, axis=1), np.tile(np.arange(4), (6_000, 1))
    )
    assert (pairings != np.arange(4)).all()
    counts = np.bincount(pairings[:, 0], minlength=4)
    np.testing.assert_allclose(counts[1:] / 6_000, 1 / 3, atol=0.03)


def test_repairing_is_valid_where_the_pairing_means_nothing_and_sees_it_where_it_does():
    rng, small = np.random.default_rng(6), 0
    for _ in range(200):
        small += repaired(rng.normal(size=(12, 12)), rng, n=99).p <= 0.05
    assert 2 <= small <= 21  # 10 are expected
    E = rng.normal(size=(12, 12))
    E[np.arange(12), np.arange(12) ^ 1] += 3
    assert repaired(E, rng, n=999).p == pytest.approx(1 / 1000)


def test_only_models_of_opposites_are_read():
    with pytest.raises(InputError):
        corpus_of(Exact(Values()))


def test_the_shortest_context_to_a_trait_is_found():
    corpus = Opposites(definable=True, tropes=1.0, axes=4, held_out=1)
    made, rng = Exact(corpus), np.random.default_rng(7)
    starts = stories(corpus, 0, 2, rng)[:, :7]
    # "but" is enough for the opposite.
    length, one_word = fewest_words(made, starts, corpus.verbs(1))
    assert 0 < length <= 1
    assert one_word == pytest.approx(np.log(0.9 + 0.1 / 8), abs=1e-6)
    # The trait itself needs no word: its acts go on after none or after "and".
    assert fewest_words(made, starts, corpus.verbs(0))[0] <= 1


def test_a_trait_that_no_context_elicits_takes_the_most_words():
    corpus = Opposites(definable=True, tropes=1.0, axes=4, held_out=1)
    starts = stories(corpus, 0, 2, np.random.default_rng(8))[:, :7]
    length, one_word = fewest_words(Exact(corpus), starts, corpus.verbs(4), most=2)
    assert length == 2
    assert one_word < np.log(0.5)
