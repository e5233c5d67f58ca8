"""Files to run commands on, and commands run as a user would."""

import contextlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import save_file

import nullprobe
from nullprobe import LEACE, OracleLEACE
from nullprobe.cli import main

PACKAGE = Path(nullprobe.__file__).parent
RNG = np.random.default_rng(0)
N = 36
Y = np.arange(N) % 2
X = RNG.standard_normal((N, 3)) + 0.8 * Y[:, None]
LABELS = np.where(Y == 1, "yes", "no")
CODES = np.array([f"{i:03d}" for i in range(N)])
NAMES = ["height", "width", "depth"]
FEW = ["--draws", "39"]
QUICK = [*FEW, "--claims", "one_direction"]
ARRAYS, TABLES = [".npz", ".safetensors"], [".csv", ".parquet"]
FORMATS = [*ARRAYS, *TABLES]


def write(path, X=X, y=Y, **others):
    """Write a representation, a concept ``y`` and other columns in the format of the path."""
    if path.suffix == ".npz":
        np.savez(path, X=X, y=y, **others)
    elif path.suffix == ".safetensors":
        arrays = {"X": X, "y": y, **others}
        save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, path)
    else:
        frame = pd.DataFrame(dict(zip(NAMES, np.asarray(X).T, strict=True)) | {"y": y} | others)
        if path.suffix == ".csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path, index=False)
    return path


def write_inputs():
    """Write what commands are refused for: each file is sound, and wrong for some of them."""
    for name, content in inputs().items():
        Path(name).write_bytes(content)


@cache
def inputs():
    """Return these files by name; erasers among them are fitted once."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        _write_inputs()
        return {path.name: path.read_bytes() for path in Path().iterdir()}


def _write_inputs():
    write(Path("data.csv"))
    pd.DataFrame({"height": X[:, 0], "width": X[:, 1], "label": LABELS}).to_csv(
        "text.csv", index=False
    )
    np.savez("few.npz", X=X[:30])
    np.savez("wide.npz", X=np.hstack([X, X[:, :1]]), y=Y)
    write(Path("odd.csv"), y=np.arange(N) % 3)
    write(Path("three.csv"), y=np.array(list("abc"))[np.arange(N) % 3], task=X[:, 0] + Y)
    LEACE().fit(X, Y).eraser_.named(NAMES).save("ok.safetensors")
    told = OracleLEACE().fit(X, Y).eraser_.named(NAMES)
    told.save("bare.safetensors")
    replace(told, details={"concept": "y"}).save("told.safetensors")


def files():
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def refused(capsys, *arguments):
    """Run a command that must refuse its input; return the sentence that it says."""
    before = files()
    assert main(list(map(str, arguments))) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("nullprobe: ")
    assert err.endswith((".\n", "?\n"))
    assert err.count("\n") == 1
    assert files() == before
    return err


def done(capsys, *arguments):
    """Run a command that must succeed; return what it prints."""
    assert main(list(map(str, arguments))) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def command(*arguments, code=None, **variables):
    """Start a real process; ``code``, where there is any, imports main after some changes."""
    program = f"import sys\n{code}\nsys.exit(main(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, *(["-c", program] if code else ["-m", "nullprobe"]), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), **variables},
    )


def documents(path):
    content = json.loads(Path(path).read_text("utf-8"))
    return content if isinstance(content, list) else [content]


def refuses(capsys, arguments, parts):
    """Run a command line on sound files; it must be refused in a sentence with these parts."""
    write_inputs()
    said = refused(capsys, *shlex.split(arguments))
    for part in parts:
        assert part in said
