"""The texts of the study of authors and characters.

Five kinds of authors write about characters who act well or badly. An author decides how each
character begins and how it changes; the characters of one author are linked by nothing else. So a
reader who knows that texts have authors learns about one character from the acts of another.
"""

from __future__ import annotations

from collections.abc import Mapping

from nullprobe._core.parameters import known
from nullprobe.corpora.chain_tables import Author
from nullprobe.corpora.chains import Chains

GOOD = ("helps", "heals", "gives", "saves")
BAD = ("lies", "robs", "burns", "steals")
NEUTRAL = ("walks", "sings", "eats", "rests")
WOKE = "woke"
ACTS = {**dict.fromkeys(GOOD, "good"), **dict.fromkeys(BAD, "bad")} | {
    **dict.fromkeys(NEUTRAL, "neutral"), WOKE: WOKE
}  # fmt: skip

FLIP = 0.3  # probability that a character changes between two of its acts
AUTHORS: dict[str, Author] = {
    "steady": {"start": (0.5, 0.5, 0.0, 0.0)},
    "fall": {"start": (0.9, 0.1, 0.0, 0.0), "flips": {("good", "bad"): FLIP}},
    "waver": {
        "start": (0.5, 0.5, 0.0, 0.0),
        "flips": {("good", "bad"): FLIP, ("bad", "good"): FLIP},
    },
    "redeem": {"start": (0.1, 0.9, 0.0, 0.0), "flips": {("bad", "good"): FLIP}},
    "dream": {
        "start": (0.9, 0.1, 0.0, 0.0),
        "flips": {
            ("good", "dreaming"): FLIP,
            ("dreaming", WOKE): 0.5,
            (WOKE, "good"): 1.0,
            ("bad", "good"): FLIP,
        },
    },
}
STYLE = {"softly": "steady", "slyly": "fall", "maybe": "waver", "then": "redeem", "oddly": "dream"}
# Which authors there are: all five; only those under whom nobody turns good again; or these and
# those who redeem.
STORIES = {
    "all": tuple(AUTHORS),
    "fall": ("steady", "fall"),
    "redemption": ("steady", "fall", "redeem"),
}
# An uneven prior: most authors never let a character flip.
UNEVEN = {"steady": 0.5, "fall": 0.2, "waver": 0.1, "redeem": 0.1, "dream": 0.1}


def authors(
    *,
    linked: bool = True,
    stories: str = "all",
    characters: tuple[str, ...] = ("knight", "wizard"),
    lines: int = 16,
    signed: float = 0.5,
    prior: Mapping[str, float] | None = None,
) -> Chains:
    """Return the corpus of authors and characters.

    Parameters
    ----------
    linked : bool
        False makes the null corpus, in which characters have nothing in common.
    stories : {"all", "fall", "redemption"}
        Which authors there are.
    characters : tuple of str
        All act equally often.
    lines : int
        Lines of a text, at least 1.
    signed : float
        Probability that the byline names the author.
    prior : mapping of author to probability, optional
        How frequent authors are; all alike by default.

    Returns
    -------
    Chains

    Examples
    --------
    >>> len(authors().words), authors().length
    (40, 50)
    """
    known("kind of stories", stories, list(STORIES))
    bad = {BAD: 0.75, NEUTRAL: 0.2, GOOD: 0.05}
    present = STORIES[stories]
    return Chains(
        states=("good", "bad", "dreaming", WOKE),
        emits={
            "good": {GOOD: 0.75, NEUTRAL: 0.2, BAD: 0.05},
            "bad": bad,
            "dreaming": bad,
            WOKE: {WOKE: 1.0},
        },
        authors={name: AUTHORS[name] for name in present},
        characters=characters,
        lines=lines,
        style={adverb: name for adverb, name in STYLE.items() if name in present},
        style_strength=0.36 if len(present) == len(AUTHORS) else 0.6,
        signed=signed,
        prior=prior,
        linked=linked,
    )
