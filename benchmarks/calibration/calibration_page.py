"""The page of the calibration study: its results in two tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def page(
    results: Mapping[str, Any], blocks: Mapping[str, Sequence[str]], bar: Mapping[str, float]
) -> str:
    """Return the page of the results, in Markdown.

    Parameters
    ----------
    results : mapping
        As the study writes them.
    blocks : mapping of str to sequence of str
        Names of all blocks, of truths and of power, in order.
    bar : mapping of str to float
        α, the most that an upper bound may be, and how many draws there are of each null.
    """
    said = [
        "# Calibration: how often an audit is wrong",
        "",
        "Made by `python benchmarks/calibration/calibration.py` from "
        "`benchmarks/calibration/calibration.json`; not written by hand.",
        "",
        f"α = {bar['alpha']:g}, {bar['n_permutations']} permutations (for `used`, random "
        f"subspaces), {bar['n_surrogates']} surrogates. In each block the named rung is the truth. "
        "*Too high* counts the seeds in which a claim named a higher one; the ends of its interval "
        "are exact 99 % bounds. The "
        f"upper one should be {bar['most']:g} at most: **over** marks where so few seeds do not "
        f"show that it is. A lower one above {bar['alpha']:g} would show that the claim is wrong "
        "too often. With so many draws a test that is exact is wrong in a share .034.",
        "",
        "| data | claim | truth | seeds | too high | 99 % bounds | verdicts |",
        "|---|---|---|---|---|---|---|",
    ]
    for block in blocks["truths"]:
        for row in results["truths"].get(block, {}).get("rows", []):
            low, high = row["interval"]
            counts = "; ".join(f"{name} {count}" for name, count in row["verdicts"].items())
            said.append(
                f"| {block} | {row['claim']} | {row['truth'].replace('_', ' ')} | {row['seeds']} | "
                f"{row['too high']} ({row['too high'] / row['seeds']:.3f}) | {low:.3f} to "
                f"{high:.3f}{' **over**' if high > bar['most'] else ''} | {counts} |"
            )
    said += [
        "",
        "## Power",
        "",
        "How often what is there is found, with exact 95 % intervals.",
        "",
        "| data | setting | found if | seeds | found | 95 % interval | verdicts |",
        "|---|---|---|---|---|---|---|",
    ]
    for block in blocks["power"]:
        for row in results["power"].get(block, {}).get("rows", []):
            low, high = row["interval"]
            setting = ", ".join(f"{k} {v}" for k, v in row["setting"].items())
            counts = "; ".join(f"{name} {count}" for name, count in row["verdicts"].items())
            said.append(
                f"| {block} | {setting} | {row['found if']} | {row['seeds']} | "
                f"{row['found'] / row['seeds']:.2f} | {low:.2f} to {high:.2f} | {counts} |"
            )
    missing = [
        block for kind, named in blocks.items() for block in named if block not in results[kind]
    ]
    if missing:
        said += ["", f"Not run yet: {'; '.join(missing)}."]
    return "\n".join(said) + "\n"
