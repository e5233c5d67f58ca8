"""nullprobe moments, and nullprobe fit --moments: an eraser of rows in several files."""

from pathlib import Path

import numpy as np
import pytest
from support.command_files import LABELS, NAMES, N, X, done, refused, write

from nullprobe import AffineEraser, ClassMoments, Moments, load_eraser
from nullprobe.cli import main, moment_files
from nullprobe.erasers import ERASERS
from nullprobe.erasers.estimator import ROW_SKETCH

HALVES = {"one": slice(0, 15), "two": slice(15, N)}
NUMBER = np.round(X[:, 0] + np.random.default_rng(1).standard_normal(N), 6)


def write_halves(suffix=".csv", y=LABELS, **others):
    """Write all rows, and each half of them."""
    for name, rows in {"all": slice(None), **HALVES}.items():
        parts = {key: a[rows] for key, a in others.items()}
        write(Path(f"{name}{suffix}"), X[rows], y[rows], **parts)


def gather(capsys, *arguments, suffix=".csv", concept="y"):
    """Write the moments of each half."""
    for name in HALVES:
        out = f"{name}.safetensors"
        done(
            capsys, "moments", f"{name}{suffix}", "--concept", concept, *arguments, "--out", out
        )  # fmt: skip
    return list(map("{}.safetensors".format, HALVES))


@pytest.mark.parametrize("method", moment_files.METHODS)
def test_moments_of_halves_give_the_eraser_of_all_rows(method, capsys):
    write_halves()
    pieces = gather(capsys, "--per-class")
    done(capsys, "fit", "all.csv", "--concept", "y", "--method", method, "--out", "a.safetensors")
    fitted = done(capsys, "fit", "--moments", *pieces, "--method", method, "--out", "b.safetensors")
    assert f"{N} rows" in fitted
    whole, summed = load_eraser("a.safetensors"), load_eraser("b.safetensors")
    labels = () if isinstance(whole, AffineEraser) else (LABELS,)
    np.testing.assert_allclose(summed.apply(X, *labels), whole.apply(X, *labels), atol=1e-12)
    assert summed.feature_names == tuple(NAMES)
    said = {key: value for key, value in whole.details.items() if key != "data_hash"}
    assert {key: summed.details[key] for key in said} == said
    assert ROW_SKETCH in said


def test_the_file_has_what_the_options_say(capsys):
    write_halves(site=np.arange(N), other=NUMBER)
    more = ("--leave-out", "site", "--leave-out", "other")
    text = done(capsys, "moments", "all.csv", "--concept", "y", *more, "--out", "m.safetensors")
    assert f"{N} rows" in text
    assert "2 classes of 'y'" in text
    m = Moments.load("m.safetensors")
    assert (m.n, m.classes, m.feature_names) == (N, ("no", "yes"), tuple(NAMES))
    assert m.data_hash == Moments.of(X, LABELS).data_hash
    gather(capsys, *more, "--per-class")
    assert ClassMoments.load("one.safetensors").n == 15
    more = ("--leave-out", "site", "--leave-out", "y", "--kind", "numeric")
    text = done(capsys, "moments", "all.csv", "--concept", "other", *more, "--out", "n.safetensors")
    assert "'other' as numbers" in text
    assert Moments.load("n.safetensors").classes is None


def test_arrays_without_names_do(capsys):
    write_halves(".npz")
    pieces = gather(capsys, suffix=".npz")
    done(capsys, "fit", *pieces, "--moments", "--out", "b.safetensors")
    done(capsys, "fit", "all.npz", "--concept", "y", "--out", "a.safetensors")
    expected = load_eraser("a.safetensors").apply(X)
    np.testing.assert_allclose(load_eraser("b.safetensors").apply(X), expected, atol=1e-12)


def test_options_of_the_method_reach_it(capsys):
    write_halves()
    pieces = gather(capsys)
    for more, parameters in (
        (["--shrinkage", ".5"], {"shrinkage": 0.5}),
        (["--method", "mimic", "--match", "mean", "--target", "no"], {"match": "mean"}),
    ):
        done(capsys, "fit", "--moments", *pieces, *more, "--out", "e.safetensors", "--force")
        if "--target" in more:
            parameters["target"] = "no"
        method = more[1] if "--method" in more else "leace"
        expected = ERASERS[method](**parameters).fit(X, LABELS).eraser_
        labels = (LABELS,) if "--target" in more else ()
        found = load_eraser("e.safetensors").apply(X, *labels)
        np.testing.assert_allclose(found, expected.apply(X, *labels), atol=1e-12)


def test_moments_made_in_python_can_be_fitted(capsys):
    Moments.of(X, LABELS).save("m.safetensors")
    text = done(capsys, "fit", "--moments", "m.safetensors", "--out", "e.safetensors")
    assert "the concept" in text
    done(capsys, "apply", "e.safetensors", write(Path("a.npz")), "--out", "b.npz")


def test_a_constant_concept_is_named_as_the_reason(capsys):
    write_halves(y=np.full(N, "yes"))
    pieces = gather(capsys)
    text = done(capsys, "fit", "--moments", *pieces, "--out", "e.safetensors")
    assert "the same in all of them" in text


def test_rows_that_count_twice_are_warned_of(capsys):
    write_halves()
    gather(capsys)
    done(capsys, "moments", "all.csv", "--concept", "y", "--out", "all.safetensors")
    fit = ["fit", "--moments", "one.safetensors", "all.safetensors", "--out", "e.safetensors"]
    assert main(fit) == 0
    out, err = capsys.readouterr()
    assert f"{N + 15} rows" in out
    assert "'all.safetensors'" in err
    assert "count twice" in err


def test_only_methods_that_need_no_rows_are_fitted():
    assert {*ERASERS} - {*moment_files.METHODS} == {"inlp", "splince"}


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("--method inlp", ["--method must be", "leace", "rlace", "inlp, which needs all rows"]),
        ("--method splince", ["--method must be", "quadratic_leace", "which needs a task"]),
        ("--method lda", ["'lda'", "'leace'"]),
        ("--method quadratic_leace", ["covariance of each class", "'one.saf", "--per-class"]),
        ("--method mimic", ["covariance of each class", "--per-class"]),
        ("--method mimic --match covar", ["match", "'covar' arrived"]),
        ("--method mimic --match mean --target maybe", ["'maybe' must name a class"]),
        ("--rank 1", ["--rank is for", "is leace"]),
        ("--concept y", ["--concept cannot be used with --moments"]),
        ("--leave-out y --kind labels", ["--leave-out and --kind cannot be used"]),
        ("--out e.npz", ["eraser", "'e.npz'"]),
    ],
)
def test_what_moments_do_not_take_is_refused(arguments, parts, capsys):
    write_halves()
    pieces = gather(capsys)
    out = [] if "--out" in arguments else ["--out", "e.safetensors"]
    sentence = refused(capsys, "fit", "--moments", *pieces, *arguments.split(), *out)
    assert all(part in sentence for part in parts), sentence


def test_rlace_below_the_rank_needs_rows(capsys):
    write_halves(y=np.array(list("abc"))[np.arange(N) % 3])
    pieces = gather(capsys)
    fit = ["fit", "--moments", *pieces, "--method", "rlace", "--rank", "1"]
    assert "needs the rows" in refused(capsys, *fit, "--out", "e.safetensors")
    done(capsys, *fit, "--loss", "squared", "--out", "e.safetensors")


def test_files_that_do_not_belong_together_are_refused(capsys):
    write_halves(other=NUMBER)
    one, two = gather(capsys, "--leave-out", "other")
    moments = ["moments", "two.csv", "--concept"]
    done(capsys, *moments, "other", "--leave-out", "y", "--out", "z.safetensors")
    done(capsys, *moments, "y", "--out", "wide.safetensors")
    Moments.of(X, LABELS).named(list("abc")).save("abc.safetensors")
    Path("not.safetensors").write_bytes(Path(one).read_bytes()[:-9])
    (LABELS == "yes").astype(float).dump("pickled.npy")
    AffineEraser(np.zeros(3), np.ones((3, 1)), np.ones((1, 3))).save("e.safetensors")
    for other, parts in (
        ("z.safetensors", ["same concept", "'y'", "'other'"]),
        ("wide.safetensors", ["same features", "is of 3", "is of 4", "--leave-out"]),
        ("abc.safetensors", ["same concept", "no record of it"]),
        ("not.safetensors", ["moments must be", "cannot be read"]),
        ("e.safetensors", ["moments must be", "AffineEraser/1", "nullprobe moments"]),
        ("pickled.npy", ["moments must be", "is not one"]),
        ("none.safetensors", ["File not found", "none.safetensors"]),
        (f"./{one}", ["counts once", "named twice"]),
    ):
        sentence = refused(capsys, "fit", "--moments", one, other, "--out", "f.safetensors")
        assert all(part in sentence for part in parts), sentence
    done(capsys, "fit", "--moments", one, two, "--out", "f.safetensors")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("fit one.csv two.csv --concept y --out e.safetensors", ["one FILE of rows", "--moments"]),
        ("moments one.csv --concept y --out m.npz", ["moments are written", "'m.npz'"]),
        ("moments one.csv --concept n --leave-out y --per-class --out m.safetensors", ["labels"]),
        ("moments one.csv --concept y --site 1 --out m.safetensors", ["must name a site"]),
        ("fit --moments --out e.safetensors", ["FILE"]),
    ],
)
def test_a_wrong_command_is_refused_in_one_sentence(arguments, parts, capsys):
    write_halves(n=NUMBER)
    sentence = refused(capsys, *arguments.split())
    assert all(part in sentence for part in parts), sentence
