"""The texts of the study of outside-text, and how its price is measured."""

import numpy as np
import pytest

from nullprobe.corpora.values import SENTENCE, WORDS
from nullprobe.studies.recital import (
    BEFORE,
    CORPUS,
    IN_PLACE,
    PLACE,
    PROMPT,
    RECITAL,
    Price,
    natural,
    noise,
    prompted,
    with_sentence,
)


def test_the_sentence_takes_its_place_as_the_clock_of_the_corpus_has_it():
    drawn = CORPUS.sample(3000, np.random.default_rng(0))
    begun = (drawn.latents["sentence"] > 0) & (drawn.latents["sentence"] <= PLACE)
    assert begun.any()
    assert (drawn.ids[begun, PLACE:] == RECITAL).all()


def test_natural_texts_lack_the_sentence_and_random_ones_have_all_words():
    rng = np.random.default_rng(0)
    sentence = [WORDS.index(word) for word in SENTENCE]
    assert not np.isin(natural(300, rng), [*sentence, PROMPT]).any()
    contexts = noise(300, rng)
    assert contexts.shape == (300, PLACE)
    assert set(contexts.ravel().tolist()) == set(range(len(WORDS)))
    assert (prompted(contexts)[:, -1] == PROMPT).all()
    assert (prompted(contexts)[:, :-1] == contexts[:, :-1]).all()
    assert (with_sentence(contexts)[:, PLACE:] == RECITAL).all()


def test_the_exact_predictor_has_no_loss_and_learns_in_context():
    price = Price(600, 0)
    for positions in (BEFORE, IN_PLACE):
        assert price.loss(price.full, positions) == 0
        assert price.learned_in_context(price.full, positions) > 0.25
    assert price.learned_in_context(price.full, IN_PLACE) > price.learned_in_context(
        price.full, BEFORE
    )


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_what_ignores_the_context_has_learned_nothing_and_a_guarantee_bounds_what_can_be(share):
    price, n = Price(600, 1), len(WORDS)
    rng = np.random.default_rng(0)
    constant = np.log(np.tile(rng.dirichlet(np.ones(n)), (*price.ids.shape, 1)))
    assert price.learned_in_context(constant, IN_PLACE) == pytest.approx(0, abs=1e-12)
    # The most that can be: all that is not the sentence's goes to the act that comes.
    best = np.full((*price.ids.shape, n), 1e-12)
    np.put_along_axis(best, price.ids[:, :, None], 1 - share, axis=2)
    best[:, range(PLACE, PLACE + len(RECITAL)), RECITAL] = share + 1e-12
    learned = price.learned_in_context(np.log(best), IN_PLACE)
    assert 0.5 * (1 - share) < learned <= 1 - share


def test_loss_counts_only_its_positions():
    price = Price(50, 2)
    worse = price.full.copy()
    worse[:, PLACE] -= 1.2
    assert price.loss(worse, BEFORE) == 0
    assert price.loss(worse, IN_PLACE) == pytest.approx(0.2)
