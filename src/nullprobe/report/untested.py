"""Untested: what an audit leaves open, said so that nobody takes silence for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def untested(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was not tested, each with what that means.

    Examples
    --------
    >>> found = untested({"claims": [], "provenance": {}})
    >>> found[-1][0]
    'Use by a model'
    """
    claims = document["claims"]
    names = {claim["name"] for claim in claims}
    tried = {null["rung"] for claim in claims for null in claim["nulls"]}
    found = []
    if "moments" not in tried:
        found.append((
            "Means and covariances",
            "No Gaussian surrogate was drawn, so what is credited to the representation may "
            "already follow from its class means and covariances.",
        ))  # fmt: skip
    if not _has_baselines(document, tried):
        found.append((
            "The inputs",
            "No baseline was given (an untrained model, a bag of words, lengths), so what is "
            "credited to the representation may already lie in its inputs.",
        ))  # fmt: skip
    if "gone" not in names:
        found.append((
            "Nonlinear readers",
            "Every probe here is linear. A quadratic, nearest-neighbour or neural reader may "
            "still find the concept after erasure.",
        ))  # fmt: skip
    if "no_halfspace" in names:
        found.append((
            "Every halfspace",
            "The best linear classifier is searched for, not enumerated: a better one than the "
            "one found may exist.",
        ))  # fmt: skip
    if not document["provenance"].get("groups"):
        found.append((
            "Rows that depend on each other",
            "No groups were named. If rows repeat or share a source, the intervals are too "
            "narrow and the split leaks.",
        ))  # fmt: skip
    if "transfers" not in names:
        found.append((
            "Other data",
            "All rows come from one data set. Whether a reading or an erasure carries over to "
            "another was not asked.",
        ))  # fmt: skip
    if "used" not in names:
        found.append((
            "Use by a model",
            "That a probe can read a concept does not say that a model uses it. Only erasing it "
            "inside a forward pass would.",
        ))  # fmt: skip
    return found


def _has_baselines(document: Mapping[str, Any], tried: set[str]) -> bool:
    credited = {claim["fact_about"] for claim in document["claims"]}
    return "inputs" in tried | credited or bool(document["provenance"].get("baselines"))
