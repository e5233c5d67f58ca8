"""Files as people have them: read by commands without options, and refused with the option."""

import os
import signal
import stat
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file
from support.command_files import FEW, command, documents, done, refused, write
from support.files import csv, datasets_folder, feather, hdf5, json_columns, npy, torch_dict
from support.tables import X as ROWS

from nullprobe import load_eraser
from nullprobe._core.atomic_files import TEMPORARY
from nullprobe.data.formats import names
from nullprobe.data.usual_names import USUAL_LABELS

STATES = np.random.default_rng(0).normal(size=(40, 4, 3)).astype("float32")
Y = np.arange(40) % 2


@pytest.mark.parametrize("make", [torch_dict, hdf5, feather, datasets_folder, json_columns])
def test_an_eraser_is_fitted_and_applied_without_options(capsys, make):
    path = make(Path.cwd())
    done(capsys, "fit", path, "--out", "e.safetensors")
    done(capsys, "apply", "e.safetensors", path, "--out", "erased.npz")
    erased = np.load("erased.npz")
    rows = next(erased[name] for name in erased.files if erased[name].shape == ROWS.shape)
    np.testing.assert_allclose(rows, load_eraser("e.safetensors").apply(ROWS), atol=1e-6)


def test_arrays_of_tokens_need_the_option_that_chooses(capsys):
    np.savez("rows.npz", acts=STATES, y=Y)
    fit = ["fit", "rows.npz", "--out", "e.safetensors"]
    assert "--tokens last" in refused(capsys, *fit)
    assert "'mean'" in refused(capsys, *fit, "--tokens", "middle")
    done(capsys, *fit, "--tokens", "mean")
    np.testing.assert_allclose(load_eraser("e.safetensors").mean, STATES.mean((0, 1)), atol=1e-6)
    done(capsys, "apply", "e.safetensors", "rows.npz", "--tokens", "mean", "--out", "out.npz")
    assert np.load("out.npz")["acts"].shape == (40, 3)


@pytest.fixture
def states():
    Path("states").mkdir()
    for i, one in enumerate(STATES):
        arrays = {"token_ids": np.arange(4), "hidden_states": one[:, None] * np.ones((1, 2, 1))}
        save_file(arrays, f"states/r{i:02}.safetensors")
    lines = "".join(f"r{i:02},{'ab'[y]}\n" for i, y in enumerate(Y))
    Path("labels.csv").write_text(f"request,label\n{lines}")


def test_states_by_request_are_audited_at_every_layer(capsys, states):
    done(capsys, "audit", "states", "--labels", "labels.csv", "--claims", "readable", *FEW)
    audits = documents("states-label-audit.json")
    assert len(audits) == 2
    assert "--labels labels.csv" in audits[0]["provenance"]["command"]


def test_an_eraser_of_requests_is_of_one_layer_and_records_it(capsys, states):
    fit = ["fit", "states", "--labels", "labels.csv", "--out", "e.safetensors"]
    assert "layer 0, layer 1" in refused(capsys, *fit)
    done(capsys, *fit, "--site", "layer 1")
    eraser = load_eraser("e.safetensors")
    assert (eraser.details["site"], eraser.details["tokens"]) == ("layer 1", "last")
    np.testing.assert_allclose(eraser.mean, STATES[:, -1].mean(0), atol=1e-6)


LABELLED = ["a", "b"] * 3  # of the six rows of support.tables


@pytest.mark.parametrize("labels", ["tone.csv", "tone.npy", "tone.parquet"])
@pytest.mark.parametrize("make", [npy, torch_dict, hdf5, feather, datasets_folder, csv])
def test_labels_in_another_file_give_the_same_eraser_as_labels_inside(capsys, make, labels):
    path = make(Path.cwd())
    write_labels(Path(labels), LABELLED)
    own = [word for name in names(path) if name in USUAL_LABELS for word in ("--leave-out", name)]
    done(capsys, "fit", path, "--labels", labels, *own, "--out", "e.safetensors")
    np.savez("both.npz", X=ROWS, tone=LABELLED)
    done(capsys, "fit", "both.npz", "--concept", "tone", "--out", "right.safetensors")
    found, right = (load_eraser(f"{name}.safetensors") for name in ("e", "right"))
    np.testing.assert_allclose(found.apply(ROWS), right.apply(ROWS), atol=1e-6)  # float32
    assert found.details["concept"] == "tone"


def test_an_eraser_that_needs_labels_takes_them_from_another_file(capsys):
    np.save("rows.npy", ROWS)
    Path("labels.csv").write_text("\n".join(["tone", *LABELLED]) + "\n")
    words = ["--labels", "labels.csv", "--out"]
    done(capsys, "fit", "rows.npy", "--method", "oracle_leace", *words, "oracle.safetensors")
    done(capsys, "apply", "oracle.safetensors", "rows.npy", *words, "out.npy")
    erased, y = np.load("out.npy"), np.array(LABELLED)
    np.testing.assert_allclose(erased[y == "a"].mean(0), erased[y == "b"].mean(0), atol=1e-6)
    done(capsys, "fit", "rows.npy", *words, "affine.safetensors")
    assert "leave --labels out" in refused(
        capsys, "apply", "affine.safetensors", "rows.npy", *words, "o.npy"
    )


def write_labels(path, y):
    if path.suffix == ".npy":
        np.save(path, y)
    elif path.suffix == ".csv":
        path.write_text("\n".join([path.stem, *y]) + "\n")
    else:
        pq.write_table(pa.table({path.stem: y}), path)


def test_audits_use_groups_and_drawn_rows_of_another_file(capsys):
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    np.save("rows.npy", rng.normal(size=(120, 3)) + 2.0 * y[:, None])
    lines = [f"{'ab'[label]},{i // 4}" for i, label in enumerate(y)]
    Path("labels.csv").write_text("\n".join(["label,person", *lines]) + "\n")
    words = ["rows.npy", "--labels", "labels.csv", "--groups", "person", "--claims", "readable"]
    done(capsys, "audit", *words, "--rows", "80", *FEW)
    (found,) = documents("rows-label-audit.json")
    assert found["provenance"]["groups"] == 20
    assert found["claims"][0]["observed"] > 0.9
    assert found["provenance"]["source"]["labels"] == "labels.csv"


@pytest.mark.parametrize("rows", ["rows.npz", "rows.csv", "rows.npy"])
def test_a_file_of_labels_has_as_many_rows_and_names_of_its_own(capsys, rows):
    if rows == "rows.npy":
        np.save(rows, np.eye(36))
    else:
        write(Path(rows))
    fit = ["fit", rows, "--labels", "labels.csv", "--out", "e.safetensors"]
    Path("labels.csv").write_text("tone,other\na,1\nb,2\n")
    assert "'tone', 'other'" in refused(capsys, *fit)  # no usual name
    assert "one value for each of 36 rows" in refused(capsys, *fit, "--concept", "tone")
    assert "other" in refused(capsys, *fit, "--concept", "nothing")
    if rows != "rows.npy":
        assert "'tone', 'other'" in refused(capsys, *fit, "--concept", "y")  # not used
        Path("labels.csv").write_text("y\n" + "a\nb\n" * 18)
        assert "both have it" in refused(capsys, *fit, "--concept", "y")


def test_a_real_pipe_is_read():
    content = csv(Path.cwd()).read_bytes()
    read, send = os.pipe()
    os.write(send, content)
    os.close(send)
    program = "import os, sys; os.dup2(int(sys.argv.pop(1)), 0)"
    words = ["-c", f"{program}\nfrom nullprobe.cli import main\nsys.exit(main(sys.argv[1:]))"]
    words += [str(read), "fit", "-", "--out", "e.safetensors"]
    child = os.posix_spawn(
        sys.executable, [sys.executable, *words], os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, read, read)],
    )  # fmt: skip
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert load_eraser("e.safetensors").details["n"] == "6"


def test_a_private_file_that_is_replaced_stays_private(capsys):
    write(Path("rows.npz"))
    fit = ["fit", "rows.npz", "--concept", "y", "--out", "e.safetensors"]
    done(capsys, *fit)
    apply = ["apply", "e.safetensors", "rows.npz", "--out", "out.npz"]
    done(capsys, *apply)
    for name in ("e.safetensors", "out.npz"):
        Path(name).chmod(0o600)
    done(capsys, *fit, "--force")
    done(capsys, *apply, "--force")
    modes = {stat.S_IMODE(Path(name).stat().st_mode) for name in ("e.safetensors", "out.npz")}
    assert modes == {0o600}


@pytest.mark.slow
def test_what_a_killed_command_leaves_is_removed_by_the_next(capsys):
    write(Path("rows.npz"))
    done(capsys, "fit", "rows.npz", "--concept", "y", "--out", "e.safetensors")
    np.save("large.npy", np.random.default_rng(0).normal(size=(300_000, 3)))
    killed = command("apply", "e.safetensors", "large.npy", "--out", "out.csv")
    while killed.poll() is None and not list(Path.cwd().glob(f"{TEMPORARY}*")):
        time.sleep(0.002)
    killed.send_signal(signal.SIGTERM)
    killed.communicate()
    assert killed.returncode == -signal.SIGTERM
    assert len(list(Path.cwd().glob(f"{TEMPORARY}*"))) == 1
    done(capsys, "fit", "rows.npz", "--concept", "y", "--out", "f.safetensors")
    assert not list(Path.cwd().glob(f"{TEMPORARY}*"))
