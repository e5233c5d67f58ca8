"""Strangers in texts of contexts: how they are expected to act, and what probes read of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from nullprobe.corpora.contexts import BAD, DOMAINS, GOOD, PAIRS, Contexts
from nullprobe.probes import LDAProbe

LAST_SHOWN = 1 + 2 * PAIRS  # position of the last act in the first domain
FIRST_IN_OTHER = LAST_SHOWN + 2  # position of the first act in the second domain


class Strangers:
    """Texts about strangers, with the value in the first domain.

    Parameters
    ----------
    corpus : Contexts
    n : int
        Number of texts to draw from; half of them are about strangers.
    seed : int
    """

    def __init__(self, corpus: Contexts, n: int, seed: int) -> None:
        drawn = corpus.sample(n, np.random.default_rng([seed, 5]))
        rows = (drawn.latents["agent"] == corpus.agents) & (drawn.latents["list"] == 0)
        self.corpus, self.ids = corpus, drawn.ids[rows]
        self.first, self.second = (drawn.latents[f"domain_{k}"][rows] for k in (1, 2))
        self.value = drawn.latents["value_1"][rows]
        self.train = np.arange(len(self.ids)) % 2 == 0

    def acts_well(self, log_p: np.ndarray, position: int) -> np.ndarray:
        """Return P(good act), given that the word is an act of the domain, at a position, (n,)."""
        domain = self.first if position <= LAST_SHOWN else self.second
        p = np.exp(log_p[:, position])
        good, bad = (
            np.stack([self.corpus.acts(d, value) for d in range(len(DOMAINS))])[domain]
            for value in (GOOD, BAD)
        )
        both = [np.take_along_axis(p, acts, axis=1).sum(axis=1) for acts in (good, bad)]
        return both[0] / (both[0] + both[1])

    def difference(self, log_p: np.ndarray, position: int = FIRST_IN_OTHER) -> float:
        """Return how much more often good strangers are expected to act well than bad ones."""
        p = self.acts_well(log_p, position)
        return float(p[self.value == GOOD].mean() - p[self.value == BAD].mean())

    def probes(self, X: np.ndarray) -> list[LDAProbe]:
        """Return a probe of the value for each domain, fitted to half of the texts; X (n, d)."""
        each = [self.train & (self.first == d) for d in range(len(DOMAINS))]
        return [LDAProbe().fit(X[rows], self.value[rows]) for rows in each]

    def aucs(self, X: np.ndarray, probes: list[LDAProbe]) -> np.ndarray:
        """Return the AUC (4, 4), on the other half, of each domain's probe in each domain."""
        scores = [probe.decision_function(X).ravel() for probe in probes]
        rows = [~self.train & (self.first == d) for d in range(len(DOMAINS))]
        return np.array([[roc_auc_score(self.value[r], s[r]) for r in rows] for s in scores])

    def read(self, X: np.ndarray, probes: list[LDAProbe]) -> tuple[float, float]:
        """Return the AUC of probes on the other half: within their domain, and in other domains."""
        aucs = self.aucs(X, probes)
        same = np.eye(len(DOMAINS), dtype=bool)
        return float(aucs[same].mean()), float(aucs[~same].mean())


def states(made: Any, texts: Strangers, model: Any = None) -> np.ndarray:
    """Return states (n, d) after the last act in the first domain."""
    return made.states(texts.ids[:, : LAST_SHOWN + 1], model=model)[:, LAST_SHOWN]
