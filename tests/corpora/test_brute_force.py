"""The filters against the enumeration of all that can be behind a text, without a recursion."""

from itertools import pairwise, product

import numpy as np
import pytest
from support.corpora import TINY, small_chains

from nullprobe.corpora import Chains, Mess3


def settings_of_chains(corpus):
    """Yield (latents, probability, per-character state rows) of all settings of a text."""
    names = list(corpus.authors)
    prior = [(corpus.prior or {}).get(a, 1 / len(names) if not corpus.prior else 0) for a in names]
    n_states, n_characters = len(corpus.states), len(corpus.characters)
    free = 1 if corpus.linked else n_characters
    for authors in product(range(len(names)), repeat=free):
        writers = authors * (n_characters // free)
        for rows in product(product(range(n_states), repeat=corpus.lines + 1), repeat=n_characters):
            p = np.prod([prior[a] for a in authors])
            for writer, row in zip(writers, rows, strict=True):
                author = corpus.authors[names[writer]]
                p *= author["start"][row[0]]
                for before, after in pairwise(row):
                    flips = {
                        corpus.states.index(t): q
                        for (s, t), q in author.get("flips", {}).items()
                        if s == corpus.states[before]
                    }
                    p *= flips.get(after, 1 - sum(flips.values()) if after == before else 0)
            if p:
                yield authors, rows, p


def p_of_words(corpus, authors, rows, words):
    """Return P(words | setting), word by word from the definition of a text."""
    p, done, names = 1.0, [0] * len(corpus.characters), list(corpus.authors)
    style = list((corpus.style or {}).items())
    signed = corpus.signed if corpus.linked else 0
    for t, word in enumerate(words):
        part = "start byline".split()[t] if t < 2 else "adverb name verb".split()[
            (t - 2) % corpus.width + (3 - corpus.width)
        ]  # fmt: skip
        if part == "start":
            p *= word == "<bos>"
        elif part == "byline":
            p *= {"anon": 1 - signed, names[authors[0]]: signed}.get(word, 0)
        elif part == "adverb":
            own = dict(style).get(word) == names[authors[0]]
            p *= (0.7 if own else 0.3) if corpus.linked else 1 / len(style)
        elif part == "name":
            p *= 1 / len(corpus.characters) * (word in corpus.characters)
            who = corpus.characters.index(word)
        else:
            state = corpus.states[rows[who][done[who]]]
            verb = word.removeprefix(f"{corpus.characters[who]}.") if corpus.lexicons else word
            p *= corpus.emits[state].get(verb, 0)
            done[who] += 1
    return p, done


@pytest.mark.parametrize("name", [name for name in TINY if name.startswith("chains")])
def test_the_filter_of_chains_is_the_enumeration(name):
    corpus = TINY[name]()
    ids = corpus.sample(6, np.random.default_rng(3)).ids
    full = corpus.observers(ids)["full"]
    settings = list(settings_of_chains(corpus))
    assert sum(p for *_, p in settings) == pytest.approx(1)
    for i, text in enumerate(ids):
        words = [corpus.words[w] for w in text]
        before = 1.0
        for t in range(corpus.length):
            weights, states = [], []
            for authors, rows, p in settings:
                q, done = p_of_words(corpus, authors, rows, words[: t + 1])
                weights.append(p * q)
                states.append([row[k] for row, k in zip(rows, done, strict=True)])
            total = sum(weights)
            assert full.log_p[i, t, text[t]] == pytest.approx(np.log(total / before), abs=1e-12)
            before = total
            if corpus.linked:
                mine = [w for w, (a, *_) in zip(weights, settings, strict=True) if a[0] == 1]
                assert full.posterior["author"][i, t, 1] == pytest.approx(
                    sum(mine) / total, abs=1e-12
                )
            for c, character in enumerate(corpus.characters):
                bad = sum(w for w, s in zip(weights, states, strict=True) if s[c] == 1) / total
                assert full.posterior[character][i, t, 1] == pytest.approx(bad, abs=1e-12)


@pytest.mark.parametrize("name", [name for name in TINY if name.startswith("chains")])
def test_the_smoother_of_chains_is_the_enumeration(name):
    corpus = TINY[name]()
    ids = corpus.sample(6, np.random.default_rng(3)).ids
    past = corpus.smoothed(ids)
    settings = list(settings_of_chains(corpus))
    for i, text in enumerate(ids):
        words = [corpus.words[w] for w in text]
        joint = np.array([p * p_of_words(corpus, a, r, words)[0] for a, r, p in settings])
        joint /= joint.sum()
        for t in range(corpus.length):
            done = p_of_words(corpus, *settings[0][:2], words[: t + 1])[1]
            for c, character in enumerate(corpus.characters):
                at = np.array([rows[c][done[c]] for _, rows, _ in settings])
                expected = [joint[at == s].sum() for s in range(len(corpus.states))]
                np.testing.assert_allclose(past[character][i, t], expected, atol=1e-12)
        if corpus.linked:
            mine = joint[[a[0] == 1 for a, *_ in settings]].sum()
            np.testing.assert_allclose(past["author"][i, :, 1], mine, atol=1e-12)


def test_simulacra_are_the_full_observer_of_a_corpus_without_links():
    linked = small_chains()
    apart = small_chains(linked=False, signed=0.0)
    ids = linked.sample(40, np.random.default_rng(0)).ids
    verbs = [linked.position(line, "verb") for line in (1, 2)]
    one = linked.observers(ids)["simulacra"]
    ids[:, 1] = linked.words.index("anon")
    other = apart.observers(ids)["full"]
    np.testing.assert_allclose(one.log_p[:, verbs], other.log_p[:, verbs], atol=1e-12)


def test_the_author_observer_forgets_what_a_character_did():
    corpus = small_chains(
        authors={"one": {"start": (0.5, 0.5)}}, style=None, signed=0.0, prior=None, lines=4
    )
    ids = corpus.sample(30, np.random.default_rng(0)).ids
    seen = corpus.observers(ids)
    np.testing.assert_allclose(seen["author"].posterior["knight"], 0.5)
    assert (np.abs(seen["full"].posterior["knight"][:, -1] - 0.5) > 0.1).any()


def test_the_filter_of_mess3_is_the_enumeration():
    corpus = TINY["mess3"]()
    stay, move, right, wrong = 1 - 2 * corpus.x, corpus.x, corpus.a, (1 - corpus.a) / 2
    ids = corpus.sample(20, np.random.default_rng(0)).ids
    full = corpus.observers(ids)["full"]
    for i, text in enumerate(ids):
        before = 1.0
        for t in range(1, corpus.length):
            ends = np.zeros(3)
            for path in product(range(3), repeat=t + 1):
                p = 1 / 3
                for k in range(1, t + 1):
                    p *= stay if path[k] == path[k - 1] else move
                    p *= right if text[k] == path[k] + 1 else wrong
                ends[path[-1]] += p
            assert full.log_p[i, t, text[t]] == pytest.approx(
                np.log(ends.sum() / before), abs=1e-12
            )
            np.testing.assert_allclose(full.posterior["state"][i, t], ends / ends.sum(), atol=1e-12)
            before = ends.sum()


def test_mess3_with_no_noise_knows_its_state_after_one_word():
    corpus = Mess3(x=0.1, a=1.0, length=6)
    drawn = corpus.sample(50, np.random.default_rng(0))
    beliefs = corpus.observers(drawn.ids)["full"].posterior["state"][:, 1:]
    np.testing.assert_array_equal(beliefs.argmax(axis=-1), drawn.latents["state"][:, 1:])
    assert beliefs.max() == 1.0


def test_chains_are_a_value_that_copies_with_changes():
    assert isinstance(small_chains(lines=3), Chains)
    assert small_chains(lines=3).length == 11
