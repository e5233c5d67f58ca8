"""A tokenizer whose tokens are words."""

from __future__ import annotations

from collections.abc import Sequence

import tokenizers
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import PreTrainedTokenizerFast


def word_tokenizer(
    words: Sequence[str], length: int, *, pad: str, unknown: str, end: str | None = None
) -> PreTrainedTokenizerFast:
    """Return a tokenizer that splits at spaces and numbers words by their order.

    Parameters
    ----------
    words : sequence of V str
        The vocabulary, which contains ``pad``, ``unknown`` and ``end``.
    length : int
        The most tokens of a text.
    pad, unknown : str
        Tokens for padding on the right, and for other words.
    end : str, optional
        Token for the end of a text.
    """
    index = {word: i for i, word in enumerate(words)}
    backend = tokenizers.Tokenizer(WordLevel(index, unk_token=unknown))
    backend.pre_tokenizer = WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=pad,
        unk_token=unknown,
        **({"eos_token": end} if end else {}),
        padding_side="right",
        model_max_length=length,
    )
