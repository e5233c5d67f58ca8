"""Write the results into the docs from ``results/*.json``; no number in them is typed.

README.md gets the headlines, docs/results.md all of them.

python benchmarks/table.py            write both
python benchmarks/table.py --check    exit 1 if either is out of date
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
START, END = "<!-- results -->\n", "<!-- /results -->"
HEADER = ["| measured | result | target |", "|---|---|---|"]

# Benchmark, and the competitor whose version its rows show.
AGAINST = {
    "leace": "concept-erasure",
    "many_classes": "concept-erasure",
    "quadratic": "concept-erasure",
    "inlp": "scikit-learn",
    "rlace": "",
    "apply": "numpy",
    "planner": "",
    "permutations": "scikit-learn",
    "ccs": "torch",
    "batched": "scikit-learn",
    "audit": "",
    "startup": "scikit-learn",
    "sparse_probe": "scikit-learn",
    "few_features": "",
    "file_memory": "",
    "file_rate": "",
    "large_file": "",
    "model_capture": "transformers",
    "model_memory": "transformers",
    "real_model_capture": "transformers",
}
# What README.md shows: rows that begin like this.
HEADLINES = (
    "fit from moments",
    "R-LACE, two classes: fit",
    "QuadraticLEACE, 2 classes, float64: moments",
    "CCS, 1,000 pairs, d = 1,024, clear: times",
    "1000 logistic probes: times as fast, falling",
    "1000 permutations",
    "planner: AUC",
    "capture of all layers, last token, decoder",
    "capture_moments of all layers, all tokens, decoder",
    "erase at every layer, decoder",
    "10,000 a class",
)


def load(name: str) -> dict:
    """Return one result, or an empty one if it was never measured."""
    path = HERE / "results" / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {"rows": [], "versions": {}}


def rows() -> list[tuple[str, str, str]]:
    """Return what was measured, the result and the target."""
    found = []
    for name, against in AGAINST.items():
        result = load(name)
        competitor = f" ({against} {result['versions'].get(against, '')})" if against else ""
        for row in result["rows"]:
            found.append((f"{row['what']}{competitor}", f"{row['ratio']:.3g}", row["target"]))
    for name in ("known_answers", "compare"):
        found += [(r["what"], r["result"], r["target"]) for r in load(name)["rows"]]
    return found


def pages() -> dict[Path, str]:
    """Return each page as it should be."""
    every = rows()
    kept = [row for row in every if row[0].startswith(HEADLINES)]
    shown = {HERE.parent / "README.md": kept, HERE.parent / "docs" / "results.md": every}
    made = {}
    for path, chosen in shown.items():
        before, rest = path.read_text().split(START)
        table = [*HEADER, *("| " + " | ".join(row) + " |" for row in chosen)]
        made[path] = before + START + "\n".join(table) + "\n" + END + rest.split(END, 1)[1]
    return made


def main() -> None:
    stale = [path for path, text in pages().items() if path.read_text() != text]
    if "--check" in sys.argv:
        sys.exit("\n".join(f"{path.name}: the results are out of date" for path in stale) or 0)
    for path, text in pages().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
