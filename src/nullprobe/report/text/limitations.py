"""Untested: what an audit leaves open, in words, so that silence is not taken for an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nullprobe.report.text.rows import notes
from nullprobe.report.text.rungs import rung
from nullprobe.report.text.wording import claim_name, sentence

NONLINEAR = (
    "Nonlinear readers",
    "Every probe of this audit is linear. A quadratic, nearest-neighbour or neural reader may "
    "still read the concept after erasure.",
)
FAMILY = (
    "Readers outside the family",
    "Quadratic, RBF, nearest-neighbour and wide ReLU readers were tried on these rows. Another "
    "reader, or one fitted to more rows, may still read the concept after erasure.",
)
HALFSPACES = (
    "Every halfspace",
    "The search for the best linear classifier is not exhaustive: a better one may exist.",
)
GROUPS = (
    "Rows that depend on each other",
    "No groups were named. The audit looks for copies and for neighbours in the file that resemble "
    "each other; it cannot detect rows that share a source and lie far from each other.",
)
ELSEWHERE = (
    "Other data",
    "All rows come from one data set. Whether a reading or an erasure carries over to another data "
    "set was not tested.",
)
RIVALS = (
    "What else flips within pairs",
    "What CCS reads was compared with the labels that were passed. It may follow something else "
    "that goes along with them.",
)
STRANGERS = (
    "Other groups",
    "Carrying over was tested among the groups of these data. Other groups may share less.",
)
USE = (
    "Use by a model",
    "A probe that reads a concept does not show that a model uses it. Erasing the concept inside a "
    "forward pass (`nullprobe audit-use`) would show it.",
)


def untested(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was not tested, each with what that means.

    Claims that an audit had to leave out come first, then explanations that were not tried, both
    with the reason.

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
    left_out = [
        (claim_name(name), f"Left out of this audit. {sentence(why.rstrip('.'))}.")
        for name, why in provenance.get("left_out", {}).items()
    ]
    open_questions = (
        (FAMILY, "gone" in names),
        (NONLINEAR, "gone" not in names),
        (HALFSPACES, "no_halfspace" in names),
        (GROUPS, not provenance.get("groups") and "dependence" not in provenance),
        (RIVALS, "consistent" in names),
        (STRANGERS, "transfers" in names),
        (ELSEWHERE, "transfers" not in names),
        (USE, "used" not in names),
    )
    still_open = (question for question, is_open in open_questions if is_open)
    return [*left_out, *notes(provenance), *_not_tried(claims), *still_open]


def _not_tried(claims: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each explanation that was not tried, with the reasons and the claims they are of."""
    reasons: dict[str, dict[str, list[str]]] = {}
    for claim in claims:
        for one in claim["explanations"]:
            if one["outcome"] == "not_tried":
                of = reasons.setdefault(one["name"], {})
                of.setdefault(one["reason"].rstrip("."), []).append(claim_name(claim["name"]))
    for name, by_reason in reasons.items():
        why = (f"{', '.join(dict.fromkeys(of))}: {reason}." for reason, of in by_reason.items())
        yield sentence(rung(name).name), f"Not tried. {' '.join(why)}"
