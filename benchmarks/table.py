"""Write the results table of README.md from ``results/*.json``; no number in it is typed.

python benchmarks/table.py            write it
python benchmarks/table.py --check    exit 1 if it is out of date
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
START, END = "<!-- results -->\n", "<!-- /results -->"


def load(name: str) -> dict:
    """Return one result, or an empty one if it was never measured."""
    path = HERE / "results" / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {"rows": [], "versions": {}}


def lines() -> list[str]:
    """Return the lines of the table."""
    found = ["| measured | result | target |", "|---|---|---|"]
    for name, against in (("leace", "concept-erasure"), ("permutations", "scikit-learn")):
        result = load(name)
        beside = f"{against} {result['versions'].get(against, '')}".strip()
        for row in result["rows"]:
            found.append(f"| {row['what']} ({beside}) | {row['ratio']:.3g} | {row['target']} |")
    return found + _worlds() + _surrogates()


def _worlds() -> list[str]:
    return [
        f"| {row['what']} | {row['result']} | {row['target']} |"
        for row in load("known_answers")["rows"]
    ]


def _surrogates() -> list[str]:
    rows = load("surrogate_calibration")["rows"]
    if not rows:
        return []
    worst = {}
    for row in rows:
        largest = max(abs(row["mean z raw"]), abs(row["mean z read-back"]))
        worst[row["drawn with"]] = max(worst.get(row["drawn with"], 0.0), largest)
    return [
        "| Gaussian worlds: largest mean z against their surrogates (against sample moments) | "
        f"{worst['nullprobe']:.2g} ({worst['sample moments']:.2g}) | ≤ 0.5 |"
    ]


def main() -> None:
    text = README.read_text()
    before, rest = text.split(START)
    after = rest.split(END, 1)[1]
    new = before + START + "\n".join(lines()) + "\n" + END + after
    if "--check" in sys.argv:
        sys.exit(0 if new == text else "README.md: the results table is out of date")
    README.write_text(new)


if __name__ == "__main__":
    main()
