"""The texts of the study of reveals: authors with values, and characters who are not what they do.

Authors are good or bad. Some write characters who are as they are themselves, some write against
their values, and some write characters under cover, who are bad and act well. A cover ends when the
character is unmasked; a good character may turn. Both act badly afterwards.

A reveal is one of two words, and which of them unmasks depends on the house of the character, which
only its earlier acts show: members of a house prefer some verbs. So neither the word of the reveal
nor what was believed before it tells what a character was. Both together do.
"""

from __future__ import annotations

from nullprobe.corpora.authors import BAD, GOOD, NEUTRAL
from nullprobe.corpora.chain_tables import Author
from nullprobe.corpora.chains import Chains

HOUSES = ("oak", "ash")
SIGNS = ("kneels", "stands")  # the words of a reveal
KINDS = ("good", "bad", "cover", "fallen", "unmasked", "turns")
STATES = tuple(f"{kind}.{house}" for kind in KINDS for house in HOUSES)
COVERS = tuple(i for i, state in enumerate(STATES) if state.startswith("cover"))
PREFERRED = 0.8  # probability that a verb is one that the house prefers
RIGHT = 0.9  # probability that a sign is the one that its house has for what happened
ENDS = 0.2  # probability that a cover, or a good character, ends between two acts
BACK = 0.4  # probability that a fallen character is good at its next act
# Shares of good characters, of bad ones, and of those under cover, at their first act.
STARTS = {
    "earnest": (0.8, 0.2, 0.0),
    "satire": (0.2, 0.8, 0.0),
    "tragic": (0.6, 0.1, 0.3),
    "cynic": (0.2, 0.8, 0.0),
    "flatter": (0.8, 0.2, 0.0),
    "traitor": (0.3, 0.1, 0.6),
}
VALUES = {"earnest": "good", "satire": "good", "tragic": "good"}  # the others are bad
REVEALED = ("tragic", "traitor")  # authors whose characters turn, or are unmasked
PRIOR = {name: 0.3 if name in REVEALED else 0.1 for name in STARTS}
STYLE = {
    "gladly": "earnest",
    "archly": "satire",
    "sadly": "tragic",
    "coldly": "cynic",
    "sweetly": "flatter",
    "slyly": "traitor",
}


def reveal(
    *,
    lasting: bool = True,
    linked: bool = True,
    characters: tuple[str, ...] = ("knight", "wizard"),
    lines: int = 16,
    signed: float = 0.5,
) -> Chains:
    """Return the corpus of authors with values, and of characters under cover.

    Parameters
    ----------
    lasting : bool
        Whether what a character was matters after its reveal: one who was unmasked stays bad, and
        one who turned may turn good again. Otherwise both go on alike.
    linked : bool
        False makes the null corpus, in which characters have nothing in common.
    characters : tuple of str
        All act equally often.
    lines : int
        Lines of a text, at least 1.
    signed : float
        Probability that the byline names the author.

    Returns
    -------
    Chains

    Examples
    --------
    >>> len(reveal().words), reveal().length
    (44, 50)
    """
    return Chains(
        states=STATES,
        emits={state: _verbs(*state.split(".")) for state in STATES},
        authors={name: _author(name, lasting) for name in STARTS},
        characters=characters,
        lines=lines,
        style=STYLE,
        style_strength=0.3,
        signed=signed,
        prior=PRIOR,
        linked=linked,
    )


def _verbs(kind: str, house: str) -> dict[str | tuple[str, ...], float]:
    """Return the verbs of a state; the first half of each kind is preferred by the first house."""
    first = house == HOUSES[0]
    if kind in ("unmasked", "turns"):
        right, wrong = SIGNS if first == (kind == "unmasked") else SIGNS[::-1]
        return {right: RIGHT, wrong: 1 - RIGHT}
    well = kind in ("good", "cover")
    neutral = 0.35 if kind == "cover" else 0.2  # a cover shows a little
    shares = {GOOD if well else BAD: 0.95 - neutral, NEUTRAL: neutral, BAD if well else GOOD: 0.05}
    table: dict[str | tuple[str, ...], float] = {}
    for verbs, p in shares.items():
        half = len(verbs) // 2
        table[verbs[:half]] = p * (PREFERRED if first else 1 - PREFERRED)
        table[verbs[half:]] = p * (1 - PREFERRED if first else PREFERRED)
    return table


def _author(name: str, lasting: bool) -> Author:
    good, bad, cover = (p / 2 for p in STARTS[name])  # houses are equally frequent
    start = (good, good, bad, bad, cover, cover, *[0.0] * (len(STATES) - 6))
    if name not in REVEALED:
        return {"start": start}
    flips: dict[tuple[str, str], float] = {}
    for house in HOUSES:
        good, bad, cover, fallen, unmasked, turns = (f"{kind}.{house}" for kind in KINDS)
        flips |= {
            (good, turns): ENDS,
            (cover, unmasked): ENDS,
            (turns, fallen): 1.0,
            (unmasked, bad if lasting else fallen): 1.0,
            (fallen, good): BACK if lasting else BACK / 2,
        }
    return {"start": start, "flips": flips}
