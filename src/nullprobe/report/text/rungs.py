"""Rungs and sources: what a result takes, and where it comes from, for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rung:
    """What a result may take, in words; each rung allows all that those below it allow.

    Attributes
    ----------
    key : str
        As in a document: "linear_algebra", "chance", ...
    height : int
        1 for the lowest; 0 for one that is not on the ladder.
    name : str
        What the result takes.
    gloss : str
        What that means.
    drawn : str
        What a null of this rung is called in a picture.
    """

    key: str
    height: int
    name: str
    gloss: str
    drawn: str

    @property
    def colour(self) -> str:
        """Key of its colour; "other" for one without a colour."""
        return self.key if self.key in COLOURED else "other"


RUNGS = (
    Rung(
        "linear_algebra", 1, "linear algebra",
        "true of any labels on any data of this shape", "labels permuted, same sample",
    ),
    Rung("chance", 2, "chance", "what is drawn by chance does as much", "labels permuted"),
    Rung(
        "moments", 3, "means and covariances",
        "class means and covariances alone do as much", "same class means and covariances",
    ),
    Rung(
        "noise", 4, "the shape of the noise",
        "class means, covariances and the shape of the noise do as much",
        "the shape of the noise kept, too",
    ),
    Rung(
        "structure", 5, "more structure",
        "class means, covariances and the shape of the noise are not enough", "more structure",
    ),
)  # fmt: skip
NOT_TRIED = Rung(
    "not_tried",
    0,
    "undecided (only chance was tried)",
    "no other explanation was tried",
    "not tried",
)
NOTHING_TRIED = Rung("not_tried", 0, "not tried", "no explanation was tried", "not tried")
UNDECIDED = Rung("undecided", 0, "undecided", "no explanation is enough for certain", "undecided")
# What each rung says of what it explains.
EXPLAINS = {
    "linear_algebra": "linear algebra alone explains {}: any labels give it.",
    "chance": "chance explains {}.",
    "moments": "class means and covariances alone explain {}.",
    "noise": "class means, covariances and the shape of the noise explain {}.",
    "structure": "{} takes more structure than class means, covariances and noise have.",
}
# Where a result comes from, in words, and what that means.
SOURCES = {
    "inputs": ("the inputs", "what is known of the inputs alone does as much"),
    "architecture": ("the architecture", "an untrained model does as much"),
    "corpus": ("the corpus", "the corpus alone does as much"),
    "training": (
        "training",
        "a fact about the representation: the baselines and the untrained networks passed are not "
        "enough",
    ),
    "undecided": ("undecided", "what was compared neither is enough nor falls short for certain"),
    "not_tried": ("not tried", "not compared with the inputs or an untrained model"),
}
COLOURED = {*(rung.key for rung in RUNGS), "inputs", "architecture", "corpus"}
OUTCOMES = {
    "sufficient": "is enough",
    "rejected": "is not enough",
    "undecided": "undecided",
    "not_tried": "not tried",
}
# Nulls that are no rung of the ladder, by their key.
OTHERS = {
    "random_subspaces": "random subspaces that remove as much",
    "random_directions": "directions drawn at random",
    "inputs": "labels drawn given the confounds",
}


def takes(claim: Mapping[str, Any]) -> Rung:
    """Return what a claim takes, in words: undecided where only chance or nothing was tried.

    Examples
    --------
    >>> alone = [{"name": "chance", "outcome": "rejected"}]
    >>> takes({"holds": "yes", "takes": "undecided", "explanations": alone}).name
    'undecided (only chance was tried)'
    """
    tried = {one["name"] for one in claim["explanations"] if one["outcome"] != "not_tried"}
    if claim["takes"] == "undecided" and claim["explanations"] and not tried - {*SOURCES}:
        return NOTHING_TRIED
    beyond = tried - {"chance", *SOURCES}
    known = claim["takes"] != "undecided" or claim["holds"] == "unclear" or beyond
    return rung(claim["takes"]) if known else NOT_TRIED


def rung(key: str) -> Rung:
    """Return a rung by its key; what is not on the ladder is named after its key.

    Examples
    --------
    >>> rung("chance").gloss
    'what is drawn by chance does as much'
    >>> rung("random_subspaces").name
    'random subspaces'
    """
    known = {known.key: known for known in (*RUNGS, UNDECIDED)}
    name = SOURCES[key][0] if key in SOURCES else key.replace("_", " ")
    return known.get(key, Rung(key, 0, name, "", OTHERS.get(key, name)))


def source(key: str) -> str:
    """Return the name of where a result comes from.

    Examples
    --------
    >>> source("inputs"), source("not_tried")
    ('the inputs', 'not tried')
    """
    return SOURCES[key][0]
