"""The rule for labels on the command line: the same concept in files of every format."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command_files import N as ROWS
from support.command_files import X, documents, done, refused

from nullprobe import LEACE, load_eraser
from nullprobe.cli import main

CODES = np.arange(ROWS) % 4
FORMATS = ["csv", "parquet", "npz"]
FEW = ["--draws", "39", "--claims", "one_direction"]
COMMANDS = {
    "audit": ["audit", "--concept", "y", *FEW],
    "compare": ["compare", "--concept", "y", "--erasers", "leace", "--probes", "linear"],
    "fit": ["fit", "--concept", "y", "--out", "e.safetensors"],
}


def write(form, y):
    """Write rows and a concept to a file; return its name."""
    path = f"data.{form}"
    if form == "npz":
        np.savez(path, X=X, y=np.asarray(y))
    else:
        frame = pd.DataFrame(X, columns=list("abc")).assign(y=np.asarray(y))
        frame.to_csv(path, index=False) if form == "csv" else frame.to_parquet(path)
    return path


def classes(command):
    """Return the classes that a command took the concept for."""
    if command == "fit":
        return load_eraser("e.safetensors").classes
    return documents(f"data-y-{command}.json")[0]["provenance"].get("classes")


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.filterwarnings("always:'y'. whole floats")
def test_codes_are_labels_in_every_format(command, form, capsys):
    name, *more = COMMANDS[command]
    for y in (CODES, CODES.astype(float)):
        assert main([name, write(form, y), *more, "--force"]) == 0
        said = capsys.readouterr().err
        assert ("--kind numeric" in said) is (y.dtype.kind == "f")
        assert len(classes(command)) == 4
    done(capsys, name, "data." + form, *more, "--force", "--kind", "labels")
    assert len(classes(command)) == 4
    done(capsys, name, "data." + form, *more, "--force", "--kind", "numeric")
    assert classes(command) in (None, "numeric")


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_label_is_refused_with_its_row(command, form, capsys):
    name, *more = COMMANDS[command]
    y = np.where(np.arange(ROWS) == 7, np.nan, CODES)
    assert "row 7" in refused(capsys, name, write(form, y), *more)
    assert "'word' arrived" in refused(capsys, name, "data." + form, *more, "--kind", "word")


def test_columns_of_labels_in_one_array_are_erased_together(capsys):
    y = np.column_stack([np.array(list("nesw"))[CODES], np.array(list("sm"))[CODES // 2]])
    name, *more = COMMANDS["fit"]
    done(capsys, name, write("npz", y), *more)
    expected = LEACE().fit(X, y).eraser_
    np.testing.assert_allclose(load_eraser("e.safetensors").apply(X), expected.apply(X))
    assert Path("e.safetensors").is_file()
