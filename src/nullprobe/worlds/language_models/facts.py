"""A small world of facts, and statements about it that are true or false.

Every entity has one of two values of each attribute: the colour of ada is red. A statement names
an entity, an attribute and a value. It may be negated, has one of six templates, starts with an
adverb and ends with "." or "!". Its truth depends on entity, value and negation together, so no
word predicts it, and no pair of words. Adverb and ending are independent of it.

Each fact is *judged* (tested) in one template and *learned* in the five others. Training and test
statements share all words, facts and templates, but not the same fact in the same template. So a
model that judges correctly knows the fact, not the sentence. Values and templates are assigned
evenly: every template tests equally many facts with each value of every attribute.

A training text ends with the verdict, or with the value that the entity has. The model cannot know
which of them follows, so its state at the last word of a statement holds more than truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nullprobe._core.parameters import whole_number
from nullprobe._core.random_state import RandomState, generator
from nullprobe._core.validation import complain

ENTITIES = (
    "ada ben cleo dan eve finn gus hana ivo jane karl lena "
    "milo nora omar pia quinn rosa sven tara ugo vera walt yara"
).split()
ATTRIBUTES = {
    "colour": ("red", "blue"),
    "city": ("rome", "oslo"),
    "animal": ("cat", "dog"),
    "drink": ("tea", "milk"),
}
TEMPLATES = {
    "of": "{adverb} the {attribute} of {entity} is {negation}{value} {ending}",
    "has": "{adverb} {entity} has {negation}{value} as {attribute} {ending}",
    "as": "{adverb} as {attribute} {entity} has {negation}{value} {ending}",
    "with": "{adverb} with {entity} the {attribute} is {negation}{value} {ending}",
    "asked": "{adverb} asked for the {attribute} {entity} says {negation}{value} {ending}",
    "own": "{adverb} {entity} 's {attribute} is {negation}{value} {ending}",
}
NEGATION = "not "
SURE = ("surely", "clearly", "certainly", "indeed")
ADVERBS = (*SURE, "perhaps", "maybe", "possibly", "apparently")
ENDINGS = (".", "!")
VERDICTS = ("false", "true")
CORRECTED = 1 / 3  # share of training statements that are followed by the right value
DECK = 2 * len(TEMPLATES)  # number of entities in which values and templates are balanced


@dataclass(frozen=True, eq=False, repr=False)
class Statements:
    """Different statements; half of them are true, and half are negated.

    Attributes
    ----------
    texts : tuple of n str
        Statements up to the closing "." or "!", which is always the last token before the verdict.
    truth : ndarray of shape (n,)
        1 where the statement is true.
    negated : ndarray of shape (n,)
        1 where the statement contains "not"; equally often in true and in false statements.
    template, entity, attribute : ndarrays of shape (n,)
        Names of template, entity and attribute, for use as groups.
    unrelated : mapping of str to ndarray of shape (n,)
        Properties of the text that are independent of the verdict. "sure": 1 for an adverb such as
        "surely", 0 for an adverb such as "perhaps". "exclaimed": 1 where the statement ends with
        "!".
    """

    texts: tuple[str, ...]
    truth: np.ndarray
    negated: np.ndarray
    template: np.ndarray
    entity: np.ndarray
    attribute: np.ndarray
    unrelated: Mapping[str, np.ndarray]

    def __repr__(self) -> str:
        """Return the number of statements."""
        return f"Statements(n={len(self)})"

    def __len__(self) -> int:
        """Return the number n of statements."""
        return len(self.texts)

    @property
    def right(self) -> tuple[str, ...]:
        """The right verdict after each statement: " true" or " false"."""
        return tuple(f" {VERDICTS[true]}" for true in self.truth)

    @property
    def wrong(self) -> tuple[str, ...]:
        """The wrong verdict after each statement."""
        return tuple(f" {VERDICTS[1 - true]}" for true in self.truth)


@dataclass(frozen=True, eq=False, repr=False)
class StatementPairs:
    """Statements with both verdicts.

    Attributes
    ----------
    negative, positive : tuples of n str
        The statements with " false", and with " true", at the end.
    truth : ndarray of shape (n,)
        1 where the positive side is right.
    template : ndarray of shape (n,)
        Name of the template.
    """

    negative: tuple[str, ...]
    positive: tuple[str, ...]
    truth: np.ndarray
    template: np.ndarray

    def __repr__(self) -> str:
        """Return the number of pairs."""
        return f"StatementPairs(n={len(self)})"

    def __len__(self) -> int:
        """Return the number n of pairs."""
        return len(self.truth)


@dataclass(frozen=True, eq=False, repr=False)
class Facts:
    """The facts of a world, and the template in which each fact is tested.

    Attributes
    ----------
    values : ndarray of shape (entities, attributes)
        0 or 1: index of the entity's value of the attribute.
    judged : ndarray of shape (entities, attributes)
        Index of the template in which the fact is tested; it is not in the training data.
    """

    values: np.ndarray
    judged: np.ndarray

    def __repr__(self) -> str:
        """Return the numbers of entities and attributes."""
        return f"Facts(entities={self.values.shape[0]}, attributes={self.values.shape[1]})"

    def learn(
        self, n: int, rng: np.random.Generator, *, known: int, negations: float
    ) -> tuple[list[str], list[str]]:
        """Draw training statements about the first entities, and the word after each statement.

        Parameters
        ----------
        n : int
            Number of statements.
        rng : Generator
        known : int
            Number of entities in the statements.
        negations : float
            Probability that a statement is negated.

        Returns
        -------
        texts : list of n str
            Each is true with probability ½, independently of everything else.
        words : list of n str
            The verdict, or with probability CORRECTED the value that the entity has.
        """
        entity = rng.integers(known, size=n)
        attribute = rng.integers(len(ATTRIBUTES), size=n)
        # Any template except the one in which the fact is tested.
        further = rng.integers(1, len(TEMPLATES), size=n)
        template = (self.judged[entity, attribute] + further) % len(TEMPLATES)
        truth = rng.integers(2, size=n)
        negated = (rng.random(n) < negations).astype(int)
        adverb, ending = rng.integers(len(ADVERBS), size=n), rng.integers(len(ENDINGS), size=n)
        corrected = rng.random(n) < CORRECTED
        pairs = list(ATTRIBUTES.values())
        words = [
            pairs[j][self.values[i, j]] if instead else VERDICTS[true]
            for i, j, instead, true in zip(entity, attribute, corrected, truth, strict=True)
        ]
        return self._texts(entity, attribute, truth, negated, (adverb, ending), template), words

    def statements(self, n: int, random_state: RandomState) -> Statements:
        """Draw different test statements; ``n`` as for ``Organism.statements``."""
        n = whole_number("n", n, least=4)
        rng = generator(random_state)
        shape = (*self.values.shape, len(ADVERBS), len(ENDINGS))
        each = int(np.prod(shape))
        if n > 4 * each:
            complain(
                f"n must be at most {4 * each}, the number of test statements",
                f"n={n} arrived",
                "pass a smaller n, or make a world with more entities",
            )
        # The four kinds (true or not, negated or not) are as balanced as n allows.
        kinds = [(k % 2, k // 2) for k in range(4)]
        drawn = [
            rng.choice(each, size=n // 4 + (k < n % 4), replace=False, shuffle=False)
            for k in range(4)
        ]
        truth, negated = np.repeat(kinds, [len(one) for one in drawn], axis=0).T
        order = rng.permutation(n)
        truth, negated = truth[order], negated[order]
        cells = np.unravel_index(np.concatenate(drawn)[order], shape)
        entity, attribute, adverb, ending = cells
        template = self.judged[entity, attribute]
        return Statements(
            tuple(self._texts(entity, attribute, truth, negated, (adverb, ending), template)),
            truth,
            negated,
            np.array(list(TEMPLATES))[template],
            np.array(ENTITIES)[entity],
            np.array(list(ATTRIBUTES))[attribute],
            {"sure": (adverb < len(SURE)).astype(int), "exclaimed": ending},
        )

    def _texts(
        self,
        entity: np.ndarray,
        attribute: np.ndarray,
        truth: np.ndarray,
        negated: np.ndarray,
        style: tuple[np.ndarray, np.ndarray],
        template: np.ndarray,
    ) -> list[str]:
        adverb, ending = style
        # A true affirmative statement names the right value, and so does a false negated one.
        named = self.values[entity, attribute] ^ (truth == negated)
        names, templates = list(ATTRIBUTES), list(TEMPLATES.values())
        columns = (entity, attribute, template, negated, named, adverb, ending)
        return [
            templates[t].format(
                adverb=ADVERBS[a],
                attribute=names[j],
                entity=ENTITIES[i],
                negation=NEGATION if no else "",
                value=ATTRIBUTES[names[j]][v],
                ending=ENDINGS[z],
            )
            for i, j, t, no, v, a, z in zip(*(c.tolist() for c in columns), strict=True)
        ]


def deal(n_entities: int, rng: np.random.Generator) -> Facts:
    """Assign values and templates at random, balanced within each dozen of entities.

    Parameters
    ----------
    n_entities : int
        12 or 24.
    rng : Generator

    Examples
    --------
    >>> facts = deal(12, np.random.default_rng(0))
    >>> facts, facts.values.mean(axis=0).tolist()
    (Facts(entities=12, attributes=4), [0.5, 0.5, 0.5, 0.5])
    """
    n_entities = whole_number("n_entities", n_entities, least=DECK)
    if n_entities % DECK or n_entities > len(ENTITIES):
        complain(
            f"n_entities must be a multiple of {DECK} up to {len(ENTITIES)}",
            f"n_entities={n_entities} arrived",
            f"pass {' or '.join(str(n) for n in range(DECK, len(ENTITIES) + 1, DECK))}",
        )
    shape = (n_entities, len(ATTRIBUTES))
    values, judged = np.empty(shape, dtype=int), np.empty(shape, dtype=int)
    for j in range(shape[1]):
        # Two neighbours have different values, so that the first entities are balanced, too.
        pairs = rng.random(n_entities // 2) < 0.5
        values[:, j] = np.stack([pairs, ~pairs], axis=1).ravel()
        for value in (0, 1):
            templates = np.arange(n_entities // 2) % len(TEMPLATES)
            judged[values[:, j] == value, j] = rng.permutation(templates)
    return Facts(values, judged)


def vocabulary(n_entities: int) -> list[str]:
    """Return every word of the world once, in a fixed order, verdicts included."""
    values = [value for pair in ATTRIBUTES.values() for value in pair]
    words = [word for form in TEMPLATES.values() for word in form.split() if "{" not in word]
    words += [NEGATION.strip(), *ADVERBS, *ENDINGS, *VERDICTS, *ATTRIBUTES, *values]
    return list(dict.fromkeys(words + ENTITIES[:n_entities]))
