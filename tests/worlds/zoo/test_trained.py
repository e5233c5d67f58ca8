"""Trained networks do what their program says, or are refused; they are kept and fetched."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("transformers")

import torch
from support.organisms import same

from nullprobe import InputError
from nullprobe.worlds.zoo import learning, trained
from nullprobe.worlds.zoo.questions import QUESTIONS
from nullprobe.worlds.zoo.trained import PROGRAMS, Refused, TrainedNetwork, Truth, truth


@pytest.fixture
def brief(monkeypatch):
    """Check fewer texts."""
    monkeypatch.setattr(trained, "N_PAIRS", 10)
    monkeypatch.setattr(trained, "N_TEXTS", 50)


def ids_of(program, n=12):
    return program.draw(n, np.random.default_rng(0))


def asked(question):
    """Return a network that has learned nothing, for its texts."""
    program = PROGRAMS[QUESTIONS[question].network]
    return TrainedNetwork(program, learning.newborn(program, 0), None, 0, 0)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_network_in_two_parts_computes_what_the_whole_does(name):
    program = PROGRAMS[name]
    model, ids = learning.newborn(program, 3), ids_of(program)
    with torch.no_grad():
        whole = model(torch.from_numpy(learning.with_ask(ids))).logits[:, -1]
        parts = learning.logits_from(model, learning.states_at(model, ids))
    torch.testing.assert_close(parts, whole, atol=1e-5, rtol=1e-5)
    odds = learning.log_odds(model, learning.states_at(model, ids))
    np.testing.assert_allclose(odds, (whole[:, 1] - whole[:, 0]).numpy(), atol=1e-5)


def test_an_interchange_changes_what_it_names_and_nothing_else():
    states, source = torch.zeros(2, 5, 32), torch.ones(2, 5, 32)
    block, rest = learning.with_block(states, source, 1), learning.with_the_rest(states, source, 2)
    last = learning.with_last(states, source)
    assert block[:, -1, 8:16].all()
    assert block.sum() == 2 * 8
    assert not rest[:, -1, :16].any()
    assert rest.sum() == source.sum() - 2 * 16
    assert last[:, -1].all()
    assert last.sum() == 2 * 32
    assert not states.any()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_lesson_has_the_answers_that_the_program_computes_after_each_interchange(name):
    program = PROGRAMS[name]
    ids = ids_of(program)
    values, n = program.read(ids), len(ids)
    states = torch.randn(n, ids.shape[1] + 1, 32, generator=torch.Generator().manual_seed(0))
    edited, targets = learning._lesson(program, values, states)
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(len(edited)))
    odds = (targets[:, learning.YES] / targets[:, learning.NO]).log().numpy() / learning.LOUD
    own = program.answer(values)
    np.testing.assert_allclose(odds[:n], own, atol=1e-5)
    torch.testing.assert_close(edited[:n], states)
    if program.interchange == "state":
        np.testing.assert_allclose(odds[n:], (own + np.roll(own, 1)) / 2, atol=1e-5)
    if program.interchange == "blocks":
        for k, variable in enumerate(program.variables, 1):
            other = {**values, variable: np.roll(values[variable], 1)}
            np.testing.assert_allclose(odds[k * n : (k + 1) * n], program.answer(other), atol=1e-5)
        np.testing.assert_allclose(odds[-n:], own, atol=1e-5)
    if program.spoken is not None:
        red, blue = (targets[:, learning.HEAD.index(word)].numpy() for word in learning.SPOKEN)
        np.testing.assert_allclose(
            np.log(blue / red) / learning.LOUD, values[program.spoken], atol=1e-5
        )


@pytest.mark.parametrize("question", QUESTIONS)
def test_texts_have_the_labels_and_answers_of_the_question(question):
    about, made = QUESTIONS[question], asked(question)
    drawn = made.texts(question, 20, 1)
    index = {word: k for k, word in enumerate(made.program.words)}
    ids = np.array([[index[word] for word in text.split()[:-1]] for text in drawn.texts])
    values = made.program.read(ids)
    assert drawn.pair.tolist() == [k // 2 for k in range(20)]
    assert (drawn.y[::2] != drawn.y[1::2]).all()
    if about.concept is not None:
        assert ((values[about.concept] > 0) == drawn.y).all()
    answers = np.array(drawn.answers) == "yes"
    assert (answers[::2] != answers[1::2]).all()
    right = made.program.answer(values) > 0
    assert (answers == (right if (right[::2] != right[1::2]).any() else drawn.y)).all()


def test_the_label_of_an_absent_concept_is_a_coin():
    drawn = asked("learned: absent").texts("learned: absent", 200, 0)
    task = np.array(["task+" in text for text in drawn.texts])
    assert abs(np.mean(task == drawn.y) - 0.5) < 0.15  # of 100 pairs: 3 standard errors
    with pytest.raises(InputError):
        asked("learned: absent").texts("parity: parity", 20)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.usefixtures("brief")
def test_an_untrained_network_is_not_taken_for_a_trained_one(name):
    assert not truth(PROGRAMS[name], learning.newborn(PROGRAMS[name], 0), 0).holds


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        ({}, True),
        ({"right": 0.98}, False),
        ({"rest": 0.16}, False),
        ({"blocks": {"parity": 0.98}}, False),
        ({"moved": {"learned: linear": (0.24, 1.0)}}, False),
        ({"moved": {"learned: unused": (0.0, 0.16)}}, False),
        ({"moved": {"learned: unused": (0.0, 0.14), "learned: linear": (0.26, 1.0)}}, True),
    ],
)
def test_one_wrong_measurement_is_enough_to_refuse(change, holds):
    fine = Truth(1.0, {"learned: linear": (0.9, 1.0)}, {"parity": 1.0}, 0.05)
    assert dataclasses.replace(fine, **change).holds == holds


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_networks_that_learned_nothing_are_refused_and_not_trained_again(tmp_path, monkeypatch):
    monkeypatch.setitem(
        trained.PROGRAMS, "sorted", dataclasses.replace(PROGRAMS["sorted"], steps=1)
    )
    steps = []
    for _ in range(2):
        with pytest.raises(Refused):
            trained.trained("sorted", cache=tmp_path, progress=lambda *s: steps.append(s))
        assert len(steps) == len(list(tmp_path.iterdir())) == trained.ATTEMPTS


@pytest.mark.slow
@pytest.mark.parametrize("name", ["learned use", "learned copies", "fraction"])
def test_a_trained_network_passes_its_check_and_is_fetched(name, tmp_path):
    steps = []
    options = {"cache": tmp_path, "progress": lambda *s: steps.append(s)}
    made = trained.trained(name, **options)
    n_steps = len(steps)
    assert n_steps == (1 + made.attempt) * made.program.steps
    assert truth(made.program, made.model, 7).holds
    again = trained.trained(name, **options)
    assert len(steps) == n_steps
    assert same(made.model, again.model)
    if name == "learned use":  # judged as a network that answers with the task, it is refused
        measured = truth(PROGRAMS["learned disuse"], made.model, 7)
        assert measured.moved["learned: unused"][0] > trained.LEAST
        assert not measured.holds


def test_an_unknown_program_is_refused():
    with pytest.raises(InputError):
        trained.trained("sorting")
