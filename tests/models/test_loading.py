"""Loading: what is no folder is refused at once, and what the hub says is told beside that."""

import socket
import time

import pytest
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)
from support import tiny_models as tiny
from transformers import AutoConfig
from transformers.utils import logging

from nullprobe import InputError, models


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
    with pytest.raises(InputError, match="a folder that holds a model.*there is no such folder"):
        read(name)


def test_a_path_object_is_never_a_name_on_the_hub(alone):
    with pytest.raises(InputError, match="there is no such folder"):
        models.load(alone / "gpt2")
    with pytest.raises(InputError, match="'gpt2' must .* there is no such folder"):
        models.load((alone / "gpt2").relative_to(alone))


def test_a_file_and_what_is_no_name_are_no_models(alone):
    (alone / "model.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match="'model.safetensors' must .* it is a file"):
        models.load("model.safetensors")
    with pytest.raises(InputError, match="must be named.*GPT2LMHeadModel arrived"):
        models.load(tiny.model_of("gpt2"))


@pytest.mark.parametrize("name", ["no-such-model", "nobody/no.such_model-2"])
def test_of_a_name_both_is_said_that_there_is_no_folder_and_what_the_hub_says(
    alone, monkeypatch, name
):
    def unknown(source, **_):
        raise OSError(f"{source} is not a valid model identifier.\nPass a token.")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(AutoConfig, "from_pretrained", unknown)
    with pytest.raises(InputError) as caught:
        models.load(name)
    assert "there is no folder of this name here" in str(caught.value)
    assert f"{name} is not a valid model identifier; check the name" in str(caught.value)
    assert "HF_HUB_OFFLINE" not in str(caught.value)


@pytest.mark.parametrize("name", ["no-such-model", "nobody/no.such_model-2"])
def test_who_has_said_that_there_is_no_network_does_not_wait_for_it(monkeypatch, name):
    def unreachable(*_, **__):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("the hub is waited for"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match=r"no folder of this name.*HF_HUB_OFFLINE is set.*cache"):
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
    with pytest.raises(InputError, match="it said: .*header.*; check the folder"):
        models.load(tmp_path)
    assert logging.is_progress_bar_enabled()


def test_what_the_room_offers_is_what_it_shows():
    assert dir(models) == sorted(models.__all__)
