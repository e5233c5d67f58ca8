"""Where models of authors stand between exact observers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nullprobe.corpora import Chains
from nullprobe.corpora.authors import ACTS
from nullprobe.corpora.corpus import Predictive
from nullprobe.studies.observing import by_class, divergence, share

CLASSES = ("good", "bad", "neutral", "woke")
UNSIGNED = "anon"


def unsigned(world: Chains, n: int, seed: Sequence[int]) -> np.ndarray:
    """Draw n texts whose byline names nobody, (n, T)."""
    ids = world.sample(3 * n, np.random.default_rng(seed)).ids
    return ids[ids[:, 1] == world.words.index(UNSIGNED)][:n]


class Standing:
    """Texts without a byline, what each observer expects of their verbs, and where models stand.

    Parameters
    ----------
    world : Chains
        The corpus of the observers.
    ids : ndarray of shape (n, T)
    """

    def __init__(self, world: Chains, ids: np.ndarray) -> None:
        lines = range(1, world.lines + 1)
        self.ids = ids
        self.verbs = [world.position(line, "verb") for line in lines]
        self.names = np.array([world.position(line, "name") for line in lines])
        self.classes = classes_of(world.words)
        self.observers: dict[str, Predictive] = world.observers(ids)
        self._log_p = {name: one.log_p[:, self.verbs] for name, one in self.observers.items()}
        self._by_class = {name: by_class(p, self.classes) for name, p in self._log_p.items()}

    def of(self, log_p: np.ndarray) -> dict[str, float]:
        """Return the shares and divergences of a predictor, from its log P (n, T, V)."""
        verbs = log_p[:, self.verbs]
        p, full = by_class(verbs, self.classes), self._by_class["full"]
        return {
            "author share": share(p, self._by_class["simulacra"], full),
            "character share": share(p, self._by_class["author"], full),
        } | {
            f"KL from {name}": float(divergence(one, verbs).mean())
            for name, one in self._log_p.items()
        }


def classes_of(words: Sequence[str]) -> np.ndarray:
    """Return the class of each verb, of shape (V, 4)."""
    acts = [ACTS.get(word.rpartition(".")[2]) for word in words]
    return np.array([[act == kind for kind in CLASSES] for act in acts], dtype=float)
