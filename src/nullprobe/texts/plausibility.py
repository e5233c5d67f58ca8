"""Plausibility: how likely a model finds each text.

Problem. True statements are more likely than false ones. A probe of a model's states may read what
the model finds likely, and nothing that deserves the name of truth.

Solution. Four numbers of each text, from the log-probabilities of its tokens, form a separate
representation. States are compared with it as with any baseline: does a probe of the states
read more than a probe of these numbers, in the same rows?

Reference. B. Levinstein, D. Herrmann, "Still no lie detector for language models", 2023.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from nullprobe._core.progress import Report, silent
from nullprobe.models.behaviour import Texts, token_log_probabilities

BLANKS = "Ġ▁ "  # how vocabularies write a blank
NAMES = ("whole text", "mean of its tokens", "last word", "last token")


def plausibility(
    model: nn.Module,
    tokenizer: Any,
    texts: Sequence[Any],
    *,
    batch_size: int = 32,
    report: Report = silent,
) -> np.ndarray:
    """Return log-probabilities (n, 4) of texts, in nats, with columns as in ``NAMES``.

    Parameters
    ----------
    model : torch.nn.Module
        With a head that predicts tokens.
    tokenizer : PreTrainedTokenizerBase
    texts : sequence of n str, chats or token ids
    batch_size : int
    report : callable
        Called with the stage, the texts done and all texts.

    Raises
    ------
    InputError
        If the model has no head that predicts tokens, or a text has fewer than two tokens.

    Notes
    -----
    The first token has no log-probability, unless the tokenizer puts a start token before it.
    """
    encoded = Texts(model, tokenizer, texts, batch_size=batch_size)
    each = token_log_probabilities(encoded, report=report)
    rows = []
    for ids, log_p in zip(encoded.ids, each, strict=True):
        word = log_p[last_word(tokenizer, ids) - 1 :]
        rows.append([log_p.sum(), log_p.mean(), word.sum(), log_p[-1]])
    return np.array(rows)


def last_word(tokenizer: Any, ids: np.ndarray) -> int:
    """Return the position of the first token of the last word, at least 1.

    A word begins at a token that starts with a blank. Punctuation after it belongs to it.
    """
    has_letters = False
    for position in range(len(ids) - 1, 1, -1):
        piece = str(tokenizer.convert_ids_to_tokens(int(ids[position])))
        has_letters = has_letters or any(map(str.isalnum, piece.lstrip(BLANKS)))
        if has_letters and piece.startswith(tuple(BLANKS)):
            return position
    return 1
