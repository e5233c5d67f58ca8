"""The command that audits a model layer by layer is that of Python, and its result is read back."""

import csv
import shlex
from pathlib import Path

import pytest
from support import tiny_models as tiny
from support.command_files import documents, done, refused

from nullprobe import audit_model, load_result, models

TEXTS = tiny.texts(60, shortest=3, longest=6)
KINDS = ["odd" if int(text.split()[-1][1:]) % 2 else "even" for text in TEXTS]
COLUMNS = {"words": TEXTS, "kind": KINDS, "pair": [i // 2 for i in range(60)]}
ASKED = "--text words --concept kind --groups pair --untrained 1 --deep 0 --draws 39"


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
def test_an_audit_of_a_model_is_that_of_python_and_goes_on_from_its_parts(saved, capsys):
    said = done(capsys, "audit-model", saved, "words.csv", *ASKED.split(), "--out", "out")
    path = Path("out/words-kind-audit-model.json")
    found = load_result(path)
    model, tokenizer = models.load(saved)
    frame = {name: list(values) for name, values in COLUMNS.items()}
    expected = audit_model(
        model, tokenizer, frame, concept="kind", text="words", groups="pair", untrained=1, deep=0,
        draws=39, title=found.title,
    )  # fmt: skip
    assert found.conclusions == expected.conclusions
    for site in expected:
        assert found[site].claims == found[site].claims
        assert [c.observed for c in found[site]] == pytest.approx(
            [c.observed for c in expected[site]], abs=1e-5
        )
    assert all(one.first in said for one in found.conclusions)
    (document,) = documents(path)
    provenance = document["audits"][0]["provenance"]
    source = {"model": str(saved), "file": "words.csv", "text": "words", "concept": "kind"}
    assert provenance["source"] == {**source, "groups": "pair"}
    before = path.read_bytes()
    kept = {file: file.stat().st_mtime_ns for file in Path("out/parts").rglob("*.*")}
    line = shlex.split(provenance["command"])
    done(capsys, *line[1:], "--out", "out", "--force")
    assert path.read_bytes() == before
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    shown = done(capsys, "show", path)
    assert all(one.first in shown for one in found.conclusions)
    assert "Readable" in done(capsys, "show", path, "--verbose")
    word = str(next(iter(found.layers.audits.values()))["one_direction"].holds)
    done(capsys, "check", path, "--require", f"one_direction={word}")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("--concept kind --out o", ["Missing option '--text'"]),
        ("--text words --out o", ["Missing option '--concept'"]),
        ("--text words --concept kind", ["Missing option '--out'"]),
        ("--text wrods --concept kind --out o", ["'wrods'", "'words'?"]),
        ("--text words --concept knd --out o", ["'knd'", "'kind'?"]),
        ("--text words --concept kind --untrained -1 --out o", ["--untrained"]),
        ("--text words --concept kind --tokens all --out o", ["one row of each text"]),
        ("--text words --concept kind --site layers.9.output --out o", ["layers.9.output"]),
        ("--text words --concept kind --out words.csv", ["--out"]),
    ],
)
@pytest.mark.slow
def test_what_cannot_be_audited_is_refused_in_a_line(saved, capsys, arguments, parts):
    sentence = refused(capsys, "audit-model", saved, "words.csv", *shlex.split(arguments))
    for part in parts:
        assert part in sentence
