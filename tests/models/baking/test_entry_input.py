"""What cannot be baked exactly is refused with the reason, before the model is returned."""

import pytest
from support.baking import D, apart, model_in, oblique, refused, stream, without_mean
from support.tiny_models import make, model_of, torch, transformers

from nullprobe import AffineEraser, InputError
from nullprobe.models import bake, erase
from nullprobe.models.baking.folds import Fold

pytestmark = pytest.mark.filterwarnings("ignore:only what blocks read")


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


def test_nothing_to_bake_is_refused():
    refused("at least one eraser, but there is none; pass", model_of("gpt2"), {})


def test_erasers_that_do_not_fit_are_refused():
    model = model_of("gpt2")
    refused(r"'layers\.0\.mlp_input' must be as wide", model, {"layers.0.mlp_input": oblique(5)})
    refused("'layers.7.output' must name a site", model, {"layers.7.output": oblique()})
    inner = make("gpt2")
    inner.transformer.h[0].again = torch.nn.ModuleList([torch.nn.Linear(2, 2)])
    with pytest.raises(InputError, match=r"are 'transformer\.h', but layers='transformer\.h\.0"):
        bake(inner, {}, layers="transformer.h.0.again")


@pytest.mark.parametrize(
    "site", ["layers.0.attention_heads", "module:model.layers.0.mlp", "module:model.norm"]
)
def test_sites_that_no_weights_are_written_for_are_refused(site):
    refused(f"'{site}' arrived", make("llama"), {site: oblique()})
