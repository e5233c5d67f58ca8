"""The command line, as a user meets it: files in, files out, sentences and exit codes."""

import errno
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

import nullprobe
from nullprobe import LEACE, AffineEraser, MeanProjection
from nullprobe.claims import CLAIMS
from nullprobe.cli import demo, main, subject
from nullprobe.cli.demo import subjects
from nullprobe.erasers import ERASERS
from nullprobe.readers import read, read_matrix

PACKAGE = Path(nullprobe.__file__).parent
RNG = np.random.default_rng(0)
N = 36
Y = np.arange(N) % 2
X = RNG.standard_normal((N, 3)) + 0.8 * Y[:, None]
LABELS = np.where(Y == 1, "yes", "no")
CODES = np.array([f"{i:03d}" for i in range(N)])
NAMES = ["height", "width", "depth"]
FEW = ["--permutations", "39", "--surrogates", "39"]
QUICK = [*FEW, "--claims", "one_direction"]
ARRAYS, TABLES = [".npz", ".safetensors"], [".csv", ".parquet"]
FORMATS = [*ARRAYS, *TABLES]


def write(path, X=X, y=Y, **others):
    """Write a representation, a concept ``y`` and other columns in the format of the path."""
    if path.suffix == ".npz":
        np.savez(path, X=X, y=y, **others)
    elif path.suffix == ".safetensors":
        save_file({"X": np.ascontiguousarray(X), "y": np.asarray(y)}, path)
    else:
        frame = pd.DataFrame(dict(zip(NAMES, np.asarray(X).T, strict=True)) | {"y": y} | others)
        if path.suffix == ".csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path, index=False)
    return path


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, as a user would, and not in debug mode."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NULLPROBE_DEBUG", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


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


# What cannot be used


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
    "no rows": ["at least one row", "check what was written"],
    "lengths differ": ["one value for each of 36 rows", "37", "same rows"],
    "text column": ["must be numeric", "'remark' (", "leave them out"],
    "truncated": ["must be a whole", "check that it was written"],
    "zero bytes": ["must be a whole", "check that it was written"],
    "unknown column": ["'z' must name a column", "'y'", "choose one"],
}
ONLY = {"lengths differ": ARRAYS, "text column": TABLES}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("fault", SAYS)
def test_a_fault_in_a_file_is_said_in_one_sentence(fault, suffix, capsys):
    if suffix not in ONLY.get(fault, FORMATS):
        pytest.skip("a file of this format cannot have this fault")
    concept = faulty(fault, Path(f"data{suffix}"))
    for arguments in (
        ["audit", f"data{suffix}", "--concept", concept],
        ["fit", f"data{suffix}", "--concept", concept, "--out", "eraser.safetensors"],
    ):
        said = refused(capsys, *arguments)
        for part in SAYS[fault]:
            assert part in said


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("audit none.csv --concept y", ["'none.csv' must exist", "check the path"]),
        ("audit data.csv", ["--concept COLUMN", "'height', 'width', 'depth', 'y'"]),
        ("audit", ["FILE or --world NAME", "nullprobe audit --help"]),
        ("audit data.csv --world xor", ["one of the two"]),
        ("audit data.csv --concept y --world-option n=9", ["belongs to --world"]),
        ("audit --world xor --concept y", ["belong to a FILE"]),
        ("audit --world xar", ["'xar' must name a world", "did you mean 'xor'?"]),
        ("audit --world xor --world-option m=9", ["'m' must name a parameter", "'noise'"]),
        ("audit --world xor --world-option n", ["NAME=VALUE", "'n' arrived"]),
        ("audit --world xor --world-option n=many", ["whole number", "'many'"]),
        ("audit data.csv --concept heigth", ["'heigth'", "did you mean 'height'?"]),
        ("audit data.csv --concept y --claims readible", ["'readable'", "'readible' arrived"]),
        ("audit data.csv --concept y --permutations 3", ["'--permutations'", "39"]),
        ("audit data.csv --concept y --seed x", ["'--seed'"]),
        ("audit data.csv --concept y --columns 3", ["from 0 to 2", "'3' arrived"]),
        ("audit data.csv --concept y --columns y", ["'y' must name a feature", "'height'"]),
        ("audit data.csv --concept y --columns 0,1,2,0", ["at most 3", "4 were named"]),
        ("audit data.csv --concept y --groups y", ["two columns", "'y'"]),
        ("audit data.csv --concept y --baseline data.csv", ["NAME=FILE", "'data.csv'"]),
        ("audit data.csv --concept y --baseline a=none.csv", ["'none.csv' must exist"]),
        ("audit data.csv --concept y --baseline a=few.npz", ["baseline 'a'", "36 rows", "30"]),
        ("audit data.csv --concept y --baseline a=few.npz --baseline a=few.npz", ["twice"]),
        ("audit data.csv --concept y --out data.csv", ["--out must name the folder", "is a file"]),
        ("audit data.csv --concept y --out page.html", ["looks like a file", "name a folder"]),
        ("audit data.csv --concept y --out data.csv/a", ["that you may write to", "'data.csv/a'"]),
        ("audit text.csv --concept label --numeric", ["'label' was called numeric", "text"]),
        ("fit data.csv --concept y", ["Missing option '--out'", "nullprobe fit --help"]),
        ("fit data.csv --concept y --out e.npz", [".safetensors", "'e.npz'"]),
        ("fit data.csv --concept y --out no/e.safetensors", ["folder", "make it first"]),
        ("fit data.csv --concept y --out e.safetensors --method lda", ["'leace'", "'lda'"]),
        ("apply data.csv data.csv --out out.csv", ["eraser file", "'data.csv'"]),
        ("apply none.safetensors data.csv --out out.csv", ["no file 'none.safetensors'"]),
        ("apply ok.safetensors data.csv --out out.txt", [".csv", "'out.txt' has .txt"]),
        ("apply ok.safetensors data.csv --out no/out.csv", ["folder", "make it first"]),
        ("apply ok.safetensors data.csv --out o.csv --leave-out x", ["'x' must name a column"]),
        ("apply ok.safetensors data.csv --out o.csv --leave-out width", ["'width' is one of"]),
        ("apply ok.safetensors text.csv --out o.csv", ["'depth' is not among", "rename"]),
        ("apply ok.safetensors wide.npz --out o.npz", ["fitted on 3 features", "has 4"]),
        ("apply ok.safetensors data.csv --out o.npy", ["holds a single array", "'y'"]),
        ("demo --out data.csv", ["--out must name the folder", "is a file"]),
        ("explain", ["No such command 'explain'", "nullprobe --help"]),
        ("audit data.csv --concpt y", ["--concpt", "--concept"]),
    ],
)
def test_a_wrong_command_is_refused_in_one_sentence(arguments, parts, capsys):
    write(Path("data.csv"))
    pd.DataFrame({"height": X[:, 0], "width": X[:, 1], "label": LABELS}).to_csv(
        "text.csv", index=False
    )
    np.savez("few.npz", X=X[:30])
    np.savez("wide.npz", X=np.hstack([X, X[:, :1]]), y=Y)
    LEACE().fit(X, Y).eraser_.named(NAMES).save("ok.safetensors")
    said = refused(capsys, *shlex.split(arguments))
    for part in parts:
        assert part in said


def test_a_sentence_is_never_broken_into_lines(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    name = "a-long-name-" * 20
    assert name in refused(capsys, "audit", f"{name}.csv", "--concept", "y")


def test_help_is_shown_where_no_command_is_given(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert "audit" in out + err
    assert "nullprobe: " not in err


def test_too_few_rows_are_refused(capsys):
    write(Path("data.npz"), X[:8], Y[:8])
    assert "at least 6 rows" in refused(capsys, "audit", "data.npz", "--concept", "y")


def test_a_full_disk_is_said_and_leaves_nothing(capsys, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "data-audit.html")

    monkeypatch.setattr(subject, "write_html", full)
    write(Path("data.npz"))
    said = refused(capsys, "audit", "data.npz", "--concept", "y", *QUICK)
    assert said == "nullprobe: 'data-audit.html': no space left on device.\n"


# Our own faults


@pytest.mark.parametrize("way", ["plain", "option", "variable"])
def test_a_bug_of_ours_is_owned_and_exits_with_1(way, capsys, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(subject, "audit", broken)
    if way == "variable":
        monkeypatch.setenv("NULLPROBE_DEBUG", "1")
    before = files()
    debug = ["--debug"] if way == "option" else []
    assert main([*debug, "audit", "--world", "xor"]) == 1
    err = capsys.readouterr().err
    assert "bug of ours" in err
    assert "ZeroDivisionError: division by zero" in err
    assert ("Traceback" in err) == (way != "plain")
    assert (err.count("\n") == 1) == (way == "plain")
    assert ("nullprobe --debug" in err) == (way == "plain")
    assert files() == before


def test_an_error_of_a_library_without_errno_is_a_bug_of_ours(capsys, monkeypatch):
    def broken(*_):
        raise OSError("template not found")  # as jinja2 says it

    monkeypatch.setattr(subject, "write_html", broken)
    assert main(["audit", "--world", "two_features", *QUICK]) == 1
    assert "bug of ours" in capsys.readouterr().err


def test_lack_of_memory_is_called_by_its_name(capsys, monkeypatch):
    def broken(*_, **__):
        raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr(subject, "audit", broken)
    assert main(["audit", "--world", "xor"]) == 1
    assert "memory ran out (Unable to allocate 9 TiB)" in capsys.readouterr().err


# Interrupts


@pytest.mark.parametrize("writer", ["write_html", "write_json"])
def test_an_interrupt_while_writing_leaves_neither_file(writer, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(subject, writer, interrupt)
    assert main(["audit", "--world", "two_features", *QUICK]) == 130
    assert capsys.readouterr().err == "nullprobe: interrupted; nothing was left half-written.\n"
    assert files() == []


def test_control_c_during_an_audit_exits_with_130_and_leaves_nothing():
    # What a shell starts in the background ignores the signal, and so may this test runner.
    code = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from nullprobe.cli import main, subject
def tell(self, stage, done, total):
    print(stage, flush=True)
subject.Bars.__call__ = tell
"""
    many = ["--permutations", "9999", "--surrogates", "9999"]
    process = command("audit", "--world", "two_features", *many, code=code)
    assert process.stdout is not None
    assert process.stdout.readline() == "permutations\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err == "nullprobe: interrupted; nothing was left half-written.\n"
    assert files() == []


def test_a_reader_who_leaves_is_no_error():
    process = command("audit", "--world", "two_features", *QUICK)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 141
    assert files() == ["two_features-audit.html", "two_features-audit.json"]


# Audits


def documents(path):
    content = json.loads(Path(path).read_text("utf-8"))
    return content if isinstance(content, list) else [content]


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_audit_writes_a_page_and_its_twin(suffix, capsys):
    write(Path(f"data{suffix}"))
    done(capsys, "audit", f"data{suffix}", "--concept", "y", "--out", "a/b", *QUICK)
    (document,) = documents("a/b/data-audit.json")
    assert [claim["name"] for claim in document["claims"]] == ["one_direction"]
    assert document["provenance"]["source"] == {"file": f"data{suffix}", "concept": "y"}
    assert document["provenance"]["rows"] == N
    page = Path("a/b/data-audit.html").read_text("utf-8")
    assert "One direction" in page
    assert files() == ["a/b/data-audit.html", "a/b/data-audit.json", f"data{suffix}"]


def test_a_folder_is_audited_under_its_name(capsys):
    Path("shards").mkdir()
    write(Path("shards/0.npz"), X[:20], Y[:20])
    write(Path("shards/1.npz"), X[20:], Y[20:])
    done(capsys, "audit", "shards", "--concept", "y", *QUICK)
    assert documents("shards-audit.json")[0]["provenance"]["rows"] == N


def test_every_verdict_is_printed_as_a_row_and_in_words(capsys):
    write(Path("data.csv"))
    out = done(capsys, "audit", "data.csv", "--concept", "y", *FEW)
    words = " ".join(out.split())
    claims = documents("data-audit.json")[0]["claims"]
    assert [claim["name"] for claim in claims] == list(CLAIMS)
    for claim in claims:
        assert claim["statement"] in words
        assert claim["reason"] in words
        assert claim["fact_about"].replace("_", " ") in words
    assert "36 rows, 3 features; classes 0 (18), 1 (18)" in words
    assert "Wrote data-audit.html" in out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out


@pytest.mark.parametrize("columns", ["50", "80", "120"])
def test_a_table_is_never_cut(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    few = [*FEW, "--claims", "readable,one_direction"]
    out = done(capsys, "audit", "--world", "two_features", *few)
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= int(columns)
    for cell in ("canonical corr.", "linear algebra", "representation", "moments"):
        assert cell in out or columns == "50"


def test_the_command_in_a_document_makes_it_again(capsys):
    write(Path("my data.csv"), y=LABELS, group=np.arange(N) // 2 % 9, code=CODES)
    write(Path("words.csv"), X**2, y=LABELS, code=CODES)
    done(
        capsys, "audit", "my data.csv", "--concept", "y", "--groups", "group", "--leave-out",
        "code", "--baseline", "words=words.csv", "--columns", "depth,0", "--claims",
        "readable,one_direction", "--seed", 3, *FEW, "--out", "first",
    )  # fmt: skip
    (document,) = documents("first/my data-audit.json")
    line = shlex.split(document["provenance"]["command"])
    assert line[:2] == ["nullprobe", "audit"]
    assert str(Path.cwd()) not in document["provenance"]["command"]
    done(capsys, *line[1:], "--out", "second")
    again = Path("second/my data-audit.json").read_bytes()
    assert again == Path("first/my data-audit.json").read_bytes()
    assert document["portrait"]["axes"] == ["depth", "height"]
    assert document["provenance"]["groups"] == 9
    assert document["provenance"]["source"]["baseline words"] == "words.csv"
    assert "words" in document["claims"][0]["reason"]


def test_the_same_seed_gives_the_same_bytes_in_another_process(capsys):
    arguments = ["audit", "--world", "two_features", *FEW, "--seed", "5", "--out"]
    done(capsys, *arguments, "here")
    process = command(*arguments, "there", PYTHONHASHSEED="77")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    name = "two_features-audit.json"
    assert Path("here", name).read_bytes() == Path("there", name).read_bytes()


def test_columns_to_draw_are_named_by_name_number_or_in_quotes(capsys):
    frame = pd.DataFrame({"a, b": X[:, 0], "1": X[:, 1], "c": X[:, 2], "d": X[:, 0] ** 2, "y": Y})
    frame.to_csv("data.csv", index=False)
    one = ["audit", "data.csv", "--concept", "y", *QUICK]
    done(capsys, *one, "--columns", '"a, b", 1,3')
    assert documents("data-audit.json")[0]["portrait"]["axes"] == ["a, b", "1", "d"]


def test_columns_have_their_names_where_all_are_drawn(capsys):
    write(Path("data.csv"))
    done(capsys, "audit", "data.csv", "--concept", "y", *QUICK)
    assert documents("data-audit.json")[0]["portrait"]["axes"] == NAMES


def test_whole_numbers_can_be_measured_instead_of_classified(capsys):
    write(Path("data.npz"), y=np.round(10 * X[:, 0]).astype(int))
    assert "at least 6 rows" in refused(capsys, "audit", "data.npz", "--concept", "y", *FEW)
    out = done(capsys, "audit", "data.npz", "--concept", "y", "--numeric", *FEW)
    assert "R²" in out
    assert "--numeric" in documents("data-audit.json")[0]["provenance"]["command"]


def test_a_world_is_drawn_with_its_options_and_its_truth_is_told(capsys):
    option = ["--world-option", "n_per_class=30", "--world-option", "standardise=true"]
    out = done(capsys, "audit", "--world", "two_features", *option, *QUICK)
    known = "with an eraser that knows its means: one direction yes."
    assert known in " ".join(out.split())
    provenance = documents("two_features-audit.json")[0]["provenance"]
    assert provenance["rows"] == 60
    assert "standardise=True" in provenance["source"]["world"]
    assert provenance["source"]["truth of gone"] == "no"


def test_the_demo_writes_one_page_of_four_data_sets(capsys, monkeypatch):
    some = [replace(one, X=one.X[:60, :3], y=one.y[:60]) for one in subjects(0)]
    some[2:] = [replace(one, feature_names=None) for one in some[2:]]
    monkeypatch.setattr(demo, "subjects", lambda seed: some)
    out = done(capsys, "demo", *FEW, "--out", "page")
    found = documents("page/nullprobe-demo.json")
    assert [document["title"] for document in found] == [one.title for one in subjects(0)]
    for document in found:
        assert document["title"] in out
        assert document["provenance"]["command"].startswith("nullprobe demo --permutations 39")
    assert found[0]["portrait"]["axes"][2] == "noise"
    assert files() == ["page/nullprobe-demo.html", "page/nullprobe-demo.json"]


def test_the_demo_draws_the_founding_experiment_twice():
    raw, standardised, *_ = subjects(4)
    world = nullprobe.worlds.two_features(n_per_class=100, d=3, random_state=4)
    np.testing.assert_array_equal(raw.X, world.X)
    np.testing.assert_array_equal(raw.y == "positive", world.y == 1)
    np.testing.assert_allclose(standardised.X.std(axis=0), 1)


# Fit and apply


@pytest.mark.parametrize("method", ERASERS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_fit_and_apply_do_what_the_library_does(suffix, method, capsys):
    path = write(Path(f"data{suffix}"))
    done(capsys, "fit", path, "--concept", "y", "--out", "e.safetensors", "--method", method)
    done(capsys, "apply", "e.safetensors", path, "--out", f"out{suffix}")
    table = read(path, concept="y")
    expected = {"leace": LEACE, "mean_projection": MeanProjection}[method]().fit_transform(
        table.X, table.y
    )
    after = read(f"out{suffix}", concept="y")
    np.testing.assert_allclose(after.X, expected, rtol=1e-12, atol=1e-14)
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
    done(capsys, "apply", "e.safetensors", "bare.npy", "--out", "bare.npy")
    after, _ = read_matrix("bare.npy")
    assert after.dtype == np.float32
    np.testing.assert_allclose(after, LEACE().fit_transform(X, Y), atol=1e-5)


def test_a_table_with_another_feature_is_refused(capsys):
    LEACE().fit(X, Y).eraser_.named(NAMES).save("e.safetensors")
    np.savez("more.npz", X=np.hstack([X, X[:, :1]]), feature_names=[*NAMES, "age"])
    assert "it has 'age', too" in refused(
        capsys, "apply", "e.safetensors", "more.npz", "--out", "o.npz"
    )


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


# The shell


def test_python_m_nullprobe_is_the_command_line():
    refusal = command("audit", "none.csv", "--concept", "y")
    said = "nullprobe: 'none.csv' must exist, but there is nothing of that name; check the path.\n"
    assert refusal.communicate(timeout=60) == ("", said)
    assert refusal.returncode == 2


def test_the_version_is_that_of_the_package(capsys):
    assert done(capsys, "--version") == f"nullprobe {nullprobe.__version__}\n"


def test_help_needs_no_heavy_library():
    # The package itself is stood in for: what it gathers is not the command line's to decide.
    code = f"""
import types
package = types.ModuleType("nullprobe")
package.__path__ = [{str(PACKAGE)!r}]
sys.modules["nullprobe"] = package
from nullprobe.cli import main as run
def main(arguments):
    code = run(arguments)
    heavy = {{"numpy", "scipy", "sklearn", "torch", "plotly", "pyarrow", "pandas"}}
    print("HEAVY", heavy & set(sys.modules))
    return code
"""
    for arguments in (["--help"], ["audit", "--help"]):
        process = command(*arguments, code=code)
        out, err = process.communicate(timeout=60)
        assert "HEAVY set()" in out, err


def test_help_names_all_claims_and_methods(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["audit", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in CLAIMS)
    assert main(["fit", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ERASERS)


def test_a_stream_that_knows_no_greek_gets_question_marks(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert main(["audit", "--world", "two_features", *QUICK]) == 0
    assert b"One direction" in written.getvalue()
    assert b"?" in written.getvalue()


def test_progress_bars_follow_the_stages(monkeypatch):
    seen = []

    class Bar(types.SimpleNamespace):
        def update(self, step):
            self.n += step

        def close(self):
            seen.append((self.desc, self.n, self.total))

    monkeypatch.setattr(subject, "tqdm", lambda **options: Bar(n=0, **options))
    with subject.Bars("data") as bars:
        for done_ in (0, 2, 5):
            bars("permutations", done_, 5)
        bars("surrogates", 1, 9)
    assert seen == [("data: permutations", 5, 5), ("data: surrogates", 1, 9)]
