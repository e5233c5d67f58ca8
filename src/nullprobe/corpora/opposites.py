"""Texts about traits and their opposites: stems may share a sign, and stories may turn.

Is the opposite of a trait near because the language defines it, or because stories lead there?
Traits come in pairs, an *axis* each: trait t and its opposite t ^ 1. A text names a trait, shows
acts of it, and then either goes on ("and") or turns ("but"):

    <bos> NAME SIGN STEM  act act act  and|but  act act act  so SIGN STEM

Two properties of the corpus cross. *Definable*: both traits of an axis have one stem, and the sign
says which of them is meant. Otherwise each trait has its own stem, and the sign is random.
*Tropes*: how often a turn leads to the opposite; otherwise it leads to any other trait, as often to
each. The last axes are held out: their texts never turn.

If a corpus has neither property, nothing marks which trait is "the opposite". That is the placebo.
"""

from __future__ import annotations

import numpy as np

from nullprobe._core.parameters import share, whole_number
from nullprobe._core.validation import complain
from nullprobe.corpora.corpus import FULL
from nullprobe.corpora.finite import FiniteCorpus
from nullprobe.corpora.grammar import Grammar, Slot, uniform

NAMES = ("ann", "bob", "cat", "dan", "eva", "fred", "gil")
START, SIGNS, NO_TRAIT, ON, TURN, END = "<bos>", ("is", "not"), "?", "and", "but", "so"
VERBS = 3  # verbs of a trait
NOISE = 0.1  # share of acts with a verb of any trait
TURNING = 0.5  # share of texts that turn, among texts about an axis that is not held out
SAME, OPPOSITE, OTHER = range(3)
ACTS, CONNECTIVE, ACTS_AFTER, STEMS = slice(4, 7), 7, slice(8, 11), (3, 13)


class Opposites(FiniteCorpus):
    """Texts about traits that come in pairs.

    Parameters
    ----------
    definable : bool
        Whether the two traits of an axis have one stem with two signs.
    tropes : float
        Share of turns that lead to the opposite by rule; the others lead to any other trait.
    axes, held_out : int
        Number of axes, and how many of them never turn. At most 24 axes.

    Attributes
    ----------
    grammars : dict of str to Grammar
        Observers: "full"; "no_tropes", for whom a turn leads to any other trait; "no_exceptions",
        who does not know that axes are held out. Latent variables: "named" (whether the text opens
        with the trait), "first" and "second" (traits before and after the connective), "relation"
        (0 the same trait, 1 the opposite, 2 another).

    Examples
    --------
    >>> corpus = Opposites(definable=True, tropes=1.0)
    >>> corpus
    Opposites(definable=True, tropes=1.0, axes=24, held_out=6, words=206)
    >>> drawn = corpus.sample(1, np.random.default_rng(0))
    >>> " ".join(corpus.words[i] for i in drawn.ids[0])
    '<bos> ann not stem6 act13c act13b act13c and act16c act13c act1a so not stem6'
    """

    def __init__(
        self, *, definable: bool, tropes: float, axes: int = 24, held_out: int = 6
    ) -> None:
        self.axes = whole_number("axes", axes, least=2)
        self.held_out = whole_number("held_out", held_out, least=0)
        if self.held_out > self.axes - 2 or self.axes > 24:
            complain(
                "axes must be at most 24, and two more than held_out",
                f"axes={axes}, held_out={held_out} arrived",
            )
        self.definable, self.tropes = bool(definable), share("tropes", tropes)
        grammars = {
            FULL: self._grammar(self.tropes, self.held_out),
            "no_tropes": self._grammar(0.0, self.held_out),
            "no_exceptions": self._grammar(self.tropes, 0),
        }
        super().__init__(grammars)

    def __repr__(self) -> str:
        """Return the properties of the corpus."""
        return (
            f"Opposites(definable={self.definable}, tropes={self.tropes}, axes={self.axes}, "
            f"held_out={self.held_out}, words={len(self.words)})"
        )

    @property
    def traits(self) -> np.ndarray:
        """All traits, 0 to 2 · axes − 1; the opposite of t is t ^ 1."""
        return np.arange(2 * self.axes)

    @property
    def turning(self) -> np.ndarray:
        """Traits of the axes whose texts may turn."""
        return np.arange(2 * (self.axes - self.held_out))

    @property
    def steady(self) -> np.ndarray:
        """Traits of the axes that are held out."""
        return np.arange(2 * (self.axes - self.held_out), 2 * self.axes)

    def number(self, word: str) -> int:
        """Return the number of a word."""
        return self.words.index(word)

    def verbs(self, trait: int) -> np.ndarray:
        """Return the numbers (3,) of the verbs of a trait."""
        return np.array([self.number(word) for word in _verbs(trait)])

    def label(self, trait: int, rng: np.random.Generator) -> tuple[int, int]:
        """Return the numbers of sign and stem that name a trait; random sign if not definable."""
        sign = trait % 2 if self.definable else int(rng.integers(2))
        return self.number(SIGNS[sign]), self.number(_stem(trait, self.definable))

    def _grammar(self, tropes: float, held_out: int) -> Grammar:
        words = _vocabulary(self.axes)
        named, first, second, prior = _settings(self.axes, held_out, tropes)
        relation = np.where(second == first, SAME, np.where(second == first ^ 1, OPPOSITE, OTHER))

        def one(word: str) -> np.ndarray:
            return uniform(words, (word,))

        traits = range(2 * self.axes)
        noise = uniform(words, [verb for t in traits for verb in _verbs(t)])
        acts = np.array([(1 - NOISE) * uniform(words, _verbs(t)) + NOISE * noise for t in traits])
        signs = np.array(
            [one(SIGNS[t % 2]) if self.definable else uniform(words, SIGNS) for t in traits]
        )
        stems = np.array([one(_stem(t, self.definable)) for t in traits])
        silent = one(NO_TRAIT)[None]
        before, after = Slot(acts, first), Slot(acts, second)
        # One group more than there are traits: a text that names no trait at first.
        opening = np.where(named == 1, first, 2 * self.axes)
        slots = (
            Slot(one(START)),
            Slot(uniform(words, NAMES)),
            Slot(np.vstack([signs, silent]), opening),
            Slot(np.vstack([stems, silent]), opening),
            *(before,) * 3,
            Slot(np.array([one(ON), one(TURN)]), (relation != SAME).astype(int)),
            *(after,) * 3,
            Slot(one(END)),
            Slot(signs, second),
            Slot(stems, second),
        )
        latents = {"named": named, "first": first, "second": second, "relation": relation}
        return Grammar(words, prior, latents, slots)


def _verbs(trait: int) -> tuple[str, ...]:
    return tuple(f"act{trait}{letter}" for letter in "abc"[:VERBS])


def _stem(trait: int, definable: bool) -> str:
    return f"stem{trait // 2}" if definable else f"stem{trait}"


def _vocabulary(axes: int) -> tuple[str, ...]:
    # The same words in all four corpora; a definable one uses half of the stems.
    verbs = tuple(verb for t in range(2 * axes) for verb in _verbs(t))
    stems = tuple(f"stem{t}" for t in range(2 * axes))
    return (START, *NAMES, *SIGNS, NO_TRAIT, ON, TURN, END, *stems, *verbs)


def _settings(axes: int, held_out: int, tropes: float) -> tuple[np.ndarray, ...]:
    """Return named, first and second trait of each setting, and its probability."""
    n, turning = 2 * axes, 2 * (axes - held_out)
    rows = []
    for first in range(n):
        turns = TURNING if first < turning else 0.0
        rows.append((first, first, 1 - turns))
        for second in range(turning if turns else 0):
            if second != first:
                by_rule = tropes if second == first ^ 1 else 0.0
                rows.append((first, second, turns * (by_rule + (1 - tropes) / (turning - 1))))
    possible = [row for row in rows if row[2] > 0]
    first, second = (np.array([row[k] for row in possible]) for k in (0, 1))
    weight = np.array([row[2] for row in possible]) / (2 * n)
    named = np.repeat([0, 1], len(possible))
    return named, np.tile(first, 2), np.tile(second, 2), np.tile(weight, 2)
