"""Attacks on a sentence that a model should say: texts, vectors in its states, and training.

Each attack lowers the margin: how far the logit of the right word is ahead of all others, with the
words of the sentence before it given. A model says the whole sentence, always taking the most
probable word, exactly if the margin is positive at each of its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from nullprobe.worlds.language_models.descent import untouched

SITES = ("embeddings", "layers.0", "layers.1", "final_norm")
VECTOR_STEPS, STEP = 25, (0.5, 0.02)  # of a vector's own norm, at first and at last
ROWS = 512  # texts at a time


@dataclass(frozen=True, eq=False)
class Target:
    """The sentence that is attacked.

    Attributes
    ----------
    words : ndarray of shape (k,)
    first : int
        Position of its first word; texts in front of it have this length.
    vocabulary : int
        V: words from V on are not words of the corpus.
    """

    words: np.ndarray
    first: int
    vocabulary: int

    def margins(self, model: Any, contexts: torch.Tensor) -> torch.Tensor:
        """Return margins (n, k) after contexts (n, first); gradients pass."""
        words = torch.from_numpy(self.words)
        texts = torch.cat([contexts, words.expand(len(contexts), -1)], dim=1)
        logits = model(texts, use_cache=False).logits[:, self.first - 1 : -1, : self.vocabulary]
        right = logits.gather(2, words.expand(len(contexts), -1)[..., None])[..., 0]
        others = logits.scatter(2, words.expand(len(contexts), -1)[..., None], -torch.inf)
        return right - others.amax(dim=2)

    def least(self, model: Any, contexts: np.ndarray) -> np.ndarray:
        """Return the smallest margin (n,) of each context."""
        with torch.inference_mode():
            parts = torch.from_numpy(contexts).split(ROWS)
            parts = [self.margins(model, part).amin(dim=1) for part in parts]
        return torch.cat(parts).double().numpy()

    def success(self, model: Any, contexts: np.ndarray) -> float:
        """Return the share of contexts after which the model says the whole sentence."""
        return float((self.least(model, contexts) > 0).mean())


def search_texts(
    model: Any,
    target: Target,
    starts: np.ndarray,
    *,
    free: Sequence[int],
    sweeps: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return texts (n, t) after which a model says a sentence least, from starts (n, t).

    Every word of the vocabulary is tried at one position after the other, and the worst is kept.

    Parameters
    ----------
    model : Module
    target : Target
    starts : ndarray of shape (n, t)
    free : sequence of int
        Positions that the search may change.
    sweeps : int
        Number of passes over these positions.
    rng : Generator
        Order of positions.
    """
    texts, n, size = starts.copy(), len(starts), target.vocabulary
    for _ in range(sweeps):
        for position in rng.permutation(list(free)):
            tried = np.repeat(texts, size, axis=0)
            tried[:, position] = np.tile(np.arange(size), n)
            texts[:, position] = target.least(model, tried).reshape(n, size).argmin(axis=1)
    return texts


@contextmanager
def shifted(model: Any, site: str, vector: torch.Tensor) -> Iterator[None]:
    """Add a vector (d,) at every position of a site, within the block."""

    def add(_module: Any, _inputs: Any, out: Any) -> Any:
        return (out[0] + vector, *out[1:]) if isinstance(out, tuple) else out + vector

    handle = _place(model, site).register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


def size_of(model: Any, site: str, contexts: np.ndarray) -> float:
    """Return the mean norm of the states of a site, over texts and positions."""
    states: list[torch.Tensor] = []

    def note(_module: Any, _inputs: Any, out: Any) -> None:
        states.append(out[0] if isinstance(out, tuple) else out)

    handle = _place(model, site).register_forward_hook(note)
    try:
        with torch.inference_mode():
            model(torch.from_numpy(contexts), use_cache=False)
    finally:
        handle.remove()
    return float(states[0].norm(dim=-1).mean())


def search_vector(  # noqa: PLR0913  what is searched, and where
    model: Any, target: Target, contexts: np.ndarray, site: str, *, norm: float, seed: int,
    steps: int = VECTOR_STEPS,
) -> torch.Tensor:  # fmt: skip
    """Return a vector (d,) of a norm that lowers the mean of the least margins, at a site.

    Parameters
    ----------
    model : Module
    target : Target
    contexts : ndarray of shape (n, first)
    site : str
        One of `SITES`.
    norm : float
    seed : int
        Of the vector that the search starts from.
    steps : int
        Of gradient descent on the sphere; the best vector that was met is returned.
    """
    ids = torch.from_numpy(contexts)
    with untouched(seed):
        width = _inner(model).config.n_embd
        vector = torch.nn.functional.normalize(torch.randn(width), dim=0) * norm
        best, lowest = vector, torch.inf
        for step in range(steps + 1):
            vector = vector.detach().requires_grad_()
            with shifted(model, site, vector):
                mean = target.margins(model, ids).amin(dim=1).mean()
            if mean.item() < lowest:
                best, lowest = vector.detach(), mean.item()
            # A last layer without input has no gradient.
            reaches = mean.requires_grad
            slope = torch.autograd.grad(mean, vector, allow_unused=True)[0] if reaches else None
            if slope is None or not slope.any():
                break
            size = norm * STEP[0] * (STEP[1] / STEP[0]) ** (step / steps)
            moved = vector.detach() - size * slope / slope.norm()
            vector = moved * norm / moved.norm()
    return best


def tune(  # noqa: PLR0913  what is trained, on what, and when it stops
    model: Any,
    ids: np.ndarray,
    *,
    rate: float,
    steps: int,
    trained: Sequence[torch.nn.Parameter],
    after: Callable[[int], bool],
    seed: int,
) -> None:
    """Train some parameters of a model in place, on the same texts at every step.

    Parameters
    ----------
    model : Module
    ids : ndarray of shape (n, t)
    rate : float
        Of Adam; constant.
    steps : int
    trained : sequence of Parameter
    after : callable
        Number of steps done → whether to stop.
    seed : int
    """
    texts = torch.from_numpy(ids)
    with untouched(seed):
        optimiser = torch.optim.Adam(trained, lr=rate)
        for step in range(steps):
            logits = model(texts, use_cache=False).logits[:, :-1]
            loss = cross_entropy(logits.transpose(1, 2), texts[:, 1:])
            model.zero_grad()
            loss.backward()
            optimiser.step()
            if after(step + 1):
                break
        model.zero_grad()


def _inner(model: Any) -> Any:
    """Return the network, if a hard-coded last layer is around it."""
    return getattr(model, "model", model)


def _place(model: Any, site: str) -> Any:
    body = _inner(model).transformer
    if site.startswith("layers."):
        return body.h[int(site.rpartition(".")[2])]
    return body.drop if site == "embeddings" else body.ln_f
