"""nullprobe fit: an eraser fitted to a file, and written."""

import shlex
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from methods import transformed
from sklearn.base import clone
from support.command_files import NAMES, N, X, done, refuses, write

from nullprobe import (
    INLP,
    LEACE,
    RLACE,
    SPLINCE,
    AffineEraser,
    MeanProjection,
    MiMiC,
    QuadraticLEACE,
)
from nullprobe.cli import eraser_choice, eraser_options, main
from nullprobe.data.concept import concept
from nullprobe.data.files import read
from nullprobe.erasers import ERASERS, load_eraser
from nullprobe.probes import PROBES


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("fit data.csv --concept y", ["Missing option '--out'", "nullprobe fit --help"]),
        ("fit data.csv --concept y --out e.npz", [".safetensors", "'e.npz'"]),
        ("fit data.csv --concept y --out no/e.safetensors", ["folder", "create the folder first"]),
        ("fit data.csv --concept y --out e.safetensors --method lda", ["'leace'", "'lda'"]),
        ("fit none.csv --concept y --out e.safetensors --rank 1", ["--rank is for", "is leace"]),
        *(
            (f"fit three.csv --concept y --out e.safetensors {arguments}", parts)
            for arguments, parts in [
                (
                    "--method splince --task task --rank 1",
                    ["mean_projection or rlace", "is splince"],
                ),
                ("--method rlace --shrinkage .5", ["--shrinkage is for", "mimic", "is rlace"]),
                ("--method leace --task task", ["--task is for --method splince", "is leace"]),
                ("--target b", ["--target is for --method mimic", "another method"]),
                ("--match mean --method oracle_leace", ["--match is for --method mimic"]),
                ("--method leace --probe lda", ["--probe is for --method inlp"]),
                ("--method inlp --probe ldo", ["'ldo' must name a probe", "'lda'?"]),
                ("--method mimic --target d", ["'d' must name a class", "'a', 'b', 'c'"]),
                ("--method mimic --match covar", ["match", "'covar' arrived"]),
                ("--method mean_projection --rank -1", ["rank", "at least 1", "-1"]),
                ("--method mean_projection --rank 0", ["rank", "at least 1", "0 arrived"]),
                ("--method inlp --max-rank 0", ["--max-rank", "at least 1", "0 arrived"]),
                (
                    "--method inlp --validation-fraction 1",
                    ["--validation-fraction must lie between 0 and 1", "1.0"],
                ),
                ("--method inlp --alpha 2", ["alpha", "from 0 to 1", "2.0 arrived"]),
                (
                    "--method rlace --loss cubic",
                    ["'auto', 'log', 'squared'", "'cubic' arrived"],
                ),
                ("--method rlace --seed -1", ["'--seed'"]),
                ("--seed 1", ["--seed is for --method inlp or rlace", "is leace"]),
                ("--method leace --loss log", ["--loss is for --method rlace", "is leace"]),
                ("--method rlace --alpha .1", ["--alpha is for --method inlp", "is rlace"]),
                (
                    "--method mimic --validation-fraction .5",
                    ["--validation-fraction is for --method inlp", "is mimic"],
                ),
                ("--method rlace --max-rank 2", ["--max-rank is for --method inlp", "is rlace"]),
                ("--method splince", ["needs --task COLUMN", "it is LEACE", "--method leace"]),
                ("--method rlace --rank 0", ["rank", "at least 1", "0 arrived"]),
                ("--method rlace --rank x", ["'--rank'"]),
                ("--shrinkage 1.5", ["shrinkage", "from 0 to 1", "1.5"]),
                ("--method mimic --shrinkage oas", ["shrinkage", "'minimal'", "'oas'"]),
                ("--method mimic --shrinkage -1", ["shrinkage", "from 0 to 1", "-1"]),
                ("--method splince --task y", ["its own column", "--concept and --task name 'y'"]),
                ("--leave-out tusk", ["'tusk' must name a column", "'task'?"]),
                ("--method splince --task tusk", ["'tusk' must name a column", "'task'?"]),
                ("--method mimic --concept task --leave-out y", ["MiMiC needs class labels"]),
                (
                    "--method quadratic_leace --concept task --leave-out y",
                    ["QuadraticLEACE needs class labels", "such as LEACE"],
                ),
                ("--method mimic --target b --concept task --leave-out y", ["labels"]),
            ]
        ),
    ],
)
def test_a_wrong_fit_is_refused_in_one_sentence(arguments, parts, capsys):
    refuses(capsys, arguments, parts)


# Three classes and a task, and what each method may be told.
THREE = np.array(list("abc"))[np.arange(N) % 3]
FAR = X + 2.0 * np.eye(3)[np.arange(N) % 3] * [1.0, 2.0, 3.0]
TASK = np.round(FAR[:, 0] + np.random.default_rng(1).standard_normal(N), 6)
CHOICES = {
    "--method mean_projection --rank 1": MeanProjection(rank=1),
    "--method rlace --rank 1": RLACE(rank=1),
    "--method leace --shrinkage .5": LEACE(shrinkage=0.5),
    "--method leace --shrinkage oas": LEACE(shrinkage="oas"),
    "--method quadratic_leace --shrinkage .3": QuadraticLEACE(shrinkage=0.3),
    "--method mimic --shrinkage .3": MiMiC(shrinkage=0.3),
    "--method mimic --target b": MiMiC(target="b"),
    "--method mimic --match mean": MiMiC(match="mean"),
    "--method mimic --match mean --target c": MiMiC(target="c", match="mean"),
    "--method splince --task task": SPLINCE(),
    "--method rlace --rank 1 --loss squared": RLACE(rank=1, loss="squared"),
    "--method inlp --alpha 1": INLP(alpha=1.0),
    "--method inlp --alpha 1 --max-rank 1": INLP(alpha=1.0, max_rank=1),
}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".npz", ".csv", ".parquet"])
@pytest.mark.parametrize("arguments", CHOICES)
def test_what_a_method_is_told_reaches_it(arguments, suffix, capsys):
    path = write(Path(f"data{suffix}"), FAR, THREE, task=TASK)
    more = [*shlex.split(arguments), *([] if "--task" in arguments else ["--leave-out", "task"])]
    done(capsys, "fit", path, "--concept", "y", "--out", "e.safetensors", *more)
    done(capsys, "apply", "e.safetensors", path, "--out", f"out{suffix}")
    told = {"task": TASK} if "--task" in arguments else {}
    fitted = clone(CHOICES[arguments]).fit(FAR, THREE, **told)
    untold = type(fitted)().fit(FAR, THREE)
    after = read(f"out{suffix}", concept="y", leave_out=["task"])
    expected = transformed(fitted, FAR, THREE)
    np.testing.assert_allclose(after.X, expected, rtol=1e-9, atol=1e-12)
    assert np.abs(after.X - transformed(untold, FAR, THREE)).max() > 1e-3
    np.testing.assert_array_equal(after.y, THREE)
    np.testing.assert_array_equal(read(f"out{suffix}", concept="task", leave_out="y").y, TASK)


@pytest.mark.slow
def test_inlp_removes_what_the_named_probe_reads(capsys):
    rng = np.random.default_rng(2)
    y = np.arange(300) % 2
    rows = rng.standard_normal((300, 4)) @ rng.standard_normal((4, 4)) + 2.0 * y[:, None]
    np.savez("data.npz", X=rows, y=y)
    found = []
    for name, probe in PROBES.items():
        fit = ["fit", "data.npz", "--concept", "y", "--method", "inlp", "--probe", name]
        done(capsys, *fit, "--out", "e.safetensors", "--force")
        found.append(AffineEraser.load("e.safetensors").apply(rows))
        expected = INLP(probe=probe()).fit_transform(rows, y)
        np.testing.assert_allclose(found[-1], expected, atol=1e-12)
    assert all(np.abs(a - b).max() > 1e-3 for a, b in combinations(found, 2))


def test_a_task_is_no_feature_and_may_be_labels(capsys):
    task = np.where(TASK > 0, "high", "low")
    write(Path("data.csv"), FAR, THREE, task=task)
    fit = ["fit", "data.csv", "--concept", "y", "--method", "splince", "--task", "task"]
    done(capsys, *fit, "--out", "e.safetensors")
    saved = AffineEraser.load("e.safetensors")
    assert saved.feature_names == tuple(NAMES)
    expected = SPLINCE().fit(FAR, THREE, task=task)
    np.testing.assert_allclose(saved.apply(FAR), expected.transform(FAR), atol=1e-12)


def test_task_and_concept_of_a_bare_matrix_stand_beside_it(capsys):
    for name, a in (("X", FAR), ("y", THREE), ("task", TASK)):
        np.save(f"{name}.npy", a)
    fit = ["fit", "X.npy", "--concept", "y", "--method", "splince", "--task", "task"]
    done(capsys, *fit, "--out", "e.safetensors")
    expected = SPLINCE().fit(FAR, THREE, task=TASK)
    found = AffineEraser.load("e.safetensors").apply(FAR)
    np.testing.assert_allclose(found, expected.transform(FAR), atol=1e-12)


@pytest.mark.parametrize("labels", [np.array([3, 10, 7]), np.array([True, False])])
def test_a_target_is_a_label_of_any_kind(labels, capsys):
    y = labels[np.arange(N) % len(labels)]
    write(Path("data.parquet"), FAR, y)
    fit = ["fit", "data.parquet", "--concept", "y", "--method", "mimic"]
    done(capsys, *fit, "--target", labels[1], "--out", "e.safetensors")
    found = load_eraser("e.safetensors").apply(FAR, y)
    np.testing.assert_allclose(found, MiMiC(target=labels[1]).fit_transform(FAR, y), atol=1e-9)
    np.testing.assert_allclose(found[y == labels[1]], FAR[y == labels[1]], atol=1e-12)


def test_a_number_is_erased_by_the_squared_game(capsys):
    write(Path("data.npz"), FAR, TASK)
    fit = ["fit", "data.npz", "--concept", "y", "--method", "rlace"]
    done(capsys, *fit, "--out", "e.safetensors")
    expected = RLACE(loss="squared").fit_transform(FAR, TASK)
    found = AffineEraser.load("e.safetensors").apply(FAR)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.abs(found - FAR).max() > 0.1


@pytest.mark.slow
def test_a_fitted_eraser_remembers_the_name_of_the_concept(capsys):
    write(Path("data.csv"), FAR, THREE, task=TASK)
    for method in ERASERS:
        other = "--task" if method == "splince" else "--leave-out"
        fit = ["fit", "data.csv", "--concept", "y", other, "task", "--method", method]
        done(capsys, *fit, "--out", "e.safetensors", "--force")
        assert load_eraser("e.safetensors").details["concept"] == "y"


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
    assert out == "LEACE removes 'y', 2 directions of 3, fitted to 36 rows.\nWrote e.safetensors\n"


def test_fit_says_that_an_eraser_must_be_told_the_concept(capsys):
    write(Path("data.npz"))
    fit = ["fit", "data.npz", "--concept", "y", "--method", "quadratic_leace"]
    out = done(capsys, *fit, "--out", "e.safetensors")
    assert out == (
        "QuadraticLEACE moves rows in 3 directions of 3, fitted to 36 rows; it needs 'y' "
        "of the rows that it erases.\nWrote e.safetensors\n"
    )


def test_fit_says_of_how_many_classes_the_covariance_was_shrunk(capsys):
    y = np.array(["a"] * 16 + ["b"] * 17 + ["c"] * 3)
    write(Path("data.npz"), y=y)
    fit = ["fit", "data.npz", "--concept", "y", "--method", "quadratic_leace"]
    out = done(capsys, *fit, "--out", "e.safetensors")
    assert "rows that it erases. 1 of 3 classes had their covariance shrunk first, so" in out
    out = done(capsys, *fit, "--shrinkage", "0.2", "--out", "e.safetensors", "--force")
    assert "3 of 3 classes had their covariance shrunk" in out
    write(Path("data.npz"), y=y[:33], X=X[:33])
    assert "shrunk" not in done(capsys, *fit, "--out", "new.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize("labels", [np.array(["a"] * N), np.full(N, 2)])
@pytest.mark.parametrize("method", [m for m in ERASERS if m != "splince"])
def test_a_concept_that_never_varies_leaves_rows_as_they_are_and_is_said_to(method, labels, capsys):
    write(Path("data.npz"), y=labels)
    fit = ["fit", "data.npz", "--concept", "y", "--method", method, "--out", "e.safetensors"]
    out = done(capsys, *fit)
    assert "It leaves all rows as they are: 'y' is the same in all of them." in out
    fitted = ERASERS[method]().fit(X, labels)
    assert fitted.eraser_.rank == load_eraser("e.safetensors").rank == 0
    np.testing.assert_array_equal(transformed(fitted, X, labels), X)


def test_rows_that_say_nothing_of_the_concept_are_left_and_said_to_be(capsys):
    write(Path("data.npz"), np.ones((N, 3)))
    fit = ["fit", "data.npz", "--concept", "y", "--out", "e.safetensors"]
    assert "as they are: nothing in them varies with 'y'." in done(capsys, *fit)
    out = done(capsys, *fit, "--method", "inlp", "--force")
    assert "It leaves all rows as they are: nothing is left." in out


def test_a_seed_and_the_share_held_out_reach_the_estimator():
    z = concept(["a", "b"] * 9)
    for method in ("inlp", "rlace"):
        assert eraser_choice.Choice(method, {"random_state": 7}).unfitted(z).random_state == 7
        assert eraser_choice.Choice(method, {"random_state": None}).unfitted(z).random_state == 0
    assert (
        eraser_choice.Choice("inlp", {"validation_fraction": 0.5}).unfitted(z).validation_fraction
        == 0.5
    )


def test_the_help_lists_the_methods_and_probes_that_there_are():
    assert eraser_options.METHODS == tuple(ERASERS)
    assert eraser_options.PROBES == tuple(PROBES)


@pytest.mark.parametrize("method", ["leace", "mimic"])
def test_copies_are_warned_of_in_a_line(method, capsys):
    X = np.random.default_rng(0).normal(size=(40, 8)).repeat(2, axis=0)
    np.savez("data.npz", X=X, y=np.arange(80) // 2 % 2)
    one = ["fit", "data.npz", "--concept", "y", "--method", method, "--out", "e.safetensors"]
    assert main(one) == 0
    assert capsys.readouterr().err.startswith("nullprobe: 80 rows are copies of others (80 exact")
