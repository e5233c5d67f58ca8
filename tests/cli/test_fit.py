"""nullprobe fit: an eraser fitted to a file, and written."""

from pathlib import Path

import numpy as np
import pytest
from cli_files import N, done, refuses, write


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("fit data.csv --concept y", ["Missing option '--out'", "nullprobe fit --help"]),
        ("fit data.csv --concept y --out e.npz", [".safetensors", "'e.npz'"]),
        ("fit data.csv --concept y --out no/e.safetensors", ["folder", "make it first"]),
        ("fit data.csv --concept y --out e.safetensors --method lda", ["'leace'", "'lda'"]),
    ],
)
def test_a_wrong_fit_is_refused_in_one_sentence(arguments, parts, capsys):
    refuses(capsys, arguments, parts)


def test_what_is_written_may_be_read_by_whom_the_user_lets(capsys):
    write(Path("data.npz"))
    done(capsys, "fit", "data.npz", "--concept", "y", "--out", "e.safetensors")
    done(capsys, "apply", "e.safetensors", "data.npz", "--out", "out.safetensors")
    usual = Path("data.npz").stat().st_mode
    assert Path("e.safetensors").stat().st_mode == usual
    assert Path("out.safetensors").stat().st_mode == usual


def test_fit_says_how_many_directions_go(capsys):
    write(Path("data.npz"), y=np.arange(N) % 3)
    out = done(capsys, "fit", "data.npz", "--concept", "y", "--out", "e.safetensors")
    assert out == "LEACE removes 2 directions of 3, fitted to 36 rows.\nWrote e.safetensors\n"
