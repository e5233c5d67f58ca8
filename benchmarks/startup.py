"""How soon is there an answer: processor time of `import nullprobe` and of `nullprobe --help`?

Each is a fresh process whose user and system time are added up, best of five, in turn with
`import sklearn.linear_model`. One start of each comes first, so that files are cached and compiled.

    python benchmarks/startup.py
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from record import record

import nullprobe

COMMANDS = {
    "import nullprobe": ["-c", "import nullprobe"],
    "nullprobe --help": ["-m", "nullprobe", "--help"],
    "nullprobe --version": ["-m", "nullprobe", "--version"],
    "nullprobe audit --help": ["-m", "nullprobe", "audit", "--help"],
    "import sklearn.linear_model": ["-c", "import sklearn.linear_model"],
    "python": ["-c", "pass"],
}
THEIRS = "import sklearn.linear_model"
TARGETS = {"import nullprobe": "≤ 0.2", "nullprobe --help": "≤ 0.4"}


def processor_seconds(arguments: list[str]) -> float:
    """Return the user and system time of a fresh Python that imports the same nullprobe."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(nullprobe.__file__).parents[1])},
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed")
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(1 + repeats):
        for name, arguments in COMMANDS.items():
            seconds[name].append(processor_seconds(arguments))
    best = {name: min(each[1:]) for name, each in seconds.items()}
    rows = []
    for name, target in TARGETS.items():
        rows += [
            {"what": f"`{name}`: processor seconds", "ratio": best[name], "target": target},
            {"what": f"`{name}`: share of `{THEIRS}`", "ratio": best[name] / best[THEIRS],
             "target": "< 1"},
        ]  # fmt: skip
    for row in rows:
        print(f"{row['what']}: {row['ratio']:.3g} ({row['target']})")
    record("startup", {"repeats": repeats, "best, processor seconds": best}, rows)


if __name__ == "__main__":
    main()
