"""Commands that run models: sites, capture, an audit of what was captured, fit at a site, bake."""

import copy
import csv
import json
import re
import shlex

import numpy as np
import pytest
import torch
import transformers
from safetensors import safe_open
from support import tiny_models as tiny

from nullprobe import LEACE, AffineEraser, CapturedFolder, models
from nullprobe.cli import main

TEXTS = tiny.texts(60)
LONG = ["long" if len(text.split()) > 7 else "short" for text in TEXTS]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "texts.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["words", "length", "half", "empty"])
        rows.writerows(zip(TEXTS, LONG, ["a", "b"] * 30, [""] * 60, strict=True))
    return path


@pytest.fixture(scope="module")
def captured(saved, sheet, tmp_path_factory):
    out = tmp_path_factory.mktemp("captured") / "states"
    asked = ["--text", "words", "--concept", "length", "--label", "half", "--shard-size", "25"]
    assert run("capture", saved, sheet, *asked, "--site", "layers.*.output", "--out", out) == 0
    return out


def run(*arguments):
    return main(list(map(str, arguments)))


def test_sites_are_listed_with_their_modules(saved, capsys):
    assert run("sites", saved) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["site", "what", "it", "is", "width"]
    assert ["layers.1.output", "output", "of", "transformer.h.1", "16"] in lines
    assert [line[0] for line in lines[1:]] == list(models.sites(tiny.model_of("gpt2")))


@pytest.mark.slow
def test_a_captured_folder_is_audited_layer_by_layer_without_further_words(captured, tmp_path):
    few = ["--claims", "readable", "--permutations", "99"]
    assert run("audit", captured, *few, "--out", tmp_path) == 0
    found = json.loads((tmp_path / "states-length-audit.json").read_text("utf-8"))
    assert [one["representation"] for one in found] == ["layers.0.output", "layers.1.output"]
    assert found[0]["provenance"]["classes"] == {
        "long": LONG.count("long"),
        "short": LONG.count("short"),
    }
    assert found[0]["claims"][0]["holds"] == "yes"  # position embeddings know the length


def test_a_capture_says_what_the_folder_holds_and_whether_it_was_complete(
    saved, sheet, tmp_path, capsys
):
    asked = ["--text", "words", "--site", "layers.*.output", "--out", tmp_path / "states"]
    asked += ["--tokens", "all", "--shard-size", "25"]
    assert run("capture", saved, sheet, *asked) == 0
    first, *sites = capsys.readouterr().out.splitlines()
    rows = sum(len(text.split()) for text in TEXTS)
    assert {"60 texts", f"{rows} rows", "2 sites"} <= set(re.findall(r"\d+ [a-z]+", first))
    assert "complete" not in first
    assert sites == ["  16 wide: layers.0.output, layers.1.output"]
    assert run("capture", saved, sheet, *asked) == 0
    again, *same = capsys.readouterr().out.splitlines()
    assert re.findall(r"\d+ [a-z]+", again) == re.findall(r"\d+ [a-z]+", first)
    assert "complete" in again
    assert same == sites
    (tmp_path / "states" / "000001.safetensors").unlink()
    assert run("capture", saved, sheet, *asked) == 0
    assert "complete" not in capsys.readouterr().out


@pytest.mark.slow
def test_untrained_networks_are_captured_next_to_a_model_and_compared_layer_by_layer(
    saved, sheet, tmp_path, capsys
):
    asked = ["--text", "words", "--concept", "length", "--site", "layers.*.output"]
    out = tmp_path / "states"
    assert run("capture", saved, sheet, *asked, "--untrained", 2, "--out", out) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    model, tokenizer = models.load(saved)
    for k in range(2):
        twin = models.capture(models.untrained(model, k), tokenizer, TEXTS, "layers.*.output")
        folder = CapturedFolder(tmp_path / f"states-untrained-{k + 1}")
        for site, states in twin.items():
            np.testing.assert_allclose(folder[site], states, atol=1e-5)
    few = ["--claims", "readable", "--permutations", "99", "--out", tmp_path]
    assert run(*shlex.split(line.partition(": nullprobe ")[2]), *few) == 0
    found = json.loads((tmp_path / "states-length-audit.json").read_text("utf-8"))
    for one in found:
        assert one["provenance"]["untrained"] == ["twin1", "twin2"]
    values = [[each["value"] for each in one["claims"][0]["beside"]] for one in found]
    assert values[0] != values[1]


@pytest.mark.slow
def test_another_label_may_be_asked_for_and_other_folders_are_baselines(captured, tmp_path):
    few = ["--claims", "readable", "--permutations", "99", "--baseline", f"same={captured}"]
    assert run("audit", captured, "--concept", "half", *few, "--out", tmp_path) == 0
    found = json.loads((tmp_path / "states-half-audit.json").read_text("utf-8"))
    assert found[0]["provenance"]["classes"] == {"a": 30, "b": 30}
    assert found[0]["provenance"]["baselines"] == ["same, layers.0.output", "same, layers.1.output"]


@pytest.mark.filterwarnings("default")
def test_an_eraser_of_a_site_is_fitted_and_baked(saved, captured, tmp_path, capsys):
    assert (
        run("fit", captured, "--site", "layers.1.output", "--out", tmp_path / "out.safetensors")
        == 0
    )
    eraser = AffineEraser.load(tmp_path / "out.safetensors")
    assert (eraser.d, eraser.details["site"], eraser.details["concept"]) == (
        16,
        "layers.1.output",
        "length",
    )
    assert eraser.details["model"] == "tiny"
    asked = [f"layers.1.mlp_output={tmp_path / 'out.safetensors'}", "--out", tmp_path / "baked"]
    assert run("bake", saved, *asked) == 0
    said = capsys.readouterr()
    assert "1 of 16 directions at layers.1.mlp_output" in said.out
    assert "the eraser for layers.1.mlp_output was fitted at layers.1.output" in said.err
    assert "whose weights" not in said.err
    baked = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path / "baked", trust_remote_code=False
    ).eval()
    transformers.AutoTokenizer.from_pretrained(tmp_path / "baked", trust_remote_code=False)
    model, ids = tiny.model_of("gpt2"), torch.arange(4, 20)[None]
    with torch.no_grad():
        with models.erase(model, {"layers.1.mlp_output": eraser}):
            hooked = model(ids).logits
        assert (baked(ids).logits - hooked).abs().max() <= 1e-4
        assert (baked(ids).logits - model(ids).logits).abs().max() > 1e-3


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_an_eraser_of_another_model_is_told_of(saved, sheet, tmp_path, capsys):
    other = copy.deepcopy(tiny.model_of("gpt2"))
    with torch.no_grad():
        other.get_input_embeddings().weight.mul_(2.0)
    tiny.save(tmp_path / "other", other)
    asked = ["--text", "words", "--concept", "length", "--site", "layers.1.mlp_input"]
    assert run("capture", tmp_path / "other", sheet, *asked, "--out", tmp_path / "states") == 0
    eraser = tmp_path / "e.safetensors"
    assert run("fit", tmp_path / "states", "--out", eraser) == 0
    assert "removes 'length', 1 direction of 16 at layers.1.mlp_input" in " ".join(
        capsys.readouterr().out.split()
    )
    assert run("bake", saved, eraser, "--out", tmp_path / "baked") == 0
    assert "fitted to states of other, whose weights" in " ".join(capsys.readouterr().err.split())
    assert run("bake", tmp_path / "other", eraser, "--out", tmp_path / "own") == 0
    assert capsys.readouterr().err == ""


def test_a_folder_of_states_without_labels_cannot_be_audited(saved, sheet, tmp_path, capsys):
    asked = ["--text", "words", "--site", "embeddings", "--out", tmp_path / "states"]
    assert run("capture", saved, sheet, *asked) == 0
    assert run("audit", tmp_path / "states", "--out", tmp_path) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "was captured without any; capture again with --concept COLUMN" in said


def test_bars_of_other_libraries_are_not_shown(saved, sheet, tmp_path, capsys):
    asked = ["--text", "words", "--site", "embeddings", "--out", tmp_path / "states"]
    assert run("capture", saved, sheet, *asked) == 0
    assert "weights" not in capsys.readouterr().err
    AffineEraser(np.zeros(16), np.eye(16)[:, :1], np.eye(16)[:1]).save(tmp_path / "e.safetensors")
    asked = [f"layers.0.mlp_input={tmp_path / 'e.safetensors'}", "--out", tmp_path / "baked"]
    assert run("bake", saved, *asked) == 0
    assert capsys.readouterr().err == ""


def test_what_baking_leaves_of_a_concept_is_printed(saved, sheet, tmp_path, capsys):
    AffineEraser(np.zeros(16), np.eye(16)[:, :1], np.eye(16)[:1]).save(tmp_path / "e.safetensors")
    asked = [f"layers.0.mlp_input={tmp_path / 'e.safetensors'}", "--out", tmp_path / "baked"]
    texts = ["--texts", sheet, "--text", "words", "--concept", "length", "--answers", "words"]
    assert run("bake", saved, *asked, *texts, "--tol", "0.01") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "residual stream bypasses" in line]
    (probe,) = [line for line in lines if line.startswith("AUC")]
    assert "(chance: 0.5)" in probe
    assert probe.count("[") == 2
    (answers,) = [line for line in lines if line.startswith("log-probability")]
    assert " before, -" in answers


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--texts", "SHEET", "--concept", "length"], "--text COLUMN"),
        (["--texts", "SHEET", "--text", "words"], "--concept or --answers"),
        (["--text", "words", "--concept", "length"], "--texts FILE"),
        (["--texts", "SHEET", "--text", "words", "--concept", "lenght"], "lenght"),
        (["--texts", "SHEET", "--text", "words", "--answers", "empty"], "'empty'"),
        (["--tol", "-1"], "tol"),
    ],
)
@pytest.mark.filterwarnings("default")
def test_what_baking_cannot_be_asked_leaves_no_folder(
    saved, sheet, tmp_path, capsys, given, message
):
    AffineEraser(np.zeros(16), np.eye(16)[:, :1], np.eye(16)[:1]).save(tmp_path / "e.safetensors")
    asked = [f"layers.0.mlp_input={tmp_path / 'e.safetensors'}", "--out", tmp_path / "baked"]
    given = [sheet if one == "SHEET" else one for one in given]
    assert run("bake", saved, *asked, *given) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["e.safetensors"]


@pytest.mark.filterwarnings("default")
def test_texts_that_were_cut_are_told_of_in_words(saved, sheet, tmp_path, capsys):
    asked = ["--text", "words", "--site", "embeddings", "--max-length", "4"]
    assert run("capture", saved, sheet, *asked, "--out", tmp_path / "states") == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("nullprobe: 45 of 60 texts were longer than 4 tokens")


def test_an_eraser_that_cannot_be_baked_leaves_no_folder(saved, captured, tmp_path, capsys):
    run("fit", captured, "--site", "layers.1.output", "--out", tmp_path / "out.safetensors")
    assert run("bake", saved, tmp_path / "out.safetensors", "--out", tmp_path / "baked") == 2
    assert "layers.1.output" in capsys.readouterr().err  # the site came from the file
    assert [path.name for path in tmp_path.iterdir()] == ["out.safetensors"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"--text": "wrods"}, "wrods"),
        ({"--concept": "lenght"}, "lenght"),
        ({"--site": "layers.9.output"}, "layers.9.output"),
        ({"--tokens": "frist"}, "text 0 (counted from 0) is not a chat"),
        ({"--text": "half", "--dtype": "float8"}, "float8"),
        ({"--max-length": "99"}, "at most 24"),
    ],
)
def test_what_cannot_be_captured_is_refused(saved, sheet, tmp_path, capsys, changed, message):
    given = {"--text": "words", "--concept": "length", "--site": "embeddings"} | changed
    flags = [part for pair in given.items() for part in pair]
    assert run("capture", saved, sheet, *flags, "--out", tmp_path / "none") == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "none").exists()


def test_a_site_must_be_named_where_there_are_several(captured, tmp_path, capsys):
    assert run("fit", captured, "--out", tmp_path / "e.safetensors") == 2
    assert "which of 2 sites is meant" in " ".join(capsys.readouterr().err.split())


def test_a_site_of_another_file_is_one_of_its_arrays(tmp_path, capsys):
    rng = np.random.default_rng(0)
    arrays = {"first": rng.normal(size=(20, 3)), "second": rng.normal(size=(20, 4))}
    np.savez(tmp_path / "a.npz", **arrays, y=np.arange(20) % 2)
    asked = ["--concept", "y", "--out", tmp_path / "e.safetensors"]
    assert run("fit", tmp_path / "a.npz", *asked) == 2  # which one?
    assert run("fit", tmp_path / "a.npz", *asked, "--site", "embeddings") == 2
    assert "'second'" in capsys.readouterr().err
    assert run("fit", tmp_path / "a.npz", *asked, "--site", "second") == 0
    right = LEACE().fit(arrays["second"], np.arange(20) % 2).eraser_
    np.testing.assert_allclose(AffineEraser.load(asked[-1]).reading, right.reading, atol=1e-12)
    assert run("apply", asked[-1], tmp_path / "a.npz", "--out", tmp_path / "b.npz") == 0
    with np.load(tmp_path / "b.npz") as erased:
        np.testing.assert_array_equal(erased["first"], arrays["first"])
        assert np.abs(erased["second"] - arrays["second"]).max() > 0.01


def test_a_folder_without_safetensors_is_no_model(saved, tmp_path, capsys):
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "config.json").write_bytes((saved / "config.json").read_bytes())
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"never opened")
    given = ["--text", "words", "--site", "embeddings", "--out", tmp_path / "out"]
    np.savez(tmp_path / "t.npz", words=np.array(["w1", "w2"]))
    assert run("capture", tmp_path / "pickled", tmp_path / "t.npz", *given) == 2
    assert "weights as .safetensors" in " ".join(capsys.readouterr().err.split())


def test_a_folder_without_a_tokenizer_is_refused(tmp_path, capsys):
    tiny.model_of("gpt2").save_pretrained(tmp_path / "bare")
    np.savez(tmp_path / "t.npz", words=np.array(["w1", "w2"]))
    given = ["--text", "words", "--site", "embeddings", "--out", tmp_path / "out"]
    assert run("capture", tmp_path / "bare", tmp_path / "t.npz", *given) == 2
    assert "must hold a tokenizer" in " ".join(capsys.readouterr().err.split())


def test_a_folder_that_is_not_there_is_no_model(tmp_path, capsys):
    assert run("sites", tmp_path / "nothing") == 2
    assert "must be the folder of a model" in " ".join(capsys.readouterr().err.split())


def test_shards_hold_sites_labels_and_texts(captured):
    with safe_open(captured / "000000.safetensors", framework="numpy") as shard:
        assert set(shard.keys()) == {"layers.0.output", "layers.1.output", "length", "half", "text"}
        assert shard.get_tensor("layers.0.output").shape == (25, 16)
