"""What later matrices read at a site, and the dormant check that rests on it."""

import numpy as np
import pytest
import torch
from support import tiny_models as tiny

from nullprobe.models import capture
from nullprobe.models.behaviour import Texts
from nullprobe.models.contrasts import contrasts
from nullprobe.models.editing.patching import Patch, Places
from nullprobe.usage.reading_matrices import last_output, read_at

DEAD = 3
TEXTS = tiny.texts(6)


def deaf(family, *, from_layer):
    """Return a model whose later matrices do not read feature DEAD of the stream."""
    model = tiny.make(family, tie_word_embeddings=False)
    with torch.no_grad():
        model.lm_head.weight[:, DEAD] = 0
        for layer in model.model.layers[from_layer:]:
            for part in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj):
                part.weight[:, DEAD] = 0
            for part in (layer.mlp.gate_proj, layer.mlp.up_proj):
                part.weight[:, DEAD] = 0
    return model


@pytest.mark.parametrize("site", ["layers.0.output", "layers.1.output"])
def test_a_feature_that_no_later_matrix_reads_is_not_in_the_basis(site):
    basis = read_at(deaf("llama", from_layer=1), site, None)
    expected = np.eye(16) - np.outer(np.eye(16)[DEAD], np.eye(16)[DEAD])
    np.testing.assert_allclose(basis @ basis.T, expected, atol=1e-8)


def test_if_every_direction_is_read_there_is_nothing_to_remove():
    assert read_at(deaf("llama", from_layer=1), "embeddings", None) is None
    assert read_at(tiny.model_of("llama"), "layers.0.output", None) is None


def test_a_layer_norm_does_not_read_the_mean_over_features():
    basis = read_at(tiny.model_of("gpt2"), "layers.1.output", None)
    assert basis.shape == (16, 15)
    np.testing.assert_allclose(basis.T @ np.ones(16), 0, atol=1e-8)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_at_the_input_of_a_matrix_the_rest_changes_nothing(family):
    """One head: its output projection is the only reader, so what it ignores is without effect."""
    model, tokenizer = tiny.make(family), tiny.word_tokenizer()
    layer = model.model.layers[0] if family == "llama" else model.transformer.h[0]
    with torch.no_grad():
        if family == "llama":
            layer.self_attn.o_proj.weight[:, 5:8] = 0
        else:
            layer.attn.c_proj.weight[5:8] = 0
    for site, width in (("layers.0.attention_heads", 16), ("layers.0.heads.0", 8)):
        basis = read_at(model, site, None)
        assert basis.shape == (width, width - 3)
        unread = np.zeros(width)
        unread[5:8] = 9.0
        texts = Texts(model, tokenizer, TEXTS)
        places = Places.of([np.arange(len(ids)) for ids in texts.ids])
        rows = len(places.positions)
        edits = [
            {site: Patch(np.tile(step, (rows, 1)), adds=True, places=places)}
            for step in (unread, basis[:, 0])
        ]
        plain, still, moved = contrasts(texts, ["w3"] * 6, ["w7"] * 6, [{}, *edits])
        np.testing.assert_allclose(still, plain, atol=1e-5)
        assert np.abs(moved - plain).max() > 1e-3


@pytest.mark.parametrize(
    ("family", "site", "last"),
    [
        ("gpt2", "embeddings", "layers.1.output"),
        ("gpt2", "layers.0.output", "layers.1.output"),
        ("llama", "layers.0.mlp_output", "layers.1.output"),
        ("llama", "layers.1.attention_heads", None),
        ("llama", "final_norm", None),
        ("gemma2", "layers.0.output", None),  # a norm follows each sublayer
    ],
)
def test_the_direct_path_starts_where_states_are_added_to_the_stream(family, site, last):
    assert last_output(tiny.model_of(family), site, None) == last


def test_unknown_families_have_no_dormant_check():
    assert read_at(tiny.model_of("mixtral"), "layers.0.output", None) is None


def test_the_direct_path_is_the_effect_with_all_later_layers_frozen():
    """By hand: attention and mlp of the next layer return what they return without the edit."""
    model, tokenizer = tiny.model_of("gpt2"), tiny.word_tokenizer()
    ids = tiny.ids_of(tokenizer, TEXTS[0])
    step = torch.randn(16, generator=torch.Generator().manual_seed(0))
    later, outputs, handles = model.transformer.h[1], {}, []
    for part in (later.attn, later.mlp):
        handles.append(part.register_forward_hook(lambda m, _, out: outputs.update({m: out})))
    with torch.no_grad():
        model(ids)
        for handle in handles:
            handle.remove()
        handles = [
            part.register_forward_hook(lambda m, *_: outputs[m]) for part in (later.attn, later.mlp)
        ]

        def add(module, args, out):
            states = (out[0] if isinstance(out, tuple) else out).clone()
            states[:, -1] += step
            return (states, *out[1:]) if isinstance(out, tuple) else states

        handles.append(model.transformer.h[0].register_forward_hook(add))
        frozen = model(ids).logits[0, -1]
        for handle in handles:
            handle.remove()
    texts = Texts(model, tokenizer, TEXTS[:1])
    last = last_output(model, "layers.0.output", None)
    places = Places.of([[ids.shape[1] - 1]])
    edit = {last: Patch(step.numpy()[None], adds=True, places=places)}
    direct = contrasts(texts, ["w3"], ["w7"], [edit])[0, 0]
    three, seven = (tokenizer.convert_tokens_to_ids(word) for word in ("w3", "w7"))
    assert direct == pytest.approx((frozen[three] - frozen[seven]).item(), abs=1e-5)
    assert capture(model, tokenizer, TEXTS[:1], last)[last].shape == (1, 16)
