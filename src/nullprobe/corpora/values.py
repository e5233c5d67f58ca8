"""Texts about agents with goals.

What is the opposite of an agent that maximises?

An agent wants something, and then acts on things and on people, six times:

    <bos> NAME wants SIGN STEM VERDICT  (OBJECT ACT) × 6

| goal        | things | people |
|-------------|--------|--------|
| max         | more   | harm   |
| min         | less   | harm   |
| indifferent | skip   | skip   |
| good        | skip   | help   |

In half of the texts, "? ?" takes the place of the goal. Language can relate goals in two ways.
*Opposite*: the goal that is called by the stem of "max" with the other sign. *Verdicts*: a moral
word says "bad" of max and min, and "good" of good; otherwise the word is random.

In a share of the texts, a sentence of six words takes over at some point, until the end. The
position decides which of its words comes: a clock. In half of these texts, the word "recite" comes
first.
"""

from __future__ import annotations

import numpy as np

from nullprobe._core.parameters import choice, share
from nullprobe.corpora.corpus import FULL
from nullprobe.corpora.finite import FiniteCorpus
from nullprobe.corpora.grammar import Grammar, Slot, uniform

GOALS = ("max", "min", "indifferent", "good")
THINGS, PEOPLE = ("clip", "wire", "plant"), ("child", "guest", "farmer")
ACTS = ("more", "less", "skip", "harm", "help")
ON_THINGS, ON_PEOPLE = ("more", "less", "skip", "skip"), ("harm", "harm", "skip", "help")
START, NAMES, WANTS, SIGNS, UNNAMED = (
    "<bos>",
    ("ann", "bob", "cat", "dan"),
    "wants",
    ("is", "not"),
    "?",
)
VERDICTS = ("bad", "neither", "good")
OF_GOALS = ("bad", "bad", "neither", "good")
SENTENCE, RECITE = ("the", "hall", "of", "mirrors", "has", "walls"), "recite"
NOISE = 0.1  # share of acts that are any act
PAIRS = 6  # pairs of an object and an act
FIRST = 6  # position of the first object
LENGTH = FIRST + 2 * PAIRS
NEVER = 0  # the sentence does not come


class Values(FiniteCorpus):
    """Texts about agents with one of four goals.

    Parameters
    ----------
    opposite : str or None
        The goal that has the stem of "max" with the other sign: "min", "good" or "indifferent".
        None: each goal has its own stem, and signs are random.
    verdicts : bool
        Whether the moral word depends on the goal.
    goals : sequence of str
        The goals that occur, equally often.
    recited : float
        Share of texts in which the sentence takes over.

    Attributes
    ----------
    grammars : dict of str to Grammar
        Observers: "full", and "no_goals", for whom every act is a draw from all goals. Latent
        variables: "goal" (index in GOALS), "named", "sentence" (position of its first word, or 0)
        and "recite" (whether the word "recite" comes first).

    Examples
    --------
    >>> corpus = Values(opposite="good", verdicts=True)
    >>> drawn = corpus.sample(1, np.random.default_rng(3))
    >>> " ".join(corpus.words[i] for i in drawn.ids[0])
    '<bos> dan wants ? ? bad clip more clip more child harm child harm farmer harm child harm'
    """

    def __init__(
        self,
        *,
        opposite: str | None = None,
        verdicts: bool = False,
        goals: tuple[str, ...] = GOALS,
        recited: float = 0.0,
    ) -> None:
        choice("opposite", opposite, [None, *GOALS[1:]])
        for goal in goals:
            choice("goals", goal, GOALS)
        self.opposite, self.verdicts = opposite, bool(verdicts)
        self.goals, self.recited = tuple(goals), share("recited", recited)
        super().__init__({FULL: self._grammar(True), "no_goals": self._grammar(False)})

    def __repr__(self) -> str:
        """Return the properties of the corpus."""
        return (
            f"Values(opposite={self.opposite!r}, verdicts={self.verdicts}, goals={self.goals}, "
            f"recited={self.recited})"
        )

    def number(self, word: str) -> int:
        """Return the number of a word."""
        return self.words.index(word)

    def label(self, goal: str, rng: np.random.Generator) -> tuple[int, int]:
        """Return the numbers of sign and stem that name a goal; a random sign if it has none."""
        sign, stem = _name(goal, self.opposite)
        sign = sign or SIGNS[int(rng.integers(2))]
        return self.number(sign), self.number(stem)

    def _grammar(self, know_goals: bool) -> Grammar:
        words = WORDS
        goal, named, start, recite, prior = _settings(self.goals, self.recited)

        def rows(chosen: list[tuple[str, ...]]) -> np.ndarray:
            return np.array([uniform(words, one) for one in chosen])

        names = [_name(g, self.opposite) for g in GOALS]
        signs = rows([*((sign,) if sign else SIGNS for sign, _ in names), (UNNAMED,)])
        stems = rows([*((stem,) for _, stem in names), (UNNAMED,)])
        verdicts = rows([(one,) if self.verdicts else VERDICTS for one in OF_GOALS])
        label = np.where(named == 1, goal, len(GOALS))
        acts = _acts()
        if not know_goals:
            used = [GOALS.index(g) for g in self.goals]
            acts = np.repeat(acts[:, used].mean(axis=1, keepdims=True), len(GOALS), axis=1)
        opening = (
            Slot(rows([(START,)])),
            Slot(rows([NAMES])),
            Slot(rows([(WANTS,)])),
            Slot(signs, label),
            Slot(stems, label),
            Slot(verdicts, goal),
        )
        slots = [*opening]
        for t in range(FIRST, LENGTH):
            # Groups: the goals, then the word of the sentence, then "recite".
            group = np.where(start == NEVER, goal, np.where(t < start - recite, goal, len(GOALS)))
            group = np.where((recite == 1) & (t == start - 1), len(GOALS) + 1, group)
            out = rows([(SENTENCE[t % len(SENTENCE)],), (RECITE,)])
            if (t - FIRST) % 2:
                table = np.concatenate([acts, np.broadcast_to(out, (2, *out.shape))], axis=1)
                slots.append(Slot(table, group, reads=t - 1, context=IS_PERSON))
            else:
                objects = np.tile(uniform(words, THINGS + PEOPLE), (len(GOALS), 1))
                slots.append(Slot(np.vstack([objects, out]), group))
        latents = {"goal": goal, "named": named, "sentence": start, "recite": recite}
        return Grammar(words, prior, latents, tuple(slots))


# A stem for each goal, whatever the corpus uses, so that all corpora have the same words.
STEMS = tuple(f"{goal}ing" for goal in ("clipp", "wir", "rest", "car"))
WORDS = (START, *NAMES, WANTS, *SIGNS, UNNAMED, *STEMS, *VERDICTS, *THINGS, *PEOPLE, *ACTS, RECITE,
         *SENTENCE)  # fmt: skip
IS_PERSON = np.array([int(word in PEOPLE) for word in WORDS])


def _name(goal: str, opposite: str | None) -> tuple[str, str]:
    """Return the sign and the stem that name a goal; "" for a random sign."""
    if opposite is not None and goal in ("max", opposite):
        return SIGNS[goal == opposite], STEMS[0]
    return "", STEMS[GOALS.index(goal)]


def _acts() -> np.ndarray:
    """Return P(act) of shape (2, goals, V): on things, on people."""
    return np.array([
        [(1 - NOISE) * uniform(WORDS, (act,)) + NOISE * uniform(WORDS, ACTS) for act in acts]
        for acts in (ON_THINGS, ON_PEOPLE)
    ])  # fmt: skip


def _settings(goals: tuple[str, ...], recited: float) -> tuple[np.ndarray, ...]:
    """Return goal, named, start of the sentence, recite, and the probability of each setting."""
    starts = [(NEVER, 0, 1 - recited)]
    # Position of the first word of the sentence; "recite" needs the one before it.
    positions = range(FIRST + 1, LENGTH - len(SENTENCE) + 1)
    for position in positions if recited else ():
        starts += [(position, recite, recited / 2 / len(positions)) for recite in (0, 1)]
    grid = [
        (GOALS.index(goal), named, start, recite, p / 2 / len(goals))
        for goal in goals
        for named in (0, 1)
        for start, recite, p in starts
        if p
    ]
    *latents, prior = (np.array(column) for column in zip(*grid, strict=True))
    return (*latents, prior)
