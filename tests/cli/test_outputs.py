"""What a command reads is never what it writes over."""

import shlex
from pathlib import Path

import pytest
from support.command_files import documents, done, refused, write


@pytest.fixture(autouse=True)
def inputs(folder, capsys):
    write(Path("data.parquet"))
    done(capsys, "moments", "data.parquet", "--concept", "y", "--out", "m.safetensors")
    done(capsys, "fit", "m.safetensors", "--moments", "--out", "eraser.safetensors")
    Path("link.parquet").symlink_to("data.parquet")


@pytest.mark.parametrize(
    "arguments",
    [
        "apply eraser.safetensors data.parquet --out data.parquet",
        "apply eraser.safetensors data.parquet --out ./data.parquet",
        "apply eraser.safetensors data.parquet --out link.parquet",
        "apply eraser.safetensors data.parquet --out eraser.safetensors",
        "fit --moments m.safetensors --out m.safetensors",
        "fit data.parquet --concept y --out data.parquet",
        "moments data.parquet --concept y --out data.parquet",
        "erase model a=eraser.safetensors --generate-from data.parquet --text y --out data.parquet",
    ],
)
def test_an_output_that_is_an_input_is_refused(arguments, capsys):
    before = {path: path.read_bytes() for path in Path().iterdir()}
    assert "one that is read" in refused(capsys, *shlex.split(arguments))
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


WRITING = {
    "fit data.parquet --concept y --out e.safetensors": "e.safetensors",
    "moments data.parquet --concept y --out n.safetensors": "n.safetensors",
    "apply eraser.safetensors data.parquet --out erased.parquet": "erased.parquet",
    "audit data.parquet --concept y --claims one_direction --draws 39": "data-y-audit.json",
    "compare data.parquet --concept y --erasers leace --probes linear": "data-y-compare.html",
    "compare-pairs pairs.npz --concept y": "pairs-y-compare-pairs.json",
    "same-concept data.parquet --concept y,y2": "data-y-and-y2-same-concept.json",
    "audit-use model data.parquet --text a --concept y --site s --answers b": (
        "data-y-audit-use.html"
    ),
    "audit-model model data.parquet --text a --concept y --out .": "data-y-audit-model.json",
    "demo": "nullprobe-demo.html",
    "demo --model": "nullprobe-demo-model.json",
    "erase model a=eraser.safetensors --generate x --out texts.json": "texts.json",
}


@pytest.mark.parametrize("arguments", WRITING)
def test_a_file_of_an_earlier_run_is_refused_before_any_work(arguments, capsys):
    Path(WRITING[arguments]).write_text("earlier", "utf-8")
    sentence = refused(capsys, *shlex.split(arguments))
    assert repr(WRITING[arguments]) in sentence
    assert "--force" in sentence
    assert Path(WRITING[arguments]).read_text("utf-8") == "earlier"


@pytest.mark.parametrize("arguments", list(WRITING)[:4])
def test_force_overwrites_and_the_second_run_equals_the_first(arguments, capsys):
    done(capsys, *shlex.split(arguments))
    first = Path(WRITING[arguments]).read_bytes()
    Path(WRITING[arguments]).write_text("earlier", "utf-8")
    done(capsys, *shlex.split(arguments), "--force")
    assert Path(WRITING[arguments]).read_bytes() == first


def test_a_title_stands_in_the_document_and_in_the_command(capsys):
    title = "Sex in layer 12"
    command = "audit data.parquet --concept y --claims one_direction --draws 39 --title"
    done(capsys, *shlex.split(command), title)
    (document,) = documents("data-y-audit.json")
    assert document["title"] == title
    assert f"--title '{title}'" in document["provenance"]["command"]
    command = "compare data.parquet --concept y --erasers leace --probes linear --title"
    done(capsys, *shlex.split(command), title)
    (document,) = documents("data-y-compare.json")
    assert document["title"] == title


def test_brief_prints_a_line_for_each_claim_and_eraser(capsys):
    audit = "audit data.parquet --concept y --claims one_direction,readable --draws 39 --brief"
    lines = done(capsys, *shlex.split(audit)).splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == ["One direction", "Readable", ""]
    assert done(capsys, "show", "data-y-audit.json", "--brief").splitlines() == lines[:2]
    compare = "compare data.parquet --concept y --erasers leace --probes linear --brief"
    lines = done(capsys, *shlex.split(compare)).splitlines()
    assert [line.split(":")[0] for line in lines[:2]] == ["nothing erased", "leace"]
    assert done(capsys, "show", "data-y-compare.json", "--brief").splitlines() == lines[:3]


def test_brief_and_verbose_exclude_each_other(capsys):
    assert "--verbose" in refused(capsys, "show", "x.json", "--brief", "--verbose")
    assert "--verbose" in refused(
        capsys, "audit", "data.parquet", "--concept", "y", "--brief", "--verbose"
    )
