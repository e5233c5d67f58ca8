"""Texts through a model, and what passes its sites: as arrays, or folded into moments.

Problem. Hidden states of every layer and token are a thousand times larger than the texts, while
most of what is asked of them needs one row a text, or their moments.
Solution. Only the rows that a token rule reads are copied out of each batch. ``capture`` keeps
them; ``capture_moments`` collects a few thousand, adds them to counts, means and covariances and
forgets them, so that its memory does not grow with the number of texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nullprobe.models.forward import Progress
from nullprobe.models.site import known
from nullprobe.models.text_batches import Labelled, Options, Work, where
from nullprobe.models.tokens import Batch
from nullprobe.moments import Moments

# Texts of this many batches are tokenized and sorted by length together.
WINDOW = 64
# Rows of a site that are folded at once, so that their (d, d) product is a large one.
LEAST_ROWS, MOST_ROWS = 1024, 4096


@dataclass(frozen=True, eq=False)
class Captured(Mapping[str, np.ndarray]):
    """Representations at the sites of a model: site → rows (rows, d).

    Attributes
    ----------
    arrays : dict of str to ndarray of shape (rows, d)
        float32, or float64 of a model that computes in float64; texts, and tokens within a text,
        are in order.
    text : ndarray of shape (rows,)
        Which text each row is from.
    cut : dict of int to (int, int)
        Texts that were longer than the context: their tokens, and how many were read.
    tokens : str, int, list of int, slice, Spans or callable
        The rule by which tokens were chosen.
    """

    arrays: dict[str, np.ndarray]
    text: np.ndarray
    cut: dict[int, tuple[int, int]]
    tokens: Any

    def __getitem__(self, site: str) -> np.ndarray:
        """Return the rows of a site."""
        known(site, self.arrays)
        return self.arrays[site]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the sites."""
        return iter(self.arrays)

    def __len__(self) -> int:
        """Return the number of sites."""
        return len(self.arrays)

    def __contains__(self, site: object) -> bool:
        """Whether a site was captured."""
        return site in self.arrays


def capture(
    model: nn.Module,
    tokenizer: Any,
    texts: Sequence[Any],
    sites: str | Sequence[str],
    *,
    tokens: Any = "last",
    batch_size: int = 32,
    max_length: int | None = None,
    layers: str | None = None,
    add_generation_prompt: bool = False,
    progress: Progress | None = None,
) -> Captured:
    """Return what passes the sites of a model for each text.

    Parameters
    ----------
    model : torch.nn.Module
        A Hugging Face model, on any device or several, in any dtype. It runs in evaluation mode
        and is left in the mode that it was in.
    tokenizer : PreTrainedTokenizerBase
        Its own; it needs no padding token.
    texts : sequence
        n texts, none of them empty: strings; chats (lists of messages with ``role`` and
        ``content``), which the model's own template renders; token ids, special ones included;
        or pairs (prompt, continuation). A string that a chat template wrote gets no second start
        token.
    sites : str or sequence of str
        Names of sites (see :func:`sites`) or patterns such as ``"layers.*.output"``.
    tokens : str, int, list of int, slice, Spans or callable
        Which tokens of a text are read. A position, or several, among the text's own tokens,
        special ones included, negative from the end; ``"last"`` is -1. ``"all"``: every token but
        special ones (or every token, if there is a label for each). ``"mean"``: the mean of all
        tokens but special ones and the first, which in most models holds a huge state of its own.
        ``"every"``: special ones, too. ``"assistant"``, or another role: what it says in a chat.
        ``"marks"``: what stands between ``[[`` and ``]]``, which are taken out of the text.
        ``"prompt"`` and ``"continuation"`` of a pair. :class:`Spans`: characters of each text. A
        function of the ids (t,) of a text: its positions, or (t,) truth values. ``"mean:"``,
        ``"last:"`` or ``"first:"`` before a word gives one row a text, as in
        ``"mean:assistant"``.
    batch_size : int
        Texts in a batch. It makes no difference but to speed and memory.
    max_length : int, optional
        Longest text in tokens; the context of model and tokenizer if not given. Longer ones are
        cut, with a warning.
    layers : str, optional
        Path of the list of layers, where the structure does not tell.
    add_generation_prompt : bool
        Whether chats end in the start of an answer, as in ``apply_chat_template``.
    progress : callable, optional
        Called with ``("capture", texts done, n)`` after each batch.

    Returns
    -------
    Captured
        Site → (n, d), or (number of tokens read, d).

    Raises
    ------
    InputError
        If a site does not exist, a text is empty or has no token at the position, the
        tokenizer is not this model's, or hidden states are not finite.

    Notes
    -----
    Of a causal model the head is not run. Half precision is read into float32, not made better.
    """
    given = Options(tokens, batch_size, max_length, layers, progress, add_generation_prompt)
    work = Work.of(model, tokenizer, texts, sites, given)
    found = captured(work, 0, len(work.texts))
    work.warn_of_texts()
    return found


def captured(work: Work, first: int, stop: int) -> Captured:
    """Return what passes the sites for the texts from ``first`` to ``stop``."""
    encoded = work.encode(first, stop)
    rows = np.array([one.rows for one in encoded])
    starts = np.concatenate([[0], np.cumsum(rows)])
    values: dict[str, np.ndarray] = {}
    for batch, passed in work.passes(encoded, first):
        here = batch.texts - first
        at = where(starts[here], rows[here])
        for name, x in passed.items():
            if name not in values:
                values[name] = np.empty((starts[-1], x.shape[1]), dtype=_like(x))
            values[name][at] = x.cpu().numpy()
    values = {site.name: values[site.name] for site in work.sites}
    which = np.repeat(first + np.arange(len(rows)), rows)
    return Captured(values, which, work.encoder.cut, work.rule.tokens)


def capture_moments(
    model: nn.Module,
    tokenizer: Any,
    texts: Sequence[Any],
    y: Any,
    sites: str | Sequence[str],
    *,
    tokens: Any = "last",
    batch_size: int = 32,
    max_length: int | None = None,
    layers: str | None = None,
    add_generation_prompt: bool = False,
    progress: Progress | None = None,
) -> dict[str, Moments]:
    """Return the moments of what passes the sites of a model, and of a concept of the texts.

    Parameters
    ----------
    model, tokenizer, texts, sites, tokens, batch_size, max_length, layers,
    add_generation_prompt, progress
        As for :func:`capture`.
    y : array-like of shape (n,) or (n, k)
        Labels or numbers, one for each text; or, where a text gives several rows, one for each
        row: in one list, or in a list for each text. Every row has its text's otherwise.

    Returns
    -------
    dict of str to Moments
        What ``Moments.of(capture(...)[site], y)`` would be, up to rounding, while no
        representations are kept.

    Raises
    ------
    InputError
        As :func:`capture`, or if y has another length than the texts, or if hidden states are
        not finite.
    """
    given = Options(tokens, batch_size, max_length, layers, progress, add_generation_prompt)
    work = Work.of(model, tokenizer, texts, sites, given)
    work, labels = work.labelled(y)
    collected = {site.name: Collected(site.name, labels) for site in work.sites}
    step = WINDOW * batch_size
    for first in range(0, len(work.texts), step):
        for batch, passed in work.passes(work.encode(first, first + step), first):
            for name, x in passed.items():
                collected[name].add(x, batch)
    work.warn_of_texts()
    return {name: rows.result() for name, rows in collected.items()}


class Collected:
    """Moments of one site, to which rows are added a few thousand at a time.

    Parameters
    ----------
    site : str
        What a complaint calls it.
    labels : Labelled
        The concept of all texts or rows.
    """

    def __init__(self, site: str, labels: Labelled) -> None:
        self.site = site
        self.labels = labels
        self.moments: Moments | None = None
        self.filled = 0
        self.rows: Tensor | None = None
        self.at = np.empty(0, dtype=np.int64)  # where the label of each row is

    def add(self, x: Tensor, batch: Batch) -> None:
        """Take the rows (m, d) that a batch gives."""
        labels = self.labels.rows(batch.texts, batch.rows)
        if self.rows is None:
            # No more memory than the (d, d) totals take, unless these are very small.
            most = min(max(x.shape[1], LEAST_ROWS), MOST_ROWS)
            self.rows = torch.empty((most, x.shape[1]), dtype=x.dtype, device=x.device)
            self.at = np.empty(most, dtype=np.int64)
        start = 0
        while start < len(x):
            stop = min(start + len(self.rows) - self.filled, len(x))
            here = slice(self.filled, self.filled + stop - start)
            self.rows[here] = x[start:stop]
            self.at[here] = labels[start:stop]
            self.filled, start = here.stop, stop
            if self.filled == len(self.rows):
                self._fold()

    def result(self) -> Moments:
        """Return the moments of all rows that were added."""
        if self.filled:
            self._fold()
        assert self.moments is not None, "there is a text, and every text gives a row"
        return self.moments

    def _fold(self) -> None:
        assert self.rows is not None
        block, labels = self.rows[: self.filled], self.at[: self.filled]
        self.filled = 0
        z = self.labels.concept.take(labels)
        # As a tensor, on the CPU, too: threads of NumPy's would wait on the cores of torch's.
        if self.moments is None:
            self.moments = Moments.zeros(block, z)
        self.moments.update(block, z)


def _like(x: Tensor) -> Any:
    return np.float64 if x.dtype == torch.float64 else np.float32
