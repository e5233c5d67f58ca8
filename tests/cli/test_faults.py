"""Faults in files, as a command says them: one sentence each, and nothing is written."""

from pathlib import Path

import numpy as np
import pytest
from support.command_files import ARRAYS, FORMATS, LABELS, TABLES, N, X, Y, refused, write


def faulty(fault, path):
    """Write a file with something wrong; return the name of its concept."""
    spoilt, y = X.copy(), Y
    if fault in ("NaN", "inf"):
        spoilt[7, 1] = np.nan if fault == "NaN" else np.inf
    if fault == "one class":
        y = np.ones(N, dtype=int)
    if fault == "no rows":
        spoilt, y = spoilt[:0], y[:0]
    if fault == "lengths differ":
        y = np.append(Y, 1)
    others = {"remark": LABELS} if fault == "text column" else {}
    write(path, spoilt, y, **others)
    if fault == "truncated":
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2].rsplit(b",", 2)[0])
    if fault == "zero bytes":
        path.write_bytes(b"")
    return "z" if fault == "unknown column" else "y"


SAYS = {
    "NaN": ["must be finite", "row 7"],
    "inf": ["must be finite", "row 7"],
    "one class": ["at least two classes", "36 labels are 1", "rows of another class"],
    "no rows": ["at least one row", "check the program"],
    "lengths differ": ["one value for each of 36 rows", "37", "same rows"],
    "text column": ["must be numeric", "'remark' (", "--leave-out", "--text", "--confounds"],
    "truncated": ["must be a complete", "check that it was written"],
    "zero bytes": ["must be a complete", "check that it was written"],
    "unknown column": ["'z' must name a column", "'y'"],
}
ONLY = {"lengths differ": ARRAYS, "text column": TABLES}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("fault", SAYS)
def test_a_fault_in_a_file_is_said_in_one_sentence(fault, suffix, capsys):
    if suffix not in ONLY.get(fault, FORMATS):
        pytest.skip("a file of this format cannot have this fault")
    concept = faulty(fault, Path(f"data{suffix}"))
    commands = [
        ["audit", f"data{suffix}", "--concept", concept],
        ["fit", f"data{suffix}", "--concept", concept, "--out", "eraser.safetensors"],
    ]
    # To erase what never varies is no fault: tests/cli/test_fit.py says what is said of it.
    for arguments in commands[: 1 if fault == "one class" else 2]:
        said = refused(capsys, *arguments)
        for part in SAYS[fault]:
            assert part in said
