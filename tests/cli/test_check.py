"""nullprobe check: exit codes for scripts, by the verdicts of a saved result."""

import shlex

import pytest
from support import documents
from support.command_files import refused
from support.saved_results import KINDS, OLD, made, save

from nullprobe.cli import main


@pytest.fixture(autouse=True)
def saved(folder):
    for kind in KINDS:
        save(f"{kind.removeprefix('an ').replace(' ', '-')}.json", made(kind))
    save("mixed.json", [made("layers")[0], {**made("an audit"), "representation": "words"}])


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ("audit.json --require readable=yes", 1),
        ("audit.json --require readable=yes --require erasure_holds=no", 2),
        ("audit.json --require erasure_holds.takes=moments", 1),
        ("audit.json --require readable.comes_from=training --at data", 1),
        ("audit-of-version-3.json --require readable=yes", 1),
        ("layers.json --require erasure_holds=no", 3),
        ("layers.json --require readable=yes --at 'layer [01]'", 2),
        ("layers.json --require readable=no --at 'layer 2'", 1),
        ("layers.json --require readable=yes --at 'layer 0' --at '*1'", 2),
        ("layers.json --require gone=unclear --at 'layer 0'", 1),
        ("same-concept.json --require same_concept=no --require readable=yes", 2),
        (f"'{OLD / 'layers-2.json'}' --require readable.comes_from=undecided", 2),
    ],
)
def test_what_is_as_required_exits_with_0(arguments, count, capsys):
    assert main(["check", *shlex.split(arguments)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(f"{count} verdict")
    assert out.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ("audit.json --require readable=no", ["readable: required no, found yes, at data"]),
        (
            "audit.json --require erasure_holds.takes=structure",
            ["erasure_holds.takes: required structure, found moments, at data"],
        ),
        (
            "layers.json --require readable=yes --require erasure_holds=yes --at 'layer [12]'",
            [
                "readable: required yes, found no, at layer 2",
                "erasure_holds: required yes, found no, at layer 1",
                "erasure_holds: required yes, found no, at layer 2",
            ],
        ),
        (
            "layers.json --require gone=unclear",
            ["gone: required unclear, found no verdict, at layer 2"],
        ),
        (
            "layers.json --require gone=unclear --at 'layer 2'",
            ["gone: required unclear, found no verdict, at layer 2"],
        ),
        ("mixed.json --require transfers=yes", [
            "transfers: required yes, found no verdict, at words",
        ]),
        (
            "same-concept.json --require same_concept=yes",
            ["same_concept: required yes, found no, at first and second"],
        ),
    ],
)  # fmt: skip
def test_what_differs_exits_with_3_and_a_line_each(arguments, lines, capsys):
    assert main(["check", *shlex.split(arguments)]) == 3
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == lines


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("audit.json", ["--require"]),
        ("audit.json --require readable", ["CLAIM=WORD", "'readable'"]),
        ("audit.json --require =yes", ["CLAIM=WORD"]),
        ("audit.json --require readable=", ["CLAIM=WORD"]),
        ("audit.json --require readable=maybe", ["'maybe'", "'unclear'"]),
        ("audit.json --require readable=moments", ["'moments'", "'unclear'"]),
        ("audit.json --require readable.takes=yes", ["'yes'", "'moments'"]),
        ("audit.json --require readable.from=inputs", ["'from'", "'comes_from'"]),
        ("audit.json --require readble=yes", ["'readble'", "did you mean 'readable'"]),
        ("audit.json --require gone=yes --require gone=no", ["gone=yes and gone=no"]),
        ("audit.json --require gone=yes", ["'gone'", "'erasure_holds'"]),
        ("audit.json --require same_concept=yes", ["'same_concept'", "'readable'"]),
        ("same-concept.json --require same_concept.takes=moments", ["'takes'", "'holds'"]),
        ("layers.json --require readable=yes --at layers.9", ["'layers.9'", "'layer 0'"]),
        ("a-comparison.json --require readable=yes", ["verdicts", "comparison of erasers"]),
        ("a-comparison-of-pairs.json --require readable=yes", ["readers of pairs"]),
        ("none.json --require readable=yes", ["File not found", "none.json"]),
    ],
)
def test_wrong_input_exits_with_2_and_names_what_exists(arguments, parts, capsys):
    said = refused(capsys, "check", *shlex.split(arguments))
    for part in parts:
        assert part in said


def test_names_in_a_file_are_printed_in_one_line(capsys):
    save("wild.json", documents.sample("a\x1b[31m\nb"))
    assert main(["check", "wild.json", "--require", "readable=no"]) == 3
    out, _ = capsys.readouterr()
    assert out == "readable: required no, found yes, at a\\x1b[31m\\nb\n"
