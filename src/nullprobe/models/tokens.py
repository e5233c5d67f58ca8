"""Texts become batches of token ids; a rule says which tokens are read.

Problem. Position −1 is padding in one batch and a word in the next; some tokenizers have no
padding token; what lies beyond a model's context is dropped without a word.
Solution. Texts are padded here, on the right, where no family needs to be told at which position
a text begins, with any id and a mask; tokens are counted among the real ones; what was cut is kept
on record.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nullprobe._core import validation

RULES = ("last", "mean", "all")
# A tokenizer that knows of no limit says 10³⁰.
NO_LIMIT = 10**9
# Texts that are tokenized at once: what a tokenizer tells of each, apart from ids, takes memory.
AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Batch:
    """Texts that go through a model together.

    Attributes
    ----------
    ids : Tensor of shape (b, t)
        Token ids, padded on the right.
    mask : Tensor of shape (b, t)
        1 for a token, 0 for padding.
    texts : ndarray of shape (b,)
        Which text each row is.
    lengths : ndarray of shape (b,)
        Number of tokens of each.
    """

    ids: Tensor
    mask: Tensor
    texts: np.ndarray
    lengths: np.ndarray


@dataclass(frozen=True)
class Rule:
    """Which tokens of a text are read.

    Attributes
    ----------
    tokens : str or int
        ``"last"``, ``"mean"`` (of all), ``"all"``, or a position among the text's tokens,
        special ones included, negative from the end.
    """

    tokens: str | int

    def __post_init__(self) -> None:
        """Refuse what is no rule."""
        whole = isinstance(self.tokens, numbers.Integral) and not isinstance(self.tokens, bool)
        if not whole and self.tokens not in RULES:
            validation.complain(
                "tokens must be 'last', 'mean', 'all' or a whole number",
                f"{self.tokens!r} arrived",
                "choose one of these",
            )

    def rows(self, lengths: np.ndarray) -> np.ndarray:
        """Return how many rows texts of these lengths give."""
        return lengths if self.tokens == "all" else np.ones_like(lengths)

    def positions(self, batch: Batch) -> np.ndarray:
        """Return the tokens (rows,) to read, as positions in the flattened (b t) batch."""
        starts = np.arange(len(batch.lengths)) * batch.ids.shape[1]
        if self.tokens in ("all", "mean"):
            return np.flatnonzero(batch.mask.numpy())
        index = -1 if self.tokens == "last" else int(self.tokens)
        return starts + (index if index >= 0 else batch.lengths + index)

    def read(self, states: Tensor, batch: Batch, positions: Tensor) -> Tensor:
        """Return rows (rows, d) of hidden states (b, t, d): copies, in float32 or float64."""
        dtype = torch.float64 if states.dtype == torch.float64 else torch.float32
        if self.tokens != "mean":
            flat = states.detach().reshape(-1, states.shape[-1])
            # The same rows either way; picking costs twice as much as copying.
            whole = len(positions) == len(flat) and self.tokens == "all"
            rows = flat.to(dtype, copy=True) if whole else flat.index_select(0, positions)
            return rows.to(dtype)
        wide = states.detach().to(dtype)
        if batch.lengths.min() < wide.shape[1]:
            # Not times the mask: what a model makes of padding may be infinite.
            wide = wide.masked_fill(~batch.mask.to(wide.device, torch.bool)[:, :, None], 0.0)
        lengths = torch.as_tensor(batch.lengths, dtype=dtype).to(wide.device)
        return wide.sum(dim=1) / lengths[:, None]


@dataclass
class Encoder:
    """Texts to token ids, as a model and its tokenizer want them.

    Attributes
    ----------
    tokenizer : callable
        A Hugging Face tokenizer.
    rule : Rule
    limit : int or None
        Longest text in tokens, special ones included.
    vocabulary : int or None
        Number of token ids that the model knows.
    pad : int or None
        The id that the model takes for padding, where the tokenizer has none.
    cut : dict of int to (int, int)
        Texts that were too long: their tokens, and how many were kept.
    """

    tokenizer: Any
    rule: Rule
    limit: int | None = None
    vocabulary: int | None = None
    pad: int | None = None
    cut: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def side(self) -> str:
        """Where a text that is too long is cut: "right" or "left"."""
        return getattr(self.tokenizer, "truncation_side", "right")

    def __post_init__(self) -> None:
        """Refuse what is no tokenizer, and a limit that leaves no room for a text."""
        if not callable(self.tokenizer) or not hasattr(self.tokenizer, "pad_token_id"):
            validation.complain(
                "the tokenizer must be one of transformers'",
                f"{type(self.tokenizer).__name__} arrived",
                "pass AutoTokenizer.from_pretrained(...), or wrap a tokenizers.Tokenizer in "
                "PreTrainedTokenizerFast(tokenizer_object=...)",
            )
        self.special = self.tokenizer.num_special_tokens_to_add()
        if self.limit is not None and self.limit <= self.special:
            validation.complain(
                f"max_length must leave room beside {self.special} special tokens",
                f"it is {self.limit}",
                "pass a larger one",
            )

    @property
    def padding(self) -> int:
        """The id to pad with; any will do under a mask, but the model must have it."""
        for one in (self.tokenizer.pad_token_id, self.pad):
            if isinstance(one, int) and 0 <= one < (self.vocabulary or NO_LIMIT):
                return one
        return 0

    def encode(self, texts: Sequence[str], first: int = 0) -> list[np.ndarray]:
        """Return the token ids (t,) of each text; ``first`` is the number of the first one."""
        # Cut below, once it is known how long a text is; "verbose" would warn of that here.
        how = {"add_special_tokens": True, "padding": False, "verbose": False}
        ids = [
            of_text
            for i in range(0, len(texts), AT_ONCE)
            for of_text in self.tokenizer(list(texts[i : i + AT_ONCE]), **how)["input_ids"]
        ]
        found = []
        for i, of_text in enumerate(ids):
            if len(of_text) <= self.special:
                validation.complain(
                    "every text needs at least one token",
                    f"text {first + i} (counted from 0), {texts[i]!r}, has none",
                    "leave empty texts out, together with their labels",
                )
            if self.limit is not None and len(of_text) > self.limit:
                self.cut[first + i] = len(of_text), self.limit
                of_text = self.tokenizer(
                    texts[i], add_special_tokens=True, truncation=True, max_length=self.limit
                )["input_ids"]
            found.append(self._checked(np.asarray(of_text, dtype=np.int32), first + i))
        return found

    def _checked(self, ids: np.ndarray, text: int) -> np.ndarray:
        index = self.rule.tokens
        if not isinstance(index, str) and not -len(ids) <= index < len(ids):
            validation.complain(
                f"every text must have a token {index}",
                f"text {text} (counted from 0) has "
                f"{validation.counted(len(ids), 'token', 'tokens')}",
                "choose another position, or leave such texts out",
            )
        if self.vocabulary is not None and ids.max() >= self.vocabulary:
            validation.complain(
                f"token ids must be below {self.vocabulary}, the vocabulary of the model",
                f"text {text} (counted from 0) has the id {ids.max()}",
                "pass the tokenizer that belongs to the model",
            )
        return ids


def batches(
    encoded: Sequence[np.ndarray], size: int, pad: int, *, first: int = 0, mixed: bool = True
) -> Iterator[Batch]:
    """Yield batches of texts of about one length, the longest first.

    Parameters
    ----------
    encoded : sequence of ndarray of shape (t,)
    size : int
        Texts in a batch, at most.
    pad : int
        Token id to pad with.
    first : int
        Number of the first text.
    mixed : bool
        Whether texts of different lengths may share a batch; not if the model takes no mask.
    """
    lengths = np.array([len(ids) for ids in encoded])
    order = np.argsort(-lengths, kind="stable")
    while len(order):
        together, longest = order[:size], int(lengths[order[0]])
        if not mixed:
            together = together[lengths[together] == longest]
        order = order[len(together) :]
        ids = np.full((len(together), longest), pad, dtype=np.int64)
        for row, text in zip(ids, together, strict=True):
            row[: lengths[text]] = encoded[text]
        mask = np.arange(longest) < lengths[together, None]
        yield Batch(
            torch.from_numpy(ids),
            torch.from_numpy(mask.astype(np.int64)),
            first + together,
            lengths[together],
        )


def checked_texts(texts: Any, kind: str = "text") -> Sequence[str]:
    """Return the texts, or answers, or complain about what is none."""
    ordered = hasattr(texts, "__len__") and hasattr(texts, "__getitem__")
    if isinstance(texts, str | bytes | Mapping) or not ordered:
        validation.complain(
            f"{kind}s must be a sequence of strings, whose order is that of the rows",
            f"a single {type(texts).__name__} arrived",
            f"pass a list of {kind}s",
        )
    # A column of a frame counts in its own way; Arrow's strings are none of Python's.
    texts = texts.to_pylist() if hasattr(texts, "to_pylist") else texts
    texts = texts if isinstance(texts, list | tuple) else list(texts)
    if not texts:
        validation.complain("at least one text is needed", "there are 0", "pass texts")
    for i, text in enumerate(texts):
        if not isinstance(text, str) or not text:
            validation.complain(
                f"every {kind} must be a string of at least one character",
                f"{kind} {i} (counted from 0) is {text!r}",
                "leave such texts out, together with their labels",
            )
    return texts


def cut_in_words(cut: Mapping[int, tuple[int, int]], texts: int, *, side: str = "right") -> str:
    """Return what was cut, in a sentence; ``side`` is where the tokenizer does.

    Examples
    --------
    >>> cut_in_words({4: (57, 32), 9: (40, 32)}, 10)
    '2 of 10 texts were longer than 32 tokens and lost their end; the longest, text 4, has 57.'
    """
    longest = max(cut, key=lambda text: cut[text][0])
    whole, kept = cut[longest]
    were = "text was" if texts == 1 else "texts was" if len(cut) == 1 else "texts were"
    lost = f"{'its' if len(cut) == 1 else 'their'} {'end' if side == 'right' else 'beginning'}"
    return (
        f"{len(cut)} of {texts} {were} longer than {kept} tokens and lost {lost}; the longest, "
        f"text {longest}, has {whole}."
    )
