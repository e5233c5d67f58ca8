"""Programs read texts as their words say, and pairs differ in the variables that are named."""

import numpy as np
import pytest

pytest.importorskip("transformers")

from nullprobe.worlds.zoo.circuits import CIRCUITS
from nullprobe.worlds.zoo.programs import HEAD, LEARNED
from nullprobe.worlds.zoo.questions import QUESTIONS, pairs_of_texts
from nullprobe.worlds.zoo.weights import ASK

PROGRAMS = {**LEARNED, **CIRCUITS}


def kinds_of(words):
    return [word.rstrip("0123456789") for word in words]


def bit(words, name):
    (sign,) = [kind[-1] for kind in kinds_of(words) if kind[:-1] == name]
    return sign == "+"


def depths(words):
    depth, seen = 0, []
    for kind in kinds_of(words):
        depth += {"(": 1, ")": -1}.get(kind, 0)
        seen.append(depth)
    return seen


def number(word):
    return int(word.removeprefix("number"))


def before_mark(words):
    return kinds_of(words[: words.index("mark")])


# Variables and answers, written down again from the words of a text.
MEANING = {
    "concept": lambda w: bit(w, "concept"),
    "task": lambda w: bit(w, "task"),
    "repeated": lambda w: w[0] in w[1:],
    "early": lambda w: w[0] in {f"word{k}" for k in range(4)},
    "parity": lambda w: bit(w, "a") == bit(w, "b"),
    "third": lambda w: bit(w, "c"),
    "first": lambda w: bit(w, "a"),
    "closed": lambda w: depths(w)[-1] == 0,
    "never below": lambda w: min(depths(w)) >= 0,
    "second opens": lambda w: kinds_of(w)[1] == "(",
    "rises": lambda w: number(w[0]) <= number(w[1]),
    "rises again": lambda w: number(w[1]) <= number(w[2]),
    "large": lambda w: number(w[1]) >= 5,
    "most": lambda w: before_mark(w).count("x") > before_mark(w).count("o"),
    "first is x": lambda w: kinds_of(w)[0] == "x",
}
ANSWER = {
    "learned use": lambda w: bit(w, "concept"),
    "learned disuse": lambda w: bit(w, "task"),
    "learned copies": lambda w: bit(w, "concept"),
    "duplicate": MEANING["repeated"],
    "parity": lambda w: bit(w, "a") == bit(w, "b") and bit(w, "c"),
    "brackets": lambda w: depths(w)[-1] == 0 and min(depths(w)) >= 0,
    "sorted": lambda w: number(w[0]) <= number(w[1]) <= number(w[2]),
    "fraction": MEANING["most"],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_variables_and_answers_are_those_of_the_words(name):
    program = PROGRAMS[name]
    ids = program.draw(200, np.random.default_rng(0))
    values = program.read(ids)
    answers = program.answer({v: values[v] for v in program.variables})
    for i, row in enumerate(ids):
        *words, last = program.text(row).split()
        assert last == ASK
        assert not set(words) & set(HEAD)
        assert {v: value[i] == 1 for v, value in values.items()} == {
            v: MEANING[v](words) for v in values
        }
        assert (answers[i] == 1) == ANSWER[name](words)
    assert program.legal(ids).all()
    assert {*np.unique(answers)} == {-1, 1}


@pytest.mark.parametrize("name", PROGRAMS)
def test_balanced_texts_have_every_combination_of_the_variables_as_often(name):
    program = PROGRAMS[name]
    values = program.read(program.balanced(400, np.random.default_rng(1)))
    cells = np.stack([values[v] for v in program.variables], axis=1)
    _, counts = np.unique(cells, axis=0, return_counts=True)
    assert len(counts) == 2 ** len(program.variables)
    assert (counts == 400 / len(counts)).all()


@pytest.mark.parametrize("name", ["learned use", "parity", "fraction"])
def test_a_text_that_could_not_have_been_drawn_is_not_legal(name):
    program = PROGRAMS[name]
    ids = program.draw(50, np.random.default_rng(0))
    ids[:, 0] = ids[:, 1]  # a word twice, or lost; with fillers, one of them may be legal
    twice = [len({*row} - {row[0]}) < len(row) - 1 for row in ids]
    assert any(twice)
    for row, fine in zip(ids, program.legal(ids), strict=True):
        kinds = kinds_of(program.text(row).split())
        if name == "fraction":
            assert fine == (kinds.count("mark") == 1 and kinds.index("mark") >= 3)
        else:
            bits = ("concept", "task") if name == "learned use" else ("a", "b", "c")
            assert fine == all(sum(k[:-1] == b for k in kinds) == 1 for b in bits)


@pytest.mark.parametrize("name", QUESTIONS)
def test_texts_of_a_pair_differ_in_the_variables_that_the_question_names(name):
    question = QUESTIONS[name]
    program = PROGRAMS[question.network]
    pairs = pairs_of_texts(program, question.changed, 20, np.random.default_rng(2))
    one, two = (program.read(pairs[:, k]) for k in (0, 1))
    for variable in one:
        assert ((one[variable] != two[variable]) == (variable in question.changed)).all()
    decides = bool({*question.changed} & {*program.variables})
    assert ((program.answer(one) != program.answer(two)) == decides).all()
    assert decides == (question.used or len(question.changed) > 1 or question.concept is None)
    assert all(program.legal(pairs[:, k]).all() for k in (0, 1))


def test_every_question_is_about_a_variable_that_its_network_reads():
    for question in QUESTIONS.values():
        program = PROGRAMS[question.network]
        read = program.read(program.draw(4, np.random.default_rng(0)))
        assert {*question.changed} <= {*read}
        assert question.concept is None or question.concept in question.changed
        assert question.used == (question.concept in program.variables)
