"""Captured states in a folder: what it holds, how it goes on, and what is refused."""

import json
from collections import Counter

import numpy as np
import pytest
import torch
from support import tiny_models as tiny

from nullprobe import InputError
from nullprobe.data import files
from nullprobe.data.captured import CapturedFolder
from nullprobe.models import Spans, capture, capture_to, text_batches
from nullprobe.models.capturing import folder as shards

TEXTS = tiny.texts(11, shortest=3, longest=6)
SITES = ["embeddings", "layers.1.output"]
LABELS = {
    "truth": [i % 2 == 0 for i in range(11)],
    "kind": ["b", "a"] * 5 + ["b"],
    "size": np.arange(11) / 4.0,
}
FEWER = {name: y[:4] for name, y in LABELS.items()}
GIVEN = {"labels": LABELS, "concept": "truth", "groups": "kind", "shard_size": 4}


def written(folder, *, model=None, texts=TEXTS, sites=SITES, **changes):
    model = tiny.model_of("gpt2") if model is None else model
    return capture_to(folder, model, tiny.word_tokenizer(), texts, sites, **{**GIVEN, **changes})


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return written(tmp_path_factory.mktemp("captured") / "new" / "folder")


def test_the_folder_is_read_as_arrays_with_their_labels(whole):
    found = capture(tiny.model_of("gpt2"), tiny.word_tokenizer(), TEXTS, SITES)
    for site, other in (SITES, SITES[::-1]):
        table = files.read(whole, concept="kind", groups="truth", leave_out=[other, "text", "size"])
        np.testing.assert_allclose(table.X, found[site], atol=1e-5)
        assert table.y.tolist() == LABELS["kind"]
        assert table.groups.tolist() == LABELS["truth"]
    numbers = files.read(whole, concept="size", leave_out=["embeddings", "text", "kind", "truth"])
    assert numbers.y.tolist() == LABELS["size"].tolist()


def test_the_manifest_says_what_was_captured(whole):
    said = json.loads((whole / "manifest.json").read_text("utf-8"))
    assert said["model"]["class"] == "GPT2LMHeadModel"
    assert said["sites"] == {"embeddings": 16, "layers.1.output": 16}
    assert (said["tokens"], said["texts"], said["shard size"]) == ("last", 11, 4)
    assert [one["rows"] for one in said["shards"]] == [4, 4, 3]
    assert said["labels"] == {"truth": [False, True], "kind": ["a", "b"], "size": None}
    assert (said["concept"], said["groups"]) == ("truth", "kind")
    assert str(whole) not in (whole / "manifest.json").read_text("utf-8")


def test_a_run_that_was_killed_goes_on_and_ends_in_the_same_bytes(whole, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    calls, real = [], shards.captured

    def dying(work, first, stop):
        calls.append(stop - first)
        if len(calls) == 2:
            raise Killed
        return real(work, first, stop)

    monkeypatch.setattr(shards, "captured", dying)
    with pytest.raises(Killed):
        written(tmp_path / "a")
    assert sorted(contents(tmp_path / "a")) == ["000000.safetensors", "manifest.json"]
    with pytest.raises(InputError, match="all 3 shards .* 2 are missing.*run the same"):
        files.read(tmp_path / "a", concept="kind")
    written(tmp_path / "a")
    assert contents(tmp_path / "a") == contents(whole)
    assert calls == [4, 4, 4, 3]  # the first shard was not made again


def test_a_folder_that_is_whole_is_left_alone(whole, monkeypatch):
    monkeypatch.setattr(shards, "captured", lambda *_, **__: pytest.fail("nothing is left to do"))
    before, steps = contents(whole), []
    written(whole, progress=lambda *step: steps.append(step))
    assert contents(whole) == before
    assert steps == [("capture", 4, 11), ("capture", 8, 11), ("capture", 11, 11)]


def test_a_shard_that_is_damaged_is_made_again(whole, tmp_path):
    folder = written(tmp_path / "a")
    for damage in (b"abc", (whole / "000001.safetensors").read_bytes()[:-7]):
        (folder / "000001.safetensors").write_bytes(damage)
        with pytest.warns(UserWarning, match=r"000001\.safetensors"):
            written(folder)
        assert contents(folder) == contents(whole)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"texts": [*TEXTS[:-1], "w1"]}, "'text hash'"),
        ({"texts": TEXTS[:4], "labels": FEWER}, r"'texts' \(present: 11, requested: 4\)"),
        ({"tokens": "mean"}, r"""'tokens' \(present: "last", requested: "mean"\)"""),
        (
            {"sites": SITES[:1]},
            r"'sites' \(present: 'embeddings', 'layers\.1\.output', requested: 'embeddings'\)",
        ),
        ({"concept": "kind"}, r"""'concept' \(present: "truth", requested: "kind"\);"""),
        ({"labels": {**LABELS, "kind": LABELS["kind"][::-1][:10] + ["a"]}}, "'label hash'"),
        ({"shard_size": 5}, r"'shard size' \(present: 4, requested: 5\)"),
        ({"max_length": 5}, r"'max_length' \(present: null, requested: 5\)"),
        # Only the part of the model's description that differs is shown.
        (
            {"model": tiny.make("gpt2", seed=1)},
            r"""'model' \(present: \{"weights": "\w{32}"\}, requested: \{"weights": "\w{32}"\}\)""",
        ),
    ],
)
def test_what_something_else_made_is_not_continued(whole, change, what):
    before = contents(whole)
    with pytest.raises(InputError, match=what):
        written(whole, **change)
    assert contents(whole) == before


def test_a_fingerprint_knows_trained_weights_and_not_the_library():
    one = shards.described(tiny.make("gpt2"))
    assert shards.described(tiny.make("gpt2")) == one
    trained = tiny.make("gpt2")
    with torch.no_grad():
        trained.transformer.h[1].mlp.c_fc.weight[3, 5:] += 1e-3
    assert shards.described(trained)["weights"] != one["weights"]


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 2**24 - 1, 2**24 + 2, 2**24 + 4, 49_152 * 576])
def test_a_fingerprint_reads_the_first_and_the_last_value_of_weights_of_any_size(n):
    weight = torch.zeros(n, dtype=torch.bool)
    holder = torch.nn.Module()
    holder.register_buffer("weight", weight)
    seen = [shards.described(holder)["weights"]]
    for place in (n - 1, 0):
        weight[place] = True
        seen.append(shards.described(holder)["weights"])
    assert len(set(seen)) == (2 if n == 1 else 3)


def test_every_token_has_its_texts_label_and_its_text_as_group(tmp_path):
    written(tmp_path / "all", tokens="all", groups=None)
    assert CapturedFolder(tmp_path / "all").groups == "text"
    leave_out = ["embeddings", "truth", "size"]
    table = files.read(tmp_path / "all", concept="kind", groups="text", leave_out=leave_out)
    lengths = [len(text.split()) for text in TEXTS]
    assert table.groups.tolist() == np.repeat(np.arange(11), lengths).tolist()
    assert table.y.tolist() == np.repeat(LABELS["kind"], lengths).tolist()


@pytest.mark.parametrize("how", ["capture", "capture_to"])
def test_model_sites_and_tokenizer_are_resolved_once(how, tmp_path, monkeypatch):
    found = Counter()
    for module, name in [
        (text_batches, "chosen"),
        (text_batches, "encoder_for"),
        (text_batches, "reached"),
        (text_batches, "as_texts"),
    ]:
        real = getattr(module, name)

        def counted(*args, real=real, name=name, **options):
            found[name] += 1
            return real(*args, **options)

        monkeypatch.setattr(module, name, counted)
    if how == "capture":
        capture(tiny.model_of("gpt2"), tiny.word_tokenizer(), TEXTS, SITES, batch_size=2)
    else:
        written(tmp_path / "many", shard_size=2)
        assert len(list((tmp_path / "many").glob("*.safetensors"))) == 6
    assert found == dict.fromkeys(["chosen", "encoder_for", "reached", "as_texts"], 1)


def test_one_warning_counts_all_texts_that_were_cut(tmp_path):
    texts = [*TEXTS[:5], " ".join(["w1"] * 9)]
    labels = {name: y[:6] for name, y in LABELS.items()}
    with pytest.warns(UserWarning, match="1 of 6 texts was longer than 6 tokens"):
        written(tmp_path / "cut", texts=texts, labels=labels, max_length=6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": {"kind": ["a"]}}, "label 'kind'.* 11 texts"),
        ({"labels": {"kind": [None, *LABELS["kind"][1:]]}}, "label 'kind'.* value 0 .* is missing"),
        ({"labels": {"text": LABELS["kind"]}}, "'text'.*label"),
        ({"concept": "thruth"}, "thruth"),
        ({"sites": "layers.7.output"}, "layers.7.output"),
        ({"shard_size": 0}, "shard_size"),
    ],
)
def test_what_cannot_be_captured_leaves_no_folder(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        written(tmp_path / "none", **change)
    assert not (tmp_path / "none").exists()


def test_folders_of_something_else_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=str(tmp_path.name)):
        written(tmp_path)
    with pytest.raises(InputError, match="it is a file"):
        written(tmp_path / "notes.txt")
    assert contents(tmp_path) == {"notes.txt": b"mine"}


@pytest.mark.parametrize("left", [0, 1, 40, -3])
def test_a_manifest_that_was_cut_short_is_said_to_be_damaged(whole, tmp_path, left):
    text = (whole / "manifest.json").read_bytes()
    (tmp_path / "manifest.json").write_bytes(text[:left])
    for task in (lambda: files.read(tmp_path, concept="kind"), lambda: written(tmp_path)):
        with pytest.raises(
            InputError, match=r"is damaged: it is truncated.*run the capture again\."
        ):
            task()
    assert (tmp_path / "manifest.json").read_bytes() == text[:left]


def test_a_manifest_beside_shards_must_be_one(whole, tmp_path):
    (tmp_path / "000000.safetensors").write_bytes((whole / "000000.safetensors").read_bytes())
    (tmp_path / "manifest.json").write_bytes(b"\0" * 9 + b"\xff")
    with pytest.raises(InputError, match="damaged: it is truncated, or not valid JSON"):
        files.read(tmp_path, concept="kind")
    said = json.loads((whole / "manifest.json").read_text("utf-8"))
    del said["shards"], said["sites"]
    (tmp_path / "manifest.json").write_text(json.dumps(said))
    with pytest.raises(InputError, match="damaged: it lacks 'sites', 'shards';"):
        files.read(tmp_path, concept="kind")


@pytest.mark.parametrize(
    "text", ['{"audio": 1}\n{"audio": 2}', "[]", '{"format": "mine"}', "notes"]
)
def test_a_manifest_of_somebody_else_is_left_alone(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=str(tmp_path.name)):
        written(tmp_path)
    assert contents(tmp_path) == {"manifest.json": text.encode()}


def test_a_manifest_of_a_later_version_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text('{"format": "nullprobe.capture/9"}')
    with pytest.raises(
        InputError,
        match=r"format nullprobe.capture/2 or nullprobe.capture/1, but its format is 'nullprobe",
    ):
        files.read(tmp_path, concept="kind")


@pytest.mark.parametrize("form", ["flat", "nested"])
def test_every_token_may_have_a_label_in_a_folder(tmp_path, form):
    nested = [[f"{i}-{len(word)}" for i, word in enumerate(text.split())] for text in TEXTS]
    flat = [label for one in nested for label in one]
    y = {"flat": np.array(flat), "nested": nested}[form]
    labels = {"part": y, "whole": [str(i) for i in range(len(TEXTS))]}
    written(tmp_path / "a", labels=labels, concept="part", groups=None, tokens="all", shard_size=3)
    found = CapturedFolder(tmp_path / "a")
    assert found.labels["part"].tolist() == flat
    assert found.labels["whole"].tolist() == [str(i) for i in found.text]
    assert found.groups == "text"


@pytest.mark.parametrize("change", ["a function", "a tokenizer", "a span"])
def test_a_capture_goes_on_with_the_same_tokens_alone(tmp_path, change):
    def first(i):
        return lambda ids: [i]

    given = {
        "a function": ({"tokens": first(0)}, {"tokens": first(1)}),
        "a span": ({"tokens": spans(1)}, {"tokens": spans(2)}),
        "a tokenizer": ({}, {}),
    }[change]
    written(tmp_path / "a", **given[0])
    tokenizer = tiny.word_tokenizer(special=change == "a tokenizer")
    model = tiny.model_of("gpt2")
    with pytest.raises(InputError, match="'token hash'|'tokens'"):
        capture_to(tmp_path / "a", model, tokenizer, TEXTS, SITES, **{**GIVEN, **given[1]})


def spans(end):
    return Spans([0] * len(TEXTS), [end] * len(TEXTS))
