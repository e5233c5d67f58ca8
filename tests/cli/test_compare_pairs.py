"""nullprobe compare-pairs: a file of pairs in, a table, a page and its twin out."""

import json
import shlex

import numpy as np
import pytest
from cli_files import documents, done, refused

from nullprobe import ContrastPairs, compare_pairs, worlds

WORLD = worlds.distractor(n=90, d=6, n_prompts=2)
COLUMNS = ["--negative", "no", "--positive", "yes", "--concept", "truth", "--groups", "template"]


@pytest.fixture
def file(folder):
    np.savez(
        folder / "pairs.npz", no=WORLD.negative, yes=WORLD.positive, truth=WORLD.y,
        template=WORLD.groups, sentiment=WORLD.distractor,
    )  # fmt: skip
    return folder / "pairs.npz"


def test_what_is_written_is_what_python_finds(file, folder, capsys):
    out = done(capsys, "compare-pairs", "pairs.npz", *COLUMNS, "--other", "sentiment")
    (document,) = documents(folder / "pairs-truth-compare-pairs.json")
    pairs = ContrastPairs(WORLD.negative, WORLD.positive, WORLD.y, WORLD.groups)
    expected = compare_pairs(pairs, others={"sentiment": WORLD.distractor})
    assert document["rows"] == expected.document()["rows"]
    assert document["title"] == "pairs: truth"
    said = " ".join(out.split())
    for finding in expected.findings:
        assert finding in said
    assert "Wrote" in said
    assert "<html" in (folder / "pairs-truth-compare-pairs.html").read_text("utf-8")


def test_the_command_on_the_page_does_it_again(file, folder, capsys):
    done(capsys, "compare-pairs", "pairs.npz", *COLUMNS)
    twin = folder / "pairs-truth-compare-pairs.json"
    first = twin.read_text("utf-8")
    twin.unlink()
    command = json.loads(first)["provenance"]["command"]
    done(capsys, *shlex.split(command)[1:])
    assert twin.read_text("utf-8") == first


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--concept", "truth"], ["'negative'", "'no'"]),
        ([*COLUMNS[:4], "--concept", "thruth"], ["'thruth'", "truth"]),
        ([*COLUMNS, "--other", "template2"], ["'template2'"]),
        ([*COLUMNS, "--out", "page.html"], ["--out", "folder"]),
    ],
)
def test_what_cannot_be_is_refused_in_words(file, arguments, parts, capsys):
    said = refused(capsys, "compare-pairs", "pairs.npz", *arguments)
    for part in parts:
        assert part in said
