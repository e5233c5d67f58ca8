"""What a command reads is never what it writes over."""

import shlex
from pathlib import Path

import pytest
from support.command_files import done, refused, write


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
