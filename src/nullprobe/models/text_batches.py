"""Check texts and options once, then run the texts through a model batch by batch.

Problem. Capturing to memory, to moments or to disk, and scrubbing, all run texts through a model,
and must choose the same tokens.
Solution. They share this code: options that are checked once, and passes that yield rows by site.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from torch import Tensor, nn

from nullprobe._core import parameters, validation
from nullprobe._core.caller_warnings import warn
from nullprobe._core.progress import Report, silent
from nullprobe.data.concept import Concept, concept
from nullprobe.models.encoding import Encoder, cut_in_words
from nullprobe.models.finding import chosen
from nullprobe.models.forward import encoder_for, need_finite, reached, running, takes_mask
from nullprobe.models.hooks import plain
from nullprobe.models.sentence_embedding import Embedder, embedder_of
from nullprobe.models.site import EMBEDDING, Site
from nullprobe.models.texts import Text, as_texts
from nullprobe.models.token_rules import ALL, EVERY, Rule
from nullprobe.models.tokens import Batch, Encoded, batches

HASHED = 1024  # texts that are tokenized together for a hash


@dataclass(frozen=True)
class Options:
    """Options of reading texts; see :func:`capture`."""

    tokens: Any = "last"
    batch_size: int = 32
    max_length: int | None = None
    layers: str | None = None
    report: Report = silent
    add_generation_prompt: bool = False


@dataclass(frozen=True, eq=False)
class Labelled:
    """A concept of texts, or of their rows.

    Attributes
    ----------
    concept : Concept
    starts : ndarray of shape (n + 1,), or None
        Number of the first row of each text, if every row has its own label.
    """

    concept: Concept
    starts: np.ndarray | None = None

    def rows(self, texts: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the positions of the labels of the rows of some texts, (sum of rows,)."""
        if self.starts is None:
            return np.repeat(texts, rows)
        return positions(self.starts[texts], rows)


@dataclass(frozen=True, eq=False)
class Work:
    """Texts to run through a model, with all options checked."""

    model: nn.Module
    part: nn.Module  # the part of the model to call
    texts: Sequence[Text]
    sites: list[Site]
    rule: Rule
    encoder: Encoder
    options: Options
    encoded: list[Encoded] = field(default_factory=list)  # of all texts, if labels need it
    embedder: Embedder | None = None  # if sentence embeddings are wanted

    @classmethod
    def of(
        cls,
        model: nn.Module,
        tokenizer: Any,
        texts: Any,
        sites: str | Sequence[str],
        options: Options,
    ) -> Work:
        """Return work from checked arguments."""
        model, rule = plain(model), Rule(options.tokens)
        at = chosen(model, sites, options.layers)
        embedder = embedder_of(model)
        if embedder is not None:
            model = embedder.transformer
            at = _in_transformer(embedder, at)
            if EMBEDDING not in [site.name for site in at]:
                embedder = None
        parameters.whole_number("batch_size", options.batch_size, least=1)
        limit, prompted = options.max_length, options.add_generation_prompt
        encoder = encoder_for(model, tokenizer, rule, limit, prompted)
        hidden = [site for site in at if site.name != EMBEDDING]
        part, texts = reached(model, hidden), as_texts(texts)
        rule.need_spans(len(texts))
        if embedder is not None:
            embedder.need_words(texts)
            if rule.is_per_token:
                validation.complain(
                    f"{EMBEDDING} has one row per text, so tokens must be a rule for one token, or "
                    "a mean",
                    f"tokens={options.tokens!r} arrived",
                    "capture the two in different folders",
                )
        return cls(model, part, texts, at, rule, encoder, options, embedder=embedder)

    def labelled(self, y: Any) -> tuple[Work, Labelled]:
        """Return the work that reads the labelled rows, and the concept of texts or rows."""
        work, flat = self.aligned(y)
        z = concept(flat)
        return work, Labelled(z, work.starts if len(z) != len(self.texts) else None)

    def aligned(self, y: Any, name: str = "y") -> tuple[Work, Any]:
        """Return the work that reads the labelled rows, and one list of labels of texts or rows.

        ``tokens="all"`` leaves special tokens out, unless every token has a label.
        """
        n = len(self.texts)
        nested = self.rule.is_per_token and _is_nested(y, n)
        arrived = len(y) if hasattr(y, "__len__") else len(concept(y))
        if not nested and arrived == n:
            return self, y
        works = self._encoded_works()
        for work in works:
            rows = np.diff(work.starts)
            if nested and np.array_equal(rows, [len(of_text) for of_text in y]):
                return work, [label for of_text in y for label in of_text]
            if not nested and arrived == work.starts[-1]:
                return work, y
        rows = np.diff(works[0].starts)
        received = f"{arrived} values arrived"
        if nested:
            odd = int(np.flatnonzero(rows != [len(of_text) for of_text in y])[0])
            received = f"text {odd} (counted from 0) has {len(y[odd])} values and {rows[odd]} rows"
        validation.complain(
            f"{name} must have one value for each of {n} texts"
            + (f", or for each of {rows.sum()} rows" if self.rule.is_per_token else ""),
            received,
            "pass a value for each text, or for each token that is read; pass columns as an array",
        )
        return None

    @property
    def report(self) -> Report:
        """Where progress is reported."""
        return self.options.report

    def reporting(self, report: Report) -> Work:
        """Return this work with another report of progress."""
        return replace(self, options=replace(self.options, report=report))

    @property
    def cut(self) -> dict[int, tuple[int, int]]:
        """Texts that were cut: their tokens before and after."""
        return self.encoder.cut

    @property
    def starts(self) -> np.ndarray:
        """Number of the first row of each text, (n + 1,); the texts must be encoded."""
        return np.concatenate([[0], np.cumsum([one.rows for one in self.encoded])])

    def of_rows(self, y: np.ndarray, texts: np.ndarray, first: int, stop: int) -> np.ndarray:
        """Return the labels of the rows of the texts from ``first`` to ``stop``."""
        if len(y) == len(self.texts):
            return y[texts]
        return y[self.starts[first] : self.starts[stop]]

    def _encoded_works(self) -> list[Work]:
        """Return this work with encoded texts; for "all", also the work that reads every token."""
        if not self.rule.is_per_token:
            return [replace(self, encoded=self.encode(0, len(self.texts)))]
        works = []
        for tokens in [ALL, EVERY] if self.rule.tokens == ALL else [self.rule.tokens]:
            rule = Rule(tokens)
            encoder = replace(self.encoder, rule=rule, cut={}, doubled=set())
            work = replace(self, rule=rule, encoder=encoder, encoded=[])
            works.append(replace(work, encoded=work.encode(0, len(self.texts))))
        return works

    def encode(self, first: int, stop: int) -> list[Encoded]:
        """Return the tokens of the texts from ``first`` to ``stop``."""
        if self.encoded:
            return self.encoded[first:stop]
        return self.encoder.encode(self.texts[first:stop], first)

    def token_hash(self) -> str:
        """Return a hash of the ids of all texts and of the positions that are read.

        It changes with the tokenizer, its template, ``max_length`` and the rule, even a function.
        """
        digest = hashlib.blake2b(digest_size=16)
        for first in range(0, len(self.texts), HASHED):
            for one in self.encode(first, first + HASHED):
                ids, read = one.ids.astype(np.int64), one.read.astype(np.int64)
                digest.update(np.array([len(ids), len(read), one.rows]).tobytes())
                digest.update(ids.tobytes() + read.tobytes())
        return digest.hexdigest()

    def passes(
        self, encoded: Sequence[Encoded], first: int
    ) -> Iterator[tuple[Batch, dict[str, Tensor]]]:
        """Run encoded texts, numbered from ``first``; yield batches and their rows by site."""
        mixed = takes_mask(self.part)
        size, pad = self.options.batch_size, self.encoder.padding
        cut = list(batches(encoded, size, pad, first=first, mixed=mixed))
        done = first
        hidden = [site for site in self.sites if site.name != EMBEDDING]
        # The embedding takes a separate pass, which the hooks of `running` must not see.
        embedded = map(self._embedded, cut)
        with ExitStack() as stack:
            if hidden:
                embedded = iter(list(embedded))
                run = stack.enter_context(running(self.model, self.part, hidden))
            for batch, rows in zip(cut, embedded, strict=True):
                yield batch, (run(batch) if hidden else {}) | rows
                done += len(batch.texts)
                self.options.report("capture", done, len(self.texts))

    def _embedded(self, batch: Batch) -> dict[str, Tensor]:
        """Return the embeddings of the texts of a batch, if they are wanted."""
        if self.embedder is None:
            return {}
        texts = [self.texts[i] for i in batch.texts]
        rows = self.embedder.embed(texts, self.options.max_length)
        need_finite(EMBEDDING, rows, batch.texts)
        return {EMBEDDING: rows}

    def warn_of_texts(self) -> None:
        """Warn of texts that were cut, and of texts that begin with two start tokens."""
        encoder, n = self.encoder, len(self.texts)
        if encoder.cut:
            warn(cut_in_words(encoder.cut, n, side=encoder.side))
        if encoder.doubled:
            warn(
                f"{len(encoder.doubled)} of {n} texts begin with two start tokens, such as text "
                f"{min(encoder.doubled)} (counted from 0): leave the start token out of "
                "the texts, or pass chats as lists of messages."
            )


def _in_transformer(embedder: Embedder, sites: Sequence[Site]) -> list[Site]:
    """Return sites with their paths in the transformer of an embedding model."""
    inside = f"{embedder.path}."
    return [replace(site, path=site.path.removeprefix(inside)) for site in sites]


def positions(starts: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the positions of the rows of texts: each text has ``rows`` rows from its start.

    Examples
    --------
    >>> positions(np.array([4, 0]), np.array([2, 3]))
    array([4, 5, 0, 1, 2])
    """
    before = np.cumsum(rows) - rows
    return np.repeat(starts - before, rows) + np.arange(rows.sum())


def _is_nested(y: Any, n: int) -> bool:
    """Whether y holds a list of labels for each text."""
    return (
        isinstance(y, list | tuple)
        and len(y) == n
        and all(isinstance(one, list | tuple | np.ndarray) for one in y)
    )
