"""Files that TransformerLens, nnsight, SAELens and vLLM wrote are read as they are."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from nullprobe import load_eraser
from nullprobe.cli import main
from nullprobe.data import token_rows
from nullprobe.data.files import read_matrix
from nullprobe.data.formats import load_arrays, names, sites

WRITTEN = Path(__file__).parent / "written_by"
Y = np.arange(12) % 2


def run(*arguments):
    return main(list(map(str, arguments)))


@pytest.fixture(scope="module")
def states():
    """Return the residual stream of the tiny GPT-2 after each layer (rows, positions, 2, d)."""
    pytest.importorskip("transformers")
    namespace = {"__file__": str(WRITTEN / "tiny_gpt2.py")}
    exec((WRITTEN / "tiny_gpt2.py").read_text(), namespace)
    return namespace["states"]().numpy()


pytestmark = pytest.mark.slow  # importing transformers takes seconds

CACHES = [("transformer_lens.pt", "blocks.{}.hook_resid_post"), ("nnsight.pt", "layer {}")]


@pytest.mark.parametrize(("file", "name"), CACHES)
@pytest.mark.parametrize("rule", token_rows.RULES)
def test_caches_hold_the_states_of_the_model(file, name, rule, states):
    right = states.mean(axis=1) if rule == "mean" else states[:, 0 if rule == "first" else -1]
    with token_rows.reading(tokens=rule):
        arrays = load_arrays(WRITTEN / file)
    for i in range(2):
        np.testing.assert_allclose(arrays[name.format(i)], right[:, i], atol=1e-5)
    assert arrays["label"].tolist() == Y.tolist()


@pytest.mark.parametrize(("file", "name"), CACHES)
def test_caches_are_fitted_at_one_array_and_audited_at_all(file, name, states, tmp_path, capsys):
    out = tmp_path / "eraser.safetensors"
    assert (
        run("fit", WRITTEN / file, "--site", name.format(1), "--tokens", "last", "--out", out) == 0
    )
    eraser = load_eraser(out)
    X = states[:, -1, 1]
    erased = eraser(X)
    np.testing.assert_allclose(erased[Y == 0].mean(axis=0), erased[Y == 1].mean(axis=0), atol=1e-4)
    few = ["--tokens", "last", "--depth", "quick", "--out", tmp_path]
    assert run("audit", WRITTEN / file, "--layers", name.format("*"), *few) == 0
    printed = capsys.readouterr().out
    assert all(name.format(i) in printed for i in range(2))
    new = tmp_path / "erased.npz"
    assert run("apply", out, WRITTEN / file, "--tokens", "last", "--out", new) == 0
    np.testing.assert_allclose(load_arrays(new)[name.format(1)], erased, atol=1e-4)


@pytest.mark.parametrize(("file", "name"), CACHES)
def test_caches_with_a_mask_are_audited_without_options(file, name, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quick = ["--depth", "quick", "--draws", "39"]  # to save time
    assert run("audit", WRITTEN / file, *quick) == 0
    (written,) = tmp_path.glob("*.json")
    assert all(name.format(i) in written.read_text() for i in range(2))
    printed = capsys.readouterr()
    # what was chosen is said
    assert "last token" in printed.err
    assert f"2 layers {name.format('*')!r}" in printed.err
    # a fit needs one of them, and says which there are
    assert run("fit", WRITTEN / file, "--out", "e.safetensors") == 2
    assert name.format(1) in capsys.readouterr().err


def test_requests_without_labels_are_refused_with_the_option(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("audit", WRITTEN / "vllm") == 2
    assert "--labels FILE" in capsys.readouterr().err
    quick = ["--depth", "quick", "--draws", "39"]  # to save time
    assert run("audit", WRITTEN / "vllm", "--labels", WRITTEN / "vllm_labels.csv", *quick) == 0


def test_an_unknown_array_is_refused_with_those_that_exist(tmp_path, capsys):
    args = ["--site", "layer 7", "--tokens", "last", "--out", tmp_path / "e.safetensors"]
    assert run("fit", WRITTEN / "nnsight.pt", *args) == 2
    assert "layer 1" in capsys.readouterr().err


def test_activations_of_saelens_are_rows_of_tokens(tmp_path):
    datasets = pytest.importorskip("datasets")
    folder = WRITTEN / "sae_lens"
    hook = "blocks.0.hook_resid_post"
    assert names(folder) == [hook, "token_ids"]
    saved = datasets.load_from_disk(str(folder))
    right = np.array(saved[hook])
    for rule, rows in (
        ("last", right[:, -1]),
        ("first", right[:, 0]),
        ("mean", right.mean(axis=1)),
    ):
        with token_rows.reading(tokens=rule):
            X, _ = read_matrix(folder, leave_out=["token_ids"])
        np.testing.assert_allclose(X, rows, atol=1e-6)
    np.save(tmp_path / "label.npy", Y)
    out = tmp_path / "eraser.safetensors"
    words = ["--labels", tmp_path / "label.npy", "--tokens", "last", "--leave-out", "token_ids"]
    assert run("fit", folder, *words, "--out", out) == 0
    assert load_eraser(out).d == 4


def test_hidden_states_of_vllm_are_joined_to_labels_by_request(states, tmp_path):
    folder, labels = WRITTEN / "vllm", WRITTEN / "vllm_labels.csv"
    assert sites(folder) == ["layer 0", "layer 1"]
    with token_rows.reading(labels=labels):
        arrays = load_arrays(folder)
    for i in range(2):  # bfloat16
        np.testing.assert_allclose(arrays[f"layer {i}"], states[:, -1, i], rtol=1e-2, atol=1e-2)
    assert arrays["label"].tolist() == Y.tolist()
    out = tmp_path / "eraser.safetensors"
    args = ["--labels", labels, "--site", "layer 1", "--out", out]
    assert run("fit", folder, *args) == 0
    assert load_eraser(out).d == 4


def test_labels_in_another_order_give_the_same_rows(tmp_path):
    folder = tmp_path / "states"
    shutil.copytree(WRITTEN / "vllm", folder)
    head, *lines = (WRITTEN / "vllm_labels.csv").read_text().splitlines()
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join([head, *reversed(lines)]) + "\n")
    with token_rows.reading(labels=labels):
        assert load_arrays(folder)["label"].tolist() == Y.tolist()
