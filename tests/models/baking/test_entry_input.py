"""What cannot be baked exactly is refused with the reason, before the model is returned."""

import pytest
from support.baking import D, apart, model_in, oblique, refused, stream, without_mean
from support.tiny_models import make, model_of, torch, transformers

from nullprobe import AffineEraser, InputError
from nullprobe.models import bake, erase
from nullprobe.models.baking.folds import Fold

pytestmark = pytest.mark.filterwarnings("ignore:only inputs of blocks")


def test_the_stream_is_refused_where_it_was_not_erased_from_the_beginning():
    model, one = model_in("gpt_neox"), oblique()
    refused(
        model,
        {"layers.0.output": one},
        required="'layers.0.output'",
        received="'embeddings' has no eraser",
    )
    refused(
        model,
        {"embeddings": one, "layers.1.output": one},
        received="'layers.0.output' has no eraser",
        hint="models.erase",
    )
    refused(
        model,
        {"embeddings": one, "layers.0.output": oblique(seed=1)},
        received="'embeddings' is another",
        hint="'layers.1.attention_input'",
    )
    half = AffineEraser(one.mean, one.reading / 2, one.writing)
    erasers = {"embeddings": half, "layers.0.output": half}
    refused(model, erasers, received="'embeddings' is another")


@pytest.mark.parametrize("case", ["gpt2", "gpt_neox in sequence", "llama"])
def test_the_stream_of_blocks_in_sequence_is_refused_without_attention(case):
    model, erasers = model_in(case), stream(case)
    del erasers["layers.1.attention_output"]
    site = "'layers.1.attention_output'"
    refused(model, erasers, required=site, received=f"{site} has no eraser", hint=site)
    erasers["layers.1.attention_output"] = oblique(seed=1)
    refused(model, erasers, required=site, received=f"{site} is another", hint=site)


def test_a_window_that_slides_is_not_lost():
    site = {"layers.0.mlp_input": oblique()}
    facts = {"received": "sliding window"}
    refused(make("mistral", sliding_window=8), site, **facts)
    window = {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}
    refused(make("qwen2", **window), site, **facts)
    wide = make("mistral", sliding_window=24).double()  # as long as the context
    assert apart(bake(wide, site), wide, site) <= 1e-10
    free = {"layers.0.mlp_input": without_mean()}
    narrow = make("mistral", sliding_window=8).double()
    assert apart(bake(narrow, free), narrow, free) <= 1e-10


def test_a_bias_that_no_configuration_has_is_refused():
    for part in ("mlp_input", "mlp_output"):
        erasers = {f"layers.1.{part}": oblique()}
        facts = {"required": ["bias", "layers.1.mlp"], "received": ["Qwen3", "configuration"]}
        refused(model_of("qwen3"), erasers, **facts)
    for name in ("llama", "qwen3", "mistral"):
        facts = {"required": "'final_norm'", "received": "root-mean-square"}
        refused(model_of(name), {"final_norm": oblique()}, **facts)


def test_a_final_norm_with_a_weight_of_zero_is_refused():
    model = make("gpt2")
    with torch.no_grad():
        model.transformer.ln_f.weight[3] = 0.0
    refused(model, {"final_norm": oblique()}, received="a weight of the norm is zero")


def test_a_model_that_is_being_edited_is_refused():
    model = model_of("gpt2")
    with erase(model, {"layers.0.mlp_input": oblique()}):
        erasers = {"layers.0.mlp_input": oblique()}
        refused(model, erasers, received="'transformer.h.0.mlp'")


def test_a_wrong_weight_is_found_before_the_model_is_returned(monkeypatch):
    monkeypatch.setattr(Fold, "readers", lambda self, rows: rows)
    refused(model_of("gpt2"), {"layers.0.mlp_input": oblique()}, required=["float64", "logits"])
    with torch.no_grad():
        broken = make("llama")
        broken.model.norm.weight[0] = float("nan")
    refused(broken, {"layers.0.attention_output": oblique()}, received="nan")


@pytest.mark.parametrize(
    ("family", "facts"),
    [
        ("mixtral", ["MixtralForCausalLM", "mixture of experts"]),
        ("gemma2", ["Gemma2ForCausalLM", "norm"]),
        ("olmo2", ["Olmo2ForCausalLM", "norm"]),
        ("gemma", "GemmaForCausalLM"),
        ("bloom", "BloomForCausalLM"),
        ("bert", "BertForMaskedLM"),
    ],
)
def test_other_families_are_refused(family, facts):
    refused(_other(family), {"embeddings": oblique()}, received=facts, hint="models.erase")


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
    refused(model_of("gpt2").transformer, {}, received=["GPT2Model", "no language-model head"])


def test_weights_that_are_not_plain_are_refused():
    model = make("llama")
    model.config.quantization_config = {"quant_method": "bitsandbytes"}
    refused(model, {}, received="LlamaForCausalLM is quantised")

    class Adapted(torch.nn.Linear):
        pass

    model = make("llama")
    model.model.layers[1].mlp.up_proj = Adapted(D, 24, bias=False)
    refused(model, {}, received=["'model.layers.1.mlp.up_proj'", "Adapted"])
    model = make("llama")
    model.lm_head.to("meta")
    refused(model, {}, required="in memory", received="'lm_head'")
    refused(make("gpt2", add_cross_attention=True), {}, received="cross-attention")

    class GPT2LMHeadModel(transformers.GPT2LMHeadModel):
        pass

    refused(GPT2LMHeadModel(model_of("gpt2").config), {}, received="GPT2LMHeadModel")


def test_nothing_to_bake_is_refused():
    refused(model_of("gpt2"), {}, required="at least one eraser")


def test_erasers_that_do_not_fit_are_refused():
    model = model_of("gpt2")
    erasers = {"layers.0.mlp_input": oblique(5)}
    refused(model, erasers, required=["'layers.0.mlp_input'", str(D)], received="5")
    refused(model, {"layers.7.output": oblique()}, required="'layers.7.output'")
    inner = make("gpt2")
    inner.transformer.h[0].again = torch.nn.ModuleList([torch.nn.Linear(2, 2)])
    with pytest.raises(InputError) as caught:
        bake(inner, {}, layers="transformer.h.0.again")
    assert "'transformer.h'" in caught.value.required
    assert "layers='transformer.h.0.again'" in caught.value.received


@pytest.mark.parametrize(
    "site", ["layers.0.attention_heads", "module:model.layers.0.mlp", "module:model.norm"]
)
def test_sites_that_no_weights_are_written_for_are_refused(site):
    refused(make("llama"), {site: oblique()}, received=f"'{site}'")
