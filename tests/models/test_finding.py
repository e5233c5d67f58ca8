"""Sites that the run of a model decides: norms, heads, mixers, and modules by their paths."""

import warnings

import numpy as np
import pytest
from support.tiny_models import FAMILIES, make, model_of, torch, transformers, word_tokenizer
from support.tiny_models import texts as some_texts

from nullprobe import AffineEraser, InputError, models
from nullprobe.models import capture, erase, scrub, sites
from nullprobe.models.trial_run import trial_run

TEXTS = some_texts(12)
SMALL = {
    "vocab_size": 48,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "pad_token_id": 0,
}


def built(kind, **more):
    config = transformers.AutoConfig.for_model(kind, **{**SMALL, "num_hidden_layers": 4, **more})
    torch.manual_seed(0)
    return transformers.AutoModelForCausalLM.from_config(config, trust_remote_code=False).eval()


def lfm2():
    return built("lfm2", layer_types=["conv", "full_attention"] * 2)


HYBRIDS = {
    "lfm2": (lfm2, {0: "mixer", 1: "attention"}),
    "mamba": (lambda: built("mamba", state_size=4), {0: "mixer", 3: "mixer"}),
    "mamba2": (
        lambda: built("mamba2", state_size=4, num_heads=4, head_dim=8, n_groups=1),
        {0: "mixer", 3: "mixer"},
    ),
    "jamba": (
        lambda: built(
            "jamba", attn_layer_period=2, attn_layer_offset=1, num_experts=2, mamba_d_state=4
        ),
        {0: "mixer", 1: "attention"},
    ),
    "recurrent_gemma": (
        lambda: built("recurrent_gemma", lru_width=16, head_dim=8),
        {0: "mixer", 2: "attention"},
    ),
}


@pytest.mark.parametrize("name", HYBRIDS)
def test_convolutions_and_state_spaces_are_mixers_and_attention_is_attention(name):
    make_it, kinds = HYBRIDS[name]
    model = make_it()
    found = sites(model)
    for layer, kind in kinds.items():
        other = {"mixer": "attention", "attention": "mixer"}[kind]
        assert f"layers.{layer}.{kind}_input" in found
        assert f"layers.{layer}.{kind}_output" in found
        assert f"layers.{layer}.{other}_output" not in found
    assert not trial_run(model).error
    states = capture(model, word_tokenizer(), TEXTS, list(found))
    assert {x.shape for x in states.values()} == {(12, site.width) for site in found.values()}


def test_a_pattern_warns_of_the_layers_of_a_hybrid_that_it_leaves_out():
    model, tokenizer = lfm2(), word_tokenizer()
    for pattern in (
        "layers.*.attention_output",
        "*.attention_heads",
        "layers.*.heads.1",
        "module:model.layers.*.self_attn",
    ):
        with pytest.warns(UserWarning, match=r"layers 0, 2\b") as caught:
            found = capture(model, tokenizer, TEXTS, pattern)
        assert len(found) == 2
        assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match=r"layers 1, 3\b"):
        capture(model, tokenizer, TEXTS, "layers.*.mixer_input")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names = ["layers.*.output", "layers.[13].attention_output", "layers.2.mixer_*"]
        assert len(capture(model, tokenizer, TEXTS, names)) == 4 + 2 + 2
    with pytest.raises(InputError, match="twice"):
        capture(model, tokenizer, TEXTS, ["layers.*", "layers.0.output"])


def gemma4():
    return built(
        "gemma4_text",
        head_dim=8,
        hidden_size_per_layer_input=16,
        vocab_size_per_layer_input=48,
        num_kv_shared_layers=0,
    )


def t5(**more):
    config = transformers.AutoConfig.for_model(
        "t5", vocab_size=48, d_model=16, num_layers=2, num_heads=2, d_kv=8, d_ff=24, **more
    )
    return transformers.AutoModelForSeq2SeqLM.from_config(config, trust_remote_code=False).eval()


@pytest.mark.parametrize(
    ("build", "layers", "path"),
    [
        (gemma4, None, "model.norm"),
        (lfm2, None, "model.embedding_norm"),
        (t5, "decoder.block", "decoder.final_layer_norm"),  # the head reads a multiple of it
        (lambda: make("bert"), None, None),
        (lambda: make("opt", word_embed_proj_dim=8), None, None),  # projected before the head
    ],
)
def test_the_final_norm_is_the_one_whose_output_the_head_reads(build, layers, path):
    model = build()
    norm = sites(model, layers).get("final_norm")
    assert (norm and norm.path) == path
    if norm is None:
        return
    read, axis = [], np.eye(16)[:, 5:6]
    model.get_output_embeddings().register_forward_pre_hook(lambda _, x: read.append(x[0]))
    ids = {"input_ids": torch.arange(3, 9)[None]}
    if layers:
        ids["decoder_input_ids"] = ids["input_ids"]
    eraser = AffineEraser(np.zeros(16), axis, axis.T)
    with torch.no_grad(), erase(model, {"final_norm": eraser}, layers=layers):
        model(**ids)
    assert len(read) == 1  # the trial run has not called the hook
    assert read[0][..., 5].abs().max() == 0.0
    assert read[0].abs().max() > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_model_without_weights_has_the_same_sites(name):
    model = make(name)
    before = sites(model)
    assert sites(model.to("meta")) == before
    assert not trial_run(model).error


def test_a_trial_run_leaves_no_traces():
    model = make("gpt2", resid_pdrop=0.5).train()
    model.transformer.h[0].eval()
    calls = []
    handle = model.transformer.h[1].register_forward_hook(lambda *_: calls.append(1))
    last = model.transformer.h[1].register_forward_hook(lambda *_: calls.append(2))
    hooks = [list(m._forward_hooks.values()) for m in model.modules()]
    modes, state = [m.training for m in model.modules()], torch.get_rng_state()
    sites(model)
    assert calls == []
    assert [list(m._forward_hooks.values()) for m in model.modules()] == hooks
    assert [m.training for m in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    model(input_ids=torch.tensor([[1, 2]]))
    assert calls == [1, 2]
    handle.remove()
    last.remove()
    assert len(model.transformer.h[1]._forward_hooks) == 0


def test_a_model_runs_once_however_often_its_sites_are_asked_for():
    model = make("llama")
    calls, forward = [], model.lm_head.forward
    model.lm_head.forward = lambda x: (calls.append(1), forward(x))[1]
    for _ in range(3):
        sites(model)
    assert len(calls) == 1
    model.model.layers[1].mlp = torch.nn.Identity()  # another model
    assert "layers.1.mlp_output" in sites(model)
    assert len(calls) == 2


def test_the_heads_of_a_layer_are_its_slices():
    model, tokenizer = make("llama", num_attention_heads=4), word_tokenizer()
    names = [f"layers.1.heads.{h}" for h in range(4)]
    found = capture(model, tokenizer, TEXTS, [*names, "layers.1.attention_heads"], tokens="all")
    assert {found[name].shape[1] for name in names} == {4}
    np.testing.assert_array_equal(
        np.hstack([found[name] for name in names]), found["layers.1.attention_heads"]
    )
    with pytest.raises(InputError, match=r"layers\.1\.heads\.3"):
        capture(model, tokenizer, TEXTS, "layers.1.heads.4")


def test_erasing_one_head_leaves_the_others_as_they_were():
    model = make("gpt2", n_head=4)
    axis = np.eye(4)[:, 1:2]
    e = AffineEraser(np.zeros(4), axis, axis.T)
    read, ids = [], torch.arange(3, 9)[None]
    c_proj = model.transformer.h[1].attn.c_proj
    c_proj.register_forward_pre_hook(lambda _, x: read.append(x[0].detach().clone()))
    with torch.no_grad():
        model(input_ids=ids)
        with erase(model, {"layers.1.heads.2": e, "layers.1.heads.0": e}):
            model(input_ids=ids)
    before, after = read
    changed = (before != after).flatten(0, 1).any(dim=0).nonzero()[:, 0].tolist()
    assert changed == [1, 9]
    assert after[..., [1, 9]].abs().max() == 0.0
    y = np.arange(12) % 2
    site = "layers.1.heads.2"
    one = scrub(model, word_tokenizer(), TEXTS, y, site)[site]
    X = one.apply(capture(model, word_tokenizer(), TEXTS, site)[site])
    assert np.abs(X[y == 0].mean(0) - X[y == 1].mean(0)).max() < 1e-5


def test_any_module_is_a_site_by_its_path():
    model, tokenizer = make("llama"), word_tokenizer()
    pairs = {
        "module:model.layers.1": "layers.1.output",
        "module:model.layers.0:input": "embeddings",
        "module:model.layers.1.self_attn.o_proj:input": "layers.1.attention_heads",
        "module:model.layers.0.mlp": "layers.0.mlp_output",
        "module:model.norm": "final_norm",
    }
    found = capture(model, tokenizer, TEXTS, [*pairs, *pairs.values()])
    for module, same in pairs.items():
        np.testing.assert_array_equal(found[module], found[same])
    wide = capture(model, tokenizer, TEXTS, "module:model.layers.*.mlp.down_proj:input")
    assert {x.shape for x in wide.values()} == {(12, 24)}
    logits = capture(model, tokenizer, TEXTS, "module:lm_head")["module:lm_head"]
    assert logits.shape == (12, 48)
    axis = np.eye(24)[:, 3:4]
    path = "module:model.layers.1.mlp.down_proj:input"
    with erase(model, {path: AffineEraser(np.zeros(24), axis, axis.T)}):
        assert np.abs(capture(model, tokenizer, TEXTS, path)[path][:, 3]).max() == 0.0


def test_a_module_is_a_site_of_a_model_whose_layers_are_not_found():
    model = make("gpt2")
    model.config.n_layer = 7
    found = capture(model, word_tokenizer(), TEXTS, "module:transformer.ln_f")
    assert found["module:transformer.ln_f"].shape == (12, 16)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("module:model.layers.1.self_attn.o_prj", ["did you mean", "o_proj"]),
        ("module:model.layers.1.mlp:side", ["'side'"]),
        ("module:model.layers", ["'module:model.layers'", "three tokens"]),  # a list is not called
        ("module:model.embed_tokens:input", ["embed_tokens:input", "three tokens"]),
        ("module:nowhere.*", ["nowhere", "three tokens"]),
    ],
)
def test_a_module_that_is_no_site_is_refused(name, words):
    with pytest.raises(InputError) as caught:
        capture(model_of("llama"), word_tokenizer(), TEXTS, name)
    assert all(word in str(caught.value) for word in words)


def test_a_model_that_cannot_be_run_has_no_site_that_only_a_run_can_verify():
    model = make("llama")

    def fail(*_, **__):
        raise RuntimeError("out of order")

    model.model.rotary_emb.forward = fail
    found = sites(model)
    assert "layers.1.output" in found
    assert "final_norm" not in found
    assert "layers.1.attention_heads" not in found
    with pytest.raises(InputError, match="out of order"):
        models.capture(model, word_tokenizer(), TEXTS, "module:model.norm")
