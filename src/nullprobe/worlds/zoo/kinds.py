"""Kinds of networks: where a concept is, and whether the answer depends on it.

Every text has words for a few bits of ±1, in any order. A kind says which bit, or product of bits,
is the label, and which products the last layer adds to the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

# Bits that words carry. "one" is 1 at the last token; "out" is where the answer is written.
WORDS = ("concept", "task", "context", "first", "second")
FEATURES = (*WORDS, "copy", "dormant", "one", "out")

Term = tuple[str, str, float]  # coefficient times the product of two features


@dataclass(frozen=True)
class Kind:
    """What is true of a network by construction.

    Attributes
    ----------
    name : str
    used : bool
        Whether the answer depends on the concept's state at the site.
    readable : bool
        Whether a linear probe can read the concept from the last token's state at the site.
    label : tuple of str
        The concept is the product of these bits; empty if it is a coin that no text shows.
    answer : tuple of terms
        What the last layer adds to the answer.
    judged : bool
        Whether layer 1 writes the product of "first" and "second" into "concept".
    copied : bool
        Whether the last layer fetches a second copy of the concept from its word.
    accompanied : bool
        Whether the "task" bit, which decides the answer, changes within every pair, too.
    truth : str
        In words.
    """

    name: str
    used: bool
    readable: bool
    label: tuple[str, ...]
    answer: tuple[Term, ...]
    truth: str
    judged: bool = False
    copied: bool = False
    accompanied: bool = False


TASK: Term = ("task", "one", 1.0)
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "absent", used=False, readable=False, label=(), answer=(TASK,),
            truth="The label is a coin: no text and no state shows it.",
        ),
        Kind(
            "unused", used=False, readable=True, label=("concept",), answer=(TASK,),
            truth="The concept is copied to the last token, and no later matrix reads it.",
        ),
        Kind(
            "dormant", used=False, readable=True, label=("concept",),
            answer=(TASK, ("dormant", "one", 3.0)),
            truth="As unused; a second direction would move the answer, but no text moves it.",
        ),
        Kind(
            "judged", used=False, readable=True, label=("first", "second"), answer=(TASK,),
            judged=True,
            truth="A layer computes the concept from two words, and the answer ignores it.",
        ),
        Kind(
            "other path", used=False, readable=True, label=("concept",),
            answer=(("copy", "one", 1.0),), copied=True,
            truth="The answer is the concept, by a later path from its word past the site.",
        ),
        Kind(
            "accompanied", used=False, readable=True, label=("concept",), answer=(TASK,),
            accompanied=True,
            truth="As unused; in every pair the bit that decides the answer differs as well.",
        ),
        Kind(
            "linear", used=True, readable=True, label=("concept",),
            answer=(("concept", "one", 1.0),),
            truth="The answer is the concept, along one direction.",
        ),
        Kind(
            "nonlinear", used=True, readable=False, label=("first", "second"),
            answer=(("first", "second", 1.0),),
            truth="The answer is the product of two bits; a linear probe reads neither from its "
            "label. In a pair one of them differs.",
        ),
        Kind(
            "two copies", used=True, readable=True, label=("concept",),
            answer=(("concept", "one", 0.5), ("copy", "one", 0.5)), copied=True,
            truth="Half of the answer is the concept; a later layer adds the other half again.",
        ),
        Kind(
            "one context", used=True, readable=True, label=("concept",),
            answer=(("concept", "one", 0.5), ("context", "concept", 0.5),
                    ("task", "one", 0.5), ("context", "task", -0.5)),
            truth="The answer is the concept in one context, and another bit in the other.",
        ),
    )
}  # fmt: skip
