"""nullprobe compare-pairs: a file of pairs in, a table, a page and its twin out."""

import json
import shlex

import numpy as np
import pytest
from support.command_files import documents, done, refused

from nullprobe import CRC, ContrastPairs, compare_pairs, worlds
from nullprobe.report.text.comparisons import percentiles
from nullprobe.report.text.wording import interval, number

WORLD = worlds.distractor(n=90, d=6, n_prompts=2)
COLUMNS = ["--negative", "no", "--positive", "yes", "--concept", "truth", "--groups", "template"]


@pytest.fixture
def file(folder):
    np.savez(
        folder / "pairs.npz", no=WORLD.negative, yes=WORLD.positive, truth=WORLD.y,
        template=WORLD.groups, sentiment=WORLD.distractor,
    )  # fmt: skip
    return folder / "pairs.npz"


@pytest.mark.slow
def test_what_is_written_is_what_python_finds(file, folder, capsys):
    out = done(capsys, "compare-pairs", "pairs.npz", *COLUMNS, "--other", "sentiment")
    (document,) = documents(folder / "pairs-truth-compare-pairs.json")
    pairs = ContrastPairs(WORLD.negative, WORLD.positive, WORLD.y, WORLD.groups)
    expected = compare_pairs(pairs, others={"sentiment": WORLD.distractor})
    assert document["rows"] == expected.document().plain()["rows"]
    assert document["title"] == "pairs: truth"
    said = " ".join(out.split())
    for finding in expected.findings:
        assert finding in said
    assert "Wrote" in said
    assert "<html" in (folder / "pairs-truth-compare-pairs.html").read_text("utf-8")
    lines = [line.split() for line in out.splitlines()]
    labels = document["labels"]
    for row in document["rows"]:
        cells = [row["agreements"][name] for name in labels]
        at = lines.index([*row["name"].split(), *(number(cell["share"]) for cell in cells)])
        assert lines[at + 1] == " ".join(interval(cell["interval"]) for cell in cells).split()
    ends = [percentiles(document["random"][name]) for name in labels]
    at = lines.index(["random", *(number(middle) for _, middle, _ in ends)])
    assert lines[at + 1] == " ".join(interval((low, high)) for low, _, high in ends).split()


@pytest.mark.slow
def test_a_seed_and_groups_that_are_passed_count(file, folder, capsys):
    done(capsys, "compare-pairs", "pairs.npz", *COLUMNS[:-2], "--seed", "5")
    (document,) = documents(folder / "pairs-truth-compare-pairs.json")
    alone = ContrastPairs(WORLD.negative, WORLD.positive, WORLD.y)
    expected = compare_pairs(alone, probes={"CRC": CRC()}, random_state=5).document().plain()
    assert document["rows"][1] == expected["rows"][0]
    assert document["random"] == expected["random"]
    assert document["provenance"]["random_state"] == 5


@pytest.mark.slow
def test_the_command_on_the_page_does_it_again(file, folder, capsys):
    done(capsys, "compare-pairs", "pairs.npz", *COLUMNS)
    twin = folder / "pairs-truth-compare-pairs.json"
    first = twin.read_text("utf-8")
    twin.unlink()
    command = json.loads(first)["provenance"]["command"]
    done(capsys, *shlex.split(command)[1:], "--force")
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
