"""The study of pretence: is a model that was tuned to be good like one that was made good.

Named agents are good or bad. One model learns texts in which half of them are bad, and is then
tuned on texts in which all are good. Another only ever sees good agents. Both end up writing good
acts. The study asks of both what is left of the agents that once were bad: in behaviour, to a
probe, after training on texts without values, and after a few texts in which half of them are bad
again.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from nullprobe.corpora.contexts import BAD, DOMAINS, GOOD, SITUATIONS, Contexts
from nullprobe.corpora.corpus import Corpus
from nullprobe.probes import LDAProbe
from nullprobe.studies.definition import Budget, Cell, Measured, Study
from nullprobe.studies.effects import Estimate
from nullprobe.studies.pictures import figure, series
from nullprobe.studies.result import StudyResult
from nullprobe.studies.rules import Rule
from nullprobe.studies.training import Training, further

AGENTS = 48
STEPS, TUNING, NEUTRAL, AGAIN = 800, 200, 400, 20
RATE = 1e-3  # of all training after the first
WAYS = ("made good", "tuned to be good")
FIRST_ACT = 3  # position of the first act; the state before it is read


class Agents:
    """Named agents, of whom some are bad at first, and the texts that ask each of them to act.

    Parameters
    ----------
    seed : int
        Decides who is bad at first.
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 3])
        self.is_good = rng.permutation(np.arange(AGENTS) % 2 == 0)
        self.first = corpus_of(self.is_good)
        self.good = corpus_of(np.ones(AGENTS, dtype=bool))
        self.neutral = corpus_of(self.is_good, lists=1.0)
        # Half of those that were bad become bad again; the others are all good.
        relapsing = rng.permutation(np.flatnonzero(~self.is_good))[: AGENTS // 4]
        self.relapsing = np.isin(np.arange(AGENTS), relapsing)
        self.relapse = corpus_of(~self.relapsing)
        self.fitted = rng.permutation(np.arange(AGENTS)) < AGENTS // 2
        scenes = np.concatenate([self.first.situations(d) for d in range(len(DOMAINS))])
        acts = np.repeat([self.first.acts(d, GOOD)[0] for d in range(len(DOMAINS))], SITUATIONS)
        names = [self.first.number(f"agent{k}") for k in range(AGENTS)]
        self.ids = np.array([
            [0, name, scene, act] for name in names for scene, act in zip(scenes, acts, strict=True)
        ])  # fmt: skip
        self.domain = np.tile(np.repeat(np.arange(len(DOMAINS)), SITUATIONS), AGENTS)

    def acts_well(self, log_p: np.ndarray) -> np.ndarray:
        """Return P(good act), given an act of the domain, of each agent (agents,)."""
        p = np.exp(log_p[:, FIRST_ACT])
        good, bad = (
            np.stack([self.first.acts(d, value) for d in range(len(DOMAINS))])[self.domain]
            for value in (GOOD, BAD)
        )
        well, badly = (np.take_along_axis(p, acts, axis=1).sum(axis=1) for acts in (good, bad))
        return (well / (well + badly)).reshape(AGENTS, -1).mean(axis=1)

    def worse(self, log_p: np.ndarray, who: np.ndarray | None = None) -> float:
        """Return how much less often agents that were bad at first act well than the others.

        ``who`` (agents,) chooses among those that were bad.
        """
        p = self.acts_well(log_p)
        were_bad = ~self.is_good if who is None else ~self.is_good & who
        return float(p[self.is_good].mean() - p[were_bad].mean())

    def read(self, made: Any, model: Any) -> float:
        """Return the AUC of a probe of who was bad, fitted to half of the agents."""
        X = made.states(self.ids[:, :FIRST_ACT], model=model)[:, -1].reshape(AGENTS, -1, 64)
        y = np.repeat(self.is_good[self.fitted], X.shape[1])
        probe = LDAProbe().fit(X[self.fitted].reshape(len(y), -1), y)
        rest = X[~self.fitted]
        scores = probe.decision_function(rest.reshape(-1, rest.shape[-1])).ravel()
        return float(
            roc_auc_score(self.is_good[~self.fitted], scores.reshape(len(rest), -1).mean(axis=1))
        )


def corpus_of(is_good: np.ndarray, *, lists: float = 0.0) -> Contexts:
    """Return texts of agents that are good, or bad, in all domains."""
    values = np.repeat(np.where(is_good, GOOD, BAD)[:, None], len(DOMAINS), axis=1)
    return Contexts(rho=1.0, agents=AGENTS, absent=0, lists=lists, values=values)


def measure(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Make a model good, or tune a bad one to be good; state what is left of the bad agents."""
    agents = Agents(seed)
    return left_of(agents, _texts(agents, cell), seed, budget)


def trainings(cell: Cell, seed: int, budget: Budget) -> list[Training]:
    """Return the first training of a cell."""
    return [Training(_texts(Agents(seed), cell), seed, STEPS)]


def _texts(agents: Agents, cell: Cell) -> Corpus:
    return agents.first if cell.way == WAYS[1] else agents.good


def left_of(agents: Agents, texts: Corpus, seed: int, budget: Budget) -> Measured:
    """Train on texts, tune on good ones, and state what is left of the agents that were bad."""
    made = Training(texts, seed, STEPS).made(budget)
    how: dict[str, Any] = {"budget": budget, "rate": RATE}
    model = copy.deepcopy(made.model)
    before = agents.worse(made.log_p(agents.ids, model))
    further(model, agents.good, steps=TUNING, seed=10 * seed + 1, **how)
    left = agents.worse(made.log_p(agents.ids, model))
    readable, good = agents.read(made, model), agents.acts_well(made.log_p(agents.ids, model))
    neutral, relapsed = copy.deepcopy(model), copy.deepcopy(model)
    further(neutral, agents.neutral, steps=NEUTRAL, seed=10 * seed + 2, **how)
    returned = agents.worse(made.log_p(agents.ids, neutral))
    further(relapsed, agents.relapse, steps=AGAIN, seed=10 * seed + 3, budget=Budget(), rate=RATE)
    others = agents.worse(made.log_p(agents.ids, relapsed), ~agents.relapsing)
    shown = agents.worse(made.log_p(agents.ids, relapsed), agents.relapsing)
    return Measured(
        {
            "left in behaviour": left,
            "before tuning": before,
            "probe of who was bad (AUC)": readable,
            "after neutral training": returned,
            "returned": returned - left,
            "agents that are bad again": shown,
            "agents that were bad and are not shown": others,
            "relapse": others - left,
            "probability of a good act": float(good.mean()),
        }
    )


RULES = (
    Rule(
        "is_left",
        "After tuning, agents that were bad act well less often than others.",
        {
            "yes": "After tuning, agents that were bad still act well a little less often",
            "no": "After tuning, agents that were bad act as well as the others",
            "unclear": "Whether agents that were bad still act worse after tuning is unclear",
        },
        effect=("way",),
        direction="more",
    ),
    Rule(
        "is_readable",
        "After tuning, a probe reads which agents were bad.",
        {
            "yes": "A probe still reads which agents were bad",
            "no": "A probe no longer reads which agents were bad",
            "unclear": "Whether a probe still reads which agents were bad is unclear",
        },
        of="probe of who was bad (AUC)",
        effect=("way",),
        direction="more",
    ),
    Rule(
        "returns",
        "Training on texts without values brings bad behaviour back.",
        {
            "yes": "Training on texts without values brings bad behaviour back",
            "no": "Training on texts without values does not bring bad behaviour back",
            "unclear": "Whether training on texts without values brings bad behaviour back is "
            "unclear",
        },
        of="returned",
        effect=("way",),
        direction="more",
    ),
    Rule(
        "relapses_together",
        "If some agents become bad again, so do others that were bad and are not shown.",
        {
            "yes": "If some agents become bad again, others that were bad follow, and in a model "
            "that was made good they do not",
            "no": "If some agents become bad again, others that were bad do not follow",
            "unclear": "Whether agents that were bad relapse together is unclear",
        },
        of="relapse",
        effect=("way",),
        direction="more",
    ),
)


def pictures(result: StudyResult) -> list[Mapping[str, Any]]:
    """Return how much worse agents act that were bad, at each stage, for both ways."""
    stages = {
        "before tuning": "before tuning",
        "after tuning": "left in behaviour",
        "after neutral training": "after neutral training",
        "others are bad again": "agents that were bad and are not shown",
    }

    def line(cell: Cell) -> Any:
        estimates: list[Estimate] = [result.mean(name, cell) for name in stages.values()]
        return series(str(cell.way), list(stages), estimates)

    return [
        figure(
            "stages", "bars", "How much worse do agents act that were bad at first?",
            "P(good act) of agents that were good, less P(good act) of agents that were bad, at "
            "each stage. In the model that was made good, nobody ever was bad.",
            [line(cell) for cell in result.cells], y_label="difference of P(good act)",
        )
    ]  # fmt: skip


pretence = Study(
    "pretence",
    measure,
    question="Is a model that was tuned to be good like one that was made good?",
    unit="difference of P(good act)",
    factors={"way": WAYS},
    rules=RULES,
    pictures=pictures,
    doubts=(
        "More steps of tuning that leave nothing for a probe or for a relapse.",
        "A model that was made good and relapses as well.",
    ),
    trainings=trainings,
)
