"""No control character of a label, a column or a file reaches a terminal, from any command."""

import html
import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.command_files import N, X, Y, done

from nullprobe.cli import main, verdict_tables

WILD = "[red]\x1b]0;owned\x07\x1b[31m\x07\u202e"
FEW = "--draws 39 --n-splits 1"
OUTPUTS = {
    "audit": f"audit wild.npz --concept 'kind{WILD}' --claims readable {FEW}",
    "audit, all": f"audit wild.npz --concept 'kind{WILD}' --claims readable --verbose {FEW}",
    "audit of layers": f"audit layers.npz --concept y --layers 'a*' --claims readable {FEW}",
    "audit of attributes": f"audit wild.npz --concept 'kind{WILD},z' --claims readable --draws 79",
    "baselines": (
        f"audit rows.npz --concept y --baseline '{WILD}=few.npz' --claims readable {FEW} --verbose"
    ),
    "compare": f"compare wild.npz --concept 'kind{WILD}' --erasers leace --probes linear",
    "fit": f"fit wild.npz --concept 'kind{WILD}' --out e.safetensors",
    "fit to a wild file": f"fit wild.npz --concept 'kind{WILD}' --out 'e{WILD}.safetensors'",
    "plan": f"plan 'rows{WILD}.npz' --concept y --n 30",
    "calibrate": (
        f"calibrate wild.npz --concept 'kind{WILD}' --claims readable --audits 1 --draws 39"
        " --n-splits 1"
    ),
}
ERRORS = {
    "no such file": f"audit '{WILD}.csv' --concept y",
    "no such column": f"audit rows.npz --concept '{WILD}'",
    "columns that there are": "audit wild.npz --concept nothing",
    "no such world": f"audit --world '{WILD}'",
    "no such option": f"audit rows.npz '--{WILD}' y",
    "no such command": f"'{WILD}'",
    "a value that is no number": f"audit rows.npz --concept y --seed '{WILD}'",
    "no such claim": f"audit rows.npz --concept y --claims '{WILD}'",
    "no such layer": f"audit layers.npz --concept y --layers '{WILD}'",
    "no such method": f"fit rows.npz --concept y --method '{WILD}' --out e.safetensors",
    "no such eraser": f"apply '{WILD}.safetensors' rows.npz --out out.npz",
    "debug": f"--debug audit rows.npz --concept '{WILD}'",
}


@pytest.fixture(autouse=True)
def wild_files(folder):
    labels = np.where(Y == 1, f"yes{WILD}", "no")
    np.savez("rows.npz", X=X, y=Y)
    np.savez("few.npz", X=X[:, :1])
    np.savez(f"rows{WILD}.npz", X=X + Y[:, None], y=Y)
    np.savez("wild.npz", **{"X": X, f"kind{WILD}": labels, "z": np.arange(N) % 2})
    np.savez("layers.npz", **{f"a{WILD}": X, "a1": X[:, :2], "y": Y})


def raw(text):
    """Return the control characters of a text, line breaks and tabs aside."""
    return set(re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text))


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_have_no_control_character(name, capsys):
    assert main(shlex.split(OUTPUTS[name])) == 0
    out, err = capsys.readouterr()
    assert raw(out + err) == set()
    assert out


@pytest.mark.slow
def test_names_of_files_and_pages_have_no_control_character(capsys, folder):
    before = set(Path().iterdir())
    few = f"--concept y --claims readable {FEW}"
    assert main(shlex.split(f"audit 'rows{WILD}.npz' {few}")) == 0
    written = set(Path().iterdir()) - before
    assert {path.suffix for path in written} == {".html", ".json"}
    for path in written:
        assert raw(path.name) == set()
    (page,) = (path for path in written if path.suffix == ".html")
    command = re.search(r"<code>(nullprobe audit.*?)</code>", page.read_text("utf-8"))
    typed = html.unescape(command[1])
    echo = ["bash", "-c", typed.replace("nullprobe audit", "printf %s", 1).split(" --", 1)[0]]
    assert subprocess.run(echo, capture_output=True, text=True).stdout == f"rows{WILD}.npz"


@pytest.mark.slow
@pytest.mark.parametrize("name", ERRORS)
def test_errors_have_no_control_character(name, capsys):
    assert main(shlex.split(ERRORS[name])) == 2
    out, err = capsys.readouterr()
    assert raw(out + err) == set()
    assert "nullprobe: " in err


@pytest.mark.slow
def test_a_terminal_has_the_colours_of_ours_alone(monkeypatch, capsys):
    """A label in red ink is not obeyed where verdicts are shown in colours."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    out = done(capsys, *shlex.split(OUTPUTS["audit"]))
    assert re.sub(r"\x1b\[[\d;]*m", "", out).count("\x1b") == 0
    assert "\x1b[1;3" in out
    assert "\x07" not in out
    assert "\x1b[31m" not in out


def test_a_console_writes_out_what_no_one_escaped_before(capsys):
    console = verdict_tables.Terminal()
    console.print(f"a{WILD.replace('[red]', '')}")
    assert raw(capsys.readouterr().out) == set()
