"""Confound warnings: limits of a comparison of a reading with confounds."""

from __future__ import annotations

from nullprobe.claims.explanations import Explanation
from nullprobe.claims.observation import Confounded
from nullprobe.data.confounds import ROWS_PER_COLUMN

LEAST_PAIRS = 20  # matched pairs; an audit of fewer shows little


def confound_warnings(one: Confounded, explanation: Explanation) -> tuple[str, ...]:
    """Return the warnings of a reading that was compared with confounds.

    Parameters
    ----------
    one : Confounded
    explanation : Explanation
        The confounds as an explanation of the reading.
    """
    sentences: list[str] = []
    if one.is_closed:
        sentences.append(nearly_the_concept(one.informative, one.rows))
    if one.is_wide:
        sentences.append(
            f"the confounds have {one.columns:,} columns for {one.rows:,} rows. The model "
            "that predicts the concept from the confounds shrinks their effects, and what it "
            "shrinks away may still confound. So they can be credited with a reading, but not "
            f"ruled out; with at most {one.rows // ROWS_PER_COLUMN:,} columns they could be. Name "
            "fewer confounds, or audit matched rows"
        )
    if one.matched_pairs is not None and not explanation.is_rejected:
        if one.matched_pairs >= LEAST_PAIRS:
            sentences.append(
                f"{one.matched_pairs:,} pairs of rows of different classes have equal confounds. "
                "`matched_rows` returns them. Audit them as ContrastPairs: a comparison with fixed "
                "confounds needs no model of the confounds"
            )
        elif one.is_closed:
            sentences.append(
                f"{one.matched_pairs:,} pairs of rows of different classes have equal confounds, "
                "too few to audit; collect rows that differ in the concept alone"
            )
    return tuple(sentences)


def nearly_the_concept(rows_open: float, rows: int) -> str:
    """Return the warning about confounds that leave few labels open."""
    return (
        f"the confounds nearly determine the concept: they leave it open in about {rows_open:.0f} "
        f"of {rows:,} rows, and only these rows can show a reading beyond the confounds. Pairs or "
        "matched rows that differ in the concept alone would show more"
    )
