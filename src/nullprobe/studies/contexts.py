"""The study of contexts: does a value act where it was not learned, and does it last.

Agents are good or bad in each of four domains that share no word. The corpus decides how far the
values of an agent agree (rho). A model of such texts is shown a stranger in one domain and asked
about another. The part "jump" then trains it on texts without values, and asks what is
left: of behaviour, of a probe that was fitted before, of one that is fitted afterwards, and of what
a little training brings back.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from nullprobe.corpora.contexts import BAD, DOMAINS, GOOD, Contexts
from nullprobe.studies.contexts_rules import JUMP_RULES, RULES
from nullprobe.studies.definition import Budget, Cell, Measured, Study
from nullprobe.studies.effects import Estimate
from nullprobe.studies.pictures import figure, series
from nullprobe.studies.result import StudyResult
from nullprobe.studies.strangers import LAST_SHOWN, Strangers, states
from nullprobe.studies.training import Training, further

STEPS, TEXTS = 600, 2400
AGENTS, ABSENT = 48, 16  # named agents; how many never act in the last domain
JUMP = 600  # steps of the new skill
RATE = 1e-3  # learning rate of the jump
AGAIN = 20  # steps on old texts after the jump; the learning rate is still rising
CURVE = (50, 100, 200, 400, JUMP)


def corpus_of(rho: float, seed: int, *, lists: float = 0.0) -> Contexts:
    """Return the corpus; the seed decides the values of named agents."""
    return Contexts(rho=rho, agents=AGENTS, absent=ABSENT, lists=lists, random_state=seed)


def trainings(cell: Cell, seed: int, budget: Budget) -> list[Training]:
    """Return the training of a cell."""
    return [Training(corpus_of(cell.rho, seed), seed, STEPS)]


def measure(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Train on texts in which values agree by rho; ask about another domain."""
    corpus = corpus_of(cell.rho, seed)
    made = trainings(cell, seed, budget)[0].made(budget)
    texts = Strangers(corpus, budget.rows(TEXTS), seed)
    full = corpus.observers(texts.ids)["full"].log_p
    log_p = made.log_p(texts.ids)
    values = {
        "model": texts.difference(log_p),
        "corpus": texts.difference(full),
        "twin": texts.difference(made.log_p(texts.ids, made.twin)),
        "model, same domain": texts.difference(log_p, LAST_SHOWN),
        "corpus, same domain": texts.difference(full, LAST_SHOWN),
    }
    values["beyond the corpus"] = values["model"] - values["corpus"]
    X, untrained = states(made, texts), states(made, texts, made.twin)
    within, across = texts.read(X, texts.probes(X))
    values |= {
        "probe, same domain (AUC)": within,
        "probe, other domains (AUC)": across,
        "untrained: probe, same domain (AUC)": texts.read(untrained, texts.probes(untrained))[0],
    }
    return Measured(values | named(corpus, made))


def named(corpus: Contexts, made: Any) -> dict[str, float]:
    """Return what is expected of named agents in the domain where they never acted."""
    last = len(DOMAINS) - 1
    agents = np.arange(corpus.absent)
    elsewhere = corpus.values[agents, :last].mean(axis=1) > 0.5
    names = [corpus.number(f"agent{k}") for k in agents]
    scenes = corpus.situations(last)
    ids = np.array(
        [[0, name, scene, corpus.acts(last, GOOD)[0]] for name in names for scene in scenes]
    )
    good = np.repeat(elsewhere, len(scenes))
    values = {}
    for key, log_p in (
        ("named agents, unseen domain", made.log_p(ids)),
        ("corpus: named agents, unseen domain", corpus.observer("anywhere", ids).log_p),
    ):
        p = np.exp(log_p[:, 3])
        well, badly = (p[:, corpus.acts(last, v)].sum(axis=1) for v in (GOOD, BAD))
        share = well / (well + badly)
        values[key] = float(share[good].mean() - share[~good].mean())
    return values


def jump_trainings(cell: Cell, seed: int, budget: Budget) -> list[Training]:
    """Return the training before the jump."""
    return [Training(corpus_of(1.0, seed), seed, STEPS)]


def measure_jump(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Train on values, then on lists; state what is left, as a share of what was there before."""
    corpus = corpus_of(1.0, seed)
    lists = corpus_of(1.0, seed, lists=1.0 - cell.old)
    made = jump_trainings(cell, seed, budget)[0].made(budget)
    texts = Strangers(corpus, budget.rows(TEXTS), seed)
    frozen = texts.probes(states(made, texts))
    curve: dict[str, list[float]] = {}

    def stand(step: int, model: Any) -> None:
        X = states(made, texts, model)
        for name, value in (
            ("step", float(step)),
            ("behaviour", texts.difference(made.log_p(texts.ids, model), LAST_SHOWN)),
            ("frozen probe", texts.read(X, frozen)[0]),
            ("refitted probe", texts.read(X, texts.probes(X))[0]),
        ):
            curve.setdefault(name, []).append(value)

    stand(0, made.model)
    jumped, never = copy.deepcopy(made.model), copy.deepcopy(made.twin)
    snapshots = {budget.steps(step) for step in CURVE}
    how: dict[str, Any] = {"budget": budget, "rate": RATE}
    further(
        jumped, lists, steps=JUMP, seed=10 * seed + 7, **how,
        watch=lambda step: stand(step, jumped) if step in snapshots else None,
    )  # fmt: skip
    further(never, lists, steps=JUMP, seed=10 * seed + 8, **how)
    back = []
    for model in (jumped, never):
        further(model, corpus, steps=AGAIN, seed=10 * seed + 9, budget=Budget(), rate=RATE)
        back.append(texts.difference(made.log_p(texts.ids, model), LAST_SHOWN))
    before, refitted = curve["behaviour"][0], curve["refitted probe"]
    values = {
        "behaviour": curve["behaviour"][-1] / before,
        "frozen probe": _above_chance(curve["frozen probe"]),
        "refitted probe": _above_chance(refitted),
        "untrained: refitted probe": _above_chance([refitted[0], untrained_auc(made, texts)]),
        "back after a few steps": back[0] / before,
        "control: after a few steps": back[1] / before,
    }
    values["moved"] = values["refitted probe"] - values["frozen probe"]
    return Measured(values, {}, curve)


def untrained_auc(made: Any, texts: Strangers) -> float:
    """Return the AUC of a probe of an untrained network, in which the words show the value."""
    X = states(made, texts, made.twin)
    return texts.read(X, texts.probes(X))[0]


def _above_chance(auc: list[float]) -> float:
    """Return what is left of a reading above chance, as a share."""
    return (auc[-1] - 0.5) / (auc[0] - 0.5)


def pictures(result: StudyResult) -> list[Mapping[str, Any]]:
    """Return what carries over by rho, in behaviour and in probes."""
    places = [str(level) for level in result.factors["rho"]]

    def lines(names: Mapping[str, str]) -> list[Any]:
        return [
            series(label, places, [result.mean(name, cell) for cell in result.cells])
            for name, label in names.items()
        ]

    return [
        figure(
            "behaviour", "lines", "How far does a stranger's value act in another domain?",
            "P(good act) after good acts elsewhere, less after bad ones; the exact predictor of "
            "the texts next to the model.",
            lines({"model": "model", "corpus": "exact predictor", "twin": "untrained"}),
            x_label="agreement of values (rho)", y_label="difference of P(good act)",
        ),
        figure(
            "probes", "lines", "Does a probe of one domain read others?",
            "AUC of probes of the value, on other texts.",
            lines({
                "probe, same domain (AUC)": "same domain",
                "probe, other domains (AUC)": "other domains",
                "untrained: probe, same domain (AUC)": "untrained, same domain",
            }),
            x_label="agreement of values (rho)", y_label="AUC", rules={"chance": 0.5},
        ),
    ]  # fmt: skip


def jump_pictures(result: StudyResult) -> list[Mapping[str, Any]]:
    """Return what is left at each step of the jump, in each cell."""
    made = []
    for number, cell in enumerate(result.cells):
        rows = [one for one in result.records if str(one.cell) == str(cell)]
        steps = [int(step) for step in rows[0].series["step"]]
        lines = [
            series(name, steps, [
                Estimate(tuple(one.series[name][k] for one in rows)) for k in range(len(steps))
            ])
            for name in ("behaviour", "frozen probe", "refitted probe")
        ]  # fmt: skip
        old = f"{cell.old:.0%} of the texts are old ones" if cell.old else "no text is an old one"
        made.append(figure(
            f"jump-{number}", "lines", f"What is left while a new skill is learned, if {old}?",
            "Difference that the value makes in behaviour, and AUC of the probe from before and "
            "of one that is fitted again.",
            lines, x_label="step of the jump", y_label="difference, or AUC",
        ))  # fmt: skip
    return made


contexts = Study(
    "contexts",
    measure,
    question="Does a value that was learned in one context act in others, and does it last?",
    unit="difference of P(good act)",
    factors={"rho": (0.0, 0.5, 1.0)},
    rules=RULES,
    pictures=pictures,
    doubts=(
        "A model that carries values over where the corpus does not (rho = 0).",
        "An untrained network in which a probe of one domain reads the others.",
    ),
    trainings=trainings,
    parts={
        "jump": Study(
            "contexts_jump",
            measure_jump,
            question="Does a value outlast a jump in skill?",
            unit="share of what was there before",
            factors={"old": (0.0, 0.05)},
            rules=JUMP_RULES,
            pictures=jump_pictures,
            doubts=("A model that never had values and learns them in as few steps.",),
            trainings=jump_trainings,
        )
    },
)
