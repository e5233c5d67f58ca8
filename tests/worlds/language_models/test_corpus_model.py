"""The trainer of corpora: it learns, keeps, fetches, and repeats itself to the byte."""

import numpy as np
import pytest
import torch
from support.corpora import small_chains
from support.organisms import brief, same

from nullprobe import InputError
from nullprobe.corpora import Mess3
from nullprobe.worlds.language_models import training
from nullprobe.worlds.language_models.cached_training import train
from nullprobe.worlds.language_models.corpus_model import CorpusModel
from nullprobe.worlds.language_models.corpus_training import Lessons, learn
from nullprobe.worlds.language_models.descent import untouched


def test_the_organism_has_the_weights_of_its_plain_recipe():
    """The demo's model calls the shared steps; here they are written out, with no shared code."""
    made = brief(steps=12)
    facts, words = made.facts, made.tokenizer.convert_ids_to_tokens(range(len(made.tokenizer)))
    model, index = training.newborn(words, 0), {word: i for i, word in enumerate(words)}
    rng, lesson = np.random.default_rng([0, 1]), training.Lesson(12)
    with untouched(0):
        model.train()
        matrices = [w for w in model.parameters() if w.ndim > 1]
        others = [w for w in model.parameters() if w.ndim <= 1]
        optimiser = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": 0.1}, {"params": others}],
            lr=3e-3, betas=(0.9, 0.99), weight_decay=0.0,
        )  # fmt: skip
        for step in range(12):
            texts = facts.learn(64, rng, known=lesson.known, negations=lesson.negations)
            ids, places = training._batch(*texts, index)
            down = 0.02 + 0.98 * (1 + np.cos(np.pi * step / 12)) / 2
            for group in optimiser.param_groups:
                group["lr"] = float(3e-3 * min(1.0, (step + 1) / 50) * down)
            verdicts = torch.tensor([index["false"], index["true"]])
            loss, judged = training._losses(model, ids, places, verdicts, lesson.doubt)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            lesson.advance(judged)
    assert same(made.model, model)


def test_a_model_of_a_corpus_is_kept_and_fetched_with_its_snapshots(tmp_path):
    corpus, lessons, steps = Mess3(length=5), Lessons(steps=4, snapshots=(2,)), []
    options = {"cache": tmp_path, "progress": lambda *stage: steps.append(stage)}
    first = train(corpus, lessons, **options)
    assert steps == [("training", done, 4) for done in (1, 2, 3, 4)]
    again = train(corpus, lessons, **options)
    assert len(steps) == 4
    assert [*again.snapshots] == [2, 4]
    assert same(first.model, again.model)
    assert same(first.snapshots[2], again.snapshots[2])
    assert not same(first.model, first.snapshots[2])
    assert not same(first.model, first.twin)
    assert same(first.twin, again.twin)


@pytest.mark.parametrize(
    "change",
    [
        {"corpus": Mess3(length=5, x=0.051)},
        {"lessons": Lessons(steps=2)},
        {"lessons": Lessons(steps=1, word_weights=(1, 1, 1, 0.3))},
        {"random_state": 1},
    ],
    ids=["corpus", "steps", "weights", "seed"],
)
def test_another_model_is_kept_elsewhere(tmp_path, change):
    options = {"corpus": Mess3(length=5), "lessons": Lessons(steps=1), "cache": tmp_path}
    train(**options)
    train(**{**options, **change})
    assert len(list(tmp_path.iterdir())) == 2


def test_a_training_that_is_cut_off_leaves_nothing(tmp_path):
    def cut_off(stage, done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Mess3(length=5), Lessons(5, snapshots=(2,)), cache=tmp_path, progress=cut_off)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_model_comes_near_to_the_floor_and_its_twin_does_not():
    corpus = Mess3(a=1.0, x=0.1, length=6)
    made = train(corpus, Lessons(steps=150), cache=False)
    ids = corpus.sample(1000, np.random.default_rng(1)).ids

    def loss(log_p):
        return -np.take_along_axis(log_p, ids[..., None], axis=2)[:, 1:].mean()

    floor = loss(corpus.observers(ids)["full"].log_p)
    assert loss(made.log_p(ids)) < floor + 0.02
    assert loss(made.log_p(ids, made.twin)) > floor + 0.3


def test_what_a_model_expects_has_the_form_of_an_observer():
    corpus = small_chains()
    made = train(corpus, Lessons(steps=1), cache=False)
    ids = corpus.sample(3, np.random.default_rng(0)).ids
    log_p, seen = made.log_p(ids), corpus.observers(ids)["full"].log_p
    assert log_p.shape == seen.shape
    np.testing.assert_allclose(np.exp(log_p).sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_array_equal(log_p[:, 0], seen[:, 0])
    # The word after a beginning is the word of the whole text there.
    np.testing.assert_allclose(made.continuing()(ids[:, :4]), log_p[:, 4], atol=1e-5)
    assert made.states(ids, 1).shape == (3, corpus.length, 64)
    encoded = made.tokenizer(made.texts(ids))["input_ids"]
    np.testing.assert_array_equal(encoded, ids)


def test_a_weight_of_zero_teaches_nothing_about_a_word():
    """The gradient of a word's loss is there only if the word has a weight."""
    corpus = Mess3(length=5)
    unlike = [
        train(corpus, Lessons(3, word_weights=weights), cache=False)
        for weights in ((1, 1, 1, 0), (1, 1, 1, 1))
    ]
    c = corpus.words.index("c")
    mean = [np.exp(one.log_p(corpus.sample(200, np.random.default_rng(0)).ids))[:, 1:, c].mean()
            for one in unlike]  # fmt: skip
    assert mean[0] < mean[1] - 0.02


def test_training_goes_on_from_where_a_model_is():
    corpus = Mess3(length=5)
    made = train(corpus, Lessons(steps=2), cache=False)
    before = made.log_p(np.array([[0, 1, 2]]))
    done = []
    learn(made.model, corpus, Lessons(steps=3), seed=5, watch=done.append)
    assert done == [1, 2, 3]
    assert (made.log_p(np.array([[0, 1, 2]])) != before)[:, 1:].all()
    assert isinstance(made, CorpusModel)


@pytest.mark.parametrize(
    "arguments",
    [
        {"steps": 0},
        {"steps": 2, "snapshots": (3,)},
        {"word_weights": (-1.0, 1, 1, 1)},
        {"word_weights": (0.0, 0, 0, 0)},
    ],
)
def test_lessons_that_cannot_be_are_refused(arguments):
    with pytest.raises(InputError):
        Lessons(**arguments)


def test_weights_must_fit_the_words():
    with pytest.raises(InputError) as error:
        train(Mess3(), Lessons(1, word_weights=(1.0,)), cache=False)
    assert error.value.required.startswith("word_weights must be 4 numbers")


def test_texts_that_grow_are_read_on_and_others_from_the_start():
    made = train(small_chains(lines=4), Lessons(steps=5), cache=False)
    ids = made.corpus.sample(30, np.random.default_rng(3)).ids
    log_p, following = made.log_p(ids), made.continuing()
    for length in (3, 4, 6, 5, 7):  # one word, two words, fewer words
        np.testing.assert_allclose(following(ids[:, :length]), log_p[:, length], atol=1e-5)
    np.testing.assert_allclose(following(ids[::-1, :8]), log_p[::-1, 8], atol=1e-5)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_what_follows_each_word_is_what_follows_each_longer_text(length):
    made = train(small_chains(lines=4), Lessons(steps=5), cache=False)
    ids = made.corpus.sample(40, np.random.default_rng(4)).ids[:, :length]  # two blocks
    words = np.arange(len(made.corpus.words))
    longer = np.column_stack([np.repeat(ids, len(words), axis=0), np.tile(words, len(ids))])
    for model in (made.model, made.twin):
        after = made.after_each_word(ids, model)
        expected = made.continuing(model)(longer).reshape(after.shape)
        np.testing.assert_allclose(after, expected, atol=1e-5)
