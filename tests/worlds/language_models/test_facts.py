"""The world of facts: what is said of its statements is true of them."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from nullprobe import InputError
from nullprobe.worlds.language_models.facts import (
    ATTRIBUTES,
    CORRECTED,
    DECK,
    ENTITIES,
    TEMPLATES,
    VERDICTS,
    deal,
    vocabulary,
)

ALL = 256 * DECK  # statements that a world of a dozen entities judges


def world(seed=0, n_entities=DECK):
    return deal(n_entities, np.random.default_rng(seed))


def read(facts, text):
    """Return what a text says, from its words alone: fact, template, and whether it is true."""
    words = text.split()
    entity = next(i for i, name in enumerate(ENTITIES) if name in words)
    attribute = next(j for j, name in enumerate(ATTRIBUTES) if name in words)
    pair = list(ATTRIBUTES.values())[attribute]
    named = pair.index(next(word for word in words if word in pair))
    negated = "not" in words
    plain = " ".join(word for word in words[1:-1] if word != "not")
    shapes = [
        form.format(
            adverb="",
            attribute=list(ATTRIBUTES)[attribute],
            entity=ENTITIES[entity],
            negation="",
            value=pair[named],
            ending="",
        ).strip()
        for form in TEMPLATES.values()
    ]
    right = named == facts.values[entity, attribute]
    return entity, attribute, shapes.index(plain), negated, int(right != negated)


def test_truth_is_what_the_words_say_of_the_facts():
    facts = world()
    drawn = facts.statements(400, 0)
    learned, words = facts.learn(400, np.random.default_rng(0), known=DECK, negations=0.5)
    assert [read(facts, text)[-1] for text in drawn.texts] == drawn.truth.tolist()
    for text, word in zip(learned, words, strict=True):
        entity, attribute, *_, true = read(facts, text)
        value = list(ATTRIBUTES.values())[attribute][facts.values[entity, attribute]]
        assert word in (("false", "true")[true], value)
    # A binomial share is within five standard deviations.
    assert abs(np.isin(words, VERDICTS).mean() - (1 - CORRECTED)) < 5 * 0.47 / np.sqrt(400)
    assert [read(facts, text)[3] for text in drawn.texts] == drawn.negated.tolist()


def test_what_is_told_of_a_statement_stands_in_its_text():
    facts = world()
    drawn = facts.statements(300, 1)
    names = list(TEMPLATES)
    for i, text in enumerate(drawn.texts):
        words = text.split()
        assert drawn.entity[i] in words
        assert drawn.attribute[i] in words
        assert names[read(facts, text)[2]] == drawn.template[i]
        assert (words[-1] == "!") == drawn.unrelated["exclaimed"][i]
        sure = words[0] in ("surely", "clearly", "certainly", "indeed")
        assert sure == drawn.unrelated["sure"][i]
        assert drawn.right[i] == (" true" if drawn.truth[i] else " false")
        assert {drawn.right[i], drawn.wrong[i]} == {" true", " false"}


@pytest.mark.slow
def test_no_fact_is_judged_in_a_template_that_it_is_learned_in():
    facts = world(n_entities=24)
    texts, _ = facts.learn(20_000, np.random.default_rng(0), known=24, negations=0.5)
    learned = {read(facts, text)[:3] for text in texts}
    judged = {read(facts, text)[:3] for text in facts.statements(4000, 0).texts}
    assert not learned & judged
    # Nothing else is held back: every fact is learned in all other templates, and judged in one.
    assert len(learned) == 24 * 4 * (len(TEMPLATES) - 1)
    assert len(judged) == 24 * 4


def test_every_template_judges_as_many_facts_of_either_value():
    facts = world(n_entities=24)
    for j in range(len(ATTRIBUTES)):
        cells = Counter(zip(facts.judged[:, j].tolist(), facts.values[:, j].tolist(), strict=True))
        assert set(cells.values()) == {2}
        assert len(cells) == 2 * len(TEMPLATES)


def test_no_word_and_no_two_words_tell():
    """Over all statements there are, exactly: the world is finite."""
    facts = world()
    drawn = facts.statements(ALL, 0)
    rows = [frozenset(text.split()) for text in drawn.texts]
    seen, true = Counter(), Counter()
    for words, truth in zip(rows, drawn.truth, strict=True):
        for some in (*combinations(sorted(words), 1), *combinations(sorted(words), 2)):
            seen[some] += 1
            true[some] += truth
    assert all(2 * true[some] == number for some, number in seen.items())
    # Three do: an entity, a value and whether it is negated.
    negated = Counter()
    for words, truth in zip(rows, drawn.truth, strict=True):
        if {"ada", "red"} <= words:
            negated["not" in words, truth] += 1
    assert len(negated) == 2


def test_what_is_unrelated_is_even_over_all_statements():
    drawn = world().statements(ALL, 0)
    for labels in (drawn.negated, *drawn.unrelated.values()):
        assert Counter(zip(labels.tolist(), drawn.truth.tolist(), strict=True)) == {
            (a, b): ALL // 4 for a in (0, 1) for b in (0, 1)
        }


def test_no_statement_comes_twice_and_the_kinds_are_even():
    drawn = world().statements(ALL, 3)
    assert len(set(drawn.texts)) == ALL
    for n in (4, 7, 90):
        few = world().statements(n, 3)
        kinds = Counter(zip(few.truth.tolist(), few.negated.tolist(), strict=True))
        assert max(kinds.values()) - min(kinds.values()) <= 1


def test_few_entities_are_as_even_as_many():
    facts = world()
    texts, words = facts.learn(500, np.random.default_rng(0), known=4, negations=0.0)
    assert {read(facts, text)[0] for text in texts} == {0, 1, 2, 3}
    assert not any("not" in text.split() for text in texts)
    assert (facts.values[:4].mean(axis=0) == 0.5).all()
    assert 0.4 < words.count("true") / (words.count("true") + words.count("false")) < 0.6


def test_the_last_word_closes_and_the_vocabulary_holds_all_words():
    facts = world(n_entities=24)
    words = vocabulary(24)
    assert len(words) == len(set(words))
    for text in facts.statements(2000, 0).texts:
        assert text.split()[-1] in (".", "!")
        assert set(text.split()) <= set(words)


def test_the_same_seed_draws_the_same():
    assert world(5).statements(50, 2).texts == world(5).statements(50, 2).texts
    assert world(5).statements(50, 2).texts != world(5).statements(50, 3).texts
    assert (world(5).values != world(6).values).any()


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(InputError, match="n_entities must be a multiple of 12"):
        world(n_entities=13)
    with pytest.raises(InputError, match="n_entities must be a multiple of 12"):
        world(n_entities=36)
    with pytest.raises(InputError, match="n must be at most 3072"):
        world().statements(ALL + 1, 0)
    with pytest.raises(InputError, match="n must be a whole number of at least 4"):
        world().statements(3, 0)
    with pytest.raises(InputError, match="random_state"):
        world().statements(8, -1)
