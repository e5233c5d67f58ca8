"""Blocks before an edit run once, and every number stays the same to the bit."""

import numpy as np
import pytest
from support import tiny_models as tiny

from nullprobe import AffineEraser
from nullprobe.models import sites
from nullprobe.models.behaviour import Texts, divergences, log_probabilities
from nullprobe.models.editing import prefix
from nullprobe.models.editing.prefix import Prefix

TEXTS, ANSWERS = tiny.texts(7), ["w3 w5"] * 7
KNOWN = ["gpt2", "gpt_neox", "llama", "mistral", "qwen2", "qwen3"]


def eraser(width, seed=0):
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(width, 2)))[0]
    return AffineEraser(np.zeros(width), Q, Q.T)


def edits(model):
    each = sites(model)
    alone = [{name: eraser(site.width)} for name, site in each.items()]
    two = {name: eraser(16, 1) for name in ("layers.0.output", "layers.1.mlp_output")}
    return [{}, *alone, two]


@pytest.mark.slow
@pytest.mark.parametrize("family", [*KNOWN, "gemma2", "mixtral", "opt"])
def test_scores_under_edits_are_those_of_whole_runs_to_the_bit(family, monkeypatch):
    model, tokenizer = tiny.model_of(family), tiny.word_tokenizer()
    texts = Texts(model, tokenizer, TEXTS, batch_size=3)
    reused = log_probabilities(texts, ANSWERS, edits(model)), divergences(texts, edits(model))
    monkeypatch.setattr(prefix, "FAMILIES", {})
    whole = log_probabilities(texts, ANSWERS, edits(model)), divergences(texts, edits(model))
    for one, other in zip(reused, whole, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("family", KNOWN)
def test_blocks_before_an_edit_run_once_for_each_batch(family):
    model, tokenizer = tiny.model_of(family), tiny.word_tokenizer()
    texts, runs = Texts(model, tokenizer, TEXTS, batch_size=64), []
    blocks = Prefix(model).blocks
    handles = [
        next(iter(block.children())).register_forward_hook(lambda *_, i=i: runs.append(i))
        for i, block in enumerate(blocks)
    ]
    site = "layers.0.output"
    try:
        log_probabilities(texts, ANSWERS, [{}, {site: eraser(16)}, {site: eraser(16, 1)}])
    finally:
        for handle in handles:
            handle.remove()
    assert sorted(runs) == [0, 1, 1, 1]


def test_the_model_is_left_as_it_was_even_after_an_error():
    model, tokenizer = tiny.make("gpt2"), tiny.word_tokenizer()
    texts = Texts(model, tokenizer, TEXTS)
    handle = model.transformer.ln_f.register_forward_hook(_fail)
    with pytest.raises(RuntimeError, match="on purpose"):
        log_probabilities(texts, ANSWERS, [{}, {"final_norm": eraser(16)}])
    handle.remove()
    for block in model.transformer.h:
        assert "forward" not in vars(block)
        assert not block._forward_hooks


def test_a_hook_of_the_user_runs_once_under_each_edit():
    """It doubles the output of a block, so running it twice would show."""
    model, tokenizer = tiny.make("gpt2"), tiny.word_tokenizer()
    texts = Texts(model, tokenizer, TEXTS)
    still = AffineEraser(np.zeros(16), np.zeros((16, 0)), np.zeros((0, 16)))
    block = model.transformer.h[0]
    handle = block.register_forward_hook(lambda _, __, out: _doubled(out))
    plain, edited = log_probabilities(texts, ANSWERS, [{}, {"final_norm": still}])
    handle.remove()
    np.testing.assert_array_equal(plain, edited)
    assert (plain != log_probabilities(texts, ANSWERS, [{}])[0]).all()


def _doubled(output):
    return (2 * output[0], *output[1:]) if isinstance(output, tuple) else 2 * output


def _fail(*_):
    raise RuntimeError("on purpose")
