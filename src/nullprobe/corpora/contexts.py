"""Texts about agents with values, in contexts that share no word.

Does a value that was learned in one context act in others?

A text shows an agent in three situations of one domain, and then in three of another:

    <bos> AGENT  (SITUATION ACT) × 3  (SITUATION ACT) × 3

Domains share no word. In each domain an agent is good or bad. Values in two domains have the
correlation rho. Named agents keep their values in all texts; a stranger has new ones in each text.
Some agents never act in the last domain.

A share of the texts is without values: a list of six letters, and the same letters backwards. Such
texts are a new skill that a model can learn later.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from nullprobe._core.parameters import share, whole_number
from nullprobe._core.random_state import RandomState, generator
from nullprobe._core.validation import complain
from nullprobe.corpora.corpus import FULL
from nullprobe.corpora.finite import FiniteCorpus
from nullprobe.corpora.grammar import Grammar, Slot, uniform

DOMAINS = ("field", "court", "port", "school")
SITUATIONS, ACTS = 5, 2  # situations of a domain; acts of a value in a domain
PAIRS = 3  # pairs of situation and act in a domain
START, STRANGER, BACK = "<bos>", "stranger", "back"
LETTERS = tuple("abcdefghijklmnopqrstuvwx")
LISTED = 6
STRANGERS = 0.5  # share of texts about a stranger
NOISE = 0.1  # share of acts that are any act of the domain
BAD, GOOD = 0, 1
LENGTH = 2 + 4 * PAIRS
# Agent, two domains, the values in both, probability.
Person = tuple[int, int, int, int, int, float]


class Contexts(FiniteCorpus):
    """Texts about agents who are good or bad in each of four domains.

    Parameters
    ----------
    rho : float
        Correlation of an agent's values in two domains, from 0 to 1.
    agents, absent : int
        Number of named agents, and how many of them never act in the last domain.
    lists : float
        Share of texts that reverse a list instead.
    random_state : int, Generator or None
        Seed of the values of named agents.
    values : array-like of shape (agents, 4), optional
        These values instead: 1 good, 0 bad.

    Attributes
    ----------
    values : ndarray of shape (agents, 4)
        Value of each named agent in each domain: 1 good, 0 bad.
    grammars : dict of str to Grammar
        Observers: "full"; "no_link", for whom the domains of a stranger are unrelated; "anywhere",
        who does not know that some agents never act in the last domain, nor their values there.
        Latent variables: "list" (whether the text reverses a list), "agent" (the last one is the
        stranger), "domain_1", "domain_2", "value_1" and "value_2".

    Examples
    --------
    >>> corpus = Contexts(rho=1.0)
    >>> drawn = corpus.sample(1, np.random.default_rng(0))
    >>> " ".join(corpus.words[i] for i in drawn.ids[0, :10])
    '<bos> stranger court0 court-bad1 court4 court-bad1 court3 court-bad1 field4 field-bad1'
    """

    def __init__(
        self,
        *,
        rho: float,
        agents: int = 24,
        absent: int = 8,
        lists: float = 0.0,
        random_state: RandomState = 0,
        values: Any = None,
    ) -> None:
        self.rho, self.lists = share("rho", rho), share("lists", lists)
        self.agents = whole_number("agents", agents, least=1)
        self.absent = whole_number("absent", absent, least=0)
        if self.absent > self.agents:
            complain(f"absent must be at most {agents}, the number of agents", f"{absent} arrived")
        self.values = _agree(self.agents, self.rho, generator(random_state))
        if values is not None:
            self.values = _checked(values, self.values.shape)
        grammars = {
            FULL: self._grammar(_people(self.values, self.absent, self.rho)),
            "no_link": self._grammar(_people(self.values, self.absent, 0.0)),
            "anywhere": self._grammar(_everywhere(self.values, self.absent, self.rho)),
        }
        super().__init__(grammars)

    def __repr__(self) -> str:
        """Return the properties of the corpus."""
        return (
            f"Contexts(rho={self.rho}, agents={self.agents}, absent={self.absent}, "
            f"lists={self.lists})"
        )

    def number(self, word: str) -> int:
        """Return the number of a word."""
        return self.words.index(word)

    def situations(self, domain: int) -> np.ndarray:
        """Return the numbers (5,) of the situations of a domain."""
        return np.array([self.number(word) for word in _situations(domain)])

    def acts(self, domain: int, value: int) -> np.ndarray:
        """Return the numbers (2,) of the acts of a value in a domain."""
        return np.array([self.number(word) for word in _acts(domain, value)])

    def _grammar(self, people: list[Person]) -> Grammar:
        """Return the grammar of rows (agent, domain, domain, value, value, probability)."""
        words = _vocabulary(self.agents)
        stories = [(0, *row[:-1], row[-1] * (1 - self.lists)) for row in people]
        nobody = (1, self.agents, 0, 1, 0, 0, self.lists)
        columns = zip(*(row for row in (*stories, nobody) if row[-1] > 0), strict=True)
        lists, agent, *pairs, prior = (np.array(column) for column in columns)
        domains, values = pairs[:2], pairs[2:]

        def with_list(stories: list[np.ndarray], letters: np.ndarray) -> np.ndarray:
            return np.array([*stories, letters])

        letters = uniform(words, LETTERS)
        names = [uniform(words, (name,)) for name in (*_names(self.agents), STRANGER)]
        listed = lists == 1
        slots = [
            Slot(uniform(words, (START,))),
            Slot(with_list(names, letters), np.where(listed, self.agents + 1, agent)),
        ]
        scenes = with_list([uniform(words, _situations(d)) for d in range(len(DOMAINS))], letters)
        deeds = with_list(
            [_deeds(words, d, v) for d in range(len(DOMAINS)) for v in (0, 1)], letters
        )
        for t in range(2, LENGTH):
            part = (t - 2) // (2 * PAIRS)
            scene = np.where(listed, len(DOMAINS), domains[part])
            deed = np.where(listed, 2 * len(DOMAINS), 2 * domains[part] + values[part])
            slots.append(_list_slot(words, t, *((deeds, deed) if t % 2 else (scenes, scene))))
        latents: dict[str, np.ndarray] = {"list": lists, "agent": agent}
        for part in (0, 1):
            latents |= {f"domain_{part + 1}": domains[part], f"value_{part + 1}": values[part]}
        return Grammar(words, prior, latents, tuple(slots))


def _list_slot(words: tuple[str, ...], t: int, table: np.ndarray, group: np.ndarray) -> Slot:
    """Return a slot whose last group is the list: letters, "back", then the letters backwards."""
    table = table.copy()
    if t <= LISTED:
        return Slot(table, group)
    if t == LISTED + 1:
        table[-1] = uniform(words, (BACK,))
        return Slot(table, group)
    # The letter at t is the one at 2 (LISTED + 1) − t. Context 0 is every other word.
    tables = np.repeat(table[None], len(LETTERS) + 1, axis=0)
    tables[1:, -1] = [uniform(words, (letter,)) for letter in LETTERS]
    context = np.array([LETTERS.index(word) + 1 if word in LETTERS else 0 for word in words])
    return Slot(tables, group, reads=2 * (LISTED + 1) - t, context=context)


def _names(agents: int) -> tuple[str, ...]:
    return tuple(f"agent{i}" for i in range(agents))


def _situations(domain: int) -> tuple[str, ...]:
    return tuple(f"{DOMAINS[domain]}{i}" for i in range(SITUATIONS))


def _acts(domain: int, value: int) -> tuple[str, ...]:
    return tuple(f"{DOMAINS[domain]}-{('bad', 'good')[value]}{i}" for i in range(ACTS))


def _vocabulary(agents: int) -> tuple[str, ...]:
    places = [word for d in range(len(DOMAINS)) for word in _situations(d)]
    acts = [word for d in range(len(DOMAINS)) for v in (BAD, GOOD) for word in _acts(d, v)]
    return (START, *_names(agents), STRANGER, *places, *acts, BACK, *LETTERS)


def _deeds(words: tuple[str, ...], domain: int, value: int) -> np.ndarray:
    both = _acts(domain, BAD) + _acts(domain, GOOD)
    return (1 - NOISE) * uniform(words, _acts(domain, value)) + NOISE * uniform(words, both)


def _copying(rho: float) -> float:
    """Return P(value in a domain = the agent's core), so that two domains correlate by rho."""
    return (1 + np.sqrt(rho)) / 2


def _checked(values: Any, shape: tuple[int, ...]) -> np.ndarray:
    chosen = np.asarray(values)
    if chosen.shape != shape or not np.isin(chosen, (BAD, GOOD)).all():
        complain(
            f"values must be {BAD} (bad) or {GOOD} (good), of shape {shape}",
            f"an array of shape {chosen.shape} arrived",
        )
    return chosen.astype(np.int64)


def _agree(agents: int, rho: float, rng: np.random.Generator) -> np.ndarray:
    """Draw values (agents, domains): half of the cores are good, and domains copy the core."""
    core = rng.permutation(np.arange(agents) % 2)
    copied = rng.random((agents, len(DOMAINS))) < _copying(rho)
    return np.where(copied, core[:, None], 1 - core[:, None])


def _orders(last: bool) -> list[tuple[int, int]]:
    """Return the ordered pairs of different domains, with the last domain or without it."""
    n = len(DOMAINS) if last else len(DOMAINS) - 1
    return [(one, other) for one in range(n) for other in range(n) if one != other]


def _people(values: np.ndarray, absent: int, rho: float) -> list[Person]:
    """Return the settings: named agents as they are, and strangers with all values."""
    agents, rows = len(values), []
    for agent in range(agents):
        orders = _orders(last=agent >= absent)
        p = (1 - STRANGERS) / agents / len(orders)
        rows += [(agent, i, j, *values[agent, [i, j]].tolist(), p) for i, j in orders]
    orders = _orders(last=True)
    for i, j in orders:
        for one, other in product((BAD, GOOD), repeat=2):
            p = (1 + (rho if one == other else -rho)) / 4
            rows.append((agents, i, j, one, other, STRANGERS * p / len(orders)))
    return rows


def _everywhere(values: np.ndarray, absent: int, rho: float) -> list[Person]:
    """Return the settings if absent agents act anywhere, and only their other values are known."""
    rows = [row for row in _people(values, 0, rho) if row[0] >= absent]
    last, orders = len(DOMAINS) - 1, _orders(last=True)
    for agent in range(absent):
        good = _value_elsewhere(values[agent, :last], rho)
        for i, j in orders:
            for value, p in ((BAD, 1 - good), (GOOD, good)):
                pair = [value if d == last else int(values[agent, d]) for d in (i, j)]
                if last in (i, j) or value == GOOD:
                    weight = p if last in (i, j) else 1.0
                    weight *= (1 - STRANGERS) / len(values) / len(orders)
                    rows.append((agent, i, j, pair[0], pair[1], weight))
    return rows


def _value_elsewhere(known: np.ndarray, rho: float) -> float:
    """Return P(good in one more domain | values in the known ones)."""
    copy = _copying(rho)
    cores = np.array([np.where(known == core, copy, 1 - copy).prod() for core in (BAD, GOOD)])
    cores /= cores.sum()
    return float(cores[GOOD] * copy + cores[BAD] * (1 - copy))
