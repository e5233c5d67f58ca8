"""The design: which worlds are drawn, what is asked of them, and what is true.

Seven factors have 10,368 combinations, most of which make sense (`sensible`). Cells are chosen
greedily: the next is the combination that shows most pairs of levels not shown so far; of equals
the cheaper one, then the first. It ends when every pair that can occur in a sensible combination
has occurred, and there are at least 60 cells. Cells that judge "sufficient" (n = 2,000), and
those in which the first attack on verdicts found an effect or a fault, follow (`listed`).

    python benchmarks/calibration/design.py      # the table of cells
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter

import worlds
from cells import Cell, Truth, nothing, shifted
from listed import LISTED
from second import SECOND

QUESTIONS = {  # claims that are asked together, by name
    "reading": ("readable", "erasure_holds"),
    "halfspace": ("no_halfspace",),
    "removals": ("one_feature",),
    "family": ("gone",),
}
FACTORS = {
    "question": (*QUESTIONS,),
    "truth": ("nothing", "shift"),
    "noise": worlds.NOISES,
    "dependence": worlds.DEPENDENCES,
    "balance": ("balanced", "5%", "1%"),
    "ratio": (".02", ".3", "2"),  # d / n
    "concept": ("two", "five", "numeric"),
}
LEAST_CELLS = 60
Combination = tuple[str, ...]
# Rows and columns by d / n: searches refit many times, so that they have fewer.
SIZES = {
    "reading": {".02": (600, 12), ".3": (300, 90), "2": (160, 320)},
    "search": {".02": (400, 8), ".3": (200, 60), "2": (120, 240)},
}


def size(one: Combination) -> tuple[int, int]:
    """Return rows and columns; a rare class needs more rows, above all where they depend."""
    question, _, _, dependence, balance, ratio, _ = one
    n, d = SIZES["reading" if question == "reading" else "search"][ratio]
    alone = dependence in ("independent", "mixed")
    enough = n >= 300 or (question == "reading" and ratio == "2")  # 8 rows of a class, or more
    if balance == "1%" or (balance == "5%" and not (alone and enough)):
        return 600, {".02": 12, ".3": 180, "2": 1200}[ratio]
    return n, d


def sensible(one: Combination) -> bool:
    """Return whether a combination makes sense: it can be drawn, is known, and can be paid for."""
    question, truth, noise, dependence, balance, ratio, concept = one
    read = question == "reading"
    if concept == "numeric" and (balance != "balanced" or question == "halfspace"):
        return False  # numbers have no classes
    if balance == "1%" and dependence not in ("independent", "mixed"):
        return False  # six rows of a class are not six groups
    n, d = size(one)
    if n * d > (60_000 if ratio == "2" else 110_000 if read else 15_000):
        return False  # a search takes minutes
    if concept == "five" and (n * d > 60_000 or (not read and balance != "balanced")):
        return False  # so does one of four directions at a time
    # What nonlinear or repeated readers find in shifted symbols and rectified units is not known.
    return not (truth == "shift" and noise in ("onehot", "relu") and not read)


@functools.cache
def pairs_of(one: Combination) -> frozenset[tuple[int, str, int, str]]:
    """Return the pairs of levels in a combination; question with truth counts as one level."""
    levels = [(0, f"{one[0]}/{one[1]}"), *((k, one[k]) for k in range(2, len(one)))]
    return frozenset((i, a, j, b) for (i, a), (j, b) in itertools.combinations(levels, 2))


def possible() -> list[Combination]:
    """Return all combinations that make sense."""
    return [one for one in itertools.product(*FACTORS.values()) if sensible(one)]


def cost(one: Combination) -> float:
    """Return roughly how long an audit takes, to choose the cheaper of equals."""
    n, d = size(one)
    return (n * d) ** 0.5 * (1 if one[0] == "reading" else 3) * (2 if one[-1] == "five" else 1)


def chosen() -> list[Combination]:
    """Return the combinations of the design, in the order in which they were chosen."""
    rest = sorted(possible(), key=cost)
    missing = set[tuple[int, str, int, str]]().union(*map(pairs_of, rest))
    seen: Counter[tuple[int, str, int, str]] = Counter()
    found: list[Combination] = []
    while missing or len(found) < LEAST_CELLS:
        best = max(
            rest,
            key=lambda one: (
                sum(pair in missing for pair in pairs_of(one)),
                -sum(seen[pair] for pair in pairs_of(one)),
            ),
        )
        rest.remove(best)
        found.append(best)
        missing -= pairs_of(best)
        seen.update(pairs_of(best))
    return found


def cell(one: Combination) -> Cell:
    """Return the cell of a combination."""
    question, truth, noise, dependence, balance, _ratio, concept = one
    n, d = size(one)
    rare = balance != "balanced"
    gap = 0.0
    if truth == "shift":
        gap = 0.7 if concept == "numeric" else 2.5 if rare else 1.5
    settings = {
        "noise": noise,
        "dependence": dependence,
        "concept": concept,
        "balance": balance,
        "n": n,
        "d": d,
        "gap": gap,
        "size": 4 if rare or n < 300 else 10,
    }
    truths: dict[str, Truth] = {
        claim: nothing(claim) if truth == "nothing" else shifted(claim, noise)
        for claim in QUESTIONS[question]
    }
    levels = dict(zip(FACTORS, one, strict=True))
    return Cell("/".join(one), "level", worlds.drawn, settings, truths, levels)


def cells() -> list[Cell]:
    """Return all cells of the study: designed, listed, and those of the second part."""
    return [*map(cell, chosen()), *LISTED, *SECOND]


def main() -> None:
    """Print the table of cells."""
    for one in cells():
        n, d = one.settings.get("n", ""), one.settings.get("d", "")
        rungs = ", ".join(f"{claim}: {truth.rung}" for claim, truth in one.truth.items())
        print(f"{one.kind:10} {one.name:62} {n!s:>5} {d!s:>4} {one.seeds:4}  {rungs}")


if __name__ == "__main__":
    main()
