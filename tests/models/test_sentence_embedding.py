"""Embeddings of models of sentence-transformers: read as `encode` gives them, and erased there."""

import json
import shutil

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from support import pretrained_encoder, tiny_embedders
from support import tiny_models as tiny

from nullprobe import LEACE, CapturedFolder, InputError, models
from nullprobe.moments import Moments

pytestmark = pytest.mark.slow  # importing sentence-transformers takes seconds

SITE = "sentence_embedding"
TEXTS = [*tiny.texts(9, longest=9), "  w1 w2 ", "w3\n"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("embedder") / "tiny"
    return tiny_embedders.save(path, dense=True, normalize=True)


@pytest.fixture
def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


def encoded(folder, texts=TEXTS):
    return tiny_embedders.library.SentenceTransformer(str(folder), device="cpu").encode(texts)


@pytest.mark.parametrize("mode", tiny_embedders.MODES)
@pytest.mark.parametrize("more", [{}, {"normalize": True}, {"dense": True, "normalize": True}])
def test_every_pooling_gives_what_encode_gives(mode, more, tmp_path):
    folder = tiny_embedders.save(tmp_path / "m", mode=mode, **more)
    states = models.capture(*models.load_embedder(folder), TEXTS, SITE, batch_size=4)[SITE]
    np.testing.assert_allclose(states, encoded(folder), atol=1e-5)
    assert states.dtype == np.float32


def test_a_default_prompt_and_a_shorter_width_are_respected(tmp_path):
    more = {"prompts": {"query": "w5 w6 "}, "default_prompt_name": "query", "truncate_dim": 5}
    folder = tiny_embedders.save(tmp_path / "m", **more)
    model, tokenizer = models.load_embedder(folder)
    states = models.capture(model, tokenizer, TEXTS, SITE)[SITE]
    right = model.encode(TEXTS)
    np.testing.assert_allclose(states, right, atol=1e-5)
    np.testing.assert_array_less(1e-3, np.abs(right - model.encode(TEXTS, prompt="")).max())
    assert states.shape[1] == right.shape[1] == models.sites(model)[SITE].width


def test_texts_longer_than_the_limit_are_cut_as_encode_cuts_them(folder):
    long = [" ".join(["w1", "w2", "w3"] * 9), "w4"]
    with pytest.warns(UserWarning, match="longer than 12 tokens"):
        states = models.capture(*models.load_embedder(folder), long, SITE)
    np.testing.assert_allclose(states[SITE], encoded(folder, long), atol=1e-5)
    assert list(states.cut) == [0]
    with pytest.warns(UserWarning, match="longer than 6 tokens"):
        short = models.capture(*models.load_embedder(folder), long, SITE, max_length=6)[SITE]
    np.testing.assert_allclose(short, encoded(folder, ["w1 w2 w3 w1", "w4"]), atol=1e-5)


def test_layers_and_the_embedding_are_read_together(folder):
    model, tokenizer = models.load_embedder(folder)
    both = models.capture(model, tokenizer, TEXTS, ["layers.*.output", SITE], tokens="mean")
    plain, same_tokenizer = models.load(folder)
    layers = models.capture(plain, same_tokenizer, TEXTS, "layers.*.output", tokens="mean")
    assert list(both) == [*layers, SITE]
    for site in layers:
        np.testing.assert_allclose(both[site], layers[site], atol=1e-6)
    np.testing.assert_allclose(both[SITE], encoded(folder), atol=1e-5)


def test_moments_and_folders_hold_the_same_embeddings(folder, tmp_path):
    model, tokenizer = models.load_embedder(folder)
    y = np.arange(len(TEXTS)) % 2
    args = model, tokenizer, TEXTS
    moments = models.capture_moments(*args, y, SITE, batch_size=3)[SITE]
    right = Moments.of(encoded(folder), y)
    for name in ("mean", "covariance", "cross_covariance"):
        np.testing.assert_allclose(getattr(moments, name), getattr(right, name), atol=1e-6)
    out = models.capture_to(tmp_path / "s", *args, SITE, labels={"y": y}, concept="y", shard_size=4)
    states = CapturedFolder(out)
    np.testing.assert_allclose(states[SITE], encoded(folder), atol=1e-5)
    assert states.about["model"]["modules"][0]["type"] == "Pooling"


def test_a_capture_with_another_pooling_is_another_capture(tmp_path):
    for mode in ("mean", "cls"):  # pooling has no weights
        tiny_embedders.save(tmp_path / mode / "m", mode=mode)
    for mode, ok in (("mean", True), ("mean", True), ("cls", False)):
        args = *models.load_embedder(tmp_path / mode / "m"), TEXTS, SITE
        if ok:
            models.capture_to(tmp_path / "states", *args)
        else:
            with pytest.raises(InputError) as error:
                models.capture_to(tmp_path / "states", *args)
            assert "modules" in error.value.received


def test_erasing_at_the_embedding_changes_encode_as_the_eraser_does(folder):
    model, _ = models.load_embedder(folder)
    X = model.encode(TEXTS)
    eraser = LEACE().fit(X, np.arange(len(X)) % 2)
    with models.erase(model, {SITE: eraser}):
        erased = model.encode(TEXTS)
    np.testing.assert_allclose(erased, eraser.transform(X), atol=1e-5)
    np.testing.assert_array_equal(model.encode(TEXTS), X)


def test_what_gives_no_single_embedding_is_refused(folder):
    args = models.load_embedder(folder)
    with pytest.raises(InputError) as error:
        models.capture(*args, TEXTS, SITE, tokens="all")
    assert "one row per text" in error.value.required
    with pytest.raises(InputError) as error:
        models.capture(*args, [["w1", "w2"]], SITE)
    assert "strings" in error.value.required
    plain = models.load(folder)
    with pytest.raises(InputError) as error:
        models.capture(*plain, TEXTS, SITE)
    assert SITE in error.value.received + error.value.required


def rewrite(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def without_some_weights(folder):
    with safe_open(folder / "model.safetensors", "np") as file:
        arrays = {name: file.get_tensor(name) for name in list(file.keys())[1:]}
    save_file(arrays, folder / "model.safetensors", {"format": "pt"})


def other_class(folder):
    rewrite(folder / "modules.json", lambda m: m[1].update(type="subprocess.Popen"))


def same_name_elsewhere(folder):
    rewrite(folder / "modules.json", lambda m: m[1].update(type="elsewhere.Pooling"))


def other_folder(folder):
    rewrite(folder / "modules.json", lambda m: m[1].update(path="../elsewhere"))


def damaged(folder):
    (folder / "modules.json").write_text("[{")


def without_pooling_rules(folder):
    (folder / "modules.json").unlink()


def pickled(folder):
    for weights in folder.glob("*_Dense/model.safetensors"):
        weights.rename(weights.with_name("pytorch_model.bin"))


def foreign_activation(folder):
    (config,) = folder.glob("*_Dense/config.json")
    rewrite(config, lambda c: c.update(activation_function="os.abort"))


def kernel_from_the_hub(folder):
    config = folder / "sentence_bert_config.json"
    rewrite(config, lambda c: c.update(model_args={"attn_implementation": "someone/kernel"}))


@pytest.mark.parametrize(
    "spoil",
    [
        *(other_class, same_name_elsewhere, other_folder, damaged, without_pooling_rules, pickled),
        *(foreign_activation, kernel_from_the_hub, without_some_weights),
    ],
)
def test_folders_that_are_no_safe_embedding_model_are_refused(copied, spoil):
    assert models.load_embedder(copied)
    spoil(copied)
    with pytest.raises(InputError):
        models.load_embedder(copied)


def test_a_class_of_another_library_is_refused_before_the_library_is_called(copied, monkeypatch):
    same_name_elsewhere(copied)
    called = []
    name = "SentenceTransformer"
    monkeypatch.setattr(tiny_embedders.library, name, lambda *_, **__: called.append(name))
    with pytest.raises(InputError) as error:
        models.load_embedder(copied)
    assert "elsewhere.Pooling" in error.value.received
    assert not called


def test_earlier_layouts_have_the_transformer_in_a_folder(copied):
    inside = copied / "0_Transformer"
    inside.mkdir()
    for file in [file for file in copied.iterdir() if file.is_file()]:
        if file.name not in ("modules.json", "config_sentence_transformers.json", "README.md"):
            file.rename(inside / file.name)
    rewrite(copied / "modules.json", lambda m: m[0].update(path="0_Transformer"))
    states = models.capture(*models.load_embedder(copied), TEXTS, SITE)
    np.testing.assert_allclose(states[SITE], encoded(copied), atol=1e-5)


def test_a_pretrained_encoder_gives_what_encode_gives():
    folder = pretrained_encoder.folder()
    texts = pretrained_encoder.sentences("numpy", 40)
    states = models.capture(*models.load_embedder(folder), texts, SITE)[SITE]
    np.testing.assert_allclose(states, encoded(folder, texts), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(states, axis=1), 1.0, atol=1e-5)
