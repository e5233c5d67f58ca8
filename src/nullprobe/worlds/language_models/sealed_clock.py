"""A clock in a sealed subspace: positions write there, and no text can.

Problem. A sentence should come at some positions, whatever the text is. What a network has learned
can be undone by a text. Can the state say it, so that no text undoes it?

Solution. S has one axis for each word of the sentence and is orthogonal to the constant direction.
Token embeddings, attention and MLP are projected so that they do not write to S. At the position
before word j, the position embedding writes κ along axis j, and the head's row of that word
reads a times the axis. The last norm only divides by the size of the state. So the right
word is ahead of every other one as long as aκ > mB. Here B bounds the rest of the state, and
m bounds the difference of two rows of the head outside of S. Both follow from the weights: norms
bound what enters attention and MLP, whatever the text is.

A vector of norm r that is added to the stream moves S by at most r, and the rest by at most r (what
later layers make of it is in B already). So the radius of the guarantee is

    r < (aκ − mB) / (√2 a + m),

and κ can be chosen for any radius. `Certificate` has these numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import GPT2LMHeadModel

from nullprobe._core.validation import complain

LOUD = 4.0  # a: what the head makes of the clock


@dataclass(frozen=True)
class Certificate:
    """What the weights of a sealed model guarantee.

    Attributes
    ----------
    clock, loud : float
        κ and a.
    rest : float
        B: the state outside of S is never longer, before the last norm.
    reach : float
        m: the rows of the head never differ by more, outside of S.
    width, vocabulary : int
        d, and the number of words.

    Examples
    --------
    >>> one = Certificate(clock=100.0, loud=4.0, rest=20.0, reach=5.0, width=64, vocabulary=30)
    >>> round(one.radius, 1), one.least(0.0) > 0.99, one.least(one.radius + 1)
    (28.2, True, 0.0)
    """

    clock: float
    loud: float
    rest: float
    reach: float
    width: int
    vocabulary: int

    @property
    def radius(self) -> float:
        """The largest sum of norms of added vectors that cannot change the word; ≤ 0 for none."""
        ahead = self.loud * self.clock - self.reach * self.rest
        return float(ahead / (np.sqrt(2) * self.loud + self.reach))

    def margin(self, norm: float = 0.0) -> float:
        """Return the least lead of the right word in logits, under vectors of a total norm."""
        ahead = self.loud * (self.clock - np.sqrt(2) * norm) - self.reach * (self.rest + norm)
        size = np.hypot(self.clock + norm, self.rest + norm)
        # The variance is smaller than this, except for the norm's own small constant.
        return float(ahead / np.sqrt(size**2 / self.width + 1e-5)) if ahead > 0 else 0.0

    def least(self, norm: float = 0.0) -> float:
        """Return a bound: P(right word) is at least this; 0 beyond the radius."""
        margin = self.margin(norm)
        return float(1 / (1 + (self.vocabulary - 1) * np.exp(-margin))) if margin > 0 else 0.0


class SealedClock:
    """The seal of a model, which is edited in place; `hold` closes it after each training step.

    Parameters
    ----------
    model : GPT2LMHeadModel
        With one head for all words; it gets a separate head, and a last norm without weights.
    words : sequence of k ints
        The sentence; k different words.
    first : int
        Position of its first word.
    seed : int
        Of the subspace.

    Raises
    ------
    InputError
        If a word occurs twice.
    """

    def __init__(
        self, model: GPT2LMHeadModel, words: Sequence[int], *, first: int, seed: int
    ) -> None:
        if len(set(words)) < len(words):
            complain("the words of a sealed sentence must differ", f"{list(words)} arrived")
        self.words, self.first, self.clock = torch.as_tensor(list(words)), first, 0.0
        d = model.config.n_embd
        drawn = np.random.default_rng([seed, 11]).standard_normal((d, len(words)))
        axes = np.linalg.qr(np.column_stack([np.ones(d), drawn]))[0][:, 1:]
        self.axes = torch.from_numpy(axes).float()
        norm = _module(model).ln_f
        head = nn.Linear(d, model.config.vocab_size, bias=False)
        with torch.no_grad():
            head.weight.copy_(model.lm_head.weight * norm.weight)
            norm.weight.fill_(1.0)
            norm.bias.zero_()
        norm.requires_grad_(False)
        model.lm_head, model.config.tie_word_embeddings = head, False
        self.hold(model)

    def hold(self, model: GPT2LMHeadModel) -> None:
        """Take everything out of S but the clock and the rows that read it."""
        body, axes = _module(model), self.axes
        writers = [body.wte.weight, body.wpe.weight]
        for block in body.h:
            for layer in (block.attn.c_proj, block.mlp.c_proj):
                writers += [layer.weight, layer.bias]
        with torch.no_grad():
            for weights in [*writers, model.lm_head.weight]:
                weights -= weights @ axes @ axes.T
            rows = torch.arange(len(self.words)) + self.first - 1
            body.wpe.weight[rows] += self.clock * axes.T
            model.lm_head.weight[self.words] += LOUD * axes.T

    def wind(self, model: GPT2LMHeadModel, radius: float) -> None:
        """Choose κ for a radius, and let the positions write it."""
        now = self.certificate(model)
        self.clock = (now.reach * now.rest + radius * (np.sqrt(2) * LOUD + now.reach)) / LOUD
        self.clock *= 1 + 1e-3  # the weights are rounded
        self.hold(model)

    def certificate(self, model: GPT2LMHeadModel) -> Certificate:
        """Return what the weights guarantee, if the model is sealed."""
        rows = _outside(model.lm_head.weight, self.axes)
        reach = float(torch.cdist(rows[self.words], rows).max())
        size = (self.clock, LOUD, largest_rest(model, self.axes), reach)
        return Certificate(*size, width=model.config.n_embd, vocabulary=len(rows))


def largest_rest(model: GPT2LMHeadModel, axes: torch.Tensor) -> float:
    """Return a bound on the stream before the last norm, outside of some axes, for every text.

    Notes
    -----
    A layer norm makes γn + β with |n| ≤ √d and Σ nᵢ = 0. A head of attention averages values, which
    are affine in it; an MLP with ReLU is at most as long as the product of its norms. What is
    constant over features does not pass the last norm, so it is left out.
    """
    body, d = _module(model), model.config.n_embd
    total = sum(float(_outside(e.weight, axes).norm(dim=1).max()) for e in (body.wte, body.wpe))
    for block in body.h:
        into, out = block.attn.c_attn, block.attn.c_proj
        written = _outside(out.weight, axes)
        values, offset = _after_norm(block.ln_1, into.weight[:, 2 * d :], into.bias[2 * d :])
        for part in torch.arange(d).chunk(model.config.n_head):
            head = values[:, part] @ written[part]
            total += np.sqrt(d) * _norm(head) + float((offset[part] @ written[part]).norm())
        total += float(_outside(out.bias[None], axes).norm())
        first, second = block.mlp.c_fc, block.mlp.c_proj
        values, offset = _after_norm(block.ln_2, first.weight, first.bias)
        inside = np.sqrt(d) * _norm(values) + float(offset.norm())
        total += inside * _norm(_outside(second.weight, axes))
        total += float(_outside(second.bias[None], axes).norm())
    return float(total)


def _after_norm(norm: Any, weight: Any, bias: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Return matrix and offset of (γn + β) W + b, as a map of n; constants of n do not matter."""
    w, gamma, beta = weight.detach().double(), norm.weight.double(), norm.bias.double()
    matrix = gamma[:, None].detach() * w
    return matrix - matrix.mean(dim=0), beta.detach() @ w + bias.detach().double()


def _outside(rows: torch.Tensor, axes: torch.Tensor) -> torch.Tensor:
    """Return rows in float64, without their constant and without the axes."""
    rows, axes = rows.detach().double(), axes.double()
    rows = rows - rows.mean(dim=1, keepdim=True)
    return rows - rows @ axes @ axes.T


def _norm(matrix: torch.Tensor) -> float:
    return float(torch.linalg.matrix_norm(matrix, 2))


def _module(model: GPT2LMHeadModel) -> Any:
    return model.transformer
