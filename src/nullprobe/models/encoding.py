"""Turn texts into token ids for a model, and find the tokens that a rule reads.

Problem. Some tokenizers have no padding token. Tokens beyond a model's context are dropped
silently. A rendered chat gets a second start token.
Solution. The encoder records which texts were cut, and which begin with two start tokens. Rendered
chats get no special tokens. The tokenizer's offsets map characters to tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from nullprobe._core import validation
from nullprobe.models import chats
from nullprobe.models.texts import Text, Written, unmarked
from nullprobe.models.token_rules import CONTINUATION, MARKS, PROMPT, SPANS, Rule
from nullprobe.models.tokens import NO_LIMIT, Encoded

# Texts that are tokenized at once: offsets and masks of tokens take memory.
AT_ONCE = 256


@dataclass
class Encoder:
    """Turn texts into token ids for a model, by its tokenizer.

    Attributes
    ----------
    tokenizer : callable
        A Hugging Face tokenizer.
    rule : Rule
    limit : int or None
        Longest text in tokens, special tokens included.
    vocabulary : int or None
        Number of token ids of the model.
    pad : int or None
        The padding id of the model, for tokenizers without one.
    add_generation_prompt : bool
        Whether chats end in the start of an answer.
    cut : dict of int to (int, int)
        Texts that were cut: their tokens before and after.
    doubled : set of int
        Texts that begin with two start tokens.
    """

    tokenizer: Any
    rule: Rule
    limit: int | None = None
    vocabulary: int | None = None
    pad: int | None = None
    add_generation_prompt: bool = False
    cut: dict[int, tuple[int, int]] = field(default_factory=dict)
    doubled: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Raise InputError for an unsuitable tokenizer, or a limit that leaves no room for text."""
        if not callable(self.tokenizer) or not hasattr(self.tokenizer, "pad_token_id"):
            validation.complain(
                "the tokenizer must come from transformers",
                f"{type(self.tokenizer).__name__} arrived",
                "pass AutoTokenizer.from_pretrained(...), or wrap a tokenizers.Tokenizer in "
                "PreTrainedTokenizerFast(tokenizer_object=...)",
            )
        if self.rule.needs_characters and not getattr(self.tokenizer, "is_fast", False):
            validation.complain(
                f"tokens={self.rule.tokens!r} needs a fast tokenizer, which has character offsets",
                f"{type(self.tokenizer).__name__} is a slow tokenizer",
                "load the fast tokenizer, or pass positions as tokens",
            )
        self.special = self.tokenizer.num_special_tokens_to_add()
        if self.limit is not None and self.limit <= self.special:
            validation.complain(
                f"max_length must be more than the {self.special} special tokens of a text",
                f"it is {self.limit}",
            )

    @property
    def side(self) -> str:
        """The side on which long texts are cut: "right" or "left"."""
        return getattr(self.tokenizer, "truncation_side", "right")

    @property
    def padding(self) -> int:
        """The padding id; under a mask, any id of the model works."""
        for one in (self.tokenizer.pad_token_id, self.pad):
            if isinstance(one, int) and 0 <= one < (self.vocabulary or NO_LIMIT):
                return one
        return 0

    @cached_property
    def special_ids(self) -> np.ndarray:
        """Ids of special tokens; padding and unknown tokens only if they have a second role."""
        t = self.tokenizer
        added = getattr(t, "added_tokens_decoder", {})
        ids = {i for i, token in added.items() if getattr(token, "special", False)}
        names = ("bos", "eos", "cls", "sep", "mask")
        always = {getattr(t, f"{name}_token_id", None) for name in names}
        excluded = {getattr(t, "pad_token_id", None), getattr(t, "unk_token_id", None)}
        ids = (ids | set(getattr(t, "all_special_ids", ()))) - excluded
        return np.array(sorted(ids | {i for i in always if i is not None}), dtype=np.int64)

    @cached_property
    def ending(self) -> int:
        """Number of tokens that the tokenizer adds after each plain text, such as ``[SEP]``."""
        special = self.tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
        return special[::-1].index(0) if 0 in special else 0

    @cached_property
    def openings(self) -> list[str]:
        """Texts that the chat template writes before the first message."""
        return chats.openings(self.tokenizer)

    def encode(
        self, texts: Sequence[Text], first: int = 0, *, with_ending: bool = True
    ) -> list[Encoded]:
        """Return the tokens of each text.

        Parameters
        ----------
        texts : sequence of Text
        first : int
            The number of the first text.
        with_ending : bool
            Whether to keep the tokens that the tokenizer adds after a text.
        """
        written = [self._written(one, first + i) for i, one in enumerate(texts)]
        encoded: list[Encoded] = []
        for start in range(0, len(texts), AT_ONCE):
            stop = min(start + AT_ONCE, len(texts))
            known = self._tokenized(written[start:stop])
            for i in range(start, stop):
                one, ids = texts[i], texts[i].ids
                how: Mapping[str, Any] = {} if ids is not None else known[i - start]
                ids = np.asarray(how["input_ids"] if ids is None else ids, dtype=np.int32)
                ending = self.ending if not with_ending and _gets_special(written[i]) else 0
                encoded.append(self._encoded(one, written[i], ids, how, first + i, ending))
        return encoded

    def _written(self, one: Text, text: int) -> Written | None:
        """Return a text as characters, or None if it came as token ids."""
        if one.ids is not None:
            return None
        if one.chat is None:
            whole = one.words
            is_rendered = chats.is_rendered(whole, self.tokenizer, self.openings)
        else:
            # The continuation of a chat is an answer.
            more = self.add_generation_prompt or one.continuation is not None
            whole = chats.rendered(self.tokenizer, one.chat, text, add_generation_prompt=more)
            is_rendered = True
        spans, tokens = None, None
        if self.rule.part == MARKS:
            whole, spans = unmarked(whole)
        elif self.rule.part == SPANS:
            spans = [self._span(text, len(whole))]
        elif self.rule.is_of_role:
            chat = one.chat or self._complain_of_role(text)
            roles = dict.fromkeys(message["role"] for message in chat)
            if self.rule.part not in roles:
                validation.complain(
                    f"tokens={self.rule.tokens!r} must be a rule, or a role in every chat",
                    f"text {text} (counted from 0) has only {', '.join(map(repr, roles))}",
                    "pass one of these roles, or leave such chats out",
                )
            if self.rule.part == chats.ASSISTANT:
                more = self.add_generation_prompt
                tokens = chats.generated(self.tokenizer, chat, add_generation_prompt=more)
            if tokens is None:
                spans = chats.spans(self.tokenizer, chat, whole, text, str(self.rule.part))
        return Written(whole, is_rendered, spans, tokens)

    def _span(self, text: int, length: int) -> chats.Span:
        start, end = int(self.rule.tokens.start[text]), int(self.rule.tokens.end[text])
        if end > length:
            validation.complain(
                "every span must lie within its text",
                f"the span of text {text} (counted from 0) ends at {end} of {length} characters",
                "count characters from 0",
            )
        return start, end

    def _tokenized(self, written: Sequence[Written | None]) -> list[Mapping[str, Any]]:
        """Return the tokenizer's output for each text of characters."""
        outputs: list[Mapping[str, Any]] = [{} for _ in written]
        for is_rendered in (False, True):
            which = [i for i, one in enumerate(written) if one and one.is_rendered == is_rendered]
            if which:
                texts = [one.text for one in map(written.__getitem__, which) if one]
                whole = self.tokenizer(texts, **self._how(is_rendered))
                for place, i in enumerate(which):
                    outputs[i] = {name: values[place] for name, values in whole.items()}
        return outputs

    def _how(self, is_rendered: bool) -> dict[str, Any]:
        # Long texts are cut later, when their length is known; "verbose" would warn now.
        how = {"add_special_tokens": not is_rendered, "padding": False, "verbose": False}
        more = self.rule.needs_characters, self.rule.needs_special
        return how | {"return_offsets_mapping": more[0], "return_special_tokens_mask": more[1]}

    def _encoded(
        self,
        one: Text,
        written: Written | None,
        ids: np.ndarray,
        how: Mapping[str, Any],
        text: int,
        ending: int,
    ) -> Encoded:
        """Return the tokens of a text without its last ``ending`` tokens."""
        n_special = self.special if _gets_special(written) else 0
        if len(ids) <= n_special:
            shown = ids.tolist() if written is None else repr(written.text)
            validation.complain(
                "every text needs at least one token",
                f"text {text} (counted from 0), {shown}, has none",
                "leave empty texts out, together with their labels",
            )
        parts = self._parts(written, how, text)
        if one.continuation is not None:
            ids, parts = self._continued(one.continuation, written, ids, text)
        elif ending:
            ids = ids[:-ending]
            self._is_too_long(ids, text)
        elif self._is_too_long(ids, text) and written is not None and n_special:
            how = self.tokenizer(
                written.text, truncation=True, max_length=self.limit, **self._how(False)
            )
            ids = np.asarray(how["input_ids"], dtype=np.int32)
            parts = self._parts(written, how, text)
        if self.limit is not None and len(ids) > self.limit:
            shift = len(ids) - self.limit if self.side == "left" else 0
            ids = ids[shift : shift + self.limit]
            parts = {name: at - shift for name, at in parts.items()}
            parts = {name: at[(at >= 0) & (at < len(ids))] for name, at in parts.items()}
        self._check_ids(ids, text)
        added = np.asarray(how.get("special_tokens_mask", ()), dtype=bool)

        def special(ids: np.ndarray) -> np.ndarray:
            # Special tokens that the tokenizer adds may be undeclared.
            known = np.isin(ids, self.special_ids)
            return known | added if len(added) == len(ids) else known

        return self.rule.encoded(ids, text, special=special, parts=parts)

    def _continued(
        self, after: Text, written: Written | None, ids: np.ndarray, text: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return the ids of a prompt with its continuation, and the positions of both."""
        if _gets_special(written):
            ids = ids[: len(ids) - self.ending]
        more = after.ids
        if more is None:
            more = self.tokenizer(after.words, **self._how(True))["input_ids"]
        whole = np.concatenate([ids, np.asarray(more, dtype=np.int32)])
        self._is_too_long(whole, text)
        at = np.arange(len(whole))
        return whole, {PROMPT: at[: len(ids)], CONTINUATION: at[len(ids) :]}

    def _is_too_long(self, ids: np.ndarray, text: int) -> bool:
        if self.limit is None or len(ids) <= self.limit:
            return False
        self.cut[text] = len(ids), self.limit
        return True

    def _parts(
        self, written: Written | None, how: Mapping[str, Any], text: int
    ) -> dict[str, np.ndarray]:
        """Return the positions of the tokens that a rule for characters reads."""
        part = self.rule.part
        if part is None or not self.rule.needs_characters:
            return {}
        if written is None:
            if self.rule.is_of_role:
                self._complain_of_role(text)
            validation.complain(
                f"tokens={self.rule.tokens!r} needs texts of characters",
                f"text {text} (counted from 0) consists of token ids",
                "pass strings or chats, or pass positions as tokens",
            )
        if written.tokens is not None:
            return {part: written.tokens}
        wanted = np.zeros(len(how["input_ids"]), dtype=bool)
        offsets = np.asarray(how["offset_mapping"]).reshape(-1, 2)
        for start, end in written.spans or []:
            # A token without characters, such as a special token, is in no span.
            wanted |= (
                (offsets[:, 0] < end) & (offsets[:, 1] > start) & (offsets[:, 1] > offsets[:, 0])
            )
        return {part: np.flatnonzero(wanted)}

    def _check_ids(self, ids: np.ndarray, text: int) -> None:
        if ids.min() < 0 or (self.vocabulary is not None and ids.max() >= self.vocabulary):
            invalid = ids.min() if ids.min() < 0 else ids.max()
            validation.complain(
                f"token ids must be at least 0 and below {self.vocabulary}, the vocabulary of the "
                "model",
                f"text {text} (counted from 0) has the id {invalid}",
                "pass the tokenizer of this model",
            )
        start = getattr(self.tokenizer, "bos_token_id", None)
        if start is not None and len(ids) > 1 and ids[0] == ids[1] == start:
            self.doubled.add(text)

    def _complain_of_role(self, text: int) -> NoReturn:
        validation.complain(
            f"tokens={self.rule.tokens!r} must be a rule, or a role if all texts are chats",
            f"text {text} (counted from 0) is not a chat",
            "pass 'last', 'mean', 'all', a position, or chats as lists of messages",
        )


def _gets_special(written: Written | None) -> bool:
    """Whether the tokenizer adds special tokens to a text."""
    return written is not None and not written.is_rendered


def cut_in_words(cut: Mapping[int, tuple[int, int]], texts: int, *, side: str = "right") -> str:
    """Return a sentence about the texts that were cut on a side.

    Examples
    --------
    >>> cut_in_words({4: (57, 32), 9: (40, 32)}, 10)
    '2 of 10 texts were longer than 32 tokens and lost their end; the longest, text 4, has 57.'
    """
    longest = max(cut, key=lambda text: cut[text][0])
    whole, limit = cut[longest]
    were = "text was" if texts == 1 else "texts was" if len(cut) == 1 else "texts were"
    lost = f"{'its' if len(cut) == 1 else 'their'} {'end' if side == 'right' else 'beginning'}"
    return (
        f"{len(cut)} of {texts} {were} longer than {limit} tokens and lost {lost}; the longest, "
        f"text {longest}, has {whole}."
    )
