"""The command line as a program: help, version, streams, progress."""

import io
import sys
import types

import pytest
from support.command_files import QUICK, command, done, refuses

import nullprobe
from nullprobe._core import progress
from nullprobe.claims import CLAIMS
from nullprobe.cli import main
from nullprobe.erasers import ERASERS


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("explain", ["No such command 'explain'", "nullprobe --help"]),
    ],
)
def test_an_unknown_command_is_refused_in_one_sentence(arguments, parts, capsys):
    refuses(capsys, arguments, parts)


def test_help_is_shown_where_no_command_is_given(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert "audit" in out + err
    assert "nullprobe: " not in err


@pytest.mark.slow
def test_python_m_nullprobe_is_the_command_line():
    refusal = command("audit", "none.csv", "--concept", "y")
    said = "nullprobe: File not found: 'none.csv'.\n"
    assert refusal.communicate(timeout=60) == ("", said)
    assert refusal.returncode == 2


def test_the_version_is_that_of_the_package(capsys):
    assert done(capsys, "--version") == f"nullprobe {nullprobe.__version__}\n"


def test_help_names_all_claims_and_methods(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["audit", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in CLAIMS)
    assert main(["fit", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ERASERS)


@pytest.mark.slow
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

    monkeypatch.setattr(progress, "tqdm", lambda **options: Bar(n=0, **options))
    with progress.Bars("data") as bars:
        for done_ in (0, 2, 5):
            bars("permutations", done_, 5)
        bars("surrogates", 1, 9)
    assert seen == [("data: permutations", 5, 5), ("data: surrogates", 1, 9)]
