"""Confound warnings: what to know before relying on a reading that was compared with confounds."""

from __future__ import annotations

from nullprobe.claims.explanations import Explanation
from nullprobe.claims.observation import Confounded

# Rows per column of W: with fewer, penalties decide what W says (Peduzzi et al. 1996).
ROWS_PER_COLUMN = 10
LEAST_PAIRS = 20  # matched pairs that are worth an audit


def confound_warnings(one: Confounded, explanation: Explanation) -> tuple[str, ...]:
    """Return the warnings of a reading that was compared with confounds.

    Parameters
    ----------
    one : Confounded
    explanation : Explanation
        What became of the confounds.
    """
    sentences = []
    if one.is_closed:
        sentences.append(nearly_the_concept(one.informative, one.rows))
    if one.rows < ROWS_PER_COLUMN * one.columns:
        sentences.append(
            f"the confounds have {one.columns:,} columns for {one.rows:,} rows: P(y | W) shrinks "
            "them, and what it shrinks away may still confound"
        )
    if one.matched_pairs is not None and not explanation.is_rejected:
        if one.matched_pairs >= LEAST_PAIRS:
            sentences.append(
                f"{one.matched_pairs:,} pairs of rows of different classes have equal confounds. "
                "`matched_rows` returns them: pass them as ContrastPairs, since a design that "
                "holds the confounds fixed needs no model of them"
            )
        elif one.is_closed:
            sentences.append(
                f"{one.matched_pairs:,} pairs of rows of different classes have equal confounds, "
                "too few to audit; collect rows that differ in the concept alone"
            )
    return tuple(sentences)


def nearly_the_concept(rows_open: float, rows: int) -> str:
    """Return the warning of confounds that leave few labels open."""
    return (
        f"the confounds nearly say what the concept is: they leave it open in about "
        f"{rows_open:.0f} of {rows:,} rows, and all that can be read beyond them is read of "
        "those. Pairs or matched rows that differ in the concept alone would show more"
    )
