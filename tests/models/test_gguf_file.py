"""GGUF files: loaded as plain models, by every command too; parts of a model are refused."""

import contextlib
import hashlib
import sys

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file
from support import gguf_models
from support import tiny_models as tiny
from transformers import LlamaForCausalLM

from nullprobe import AffineEraser, InputError, models
from nullprobe.cli import main
from nullprobe.models import gguf_file
from nullprobe.models.provenance import described

TEXTS = ["a b", "c d e", "f g", "h i j"]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return gguf_models.save(tmp_path_factory.mktemp("gguf") / "model.gguf", quantised=True)


@pytest.fixture(scope="module")
def loaded(file):
    return models.load(file)


def axis(d):
    return AffineEraser(np.zeros(d), np.eye(d)[:, :1], np.eye(d)[:1])


def test_a_gguf_file_is_a_plain_model_that_can_be_saved(loaded, file, tmp_path):
    model, tokenizer = loaded
    assert type(model) is LlamaForCausalLM
    assert not hasattr(model.config, "quantization_config")
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    again, words = models.load(tmp_path)
    for name, weight in model.state_dict().items():
        assert again.state_dict()[name].equal(weight), name
    assert words(TEXTS)["input_ids"] == tokenizer(TEXTS)["input_ids"]
    first = models.capture(model, tokenizer, TEXTS, "*")
    second = models.capture(again, words, TEXTS, "*")
    for site in first:
        np.testing.assert_allclose(first[site], second[site], rtol=0, atol=1e-6)


def test_a_model_is_plain_where_transformers_leaves_a_note_on_it(file, tmp_path, monkeypatch):
    monkeypatch.setattr(gguf_file, "options", dict)  # as versions without GgufConfig
    model, _ = models.load(file)
    assert not hasattr(model.config, "quantization_config")
    assert not getattr(model, "is_quantized", False)
    model.save_pretrained(tmp_path)
    assert list(tmp_path.glob("*.safetensors"))


def test_the_record_has_the_hash_of_the_file_and_how_it_was_quantised(loaded, file):
    found = described(loaded[0])
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert found["files"] == {"model.gguf": digest}
    assert (found["name"], found["format"], found["dtype"]) == ("model.gguf", "gguf", "float32")
    assert found["quantization"].split(", ") == ["F32", "Q8_0"]


def test_the_values_are_those_of_the_file(tmp_path):
    model, _ = models.load(gguf_models.save(tmp_path / "model.gguf"))
    drawn = np.random.default_rng(0).normal(size=(len(gguf_models.TOKENS), gguf_models.WIDTH))
    right = (np.abs(drawn) / gguf_models.WIDTH**0.5).astype("float32")
    np.testing.assert_array_equal(model.get_input_embeddings().weight.detach().numpy(), right)


def test_the_structure_of_a_file_has_the_same_sites(loaded, file):
    empty = models.structure(file)
    assert next(empty.parameters()).device.type == "meta"
    assert models.sites(empty) == models.sites(loaded[0])


def test_a_folder_with_one_file_is_that_file(loaded, file):
    assert models.sites(models.structure(file.parent)) == models.sites(loaded[0])
    assert described(models.load(file.parent)[0]) == described(loaded[0])


def test_files_of_other_models_beside_it_do_not_matter(loaded, tmp_path):
    tiny.save(tmp_path)
    model, tokenizer = models.load(gguf_models.save(tmp_path / "model.gguf", quantised=True))
    assert described(model) == described(loaded[0])
    assert tokenizer.get_vocab() == loaded[1].get_vocab()


@pytest.mark.slow
def test_every_command_takes_a_file(file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [f"{text},{kind}" for text, kind in zip(TEXTS, "xyxy", strict=True)]
    (tmp_path / "texts.csv").write_text("\n".join(["text,kind", *rows, ""]))
    axis(gguf_models.WIDTH).save(tmp_path / "eraser.safetensors")
    gguf_models.save(tmp_path / "model.gguf")
    assert main(["sites", "model.gguf"]) == 0
    assert "layers.1.mlp_input" in capsys.readouterr().out
    asked = ["--text", "text", "--concept", "kind", "--site", "layers.0.output"]
    assert main(["capture", "model.gguf", "texts.csv", *asked, "--out", "states"]) == 0
    shard = load_file(tmp_path / "states" / "000000.safetensors")
    assert shard["layers.0.output"].shape == (4, gguf_models.WIDTH)
    at = "layers.0.mlp_input=eraser.safetensors"
    assert main(["bake", "model.gguf", at, "--out", "baked"]) == 0
    baked, _ = models.load(tmp_path / "baked")
    assert not baked.model.layers[0].mlp.up_proj.weight[:, 0].any()


def test_no_bar_is_shown(file, capsys):
    models.load(file)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("kept", [0, 3, 30, 500, 2000, 9000])
@pytest.mark.parametrize("read", [models.load, models.structure])
def test_a_file_that_was_cut_short_is_refused(file, tmp_path, kept, read):
    (tmp_path / "short.gguf").write_bytes(file.read_bytes()[:kept])
    with pytest.raises(InputError):
        read(tmp_path / "short.gguf")


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_header_is_refused_or_read(file, tmp_path, seed):
    content = bytearray(file.read_bytes())
    rng = np.random.default_rng(seed)
    for place in rng.integers(4, 900, 12):
        content[place] = rng.integers(256)
    (tmp_path / "damaged.gguf").write_bytes(content)
    with contextlib.suppress(InputError):
        models.load(tmp_path / "damaged.gguf")


def test_what_is_not_one_whole_model_is_refused(tmp_path):
    gguf_models.save(tmp_path / "part.gguf", parts=2)
    with pytest.raises(InputError, match="2 parts"):
        models.load(tmp_path / "part.gguf")
    gguf_models.save(tmp_path / "whole.gguf")
    with pytest.raises(InputError, match=r"part\.gguf, whole\.gguf"):
        models.load(tmp_path)
    gguf_models.save(tmp_path / "unknown.gguf", architecture="unknown")
    with pytest.raises(InputError, match="unknown"):
        models.load(tmp_path / "unknown.gguf")


@pytest.mark.parametrize("package", ["gguf", "accelerate"])
def test_a_missing_package_is_named_with_its_extra(file, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    for read in (models.load, models.structure):
        with pytest.raises(InputError, match=rf"{package}.*nullprobe\[models\]"):
            read(file)


def test_a_file_is_parsed_once_however_often_it_is_read(tmp_path, monkeypatch):
    parsed = []

    class Counted(gguf.GGUFReader):
        def __init__(self, path, *rest):
            parsed.append(path)
            super().__init__(path, *rest)

    monkeypatch.setattr(gguf, "GGUFReader", Counted)
    models.load(gguf_models.save(tmp_path / "once.gguf"))
    assert len(parsed) == 1
    assert gguf.GGUFReader is Counted
