"""Sites are found from a model's structure, and named alike in every family."""

import pytest
from support.tiny_models import FAMILIES, make, model_of, torch, transformers, vit

from nullprobe import InputError
from nullprobe.models import sites
from nullprobe.models.site import choose, listed

PARTS = ["attention_input", "attention_heads", "attention_output"]
PARTS += ["mlp_input", "mlp_output", "output"]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_the_same_sites(name):
    model, family = model_of(name), FAMILIES[name]
    found = sites(model)
    norm = ["final_norm"] if family.final_norm else []
    assert list(found) == [
        "embeddings",
        *(f"layers.{i}.{part}" for i in range(2) for part in PARTS),
        *norm,
    ]
    assert {site.width for site in found.values()} == {16}
    assert found["layers.1.output"].path == f"{family.layers}.1"
    assert found["layers.1.attention_output"].path == f"{family.layers}.1.{family.attention[1]}"
    assert found["layers.1.mlp_input"].path == f"{family.layers}.1.{family.mlp[0]}"
    assert found["layers.1.mlp_output"].path == f"{family.layers}.1.{family.mlp[1]}"
    assert found.get("final_norm") is None or found["final_norm"].path == family.final_norm


@pytest.mark.parametrize("name", ["gpt2", "llama", "opt", "bert"])
def test_a_model_without_its_head_has_the_same_sites(name):
    model = model_of(name)
    assert list(sites(model.base_model)) == list(sites(model))


def test_the_sites_of_a_vision_transformer_are_found():
    found = sites(vit()[0])
    assert found["final_norm"].path == "layernorm"
    assert found["layers.1.mlp_output"].path == "layers.1.mlp"


def test_a_norm_before_the_layers_is_not_the_final_one():
    assert sites(model_of("bloom"))["final_norm"].path == "transformer.ln_f"
    model = Stack()
    assert list(sites(model)) == ["embeddings", "layers.0.output"]
    model.norm = torch.nn.LayerNorm(12)
    assert sites(model)["final_norm"].path == "norm"
    model = Stack()
    model.norm = torch.nn.LayerNorm(12)
    model.scale = 2.0  # what leaves the stack is not what the norm returns
    assert "final_norm" not in sites(model)


class Stack(torch.nn.Module):
    """A model with norms where none is the final one."""

    def __init__(self):
        super().__init__()
        self.config = transformers.BertConfig(hidden_size=12, num_hidden_layers=1)
        self.table = torch.nn.Embedding(9, 12)
        self.embedding_norm = torch.nn.LayerNorm(12)
        self.blocks = torch.nn.ModuleList([torch.nn.Linear(12, 12)])
        self.late_norm = torch.nn.LayerNorm(12)
        self.scale = 1.0

    def get_input_embeddings(self):
        return self.table

    def forward(self, input_ids):
        states = self.blocks[0](self.embedding_norm(self.table(input_ids)))
        self.late_norm(states)
        return self.norm(states).mul(self.scale) if self.scale != 1.0 else self._last(states)

    def _last(self, states):
        return self.norm(states) if hasattr(self, "norm") else states


def test_a_model_of_two_parts_needs_the_path_of_its_layers():
    config = transformers.AutoConfig.for_model(
        "t5", vocab_size=20, d_model=16, num_layers=2, num_heads=2, d_kv=8, d_ff=24
    )
    model = transformers.AutoModel.from_config(config, trust_remote_code=False)
    with pytest.raises(InputError, match=r"2 lists.*encoder\.block.*layers="):
        sites(model)
    found = sites(model, layers="decoder.block")
    assert found["layers.1.output"].path == "decoder.block.1"
    assert found["final_norm"].path == "decoder.final_layer_norm"


def test_experts_as_many_as_layers_are_not_taken_for_layers():
    model = torch.nn.Module()
    model.config = transformers.BertConfig(hidden_size=12, num_hidden_layers=2)
    layer = torch.nn.Module()
    layer.experts = torch.nn.ModuleList([torch.nn.Linear(4, 4) for _ in range(2)])
    model.blocks = torch.nn.ModuleList([layer, torch.nn.Linear(4, 4)])
    assert sites(model)["layers.1.output"].path == "blocks.1"


def test_the_config_of_the_chosen_part_gives_the_width():
    model = make("gpt2")
    model.vision = vit()[0]
    model.config.n_embd = 16
    model.vision.config.hidden_size, before = 12, 16
    try:
        assert sites(model, layers="vision.layers")["embeddings"].width == 12
    finally:
        model.vision.config.hidden_size = before


def test_a_path_that_is_no_list_of_layers_is_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"'transformer\.hh' must name.*'transformer\.h'"):
        sites(model_of("gpt2"), layers="transformer.hh")


def test_a_model_without_layers_or_config_is_refused():
    with pytest.raises(InputError, match=r"num_hidden_layers.*Linear"):
        sites(torch.nn.Linear(2, 2))
    with pytest.raises(InputError, match="torch module.*str"):
        sites("gpt2")


def test_a_pattern_chooses_a_site_of_every_layer():
    found = sites(model_of("gpt2"))
    names = [site.name for site in choose(found, "layers.*.output")]
    assert names == ["layers.0.output", "layers.1.output"]
    names = [site.name for site in choose(found, ["final_norm", "embeddings"])]
    assert names == ["final_norm", "embeddings"]


def test_a_site_that_is_not_there_is_refused_with_one_that_resembles_it():
    found = sites(model_of("gpt2"))
    with pytest.raises(InputError, match=r"'layers\.1\.output'"):
        choose(found, "layers.7.output")
    with pytest.raises(InputError, match="at least one site"):
        choose(found, [])


def test_the_message_names_all_the_sites_that_there_are():
    found = sites(make("gpt2", n_layer=6))
    parts = [f"'layers.0.{part}' ... 'layers.5.{part}'" for part in PARTS]
    listed_sites = ", ".join(["'embeddings'", *parts, "'final_norm'"])
    with pytest.raises(InputError) as caught:
        choose(found, "layers.9.outptu")
    assert "'layers.9.outptu'" in caught.value.required
    assert listed_sites in caught.value.received


def test_layers_that_have_no_such_part_are_not_among_the_sites_that_are_named():
    assert listed(f"layers.{i}.mlp_input" for i in (2, 3, 5)) == (
        "'layers.2.mlp_input' ... 'layers.3.mlp_input', 'layers.5.mlp_input'"
    )
    assert listed([]) == "none"


def test_a_site_may_be_chosen_once():
    found = sites(model_of("gpt2"))
    with pytest.raises(InputError, match=r"'layers\.0\.output'.*twice"):
        choose(found, ["layers.0.output", "layers.*.output"])
