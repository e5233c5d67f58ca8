"""--missing drop: rows with a gap anywhere are dropped, counted, and nothing else changes."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command_files import LABELS, NAMES, N, X, Y, refused
from support.command_files import write as write_file

from nullprobe import LEACE, load_eraser
from nullprobe.cli import main

BAD = [1, 4, 7, 10]
GOOD = np.setdiff1d(np.arange(N), BAD)
DROPPED = f"{len(BAD)} rows of {N} in"


def gaps(path):
    """Write rows of which four have a gap: in a feature (twice), the label, and the confound."""
    frame = pd.DataFrame(X, columns=NAMES).assign(y=LABELS, age=np.linspace(20, 60, N))
    frame.loc[1, "height"] = np.nan
    frame.loc[4, "width"] = np.inf
    frame.loc[7, "y"] = None
    frame.loc[10, "age"] = np.nan
    frame.to_parquet(path, index=False)


def document(path):
    return json.loads(Path(path).read_text("utf-8"))


AUDIT = ["audit", "rows.parquet", "--concept", "y", "--confounds", "age", "--draws", "39"]
AUDIT += ["--claims", "readable", "--independent"]


def test_a_gap_is_refused_by_default_and_the_option_is_named(capsys):
    gaps(Path("rows.parquet"))
    assert "--missing drop" in refused(capsys, *AUDIT)
    assert "missing" in refused(capsys, *AUDIT, "--missing", "drip")


def test_an_audit_of_the_rest_equals_one_of_complete_rows(capsys):
    gaps(Path("rows.parquet"))
    assert main([*AUDIT, "--missing", "drop"]) == 0
    assert DROPPED in capsys.readouterr().err
    found = document("rows-y-audit.json")
    assert found["provenance"]["source"]["rows_dropped"] == len(BAD)
    assert "--missing drop" in found["provenance"]["command"]
    pd.read_parquet("rows.parquet").iloc[GOOD].to_parquet("rows.parquet", index=False)
    assert main([*AUDIT, "--force"]) == 0
    assert "dropped" not in capsys.readouterr().err
    expected = document("rows-y-audit.json")
    assert found["claims"] == expected["claims"]
    assert found["provenance"]["data_hash"] == expected["provenance"]["data_hash"]


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".csv"])
def test_an_eraser_is_fitted_to_complete_rows(suffix, capsys):
    rows = X.copy()
    rows[BAD, 1] = np.nan
    path = write_file(Path(f"data{suffix}"), rows)
    fit = ["fit", str(path), "--concept", "y", "--out", "e.safetensors"]
    assert main([*fit, "--missing", "drop"]) == 0
    assert DROPPED in capsys.readouterr().err
    expected = LEACE().fit_transform(X[GOOD], Y[GOOD])
    np.testing.assert_allclose(load_eraser("e.safetensors").apply(X[GOOD]), expected, atol=1e-9)


def test_a_comparison_counts_the_rows_that_were_dropped(capsys):
    gaps(Path("rows.parquet"))
    compare = ["compare", "rows.parquet", "--concept", "y", "--erasers", "leace", "--leave-out"]
    compare += ["age", "--probes", "linear", "--independent", "--missing", "drop"]
    assert main(compare) == 0
    assert f"3 rows of {N} in" in capsys.readouterr().err  # the column of ages is not read
    provenance = document("rows-y-compare.json")["provenance"]
    assert (provenance["rows"], provenance["source"]["rows_dropped"]) == (N - 3, 3)


def test_rows_of_lists_and_layers_are_dropped(capsys):
    rows = [list(row) for row in X]
    rows[4] = [1.0, float("nan"), 2.0]
    pd.DataFrame({"X": rows, "y": Y}).to_parquet("lists.parquet", index=False)
    audit = ["--concept", "y", "--draws", "39", "--claims", "one_direction", "--independent"]
    assert main(["audit", "lists.parquet", *audit, "--missing", "drop"]) == 0
    assert f"1 row of {N}" in capsys.readouterr().err
    other = X.copy()
    other[5, 0] = np.inf
    np.savez("layers.npz", **{"layers.0": X, "layers.1": other, "y": Y})
    layers = ["audit", "layers.npz", *audit, "--layers", "layers.*", "--missing", "drop"]
    assert main(layers) == 0
    assert {one["provenance"]["rows"] for one in document("layers-y-audit.json")} == {N - 1}


def test_a_gap_in_every_row_is_refused(capsys):
    np.savez("empty.npz", X=np.full((N, 2), np.nan), y=Y)
    sentence = refused(capsys, "fit", "empty.npz", "--concept", "y", "--missing", "drop",
                       "--out", "e.safetensors")  # fmt: skip
    assert "every row" in sentence


def test_rows_of_other_files_cannot_be_dropped(capsys):
    gaps(Path("rows.parquet"))
    more = ["--missing", "drop", "--baseline", "words=rows.parquet"]
    assert "same rows in all files" in refused(capsys, *AUDIT, *more)
