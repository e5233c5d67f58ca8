"""A capture that was killed, refused, or run twice: what it leaves, and how it goes on."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from support import captured_folder as small
from support import tiny_models as tiny

from nullprobe import InputError
from nullprobe._core.atomic_files import only_writer
from nullprobe.data.captured import CapturedFolder
from nullprobe.models import capture_to
from nullprobe.models.capturing import folder as module

TEXTS = [*tiny.texts(8, shortest=3, longest=6), "w1 w2", "w3 w4 w5 w6 w7"]
SITES = ["embeddings", "layers.1.output"]
LABELS = {"kind": ["a", "b"] * 5}


def written(folder, *, texts=TEXTS, labels=LABELS, **changes):
    given = {"labels": labels, "concept": "kind", "shard_size": 4, **changes}
    return capture_to(folder, tiny.model_of("gpt2"), tiny.word_tokenizer(), texts, SITES, **given)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return contents(written(tmp_path_factory.mktemp("captured") / "whole"))


@contextmanager
def snapshots(folder, into, monkeypatch):
    """Copy the folder before and after everything that is done to the disk, and half-way."""
    taken = []

    def take():
        if folder.exists():
            shutil.copytree(folder, into / f"{len(taken):03d}")
            taken.append(into / f"{len(taken):03d}")

    def around(owner, name):
        real = getattr(owner, name)

        def wrapped(*args, **options):
            inside = str(args[0]).startswith(str(folder))
            if inside:
                take()
            result = real(*args, **options)
            if inside:
                take()
            return result

        patch.setattr(owner, name, wrapped)

    def halves(owner, name):
        real = getattr(owner, name)

        def wrapped(path, content, *args):
            real(path, content[: len(content) // 2], *args)
            take()
            real(path, content, *args)
            take()

        patch.setattr(owner, name, wrapped)

    with monkeypatch.context() as patch:
        for owner, name in ((os, "replace"), (os, "open"), (os, "unlink"), (os, "mkdir"),
                            (Path, "unlink"), (Path, "mkdir"), (Path, "rmdir")):  # fmt: skip
            around(owner, name)
        for name in ("write_bytes", "write_text"):
            halves(Path, name)
        yield taken


def refused_at_text_8(folder, **changes):
    """Leave another capture, refused when the states of text 8 are not finite."""
    real = module.captured

    def flawed(work, first, stop):
        if first <= 8 < stop:
            raise InputError("hidden states must be finite, but those of text 8 are not.")
        return real(work, first, stop)

    with mock.patch.object(module, "captured", flawed), pytest.raises(InputError, match="text 8"):
        written(folder, tokens="mean", **changes)


def refused_first(folder):
    refused_at_text_8(folder, shard_size=2)
    assert len(list(folder.glob("*.safetensors"))) == 4


def damaged(folder):
    written(folder)
    (folder / "000001.safetensors").write_bytes(b"abc")


BEFORE = {"nothing": lambda folder: None, "refused": refused_first, "damaged": damaged}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*written again")
@pytest.mark.parametrize("before", BEFORE)
def test_a_kill_at_any_moment_leaves_a_folder_that_goes_on(before, whole, tmp_path, monkeypatch):
    folder, states = tmp_path / "states", tmp_path / "at"
    states.mkdir()
    BEFORE[before](folder)
    with snapshots(folder, states, monkeypatch) as taken:
        written(folder)
    assert contents(folder) == whole
    assert len(taken) > 10
    for state in taken:
        if set(contents(state)) != set(whole) or contents(state) != whole:
            with pytest.raises(InputError):
                CapturedFolder(state).read()
        written(state)
        assert contents(state) == whole


@pytest.mark.slow
def test_a_kill_before_the_first_shard_leaves_a_folder_for_any_capture(tmp_path, monkeypatch):
    (tmp_path / "at").mkdir()
    with snapshots(tmp_path / "states", tmp_path / "at", monkeypatch) as taken:
        written(tmp_path / "states")
    other = contents(written(tmp_path / "other", tokens="mean"))
    free = [state for state in taken if not (state / "000000.safetensors").exists()]
    assert any((state / "manifest.json").exists() for state in free)
    for state in free:
        written(state, tokens="mean")
        assert contents(state) == other
    with pytest.raises(InputError, match="'tokens'"):
        written(taken[-1], tokens="mean")


@pytest.mark.parametrize(("shard_size", "left"), [(10, 0), (4, 2), (9, 0)])
def test_a_refused_capture_does_not_block_another(shard_size, left, whole, tmp_path):
    refused_at_text_8(tmp_path / "a" / "b", shard_size=shard_size)
    assert len(list(tmp_path.rglob("*.safetensors"))) == left
    if left:
        with pytest.raises(InputError, match="was refused: .*text 8"):
            CapturedFolder(tmp_path / "a" / "b")
    else:
        assert not (tmp_path / "a").exists()
    assert contents(written(tmp_path / "a" / "b")) == whole


@pytest.mark.parametrize("shard_size", [4, 9, 10])
def test_a_text_that_cannot_be_read_is_refused_before_anything_is_written(shard_size, tmp_path):
    with pytest.raises(InputError, match="text 8"):
        written(tmp_path / "a" / "b", tokens=2, shard_size=shard_size)
    assert not (tmp_path / "a").exists()


def test_a_capture_that_was_refused_goes_on_where_it_stopped(whole, tmp_path, monkeypatch):
    calls, real = [], module.captured

    def flawed(work, first, stop):
        calls.append(first)
        if calls == [0, 4]:
            raise InputError("hidden states must be finite.")
        return real(work, first, stop)

    monkeypatch.setattr(module, "captured", flawed)
    with pytest.raises(InputError, match="finite"):
        written(tmp_path / "a")
    assert "refused" in json.loads((tmp_path / "a" / "manifest.json").read_text("utf-8"))
    assert contents(written(tmp_path / "a")) == whole
    assert calls == [0, 4, 4, 8]


def test_a_shard_of_other_widths_than_the_sites_have_is_not_written(tmp_path, monkeypatch):
    real = module.captured

    def wide(work, first, stop):
        rows = real(work, first, stop)
        if first:
            rows.arrays[SITES[0]] = rows.arrays[SITES[0]].repeat(2, axis=1)
        return rows

    monkeypatch.setattr(module, "captured", wide)
    with pytest.raises(InputError, match="000001.*32"):
        written(tmp_path / "a")
    assert sorted(contents(tmp_path / "a")) == ["000000.safetensors", "manifest.json"]
    assert "refused" in json.loads((tmp_path / "a" / "manifest.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "way",
    ["a shard over another", "two shards swapped", "a missing shard", "a cut end",
     "a code of -1", "no concept", "wider", "values edited", "one bit of the header"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*written again")
def test_shards_that_were_tampered_with_are_made_again(way, tmp_path):
    folder = written(tmp_path / "a", texts=TEXTS * 4, labels={"kind": LABELS["kind"] * 4},
                     shard_size=10)  # fmt: skip
    before = contents(folder)
    spoil, _ = {**small.STRUCTURE, **small.HASHED}[way]
    if way in ("wider", "values edited"):
        spoil = small.edit(1, small.put(SITES[0], lambda a: a * 2))
    spoil(folder)
    assert contents(folder) != before
    assert contents(written(folder, texts=TEXTS * 4, labels={"kind": LABELS["kind"] * 4},
                            shard_size=10)) == before  # fmt: skip


@pytest.mark.parametrize("way", ["a shard twice", "a shard of any name", "no shards", "no hash"])
def test_what_was_added_or_a_manifest_that_was_edited_is_not_continued(way, tmp_path):
    folder = written(tmp_path / "a", texts=TEXTS * 4, labels={"kind": LABELS["kind"] * 4},
                     shard_size=10)  # fmt: skip
    spoil, file = {**small.STRUCTURE, **small.HASHED}[way]
    spoil(folder)
    before = contents(folder)
    with pytest.raises(InputError, match=file):
        written(folder, texts=TEXTS * 4, labels={"kind": LABELS["kind"] * 4}, shard_size=10)
    assert contents(folder) == before


def test_a_folder_of_the_first_format_is_not_continued(tmp_path):
    folder = written(tmp_path / "a")
    small.as_first_format(folder)
    before = contents(folder)
    with pytest.raises(InputError, match="cannot be verified"):
        written(folder)
    assert contents(folder) == before


def test_temporary_files_of_killed_runs_are_removed(whole, tmp_path):
    folder = written(tmp_path / "a")
    (folder / ".nullprobe-0123456789abcdef.safetensors").write_bytes(b"half")
    assert contents(written(folder)) == whole
    empty = tmp_path / "b"
    empty.mkdir()
    (empty / ".nullprobe-0123456789abcdef.json").write_bytes(b"half")
    assert contents(written(empty)) == whole


HOLDER = """
import sys, time, pathlib
from nullprobe._core.atomic_files import only_writer
with only_writer(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks of folders")
def test_a_folder_is_written_by_one_process_at_a_time(whole, tmp_path):
    folder = tmp_path / "a"
    child = subprocess.Popen([sys.executable, "-c", HOLDER, folder], stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(InputError, match="one process at a time"):
            written(folder)
        assert contents(folder) == {}
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    assert contents(written(folder)) == whole
    with only_writer(folder), pytest.raises(InputError, match="one process at a time"):
        written(folder)


def test_a_label_cannot_have_the_name_of_a_site(tmp_path):
    labels = {"embeddings": LABELS["kind"]}
    with pytest.raises(InputError, match="'embeddings' is a site"):
        written(tmp_path / "a", labels=labels, concept=None)
    assert not (tmp_path / "a").exists()
