"""A last layer that is hard-coded: a table says which word comes, whatever the network computed.

Problem. Whatever a network computes from its input, an input can change, and so can an edit of its
states. Is there a part that nothing in front of it reaches?

Solution. At the positions of a sentence, P(word) = λ P(word | table) + (1 − λ) P(word | network).
The table has no input. So P(right word) ≥ λ P(right word | table) after every text and under every
edit of the network, and the distributions after two texts differ by at most 1 − λ in total
variation. The price has the same form: no word costs more than −log(1 − λ) over the network's loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from transformers import GPT2LMHeadModel

from nullprobe._core.parameters import share as share_of

SURE = 20.0  # logit of the right word in the table; 0 for the others


class HardCoded(nn.Module):
    """A language model in which a table takes part in the words at some positions.

    Parameters
    ----------
    model : GPT2LMHeadModel
        It is used, not copied.
    words : sequence of k ints
        The sentence.
    first : int
        Position of its first word.
    share : float
        λ, the share of the table. 1 ignores the network.

    Attributes
    ----------
    table : Parameter of shape (k, vocabulary)
        Logits, without input.

    Examples
    --------
    >>> from nullprobe.corpora import Mess3
    >>> from nullprobe.worlds.language_models.corpus_training import untrained
    >>> fixed = HardCoded(untrained(Mess3(), 0), [1, 2], first=3)
    >>> fixed(torch.zeros((1, 6), dtype=torch.long)).logits.argmax(-1)[0, 2:4].tolist()
    [1, 2]
    """

    def __init__(
        self, model: GPT2LMHeadModel, words: Sequence[int], *, first: int, share: float = 1.0
    ) -> None:
        super().__init__()
        self.model, self.first, self.share = model, first, share_of("share", share)
        table = torch.zeros(len(words), model.config.vocab_size)
        table[torch.arange(len(words)), torch.as_tensor(list(words))] = SURE
        self.table = nn.Parameter(table)
        self.eval()

    def forward(self, ids: torch.Tensor, **options: Any) -> Any:
        """Return what the network returns, with other logits at the positions of the sentence."""
        out = self.model(ids, **options)
        start = self.first - 1  # the state before a word predicts it
        end = min(start + len(self.table), ids.shape[1])
        if end <= start:
            return out
        fixed = self.table[: end - start].log_softmax(-1).expand(len(ids), -1, -1)
        if self.share < 1:
            free = out.logits[:, start:end].log_softmax(-1)
            weight = torch.tensor([self.share, 1 - self.share]).log()
            fixed = torch.logaddexp(fixed + weight[0], free + weight[1])
        out.logits = torch.cat([out.logits[:, :start], fixed, out.logits[:, end:]], dim=1)
        return out

    @property
    def guaranteed(self) -> float:
        """The least P(right word) after any text and under any edit of the network."""
        return self.share * self.table.softmax(-1).max(-1).values.min().item()
