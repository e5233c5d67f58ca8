"""Files as people have them: read by commands without options, and refused with the option."""

import os
import signal
import stat
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from support.command_files import FEW, command, documents, done, refused, write
from support.files import csv, datasets_folder, feather, hdf5, json_columns, torch_dict
from support.tables import X as ROWS

from nullprobe import load_eraser
from nullprobe._core.atomic_files import TEMPORARY

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


def test_labels_of_requests_belong_to_requests(capsys):
    write(Path("rows.npz"))
    Path("labels.csv").write_text("request,label\na,1\n")
    words = ["fit", "rows.npz", "--labels", "labels.csv", "--out", "e.safetensors"]
    assert "--labels belongs" in refused(capsys, *words)


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
