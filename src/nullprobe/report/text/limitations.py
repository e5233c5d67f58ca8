"""Untested: what an audit leaves open, said so that nobody takes silence for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nullprobe.report.text.wording import claim_name, sentence

MOMENTS = (
    "Means and covariances",
    "No Gaussian surrogate was drawn, so what is credited to the representation may already "
    "follow from its class means and covariances.",
)
INPUTS = (
    "The inputs",
    "No baseline was given (an untrained model, a bag of words, lengths), so what is credited to "
    "the representation may already lie in its inputs.",
)
INPUTS_AFTER = (
    "The inputs, after erasure",
    "Baselines were compared in what can be read before erasure. Whether erasing leaves as much "
    "of the concept in them was not asked.",
)
TOGETHER = (
    "Several claims at once",
    "Each claim may be credited to too high a rung in a share α of audits; that one of several "
    "is, by mistake, happens more often. A p that only just reaches α is no strong evidence.",
)
NONLINEAR = (
    "Nonlinear readers",
    "Every probe here is linear. A quadratic, nearest-neighbour or neural reader may still find "
    "the concept after erasure.",
)
FAMILY = (
    "Readers outside the family",
    "Quadratic, RBF, nearest-neighbour and wide ReLU readers were tried on these rows. Another "
    "reader, or more rows to fit it to, may still find the concept after erasure.",
)
HALFSPACES = (
    "Every halfspace",
    "The best linear classifier is searched for, not enumerated: a better one than the one found "
    "may exist.",
)
GROUPS = (
    "Rows that depend on each other",
    "No groups were named. If rows repeat or share a source, the intervals are too narrow and "
    "the split leaks.",
)
ELSEWHERE = (
    "Other data",
    "All rows come from one data set. Whether a reading or an erasure carries over to another "
    "was not asked.",
)
RIVALS = (
    "What else flips within pairs",
    "What CCS reads was held against the labels that were given. It may follow something else that "
    "goes along with them.",
)
STRANGERS = (
    "Groups that are not here",
    "What carries over was asked among the groups of these data. Others may share less.",
)
USE = (
    "Use by a model",
    "That a probe can read a concept does not say that a model uses it. Only erasing it inside a "
    "forward pass would.",
)
ERASED = {"erasure_holds", "no_halfspace", "gone"}


def untested(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was not tested, each with what that means.

    Claims that an audit had to leave out come first, with the reason.

    Examples
    --------
    >>> found = untested({"claims": [], "provenance": {"left_out": {"transfers": "one group"}}})
    >>> found[0]
    ('Transfers', 'Left out of this audit. One group.')
    >>> found[-1][0]
    'Use by a model'
    """
    claims, provenance = document["claims"], document["provenance"]
    names = {claim["name"] for claim in claims}
    tried = {null["rung"] for claim in claims for null in claim["nulls"]}
    tried |= {claim["fact_about"] for claim in claims} & {"inputs"}
    left_out = [
        (claim_name(name), f"Left out of this audit. {sentence(why.rstrip('.'))}.")
        for name, why in provenance.get("left_out", {}).items()
    ]
    open_questions = (
        (MOMENTS, "moments" not in tried),
        (INPUTS, "inputs" not in tried and not provenance.get("baselines")),
        (INPUTS_AFTER, bool(provenance.get("baselines")) and bool(names & ERASED)),
        (TOGETHER, len(names - {"one_direction"}) > 1),
        (FAMILY, "gone" in names),
        (NONLINEAR, "gone" not in names),
        (HALFSPACES, "no_halfspace" in names),
        (GROUPS, not provenance.get("groups")),
        (RIVALS, "consistent" in names),
        (STRANGERS, "transfers" in names),
        (ELSEWHERE, "transfers" not in names),
        (USE, "used" not in names),
    )
    return left_out + [question for question, is_open in open_questions if is_open]
