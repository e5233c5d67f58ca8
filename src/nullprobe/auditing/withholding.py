"""Withholding: verdicts that the rows of an audit cannot support, and what would be needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nullprobe.auditing.readings import OF_CLAIMS
from nullprobe.claims import Claim, Holds
from nullprobe.claims.rows_needed import WITHHELD, without_rows
from nullprobe.claims.sentences import sentence
from nullprobe.data.concept import Concept
from nullprobe.nulls import Permutations
from nullprobe.nulls.labellings import groups_needed
from nullprobe.stats.dependence import FewBlocks

# Claims about one held-out reading, which has an interval if rows suffice.
READ = ("readable", "few_features", "erasure_holds", "no_halfspace", "gone")
STUCK = (
    "every permutation that groups or blocks allow leaves all labels as they are, so there is "
    "nothing to compare with. Labels must differ between groups, or inside them"
)
DEPENDENT = (
    "the p-values and intervals of this claim count rows as independent, so they are not valid "
    "for these rows"
)


@dataclass(frozen=True)
class Shortage:
    """Why rows cannot test a claim, and what would.

    Attributes
    ----------
    why : str
        The reason, as a clause without names that a user chose.
    more : str
        Further sentences, such as advice.
    rows_needed : int or None
        Fewest rows that can test the claim; None if no number can be named.
    rows_reason : str
        What needs so many rows, or why no number can be named.
    is_dependent : bool
        Whether p-values and intervals were made as if rows were independent, and are not.
    """

    why: str
    more: str = ""
    rows_needed: int | None = None
    rows_reason: str = WITHHELD
    is_dependent: bool = False


def of_blocks(few: FewBlocks, more: str = "") -> Shortage:
    """Return the shortage of rows that are too few for blocks of neighbours."""
    reason = f"{few.least} blocks of {few.size} {few.what}"
    return Shortage(str(few), more, few.rows_needed, reason, is_dependent=True)


def shortage(permuted: Permutations, z: Concept, alpha: float) -> Shortage | None:
    """Return why permutations cannot reach p ≤ α, or None if they can.

    They cannot if there are fewer than 1/α labellings that a reading can tell apart.
    """
    least = 1.0 / alpha - 1e-9
    count = permuted.n_labellings(are_classes=z.is_classes)
    if count >= least:
        return None
    if count <= 1 and permuted.n_labellings(are_classes=False) <= 1:
        return Shortage(STUCK)
    groups = permuted.groups
    what = "rows" if groups is None else f"{len(np.unique(groups))} groups"
    ways = f"the labels of these {what} can be exchanged in {count:.0f} ways that readings can tell"
    why = f"{ways} apart, and p ≤ {alpha:g} needs {np.ceil(least):.0f}"
    reason = "more groups are needed; more rows of the same groups do not help"
    kinds = permuted.of_groups
    if kinds is None:
        return Shortage(why, rows_reason=reason if groups is not None else "more rows are needed")
    n_blocks = len(np.unique(permuted.blocks))
    needed = groups_needed(kinds, n_blocks, least, are_classes=z.is_classes)
    if needed is None:
        return Shortage(why, rows_reason=reason)
    rows = -(-needed * len(z) // len(kinds))  # rounded up
    why += f", which takes {needed} groups"
    return Shortage(why, "More rows of the same groups do not help.", rows, f"{needed} groups")


def withheld(claims: Sequence[Claim], short: Shortage) -> tuple[Claim, ...]:
    """Return the claims, unclear for this reason if they rest on permutations."""
    return tuple(_withheld(claim, short) if claim.name in OF_CLAIMS else claim for claim in claims)


def without_interval(claims: Sequence[Claim], why: str) -> tuple[Claim, ...]:
    """Return the claims with a warning why they have no interval, if rows are too few for one."""
    return tuple(
        replace(claim, warnings=(*claim.warnings, why))
        if why and claim.name in READ and claim.interval is None
        else claim
        for claim in claims
    )


def _withheld(claim: Claim, short: Shortage) -> Claim:
    more = f" {sentence(short.more)}" if short.more else ""
    return replace(
        without_rows(claim, short.rows_reason),
        holds=Holds.UNCLEAR,
        rows_needed=short.rows_needed,
        reason=f"These rows cannot test the claim: {short.why}.{more}",
        detectable=None,
        warnings=(*claim.warnings, DEPENDENT) if short.is_dependent else claim.warnings,
    )
