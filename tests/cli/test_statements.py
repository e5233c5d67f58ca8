"""nullprobe statements: a file of texts in, findings printed, balanced rows written."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars
import pytest
from support.command_files import done, refused

from nullprobe.cli import main

CITIES = {"Italy": "Rome Milan Bari Pisa", "France": "Paris Lyon Nice Metz", "Japan": "Kobe Nara"}
ROWS = [
    {
        "id": f"{k:03}",
        "text": f"{city} is {word}in {other}.",
        "label": (country == other) != bool(word),
    }
    for k, (country, city, other, word) in enumerate(
        (country, city, other, word)
        for country, names in CITIES.items()
        for city in names.split()
        for other in CITIES
        for word in ("", "not ")
    )
]
# "not" is in every false statement and in no true one.
GIVEN_AWAY = [row for row in ROWS if row["label"] != ("not" in row["text"])]


def write(path, rows=ROWS):
    table = polars.DataFrame(rows).with_columns(polars.col("label").cast(polars.String))
    if path.endswith(".jsonl"):
        table.write_ndjson(path)
    elif path.endswith(".npz"):
        np.savez(path, **{name: table[name].to_numpy().astype(str) for name in table.columns})
    else:
        getattr(table, f"write_{path.rsplit('.')[-1]}")(path)


def rows(path):
    if path.endswith(".npz"):
        with np.load(path) as arrays:
            return polars.DataFrame({name: arrays[name] for name in arrays})
    if path.endswith(".jsonl"):
        return polars.read_ndjson(path)
    if path.endswith(".csv"):
        return polars.read_csv(path, infer_schema=False)
    return polars.read_parquet(path)


NAMED = ["--text", "text", "--concept", "label"]


@pytest.mark.parametrize("source", ["a.csv", "a.jsonl", "a.parquet", "a.npz"])
@pytest.mark.parametrize("target", ["b.csv", "b.jsonl", "b.parquet", "b.npz"])
def test_balanced_rows_are_written_with_all_columns_and_the_entity(source, target, capsys):
    write(source)
    out = done(capsys, "statements", source, *NAMED, "--out", target)
    assert out.startswith("What gives the label away")
    table = rows(target)
    assert table.columns == ["id", "text", "label", "entity"]
    assert len(table) >= 24
    assert table["label"].cast(polars.String).str.to_lowercase().eq("true").mean() == 0.5
    texts = {row["id"]: row["text"] for row in ROWS}
    if source.rsplit(".")[-1] != "csv" or target.endswith(".csv"):  # elsewhere, 007 is read as 7
        assert [texts[one] for one in table["id"]] == table["text"].to_list()
    firsts = table["text"].str.split(" ").list.first().str.to_lowercase()
    assert firsts.to_list() == table["entity"].to_list()


def test_a_file_without_a_balanced_subset_is_not_written(capsys):
    write("a.csv", GIVEN_AWAY)
    assert main(["statements", "a.csv", *NAMED, "--out", "b.csv"]) == 2
    out, err = capsys.readouterr()
    assert out.startswith("What gives the label away")
    assert "rows remain" in err
    assert not Path("b.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--text", "tex", "--concept", "label"], ["--text", "'tex'", "did you mean 'text'"]),
        (["--text", "id", "--concept", "text"], ["words"]),
        ([*NAMED, "--groups", "city"], ["--groups", "'city'"]),
        ([*NAMED, "--out", "b.txt"], ["suffix"]),
        ([*NAMED, "--out", "a.csv"], ["--out", "read"]),
        ([*NAMED, "--out", "old.csv"], ["--force"]),
    ],
)
def test_a_refusal_names_the_option(arguments, parts, capsys):
    write("a.csv")
    Path("old.csv").write_text("old")
    err = refused(capsys, "statements", "a.csv", *arguments)
    for part in parts:
        assert part in err
    assert Path("old.csv").read_text() == "old"


def test_a_name_that_a_terminal_obeys_is_written_out(capsys):
    wild = [{**row, "text": row["text"].replace("Rome", "R\x1b[2Jome")} for row in ROWS]
    Path("a.jsonl").write_text("\n".join(map(json.dumps, wild)))
    assert "\x1b" not in done(capsys, "statements", "a.jsonl", *NAMED)


@pytest.mark.slow
def test_the_command_needs_no_torch():
    write("a.csv")
    code = f"""
import sys
from nullprobe.cli import main
assert main({["statements", "a.csv", *NAMED]!r}) == 0
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
