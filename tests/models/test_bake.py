"""A baked model does in plain weights what the hooked one does, or is refused with the reason."""

import copy

import numpy as np
import pytest
from models_baked import D, apart, logits, oblique, padded
from tiny_models import make, model_of, torch, transformers

from nullprobe import AffineEraser, InputError
from nullprobe.models import bake, erase, sites
from nullprobe.models.folds import Fold

# Name → (family, what differs from it, whether attention, mlp and head can take a constant).
CASES = {
    "gpt2": ("gpt2", {}, "amh"),
    "gpt2 untied": ("gpt2", {"tie_word_embeddings": False}, "amh"),
    "gpt_neox": ("gpt_neox", {}, "amh"),
    "gpt_neox in sequence": (
        "gpt_neox",
        {"use_parallel_residual": False, "attention_bias": False, "tie_word_embeddings": True},
        "amh",
    ),
    "llama": ("llama", {}, "am"),
    "llama tied": ("llama", {"tie_word_embeddings": True, "mlp_bias": True}, "am"),
    "qwen2": ("qwen2", {}, "am"),
    "qwen3": ("qwen3", {}, "a"),
    "mistral": ("mistral", {"sliding_window": None}, "am"),
}
WITHIN = {torch.float32: 1e-4, torch.float64: 1e-10}
PARTS = ["attention_input", "attention_output", "mlp_input", "mlp_output"]


def model_in(case, dtype=torch.float64):
    family, changes, _ = CASES[case]
    return make(family, **changes).to(dtype)


def supported(case):
    """Return the sites at which any one eraser can be baked."""
    constants = CASES[case][2]
    found = ["embeddings"]
    found += [f"layers.{i}.{part}" for i in range(2) for part in PARTS if part[0] in constants]
    return found + ["final_norm"] * ("h" in constants)


def without_mean(seed=0, rank=2):
    return oblique(seed=seed, rank=rank, mean=0.0)


def refused(match, model, erasers):
    with pytest.raises(InputError, match=match):
        bake(model, erasers)


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


@pytest.mark.parametrize("dtype", WITHIN, ids=str)
@pytest.mark.parametrize("case", CASES)
def test_baked_equals_hooked_at_all_sites_together(case, dtype):
    model = model_in(case, dtype)
    erasers = {site: oblique(seed=i, rank=1) for i, site in enumerate(supported(case))}
    assert apart(bake(model, erasers), model, erasers) <= WITHIN[dtype]


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
    assert torch.equal(logits(bake(model, {})), logits(model))


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


def stream(case, last=1, seed=0):
    """Return one eraser at the embeddings, after each block up to the last, and within."""
    names = ["embeddings", *(f"layers.{i}.output" for i in range(last + 1))]
    if case != "gpt_neox":
        names += [f"layers.{i}.attention_output" for i in range(last + 1)]
    return {name: oblique(seed=seed) for name in names}


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


def test_the_stream_is_refused_where_it_was_not_erased_from_the_beginning():
    model, one = model_in("gpt_neox"), oblique()
    refused(r"sum that no matrix.*nothing is asked at 'embed", model, {"layers.0.output": one})
    refused(
        r"nothing is asked at 'layers\.0\.output'; edit it while",
        model,
        {"embeddings": one, "layers.1.output": one},
    )
    refused(
        r"the map at 'embeddings' lets through is moved.*'layers\.1\.attention_input'",
        model,
        {"embeddings": one, "layers.0.output": oblique(seed=1)},
    )
    half = AffineEraser(one.mean, one.reading / 2, one.writing)
    refused("is moved by this one", model, {"embeddings": half, "layers.0.output": half})


@pytest.mark.parametrize("case", ["gpt2", "gpt_neox in sequence", "llama"])
def test_the_stream_of_blocks_in_sequence_is_refused_without_attention(case):
    model, erasers = model_in(case), stream(case)
    del erasers["layers.1.attention_output"]
    refused(r"mlp of a sequential block.*nothing is asked at 'layers\.1\.att", model, erasers)
    erasers["layers.1.attention_output"] = oblique(seed=1)
    refused(r"sequential block.*lets through is moved", model, erasers)


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


def test_a_window_that_slides_is_not_lost():
    site = {"layers.0.mlp_input": oblique()}
    refused(
        "MistralForCausalLM has none there.*window slides", make("mistral", sliding_window=8), site
    )
    window = {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}
    refused("window slides", make("qwen2", **window), site)
    wide = make("mistral", sliding_window=24).double()  # as long as the context
    assert apart(bake(wide, site), wide, site) <= 1e-10
    free = {"layers.0.mlp_input": without_mean()}
    narrow = make("mistral", sliding_window=8).double()
    assert apart(bake(narrow, free), narrow, free) <= 1e-10


def test_a_bias_that_no_configuration_has_is_refused():
    for part in ("mlp_input", "mlp_output"):
        refused(
            r"needs a bias in.*layers\.1\.mlp.*Qwen3.*none on",
            model_of("qwen3"),
            {f"layers.1.{part}": oblique()},
        )
    for name in ("llama", "qwen3", "mistral"):
        refused(
            "constant to the logits.*root-mean-square", model_of(name), {"final_norm": oblique()}
        )


def test_a_final_norm_with_a_weight_of_zero_is_refused():
    model = make("gpt2")
    with torch.no_grad():
        model.transformer.ln_f.weight[3] = 0.0
    refused("a weight of the norm is zero", model, {"final_norm": oblique()})


@pytest.mark.parametrize("case", CASES)
def test_what_is_saved_loads_with_plain_transformers(case, tmp_path):
    model = model_in(case, torch.float32)
    erasers = {site: oblique(seed=i, rank=1) for i, site in enumerate(supported(case))}
    baked = bake(model, erasers)
    baked.save_pretrained(tmp_path)
    loaded, told = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, local_files_only=True, output_loading_info=True
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


def test_a_model_that_is_being_edited_is_refused():
    model = model_of("gpt2")
    with erase(model, {"layers.0.mlp_input": oblique()}):
        refused(r"edited at 'transformer\.h\.0\.mlp'", model, {"layers.0.mlp_input": oblique()})


def test_a_wrong_weight_is_found_before_the_model_is_returned(monkeypatch):
    monkeypatch.setattr(Fold, "readers", lambda self, rows: rows)
    refused(
        "logits must be those of the hooked one",
        model_of("gpt2"),
        {"layers.0.mlp_input": oblique()},
    )
    with torch.no_grad():
        broken = make("llama")
        broken.model.norm.weight[0] = float("nan")
    refused("differ by nan", broken, {"layers.0.attention_output": oblique()})


@pytest.mark.parametrize(
    ("family", "match"),
    [
        ("mixtral", "MixtralForCausalLM arrived, a mixture of experts"),
        ("gemma2", "Gemma2ForCausalLM arrived: a norm stands after each sublayer"),
        ("olmo2", "Olmo2ForCausalLM arrived: a norm stands after each sublayer"),
        ("gemma", "GemmaForCausalLM arrived; edit it while it runs"),
        ("bloom", "BloomForCausalLM arrived; edit"),
        ("bert", "BertForMaskedLM arrived; edit"),
    ],
)
def test_other_families_are_refused(family, match):
    refused(match, _other(family), {"embeddings": oblique()})


def _other(family):
    if family != "olmo2":
        return model_of(family)
    config = transformers.Olmo2Config(
        vocab_size=48,
        hidden_size=D,
        intermediate_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    return transformers.Olmo2ForCausalLM(config)


def test_a_model_without_its_head_is_refused():
    refused("GPT2Model arrived, which has no language-model head", model_of("gpt2").transformer, {})


def test_weights_that_are_not_plain_are_refused():
    model = make("llama")
    model.config.quantization_config = {"quant_method": "bitsandbytes"}
    refused("LlamaForCausalLM is quantised", model, {})

    class Adapted(torch.nn.Linear):
        pass

    model = make("llama")
    model.model.layers[1].mlp.up_proj = Adapted(D, 24, bias=False)
    refused(r"'model\.layers\.1\.mlp\.up_proj' is a Adapted", model, {})
    model = make("llama")
    model.lm_head.to("meta")
    refused("those of 'lm_head' are elsewhere", model, {})
    refused("cross-attention", make("gpt2", add_cross_attention=True), {})

    class GPT2LMHeadModel(transformers.GPT2LMHeadModel):
        pass

    refused("GPT2LMHeadModel arrived", GPT2LMHeadModel(model_of("gpt2").config), {})


def test_erasers_that_do_not_fit_are_refused():
    model = model_of("gpt2")
    refused(r"'layers\.0\.mlp_input' must be as wide", model, {"layers.0.mlp_input": oblique(5)})
    refused("'layers.7.output' must name a site", model, {"layers.7.output": oblique()})
    inner = make("gpt2")
    inner.transformer.h[0].again = torch.nn.ModuleList([torch.nn.Linear(2, 2)])
    with pytest.raises(InputError, match=r"are 'transformer\.h', but layers='transformer\.h\.0"):
        bake(inner, {}, layers="transformer.h.0.again")
