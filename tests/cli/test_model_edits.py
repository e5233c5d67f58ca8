"""Commands that fit erasers inside a model, bake them, and show what it writes."""

import copy
import csv
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from support import tiny_models as tiny
from support.command_files import done, refused

from nullprobe import AffineEraser, models
from nullprobe.cli import main

TEXTS = tiny.texts(40, shortest=2, longest=6)
KINDS = ["odd" if int(text.split()[-1][1:]) % 2 else "even" for text in TEXTS]
ANSWERS = ["w1" if kind == "odd" else "w2" for kind in KINDS]
NEUTRAL = tiny.texts(40, shortest=2, longest=4, seed=1)
COLUMNS = {
    "words": TEXTS, "kind": KINDS, "answer": ANSWERS, "other": NEUTRAL,
    "code": [i // 2 for i in range(40)], "number": np.linspace(0, 1, 40), "same": ["a"] * 40,
}  # fmt: skip
ABOUT = ["words.csv", "--text", "words", "--concept", "kind"]
ANSWERED = [*ABOUT, "--answers", "answer", "--draws", 39]
PROMPT = ["--generate", "w1 w2", "--max-new-tokens", 4]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(autouse=True)
def sheet(folder):
    """Write the texts, and with them an eraser that no model and no site is known of."""
    with Path("words.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows(zip(*COLUMNS.values(), strict=True))
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(16, 12)))[0]
    AffineEraser(np.full(16, 0.5), axes, axes.T).save("bare.safetensors")


def scrubbed(capsys, saved, *more, site="layers.*.mlp_input", out="scrubbed"):
    return done(capsys, "scrub", saved, *ABOUT, "--site", site, "--out", out, *more)


def test_scrubbed_erasers_are_those_of_python_and_say_where_they_belong(saved, capsys):
    said = scrubbed(capsys, saved, "--tokens", "mean")
    assert "2 erasers remove 'kind', 1 of 16 directions each, fitted to 40 texts" in said
    model, tokenizer = models.load(saved)
    expected = models.scrub(model, tokenizer, TEXTS, KINDS, "layers.*.mlp_input", tokens="mean")
    names = sorted(path.name for path in Path("scrubbed").iterdir())
    assert names == [f"{site}.safetensors" for site in expected]
    for site, eraser in expected.items():
        read = AffineEraser.load(Path("scrubbed") / f"{site}.safetensors")
        for tensor in AffineEraser.TENSORS:
            np.testing.assert_array_equal(getattr(read, tensor), getattr(eraser, tensor))
        assert read.classes == ("even", "odd")
        said = {key: read.details[key] for key in ("site", "tokens", "concept", "model")}
        assert said == {"site": site, "tokens": "mean", "concept": "kind", "model": "tiny"}


@pytest.mark.slow
def test_a_folder_of_scrubbed_erasers_is_baked_and_erases_alike(saved, capsys):
    scrubbed(capsys, saved, "--method", "mean_projection")
    done(capsys, "bake", saved, "scrubbed", "--out", "baked")
    out = ["--out", "texts.json"]
    done(capsys, "erase", saved, "scrubbed", *PROMPT, *out)
    (text,) = json.loads(Path("texts.json").read_text("utf-8"))["texts"]
    baked, tokenizer = models.load("baked")
    ids = tiny.ids_of(tokenizer, "w1 w2")
    new = baked.generate(input_ids=ids, max_new_tokens=4)[0, 2:]
    assert text["after"] == tokenizer.decode(new, skip_special_tokens=True)
    with torch.no_grad(), models.erase(models.load(saved)[0], model_erasers()) as hooked:
        assert (baked(ids).logits - hooked(ids).logits).abs().max() < 1e-4


def model_erasers():
    read = map(AffineEraser.load, sorted(Path("scrubbed").iterdir()))
    return {one.details["site"]: one for one in read}


def test_a_folder_of_erasers_appears_whole_or_not_at_all(saved, capsys, monkeypatch):
    def full(self, path):
        if "layers.1" in str(path):
            raise OSError(28, "No space left on device", str(path))
        Path(path).write_text("written")

    monkeypatch.setattr(AffineEraser, "save", full)
    asked = ["--site", "layers.*.output", "--out", "new/scrubbed"]
    assert "no space left" in refused(capsys, "scrub", saved, *ABOUT, *asked)
    assert list(Path("new").iterdir()) == []


@pytest.mark.slow
def test_texts_before_and_after_stand_next_to_each_other(saved, capsys):
    eraser = ["layers.1.output=bare.safetensors"]
    Path("prompts.csv").write_text("p\nw3\nw4 w5\n")
    more = ["--generate-from", "prompts.csv", "--text", "p", "--out", "texts.json"]
    said = done(capsys, "erase", saved, *eraser, *PROMPT, *more)
    found = json.loads(Path("texts.json").read_text("utf-8"))
    model, tokenizer = models.load(saved)
    prompts = ["w1 w2", "w3", "w4 w5"]
    erasers = {"layers.1.output": AffineEraser.load("bare.safetensors")}
    expected = models.generate(model, tokenizer, prompts, erasers=erasers, max_new_tokens=4)
    assert found["texts"] == expected.to_frame().to_dict("records")
    assert found["erasers"]["layers.1.output"]["rank"] == 12
    assert found["model"]["name"] == "tiny"
    lines = said.splitlines()
    for prompt, before, after in zip(prompts, expected.before, expected.after, strict=True):
        at = lines.index(prompt)
        assert lines[at + 1].split() == ["before", "after"]
        assert lines[at + 3].split() == [*before.split(), *after.split()]
    differ = sum(b != a for b, a in zip(expected.before, expected.after, strict=True))
    assert f"changed {differ} of 3 texts" in said
    line = shlex.split(found["command"])
    assert done(capsys, *line[1:]) == said.replace("\nWrote texts.json\n", "")


@pytest.mark.slow
def test_drawn_texts_follow_the_seed(saved, capsys):
    eraser = ["layers.1.output=bare.safetensors", *PROMPT, "--sample", "--temperature", 5]
    first, again = (done(capsys, "erase", saved, *eraser, "--seed", 1) for _ in range(2))
    assert first == again
    assert first != done(capsys, "erase", saved, *eraser, "--seed", 2)


def test_a_prompt_is_a_message_where_the_model_chats(capsys):
    tokenizer = tiny.word_tokenizer()
    tokenizer.chat_template = "w9 {{ messages[0]['content'] }} w9"
    tiny.model_of("gpt2").save_pretrained("chats")
    tokenizer.save_pretrained("chats")
    capsys.readouterr()
    eraser = ["layers.1.output=bare.safetensors"]
    found = []
    for asked in ([*PROMPT, "--chat"], ["--generate", "w9 w1 w2 w9", "--max-new-tokens", 4]):
        done(capsys, "erase", "chats", *eraser, *asked, "--out", "texts.json", "--force")
        (text,) = json.loads(Path("texts.json").read_text("utf-8"))["texts"]
        found.append((text["before"], text["after"]))
    assert found[0] == found[1]


def test_a_chat_is_shown_with_its_roles(saved, capsys, monkeypatch):
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    fake = models.Generated((chat,), ("before it",), ("after it",))
    monkeypatch.setattr(models, "generate", lambda *_, **__: fake)
    said = done(capsys, "erase", saved, "layers.1.output=bare.safetensors", *PROMPT)
    assert said.splitlines()[1:3] == ["system: Be brief.", "user: Hello"]


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_texts_fit_the_terminal_which_obeys_none_of_them(saved, capsys, monkeypatch, columns):
    long = "\x1b[2J[bold]" + "w7 " * 60 + "\u4e16\u754c" * 30
    fake = models.Generated(("a\x1b[2Jb",), (long,), ("two\nlines\r",))
    monkeypatch.setattr(models, "generate", lambda *_, **__: fake)
    monkeypatch.setenv("COLUMNS", columns)
    said = done(capsys, "erase", saved, "layers.1.output=bare.safetensors", *PROMPT)
    assert "\x1b" not in said
    assert "\r" not in said
    assert "a\\x1b[2Jb" in said
    assert "[bold]w7" in said
    assert said.count("w7") == 60
    wide = [len(line) + sum(line.count(c) for c in "\u4e16\u754c") for line in said.splitlines()]
    assert max(wide) <= int(columns)
    assert [line for line in said.splitlines() if "lines" in line] != []


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("command", ["erase", "bake"])
def test_erasers_of_other_weights_or_sites_are_warned_of(saved, capsys, command):
    other = copy.deepcopy(tiny.model_of("gpt2"))
    with torch.no_grad():
        other.get_input_embeddings().weight.mul_(2.0)
    tiny.save("other", other)
    capsys.readouterr()
    scrubbed(capsys, "other")
    more = PROMPT if command == "erase" else ["--out", "baked"]
    own = [command, saved, "scrubbed", *more]
    assert main(list(map(str, own))) == 0
    (line,) = capsys.readouterr().err.splitlines()  # one for all sites
    assert "2 sites" in line
    assert "other, whose weights" in line
    moved = "layers.1.mlp_output=scrubbed/layers.0.mlp_input.safetensors"
    more = PROMPT if command == "erase" else ["--out", "baked-too"]
    assert main([command, "other", moved, *map(str, more)]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "layers.1.mlp_output was fitted at layers.0.mlp_input" in line
    more = PROMPT if command == "erase" else ["--out", "third"]
    done(capsys, command, "other", "scrubbed", *more)  # nothing on stderr


EDIT = "layers.1.output=bare.safetensors"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        *(
            (f"{command} {{model}} words.csv {arguments}", parts)
            for command in ("audit-use --answers answer", "scrub --out new")
            for arguments, parts in [
                ("--text wrods --concept kind --site final_norm", ["'wrods'", "'words'?"]),
                ("--text code --concept kind --site final_norm", ["text 0"]),
                ("--text words --concept knd --site final_norm", ["'knd'", "'kind'?"]),
                ("--text words --concept kind --site layers.9.output", ["layers.9.output"]),
                ("--text words --concept kind", ["Missing option '--site'"]),
                ("--text words --site final_norm", ["Missing option '--concept'"]),
                ("--text words --concept same --site final_norm", ["two classes"]),
                *(
                    (f"--text words --concept kind --site final_norm {more}", parts)
                    for more, parts in [
                        ("--method lda", ["'leace'", "'lda'"]),
                        ("--method rlace", ["--method", "is rlace"]),
                        ("--method leace --rank 1", ["--rank is for", "is leace"]),
                        ("--method mean_projection --rank 0", ["rank", "at least 1"]),
                        ("--method mean_projection --shrinkage oas", ["--shrinkage is for"]),
                        ("--shrinkage 2", ["shrinkage", "from 0 to 1"]),
                        ("--kind word", ["'word'"]),
                        ("--kind numeric", ["'kind'"]),
                        ("--tokens frist", ["--tokens frist", "not a chat"]),
                        ("--tokens 9", ["position 9"]),
                        ("--batch-size 0", ["--batch-size"]),
                        ("--max-length 99", ["at most 24"]),
                        ("--dtype float8", ["float8"]),
                        ("--layer-list nowhere", ["nowhere"]),
                    ]
                ),
            ]
        ),
        *(
            (f"audit-use {{model}} words.csv --text words --concept kind {arguments}", parts)
            for arguments, parts in [
                ("--site final_norm", ["Missing option '--answers'"]),
                ("--site final_norm --answers answr", ["'answr'", "'answer'?"]),
                ("--site final_norm --answers code", ["every answer must be a string"]),
                ("--site final_norm --answers answer --draws 20", ["--draws", "39"]),
                ("--site final_norm --answers answer --alpha 2", ["--alpha"]),
                ("--site final_norm --answers answer --groups gruop", ["'gruop'"]),
                ("--site final_norm --answers answer --neutral othre", ["column", "'othre'"]),
                ("--site final_norm --answers answer --neutral code", ["text 0"]),
                ("--site final_norm --answers answer --out words.csv", ["folder", "file"]),
            ]
        ),
        *(
            (f"scrub {{model}} words.csv --text words --concept kind --site final_norm {more}", it)
            for more, it in [("--out words.csv", ["new folder"]), ("", ["Missing option '--out'"])]
        ),
        *(
            (f"erase {{model}} {arguments}", parts)
            for arguments, parts in [
                (EDIT, ["--generate TEXT or --generate-from FILE"]),
                ("--generate w1", ["Missing argument 'ERASER...'"]),
                (f"{EDIT} --generate-from words.csv", ["belong together"]),
                (f"{EDIT} --generate w1 --text words", ["belong together"]),
                (f"{EDIT} --generate-from words.csv --text wrods", ["'words'?"]),
                (f"{EDIT} --generate-from none.csv --text words", ["none.csv"]),
                (f"{EDIT} --generate w1 --temperature 1", ["--sample"]),
                (f"{EDIT} --generate w1 --sample --temperature 0", ["temperature"]),
                (f"{EDIT} --generate w1", ["max_new_tokens is 50", "24 tokens"]),
                (f"{EDIT} --generate w1 --max-new-tokens 0", ["--max-new-tokens"]),
                (f"{EDIT} --generate w1 --max-new-tokens 2 --chat", ["chat template"]),
                (f"{EDIT} --generate '' --max-new-tokens 2", ["text 0"]),
                (f"{EDIT} --generate w1 --out texts.csv", [".json"]),
                (f"{EDIT} --generate w1 --out none/texts.json", ["folder"]),
                (f"{EDIT} {EDIT} --generate w1", ["one eraser", "layers.1.output"]),
                ("bare.safetensors --generate w1", ["a site must be named"]),
                ("layers.9.output=bare.safetensors --generate w1", ["layers.9.output"]),
                (
                    "layers.*.output=bare.safetensors --generate w1",
                    ["layers.*.output", "layers.1.output"],
                ),
                ("final_norm=none.safetensors --generate w1", ["none.safetensors"]),
                (f"{EDIT} words.csv --generate w1", ["words.csv"]),
                ("empty --generate w1", ["must hold erasers", "'empty'"]),
                ("final_norm=empty --generate w1", ["empty"]),
            ]
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(saved, arguments, parts, capsys):
    Path("empty").mkdir()
    said = refused(capsys, *shlex.split(arguments.replace("{model}", str(saved))))
    for part in parts:
        assert part in said
