"""What a model writes before and after erasing: as plain ``generate`` writes it, text by text."""

import copy

import numpy as np
import pytest
import torch
from support import tiny_models as tiny

from nullprobe import AffineEraser, InputError, models

PROMPTS = tiny.texts(3, shortest=2, longest=6)
NEW = 6
SITE = "layers.1.output"
TEMPLATE = (
    "[CLS]{% for message in messages %} {{ message['content'] }} {% endfor %}"
    "{% if add_generation_prompt %}[SEP]{% endif %}"
)


def eraser(scale=1.0):
    """Return an eraser that takes most directions away, or with scale 0 nothing."""
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(16, 12)))[0]
    return AffineEraser(np.full(16, 0.5), scale * axes, axes.T)


def plain(model, ids, **how):
    """Return the ids that plain generate writes after those of one text."""
    return model.generate(input_ids=ids, max_new_tokens=NEW, **how)[0, ids.shape[1] :]


def read_of(model, run):
    """Return the ids of each forward pass of the model within ``run``."""
    seen = []

    def note(_, args):
        seen.append(args[0].flatten().tolist())

    handle = model.get_input_embeddings().register_forward_pre_hook(note)
    try:
        run()
    finally:
        handle.remove()
    return seen


def written(model=None, tokenizer=None, prompts=PROMPTS, **options):
    model, tokenizer = model or tiny.model_of("gpt2"), tokenizer or tiny.word_tokenizer()
    how = {"erasers": {SITE: eraser()}, "max_new_tokens": NEW, **options}
    return models.generate(model, tokenizer, prompts, **how)


@pytest.mark.slow
@pytest.mark.parametrize("name", tiny.CAUSAL)
def test_texts_are_those_of_plain_generate_on_one_prompt(name):
    model, tokenizer = tiny.model_of(name), tiny.word_tokenizer(side="left")
    found = written(model, tokenizer)
    assert found.prompts == tuple(PROMPTS)
    for i, prompt in enumerate(PROMPTS):
        ids = tiny.ids_of(tokenizer, prompt)
        assert found.before[i] == tokenizer.decode(plain(model, ids), skip_special_tokens=True)
        with models.erase(model, {SITE: eraser()}):
            assert found.after[i] == tokenizer.decode(plain(model, ids), skip_special_tokens=True)
    assert found.before != found.after


@pytest.mark.slow
def test_a_prompt_is_continued_alike_whatever_the_others_are():
    for how in ({}, {"sample": True}):
        alone, together = written(prompts=PROMPTS[:1], **how), written(**how)
        assert (alone.before[0], alone.after[0]) == (together.before[0], together.after[0])


@pytest.mark.slow
def test_drawn_texts_follow_the_seed_and_differ_only_by_what_is_erased():
    state = torch.random.get_rng_state()
    nothing = {"sample": True, "temperature": 3.0, "erasers": {SITE: eraser(0.0)}}
    first = written(**nothing)
    assert first.before == first.after
    assert first == written(**nothing)
    assert first != written(**nothing, random_state=1)
    assert written(sample=True, temperature=1e-4).before == written().before  # as good as greedy
    twice = written(prompts=PROMPTS[:1] * 2, **nothing)
    assert twice.before[0] != twice.before[1]  # each prompt has random numbers of its own
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_chat_is_rendered_and_tokenized_in_one_step():
    model, tokenizer = tiny.model_of("gpt2"), tiny.word_tokenizer(special=True)
    tokenizer.chat_template = TEMPLATE
    chats = [[{"role": "user", "content": "w1 w2"}], "w3"]
    seen = read_of(model, lambda: written(model, tokenizer, chats, chat=True, max_new_tokens=1))
    words = tokenizer.convert_tokens_to_ids(["[CLS]", "w1", "w2", "w3", "[SEP]"])
    start, one, two, three, end = words
    assert seen == 2 * [[start, one, two, end], [start, three, end]]  # one start token, no more


def test_a_prompt_does_not_end_with_the_sign_that_a_text_has_ended():
    model, tokenizer = tiny.model_of("gpt2"), tiny.word_tokenizer(special=True)
    seen = read_of(model, lambda: written(model, tokenizer, ["w1 w2"], max_new_tokens=1))
    assert seen == 2 * [tokenizer.convert_tokens_to_ids(["[CLS]", "w1", "w2"])]


def test_the_model_is_left_as_it_was():
    model = copy.deepcopy(tiny.model_of("llama")).train()
    settings = model.generation_config.to_dict()
    model.config.use_cache = True
    steps = []
    found = written(model, progress=lambda *step: steps.append(step))
    assert steps == [("generate", i + 1, 2 * len(PROMPTS)) for i in range(2 * len(PROMPTS))]
    assert all(module.training for module in model.modules())
    assert model.generation_config.to_dict() == settings
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert found == written(model.eval())  # dropout did not run


def test_the_settings_of_the_model_hold():
    model = copy.deepcopy(tiny.model_of("gpt2"))
    before = written(model).before
    model.generation_config.suppress_tokens = tiny.word_tokenizer()(before[0])["input_ids"]
    assert not set(written(model).before[0].split()) & set(before[0].split())


def test_texts_come_as_a_table():
    found = written()
    table = found.to_frame()
    assert list(table.columns) == ["prompt", "before", "after"]
    assert table["after"].tolist() == list(found.after)
    assert len(found) == len(PROMPTS)


LONG = " ".join(["w1"] * 20)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"erasers": {}}, "at least one eraser"),
        ({"erasers": {"layers.9.output": eraser()}}, "layers.9.output"),
        ({"erasers": {"layers.*.output": eraser()}}, "pattern"),
        ({"erasers": [eraser()]}, "mapping"),
        ({"model": tiny.model_of("bert")}, "AutoModelForCausalLM"),
        ({"model": torch.nn.Linear(2, 2)}, "AutoModelForCausalLM"),
        ({"max_new_tokens": 0}, "max_new_tokens"),
        ({"max_new_tokens": 6, "prompts": [LONG]}, "fit into 24 tokens"),
        ({"max_new_tokens": 23, "prompts": [LONG[:5]], "chat": True}, "chat template"),
        ({"temperature": 0.5}, "sample=True"),
        ({"temperature": 0.0, "sample": True}, "above 0"),
        ({"temperature": float("nan"), "sample": True}, "temperature"),
        ({"prompts": "w1 w2"}, "sequence"),
        ({"prompts": []}, "at least one prompt"),
        ({"prompts": [""]}, "text 0"),
        ({"prompts": [[{"role": "user", "content": "w1"}]]}, "chat template"),
    ],
)
def test_what_cannot_be_continued_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        written(**options)


@pytest.mark.parametrize(
    ("prompts", "message"),
    [
        ("w1", "sequence"),
        ([], "at least one prompt"),
        ([None], "text 0"),
        (["w1", []], "text 1"),
        ([[{"role": "user"}]], "content"),
        ([3], "text 0"),
        ([[{"role": "odd", "content": "w1"}]], "no such role"),
        ([LONG], "fit into 24 tokens"),
    ],
)
def test_what_is_no_chat_is_refused(prompts, message):
    tokenizer = tiny.word_tokenizer()
    odd = "{% if messages[0]['role'] == 'odd' %}{{ raise_exception('no such role') }}{% endif %}"
    tokenizer.chat_template = odd + TEMPLATE
    with pytest.raises(InputError, match=message):
        written(None, tokenizer, prompts, chat=True)


def test_the_last_new_token_needs_no_place_in_the_context():
    found = written(prompts=[LONG], max_new_tokens=5)  # 20 + 5 = 24 + 1
    assert len(found.before) == 1


def test_states_of_generated_tokens_are_read_from_the_pairs():
    model, tokenizer = tiny.make("gpt2"), tiny.word_tokenizer()
    eraser = {"layers.0.output": AffineEraser(np.zeros(16), np.eye(16)[:, :1], np.eye(16)[:1])}
    found = models.generate(model, tokenizer, ["w1 w2", "w3"], erasers=eraser, max_new_tokens=3)
    site = "layers.1.output"
    states = models.capture(
        model, tokenizer, found.ids_before, site, tokens="continuation", batch_size=2
    )
    expected = []
    for prompt, new in found.ids_before:
        with torch.no_grad():
            out = model(torch.tensor([prompt + new]), output_hidden_states=True)
        kept = models.capture(model, tokenizer, [prompt + new], site, tokens="every")[site]
        np.testing.assert_allclose(
            kept[0], models.capture(model, tokenizer, [prompt], site, tokens=0)[site][0], atol=1e-5
        )
        greedy = out.logits[0, len(prompt) - 1 : -1].argmax(dim=-1).tolist()
        assert greedy == new
        expected.append(kept[len(prompt) :])
    np.testing.assert_allclose(states[site], np.concatenate(expected), atol=1e-5)
    assert states.text.tolist() == [0, 0, 0, 1, 1, 1]
    assert [tokenizer.decode(new) for _, new in found.ids_before] == list(found.before)
    assert [tokenizer.decode(new) for _, new in found.ids_after] == list(found.after)
