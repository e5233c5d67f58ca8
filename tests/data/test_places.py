"""Where input lies: patterns, pipes, devices, remote addresses."""

import functools
import io
import os
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import fsspec
import numpy as np
import pytest
from support.files import csv, datasets_folder, npz
from support.tables import X, Y

from nullprobe._core.validation import InputError
from nullprobe.data import places
from nullprobe.data.files import read, read_matrix


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def piped(monkeypatch):
    """A function that sends bytes to the standard input."""

    def send(content):
        monkeypatch.setattr(places, "_copies", {})
        source = SimpleNamespace(buffer=io.BytesIO(content))
        monkeypatch.setattr(sys, "stdin", source)

    return send


def test_a_pattern_reads_its_files_in_the_order_of_their_names(tmp_path):
    for i, at in enumerate([slice(0, 2), slice(2, 4), slice(4, 6)]):
        np.savez(tmp_path / f"part-{i}.npz", X=X[at], y=Y[at])
    np.savez(tmp_path / "other.npz", X=-X, y=Y)
    table = read(tmp_path / "part-*.npz", concept="y")
    np.testing.assert_array_equal(table.X, X)
    np.testing.assert_array_equal(read(tmp_path / "part-[12].npz", concept="y").X, X[2:])


def test_a_pattern_of_folders_reads_all_of_them(tmp_path):
    datasets_folder(tmp_path)
    (tmp_path / "rows").rename(tmp_path / "rows-0")
    datasets_folder(tmp_path)
    (tmp_path / "rows").rename(tmp_path / "rows-1")
    assert read(tmp_path / "rows-*", concept="label").X.shape == (12, 3)


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    npz(tmp_path).rename(tmp_path / "rows[1].npz")
    assert len(read(tmp_path / "rows[1].npz", concept="y").X) == 6


@pytest.mark.parametrize("name", ["no-*.npz", "no.npz", "no/folder.npz", "x" * 5000, "a\0b"])
def test_what_does_not_exist_is_refused(tmp_path, name):
    with pytest.raises(InputError):
        read_matrix(tmp_path / name)


@pytest.mark.parametrize("make", [npz, csv])
def test_a_pipe_is_read_as_the_file_would_be(tmp_path, piped, make):
    path = make(tmp_path)
    piped(path.read_bytes())
    label = "y" if make is npz else "label"
    np.testing.assert_array_equal(
        read("-", concept=label).X, read(path, concept=label).X
    )  # names and values need two passes


def test_a_pipe_has_a_limit(piped, monkeypatch):
    monkeypatch.setattr(places, "LARGEST_PIPE", 100)
    piped(b"a,y\n" + b"1,2\n" * 100)
    with pytest.raises(InputError, match="at most 100 bytes"):
        read("-", concept="y")


def test_named_pipes_and_devices_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", "/dev/zero", tmp_path / "pipe.*"):
        with pytest.raises(InputError, match="must be a file or a folder"):
            read(path, concept="y")


@pytest.mark.parametrize("as_path", [str, places.Path])
def test_remote_files_folders_and_patterns_are_read(tmp_path, as_path):
    remote = fsspec.filesystem("memory")
    remote.put(str(npz(tmp_path)), "/bucket/one/rows.npz")
    np.savez(tmp_path / "rows.npz", X=-X, y=Y)
    remote.put(str(tmp_path / "rows.npz"), "/bucket/one/sows.npz")
    remote.put(str(datasets_folder(tmp_path)), "/bucket/set", recursive=True)
    np.testing.assert_array_equal(read(as_path("memory://bucket/one/rows.npz"), concept="y").X, X)
    both = np.vstack([X, -X])
    np.testing.assert_array_equal(read(as_path("memory://bucket/one"), concept="y").X, both)
    np.testing.assert_array_equal(read(as_path("memory://bucket/one/*"), concept="y").X, both)
    assert read(as_path("memory://bucket/set"), concept="label").X.shape == (6, 3)
    # The copy of a file that has changed is not used again.
    remote.put(str(tmp_path / "rows.npz"), "/bucket/one/rows.npz")
    np.testing.assert_array_equal(read(as_path("memory://bucket/one/rows.npz"), concept="y").X, -X)


def test_a_file_of_the_web_is_read(tmp_path):
    pytest.importorskip("aiohttp")
    npz(tmp_path)
    handler = functools.partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/rows.npz?download=true"
        found = read(address, concept="y").X
        server.shutdown()
    np.testing.assert_array_equal(found, X)


def test_the_address_of_a_local_file_is_read(tmp_path):
    path = npz(tmp_path)
    for address in (path.as_uri(), places.Path(path.as_uri())):
        np.testing.assert_array_equal(read(address, concept="y").X, X)


@pytest.mark.parametrize("address", ["memory://none/rows.npz", "nosuch://a/rows.npz"])
def test_remote_files_that_cannot_be_read_are_refused(address):
    with pytest.raises(InputError):
        read_matrix(address)


@pytest.mark.parametrize(
    ("library", "make"), [("fsspec", None), ("h5py", "hdf5"), ("torch", "torch_dict")]
)
def test_a_library_that_is_missing_is_named(tmp_path, monkeypatch, library, make):
    from support import files

    path = "memory://a/b.npz" if make is None else getattr(files, make)(tmp_path)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match="pip install") as caught:
        read_matrix(path)
    assert library in caught.value.required
