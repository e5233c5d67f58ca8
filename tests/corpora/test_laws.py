"""What every corpus promises: its observers predict what its sampler writes, to the last digit.

A corpus joins the tables below: one as studies use it, and a small world that can be enumerated.
"""

import itertools

import numpy as np
import pytest
from scipy.stats import chi2

from nullprobe._core.validation import InputError
from nullprobe.corpora.finite import FiniteCorpus
from nullprobe.corpora.grammar import Grammar, Slot
from nullprobe.corpora.opposites import Opposites


def coins():
    """Two coins, and a word that repeats an earlier one: all that a slot can be."""
    words = ("a", "b", "c")
    first = Slot(np.array([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]]), np.array([0, 1, 1]))
    any_word = Slot(np.full(3, 1 / 3))
    echo = Slot(
        np.array([np.tile([0.9, 0.05, 0.05], (3, 1)), [[0, 1, 0], [0, 0.5, 0.5], [0.1, 0, 0.9]]]),
        np.array([0, 1, 2]),
        reads=0,
        context=np.array([0, 1, 1]),
    )
    coin = {"coin": np.array([0, 1, 1]), "which": np.array([0, 1, 2])}
    grammar = Grammar(words, np.array([0.5, 0.3, 0.2]), coin, (first, any_word, echo, first))
    return FiniteCorpus({"full": grammar})


# Texts as studies draw them.
CORPORA = {
    "coins": coins,
    "placebo": lambda: Opposites(definable=False, tropes=0.0, axes=6, held_out=2),
    "tropes": lambda: Opposites(definable=False, tropes=1.0),
    "definable, rare tropes": lambda: Opposites(definable=True, tropes=0.2, axes=6, held_out=2),
}
# Small worlds, whose settings are followed one by one.
SMALL = {
    "coins": coins,
    "opposites": lambda: Opposites(definable=True, tropes=0.5, axes=3, held_out=1),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CORPORA)
def test_the_exact_predictor_expects_what_the_sampler_writes(name):
    """Chi-square at each position: counts of words against the sum of their probabilities."""
    corpus = CORPORA[name]()
    n_words = len(corpus.words)
    observed, expected, spread = (np.zeros((corpus.length, n_words)) for _ in range(3))
    rng = np.random.default_rng(7)
    for _ in range(20):
        ids = corpus.sample(5_000, rng).ids
        p = predicted(corpus, ids)
        expected += p.sum(axis=0)
        spread += (p * (1 - p)).sum(axis=0)
        for t in range(corpus.length):
            observed[t] += np.bincount(ids[:, t], minlength=n_words)
    assert not observed[expected == 0].any()
    counted = spread > 25
    squares = ((observed - expected) ** 2)[counted] / spread[counted]
    # Words at one position share a sum, and the text links positions: generous degrees of freedom.
    assert squares.sum() < chi2.isf(1e-4, df=counted.sum())
    assert squares.max() < chi2.isf(1e-4 / counted.sum(), df=1)


def predicted(corpus, ids):
    """Return P (n, T, V) of the exact predictor; each different text is asked once."""
    if isinstance(corpus, FiniteCorpus):
        different, which = np.unique(ids, axis=0, return_inverse=True)
        return np.exp(corpus.observer("full", different).log_p)[which]
    return np.exp(corpus.observers(ids)["full"].log_p)


@pytest.mark.parametrize("name", CORPORA)
def test_probabilities_of_every_observer_sum_to_one(name):
    corpus = CORPORA[name]()
    ids = corpus.sample(40, np.random.default_rng(1)).ids
    for expected in corpus.observers(ids).values():
        np.testing.assert_allclose(np.exp(expected.log_p).sum(axis=-1), 1, rtol=1e-12)
        for share in expected.posterior.values():
            np.testing.assert_allclose(share.sum(axis=-1), 1, rtol=1e-12)


@pytest.mark.parametrize("name", CORPORA)
def test_the_exact_predictor_is_the_least_surprised(name):
    corpus = CORPORA[name]()
    ids = corpus.sample(100, np.random.default_rng(2)).ids
    surprise = {name: one.surprise(ids).mean() for name, one in corpus.observers(ids).items()}
    assert surprise.pop("full") <= min(surprise.values(), default=np.inf) + 1e-12


@pytest.mark.parametrize("name", CORPORA)
def test_the_start_of_a_text_is_expected_as_the_whole_text_expects_it(name):
    corpus = CORPORA[name]()
    ids = corpus.sample(20, np.random.default_rng(3)).ids
    whole, start = corpus.observers(ids)["full"], corpus.observers(ids[:, :3])["full"]
    np.testing.assert_array_equal(whole.log_p[:, :3], start.log_p)
    for latent, share in start.posterior.items():
        np.testing.assert_array_equal(whole.posterior[latent][:, :3], share)


@pytest.mark.parametrize("name", CORPORA)
def test_the_posterior_is_calibrated(name):
    """The probability of the true value is, on average, the sum of squared probabilities."""
    corpus = CORPORA[name]()
    drawn = corpus.sample(300, np.random.default_rng(4))
    for latent, share in corpus.observers(drawn.ids)["full"].posterior.items():
        true = drawn.latents[latent]
        true = np.broadcast_to(true[:, None] if true.ndim == 1 else true, share.shape[:2])
        gap = np.take_along_axis(share, true[..., None], -1)[..., 0] - (share**2).sum(-1)
        assert abs(gap.mean()) < 5 * gap.mean(axis=1).std() / np.sqrt(len(gap)) + 1e-9


@pytest.mark.parametrize("name", CORPORA)
def test_the_same_seed_writes_the_same_texts(name):
    one, other = (CORPORA[name]().sample(50, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.ids, other.ids)
    assert one.ids.dtype == np.int64


def follow(grammar, ids):
    """Return joint weights (n, T, S) of settings and words up to t, one number at a time."""
    joint = np.zeros((*ids.shape, len(grammar.prior)))
    for i, s in itertools.product(range(len(ids)), range(len(grammar.prior))):
        weight = grammar.prior[s]
        for t, slot in enumerate(grammar.slots[: ids.shape[1]]):
            context = 0 if slot.reads is None else slot.context[ids[i, slot.reads]]
            group = 0 if slot.group is None else slot.group[s]
            weight *= slot.table[context, group, ids[i, t]]
            joint[i, t, s] = weight
    return joint


@pytest.mark.parametrize("name", SMALL)
def test_brute_force_gives_the_same_probabilities_and_posteriors(name):
    corpus = SMALL[name]()
    ids = corpus.sample(25, np.random.default_rng(6)).ids
    for observer, grammar in corpus.grammars.items():
        expected, joint = corpus.observer(observer, ids), follow(grammar, ids)
        evidence = joint.sum(axis=-1)
        conditional = evidence / np.hstack([np.ones((len(ids), 1)), evidence[:, :-1]])
        np.testing.assert_allclose(expected.surprise(ids), -np.log(conditional), atol=1e-12)
        for latent, values in grammar.latents.items():
            for value in range(values.max() + 1):
                share = joint[..., values == value].sum(axis=-1) / evidence
                np.testing.assert_allclose(
                    expected.posterior[latent][..., value], share, atol=1e-12
                )


@pytest.mark.parametrize("name", SMALL)
def test_words_that_did_not_occur_are_predicted_by_brute_force_too(name):
    corpus = SMALL[name]()
    start = corpus.sample(3, np.random.default_rng(8)).ids
    for t in range(corpus.length):
        expected = np.exp(corpus.observer("full", start[:, : t + 1]).log_p[:, t])
        before = follow(corpus.grammars["full"], start[:, :t])[:, -1].sum(-1) if t else np.ones(3)
        for word in range(len(corpus.words)):
            other = start[:, : t + 1].copy()
            other[:, t] = word
            joint = follow(corpus.grammars["full"], other)[:, -1].sum(axis=-1)
            np.testing.assert_allclose(expected[:, word], joint / before, atol=1e-12)


@pytest.mark.parametrize("name", CORPORA)
def test_an_impossible_text_is_refused_by_text_position_and_word(name):
    corpus = CORPORA[name]()
    ids = corpus.sample(8, np.random.default_rng(9)).ids
    t = corpus.length - 1
    impossible = np.exp(corpus.observers(ids)["full"].log_p[5, t]) == 0
    if not impossible.any():
        pytest.skip("every word is possible at the end of this text")
    ids[5, t] = np.flatnonzero(impossible)[0]
    with pytest.raises(InputError) as error:
        corpus.observers(ids)
    for part in ("text 5", f"position {t}", repr(corpus.words[ids[5, t]])):
        assert part in error.value.received
