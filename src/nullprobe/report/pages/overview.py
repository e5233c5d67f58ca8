"""Overview: verdicts on several data sets, or several representations of one, at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nullprobe.report.text.wording import heading

MOST_COLUMNS = 4  # data sets that stand side by side; more stand below each other


@dataclass(frozen=True)
class Identity:
    """What the documents of a page are, and what to call them.

    Attributes
    ----------
    title : str
        Of the page.
    what : str
        "data set", or "representation" where they are representations of the same rows.
    names : tuple of str
        Of each document, in short.
    """

    title: str
    what: str
    names: tuple[str, ...]


def identified(documents: Sequence[Mapping[str, Any]]) -> Identity:
    """Return what the documents of a page are.

    Representations name themselves, and all that they were audited together with.

    Examples
    --------
    >>> together = {"representations": ["layer 0", "layer 1"]}
    >>> pages = [
    ...     {"title": "m", "representation": f"layer {i}", "provenance": together} for i in (0, 1)
    ... ]
    >>> identified(pages)
    Identity(title='m', what='representation', names=('layer 0', 'layer 1'))
    """
    names = [document["representation"] for document in documents]
    together = [document["provenance"].get("representations") for document in documents]
    if not all(one == names for one in together):
        titles = (heading(one["title"], one["representation"]) for one in documents)
        return Identity("What do these results say, and about what?", "data set", tuple(titles))
    wholes = {document["title"] for document in documents}
    title = wholes.pop() if len(wholes) == 1 else "Several representations"
    return Identity(title, "representation", tuple(names))


def overview(sets: Sequence[Mapping[str, Any]], identity: Identity) -> dict[str, Any]:
    """Return the table of all verdicts: claims by data sets if these are few, else the reverse.

    Parameters
    ----------
    sets : sequence of mapping
        What the page shows of each document.
    found : Several
    """
    few = identity.what == "data set" and len(sets) <= MOST_COLUMNS
    return {"few": few, "rows": _grouped(sets, "statement" if few else "name")}


def _grouped(sets: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """Return each claim once, by its statement or its name, with what every data set says to it."""
    rows: dict[str, dict[str, Any]] = {}
    for position, shown in enumerate(sets):
        for claim in shown["claims"]:
            texts = {"short": claim["short"], "statement": claim["statement"]}
            row = rows.setdefault(claim[key], {**texts, "cells": [None] * len(sets)})
            row["cells"][position] = claim
    return list(rows.values())
