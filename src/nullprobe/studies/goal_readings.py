"""What a model of the texts of `Values` does on things and people, and which goal that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nullprobe.corpora.values import (
    ACTS,
    FIRST,
    GOALS,
    NAMES,
    OF_GOALS,
    ON_PEOPLE,
    ON_THINGS,
    PEOPLE,
    START,
    THINGS,
    VERDICTS,
    WANTS,
    Values,
)
from nullprobe.studies.steer import Nearest, steered

if TYPE_CHECKING:
    from nullprobe.worlds.language_models.corpus_model import CorpusModel

OUTCOMES = (*GOALS, "nobody")  # the last: a mixture of acts that no goal has
REFERENCE = "all goals"  # what is subtracted from the mean of max: the mean of all
LEFT = 0.05  # P(max) below which a model has left its goal
STRENGTHS = np.arange(0, -8.01, -0.25)


def openings(corpus: Values, goal: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return starts (n, 6) of texts that name a goal, up to the moral word."""
    texts = np.empty((n, FIRST), dtype=np.int64)
    texts[:, 0] = corpus.number(START)
    texts[:, 1] = rng.choice([corpus.number(name) for name in NAMES], size=n)
    texts[:, 2] = corpus.number(WANTS)
    texts[:, 3:5] = [corpus.label(goal, rng) for _ in range(n)]
    words = [OF_GOALS[GOALS.index(goal)]] if corpus.verdicts else VERDICTS
    texts[:, 5] = rng.choice([corpus.number(word) for word in words], size=n)
    return texts


@dataclass(frozen=True)
class Scenes:
    """Starts of texts about agents with one goal, each with a thing and then a person.

    Attributes
    ----------
    starts : ndarray of shape (n, 7)
        They end with a thing.
    people : ndarray of shape (n,)
        The person that comes after the act on the thing.
    """

    starts: np.ndarray
    people: np.ndarray

    @classmethod
    def draw(cls, corpus: Values, goal: str, n: int, rng: np.random.Generator) -> Scenes:
        """Draw n starts."""
        things, people = (
            rng.choice([corpus.number(word) for word in words], size=n)
            for words in (THINGS, PEOPLE)
        )
        return cls(np.column_stack([openings(corpus, goal, n, rng), things]), people)


def outcomes(made: CorpusModel, scenes: Scenes) -> np.ndarray:
    """Return P (n, 5) of each goal, and of no goal, from the acts on a thing and on a person.

    The act on the person is read after each possible act on the thing: the two jointly, so that
    mixtures that no goal has show. Noise in acts makes a tenth or two of "nobody" in any text.
    """
    acts = of_acts(made)
    n, k = len(scenes.starts), len(acts)
    on_thing = np.exp(made.continuing()(scenes.starts)[:, acts])
    on_person = np.exp(made.continuing()(with_acts(scenes, acts))[:, acts]).reshape(n, k, k)
    return combined(on_thing, on_person)


def of_acts(made: CorpusModel) -> np.ndarray:
    """Return the numbers (5,) of the words of acts."""
    return np.array([made.corpus.words.index(act) for act in ACTS])


def with_acts(scenes: Scenes, acts: np.ndarray) -> np.ndarray:
    """Return starts (n, t) with each of k acts, then the person: (n · k, t + 2)."""
    n, k = len(scenes.starts), len(acts)
    starts, people = (np.repeat(one, k, axis=0) for one in (scenes.starts, scenes.people))
    return np.column_stack([starts, np.tile(acts, n), people])


def combined(on_thing: np.ndarray, on_person: np.ndarray) -> np.ndarray:
    """Return P (..., 5) of each goal and of none.

    Parameters
    ----------
    on_thing : ndarray of shape (..., k)
        P of each act on the thing.
    on_person : ndarray of shape (..., k, k)
        P of each act on the person, after each act on the thing.
    """
    joint = on_thing[..., None] * on_person
    things, people = ([ACTS.index(act) for act in of] for of in (ON_THINGS, ON_PEOPLE))
    of_goal = joint[..., things, people]
    return np.concatenate([of_goal, 1 - of_goal.sum(axis=-1, keepdims=True)], axis=-1)


def named_texts(corpus: Values, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return n texts (n, t) that name a goal, and the goals (n,)."""
    drawn = corpus.sample(3 * n, rng)  # half of the texts name the goal
    named = np.flatnonzero(drawn.latents["named"] == 1)[:n]
    return drawn.ids[named], drawn.latents["goal"][named]


def goal_states(
    made: CorpusModel, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return states after layer 1 at the objects of n texts that name a goal, and the goals."""
    ids, goals = named_texts(made.corpus, n, rng)  # type: ignore[arg-type]  Values
    states = made.states(ids, layer=1)[:, FIRST::2]
    goals = np.repeat(goals, states.shape[1])
    return states.reshape(-1, states.shape[-1]), goals


def contrasts(means: np.ndarray) -> dict[str, np.ndarray]:
    """Return μ_max − reference for each reference: the mean of all goals, and each other goal."""
    top = means[GOALS.index("max")]
    others = {goal: top - means[GOALS.index(goal)] for goal in GOALS[1:]}
    return {REFERENCE: top - means.mean(axis=0), **others}


@dataclass(frozen=True)
class Path:
    """What comes of steering away from max, at each strength.

    Attributes
    ----------
    strengths : ndarray of shape (m,)
        α, from 0 downwards.
    outcomes : ndarray of shape (m, n, 5)
        P of each outcome in each scene.
    nearest : ndarray of shape (m, n)
        The class of the shifted states by LDA.
    """

    strengths: np.ndarray
    outcomes: np.ndarray
    nearest: np.ndarray

    @property
    def landing(self) -> int:
        """Index of the least strength at which P(max) is below 5 %; the last if it never is."""
        left = self.outcomes[:, :, 0].mean(axis=1) < LEFT
        return int(left.argmax()) if left.any() else len(left) - 1

    @property
    def strength(self) -> float:
        """α at the landing."""
        return float(self.strengths[self.landing])

    @property
    def shares(self) -> np.ndarray:
        """P of each outcome, of shape (m, 5), mean over scenes."""
        return self.outcomes.mean(axis=1)

    @property
    def agreement(self) -> float:
        """Share of scenes in which, at the landing, LDA has the class that the model acts out."""
        at = self.landing
        return float((self.outcomes[at].argmax(axis=1) == self.nearest[at]).mean())


def follow(
    made: CorpusModel,
    scenes: Scenes,
    direction: np.ndarray,
    lda: Nearest,
    strengths: Sequence[float] | np.ndarray = STRENGTHS,
) -> Path:
    """Steer along a direction with each strength, and read what the model does."""
    states = made.states(scenes.starts, layer=1)[:, -1]
    read, nearest = [], []
    for alpha in strengths:
        with steered(made, direction, by=float(alpha)):
            read.append(outcomes(made, scenes))
        nearest.append(lda.classes(states + alpha * direction))
    return Path(np.asarray(strengths), np.array(read), np.array(nearest))


def named(shares: np.ndarray) -> Mapping[str, float]:
    """Return shares (5,) by the name of the outcome."""
    return {name: float(share) for name, share in zip(OUTCOMES, shares, strict=True)}
