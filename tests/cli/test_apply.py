"""nullprobe apply: an eraser applied to a file; all that is no feature stays as it is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from methods import transformed
from support.command_files import (
    CODES,
    FORMATS,
    LABELS,
    NAMES,
    N,
    X,
    Y,
    done,
    refused,
    refuses,
    write,
)

from nullprobe import LEACE, AffineEraser, MiMiC, OracleLEACE
from nullprobe.data.files import read, read_matrix
from nullprobe.erasers import ERASERS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("apply data.csv data.csv --out out.csv", ["eraser", "'data.csv'"]),
        ("apply none.safetensors data.csv --out out.csv", ["not found", "'none.safetensors'"]),
        ("apply ok.safetensors data.csv --out out.txt", [".csv", "'out.txt' is '.txt'"]),
        ("apply ok.safetensors data.csv --out no/out.csv", ["folder", "create the folder first"]),
        ("apply ok.safetensors data.csv --out o.csv --leave-out x", ["'x' must name a column"]),
        ("apply ok.safetensors data.csv --out o.csv --leave-out width", ["'width' is one of"]),
        ("apply ok.safetensors text.csv --out o.csv", ["'depth' is not among", "rename"]),
        ("apply ok.safetensors wide.npz --out o.npz", ["fitted on 3 features", "has 4"]),
        ("apply ok.safetensors data.csv --out o.npy", ["holds a single array", "'y'"]),
        ("apply ok.safetensors data.csv --out o.csv --concept z", ["'z' must name a column"]),
        ("apply ok.safetensors data.csv --out o.csv --concept width", ["'width' is one of"]),
        ("apply told.safetensors text.csv --out o.csv", ["--concept COLUMN", "no column 'y'"]),
        ("apply told.safetensors data.csv --out o.csv --concept z", ["'z' must name a column"]),
        ("apply told.safetensors data.csv --out o.csv --concept width", ["'width' is one of"]),
        ("apply told.safetensors odd.csv --out o.csv", ["every label", "(0, 1)", "has 2"]),
        ("apply bare.safetensors data.csv --out o.csv", ["--concept COLUMN", "does not say"]),
    ],
)
def test_a_wrong_apply_is_refused_in_one_sentence(arguments, parts, capsys):
    refuses(capsys, arguments, parts)


@pytest.mark.slow
@pytest.mark.parametrize("method", ERASERS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_fit_and_apply_do_what_the_library_does(suffix, method, capsys):
    task = np.random.default_rng(0).standard_normal(N)
    needed = {"splince": {"task": task}}.get(method, {})
    path = write(Path(f"data{suffix}"), X + 3.0 * np.outer(Y, [2, 1, 0]), **needed)
    fit = ["fit", path, "--concept", "y", "--out", "e.safetensors", "--method", method]
    done(capsys, *fit, *(word for name in needed for word in (f"--{name}", name)))
    done(capsys, "apply", "e.safetensors", path, "--out", f"out{suffix}")
    table = read(path, concept="y", leave_out=list(needed))
    fitted = ERASERS[method]().fit(table.X, table.y, **needed)
    expected = transformed(fitted, table.X, table.y)
    after = read(f"out{suffix}", concept="y", leave_out=list(needed))
    np.testing.assert_allclose(after.X, expected, rtol=1e-12, atol=1e-14)
    assert np.abs(after.X - table.X).max() > 0.1
    np.testing.assert_array_equal(after.y, table.y)
    assert after.feature_names == table.feature_names


def test_an_eraser_remembers_its_features_and_the_rest_stays_verbatim(capsys):
    write(Path("data.csv"), y=LABELS, code=CODES)
    done(
        capsys, "fit", "data.csv", "--concept", "y", "--leave-out", "code", "--out", "e.safetensors"
    )
    assert AffineEraser.load("e.safetensors").feature_names == tuple(NAMES)
    # Other rows, other columns besides, in another order.
    later = pd.DataFrame({"when": ["07:00"] * N, "code": CODES, "depth": X[:, 2], "y": LABELS})
    later = later.assign(height=X[:, 0], width=X[:, 1])
    later.to_csv("later.csv", index=False)
    done(capsys, "apply", "e.safetensors", "later.csv", "--out", "out.csv")
    after = pd.read_csv("out.csv", dtype={"code": str})
    assert list(after.columns) == list(later.columns)
    assert after[["when", "code", "y"]].equals(later[["when", "code", "y"]])
    expected = LEACE().fit_transform(X, Y)
    np.testing.assert_allclose(after[NAMES], expected, rtol=1e-9, atol=1e-12)


def test_an_eraser_without_names_leaves_out_what_it_was_fitted_without(capsys):
    np.savez("data.npz", X=X, y=Y)
    done(capsys, "fit", "data.npz", "--concept", "y", "--out", "e.safetensors")
    write(Path("table.csv"))
    done(capsys, "apply", "e.safetensors", "table.csv", "--out", "out.csv")
    expected = LEACE().fit_transform(X, Y)
    np.testing.assert_allclose(read("out.csv", concept="y").X, expected, rtol=1e-9, atol=1e-12)


def test_an_eraser_with_names_is_applied_to_a_matrix_of_its_width(capsys):
    write(Path("data.csv"))
    done(capsys, "fit", "data.csv", "--concept", "y", "--out", "e.safetensors")
    np.save("bare.npy", X.astype(np.float32))
    done(capsys, "apply", "e.safetensors", "bare.npy", "--out", "erased.npy")
    after, _ = read_matrix("erased.npy")
    assert after.dtype == np.float32
    np.testing.assert_allclose(after, LEACE().fit_transform(X, Y), atol=1e-5)


def test_a_table_with_another_feature_is_refused(capsys):
    LEACE().fit(X, Y).eraser_.named(NAMES).save("e.safetensors")
    np.savez("more.npz", X=np.hstack([X, X[:, :1]]), feature_names=[*NAMES, "age"])
    assert "it has 'age', too" in refused(
        capsys, "apply", "e.safetensors", "more.npz", "--out", "o.npz"
    )


# Erasers that must be told the concept

TOLD = ["oracle_leace", "quadratic_leace", "mimic"]


@pytest.mark.parametrize("method", TOLD)
def test_the_concept_of_new_rows_may_stand_under_another_name(method, capsys):
    write(Path("data.csv"), y=LABELS)
    done(capsys, "fit", "data.csv", "--concept", "y", "--method", method, "--out", "e.safetensors")
    order = np.random.default_rng(1).permutation(N)
    later = pd.DataFrame({"code": CODES, "answer": LABELS[order]})
    later = later.assign(**dict(zip(NAMES, X[order].T, strict=True)))
    later.to_csv("later.csv", index=False)
    done(capsys, "apply", "e.safetensors", "later.csv", "--concept", "answer", "--out", "out.csv")
    after = pd.read_csv("out.csv", dtype={"code": str})
    assert after[["code", "answer"]].equals(later[["code", "answer"]])
    expected = ERASERS[method]().fit(X, LABELS).transform(X[order], LABELS[order])
    np.testing.assert_allclose(after[NAMES], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("method", TOLD)
def test_the_concept_is_read_from_its_own_column_and_no_other(method, capsys):
    """Named, the column counts even where the one that the eraser was fitted with is there."""
    write(Path("data.npz"), y=LABELS, other=LABELS[::-1])
    done(capsys, "fit", "data.npz", "--concept", "y", "--method", method, "--out", "e.safetensors")
    done(capsys, "apply", "e.safetensors", "data.npz", "--out", "y.npz")
    done(capsys, "apply", "e.safetensors", "data.npz", "--concept", "other", "--out", "other.npz")
    fitted = ERASERS[method]().fit(X, LABELS)
    for name, labels in (("y", LABELS), ("other", LABELS[::-1])):
        after = np.load(f"{name}.npz")
        np.testing.assert_allclose(after["X"], fitted.transform(X, labels), rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(after["y"], LABELS)
        np.testing.assert_array_equal(after["other"], LABELS[::-1])


def test_labels_that_erase_stay_the_text_that_they_were(capsys):
    write(Path("data.csv"), y=np.where(Y == 1, "01", "02"))
    fit = ["fit", "data.csv", "--concept", "y", "--out", "e.safetensors"]
    done(capsys, *fit, "--method", "oracle_leace")
    done(capsys, "apply", "e.safetensors", "data.csv", "--out", "out.csv")
    after = pd.read_csv("out.csv", dtype={"y": str})
    assert after["y"].tolist() == np.where(Y == 1, "01", "02").tolist()
    expected = OracleLEACE().fit_transform(X, Y)
    np.testing.assert_allclose(after[NAMES], expected, rtol=1e-9, atol=1e-12)


def test_numbers_erase_as_numbers(capsys):
    whole = np.round(10 * X[:, 0]).astype(int)
    write(Path("data.csv"), y=whole)
    fit = ["fit", "data.csv", "--concept", "y", "--kind", "numeric", "--out", "e.safetensors"]
    done(capsys, *fit, "--method", "oracle_leace")
    done(capsys, "apply", "e.safetensors", "data.csv", "--out", "out.csv")
    after = pd.read_csv("out.csv")
    expected = OracleLEACE(kind="numeric").fit_transform(X, whole)
    np.testing.assert_allclose(after[NAMES], expected, rtol=1e-9, atol=1e-12)
    assert after["y"].tolist() == whole.tolist()


def test_the_concept_of_a_bare_matrix_stands_beside_it(capsys):
    np.save("X.npy", X)
    np.save("y.npy", Y)
    fit = ["fit", "X.npy", "--concept", "y", "--out", "e.safetensors"]
    done(capsys, *fit, "--method", "mimic")
    done(capsys, "apply", "e.safetensors", "X.npy", "--out", "out.npy")
    np.testing.assert_allclose(np.load("out.npy"), MiMiC().fit_transform(X, Y), atol=1e-12)
    Path("alone").mkdir()
    np.save("alone/X.npy", X)
    said = refused(capsys, "apply", "e.safetensors", "alone/X.npy", "--out", "new.npy")
    assert "'y' must be in 'y.npy' in the same folder" in said


def test_an_eraser_that_needs_no_concept_leaves_a_named_one_as_it_is(capsys):
    np.savez("data.npz", X=X, y=Y)
    done(capsys, "fit", "data.npz", "--concept", "y", "--out", "e.safetensors")
    write(Path("later.csv")).write_text(Path("later.csv").read_text().replace("y", "grade", 1))
    done(capsys, "apply", "e.safetensors", "later.csv", "--concept", "grade", "--out", "out.csv")
    after = pd.read_csv("out.csv")
    np.testing.assert_allclose(after[NAMES], LEACE().fit_transform(X, Y), rtol=1e-9, atol=1e-12)
    assert after["grade"].tolist() == Y.tolist()


def test_apply_says_how_rows_moved(capsys):
    write(Path("data.npz"))
    for method, said in (
        ("leace", "LEACE took 1 direction of 3 out of 36 rows."),
        ("oracle_leace", "OracleLEACE moved 36 rows in 1 direction of 3."),
        ("mimic", "MiMiC moved 36 rows in 3 directions of 3."),
    ):
        fit = ["fit", "data.npz", "--concept", "y", "--method", method]
        done(capsys, *fit, "--out", "e.safetensors", "--force")
        out = done(capsys, "apply", "e.safetensors", "data.npz", "--out", "out.npz", "--force")
        assert out == f"{said}\nWrote out.npz\n"
