"""Write the answers of the studies into docs/, from the results that are committed here.

    nullprobe study NAME --out examples/studies/NAME      # the results: JSON and page
    python examples/studies/answers.py                    # the answers in docs/NAME.md, pictures
    python examples/studies/answers.py --check            # exit 1 if one is out of date

The answer of a study stands in docs/NAME.md between two comments; no number in it is typed. What
the rows of its tables are stands in rows.toml.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from drawing import digest, picture
from scipy.stats import t as student

HERE = Path(__file__).parent
DOCS = HERE.parent.parent / "docs"
IMAGES = DOCS / "images"
ROWS = tomllib.loads((HERE / "rows.toml").read_text("utf-8"))
MOST = 16  # measurements in a table; the page has all of them
# Measurements that lie between 0 and 1, by study; intervals over seeds are cut there.
AUC = r"\(AUC\)"
SHARES = {
    "contexts": AUC,
    "direction": r"^good$|LDA elsewhere$|: (max|min|indifferent|good|nobody)$|directions: max",
    "opposites": r"p of the pairing",
    "outside": r"every|texts|vector|probability",
    "pretence": rf"{AUC}|^probability",
}
CUT = "Shares, probabilities and AUCs lie between 0 and 1: their intervals are cut there."
START, END = "<!-- answer -->\n", "<!-- /answer -->"


def results(name: str) -> list[dict[str, Any]]:
    """Return the results of a study, its main run first."""
    paths = sorted((HERE / name).glob("*.json"), key=lambda path: (path.stem != name, path.stem))
    return [json.loads(path.read_text("utf-8")) for path in paths]


def answer(name: str) -> str:
    """Return what a page says of the results of a study."""
    lines: list[str] = []
    for found in results(name):
        is_main = found["name"] == name
        title = "" if is_main else f"*{found['question']}* "
        seeds = len({cell["seed"] for cell in found["cells"]})
        lines += [f"{title}{found['answer']}", ""]
        if is_main:
            shown = found["figures"][0]
            lines += [f"![{shown['title']} {shown['description']}](images/{name}.svg)", ""]
        lines += [f"| measured, mean over {seeds} seeds (95 % interval) |{heads(found)}"]
        lines += ["|---|" + "---|" * len(levels(found))]
        measured = list(found["cells"][0]["values"])
        shares = [bool(re.search(SHARES.get(name, "$^"), one)) for one in measured]
        for measurement, is_share in list(zip(measured, shares, strict=True))[:MOST]:
            cells = [estimate(found, measurement, one, is_share) for one in levels(found)]
            lines.append(f"| {measurement} | {' | '.join(cells)} |")
        lines += ["", *([CUT, ""] if any(shares) else [])]
        lines += ["What the rows are:", "", *meanings(name, found["name"], measured[:MOST]), ""]
        if len(measured) > MOST:
            lines += [f"{len(measured) - MOST} more measurements are on the page.", ""]
        for claim in found["claims"]:
            lines.append(f"- `{claim['name']}`: **{claim['holds']}**. {claim['reason']}")
        page = f"../examples/studies/{name}/{found['name']}.html"
        lines += ["", f"[The page with all pictures and numbers]({page}).", ""]
    return "\n".join(lines)


def meanings(name: str, part: str, rows: Iterable[str]) -> list[str]:
    """Return a line for each row of a table that says what it is; rows of one pattern share one."""
    lines: dict[str, str] = {}
    for row in rows:
        pattern, text = meaning(name, part, row)
        lines[pattern] = f"- **{pattern.replace('*', '…')}**: {text}."
    return list(lines.values())


def meaning(name: str, part: str, row: str) -> tuple[str, str]:
    """Return the first pattern of rows.toml that a row has, of the part or its study, and its text.

    Raises
    ------
    LookupError
        If no pattern is of this row.
    """
    for key in dict.fromkeys((part, name)):
        for pattern, text in ROWS.get(key, {}).items():
            if fnmatchcase(row, pattern):
                return pattern, text
    raise LookupError(f"rows.toml must say what the row {row!r} of {part!r} is")


def levels(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the cells of a study, in order."""
    every = {json.dumps(cell["levels"]): cell["levels"] for cell in found["cells"]}
    return list(every.values())


def heads(found: Mapping[str, Any]) -> str:
    """Return the heads of the columns, one for each cell."""
    names = [", ".join(f"{k} = {v}" for k, v in one.items()) for one in levels(found)]
    return "".join(f" {name or 'all'} |" for name in names)


def estimate(
    found: Mapping[str, Any], measurement: str, cell: Mapping[str, str], is_share: bool = False
) -> str:
    """Return the mean of a measurement in a cell, with its t-interval over seeds."""
    values = [one["values"][measurement] for one in found["cells"] if one["levels"] == cell]
    mean, m = float(np.mean(values)), len(values)
    if m < 2:
        return number(mean)
    reach = float(student.ppf(0.975, m - 1) * np.std(values, ddof=1) / np.sqrt(m))
    ends = np.array([mean - reach, mean + reach])
    low, high = np.clip(ends, 0, 1) if is_share else ends
    return f"{number(mean)} ({number(low)} to {number(high)})"


def number(value: float) -> str:
    """Return a number with three significant digits, and a real minus sign; rounding is 0."""
    value = 0.0 if abs(value) < 1e-12 else value
    return f"{value:.3g}".replace("-", "−")


def page(name: str) -> str:
    """Return the page of a study with its answer."""
    text = (DOCS / f"{name}.md").read_text("utf-8")
    before, _, rest = text.partition(START)
    return f"{before}{START}{answer(name)}{END}{rest.partition(END)[2]}"


def is_drawn(name: str) -> bool:
    """Return whether the picture of a page is that of the committed result."""
    path = IMAGES / f"{name}.svg"
    return path.exists() and digest(results(name)[0]) in path.read_text("utf-8")


def names() -> list[str]:
    """Return the studies with results."""
    return sorted(
        path.name for path in HERE.iterdir() if path.is_dir() and any(path.glob("*.json"))
    )


def main() -> int:
    """Write the answers, or check them."""
    late = [name for name in names() if page(name) != (DOCS / f"{name}.md").read_text("utf-8")]
    drawn_before = [name for name in names() if not is_drawn(name)]
    if "--check" in sys.argv[1:]:
        print("\n".join(f"docs/{name}.md is out of date" for name in late))
        print("\n".join(f"docs/images/{name}.svg is out of date" for name in drawn_before))
        return int(bool(late or drawn_before))
    for name in late:
        (DOCS / f"{name}.md").write_text(page(name), "utf-8")
    for name in drawn_before:
        (IMAGES / f"{name}.svg").write_text(picture(results(name)[0]), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
