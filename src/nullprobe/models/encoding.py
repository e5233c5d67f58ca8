"""Texts to token ids, as a model and its tokenizer want them, and the tokens that a rule reads.

Problem. Some tokenizers have no padding token; what lies beyond a model's context is dropped
without a word; a text that a chat template wrote gets a second start token.
Solution. What was cut, and which texts begin with two start tokens, is kept on record. Rendered
chats get no special tokens; characters become tokens by the tokenizer's own offsets.
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

# Texts that are tokenized at once: what a tokenizer tells of each, apart from ids, takes memory.
AT_ONCE = 256


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
    add_generation_prompt : bool
        Whether chats end in the start of an answer.
    cut : dict of int to (int, int)
        Texts that were too long: their tokens, and how many were kept.
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
        """Refuse what is no tokenizer, and a limit that leaves no room for a text."""
        if not callable(self.tokenizer) or not hasattr(self.tokenizer, "pad_token_id"):
            validation.complain(
                "the tokenizer must be one of transformers'",
                f"{type(self.tokenizer).__name__} arrived",
                "pass AutoTokenizer.from_pretrained(...), or wrap a tokenizers.Tokenizer in "
                "PreTrainedTokenizerFast(tokenizer_object=...)",
            )
        if self.rule.needs_characters and not getattr(self.tokenizer, "is_fast", False):
            validation.complain(
                f"tokens={self.rule.tokens!r} needs a fast tokenizer, which knows characters",
                f"{type(self.tokenizer).__name__} is a slow one",
                "load the fast one, or name positions",
            )
        self.special = self.tokenizer.num_special_tokens_to_add()
        if self.limit is not None and self.limit <= self.special:
            validation.complain(
                f"max_length must leave room beside {self.special} special tokens",
                f"it is {self.limit}",
                "pass a larger one",
            )

    @property
    def side(self) -> str:
        """Where a text that is too long is cut: "right" or "left"."""
        return getattr(self.tokenizer, "truncation_side", "right")

    @property
    def padding(self) -> int:
        """The id to pad with; any will do under a mask, but the model must have it."""
        for one in (self.tokenizer.pad_token_id, self.pad):
            if isinstance(one, int) and 0 <= one < (self.vocabulary or NO_LIMIT):
                return one
        return 0

    @cached_property
    def special_ids(self) -> np.ndarray:
        """Ids of special tokens; of those for padding and unknown words only if they are more."""
        t = self.tokenizer
        added = getattr(t, "added_tokens_decoder", {})
        found = {i for i, token in added.items() if getattr(token, "special", False)}
        names = ("bos", "eos", "cls", "sep", "mask")
        kept = {getattr(t, f"{name}_token_id", None) for name in names}
        named = {getattr(t, "pad_token_id", None), getattr(t, "unk_token_id", None)}
        found = (found | set(getattr(t, "all_special_ids", ()))) - named
        return np.array(sorted(found | {i for i in kept if i is not None}), dtype=np.int64)

    @cached_property
    def ending(self) -> int:
        """Tokens that the tokenizer puts after each text of words, such as ``[SEP]``."""
        special = self.tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
        return special[::-1].index(0) if 0 in special else 0

    @cached_property
    def openings(self) -> list[str]:
        """What the chat template writes before the first message."""
        return chats.openings(self.tokenizer)

    def encode(
        self, texts: Sequence[Text], first: int = 0, *, with_ending: bool = True
    ) -> list[Encoded]:
        """Return the tokens of each text.

        Parameters
        ----------
        texts : sequence of Text
        first : int
            The number of the first one.
        with_ending : bool
            Whether what the tokenizer puts after a text belongs to it.
        """
        written = [self._written(one, first + i) for i, one in enumerate(texts)]
        found: list[Encoded] = []
        for start in range(0, len(texts), AT_ONCE):
            stop = min(start + AT_ONCE, len(texts))
            known = self._tokenized(written[start:stop])
            for i in range(start, stop):
                one, ids = texts[i], texts[i].ids
                how: Mapping[str, Any] = {} if ids is not None else known[i - start]
                ids = np.asarray(how["input_ids"] if ids is None else ids, dtype=np.int32)
                ending = self.ending if not with_ending and _has_own(written[i]) else 0
                found.append(self._encoded(one, written[i], ids, how, first + i, ending))
        return found

    def _written(self, one: Text, text: int) -> Written | None:
        """Return a text as characters, or None if it came as token ids."""
        if one.ids is not None:
            return None
        if one.chat is None:
            whole = one.words
            is_rendered = chats.is_rendered(whole, self.tokenizer, self.openings)
        else:
            # What continues a chat is an answer.
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
                    f"the roles in text {text} (counted from 0) are {', '.join(map(repr, roles))}",
                    "name one of these, or leave such chats out",
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
                f"that of text {text} (counted from 0) ends at {end} of {length} characters",
                "count characters from 0",
            )
        return start, end

    def _tokenized(self, written: Sequence[Written | None]) -> list[Mapping[str, Any]]:
        """Return what the tokenizer says of each text that is characters."""
        found: list[Mapping[str, Any]] = [{} for _ in written]
        for is_rendered in (False, True):
            which = [i for i, one in enumerate(written) if one and one.is_rendered == is_rendered]
            if which:
                texts = [one.text for one in map(written.__getitem__, which) if one]
                whole = self.tokenizer(texts, **self._how(is_rendered))
                for place, i in enumerate(which):
                    found[i] = {name: values[place] for name, values in whole.items()}
        return found

    def _how(self, is_rendered: bool) -> dict[str, Any]:
        # Cut later, once it is known how long a text is; "verbose" would warn of that here.
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
        """Return the tokens of a text without its last ones, so many as ``ending`` says."""
        own = self.special if _has_own(written) else 0
        if len(ids) <= own:
            said = ids.tolist() if written is None else repr(written.text)
            validation.complain(
                "every text needs at least one token",
                f"text {text} (counted from 0), {said}, has none",
                "leave empty texts out, together with their labels",
            )
        parts = self._parts(written, how, text)
        if one.continuation is not None:
            ids, parts = self._continued(one.continuation, written, ids, text)
        elif ending:
            ids = ids[:-ending]
            self._is_too_long(ids, text)
        elif self._is_too_long(ids, text) and written is not None and own:
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
            # Those that the tokenizer adds need not be declared.
            known = np.isin(ids, self.special_ids)
            return known | added if len(added) == len(ids) else known

        return self.rule.encoded(ids, text, special=special, parts=parts)

    def _continued(
        self, after: Text, written: Written | None, ids: np.ndarray, text: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return a prompt and its continuation in one, and where each of them is."""
        if _has_own(written):
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
        """Return the tokens of the part that is read, if characters say which these are."""
        part = self.rule.part
        if part is None or not self.rule.needs_characters:
            return {}
        if written is None:
            if self.rule.is_of_role:
                self._complain_of_role(text)
            validation.complain(
                f"tokens={self.rule.tokens!r} needs texts of characters",
                f"text {text} (counted from 0) came as token ids",
                "pass texts, or name positions",
            )
        if written.tokens is not None:
            return {part: written.tokens}
        wanted = np.zeros(len(how["input_ids"]), dtype=bool)
        offsets = np.asarray(how["offset_mapping"]).reshape(-1, 2)
        for start, end in written.spans or []:
            # A token that holds no character, such as a special one, lies in no span.
            wanted |= (
                (offsets[:, 0] < end) & (offsets[:, 1] > start) & (offsets[:, 1] > offsets[:, 0])
            )
        return {part: np.flatnonzero(wanted)}

    def _check_ids(self, ids: np.ndarray, text: int) -> None:
        if ids.min() < 0 or (self.vocabulary is not None and ids.max() >= self.vocabulary):
            odd = ids.min() if ids.min() < 0 else ids.max()
            validation.complain(
                f"token ids must be at least 0 and below {self.vocabulary}, the vocabulary of the "
                "model",
                f"text {text} (counted from 0) has the id {odd}",
                "pass the tokenizer that belongs to the model",
            )
        start = getattr(self.tokenizer, "bos_token_id", None)
        if start is not None and len(ids) > 1 and ids[0] == ids[1] == start:
            self.doubled.add(text)

    def _complain_of_role(self, text: int) -> NoReturn:
        validation.complain(
            f"tokens={self.rule.tokens!r} must be a rule, or a role in texts that are chats",
            f"text {text} (counted from 0) is no chat",
            "pass 'last', 'mean', 'all', a position, or chats as lists of messages",
        )


def _has_own(written: Written | None) -> bool:
    """Whether the tokenizer adds special tokens to a text."""
    return written is not None and not written.is_rendered


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
