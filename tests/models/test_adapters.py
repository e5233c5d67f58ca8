"""PEFT adapters: active or merged, from safetensors alone; what does not fit is refused."""

import copy
import hashlib
import json
import socket
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from support import tiny_models as tiny
from transformers import LlamaForCausalLM

from nullprobe import AffineEraser, InputError, models
from nullprobe.cli import main
from nullprobe.models.provenance import described

peft = pytest.importorskip("peft")
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
TEXTS = tiny.texts(6)
LORA = {"r": 2, "lora_alpha": 4, "init_lora_weights": False}
METHODS = {
    "lora": peft.LoraConfig(target_modules=["q_proj", "down_proj"], **LORA),
    "lora of all": peft.LoraConfig(target_modules="all-linear", **LORA),
    "dora": peft.LoraConfig(target_modules=["o_proj"], use_dora=True, **LORA),
    "ia3": peft.IA3Config(
        target_modules=["k_proj", "down_proj"],
        feedforward_modules=["down_proj"],
        init_ia3_weights=False,
    ),
    "saved head": peft.LoraConfig(target_modules=["q_proj"], modules_to_save=["lm_head"], **LORA),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("model") / "base", tiny.make("llama"))


@pytest.fixture(scope="module")
def save(base, tmp_path_factory):
    """Save an adapter of a method that changes the model, once each."""
    made = {}

    def saved(method):
        if method not in made:
            folder = tmp_path_factory.mktemp("adapter") / "change"
            model, _ = models.load(base)
            torch.manual_seed(0)
            wrapped = peft.get_peft_model(model, copy.deepcopy(METHODS[method]))
            with torch.no_grad():
                for name, weight in wrapped.named_parameters():
                    if weight.requires_grad and "magnitude" not in name:
                        weight.add_(0.1 * torch.randn_like(weight))
            wrapped.save_pretrained(folder)
            made[method] = folder
        return made[method]

    return saved


@pytest.fixture
def lora(save):
    return save("lora")


def changed(lora, tmp_path, **entries):
    """Return a copy of an adapter with another config."""
    folder = tmp_path / "changed"
    folder.mkdir()
    said = json.loads((lora / CONFIG).read_text("utf-8"))
    (folder / CONFIG).write_text(json.dumps({**said, **entries}))
    (folder / WEIGHTS).write_bytes((lora / WEIGHTS).read_bytes())
    return folder


def states(model, tokenizer):
    return models.capture(model, tokenizer, TEXTS, "*")


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_an_active_adapter_and_a_merged_one_give_the_same_states(base, save, method):
    plain, tokenizer = models.load(base)
    active, _ = models.load(base, adapter=save(method))
    merged, _ = models.load(base, adapter=save(method), merge=True)
    assert isinstance(active, peft.PeftModel)
    assert not active.training
    assert type(merged) is LlamaForCausalLM
    assert merged.state_dict().keys() == plain.state_dict().keys()
    before, one, two = (states(model, tokenizer) for model in (plain, active, merged))
    assert list(one) == list(models.sites(plain))
    for site in one:
        np.testing.assert_allclose(one[site], two[site], rtol=1e-4, atol=1e-4)
    if method != "saved head":
        assert np.abs(one["final_norm"] - before["final_norm"]).max() > 0.01


def test_states_of_an_adapter_are_those_of_plain_hooks(base, lora):
    model, tokenizer = models.load(base, adapter=lora)
    found = {}
    inner = model.get_base_model().model.layers

    def hook(i):
        return lambda _, __, out: found.setdefault(i, []).append(
            (out if isinstance(out, torch.Tensor) else out[0])[0, -1].numpy().copy()
        )

    handles = [layer.register_forward_hook(hook(i)) for i, layer in enumerate(inner)]
    with torch.no_grad():
        for text in TEXTS:
            model(input_ids=tiny.ids_of(tokenizer, text))
    for handle in handles:
        handle.remove()
    read = models.capture(model, tokenizer, TEXTS, "layers.*.output")
    for i, rows in found.items():
        tiny.close(read[f"layers.{i}.output"], np.stack(rows))


def test_a_model_with_an_adapter_is_erased_scrubbed_and_generates(base, lora):
    model, tokenizer = models.load(base, adapter=lora)
    merged, _ = models.load(base, adapter=lora, merge=True)
    axis = np.eye(16)[:, :1]
    eraser = AffineEraser(np.zeros(16), axis, axis.T)
    ids = tiny.ids_of(tokenizer, TEXTS[0])
    generated = []
    for one in (model, merged):
        with models.erase(one, {"layers.0.output": eraser}):
            erased = models.capture(one, tokenizer, TEXTS, "layers.0.output")["layers.0.output"]
            generated.append(one.generate(input_ids=ids, max_new_tokens=4, do_sample=False))
        assert not erased[:, 0].any()
    assert generated[0].equal(generated[1])
    y = np.array([0, 1] * 3)
    erasers = models.scrub(model, tokenizer, TEXTS, y, "layers.*.output")
    assert list(erasers) == ["layers.0.output", "layers.1.output"]


def test_the_record_names_the_adapter_and_the_hash_of_its_weights(base, lora):
    for merge in (False, True):
        found = described(models.load(base, adapter=lora, merge=merge)[0])
        assert found["class"] == "LlamaForCausalLM"
        assert found["name"] == "base"
        assert list(found["files"]) == ["model.safetensors"]
        digest = hashlib.sha256((lora / WEIGHTS).read_bytes()).hexdigest()
        assert found["adapter"] == {
            "name": "change",
            "revision": "",
            "files": {WEIGHTS: digest},
            "type": "LORA",
            "merged": merge,
        }
    assert described(models.load(base)[0])["adapter"] is None


def test_the_record_of_a_model_that_peft_loaded_names_the_method(base, lora):
    model, _ = models.load(base)
    found = described(peft.PeftModel.from_pretrained(model, lora, trust_remote_code=False))
    assert found["class"] == "LlamaForCausalLM"
    assert found["adapter"]["type"] == "LORA"


@pytest.mark.slow
def test_a_folder_of_an_adapter_is_a_model(base, lora, tmp_path):
    folder = changed(lora, tmp_path, base_model_name_or_path=str(base))
    model, tokenizer = models.load(folder, merge=True)
    right, _ = models.load(base, adapter=lora, merge=True)
    assert described(model)["weights"] == described(right)["weights"]
    assert len(tokenizer) == 44
    assert models.sites(models.structure(folder)) == models.sites(right)


def test_a_tokenizer_beside_the_adapter_is_the_one_that_is_used(base, lora, tmp_path):
    folder = changed(lora, tmp_path)
    tiny.word_tokenizer(special=True).save_pretrained(folder)
    _, tokenizer = models.load(base, adapter=folder)
    assert tokenizer("w1")["input_ids"][0] == 0
    assert models.load(base, adapter=lora)[1]("w1")["input_ids"][0] != 0


def test_the_hub_is_not_asked_where_all_is_here(base, lora, tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("the hub was asked"))
    folder = changed(lora, tmp_path, base_model_name_or_path="us/elsewhere")
    models.load(base, adapter=folder, merge=True)
    model, tokenizer = models.load(base, adapter=folder)
    assert described(model)["adapter"]["name"] == "changed"
    states(model, tokenizer)


def test_a_merged_model_is_saved_as_a_plain_one(base, lora, tmp_path):
    model, tokenizer = models.load(base, adapter=lora, merge=True)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert described(models.load(tmp_path)[0])["weights"] == described(model)["weights"]


def test_the_command_line_merges_an_adapter(base, lora, tmp_path, capsys):
    np.savez(tmp_path / "t.npz", words=np.array(TEXTS))
    asked = ["--text", "words", "--site", "layers.1.output", "--out", str(tmp_path / "states")]
    given = [str(base), str(tmp_path / "t.npz"), "--adapter", str(lora)]
    assert main(["capture", *given, *asked]) == 0
    manifest = json.loads((tmp_path / "states" / "manifest.json").read_text("utf-8"))
    model, tokenizer = models.load(base, adapter=lora, merge=True)
    assert manifest["model"] == described(model)
    right = states(model, tokenizer)["layers.1.output"]
    shard = load_file(tmp_path / "states" / "000000.safetensors")["layers.1.output"]
    np.testing.assert_array_equal(shard.numpy(), right)


@pytest.mark.parametrize("make", [tiny.make], ids=["deeper"])
def test_an_adapter_of_a_deeper_model_is_refused(base, tmp_path, make):
    deep = peft.get_peft_model(
        make("llama", num_hidden_layers=3), peft.LoraConfig(target_modules=["q_proj"], **LORA)
    )
    deep.save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"2 weights have no counterpart.*layers\.2"):
        models.load(base, adapter=tmp_path)


def test_an_adapter_that_lacks_weights_is_refused(base, lora, tmp_path):
    folder = changed(lora, tmp_path)
    weights = load_file(folder / WEIGHTS)
    weights.pop(next(iter(weights)))
    save_file(weights, folder / WEIGHTS)
    with pytest.raises(InputError, match="1 weight has no counterpart"):
        models.load(base, adapter=folder)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"base_model_name_or_path": None}, "base_model_name_or_path is empty"),
        ({"base_model_name_or_path": "../nothing/here"}, "'../nothing/here'"),
        ({"target_modules": ["no_such_module"]}, "must fit the model"),
        ({"r": 3}, "must fit the model"),
        ({"megatron_config": {}, "megatron_core": "own"}, "Megatron"),
        ({"peft_type": "UNKNOWN"}, "must fit the model"),
    ],
)
def test_a_config_that_cannot_be_used_is_refused(base, lora, tmp_path, entries, message):
    folder = changed(lora, tmp_path, **{"base_model_name_or_path": str(base), **entries})
    with pytest.raises(InputError, match=message):
        models.load(folder)


def test_pickled_weights_are_never_opened(base, lora, tmp_path):
    folder = changed(lora, tmp_path)
    (folder / WEIGHTS).unlink()
    (folder / "adapter_model.bin").write_bytes(b"a pickle")
    with pytest.raises(InputError, match=WEIGHTS):
        models.load(base, adapter=folder)


def test_virtual_tokens_are_refused(base, tmp_path):
    model, _ = models.load(base)
    config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
    peft.get_peft_model(model, config).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="virtual tokens"):
        models.load(base, adapter=tmp_path)


def test_what_contradicts_itself_is_refused(base, lora, tmp_path):
    folder = changed(lora, tmp_path, base_model_name_or_path=str(base))
    with pytest.raises(InputError, match="is an adapter"):
        models.load(folder, adapter=lora)
    with pytest.raises(InputError, match=f"contains no {CONFIG}"):
        models.load(base, adapter=base)
    with pytest.raises(InputError, match="not quantised"):
        models.load(base, adapter=lora, merge=True, quantization="8bit")
    (folder / "config.json").write_bytes((base / "config.json").read_bytes())
    with pytest.raises(InputError, match=rf"both config\.json and {CONFIG}"):
        models.load(folder)


def test_without_peft_the_extra_is_named(base, lora, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(InputError, match=r"peft.*nullprobe\[models-extra\]"):
        models.load(base, adapter=lora)
