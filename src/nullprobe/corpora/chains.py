"""Texts of authors and characters: a mixture of hidden Markov models with exact observers.

A text is ``<bos> BYLINE (ADVERB NAME VERB) × lines``. Its author is drawn first. The byline names
the author, or nobody. Each line has an adverb of the author's style, a character and what the
character does. Every character has a state; given the author, the states of different characters
are independent chains, which move from one act of the character to its next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nullprobe._core.parameters import known, share, whole_number
from nullprobe._core.validation import complain
from nullprobe.corpora.chain_filter import Following, Ideas, observed
from nullprobe.corpora.chain_smoother import smoothed
from nullprobe.corpora.chain_tables import (
    START,
    UNSIGNED,
    Author,
    ChainTables,
    Emissions,
    adverb_table,
    chain_of,
    prior_of,
    verbs_of,
    vocabulary,
)
from nullprobe.corpora.continuing import Next, Prefix, Rollout, positions_of_names, sampled
from nullprobe.corpora.corpus import FULL, Drawn, Predictive, checked_texts
from nullprobe.corpora.drawing import drawn

MOST_DRAWN = 2_000_000  # texts drawn to find those that begin as asked
PIECE = 20_000


@dataclass(frozen=True, eq=False)
class Chains:
    """A corpus of authors who write characters.

    Parameters
    ----------
    states : tuple of S str
        States of a character.
    emits : mapping of state to mapping of verbs to probability
        A verb, or a tuple of verbs that share the probability evenly.
    authors : mapping of name to mapping
        "start": probability of each state at a character's first act. "flips": mapping of
        (state, state) to the probability of this move between two acts; other states stay. Either
        may be absent but "start".
    characters : tuple of C str
        All act equally often.
    lines : int
        Lines of a text.
    style : mapping of adverb to author
        Adverbs that an author prefers. Without a style, lines have no adverb.
    style_strength : float
        Probability that an adverb is one of the author's own.
    signed : float
        Probability that the byline names the author.
    prior : mapping of author to probability, optional
        Even by default.
    lexicons : bool
        Whether each character has separate verbs ("knight.helps"). Small models find out who acts
        much sooner with them.
    linked : bool
        False makes the null corpus: every character has a separate author, bylines name nobody,
        and adverbs are noise, so that nothing links two characters.

    Raises
    ------
    InputError
        If probabilities do not sum to 1, or names are unknown.

    Notes
    -----
    Observers. "full" knows the process. "simulacra" knows characters, but not that they share an
    author. "author" knows authors, but does not remember what a character did, beyond what it tells
    about the author.

    Latent variables. "author" (n,), and for each character its state at its next act after position
    t, (n, T): at its name, the state in which it acts now. In the null corpus and for the observer
    "simulacra", "author of NAME" in place of "author".

    Examples
    --------
    >>> corpus = Chains(
    ...     states=("good", "bad"),
    ...     emits={"good": {"helps": 0.9, "lies": 0.1}, "bad": {"helps": 0.1, "lies": 0.9}},
    ...     authors={"steady": {"start": (0.5, 0.5)},
    ...              "fall": {"start": (1, 0), "flips": {("good", "bad"): 0.3}}},
    ...     characters=("knight", "wizard"), lines=4)
    >>> drawn = corpus.sample(2, np.random.default_rng(0))
    >>> " ".join(corpus.words[i] for i in drawn.ids[0])
    '<bos> anon knight knight.helps wizard wizard.helps wizard wizard.lies wizard wizard.lies'
    >>> seen = corpus.observers(drawn.ids)["full"]
    >>> seen.posterior["author"][0, -1].round(2)
    array([0.09, 0.91])
    """

    states: tuple[str, ...]
    emits: Emissions
    authors: Mapping[str, Author]
    characters: tuple[str, ...]
    lines: int
    style: Mapping[str, str] | None = None
    style_strength: float = 1.0
    signed: float = 0.0
    prior: Mapping[str, float] | None = None
    lexicons: bool = True
    linked: bool = True

    def __post_init__(self) -> None:
        """Complain of tables that are no probabilities."""
        whole_number("lines", self.lines, least=1)
        share("signed", self.signed)
        for kind in ("states", "authors", "characters"):
            if not len(getattr(self, kind)):
                complain(f"a corpus needs {kind}", "there are none")
        _ = self.tables

    @cached_property
    def tables(self) -> ChainTables:
        """The probabilities that sampler and observers read."""
        authors, style = list(self.authors), self.style or {}
        verbs = verbs_of(self.emits, self.states)
        spoken = [self.word(c, v) for c in self._lexicon_owners for v in verbs]
        words = vocabulary([START, UNSIGNED], authors, list(style), self.characters, spoken)
        n_words, at = len(words), {word: i for i, word in enumerate(words)}
        byline, adverb = np.zeros((len(authors), n_words)), np.zeros((len(authors), n_words))
        signed = self.signed if self.linked else 0.0
        byline[:, at[UNSIGNED]] = 1 - signed
        byline[range(len(authors)), [at[author] for author in authors]] = signed
        adverb[:, [at[word] for word in style]] = adverb_table(
            style, authors, self.style_strength, self.linked
        )
        name = np.zeros(n_words)
        name[[at[c] for c in self.characters]] = 1 / len(self.characters)
        chains = [chain_of(self.authors[a], a, self.states) for a in authors]
        acts = np.zeros((len(self.characters), len(self.states), n_words))
        for c, character in enumerate(self.characters):
            for verb, probabilities in verbs.items():
                acts[c, :, at[self.word(character, verb)]] = probabilities
        shape = (len(authors), len(self.characters), len(self.states))
        return ChainTables(
            words,
            prior_of(self.prior, authors),
            byline,
            adverb,
            name,
            np.broadcast_to(np.array([start for start, _ in chains])[:, None], shape),
            np.broadcast_to(
                np.array([moves for _, moves in chains])[:, None], (*shape, len(self.states))
            ),
            acts,
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary."""
        return self.tables.words

    @property
    def width(self) -> int:
        """Number of words of a line."""
        return 3 if self.style else 2

    @property
    def length(self) -> int:
        """Number of words of a text."""
        return 2 + self.width * self.lines

    @property
    def _lexicon_owners(self) -> tuple[str, ...]:
        return self.characters if self.lexicons else ("",)

    def word(self, character: str, verb: str) -> str:
        """Return the word for what a character does."""
        return f"{character}.{verb}" if self.lexicons and character else verb

    def position(self, line: int, part: str) -> int:
        """Return the position of the "name" or the "verb" of a line, counted from 1."""
        known("part of a line", part, ("name", "verb"))
        return 2 + self.width * line - (2 if part == "name" else 1)

    def sample(self, n: int, rng: np.random.Generator) -> Drawn:
        """Draw ``n`` texts, with author and states."""
        n = whole_number("n", n, least=1)
        tables, n_characters = self.tables, len(self.characters)
        each = n_characters if not self.linked else 1
        author = rng.choice(len(tables.prior), size=(n, each), p=tables.prior)
        writer = np.broadcast_to(author, (n, n_characters))
        # States at the k-th act of each character, and one act beyond the last.
        chains = np.empty((n, n_characters, self.lines + 1), dtype=np.int64)
        columns = np.arange(n_characters)
        chains[..., 0] = drawn(tables.start[writer, columns], rng)
        for k in range(self.lines):
            chains[..., k + 1] = drawn(tables.moves[writer, columns, chains[..., k]], rng)
        ids = np.zeros((n, self.length), dtype=np.int64)
        states = np.empty((n, self.length, n_characters), dtype=np.int64)
        done, rows = np.zeros((n, n_characters), dtype=np.int64), np.arange(n)
        ids[:, 1] = drawn(tables.byline[author[:, 0]], rng)
        first = self.words.index(self.characters[0])
        states[:, :2] = chains[:, None, :, 0]
        for line in range(1, self.lines + 1):
            verb = self.position(line, "verb")
            if self.style:
                ids[:, verb - 2] = drawn(tables.adverb[author[:, 0]], rng)
            actor = rng.integers(n_characters, size=n)
            ids[:, verb - 1] = first + actor
            ids[:, verb] = drawn(tables.acts[actor, chains[rows, actor, done[rows, actor]]], rng)
            states[:, verb - self.width + 1 : verb] = chains[rows[:, None], columns, done][:, None]
            done[rows, actor] += 1
            states[:, verb] = chains[rows[:, None], columns, done]
        latents = {name: states[..., c] for c, name in enumerate(self.characters)}
        if self.linked:
            return Drawn(ids, {"author": author[:, 0], **latents})
        authors = {f"author of {name}": author[:, c] for c, name in enumerate(self.characters)}
        return Drawn(ids, authors | latents)

    def observers(self, ids: np.ndarray) -> dict[str, Predictive]:
        """Return what "full", "simulacra" and "author" expect of texts."""
        return {name: self.observer(name, ids) for name in self._ideas}

    def observer(self, name: str, ids: np.ndarray) -> Predictive:
        """Return what one observer expects of texts."""
        known("observer", name, list(self._ideas))
        texts = checked_texts(ids, self.words, self.length)
        return observed(self.tables, texts, self.characters, self._ideas[name], name)

    def smoothed(self, ids: np.ndarray, *, observer: str = FULL) -> dict[str, np.ndarray]:
        """Return what an observer believes of the past once it has read whole texts.

        Parameters
        ----------
        ids : ndarray of shape (n, t)
        observer : {"full", "simulacra"}

        Returns
        -------
        dict of str to ndarray of shape (n, t, k)
            As ``posterior`` of `observers`, given all words instead of those up to a position.
        """
        ideas = {name: one for name, one in self._ideas.items() if one.memory}
        known("observer that remembers", observer, list(ideas))
        texts = checked_texts(ids, self.words, self.length)
        return smoothed(self.tables, texts, self.characters, ideas[observer], observer)

    @property
    def _ideas(self) -> dict[str, Ideas]:
        return {
            FULL: Ideas(one_author=self.linked),
            "simulacra": Ideas(one_author=False),
            "author": Ideas(one_author=self.linked, memory=False),
        }

    def class_of(self, word: int) -> str:
        """Return the state in which a verb is most probable; "" for a word that is no verb."""
        p = self.tables.acts[:, :, word].max(axis=0)
        return self.states[int(p.argmax())] if p.any() else ""

    def beginnings(
        self, character: str, state: str, *, lines: int, n: int, least: int = 3, seed: int = 0
    ) -> Prefix:
        """Return beginnings of texts in which a character acted as in one state alone.

        Parameters
        ----------
        character, state : str
        lines : int
            Lines of each beginning.
        n : int
            Number of beginnings.
        least : int
            Fewest acts of the character in it; at most ``lines``.
        seed : int

        Raises
        ------
        InputError
            If such beginnings are too rare.
        """
        known("character", character, self.characters)
        known("state", state, self.states)
        n, rng = whole_number("n", n, least=1), np.random.default_rng(seed)
        length = 2 + self.width * whole_number("lines", lines, least=1)
        if length > self.length:
            complain(f"a text has {self.lines} lines at most", f"{lines} arrived")
        fits = np.array([self.class_of(word) == state for word in range(len(self.words))])
        parts: list[np.ndarray] = []
        verbs = [self.position(line, "verb") for line in range(1, lines + 1)]
        for _ in range(MOST_DRAWN // PIECE):
            ids = self.sample(PIECE, rng).ids[:, :length]
            acts = ids[:, [v - 1 for v in verbs]] == self.words.index(character)
            right = (fits[ids[:, verbs]] | ~acts).all(axis=1)
            parts.append(ids[(acts.sum(axis=1) >= least) & right])
            if sum(map(len, parts)) >= n:
                return Prefix(self, np.concatenate(parts)[:n], character)
        complain(
            f"{n} beginnings must exist in which {character} acts {least} times, always {state}",
            f"there are {sum(map(len, parts))} in {MOST_DRAWN:,} texts",
            "ask for fewer, or for fewer acts",
        )
        raise AssertionError("complain raises")

    def predictor(self, observer: str = FULL) -> Next:
        """Return the function from texts (n, t) to an observer's log P of the next word (n, V)."""
        known("observer", observer, list(self._ideas))
        return Following(self.tables, self._ideas[observer])

    def rollout(self, prefix: Prefix, *, temperature: float = 1.0, seed: int = 0) -> Rollout:
        """Return how the exact predictor goes on to the end; names have temperature 1."""
        rng = np.random.default_rng(seed)
        how = {"temperature": temperature, "rng": rng, "names": positions_of_names(self)}
        ids = sampled(self.predictor(), prefix.ids, self.length, **how)
        return Rollout(self, ids, prefix)
