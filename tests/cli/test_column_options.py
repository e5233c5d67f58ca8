"""Columns in options: names that hold commas, and refusals that name the option."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command_files import QUICK, N, X, Y, documents, done, refuses, write

from nullprobe import InputError
from nullprobe.cli import texts

CODED = Y[::-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("audit data.csv --concept yy", ["--concept 'yy'", "did you mean 'y'?"]),
        ("audit data.csv --concept y --groups z", ["--groups 'z'"]),
        ("audit data.csv --concept y --order z", ["--order 'z'"]),
        ("audit data.csv --concept y --text z", ["--text 'z'"]),
        ("audit data.csv --concept y --confounds sorce", ["--confounds 'sorce'"]),
        ("audit data.csv --concept y --confounds a,b", ["--confounds 'a'", "commas separate"]),
        ("audit data.csv --concept y --task a --eraser ok.safetensors", ["--task 'a'"]),
        ("audit data.csv --concept y,qq", ["--concept 'qq'", "commas separate"]),
        ("audit data.csv --concept y --leave-out z", ["--leave-out 'z'"]),
        ("audit data.csv --concept y --leave-out a,b", ["repeat --leave-out"]),
        ("compare data.csv --concept y --keep z", ["--keep 'z'"]),
        ("audit data.csv --pairs --concept y --negative no", ["--negative 'no'"]),
        ("compare-pairs data.csv --concept y --positive q --negative width", ["--positive 'q'"]),
        ("apply ok.safetensors data.csv --out b.csv --leave-out z", ["--leave-out 'z'"]),
        ("audit text.csv --concept height --text label --leave-out label",
         ["--text and --leave-out", "'label'"]),
        ("audit three.csv --concept y,task --draws 39", ["--alpha 0.05", "2 concepts", "79", "39"]),
        ("same-concept data.csv --concept y", ["--concept A,B", "'y' arrived"]),
        ("audit data.csv --concept y --kind word", ["--kind", "'labels', 'numeric'", "'word'"]),
    ],
)  # fmt: skip
def test_a_refusal_of_a_column_names_its_option(arguments, parts, capsys):
    refuses(capsys, arguments, parts)


def test_a_refusal_of_a_text_column_names_its_option():
    write(Path("data.csv"))
    with pytest.raises(InputError) as caught:
        texts.read(Path("data.csv"), texts.TextColumns("width", "y", None, (), role="who"))
    assert "--role 'who'" in caught.value.required


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["a,b", '"a,b"'])
def test_a_column_whose_name_holds_a_comma_is_one_column(typed, capsys):
    write(Path("data.csv"), **{"a,b": CODED})
    done(capsys, "audit", "data.csv", "--concept", typed, "--leave-out", "y", *QUICK)
    (document,) = documents("data-a-b-audit.json")
    assert document["provenance"]["source"]["concept"] == "a,b"
    assert document["provenance"]["command"].count("a,b") == 1


def test_a_file_of_several_arrays_is_pointed_to_layers(capsys):
    np.savez("layers.npz", early=X, late=X + 1, y=Y)
    refuses(capsys, "audit layers.npz --concept y", ["'early', 'late'", "--layers"])


@pytest.mark.parametrize(("cells", "is_named"), [(1, True), (N, False)])
def test_a_cell_that_is_no_number_is_named_where_it_is_rare(cells, is_named, capsys):
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=Y).astype(object)
    frame.loc[N - cells :, "b"] = "n/k"
    frame.to_csv("odd-cell.csv", index=False)
    parts = [f"row {N - cells}", "'b'", "'n/k'"] if is_named else ["'b' (string)", "--leave-out"]
    refuses(capsys, "audit odd-cell.csv --concept y", parts)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("--draws 10", ["--draws", "at least 39", "'10' arrived"]),
        ("--jobs two", ["--jobs", "whole number", "'two' arrived"]),
        ("--alpha 2", ["--alpha", "at most 0.5", "'2' arrived"]),
        ("--alpha two", ["--alpha", "number", "'two' arrived"]),
        ("--jobs 0", ["--jobs", "other than 0"]),
    ],
)
def test_a_refusal_of_a_number_says_what_arrived(arguments, parts, capsys):
    refuses(capsys, f"audit data.csv --concept y {arguments}", parts)


def test_a_file_that_is_no_eraser_is_refused_as_such(capsys):
    refuses(
        capsys,
        "audit data.csv --concept y --eraser data.csv",
        ["'data.csv' is not one", "nullprobe fit"],
    )
