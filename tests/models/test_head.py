"""The head of a model runs for a few tokens at a time, and what is read of them is the same."""

import weakref

import numpy as np
import pytest
import torch
from support import tiny_models as tiny
from torch.utils._python_dispatch import TorchDispatchMode

from nullprobe import AffineEraser, InputError
from nullprobe.models import behaviour, erase, scored_tokens, sites
from nullprobe.models.behaviour import Texts, divergences, log_probabilities, metrics
from nullprobe.models.head import logits_at

TEXTS = tiny.texts(9, longest=8)
ANSWERS = [" ".join(words.split()[:k]) for words, k in zip(TEXTS, [1, 2, 3] * 3, strict=True)]
AXIS = np.random.default_rng(0).standard_normal((16, 1)) / 4.0
EDITS = [{}, {"layers.0.output": AffineEraser(np.ones(16), AXIS, AXIS.T)}]


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(scored_tokens, "PIECE", 2 * tiny.VOCABULARY)
    monkeypatch.setattr(scored_tokens, "SHARE", 0.0)


def said_of(model, words, edit):
    with torch.no_grad(), erase(model, edit):
        return model(input_ids=tiny.ids_of(tiny.word_tokenizer(), words)).logits[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", tiny.CAUSAL)
@pytest.mark.usefixtures("small_pieces")
def test_pieces_are_read_as_whole_logits_are(name):
    dtype, close = (torch.float32, 2e-5) if name == "mixtral" else (torch.float64, 1e-6)
    model = tiny.make(name).to(dtype)  # experts of no family run in float64
    texts = Texts(model, tiny.word_tokenizer(), TEXTS, batch_size=4)
    probable = log_probabilities(texts, ANSWERS, EDITS)
    moved = divergences(texts, EDITS)
    largest = metrics(texts, lambda logits, _: logits.max(dim=-1).values, EDITS)
    for e, edit in enumerate(EDITS):
        for i, (words, answer) in enumerate(zip(TEXTS, ANSWERS, strict=True)):
            said = said_of(model, f"{words} {answer}", edit).log_softmax(-1)
            ids, first = tiny.word_tokenizer()(answer)["input_ids"], len(words.split()) - 1
            alone = sum(said[first + k, one].item() for k, one in enumerate(ids))
            assert probable[e, i] == pytest.approx(alone, abs=close)
            own, after = (said_of(model, words, one).log_softmax(-1) for one in ({}, edit))
            kl = (own.exp() * (own - after)).sum(-1).mean().item()
            assert moved[e, i] == pytest.approx(kl, abs=close)
            last = said_of(model, words, edit)[-1].max().item()
            assert largest[e, i] == pytest.approx(last, abs=close)


@pytest.mark.parametrize("name", tiny.CAUSAL)
@pytest.mark.usefixtures("small_pieces")
def test_the_body_runs_once_a_batch_and_the_head_on_what_is_read(name, monkeypatch):
    model, states, runs = tiny.make(name), [], []
    head, body = model.get_output_embeddings(), model.get_decoder()
    run = body.forward
    monkeypatch.setattr(body, "forward", lambda *a, **k: runs.append(1) or run(*a, **k))
    sites(model)  # runs the model once
    runs.clear()
    hook = head.register_forward_hook(lambda _, args, out: states.append(tuple(args[0].shape)))
    divergences(Texts(model, tiny.word_tokenizer(), TEXTS, batch_size=len(TEXTS)), [{}])
    hook.remove()
    assert len(runs) == 2  # as it is, and edited
    tokens = sum(len(words.split()) for words in TEXTS)
    assert set(states) <= {(1, 2, 16), (1, 1, 16)}
    assert sum(shape[1] for shape in states) == 2 * tokens  # no padding among them


class Living(TorchDispatchMode):
    """How many bytes of tensors that were made within the block live at once, at most."""

    def __init__(self):
        super().__init__()
        self.bytes = self.most = 0
        self.known = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        found = function(*args, **(kwargs or {}))
        for one in found if isinstance(found, tuple | list) else (found,):
            if isinstance(one, torch.Tensor):
                self._count(one.untyped_storage())
        return found

    def _count(self, storage):
        key, size = storage._cdata, storage.nbytes()
        if key not in self.known:
            self.known.add(key)
            self.bytes += size
            self.most = max(self.most, self.bytes)
            weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key, size):
        self.known.discard(key)
        self.bytes -= size


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_divergences_never_hold_more_than_one_and_a_half_batches_of_logits(dtype, monkeypatch):
    monkeypatch.setattr(scored_tokens, "PIECE", 0)
    wide = {"vocab_size": 20_000}
    model = tiny.make("llama", **wide).to(dtype)
    texts = [" ".join(["w1", "w2"] * 10)] * 8
    ready = Texts(model, tiny.word_tokenizer(), texts, batch_size=8)
    with Living() as living:
        divergences(ready, EDITS)
    assert 1.0 <= living.most / (8 * 20 * 20_000 * dtype.itemsize) <= 1.5


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_divergences_of_many_tokens_and_words_hold_a_small_part_of_their_logits(dtype, monkeypatch):
    """Four times the tokens do not take four times the memory."""
    monkeypatch.setattr(scored_tokens, "PIECE", 2**18)
    monkeypatch.setattr(scored_tokens, "MOST", 2**18)
    monkeypatch.setattr(behaviour, "STORED", 0)
    most = []
    for n_words in (40, 160):
        model = tiny.make("llama", vocab_size=50_000, max_position_embeddings=200).to(dtype)
        ready = Texts(model, tiny.word_tokenizer(), [" ".join(["w1"] * n_words)] * 8, batch_size=8)
        with Living() as living:
            divergences(ready, EDITS)
        most.append(living.most)
        assert living.most < 0.3 * 8 * n_words * 50_000 * dtype.itemsize
    assert most[1] < 1.5 * most[0]


@pytest.mark.parametrize("site", ["layers.0.output", "final_norm", "module:lm_head:input"])
@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma2", "mixtral"])
def test_divergences_are_the_same_to_the_bit_if_logits_are_not_kept(family, site, monkeypatch):
    model = tiny.model_of(family)
    texts = Texts(model, tiny.word_tokenizer(), TEXTS, batch_size=3)
    axis = np.eye(16)[:, :2]
    edits = [{site: AffineEraser(np.full(16, m), axis, axis.T)} for m in (0.5, -2.0)]
    kept = divergences(texts, edits)
    monkeypatch.setattr(behaviour, "STORED", 0)
    np.testing.assert_array_equal(divergences(texts, edits), kept)
    assert (kept > 0).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision_logits_are_read_in_single(dtype):
    """As float64 reads them, though their dtype knows three digits."""
    model = tiny.make("gpt2").to(dtype)
    texts = Texts(model, tiny.word_tokenizer(), TEXTS[:1])
    said = said_of(model, TEXTS[0], {})
    assert said.dtype == dtype
    exact = said[-1].double().log_softmax(-1).tolist()
    found = log_probabilities(texts, ["w1"], [{}])
    assert found[0, 0] == pytest.approx(
        exact[tiny.word_tokenizer()("w1")["input_ids"][0]], abs=1e-6
    )
    edit = EDITS[1]
    own, after = (said_of(model, TEXTS[0], one).double().log_softmax(-1) for one in ({}, edit))
    kl = (own.exp() * (own - after)).sum(-1).mean().item()
    assert divergences(texts, [edit])[0, 0] == pytest.approx(kl, abs=1e-6)


def test_a_head_that_is_no_module_gives_the_same_logits():
    class Functional(torch.nn.Module):
        """A model that multiplies by the weights of its head instead of calling it."""

        def __init__(self, model):
            super().__init__()
            self.model = model

        def get_decoder(self):
            return self.model.transformer

        def get_output_embeddings(self):
            return self.model.lm_head

        def forward(self, input_ids):
            states = self.model.transformer(input_ids).last_hidden_state
            logits = states @ self.model.lm_head.weight.T
            return type("Output", (), {"logits": logits})()

    model = tiny.make("gpt2")
    ids = torch.arange(12).view(2, 6)
    rows, places = np.array([0, 1, 1]), np.array([5, 0, 3])
    with torch.no_grad():
        expected = model(ids).logits[rows, places]
        for one in (model, Functional(model)):
            with logits_at(one, {"input_ids": ids}) as at:
                for _ in range(2):
                    torch.testing.assert_close(at(rows, places), expected)


def test_the_body_is_as_it_was_also_after_an_error():
    model, seen = tiny.make("gpt2"), []
    texts = Texts(model, tiny.word_tokenizer(), TEXTS)

    def wrong(logits, _):
        seen.append(model.transformer.forward)
        raise KeyError

    with pytest.raises(KeyError):
        metrics(texts, wrong, [{}])
    assert "forward" not in vars(model.transformer)
    assert seen[0] != model.transformer.forward
    assert not model.lm_head._forward_pre_hooks
    model.transformer.forward = own = model.transformer.forward  # as accelerate leaves it
    metrics(texts, lambda logits, _: logits[:, 0], [{}])
    assert vars(model.transformer)["forward"] is own


READINGS = {
    "divergences": lambda texts, edits: divergences(texts, edits),
    "log_probabilities": lambda texts, edits: log_probabilities(texts, ANSWERS, edits),
    "metrics": lambda texts, edits: metrics(texts, lambda logits, _: logits[:, 0], edits),
}


@pytest.mark.parametrize("reading", READINGS)
def test_logits_that_are_not_finite_are_an_error_that_names_text_and_site(reading):
    model = tiny.make("gpt2")
    texts = Texts(model, tiny.word_tokenizer(), TEXTS)
    infinite = {"layers.1.output": AffineEraser(np.full(16, 3e38), 1e30 * AXIS, AXIS.T)}
    with pytest.raises(InputError, match=r"text \d+ .*'layers\.1\.output'"):
        READINGS[reading](texts, [infinite])
    with torch.no_grad():
        model.transformer.ln_f.weight[3] = float("nan")
    with pytest.raises(InputError, match=r"text \d+ .*without erasers"):
        READINGS[reading](texts, [{}])
