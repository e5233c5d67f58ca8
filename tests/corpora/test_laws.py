"""Laws of every corpus: the sampler draws what the exact observer expects, and nothing else."""

import numpy as np
import pytest
from scipy.stats import chi2
from support.corpora import CORPORA

from nullprobe import InputError

BINS = 5
LEAST_P = 1e-5  # of each statistic; a false alarm in a table of this size is one in thousands


def uniform_places(p, taken, rng):
    """Return for each draw its place in the ordered probabilities (..., k), uniform if p is right.

    The values are ordered by probability, so that a wrong probability moves many places.
    """
    order = np.argsort(-p, axis=-1, kind="stable")
    sorted_p = np.take_along_axis(p, order, axis=-1)
    rank = (order == taken[..., None]).argmax(axis=-1)[..., None]
    own = np.take_along_axis(sorted_p, rank, axis=-1)[..., 0]
    below = np.take_along_axis(sorted_p.cumsum(axis=-1), rank, axis=-1)[..., 0] - own
    return below + rng.random(own.shape) * own


def p_of_uniform(places, by):
    """Return the p-value that places are uniform for each value of ``by``."""
    statistic, freedom = 0.0, 0
    for value in np.unique(by):
        here = places[by == value]
        if len(here) < 20 * BINS:
            continue
        counts = np.histogram(here, BINS, (0, 1))[0]
        statistic += ((counts - len(here) / BINS) ** 2).sum() / (len(here) / BINS)
        freedom += BINS - 1
    return chi2.sf(statistic, freedom)


@pytest.mark.slow
@pytest.mark.parametrize("n", [20_000, pytest.param(100_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", CORPORA)
def test_texts_are_as_the_full_observer_expects(name, n):
    corpus, rng = CORPORA[name](), np.random.default_rng(7)
    drawn = corpus.sample(n, rng)
    # Only the full observer, where it can be asked alone: others take as much time and memory.
    one = getattr(corpus, "observer", None)
    full = one("full", drawn.ids) if one else corpus.observers(drawn.ids)["full"]
    for t in range(corpus.length):
        free = full.log_p[:, t].max(axis=1) < -1e-9  # where the word is not certain
        if free.sum() > 1000:
            places = uniform_places(np.exp(full.log_p[:, t]), drawn.ids[:, t], rng)
            # What is left of a right prediction does not depend on what came before.
            assert p_of_uniform(places[free], drawn.ids[free, max(0, t - 1)]) > LEAST_P, t
    for latent, beliefs in full.posterior.items():
        truth = drawn.latents[latent]
        for t in (corpus.length // 2, corpus.length - 1):
            true = truth if truth.ndim == 1 else truth[:, t]
            # Of rows with the same last word: the posterior is right there as well.
            where = uniform_places(beliefs[:, t], true, rng)
            assert p_of_uniform(where, drawn.ids[:, t]) > LEAST_P, (latent, t)


@pytest.mark.parametrize("name", CORPORA)
def test_every_observer_s_probabilities_sum_to_one_and_are_at_most_as_good_as_the_full_one(name):
    corpus = CORPORA[name]()
    drawn = corpus.sample(2000, np.random.default_rng(0))
    observers = corpus.observers(drawn.ids)
    loss = {one: seen.surprise(drawn.ids).sum(axis=1) for one, seen in observers.items()}
    for one, seen in observers.items():
        assert seen.log_p.shape == (2000, corpus.length, len(corpus.words))
        np.testing.assert_allclose(np.exp(seen.log_p).sum(axis=-1), 1, atol=1e-12)
        for beliefs in seen.posterior.values():
            np.testing.assert_allclose(beliefs.sum(axis=-1), 1, atol=1e-12)
            assert (beliefs >= 0).all()
        gap = loss[one] - loss["full"]
        assert gap.mean() >= -4 * gap.std() / np.sqrt(len(gap))


SMOOTHED = [name for name in CORPORA if hasattr(CORPORA[name](), "smoothed")]


@pytest.mark.slow
@pytest.mark.parametrize("name", SMOOTHED)
def test_what_is_believed_of_the_past_is_as_often_true(name):
    corpus, rng = CORPORA[name](), np.random.default_rng(8)
    drawn = corpus.sample(30_000, rng)
    for latent, beliefs in corpus.smoothed(drawn.ids).items():
        truth = drawn.latents[latent]
        for t in (1, corpus.length // 2):
            true = truth if truth.ndim == 1 else truth[:, t]
            # Of texts with the same end: a belief that leaves the end out would be wrong there.
            where = uniform_places(beliefs[:, t], true, rng)
            assert p_of_uniform(where, drawn.ids[:, -1]) > LEAST_P, (latent, t)


@pytest.mark.parametrize("observer", ["full", "simulacra"])
@pytest.mark.parametrize("name", SMOOTHED)
def test_smoother_and_filter_agree_at_the_end_and_on_average(name, observer):
    corpus = CORPORA[name]()
    ids = corpus.sample(4000, np.random.default_rng(3)).ids
    now, past = corpus.observers(ids)[observer].posterior, corpus.smoothed(ids, observer=observer)
    assert list(now) == list(past)
    moved = 0.0
    for latent, beliefs in past.items():
        np.testing.assert_allclose(beliefs[:, -1], now[latent][:, -1], atol=1e-12)
        np.testing.assert_allclose(beliefs.sum(axis=-1), 1, atol=1e-12)
        if observer == "full":  # its beliefs are those of the process: later words move no mean
            gap = beliefs[:, 1] - now[latent][:, 1]
            assert (abs(gap.mean(axis=0)) <= 5 * gap.std(axis=0) / np.sqrt(len(ids)) + 1e-12).all()
        moved = max(moved, float(abs(beliefs[:, 1] - now[latent][:, 1]).max()))
    assert moved > 0.05


@pytest.mark.parametrize("name", CORPORA)
def test_the_past_does_not_depend_on_the_future(name):
    corpus = CORPORA[name]()
    ids = corpus.sample(50, np.random.default_rng(1)).ids
    half = corpus.length // 2
    whole, begun = corpus.observers(ids), corpus.observers(ids[:, :half])
    for one, seen in begun.items():
        np.testing.assert_array_equal(seen.log_p, whole[one].log_p[:, :half])


@pytest.mark.parametrize("name", CORPORA)
def test_the_same_seed_draws_the_same_texts(name):
    corpus = CORPORA[name]()
    one, same, other = (corpus.sample(40, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert one.ids.tobytes() == same.ids.tobytes() != other.ids.tobytes()
    assert one.ids.dtype == np.int64
    for latent, values in one.latents.items():
        np.testing.assert_array_equal(values, same.latents[latent])


@pytest.mark.parametrize("name", CORPORA)
def test_an_impossible_text_is_refused_with_its_place(name):
    corpus = CORPORA[name]()
    ids = corpus.sample(3, np.random.default_rng(2)).ids
    ids[1, corpus.length // 2] = 0  # the first word is never written again
    with pytest.raises(InputError) as error:
        corpus.observers(ids)
    assert f"text 1 has '<bos>' at position {corpus.length // 2}" in error.value.received
