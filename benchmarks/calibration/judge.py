"""Judge the records: what is an error, given the truth, and whether errors are rare enough.

A verdict errs where it
- says that something is there, and nothing is (truth "chance");
- goes above the truth: "structure" where noise is enough, or "noise" with the moments rejected
  where moments are enough;
- names a source that is not the true one, or where no other representation was given; rejects the
  inputs where they account for it, or lets them suffice where they do not;
- says that no probe of so many rows reads more, or that chance suffices, and such probes are above
  chance by the smallest effect of interest or more;
- says that a direction carries over where it is tilted, or the reverse.

"Unclear", "undecided" and a refusal are never errors; they have columns of their own. The study
passes where no Holm-adjusted exact binomial test rejects "the rate is at most .05", the pooled
upper 95 % bound (Clopper-Pearson) is at most .06, and no audit failed.

    python benchmarks/calibration/judge.py     # calibration.json and docs/calibration.md
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import records
from cells import ABSENT, RUNGS, SAYS_SO, Cell, Truth, bare
from page import page
from scipy.stats import beta, binomtest

RESULTS = Path(__file__).with_name("calibration.json")
PAGE = Path(__file__).parents[2] / "docs" / "calibration.md"
RATE, POOLED, LEVEL, MIN_EFFECT = 0.05, 0.06, 0.05, 0.05
WRONG_OF_INPUTS = {"inputs": "rejected", "unknown": "sufficient"}
KEPT, SURE, UNCLEAR = 0.8, 0.95, 0.2  # of power before; power that counts as sure; then unclear
Verdict = Mapping[str, Any]


def outcomes(verdict: Verdict) -> dict[str, str]:
    """Return what became of each explanation, by name."""
    return {one[0]: one[1] for one in verdict["explanations"]}


def error(claim: str, truth: Truth, verdict: Verdict) -> str | None:
    """Return the kind of error: presence, above, absence, direction, source; or None."""
    claim, holds, takes = bare(claim), verdict["holds"], verdict["takes"]
    if verdict["comes_from"] not in ("not_tried", "undecided", truth.source):
        return "source"
    if outcomes(verdict).get("inputs") == WRONG_OF_INPUTS.get(truth.source, "none"):
        return "source"
    if truth.rung in ("carries", "tilted"):
        return "direction" if holds == {"carries": "no", "tilted": "yes"}[truth.rung] else None
    if truth.rung == "chance":
        return "presence" if holds in SAYS_SO[claim] else None
    found = outcomes(verdict)
    if truth.effect >= MIN_EFFECT and (
        holds in ABSENT[claim] or found.get("chance") == "sufficient"
    ):
        return "absence"
    too_high = takes in RUNGS and RUNGS.index(takes) > RUNGS.index(truth.rung)
    if too_high and (takes == "structure" or found.get("moments") == "rejected"):
        return "above"
    return None


def is_right(truth: Truth, verdict: Verdict) -> bool:
    """Return whether a verdict is one of the right answers."""
    if truth.source == "inputs" and verdict["comes_from"] != "inputs":
        return False
    return any(
        verdict["holds"] == holds and takes in (None, verdict["takes"])
        for holds, takes in truth.right
    )


def wrong_claims(cell: Cell, record: records.Record) -> list[str]:
    """Return the claims of a record that err."""
    found = record.get("claims", {})
    return [name for name in found if error(name, cell.truth[name], found[name])]


def counted(cell: Cell, rows: Sequence[records.Record]) -> list[dict[str, Any]]:
    """Return, for each claim of a cell, the counts of verdicts, errors and outcomes."""
    lists = []
    for name, truth in cell.truth.items():
        each = [row["claims"][name] for row in rows if name in row.get("claims", {})]
        errors = Counter(filter(None, (error(name, truth, one) for one in each)))
        tried = Counter(f"{e}: {o}" for one in each for e, o in outcomes(one).items())
        lists.append(
            {
                "cell": cell.name,
                "kind": cell.kind,
                "claim": name,
                "truth": truth.rung,
                "effect": truth.effect,
                "seeds": len(rows),
                "wanted": cell.seeds,
                "audited": len(each),
                "refused": sum("refused" in row for row in rows),
                "failed": sum("failed" in row for row in rows),
                "errors": dict(sorted(errors.items())),
                "right": sum(is_right(truth, one) for one in each),
                "before": cell.before,
                "verdicts": dict(
                    sorted(Counter(f"{v['holds']}, {v['takes']}" for v in each).items())
                ),
                "outcomes": dict(sorted(tried.items())),
                "reasons": sorted({row["refused"] for row in rows if "refused" in row})[:3]
                + sorted({row["failed"] for row in rows if "failed" in row})[:3],
            }
        )
    return lists


def upper(errors: int, n: int) -> float:
    """Return the exact upper 95 % bound of a rate (Clopper-Pearson)."""
    return 1.0 if errors >= n else float(beta.ppf(1 - LEVEL, errors + 1, n - errors))


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number (Holm 1979)."""
    order = sorted(range(len(p)), key=p.__getitem__)
    adjusted, highest = [1.0] * len(p), 0.0
    for rank, k in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[k]))
        adjusted[k] = highest
    return adjusted


def judged(every: Iterable[Cell], rows: Iterable[records.Record]) -> dict[str, Any]:
    """Return all counts, tests and whether the study passes; what the page is made of."""
    by_cell: dict[str, list[records.Record]] = defaultdict(list)
    for row in rows:
        by_cell[row["cell"]].append(row)
    every = list(every)
    lines = [one for cell in every for one in counted(cell, by_cell[cell.name])]
    for one in lines:
        wrong, n = sum(one["errors"].values()), one["audited"]
        one["wrong"] = wrong
        one["p"] = float(binomtest(wrong, n, RATE, "greater").pvalue) if n else 1.0
        one["upper"] = upper(wrong, n)
        one["lost"], one["too_unclear"] = _lost(one), _too_unclear(one)
    for one, p in zip(lines, holm([one["p"] for one in lines]), strict=True):
        one["adjusted_p"] = p
    wrong, n = (sum(one[key] for one in lines) for key in ("wrong", "audited"))
    kept = [row for cell in every for row in by_cell[cell.name]]
    return {
        "options": sorted({json.dumps([row["version"], row["options"]]) for row in kept}),
        "audits": len(kept),
        "hours": round(sum(row["seconds"] for row in kept) / 3600, 2),
        "warnings": dict(
            sorted(sum((Counter(row.get("warnings", {})) for row in kept), Counter()).items())
        ),
        "pooled": {"wrong": wrong, "audited": n, "upper": upper(wrong, n)},
        "not_run": [cell.name for cell in every if not by_cell[cell.name]],
        "lines": lines,
        "passes": passes(lines, upper(wrong, n)),
    }


def _lost(one: Mapping[str, Any]) -> bool:
    """Return whether the right answer is given in less than .8 as many seeds as before."""
    if one["before"] is None or one["seeds"] == 0:
        return False
    right, audits = one["before"]
    return one["right"] / one["seeds"] < KEPT * right / audits


def _too_unclear(one: Mapping[str, Any]) -> bool:
    """Return whether "unclear" is said in more than .2 of seeds where power was .95 or more."""
    if one["before"] is None or one["seeds"] == 0 or one["before"][0] < SURE * one["before"][1]:
        return False
    unclear = sum(count for name, count in one["verdicts"].items() if name.startswith("unclear"))
    return unclear + one["refused"] > UNCLEAR * one["seeds"]


def passes(lines: Sequence[Mapping[str, Any]], pooled: float) -> dict[str, bool]:
    """Return which demands are met."""
    return {
        "every cell has all its seeds": all(one["seeds"] >= one["wanted"] for one in lines),
        "no audit failed": all(one["failed"] == 0 for one in lines),
        "no cell errs too often": all(one["adjusted_p"] > LEVEL for one in lines),
        "the pooled bound is at most .06": pooled <= POOLED,
        "what was found is found": not any(one["lost"] for one in lines),
        "sure cells are seldom unclear": not any(one["too_unclear"] for one in lines),
    }


def main() -> None:
    """Judge the records and write the results and their page."""
    from design import cells

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--records", type=Path, default=records.PATH)
    a = parser.parse_args()
    results = judged(cells(), records.read(a.records))
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(results), "utf-8")
    for demand, met in results["passes"].items():
        print("yes" if met else "NO ", demand)


if __name__ == "__main__":
    main()
