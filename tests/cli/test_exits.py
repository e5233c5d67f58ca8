"""Exit codes and sentences: faults of the user's, of ours, interrupts and readers who leave."""

import errno
import signal
from pathlib import Path

import pytest
from support.command_files import QUICK, command, files, refused, write

from nullprobe.cli import main, output, subject


def test_a_sentence_is_never_broken_into_lines(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    name = "a-long-name-" * 20
    assert name in refused(capsys, "audit", f"{name}.csv", "--concept", "y")


def test_a_full_disk_is_said_and_leaves_nothing(capsys, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "data-audit.html")

    monkeypatch.setattr(output, "write_html", full)
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

    monkeypatch.setattr(output, "write_html", broken)
    assert main(["audit", "--world", "two_features", *QUICK]) == 1
    assert "bug of ours" in capsys.readouterr().err


def test_lack_of_memory_is_called_by_its_name(capsys, monkeypatch):
    def broken(*_, **__):
        raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr(subject, "audit", broken)
    assert main(["audit", "--world", "xor"]) == 1
    assert "memory ran out (Unable to allocate 9 TiB)" in capsys.readouterr().err


# Interrupts


@pytest.mark.slow
@pytest.mark.parametrize("writer", ["write_html", "write_json"])
def test_an_interrupt_while_writing_leaves_neither_file(writer, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(output, writer, interrupt)
    assert main(["audit", "--world", "two_features", *QUICK]) == 130
    assert capsys.readouterr().err == "nullprobe: interrupted; nothing was left half-written.\n"
    assert files() == []


@pytest.mark.slow
def test_control_c_during_an_audit_exits_with_130_and_leaves_nothing():
    # What a shell starts in the background ignores the signal, and so may this test runner.
    code = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from nullprobe._core.progress import Bars
from nullprobe.cli import main
def tell(self, stage, done, total):
    print(stage, flush=True)
Bars.__call__ = tell
"""
    many = ["--draws", "9999"]
    process = command("audit", "--world", "two_features", *many, code=code)
    assert process.stdout is not None
    assert process.stdout.readline() == "permutations\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err == "nullprobe: interrupted; nothing was left half-written.\n"
    assert files() == []


@pytest.mark.slow
def test_a_reader_who_leaves_is_no_error():
    process = command("audit", "--world", "two_features", *QUICK)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 141
    assert files() == ["two_features-audit.html", "two_features-audit.json"]
