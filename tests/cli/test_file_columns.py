"""Which columns of a file mean what, and which files are read: nothing is taken in silence."""

import csv as csv_module
from pathlib import Path

import numpy as np
import pandas as pd
import polars
import pytest
from support.command_files import done, refused, write
from support.tables import X as ROWS

from nullprobe import load_eraser
from nullprobe.cli import main

STATES = np.random.default_rng(0).normal(size=(40, 4, 3)).astype("float32")
Y = np.arange(40) % 2


@pytest.mark.parametrize("read", ["folder", "folder/*.npz", "folder/a.npz"])
def test_nothing_is_written_over_what_is_read(capsys, read):
    Path("folder").mkdir()
    for name in ("a", "b"):
        write(Path(f"folder/{name}.npz"))
    before = {path: path.read_bytes() for path in Path("folder").iterdir()}
    assert main(["fit", "folder", "--out", "e.safetensors"]) == 0  # rows are copies: a warning
    capsys.readouterr()
    for out in ("folder/a.npz", *(["folder/new.npz"] if read != "folder/a.npz" else [])):
        words = ["apply", "e.safetensors", read, "--out", out, "--force"]
        assert "is one that is read" in refused(capsys, *words)
    assert {path: path.read_bytes() for path in Path("folder").iterdir()} == before


def test_files_are_joined_as_people_count(capsys):
    rows = np.random.default_rng(0).normal(size=(12, 3))
    Path("parts").mkdir()
    for i in range(12):
        np.save(f"parts/part-{i}.npy", rows[i : i + 1])
    np.save("y.npy", np.arange(12) > 5)
    for path in ("parts", "parts/*.npy"):
        done(capsys, "fit", path, "--labels", "y.npy", "--out", "e.safetensors", "--force")
        moved = load_eraser("e.safetensors").apply(rows)
        np.testing.assert_allclose(moved[:6].mean(0), moved[6:].mean(0), atol=1e-9)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_of_labels_in_another_order_are_refused(capsys, suffix):
    ids = np.arange(36)
    write(Path(f"rows.{suffix}"), id=ids)
    lines = [f"{i},{'ab'[i % 2]}" for i in ids]
    fit = ["fit", f"rows.{suffix}", "--labels", "labels.csv", "--concept", "tone"]
    fit += ["--leave-out", "y", "--leave-out", "id", "--out", "e.safetensors"]
    Path("labels.csv").write_text("\n".join(["id,tone", *reversed(lines)]) + "\n")
    assert "both have 'id'" in refused(capsys, *fit)
    Path("labels.csv").write_text("\n".join(["id,tone", *lines]) + "\n")
    done(capsys, *fit)


@pytest.mark.parametrize("name", ["target", "labels"])
def test_a_second_label_is_not_a_feature(capsys, name):
    write(Path("rows.csv"), **{name: np.arange(36)})
    fit = ["fit", "rows.csv", "--out", "e.safetensors", "--concept", "y"]
    assert f"--leave-out {name}" in refused(capsys, *fit)
    done(capsys, *fit, "--leave-out", name)


@pytest.mark.parametrize("name", ["id", "user_id", "index", "Split"])
def test_an_identifier_among_the_features_is_named(capsys, name):
    write(Path("rows.csv"), **{name: np.arange(36)})
    fit = ["fit", "rows.csv", "--out", "e.safetensors"]
    assert main([*fit, "--concept", "y"]) == 0
    assert f"{name!r} counts as a feature" in capsys.readouterr().err
    assert main([*fit, "--concept", "y", "--leave-out", name, "--force"]) == 0
    assert "counts as a feature" not in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["csv", "parquet", "npz", "jsonl"])
def test_empty_text_is_a_missing_label(capsys, suffix):
    y = np.array(["a", "", "b", "a", "b", "a"])
    if suffix == "npz":
        np.savez("rows.npz", X=ROWS, y=y)
    else:
        frame = pd.DataFrame({f"f{j}": ROWS[:, j] for j in range(3)} | {"y": y})
        {
            "csv": lambda: frame.to_csv(
                "rows.csv", index=False, quoting=csv_module.QUOTE_NONNUMERIC
            ),
            "parquet": lambda: frame.to_parquet("rows.parquet"),
            "jsonl": lambda: frame.to_json("rows.jsonl", orient="records", lines=True),
        }[suffix]()
    fit = ["fit", f"rows.{suffix}", "--out", "e.safetensors"]
    assert "value in every row" in refused(capsys, *fit)
    assert main([*fit, "--missing", "drop"]) == 0  # with a warning
    eraser = load_eraser("e.safetensors")
    assert (eraser.details["n"], eraser.rank) == ("5", 1)


def test_labels_as_categories_of_polars_are_read(capsys):
    frame = polars.DataFrame({f"f{j}": ROWS[:, j] for j in range(3)})
    labels = polars.Series("label", ["a", "b"] * 3, dtype=polars.Categorical)
    frame.with_columns(labels).write_ipc("rows.arrow")
    done(capsys, "fit", "rows.arrow", "--out", "e.safetensors")
    assert load_eraser("e.safetensors").rank == 1


def test_objects_in_an_archive_are_refused_with_the_remedy(capsys):
    np.savez("rows.npz", X=ROWS, y=np.array(["a", "b"] * 3, dtype=object))
    assert ".astype(str)" in refused(capsys, "fit", "rows.npz", "--out", "e.safetensors")
    np.savez("rows.npz", X=ROWS, y=np.array(["a", "b"] * 3, dtype="S1"))
    done(capsys, "fit", "rows.npz", "--out", "e.safetensors")


@pytest.mark.parametrize("label", ["y", "labels"])
def test_a_lone_matrix_has_the_usual_labels_next_to_it(capsys, label):
    np.save("rows.npy", ROWS)
    np.save(f"{label}.npy", np.arange(6) % 2)
    done(capsys, "fit", "rows.npy", "--out", "e.safetensors")
    assert load_eraser("e.safetensors").details["concept"] == label


def test_an_eraser_is_applied_to_the_tokens_that_it_was_fitted_to(capsys):
    np.savez("rows.npz", acts=STATES, y=Y)
    done(capsys, "fit", "rows.npz", "--tokens", "mean", "--out", "e.safetensors")
    words = ["apply", "e.safetensors", "rows.npz", "--out", "out.npz"]
    assert "fitted to: 'mean'" in refused(capsys, *words, "--tokens", "last")
    done(capsys, *words)
    erased = np.load("out.npz")["acts"]
    right = load_eraser("e.safetensors").apply(STATES.mean(axis=1))
    np.testing.assert_allclose(erased, right, atol=1e-6)
