"""A baked model does in plain weights what the hooked one does."""

import copy

import numpy as np
import pytest
from support.baking import CASES, D, apart, logits, model_in, oblique, padded, stream, without_mean
from support.tiny_models import make, torch, transformers

from nullprobe import AffineEraser
from nullprobe.models import bake, erase, sites

pytestmark = pytest.mark.filterwarnings("ignore:only inputs of blocks")
WITHIN = {torch.float32: 1e-4, torch.float64: 1e-10}
PARTS = ["attention_input", "attention_output", "mlp_input", "mlp_output"]


def supported(case):
    """Return the sites at which any one eraser can be baked."""
    constants = CASES[case][2]
    found = ["embeddings"]
    found += [f"layers.{i}.{part}" for i in range(2) for part in PARTS if part[0] in constants]
    return found + ["final_norm"] * ("h" in constants)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", WITHIN, ids=str)
@pytest.mark.parametrize("case", CASES)
def test_baked_equals_hooked_at_every_site(case, dtype):
    model = model_in(case, dtype)
    plain = logits(model)
    for i, site in enumerate(supported(case)):
        erasers = {site: oblique(seed=i)}
        baked = bake(model, erasers)
        assert apart(baked, model, erasers) <= WITHIN[dtype], site
        assert (logits(baked) - plain).abs().max() > 0.01, site  # an edit that matters
        assert {weight.dtype for weight in baked.parameters()} == {dtype}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", WITHIN, ids=str)
@pytest.mark.parametrize("case", CASES)
def test_baked_equals_hooked_at_all_sites_together(case, dtype):
    model = model_in(case, dtype)
    erasers = {site: oblique(seed=i, rank=1) for i, site in enumerate(supported(case))}
    assert apart(bake(model, erasers), model, erasers) <= WITHIN[dtype]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_an_eraser_without_a_mean_needs_no_bias(case):
    model = model_in(case)
    for part in [*PARTS, "head"]:
        site = "final_norm" if part == "head" else f"layers.1.{part}"
        baked = bake(model, {site: without_mean()})
        assert apart(baked, model, {site: without_mean()}) <= 1e-10
        assert type(baked) is type(model)
        assert set(baked.state_dict()) == set(model.state_dict())


@pytest.mark.parametrize("dtype", WITHIN, ids=str)
def test_large_means_are_baked(dtype):
    model = model_in("gpt2", dtype)
    with torch.no_grad():
        model.transformer.h[1].ln_2.bias += 40.0
        model.transformer.wpe.weight += 40.0
        model.transformer.h[0].mlp.c_proj.bias += 40.0
    for site in ("embeddings", "layers.0.mlp_output", "layers.1.mlp_input"):
        erasers = {site: oblique(mean=40.0)}
        largest = float(logits(model, erasers).abs().max())
        assert apart(bake(model, erasers), model, erasers) <= WITHIN[dtype] * max(1, largest / 10)


@pytest.mark.parametrize("site", ["embeddings", *(f"layers.0.{part}" for part in PARTS)])
@pytest.mark.parametrize("case", ["gpt2", "llama tied"])
def test_a_feature_that_is_set_to_its_level_is_set_in_the_weights(case, site):
    axis = np.eye(D)[:, 3:4]
    level = np.where(np.arange(D) == 3, 1.7, np.nan)
    given = AffineEraser(np.full(D, 1.7), axis, axis.T, np.array([0.4]), level)
    model = model_in(case)
    baked = bake(model, {site: given})
    assert apart(baked, model, {site: given}) <= 1e-10
    unset = AffineEraser(given.mean, given.reading, given.writing, given.offset)
    assert apart(baked, model, {site: unset}) > 1e-3


def test_an_eraser_of_rank_zero_bakes_nothing():
    model = model_in("gpt2")
    baked = bake(model, {site: oblique(rank=0) for site in sites(model)})
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, baked.state_dict()[name])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("case", ["gpt2", "gpt_neox", "llama", "qwen2"])
def test_half_precision_is_baked_in_its_own_dtype(case, dtype):
    model = model_in(case, dtype)
    erasers = {site: oblique(seed=i, rank=1) for i, site in enumerate(supported(case)[:3])}
    baked, exact = bake(model, erasers), copy.deepcopy(model).double()
    assert {weight.dtype for weight in baked.parameters()} == {dtype}
    # Not much further from what it should be than the hooked one, which is rounded, too.
    should = logits(exact, erasers)
    error = (logits(model, erasers).double() - should).norm()
    assert (logits(baked).double() - should).norm() <= 3 * error


@pytest.mark.slow
@pytest.mark.parametrize("dtype", WITHIN, ids=str)
@pytest.mark.parametrize("case", [case for case in CASES if case != "qwen3"])
def test_one_map_of_the_whole_stream_is_baked(case, dtype):
    model = model_in(case, dtype)
    for last in (0, 1):
        erasers = stream(case, last)
        assert apart(bake(model, erasers), model, erasers) <= WITHIN[dtype]
    erasers |= {f"layers.{i}.mlp_output": oblique(seed=9, rank=1) for i in range(2)}
    erasers |= {"layers.1.mlp_input": oblique(seed=8), "layers.0.attention_input": oblique(seed=7)}
    assert apart(bake(model, erasers), model, erasers) <= WITHIN[dtype]


def test_the_stream_of_a_parallel_block_needs_no_bias():
    model = make("gpt_neox", attention_bias=False).double()
    baked = bake(model, stream("gpt_neox"))
    assert apart(baked, model, stream("gpt_neox")) <= 1e-10
    assert not baked.config.attention_bias


def test_the_stream_may_be_erased_less_in_later_blocks():
    model, large = model_in("gpt_neox"), oblique(rank=3)
    small = AffineEraser(large.mean + 1.0, large.reading[:, :1], large.writing[:1])
    erasers = {"embeddings": large, "layers.0.output": large, "layers.1.output": small}
    assert apart(bake(model, erasers), model, erasers) <= 1e-10
    erasers["layers.0.attention_output"] = oblique(seed=5)  # free where blocks are parallel
    assert apart(bake(model, erasers), model, erasers) <= 1e-10


def test_mistral_and_qwen2_become_a_llama_where_they_lack_a_bias():
    for case in ("mistral", "qwen2"):
        model = model_in(case)
        model.generation_config.repetition_penalty = 1.5
        state = torch.get_rng_state()
        baked = bake(model, {"layers.0.mlp_input": oblique()})
        assert type(baked) is transformers.LlamaForCausalLM
        assert baked.config.mlp_bias
        assert baked.config.rms_norm_eps == model.config.rms_norm_eps
        assert baked.generation_config.repetition_penalty == 1.5
        assert not baked.training
        assert torch.equal(state, torch.get_rng_state())
    assert type(bake(model, {"layers.0.attention_input": oblique()})) is type(model)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_what_is_saved_loads_with_plain_transformers(case, tmp_path):
    model = model_in(case, torch.float32)
    erasers = {site: oblique(seed=i, rank=1) for i, site in enumerate(supported(case))}
    baked = bake(model, erasers)
    baked.save_pretrained(tmp_path)
    loaded, told = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, local_files_only=True, output_loading_info=True, trust_remote_code=False
    )
    assert type(loaded) is type(baked)
    assert not any(told.values()), told
    assert torch.equal(logits(loaded), logits(baked))
    assert {file.suffix for file in tmp_path.iterdir()} == {".json", ".safetensors"}


def test_a_tied_head_keeps_its_weights_where_the_embeddings_are_edited():
    model = model_in("gpt2")
    baked = bake(model, {"embeddings": oblique()})
    assert torch.equal(baked.lm_head.weight, model.lm_head.weight)
    assert not torch.equal(baked.transformer.wte.weight, model.transformer.wte.weight)
    assert not baked.config.tie_word_embeddings
    baked.tie_weights(recompute_mapping=False)
    assert baked.lm_head.weight is not baked.transformer.wte.weight
    still = bake(model, {"layers.0.mlp_input": oblique()})
    assert still.lm_head.weight is still.transformer.wte.weight


def test_token_types_of_gpt2_do_not_add_the_mean_again():
    model, text = model_in("gpt2"), padded()
    text["token_type_ids"] = text["input_ids"].flip(0)
    erasers = {"embeddings": oblique()}
    baked = bake(model, erasers)
    with torch.no_grad(), erase(model, erasers):
        hooked = model(**text).logits
    with torch.no_grad():
        difference = (baked(**text).logits - hooked)[text["attention_mask"].bool()]
    assert difference.abs().max() <= 1e-10


@pytest.mark.slow
def test_a_baked_model_generates_what_the_hooked_one_does():
    for case in ("gpt2", "gpt_neox", "qwen2"):
        model = model_in(case)
        erasers = {site: oblique(seed=i) for i, site in enumerate(supported(case))}
        baked, prompt = bake(model, erasers), padded()["input_ids"][:, :5]
        asked = {"max_new_tokens": 8, "do_sample": False, "pad_token_id": 0}
        asked["attention_mask"] = torch.ones_like(prompt)
        with erase(model, erasers):
            hooked = model.generate(prompt, **asked)
        assert torch.equal(baked.generate(prompt, **asked), hooked)


def test_the_model_that_is_baked_stays_as_it_was():
    model = make("llama", tie_word_embeddings=True, attention_dropout=0.5).train()
    model.model.layers[0].eval()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    config, modes = model.config.to_dict(), [module.training for module in model.modules()]
    model.lm_head.weight.requires_grad_(False)
    baked = bake(model, {"embeddings": oblique(), "layers.0.mlp_input": oblique()})
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert model.config.to_dict() == config
    assert [module.training for module in model.modules()] == modes
    assert [module.training for module in baked.modules()] == modes
    assert not any(module._forward_hooks for module in baked.modules())
    assert not baked.lm_head.weight.requires_grad
    assert baked.model.layers[0].mlp.up_proj.bias.requires_grad
