"""One direction: removing K − 1 directions removes all linearly available information.

The claim is true of every data set (Belrose et al. 2023, arXiv 2306.03819, Theorems 3.1 to 3.4).
So it is verified and not tested: on the data, and on permuted labels.
"""

from __future__ import annotations

from collections.abc import Mapping

from nullprobe.claims.evidence import Evidence
from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.sentences import number
from nullprobe.claims.verdict import Claim, Holds
from nullprobe.data.metric import Metric

NAME = "one_direction"
METRIC = Metric("canonical correlation", 0.0, "residual")
STATEMENT = (
    "Removing {directions} from this sample removes all information that a linear probe "
    "could use on it."
)
# Canonical correlations below this are rounding errors, at the precision of float32 inputs.
ROUNDING = 1e-5


def one_direction(evidence: Evidence) -> Claim:
    """Return the verdict on the linear information that is left in the sample."""
    details = evidence.details.get(NAME, {})
    rank = int(details.get("directions_removed", 1))
    directions = "1 direction" if rank == 1 else f"{rank} directions"
    holds = Holds.YES if evidence.residual <= ROUNDING else Holds.NO
    same = bool(evidence.residual_null.values.max() <= ROUNDING)
    reason = (
        f"{_start(holds, directions, evidence.targets, same=same)} The largest canonical "
        f"correlation left is {number(evidence.residual)}, and "
        f"{number(evidence.residual_null.values.max())} at most when {evidence.targets} are "
        f"permuted.{_logistic(details)}"
    )
    outcome = Outcome.SUFFICIENT if same or holds is Holds.NO else Outcome.REJECTED
    statement = STATEMENT.format(directions=directions)
    return Claim(
        NAME,
        statement,
        holds,
        (Explanation("linear_algebra", outcome),),
        evidence.residual,
        METRIC,
        None,
        (evidence.residual_null,),
        None,
        reason,
        None,
        details,
    )


def _start(holds: Holds, directions: str, what: str, *, same: bool) -> str:
    if holds is Holds.NO:
        return (
            "Some linear information is left, although a theorem excludes it: rounding has spoilt "
            "this input. Its mean may be very large for its precision."
        )
    if same:
        return (
            f"Removing {directions} removes all linear information from this sample, as linear "
            f"algebra guarantees for any {what}."
        )
    return (
        f"Removing {directions} removes all linear information about these {what}, but not about "
        "permuted ones."
    )


def _logistic(details: Mapping[str, float]) -> str:
    """State the accuracy of logistic regression, for the labels and for shuffled labels."""
    before, after, *shuffled = (
        details.get(f"in_sample_{when}")
        for when in ("before", "after", "before_shuffled", "after_shuffled")
    )
    if before is None or after is None or None in shuffled:
        return ""
    return (
        f" Logistic regression classifies {before:.1%} of these rows correctly before erasure and "
        f"{after:.1%} after it; the largest class has {details['largest_class']:.1%}. With "
        f"shuffled labels, which mean nothing, it is {shuffled[0]:.1%} before and "
        f"{shuffled[1]:.1%} after."
    )
