"""Sentences whose sentiment is one adjective, plain and negated."""

from __future__ import annotations

import random
from typing import NamedTuple

POSITIVE = (
    "good great wonderful excellent lovely delightful brilliant superb fantastic amazing beautiful "
    "charming splendid pleasant perfect marvelous outstanding magnificent impressive enjoyable "
    "fabulous terrific incredible awesome exceptional remarkable glorious fine nice satisfying "
    "stunning refreshing fun inspiring touching moving elegant clever thrilling captivating "
    "engaging admirable masterful radiant joyful sublime stellar heartwarming"
).split()
NEGATIVE = (
    "bad terrible awful horrible dreadful boring disappointing poor disgusting nasty ugly stupid "
    "pathetic miserable lousy tedious annoying mediocre unpleasant atrocious appalling dull "
    "hideous horrendous abysmal ridiculous painful depressing lame worthless shameful bland "
    "irritating offensive clumsy vile gross tiresome sloppy pointless dismal weak shoddy "
    "repulsive dire inferior grim unbearable"
).split()
THINGS = "movie meal hotel".split()


class Sentence(NamedTuple):
    """One sentence and what is known of it."""

    text: str
    adjective: str
    thing: str
    negated: bool
    positive: bool  # what the whole sentence says


def sentences(*, negated: bool, shuffled: bool = False) -> list[Sentence]:
    """Return 288 sentences: 96 adjectives of 3 things; "not" turns the sentiment round.

    The adjectives come as listed above, where neighbours often mean nearly the same, or shuffled.
    """
    adjectives = [*POSITIVE, *NEGATIVE]
    if shuffled:
        random.Random(0).shuffle(adjectives)
    return [
        Sentence(
            f"I thought that the {thing} was {'not ' if negated else ''}{adjective}.",
            adjective, thing, negated, (adjective in POSITIVE) != negated,
        )
        for adjective in adjectives
        for thing in THINGS
    ]  # fmt: skip
