"""The page of the calibration study: docs/calibration.md, made of calibration.json."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Line = Mapping[str, Any]
TAKES = ("linear_algebra", "chance", "moments", "noise", "structure", "undecided")
ORDER = (*(f"{holds}, {takes}" for holds in ("yes", "no") for takes in TAKES), "unclear, undecided")


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return the lines of a table."""
    body = [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *body, ""]


def page(results: Mapping[str, Any]) -> str:
    """Return the page of the results, in Markdown.

    Parameters
    ----------
    results : mapping
        As `judge.judged` returns them.
    """
    lines = results["lines"]
    run = [one for one in lines if one["seeds"]]
    pooled = results["pooled"]
    said = [
        "# Calibration: how often a verdict is wrong",
        "",
        "**For users who want to know how far to trust a verdict:** how often is it wrong on data "
        "with known answers?",
        "",
        f"{pooled['wrong']} of {pooled['audited']} verdicts were wrong. The upper 95 % bound of "
        f"the error rate is {pooled['upper']:.4f}. The study has {results['audits']} audits and "
        f"took {results['hours']} hours of one core. {_depth(lines)} Versions and options: "
        f"{'; '.join(results['options']) or 'none'}.",
        "",
        "`python benchmarks/calibration/judge.py` generates this page from the records of "
        "`benchmarks/calibration/run.py`. Data sets (*worlds*) are in `worlds.py` and "
        "`found_before.py`, the choice of worlds in `design.py` and `listed.py`, and the "
        "definition of an error in `judge.py`.",
        "",
        *table(
            ("demand", "met"), [(k, "yes" if v else "**no**") for k, v in results["passes"].items()]
        ),
        "## Truth and verdict",
        "",
        "Verdicts of all cells with the same truth. The number in brackets counts the errors. "
        "*Refused*: the audit refused the input (for example, too few rows of a class), before "
        "any verdict.",
        "",
        *_truth_by_verdict(run),
        "## Explanations",
        "",
        "Outcomes of each explanation that was tried, by the truth.",
        "",
        *_explanations(run),
        "## Cells",
        "",
        "The name of a cell lists its levels: question, truth, noise, dependence, share of the "
        "rarest class, columns per row, concept. *p*: exact binomial test of an error rate of at "
        "most .05, adjusted for all rows of the table (Holm).",
        "",
        *_cells([one for one in run if one["kind"] != "power"]),
        "## Power",
        "",
        "How often the verdict is right on data with a concept. *Before*: the first edition, in "
        "worlds of this kind. **lost**: the share is less than .8 of the first edition's. "
        "**unclear**: more than .2 of the seeds, although the power was .95 or more.",
        "",
        *_power([one for one in run if one["before"] is not None]),
    ]
    missing = results["not_run"]
    if missing:
        said += [f"Not run yet: {len(missing)} cells: {'; '.join(missing)}.", ""]
    if results["warnings"]:
        counts = ", ".join(f"{name} {count}" for name, count in results["warnings"].items())
        said += [f"Warnings of audits: {counts}.", ""]
    return "\n".join(said).rstrip("\n") + "\n"


def _summed(
    lines: Iterable[Line], key: Callable[[Line], tuple[str, ...]]
) -> dict[tuple[str, ...], dict[str, Counter[str]]]:
    found: dict[tuple[str, ...], dict[str, Counter[str]]] = defaultdict(
        lambda: defaultdict(Counter)
    )
    for one in lines:
        into = found[key(one)]
        into["verdicts"].update(one["verdicts"])
        into["outcomes"].update(one["outcomes"])
        into["counts"].update({k: one[k] for k in ("seeds", "wrong", "refused", "failed")})
    return dict(sorted(found.items()))


def _truth(one: Line) -> tuple[str, ...]:
    there = ", above min_effect" if one["effect"] > 0 and one["truth"] != "chance" else ""
    return one["claim"], f"{one['truth']}{there}"


def _truth_by_verdict(lines: Sequence[Line]) -> list[str]:
    sums = _summed(lines, _truth)
    seen = {name for one in sums.values() for name in one["verdicts"]}
    names = [*(name for name in ORDER if name in seen), *sorted(seen.difference(ORDER))]
    rows = [
        (*key, c["seeds"], *(one["verdicts"][name] or "" for name in names), c["refused"])
        + (f"({c['wrong']})",)
        for key, one in sums.items()
        for c in (one["counts"],)
    ]
    return table(("claim", "truth", "audits", *names, "refused", "(errors)"), rows)


def _explanations(lines: Sequence[Line]) -> list[str]:
    outcomes = ("sufficient", "rejected", "undecided", "not_tried")
    rows = []
    for key, one in _summed(lines, _truth).items():
        tried = {name.split(": ")[0] for name in one["outcomes"]}
        rows += [
            (*key, name, *(one["outcomes"][f"{name}: {outcome}"] or "" for outcome in outcomes))
            for name in sorted(tried)
            if any(one["outcomes"][f"{name}: {outcome}"] for outcome in outcomes[:3])
        ]
    return table(("claim", "truth", "explanation", *outcomes), rows)


def _verdicts(one: Line) -> str:
    counts = [f"{name} {count}" for name, count in one["verdicts"].items()]
    counts += [f"{name} {one[name]}" for name in ("refused", "failed") if one[name]]
    return "; ".join(counts) + "".join(f" ({reason})" for reason in one["reasons"][:1])


def _cells(lines: Sequence[Line]) -> list[str]:
    rows = []
    for one in lines:
        n = one["audited"]
        rate = f"{one['wrong']}/{n} ({one['wrong'] / n:.3f})" if n else "cannot be tested"
        kinds = ", ".join(f"{name} {count}" for name, count in one["errors"].items())
        p = f"{one['adjusted_p']:.2g}"
        rows.append(
            (one["cell"], one["claim"], one["truth"], rate, kinds)
            + (f"**{p}**" if one["adjusted_p"] <= 0.05 else p, _verdicts(one))
        )
    return table(("cell", "claim", "truth", "wrong", "errors", "p", "verdicts"), rows)


def _power(lines: Sequence[Line]) -> list[str]:
    rows = []
    for one in lines:
        right, audits = one["before"]
        flags = "".join(
            f" **{word}**"
            for word, key in (("lost", "lost"), ("unclear", "too_unclear"))
            if one[key]
        )
        share = f"{one['right']}/{one['seeds']} ({one['right'] / one['seeds']:.2f}){flags}"
        rows.append(
            (one["cell"], one["claim"], share, f"{right}/{audits} ({right / audits:.2f})")
            + (one["wrong"], _verdicts(one))
        )
    return table(("cell", "claim", "right", "before", "wrong", "verdicts"), rows)


def _depth(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return a sentence on the share of the planned seeds that have been run."""
    share = [one["seeds"] / one["wanted"] for one in lines]
    if not share or min(share) >= 1.0:
        return "Every cell has all its seeds."
    short = {one["cell"] for one, part in zip(lines, share, strict=True) if part < 1.0}
    cells = {one["cell"] for one in lines}
    return (
        f"**The study is not complete:** {len(cells) - len(short)} of {len(cells)} cells have all "
        f"their seeds (100, or 50 for power), and the others at least {min(share):.0%} of them."
    )
