"""Templates: what texts have in common when their entities are masked, and the entities.

Problem. Statements of a file often have a few forms ("The city of _ is in _") filled with names. If
a form or a name goes with the label, the label can be read without the facts.

Solution. Two texts show that two phrases take the same place if the texts are equal but for these
phrases. Phrases that take one place are linked. A set of at least four linked phrases is a slot. A
word that one text has in addition, such as "not", replaces nothing: so a text and its negation have
different templates. Texts that are written freely differ in many words, and have no slots.

Reference. The principle of substitution: Z. Harris, "Distributional structure", 1954.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nullprobe.texts.words import GRAMMAR, is_word, tokens

MASK = "_"
LEAST_FILLERS = 4  # phrases of a slot; verbs of paraphrases are fewer
LONGEST_FILLER = 3  # words of an entity
LONGEST_TEXT = 60  # words; longer texts have no templates
MOST_TEXTS = 20_000
MOST_TEMPLATES = 1 / 3  # share of the texts; with more templates, texts are written freely

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Templates:
    """Templates and slots of texts.

    Attributes
    ----------
    template : tuple of n str
        Template of each text, with "_" for entities; all are empty if there are no templates.
    slots : tuple of tuple of str
        Phrases of each slot, in the order of the alphabet; the slot with most phrases is first.
    fillers : tuple of tuple of n str
        For each slot, the first of its phrases in each text, or "".
    """

    template: tuple[str, ...]
    slots: tuple[tuple[str, ...], ...]
    fillers: tuple[tuple[str, ...], ...]

    @property
    def any(self) -> bool:
        """Whether the texts have templates."""
        return any(self.template)

    def take(self, rows: np.ndarray) -> Templates:
        """Return the templates of some rows; slots keep all phrases."""
        return Templates(
            tuple(self.template[i] for i in rows),
            self.slots,
            tuple(tuple(each[i] for i in rows) for each in self.fillers),
        )


def templates(texts: Sequence[str]) -> Templates:
    """Find the templates of n texts, and the slots in which their entities take turns.

    Examples
    --------
    >>> result = templates([f"The city of {c} is in Italy." for c in "Rome Lyon Oslo Bonn".split()])
    >>> set(result.template), result.slots
    ({'the city of _ is in italy .'}, (('bonn', 'lyon', 'oslo', 'rome'),))
    """
    cut = [tokens(text) for text in texts]
    slots = _slots(set(cut[:MOST_TEXTS]))
    none = Templates(("",) * len(cut), (), ())
    if not slots:
        return none
    slot_of = {phrase: number for number, slot in enumerate(slots) for phrase in slot}
    each = [_masked(text, slot_of) for text in cut]
    masked = [" ".join(template) for template, _ in each]
    if len(set(masked)) > max(1, MOST_TEMPLATES * len(set(cut))):
        return none
    fillers = tuple(tuple(first.get(k, "") for _, first in each) for k in range(len(slots)))
    named = tuple(tuple(sorted(map(" ".join, slot))) for slot in slots)
    return Templates(tuple(masked), named, fillers)


def _slots(texts: Iterable[Phrase]) -> list[set[Phrase]]:
    """Return the sets of phrases that take each other's place, the largest first."""
    places: dict[tuple[Phrase, Phrase], list[Phrase]] = defaultdict(list)
    for text in sorted(texts):
        if len(text) > LONGEST_TEXT:
            continue
        for start in range(len(text)):
            for end in range(start + 1, min(start + LONGEST_FILLER, len(text)) + 1):
                if _can_be_entity(text[start:end]):
                    places[text[:start], text[end:]].append(text[start:end])
    words = {word for slot in _linked(places.values(), set()) for (word,) in slot}
    sets = _linked(places.values(), words, longest=LONGEST_FILLER)
    return sorted(sets, key=lambda one: (-len(one), min(one)))


def _can_be_entity(phrase: Phrase) -> bool:
    """Return whether a phrase consists of words, and neither begins nor ends with grammar."""
    return all(map(is_word, phrase)) and not {phrase[0], phrase[-1]} & GRAMMAR


def _linked(places: Iterable[list[Phrase]], words: set[str], longest: int = 1) -> list[set[Phrase]]:
    """Return the slots of phrases of at most ``longest`` words.

    A longer phrase with one of ``words`` is an entity and its neighbour: two places, not one.
    """
    links = _Links()
    for every in places:
        phrases = [p for p in every if len(p) == 1 or (len(p) <= longest and not words & set(p))]
        for phrase in phrases:
            # Phrases that begin or end alike differ in a shorter phrase.
            other = next((p for p in phrases if p[0] != phrase[0] and p[-1] != phrase[-1]), None)
            if other is not None:
                links.join(phrase, other)
    return [one for one in links.sets() if len(one) >= LEAST_FILLERS]


def _masked(text: Phrase, slot_of: dict[Phrase, int]) -> tuple[list[str], dict[int, str]]:
    """Return a text with its phrases masked, and the first phrase of each slot."""
    template: list[str] = []
    first: dict[int, str] = {}
    place = 0
    while place < len(text):
        for size in range(LONGEST_FILLER, 0, -1):
            phrase = text[place : place + size]
            if len(phrase) == size and phrase in slot_of:
                first.setdefault(slot_of[phrase], " ".join(phrase))
                if template[-1:] != [MASK]:
                    template.append(MASK)
                place += size
                break
        else:
            template.append(text[place])
            place += 1
    return template, first


def sizes(template: Sequence[str]) -> list[tuple[str, int]]:
    """Return each template with its number of texts, the most frequent first."""
    return sorted(Counter(template).items(), key=lambda one: (-one[1], one[0]))


class _Links:
    """Sets that grow together: union and find."""

    def __init__(self) -> None:
        self.parent: dict[Phrase, Phrase] = {}

    def root(self, phrase: Phrase) -> Phrase:
        """Return the phrase that stands for a set."""
        parent = self.parent.setdefault(phrase, phrase)
        while parent != self.parent[parent]:
            self.parent[phrase] = self.parent[parent]
            phrase, parent = parent, self.parent[parent]
        return parent

    def join(self, one: Phrase, other: Phrase) -> None:
        """Join the sets of two phrases."""
        self.parent[self.root(one)] = self.root(other)

    def sets(self) -> list[set[Phrase]]:
        """Return all sets."""
        each: dict[Phrase, set[Phrase]] = defaultdict(set)
        for phrase in self.parent:
            each[self.root(phrase)].add(phrase)
        return list(each.values())
