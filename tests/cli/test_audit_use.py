"""The command that asks what a model uses."""

import csv
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from support import tiny_models as tiny
from support.command_files import documents, done, files

from nullprobe import audit_use, models

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


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(autouse=True)
def sheet(folder):
    with Path("words.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows(zip(*COLUMNS.values(), strict=True))


@pytest.mark.slow
def test_an_audit_of_use_is_that_of_python(saved, capsys):
    asked = ["--neutral", "other", "--groups", "code", "--site", "layers.*.output"]
    said = done(capsys, "audit-use", saved, *ANSWERED, *asked, "--seed", 3, "--out", "out")
    assert [file for file in files() if "audit-use" in file] == [
        f"out/words-kind-audit-use.{suffix}" for suffix in ("html", "json")
    ]
    found = documents("out/words-kind-audit-use.json")
    model, tokenizer = models.load(saved)
    expected = audit_use(
        model, tokenizer, TEXTS, KINDS, "layers.*.output", answers=ANSWERS, neutral=NEUTRAL,
        groups=COLUMNS["code"], n_draws=39, random_state=3, title="words: kind",
    )  # fmt: skip
    for one, document in zip(expected.documents(), found, strict=True):
        plain = json.loads(json.dumps(one.plain()))
        assert document["claims"] == plain["claims"]
        assert document["representation"] in said
        assert document["provenance"]["groups"] == 20
    source = {"model": str(saved), "file": "words.csv", "text": "words", "concept": "kind"}
    source |= {"groups": "code", "answers": "answer", "neutral": "other"}
    assert found[0]["provenance"]["source"] == source
    line = shlex.split(found[0]["provenance"]["command"])
    done(capsys, *line[1:], "--out", "again")
    again, first = (Path(out, "words-kind-audit-use.json").read_bytes() for out in ("again", "out"))
    assert again == first


@pytest.mark.slow
@pytest.mark.parametrize("pairs", ["pair", "match"])
def test_texts_are_interchanged_if_pairs_are_named(saved, capsys, pairs):
    asked = ["--site", "final_norm", "--pairs", pairs, "--other-concept", "same_as_kind"]
    names = [""] * 40
    each = [[i for i, kind in enumerate(KINDS) if kind == one] for one in ("odd", "even")]
    for p, two in enumerate(zip(*each, strict=False)):
        for i in two:
            names[i] = f"pair {p}"
    twice = {**COLUMNS, "same_as_kind": KINDS, "pair": names}
    with Path("words.csv").open("w", newline="") as file:
        csv.writer(file).writerows([twice, *zip(*twice.values(), strict=True)])
    said = done(capsys, "audit-use", saved, *ANSWERED, *asked, "--out", "out")
    (found,) = documents("out/words-kind-audit-use.json")
    model, tokenizer = models.load(saved)
    expected = audit_use(
        model, tokenizer, TEXTS, KINDS, "final_norm", answers=ANSWERS, n_draws=39,
        pairs=names if pairs == "pair" else "match", title="words: kind",
        concepts={"same_as_kind": KINDS},
    )["final_norm"]  # fmt: skip
    assert found["claims"] == json.loads(json.dumps(expected.document().plain()))["claims"]
    use = found["claims"][0]["use"]
    assert use["pairs"]["matched"] == (pairs == "match")
    assert len(use["pairs"]["first"]) >= 12
    interchange = use["methods"][1]
    assert interchange["others"][0]["value"] == interchange["effect"]
    assert found["provenance"]["source"]["pairs"] == pairs
    assert f"--pairs {pairs}" in found["provenance"]["command"]
    assert "Used" in said


@pytest.mark.slow
def test_neutral_texts_may_stand_in_another_file(saved, capsys):
    Path("neutral.csv").write_text("words\n" + "\n".join(NEUTRAL[:5]) + "\n")
    found = []
    for neutral in ("neutral.csv", "other", "default"):
        asked = ["--neutral", neutral, "--site", "final_norm", "--tokens", "-1", "--kind", "labels"]
        asked += ["--method", "mean_projection", "--force"]
        done(capsys, "audit-use", saved, *ANSWERED, *asked)
        (document,) = documents("words-kind-audit-use.json")
        found.append(document["claims"][0]["details"]["divergence"])
    assert len({*found}) == 3
    assert document["claims"][0]["neutral"]["texts"] == 24
