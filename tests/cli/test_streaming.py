"""fit, moments and apply read files in blocks, with the results of files that are read whole."""

from pathlib import Path

import numpy as np
import pytest
from support import streamed
from support.command_files import done, refused
from support.streamed import EVERY, STEPS, STREAMED, TASK, N, X

from nullprobe import ClassMoments, Moments, load_eraser
from nullprobe.cli import main
from nullprobe.data import located_rows
from nullprobe.data.files import read
from nullprobe.data.formats import SUFFIXES, load
from nullprobe.data.row_sources import is_streamed
from nullprobe.erasers import ERASERS, AffineEraser
from nullprobe.stats.copy_sketch import CopySketch

EXACT = {"rtol": 1e-12, "atol": 1e-11}


def pairs(first, second):
    """Return all pairs; CI tries each of the second with the first, and each of the first once."""
    return [
        pytest.param(a, b, marks=() if i == 0 or j == i % len(second) else pytest.mark.long)
        for i, a in enumerate(first)
        for j, b in enumerate(second)
    ]


@pytest.fixture(params=STEPS)
def step(request, monkeypatch):
    """Let blocks have this many rows at most."""
    monkeypatch.setattr(located_rows, "MOST_ROWS", request.param)
    return request.param


def erased(eraser, y):
    return eraser.apply(X, *(() if isinstance(eraser, AffineEraser) else (y,)))


def fitted(capsys, path, method, *more):
    task = ["--task", "task"] if method == "splince" else ["--leave-out", "task"]
    task = task if path.suffix != ".npy" or method == "splince" else []
    done(
        capsys, "fit", path, "--concept", "y", "--method", method, *task, *more, "--force",
        "--out", "e.safetensors",
    )  # fmt: skip
    return load_eraser("e.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize(("method", "make"), pairs(list(ERASERS), EVERY))
def test_an_eraser_of_blocks_is_the_eraser_of_all_rows(method, make, step, folder, capsys):
    path = make(folder)
    y = read(path, concept="y", leave_out=[] if path.suffix == ".npy" else ["task"]).y
    needed = {"task": TASK} if method == "splince" else {}
    whole = ERASERS[method]().fit(X, y, **needed).eraser_
    found = fitted(capsys, path, method)
    np.testing.assert_allclose(erased(found, y), erased(whole, y), **EXACT)
    assert found.details["rows_seen"] == whole.details["rows_seen"]
    assert found.details["n"] == str(N)
    assert found.classes == whole.classes


@pytest.mark.parametrize("make", [streamed.npy, streamed.shards, streamed.stream])
def test_a_quick_look_at_the_same(make, step, folder, capsys):
    test_an_eraser_of_blocks_is_the_eraser_of_all_rows(
        "quadratic_leace", make, step, folder, capsys
    )


@pytest.mark.parametrize("make", STREAMED)
@pytest.mark.parametrize("kind", [Moments, ClassMoments])
def test_moments_of_blocks_are_those_of_all_rows(kind, make, step, folder, capsys):
    path = make(folder)
    left = [] if path.suffix == ".npy" else ["--leave-out", "task"]
    each = ["--per-class"] if kind is ClassMoments else []
    done(capsys, "moments", path, "--concept", "y", *left, *each, "--out", "m.safetensors")
    m, whole = kind.load("m.safetensors"), kind.of(X, streamed.labels(path))
    for name in ("variance", "means") if kind is ClassMoments else ("covariance", "class_means"):
        np.testing.assert_allclose(getattr(m, name), getattr(whole, name), rtol=1e-12, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "make"), pairs(SUFFIXES, EVERY))
@pytest.mark.parametrize("method", ["leace", "mimic"])
def test_apply_writes_blocks_as_it_writes_all_rows(method, suffix, make, step, folder, capsys):
    path = make(folder)
    eraser = fitted(capsys, path, method)
    out = Path(f"out{suffix}")
    code = main(["apply", "e.safetensors", str(path), "--out", str(out)])
    error = capsys.readouterr().err
    if code:
        assert any(reason in error for reason in ("single array", "numbers only", "hold lists"))
        assert not out.exists()
        return
    y = read(path, concept="y", leave_out=[] if path.suffix == ".npy" else ["task"]).y
    alone = path.suffix == ".npy"
    after = load(out)
    table = read(out, concept="y", leave_out=["task"]) if not alone else None
    if alone and isinstance(after, dict):
        rows = after["X"]
    elif alone:
        rows = np.column_stack([np.stack(after.column(c).to_pylist()) for c in after.column_names])
    else:
        rows = table.X
        np.testing.assert_array_equal(table.y, y)
    np.testing.assert_allclose(rows, erased(eraser, y), **EXACT)


def test_blocks_of_any_size_give_the_same_bytes(folder, capsys, monkeypatch):
    """Where no product is divided otherwise: shards of any length, blocks of one."""
    path = streamed.shards(folder)
    streamed.safetensors(folder)
    for name in ("rows.safetensors", path):
        fitted(capsys, Path(name), "leace")
        Path("e.safetensors").rename(f"{Path(name).stem}{Path(name).suffix or '-shards'}.e")
    assert Path("rows.safetensors.e").read_bytes() == Path("rows-shards.e").read_bytes()


@pytest.mark.parametrize("make", EVERY)
def test_a_value_that_is_not_finite_is_named_by_its_row_in_the_file(
    make, step, folder, capsys, monkeypatch
):
    spoiled = X.copy()
    spoiled[29, 2] = np.inf
    monkeypatch.setattr(streamed, "X", spoiled)
    path = make(folder)
    fit = ["fit", path, "--concept", "y", "--out", "e.safetensors"]
    left = [] if path.suffix == ".npy" else ["--leave-out", "task"]
    assert "row 29" in refused(capsys, *fit, *left)
    good = ERASERS["leace"]().fit(X, streamed.Y).eraser_
    good.save("good.safetensors")
    Path("out.npz").write_bytes(b"before")
    left = [*left, *([] if path.suffix == ".npy" else ["--leave-out", "y"])]
    apply = ["apply", "good.safetensors", path, *left, "--out", "out.npz", "--force"]
    assert "row 29" in refused(capsys, *apply)
    assert Path("out.npz").read_bytes() == b"before"


@pytest.mark.parametrize("make", EVERY)
def test_rows_with_gaps_are_dropped_from_blocks(make, step, folder, monkeypatch, capsys):
    spoiled, gaps = X.copy(), [0, 11, 36]
    spoiled[gaps, [0, 1, 2]] = np.nan
    monkeypatch.setattr(streamed, "X", spoiled)
    path = make(folder)
    left = [] if path.suffix == ".npy" else ["--leave-out", "task"]
    fit = ["fit", path, "--concept", "y", *left, "--missing", "drop", "--out", "e.safetensors"]
    assert main(list(map(str, fit))) == 0
    assert "3 rows of 37" in capsys.readouterr().err
    good = np.delete(np.arange(N), gaps)
    whole = ERASERS["leace"]().fit(X[good], streamed.labels(path)[good]).eraser_
    found = load_eraser("e.safetensors").apply(X)
    np.testing.assert_allclose(found, whole.apply(X), **EXACT)


def test_lists_of_other_lengths_in_later_blocks_are_refused(step, folder, capsys, monkeypatch):
    ragged = X.tolist()
    ragged[29].append(0.5)
    monkeypatch.setattr(
        streamed, "lists", lambda: streamed.pa.table({"X": ragged, "y": streamed.Y})
    )
    path = streamed.parquet_lists(folder)
    message = refused(capsys, "fit", path, "--concept", "y", "--out", "e.safetensors")
    assert "row 29 has 6" in message


def test_labels_of_another_length_are_refused(step, folder, capsys):
    path = streamed.npy(folder)
    np.save("y.npy", streamed.Y[:-1])
    message = refused(capsys, "fit", path, "--concept", "y", "--out", "e.safetensors")
    assert "each of 37 rows, but it has 36" in message


@pytest.mark.parametrize("make", EVERY)
def test_kinds_are_streamed_where_the_documentation_says_so(make, folder):
    assert is_streamed(make(folder)) == (make in STREAMED)


def test_copies_in_different_blocks_are_warned_of(step, folder, capsys, monkeypatch):
    rng = np.random.default_rng(0)
    rows = np.tile(rng.standard_normal((400, 6)), (2, 1))
    np.savez("rows.npz", X=np.vstack([rows, rng.standard_normal((200, 6))]), y=np.arange(1000) % 2)
    fit = ["fit", "rows.npz", "--concept", "y", "--out", "e.safetensors"]
    if step == 1:
        monkeypatch.setattr(located_rows, "MOST_ROWS", 90)  # to save time
    assert main(fit) == 0
    assert ("800 rows are copies" if step == 1000 else "about 80.0% of 1,000") in (
        capsys.readouterr().err
    )


def test_a_sketch_estimates_the_share_of_copies():
    rng = np.random.default_rng(0)
    sketch, X = CopySketch(), rng.standard_normal((20_000, 8)).astype(np.float32)
    for start in range(0, 20_000, 3000):
        sketch.add(X[start : start + 3000])
    assert sketch.share == 0
    for start in range(0, 5000, 700):
        sketch.add(X[start : min(start + 700, 5000)])
    assert sketch.n == 25_000
    assert abs(sketch.share - 0.4) < 0.06  # 10,000 of 25,000; 4 standard errors
    sketch.add(np.zeros((10_000, 8), np.float32))  # a common value: these are no copies
    assert abs(sketch.share - 10_000 / 35_000) < 0.06
