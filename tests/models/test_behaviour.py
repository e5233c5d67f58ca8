"""What a model predicts under edits, against one text and one edit at a time."""

import numpy as np
import pytest
import torch
from support import tiny_models as tiny

from nullprobe import AffineEraser, InputError
from nullprobe.models import erase
from nullprobe.models.behaviour import (
    Texts,
    divergences,
    log_probabilities,
    metrics,
    token_log_probabilities,
)

TEXTS = tiny.texts(9, longest=8)
ANSWERS = [" ".join(words.split()[:k]) for words, k in zip(TEXTS, [1, 2, 3] * 3, strict=True)]
AXIS = np.random.default_rng(0).standard_normal((16, 1)) / 4.0
EDITS = [
    {},
    {"layers.0.output": AffineEraser(np.ones(16), AXIS, AXIS.T)},
    {"layers.1.mlp_output": AffineEraser(np.zeros(16), 3 * AXIS, AXIS.T)},
]
FAMILIES = ("gpt2", "llama", "bloom")


def predicted(model, tokenizer, words, edit):
    """Return log-probabilities (t, vocabulary) of one text under one edit."""
    with torch.no_grad(), erase(model, edit):
        return model(input_ids=tiny.ids_of(tokenizer, words)).logits[0].log_softmax(-1)


@pytest.mark.slow
@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("name", FAMILIES)
def test_answers_are_as_probable_as_of_each_text_alone(name, special):
    """Of an ending such as [SEP] nothing is predicted: the answer follows the text itself."""
    model = tiny.model_of(name)
    tokenizer, bare = tiny.word_tokenizer(special=special), tiny.word_tokenizer()
    found = log_probabilities(Texts(model, tokenizer, TEXTS, batch_size=4), ANSWERS, EDITS)
    start = "[CLS] " if special else ""
    for e, edit in enumerate(EDITS):
        for i, (words, answer) in enumerate(zip(TEXTS, ANSWERS, strict=True)):
            said = predicted(model, bare, f"{start}{words} {answer}", edit)
            ids = bare(answer)["input_ids"]
            first = len(f"{start}{words}".split()) - 1
            alone = sum(said[first + k, one].item() for k, one in enumerate(ids))
            assert found[e, i] == pytest.approx(alone, abs=1e-4)


@pytest.mark.parametrize("name", FAMILIES)
def test_divergences_are_those_of_each_text_alone(name):
    model, tokenizer = tiny.model_of(name), tiny.word_tokenizer()
    found = divergences(Texts(model, tokenizer, TEXTS, batch_size=4), EDITS)
    for e, edit in enumerate(EDITS):
        for i, words in enumerate(TEXTS):
            own, said = (predicted(model, tokenizer, words, one) for one in ({}, edit))
            alone = (own.exp() * (own - said)).sum(-1).mean().item()
            assert found[e, i] == pytest.approx(alone, abs=1e-5)
    assert found[0] == pytest.approx(0.0, abs=1e-12)
    assert (found[1:].mean(axis=1) > 1e-4).all()


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("name", FAMILIES)
def test_each_token_is_as_probable_as_in_its_text_alone(name, special):
    model = tiny.model_of(name)
    tokenizer, bare = tiny.word_tokenizer(special=special), tiny.word_tokenizer()
    long = [words for words in TEXTS if len(words.split()) > 1]
    found = token_log_probabilities(Texts(model, tokenizer, long, batch_size=4))
    start = "[CLS] " if special else ""
    for log_p, words in zip(found, long, strict=True):
        ids = tiny.ids_of(bare, start + words)[0].tolist()
        said = predicted(model, bare, start + words, {})
        alone = [said[k, one].item() for k, one in enumerate(ids[1:])]
        assert log_p == pytest.approx(alone, abs=1e-4)


def test_a_text_of_one_token_has_no_log_probability():
    texts = Texts(tiny.model_of("gpt2"), tiny.word_tokenizer(), [TEXTS[0], TEXTS[0].split()[0]])
    with pytest.raises(InputError) as error:
        token_log_probabilities(texts)
    assert "two tokens" in error.value.required
    assert "text 1" in error.value.received


def test_a_metric_sees_what_follows_each_text():
    model, tokenizer = tiny.model_of("gpt2"), tiny.word_tokenizer()
    seen = []

    def largest(logits, which):
        seen.append(which)
        return logits.max(dim=-1).values

    found = metrics(Texts(model, tokenizer, TEXTS, batch_size=4), largest, EDITS)
    for e, edit in enumerate(EDITS):
        for i, words in enumerate(TEXTS):
            with torch.no_grad(), erase(model, edit):
                logits = model(input_ids=tiny.ids_of(tokenizer, words)).logits[0, -1]
            assert found[e, i] == pytest.approx(logits.max().item(), abs=1e-4)
    assert sorted(np.concatenate(seen).tolist()) == sorted([*range(9)] * 3)


def test_the_model_is_left_as_it_was():
    model = tiny.make("gpt2").train()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    divergences(Texts(model, tiny.word_tokenizer(), TEXTS[:2]), EDITS)
    assert model.training
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (ANSWERS[:3], "9 texts .*answer, but 3 "),
        ("w1", "a single str arrived"),
        (1, "a single int arrived"),
        (["", *ANSWERS[1:]], "answer 0 .* is ''"),
        ([None, *ANSWERS[1:]], "answer 0 .* is None"),
        ([" ", *ANSWERS[1:]], "at least one token.* text 0"),
        (["zebra", *ANSWERS[1:]], "'zebra' to text 0 .*unknown"),
        ([" ".join(["w1"] * 30), *ANSWERS[1:]], "24 tokens, .* text 0 .* has 8"),
    ],
)
def test_answers_that_are_none_are_refused(answers, message):
    texts = Texts(tiny.model_of("gpt2"), tiny.word_tokenizer(), TEXTS)
    with pytest.raises(InputError, match=message):
        log_probabilities(texts, answers, EDITS)


def test_texts_that_do_not_fit_are_refused_since_their_end_is_what_counts():
    long = [" ".join(["w1"] * 30)]
    with pytest.raises(InputError, match="context of the model, 24 tokens"):
        Texts(tiny.model_of("gpt2"), tiny.word_tokenizer(), long)


def test_a_model_without_a_head_is_refused():
    with pytest.raises(InputError, match="AutoModelForCausalLM"):
        Texts(tiny.model_of("gpt2").transformer, tiny.word_tokenizer(), TEXTS)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (lambda logits, _: logits, r"shape \("),
        (lambda _, which: np.full(len(which), np.nan), r"text \d+ .* nan"),
    ],
)
def test_a_metric_that_returns_something_else_is_refused(metric, message):
    texts = Texts(tiny.model_of("gpt2"), tiny.word_tokenizer(), TEXTS)
    with pytest.raises(InputError, match=message):
        metrics(texts, metric, EDITS)
