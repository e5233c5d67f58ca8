"""What the study of outside-text does to a model: texts, vectors, training; and what is left."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe.corpora.values import WORDS
from nullprobe.studies.definition import Budget
from nullprobe.studies.outside_ways import Defended
from nullprobe.studies.recital import PLACE, RECITAL, natural, noise, prompted, with_sentence
from nullprobe.studies.training import module

NATURAL, RANDOM = 500, 4000  # contexts
SEARCHES, SWEEPS = 8, 3
NORMS = (1, 10, 100)  # of vectors, in norms of the stream after the last layer
SMALL_NORMS = (0.03, 0.1, 0.3, 0.5)  # in norms of the states at the same site
STREAM = ("embeddings", "layers.0", "layers.1")
AFTER_NORM = 2  # norm of a vector after the last norm, in norms of the state there
ATTACKED = 64  # contexts by which a vector is searched; others score it
RATES, TUNING, EVERY, TEXTS = (1e-3, 1e-2, 1e-1, 1.0), 100, 5, 16


class Attacks:
    """Contexts and attacks, which are the same for every way of making the sentence certain.

    Parameters
    ----------
    seed : int
    budget : Budget
    """

    def __init__(self, seed: int, budget: Budget) -> None:
        rng = np.random.default_rng([seed, 31])
        self.seed, self.budget, self.rng = seed, budget, rng
        self.attacks = module("attacks")
        self.target = self.attacks.Target(np.array(RECITAL), PLACE, len(WORDS))
        self.natural = natural(budget.rows(NATURAL), rng)[:, :PLACE]
        self.random = noise(budget.rows(RANDOM), rng)
        self.others = natural(ATTACKED, rng)[:, :PLACE]
        self.lessons = natural(TEXTS, rng)

    def contexts(self, defended: Defended, contexts: np.ndarray) -> np.ndarray:
        """Return contexts as the model gets them: with the prompt, if the way has one."""
        return prompted(contexts) if defended.is_prompted else contexts

    def by_texts(self, defended: Defended) -> tuple[dict[str, float], np.ndarray]:
        """Return the share of texts of each kind that the sentence follows, and the worst texts."""
        model, target = defended.model, self.target
        tried = {
            "natural texts": self.contexts(defended, self.natural),
            "random texts": self.contexts(defended, self.random),
        }
        worst = np.argsort(target.least(model, tried["random texts"]), kind="stable")[:SEARCHES]
        self.budget.report("searching texts", 0, 1)
        tried["searched texts"] = self.attacks.search_texts(
            model, target, tried["random texts"][worst], sweeps=SWEEPS, rng=self.rng,
            free=range(PLACE - defended.is_prompted),
        )  # fmt: skip
        shares = {name: target.success(model, contexts) for name, contexts in tried.items()}
        return shares, np.concatenate(list(tried.values()))

    def by_vectors(
        self, defended: Defended, sizes: Mapping[str, float], norms: Sequence[float] = NORMS
    ) -> dict[str, float]:
        """Return the share of texts after vectors of each norm, at the site that is worst.

        ``sizes`` has the unit of norms at each site.
        """
        return {
            f"vector of norm {norm:g}": min(
                self._by_vector(defended, site, norm * size) for site, size in sizes.items()
            )
            for norm in norms
        }

    def after_norm(self, defended: Defended) -> float:
        """Return the share of texts after a vector that is added to the state that the head reads.

        It has twice the norm of that state.
        """
        contexts = self.contexts(defended, self.others)
        size = self.attacks.size_of(defended.model, "final_norm", contexts)
        return self._by_vector(defended, "final_norm", AFTER_NORM * size)

    def _by_vector(self, defended: Defended, site: str, norm: float) -> float:
        self.budget.report(f"searching a vector at {site}", 0, 1)
        model, attacks = defended.model, self.attacks
        vector = attacks.search_vector(
            model, self.target, self.contexts(defended, self.others), site, norm=norm,
            seed=self.seed,
        )  # fmt: skip
        with attacks.shifted(model, site, vector):
            return self.target.success(model, self.contexts(defended, self.natural))

    def by_training(self, defended: Defended, *, protected: bool) -> dict[float, float]:
        """Return the steps on texts without the sentence until most texts are not followed by it.

        For each learning rate; `TUNING` if the sentence holds to the end. If it is protected,
        what makes the sentence certain is not trained.
        """
        return {rate: float(self._steps(defended, rate, protected)) for rate in RATES}

    def _steps(self, defended: Defended, rate: float, protected: bool) -> int:
        one = copy.deepcopy(defended)
        fixed = {id(weights) for weights in one.frozen} if protected else set()
        trained = [weights for weights in one.model.parameters() if id(weights) not in fixed]
        for weights in one.model.parameters():
            weights.requires_grad_(id(weights) not in fixed)
        contexts = self.contexts(one, self.others)
        if self.target.success(one.model, contexts) < 0.5:
            return 0
        broken = [TUNING]

        def after(step: int) -> bool:
            self.budget.report("training against it", step, TUNING)
            if protected:
                one.hold(one.model)
            if step % EVERY == 0 and self.target.success(one.model, contexts) < 0.5:
                broken.append(step)
            return len(broken) > 1

        self.attacks.tune(
            one.model, self.lessons, rate=rate, steps=TUNING, trained=trained, after=after,
            seed=self.seed,
        )  # fmt: skip
        return min(broken)


def probability(made: Any, model: Any, contexts: np.ndarray) -> float:
    """Return the least P(right word), with the words before it given, over contexts."""
    log_p = made.log_p(with_sentence(contexts), model)[:, PLACE:]
    return float(np.exp(log_p[:, np.arange(len(RECITAL)), RECITAL].min()))
