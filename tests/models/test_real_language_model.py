"""A real decoder from a GGUF file: it knows a fact, its states are read, it can be saved."""

import hashlib

import numpy as np
import pytest
import torch
from support import language_model
from support.language_model import LAYERS, WIDTH

from nullprobe import models
from nullprobe.models.encoding import Encoder
from nullprobe.models.provenance import described
from nullprobe.models.texts import as_texts
from nullprobe.models.token_rules import Rule

pytestmark = pytest.mark.slow

TEXTS = [
    "The capital of France is",
    "Water boils at one hundred degrees.",
    "Two and two make",
    "She looked out of the window, and saw that it had snowed in the night",
]


@pytest.fixture(scope="module")
def loaded():
    return language_model.smollm2()


@pytest.fixture(scope="module")
def captured(loaded):
    return models.capture(*loaded, TEXTS, "layers.*.output", batch_size=3)


@pytest.fixture(scope="module")
def saved(loaded, tmp_path_factory):
    """Return the plain folder that the model and its tokenizer are saved in."""
    folder = tmp_path_factory.mktemp("saved")
    for one in loaded:
        one.save_pretrained(folder)
    return folder


def plain_states(model, tokenizer):
    """Return the last token's states after each layer by plain hooks, one text at a time."""
    rows = {i: [] for i in range(LAYERS)}

    def hook(i):
        def keep(_, __, output):
            states = output if isinstance(output, torch.Tensor) else output[0]
            rows[i].append(states[0, -1].clone())

        return keep

    handles = [layer.register_forward_hook(hook(i)) for i, layer in enumerate(model.model.layers)]
    try:
        with torch.no_grad():
            for text in TEXTS:
                model(**tokenizer(text, return_tensors="pt"))
    finally:
        for handle in handles:
            handle.remove()
    return {f"layers.{i}.output": torch.stack(of).numpy() for i, of in rows.items()}


def relative(found, right):
    return np.linalg.norm(found - right, axis=1) / np.linalg.norm(right, axis=1)


def test_it_knows_the_capital_of_france(loaded):
    model, tokenizer = loaded
    ids = tokenizer(TEXTS[0], return_tensors="pt")["input_ids"]
    with torch.no_grad():
        answer = model(input_ids=ids).logits[0, -1].argmax()
    assert tokenizer.decode(answer).strip() == "Paris"


def test_its_sites_are_found_with_and_without_weights(loaded):
    found = models.sites(loaded[0])
    assert len(found) == 2 + 6 * LAYERS
    assert {site.width for site in found.values()} == {WIDTH}
    assert models.sites(models.structure(language_model.file())) == found


def test_its_states_are_those_of_plain_hooks(loaded, captured):
    right = plain_states(*loaded)
    assert list(captured) == list(right)
    for site, rows in right.items():
        assert relative(captured[site], rows).max() < 1e-4, site


def test_what_it_is_is_recorded(loaded):
    found = described(loaded[0])
    digest = hashlib.sha256(language_model.file().read_bytes()).hexdigest()
    assert found["files"] == {language_model.NAME: digest}
    assert (found["format"], found["dtype"]) == ("gguf", "float32")
    assert found["quantization"].split(", ")[0] == "Q4_1"


def test_its_states_survive_saving_as_a_plain_folder(loaded, captured, saved):
    model, tokenizer = loaded
    again, words = models.load(saved)
    assert words(TEXTS)["input_ids"] == tokenizer(TEXTS)["input_ids"]
    assert described(again)["weights"] == described(model)["weights"]
    found = models.capture(again, words, TEXTS, "layers.*.output", batch_size=3)
    for site, rows in captured.items():
        assert relative(found[site], rows).max() < 1e-5, site


@pytest.mark.parametrize("bits", [pytest.param("8bit", marks=pytest.mark.long), "4bit"])
def test_quantised_it_still_knows_the_capital(saved, bits):
    pytest.importorskip("bitsandbytes")
    small, words = models.load(saved, quantization=bits)
    with torch.no_grad():
        answer = small(**words(TEXTS[0], return_tensors="pt")).logits[0, -1].argmax()
    assert words.decode(answer).strip() == "Paris"
    states = models.capture(small, words, TEXTS, "layers.*.output")
    assert np.isfinite(np.stack(list(states.values()))).all()


CHAT = [
    {"role": "system", "content": "Answer in one word."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris"},
    {"role": "user", "content": "And of assistant\nItaly?"},
    {"role": "assistant", "content": "Rome, naïvely said."},
]


@pytest.mark.parametrize("chat", [CHAT, CHAT[1:], CHAT[:2]])
@pytest.mark.parametrize("more", [False, True])
def test_the_ids_of_a_chat_are_those_of_its_own_template(loaded, chat, more):
    _, tokenizer = loaded
    how = {"add_generation_prompt": more}
    expected = tokenizer.apply_chat_template(chat, tokenize=True, **how)["input_ids"]
    text = tokenizer.apply_chat_template(chat, tokenize=False, **how)
    for one in (chat, text):
        (found,) = Encoder(tokenizer, Rule("last"), **how).encode(as_texts([one]))
        assert found.ids.tolist() == expected


def test_what_the_assistant_says_is_read_and_nothing_else(loaded):
    model, tokenizer = loaded
    (found,) = Encoder(tokenizer, Rule("assistant")).encode(as_texts([CHAT]))
    assert tokenizer.decode(found.ids[found.read]) == "ParisRome, naïvely said."
    states = models.capture(model, tokenizer, [CHAT], "layers.9.output", tokens="assistant")
    ids = torch.tensor(found.ids[None].astype(np.int64))
    expected = []
    hook = model.model.layers[9].register_forward_hook(
        lambda _, __, out: expected.append(out if isinstance(out, torch.Tensor) else out[0])
    )
    with torch.no_grad():
        model(ids)
    hook.remove()
    rows = expected[0][0, found.read].numpy()
    np.testing.assert_allclose(states["layers.9.output"], rows, atol=1e-4 * np.abs(rows).max())
