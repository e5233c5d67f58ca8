"""Finite grammars against a product of one number after the other, for each setting."""

import itertools

import numpy as np
import pytest
from support.corpora import FINITE


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


@pytest.mark.parametrize("name", FINITE)
def test_brute_force_gives_the_same_probabilities_and_posteriors(name):
    corpus = FINITE[name]()
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


@pytest.mark.parametrize("name", ["coins", "rare tropes"])
def test_words_that_did_not_occur_are_predicted_by_brute_force_too(name):
    corpus = FINITE[name]()
    start = corpus.sample(3, np.random.default_rng(8)).ids
    for t in range(corpus.length):
        expected = np.exp(corpus.observer("full", start[:, : t + 1]).log_p[:, t])
        before = follow(corpus.grammars["full"], start[:, :t])[:, -1].sum(-1) if t else np.ones(3)
        for word in range(len(corpus.words)):
            other = start[:, : t + 1].copy()
            other[:, t] = word
            joint = follow(corpus.grammars["full"], other)[:, -1].sum(axis=-1)
            np.testing.assert_allclose(expected[:, word], joint / before, atol=1e-12)
