"""Rules that choose which tokens of a text are read.

Problem. The first token of a text is an attention sink: it contributes nearly all of the variance
to a mean over all tokens. Messages of a role have other positions in each chat.
Solution. A rule chooses positions once for each text, among its tokens without padding.
"""

from __future__ import annotations

import hashlib
import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe.models.tokens import Encoded

POOLS = ("last", "first", "mean")
# Parts of texts. Any other word is the role of a speaker in a chat.
ALL, EVERY, MARKS, SPANS = "all", "every", "marks", "spans"
PROMPT, CONTINUATION, BEYOND_FIRST = "prompt", "continuation", "all but the first"
PARTS = (ALL, EVERY, MARKS, PROMPT, CONTINUATION)
RULES = (
    "'last', 'first', 'mean', 'all', 'every', 'marks', 'prompt', 'continuation', a role such as "
    "'assistant', any of these after 'mean:', 'last:' or 'first:', a position, a list or slice of "
    "positions, Spans, or a function of the ids"
)


@dataclass(frozen=True, eq=False)
class Spans:
    """The characters of each text whose tokens are read.

    Attributes
    ----------
    start, end : array-like of shape (n,)
        The first character of each span, counted from 0, and the character after its last.
    pool : {None, "mean", "last", "first"}
        By default, each token of the span gives a row. Otherwise one row per text: the mean, or
        the last or first token.

    Examples
    --------
    The states of a name in each text:

    >>> from nullprobe import models, worlds
    >>> organism = worlds.language(n_entities=12, steps=1, cache=False)  # a small language model
    >>> texts = "the colour of lena is blue .", "karl is in rome ."
    >>> spans = Spans(start=[14, 0], end=[18, 4])
    >>> args = organism.model, organism.tokenizer, texts, "embeddings"
    >>> models.capture(*args, tokens=spans)["embeddings"].shape
    (2, 64)
    """

    start: Sequence[int] | np.ndarray
    end: Sequence[int] | np.ndarray
    pool: str | None = None

    def __post_init__(self) -> None:
        """Raise InputError if spans are not whole numbers, or are empty."""
        for name in ("start", "end"):
            values = np.asarray(getattr(self, name))
            if values.ndim != 1 or values.dtype.kind not in "iu":
                validation.complain(
                    f"{name} must have one whole number for each text",
                    f"an array of shape {values.shape} and dtype {values.dtype} arrived",
                    "count characters from 0",
                )
            object.__setattr__(self, name, values)
        if self.pool is not None and self.pool not in POOLS:
            validation.complain(
                f"pool must be None or one of {', '.join(map(repr, POOLS))}",
                f"{self.pool!r} arrived",
            )
        start, end = np.asarray(self.start), np.asarray(self.end)
        if len(start) != len(end):
            validation.complain(
                "every span needs a start and an end",
                f"there are {len(start)} starts and {len(end)} ends",
            )
        odd = np.flatnonzero((start < 0) | (end <= start))
        if len(odd):
            validation.complain(
                "every span must contain a character: 0 <= start < end",
                f"the span of text {odd[0]} (counted from 0) is {start[odd[0]]} to {end[odd[0]]}",
                "count characters from 0; the end is the character after the last",
            )

    def take(self, texts: np.ndarray) -> Spans:
        """Return the spans of the texts with these numbers (m,)."""
        return Spans(np.asarray(self.start)[texts], np.asarray(self.end)[texts], self.pool)


class Rule:
    """A rule that chooses which tokens of a text are read.

    Parameters
    ----------
    tokens : str, int, sequence of int, slice, Spans or callable
        See :func:`capture`.

    Attributes
    ----------
    pool : {None, "mean", "last", "first"}
    part : str or None
        The part of a text that is read, if a word or spans choose it.
    """

    def __init__(self, tokens: Any) -> None:
        self.tokens: Any = tokens
        self.pool: str | None = None
        self.part: str | None = None
        if isinstance(tokens, Spans):
            self.pool, self.part = tokens.pool, SPANS
        elif isinstance(tokens, str):
            pool, named, part = tokens.rpartition(":")
            if tokens == "mean":
                self.pool, self.part = "mean", BEYOND_FIRST
            elif tokens in ("last", "first"):
                self.pool, self.part = tokens, EVERY
            elif (named and pool not in POOLS) or not part or part in POOLS:
                self._complain()
            else:
                self.pool, self.part = pool or None, part
        elif isinstance(tokens, list | tuple | np.ndarray):
            self._need(len(tokens) and all(map(_is_whole, tokens)))
            self.tokens = [int(i) for i in tokens]
        elif not isinstance(tokens, slice) and not callable(tokens):
            self._need(_is_whole(tokens))

    @property
    def is_of_role(self) -> bool:
        """Whether the messages of one role in a chat are read."""
        return self.part is not None and self.part not in (*PARTS, SPANS, BEYOND_FIRST)

    @property
    def needs_characters(self) -> bool:
        """Whether characters determine which tokens are read."""
        return self.is_of_role or self.part in (MARKS, SPANS)

    @property
    def needs_special(self) -> bool:
        """Whether special tokens are left out."""
        return self.part in (ALL, BEYOND_FIRST)

    @property
    def is_per_token(self) -> bool:
        """Whether each token that is read gives a row."""
        return self.pool is None and not _is_whole(self.tokens)

    def need_spans(self, n: int) -> None:
        """Raise InputError if the number of spans is not n."""
        if self.part == SPANS and len(self.tokens.start) != n:
            validation.complain(
                f"each of {n} texts needs one span",
                f"there are {len(self.tokens.start)}",
            )

    def described(self) -> Any:
        """Return the rule as JSON values, which are equal for equal rules."""
        tokens = self.tokens
        if isinstance(tokens, slice):
            return {"slice": [tokens.start, tokens.stop, tokens.step]}
        if isinstance(tokens, Spans):
            both = np.stack([tokens.start, tokens.end]).astype(np.int64)
            digest = hashlib.blake2b(both.tobytes(), digest_size=16).hexdigest()
            return {"spans": digest, "pool": tokens.pool}
        if callable(tokens):
            named = getattr(tokens, "__qualname__", type(tokens).__qualname__)
            return {"function": f"{getattr(tokens, '__module__', '')}.{named}"}
        return int(tokens) if _is_whole(tokens) else tokens

    def encoded(
        self,
        ids: np.ndarray,
        text: int,
        *,
        special: Callable[[np.ndarray], np.ndarray],
        parts: dict[str, np.ndarray],
    ) -> Encoded:
        """Return the tokens of a text, with the positions that are read.

        Parameters
        ----------
        ids : ndarray of shape (t,)
        text : int
            The number of the text, for error messages.
        special : callable
            Ids → (t,) bool, True for special tokens.
        parts : dict of str to ndarray
            Positions of parts that follow from characters or from the form of the text.
        """
        if self.part is None:
            read = self._at_positions(ids, text)
        elif self.part in parts:
            read = parts[self.part]
        elif self.part in (PROMPT, CONTINUATION):
            validation.complain(
                f"tokens={self.tokens!r} needs texts that are pairs (prompt, continuation)",
                f"text {text} (counted from 0) is not one",
                "pass such pairs",
            )
        else:
            wanted = np.ones(len(ids), dtype=bool)
            if self.part != EVERY:
                wanted &= ~special(ids)
            if self.part == BEYOND_FIRST:
                wanted[0] = False
            read = np.flatnonzero(wanted)
        if not len(read):
            validation.complain(
                f"every text must have a token that tokens={self.tokens!r} reads",
                f"text {text} (counted from 0), with "
                f"{validation.counted(len(ids), 'token', 'tokens')}, has none",
                "leave such texts out, or pass 'mean:every', the mean of all tokens with the first "
                "and special tokens",
            )
        if self.pool in ("last", "first"):
            read = read[-1:] if self.pool == "last" else read[:1]
        return Encoded(ids, read, 1 if self.pool else len(read))

    def _at_positions(self, ids: np.ndarray, text: int) -> np.ndarray:
        """Return the positions (r,) from a number, a list, a slice or a function."""
        chosen = self.tokens
        if isinstance(chosen, slice):
            return np.arange(len(ids))[chosen]
        if callable(chosen):
            chosen = np.asarray(chosen(ids.copy()))
            if chosen.dtype == bool and chosen.shape == ids.shape:
                return np.flatnonzero(chosen)
            if chosen.ndim > 1 or chosen.dtype.kind not in "iu":
                validation.complain(
                    "a function for tokens must return positions, or one truth value per token",
                    f"for text {text} (counted from 0) it returned an array of shape "
                    f"{chosen.shape} and dtype {chosen.dtype}",
                    "return a list of whole numbers",
                )
        positions = np.atleast_1d(np.asarray(chosen, dtype=np.int64))
        odd = positions[(positions < -len(ids)) | (positions >= len(ids))]
        if len(odd):
            validation.complain(
                f"every text must have a token at position {odd[0]}",
                f"text {text} (counted from 0) has "
                f"{validation.counted(len(ids), 'token', 'tokens')}",
                "choose another position, or leave such texts out",
            )
        return np.where(positions < 0, positions + len(ids), positions)

    def _need(self, is_right: Any) -> None:
        if not is_right:
            self._complain()

    def _complain(self) -> None:
        validation.complain(f"tokens must be {RULES}", f"{self.tokens!r} arrived")


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)
