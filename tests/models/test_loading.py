"""Loading: paths that are not there, code of others, devices, dtypes and quantisation."""

import contextlib
import json
import socket
import sys
import time

import pytest
import torch
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)
from safetensors.torch import load_file, save_file
from support import tiny_models as tiny
from transformers.utils import logging

from nullprobe import InputError, models
from nullprobe.models.provenance import described


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("home") / "tiny")


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """Work in an empty folder, where whoever asks a host on the network fails."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("the hub was asked"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


PATHS = [
    "./gpt2",
    "../gpt2",
    "/gpt2",
    "~/gpt2",
    "a/b/c",
    "gpt2/",
    "models/gpt2/",
    "a b",
    ".gpt2",
    "",
]


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("read", [models.load, models.structure])
def test_a_path_that_is_no_folder_is_refused_and_the_hub_not_asked(alone, read, name):
    with pytest.raises(InputError, match="does not exist"):
        read(name)


def test_a_path_object_is_never_a_name_on_the_hub(alone):
    with pytest.raises(InputError, match="does not exist"):
        models.load(alone / "gpt2")
    with pytest.raises(InputError, match="'gpt2' must .* does not exist"):
        models.load((alone / "gpt2").relative_to(alone))


def test_a_file_and_what_is_no_name_are_no_models(alone):
    (alone / "model.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match="'model.safetensors'.* another format"):
        models.load("model.safetensors")
    with pytest.raises(InputError, match="string or a path.*GPT2LMHeadModel"):
        models.load(tiny.model_of("gpt2"))


@pytest.mark.parametrize("name", ["no-such-model", "nobody/no.such_model-2"])
def test_who_has_said_that_there_is_no_network_does_not_wait_for_it(monkeypatch, name):
    def unreachable(*_, **__):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("the hub is waited for"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match=rf"{name}.*HF_HUB_OFFLINE.*cache"):
        models.load(name)


def test_the_home_folder_may_be_written_as_a_tilde(saved, alone, monkeypatch):
    monkeypatch.setenv("HOME", str(saved.parent))
    monkeypatch.setenv("USERPROFILE", str(saved.parent))
    assert len(models.sites(models.structure("~/tiny"))) == 14
    model, tokenizer = models.load("~/tiny")
    assert len(tokenizer) == 44
    assert not model.training


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("downloads", [True, False])
def test_loading_shows_no_bar_and_leaves_the_setting_as_it_was(saved, capsys, own, downloads):
    try:
        (logging.enable_progress_bar if own else logging.disable_progress_bar)()
        (enable_progress_bars if downloads else disable_progress_bars)()
        models.load(saved)
        assert capsys.readouterr().err == ""
        assert logging.is_progress_bar_enabled() == own
        assert are_progress_bars_disabled() != downloads
    finally:
        logging.enable_progress_bar()


def test_bars_come_back_after_a_model_that_cannot_be_loaded(saved, tmp_path):
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"abc")
    with pytest.raises(InputError, match="header"):
        models.load(tmp_path)
    assert logging.is_progress_bar_enabled()


OWN = "open({mark!r}, 'w').close()\nfrom transformers import LlamaConfig as Config\n"


@pytest.mark.parametrize("kind", ["AutoConfig", "AutoModelForCausalLM", "AutoTokenizer"])
@pytest.mark.parametrize("read", [models.load, models.structure])
def test_code_in_a_folder_never_runs(saved, tmp_path, monkeypatch, kind, read):
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    mark = tmp_path / "it_ran"
    (tmp_path / "own.py").write_text(OWN.format(mark=str(mark)) + f"{kind} = Config\n")
    name = "tokenizer_config.json" if kind == "AutoTokenizer" else "config.json"
    said = json.loads((tmp_path / name).read_text("utf-8"))
    # A list for tokenizers: slow and fast.
    entry = ["own.Config", "own.Config"] if kind == "AutoTokenizer" else "own.Config"
    said |= {"auto_map": {kind: entry}, "tokenizer_class": "OwnTokenizer", "model_type": "own"}
    (tmp_path / name).write_text(json.dumps(said))
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("stdin was asked"))
    with contextlib.suppress(InputError):
        read(tmp_path)
    assert not mark.exists()


def test_weights_that_are_not_in_the_files_are_refused(saved, tmp_path):
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    gone = "transformer.h.1.mlp.c_fc.weight"
    save_file({k: v for k, v in weights.items() if k != gone}, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=f"1 weight.*'{gone}'"):
        models.load(tmp_path)


@pytest.mark.parametrize(
    "entry",
    [
        {"n_embd": 20},
        {"n_embd": "wide"},
        {"architectures": ["Trainer"], "model_type": "nothing"},
        {"architectures": ["no_such_thing"]},
    ],
    ids=str,
)
def test_a_config_that_does_not_fit_is_refused_or_passed_over(saved, tmp_path, entry):
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    said = json.loads((tmp_path / "config.json").read_text("utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**said, **entry}))
    try:
        model, _ = models.load(tmp_path)
    except InputError:
        return
    assert type(model).__name__ == "GPT2Model"
    assert models.sites(models.structure(tmp_path)) == models.sites(model)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_a_dtype_is_that_of_the_weights_and_is_recorded(saved, dtype):
    model, _ = models.load(saved, dtype=dtype)
    assert model.dtype == getattr(torch, dtype)
    assert described(model)["dtype"] == dtype


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_a_plain_device_needs_no_accelerate(saved, monkeypatch, device):
    monkeypatch.setitem(sys.modules, "accelerate", None)
    model, _ = models.load(saved, device=device)
    assert model.device.type == "cpu"


@pytest.mark.parametrize("device", ["auto", "balanced", {"": "cpu"}], ids=str)
def test_a_spread_model_needs_accelerate(saved, monkeypatch, device):
    pytest.importorskip("accelerate")
    model, _ = models.load(saved, device=device)
    assert described(model) == described(models.load(saved)[0])
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(InputError, match=r"accelerate.*nullprobe\[models\]"):
        models.load(saved, device=device)


ABSENT = [] if torch.cuda.is_available() else ["cuda", "cuda:0"]


@pytest.mark.parametrize("device", [*ABSENT, "cuda:99", "xla", "hpu", "no-device", "meta", ""])
def test_a_device_that_is_not_here_is_refused(saved, device):
    with pytest.raises(InputError, match="^device must be"):
        models.load(saved, device=device)


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """Return a folder of a model whose matrices are large enough to be quantised."""
    sizes = {"hidden_size": 128, "intermediate_size": 256, "num_key_value_heads": 2}
    model = tiny.make("llama", **sizes)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(0.3 if weight.ndim > 1 else 1)
    return tiny.save(tmp_path_factory.mktemp("wide") / "wide", model)


@pytest.mark.slow
@pytest.mark.parametrize(("bits", "most"), [("4bit", 0.3), ("8bit", 0.05)])
@pytest.mark.parametrize("device", [None, "cpu", "auto"])
def test_weights_are_quantised_and_that_is_recorded(wide, bits, most, device):
    pytest.importorskip("bitsandbytes")
    plain, tokenizer = models.load(wide)
    model, _ = models.load(wide, quantization=bits, device=device)
    assert described(model)["quantization"].startswith(f"bitsandbytes {bits}")
    assert described(model)["weights"] != described(plain)["weights"]
    assert models.sites(models.structure(wide)) == models.sites(model)
    right, found = (
        models.capture(one, tokenizer, tiny.texts(), "layers.1.output")["layers.1.output"]
        for one in (plain, model)
    )
    error = ((found - right) ** 2).sum() ** 0.5 / (right**2).sum() ** 0.5
    assert 1e-6 < error < most


def test_what_cannot_be_quantised_is_refused(wide, tmp_path, monkeypatch):
    pytest.importorskip("bitsandbytes")
    with pytest.raises(InputError, match="quantization.*3bit"):
        models.load(wide, quantization="3bit")
    model, tokenizer = models.load(wide, quantization="8bit")
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert described(models.load(tmp_path)[0])["quantization"] == "bitsandbytes 8bit"
    with pytest.raises(InputError, match=r"quantization.*quantised"):
        models.load(tmp_path, quantization="4bit")
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(InputError, match=r"bitsandbytes.*nullprobe\[models-extra\]"):
        models.load(wide, quantization="4bit")


def test_what_the_room_offers_is_what_it_shows():
    assert dir(models) == sorted(models.__all__)
