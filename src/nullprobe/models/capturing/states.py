"""Capture the states at the sites of a model: as arrays, or as moments.

Problem. Hidden states of every layer and token are a thousand times larger than the texts. Most
analyses need one row per text, or only moments.
Solution. Only the rows that a token rule reads are copied out of each batch. ``capture`` returns
these rows. ``capture_moments`` collects a few thousand rows, adds them to counts, means and
covariances, and discards them, so its memory does not grow with the number of texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from nullprobe._core.printable import label_list
from nullprobe._core.progress import Progress, reporting
from nullprobe.models.image_batches import ImageWork
from nullprobe.models.site import known
from nullprobe.models.text_batches import Labelled, Options, Work, positions
from nullprobe.models.tokens import Batch
from nullprobe.moments import Moments
from nullprobe.report.notebook import Cell, table

# Texts of this many batches are tokenized and sorted by length together.
WINDOW = 64
# Rows of a site that are added to moments at once: a large (d, d) product is efficient.
LEAST_ROWS, MOST_ROWS = 1024, 4096


@dataclass(frozen=True, eq=False, repr=False)
class Captured(Mapping[str, np.ndarray]):
    """Representations at the sites of a model: site → rows (rows, d).

    Attributes
    ----------
    arrays : dict of str to ndarray of shape (rows, d)
        float32, or float64 if the model computes in float64. Rows are in the order of texts, and
        of tokens within a text.
    text : ndarray of shape (rows,)
        Number of the text of each row.
    cut : dict of int to (int, int)
        Texts that were longer than the context: their tokens before and after the cut.
    tokens : str, int, list of int, slice, Spans or callable
        The rule that chose the tokens.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> organism = worlds.language(n_entities=12, steps=1, cache=False)  # a small language model

    >>> args = organism.model, organism.tokenizer, organism.statements(4).texts
    >>> states = capture(*args, "layers.*.output", tokens=[0, -1])
    >>> list(states)
    ['layers.0.output', 'layers.1.output', 'layers.2.output', 'layers.3.output']
    >>> states["layers.0.output"].shape, states.text.tolist()
    ((8, 64), [0, 0, 1, 1, 2, 2, 3, 3])
    """

    arrays: dict[str, np.ndarray]
    text: np.ndarray
    cut: dict[int, tuple[int, int]]
    tokens: Any

    def __repr__(self) -> str:
        """Return the sites, rows and texts in one line, without the arrays."""
        texts = len(np.unique(self.text))
        return f"Captured({label_list(tuple(self.arrays))}, {len(self.text)} rows of {texts} texts)"

    def _repr_html_(self) -> str:
        """Return the sites with their rows and features as one table, for a notebook."""
        rows = [
            (
                site,
                [Cell(f"{len(states):,}"), Cell(f"{states.shape[1]:,}"), Cell(str(states.dtype))],
            )
            for site, states in self.arrays.items()
        ]
        about = f"{len(self.text):,} rows of {len(np.unique(self.text)):,} texts"
        return table("Captured", [about], ("site", "rows", "features", "dtype"), rows)

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
    progress: Progress = False,
) -> Captured:
    """Return the states at the sites of a model for each text.

    Parameters
    ----------
    model : torch.nn.Module
        A Hugging Face model, on one or more devices, in any dtype. It runs in evaluation mode, and
        its mode is restored.
    tokenizer : PreTrainedTokenizerBase
        The tokenizer of the model; it needs no padding token.
    texts : sequence
        n texts that are not empty: strings; chats (lists of messages with ``role`` and
        ``content``), which the model's template renders; token ids, special tokens included; or
        pairs (prompt, continuation). A string that is a rendered chat gets no second start token.
    sites : str or sequence of str
        Names of sites (see :func:`sites`) or patterns such as ``"layers.*.output"``.
    tokens : str, int, list of int, slice, Spans or callable
        Tokens of a text to read:

        - a position, a list or a slice of positions, among the tokens of the text with special
          tokens; negative positions count from the end, and ``"last"`` is -1;
        - ``"all"``: all tokens except special tokens (or every token, if each has a label);
        - ``"mean"``: the mean of all tokens except special tokens and the first, whose state is
          huge in most models;
        - ``"every"``: all tokens, with special tokens;
        - ``"assistant"``, or another role: the messages of this role in a chat;
        - ``"marks"``: the text between ``[[`` and ``]]``; these marks are removed;
        - ``"prompt"`` or ``"continuation"`` of a pair;
        - :class:`Spans`: characters of each text;
        - a function that takes the ids (t,) of a text and returns positions, or (t,) truth values.

        With ``"mean:"``, ``"last:"`` or ``"first:"`` before a word, each text gives one row, as in
        ``"mean:assistant"``.
    batch_size : int
        Texts in a batch. Affects speed and memory only.
    max_length : int, optional
        Longest text in tokens; the context of model and tokenizer by default. Longer texts are
        cut, with a warning.
    layers : str, optional
        Path of the list of layers, if the structure does not show it.
    add_generation_prompt : bool
        Whether chats end in the start of an answer, as in ``apply_chat_template``.
    progress : bool or callable
        True shows a bar on stderr; a function is called with ``("capture", texts done, n)`` after
        each batch.

    Returns
    -------
    Captured
        Site → (n, d), or (number of tokens read, d).

    Raises
    ------
    InputError
        If a site does not exist, a text is empty or has no token at the position, the
        tokenizer does not belong to the model, or hidden states are not finite.

    Notes
    -----
    The head of a causal model does not run. States in half precision are converted to float32,
    without a gain of accuracy.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> organism = worlds.language(n_entities=12, steps=1, cache=False)  # a small language model

    >>> texts = organism.statements(20).texts
    >>> states = capture(organism.model, organism.tokenizer, texts, "layers.2.output")
    >>> states["layers.2.output"].shape
    (20, 64)
    """
    with reporting(progress) as report:
        options = Options(tokens, batch_size, max_length, layers, report, add_generation_prompt)
        work = Work.of(model, tokenizer, texts, sites, options)
        states = captured(work, 0, len(work.texts))
    work.warn_of_texts()
    return states


def captured(work: Work | ImageWork, first: int, stop: int) -> Captured:
    """Return the states at the sites for the texts or images from ``first`` to ``stop``."""
    encoded = work.encode(first, stop)
    rows = np.array([one.rows for one in encoded])
    starts = np.concatenate([[0], np.cumsum(rows)])
    values: dict[str, np.ndarray] = {}
    for batch, passed in work.passes(cast(Any, encoded), first):
        texts = batch.texts - first
        at = positions(starts[texts], rows[texts])
        for name, x in passed.items():
            if name not in values:
                values[name] = np.empty((starts[-1], x.shape[1]), dtype=_like(x))
            values[name][at] = x.cpu().numpy()
    values = {site.name: values[site.name] for site in work.sites}
    which = np.repeat(first + np.arange(len(rows)), rows)
    return Captured(values, which, work.cut, work.rule.tokens)


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
    progress: Progress = False,
) -> dict[str, Moments]:
    """Return the moments of the states at the sites of a model, and of a concept of the texts.

    Parameters
    ----------
    model, tokenizer, texts, sites, tokens, batch_size, max_length, layers,
    add_generation_prompt, progress
        As for :func:`capture`.
    y : array-like of shape (n,) or (n, k)
        Labels or numbers, one per text; all rows of a text have its label. If texts give more
        than one row, also one per row: in one list, or in a list for each text.

    Returns
    -------
    dict of str to Moments
        Equal to ``Moments.of(capture(...)[site], y)`` up to rounding; states are not stored.

    Raises
    ------
    InputError
        As for :func:`capture`, or if the length of y does not fit the texts or rows.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> organism = worlds.language(n_entities=12, steps=1, cache=False)  # a small language model

    >>> drawn = organism.statements(20)
    >>> args = organism.model, organism.tokenizer, drawn.texts
    >>> moments = capture_moments(*args, drawn.truth, "final_norm")["final_norm"]
    >>> moments.n, moments.d, moments.classes
    (20, 64, (0, 1))
    >>> X = capture(*args, "final_norm")["final_norm"]
    >>> np.allclose(moments.mean, X.mean(axis=0), atol=1e-5)
    True
    """
    with reporting(progress) as report:
        options = Options(tokens, batch_size, max_length, layers, report, add_generation_prompt)
        work = Work.of(model, tokenizer, texts, sites, options)
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
    """Moments of one site; rows are added a few thousand at a time.

    Parameters
    ----------
    site : str
        Name of the site, for error messages.
    labels : Labelled
        The concept of all texts or rows.
    """

    def __init__(self, site: str, labels: Labelled) -> None:
        self.site = site
        self.labels = labels
        self.moments: Moments | None = None
        self.filled = 0
        self.rows: Tensor | None = None
        self.at = np.empty(0, dtype=np.int64)  # position of the label of each row

    def add(self, x: Tensor, batch: Batch) -> None:
        """Add the rows (m, d) of a batch."""
        labels = self.labels.rows(batch.texts, batch.rows)
        if self.rows is None:
            # No more memory than the (d, d) totals, unless these are very small.
            most = min(max(x.shape[1], LEAST_ROWS), MOST_ROWS)
            self.rows = torch.empty((most, x.shape[1]), dtype=x.dtype, device=x.device)
            self.at = np.empty(most, dtype=np.int64)
        start = 0
        while start < len(x):
            stop = min(start + len(self.rows) - self.filled, len(x))
            block = slice(self.filled, self.filled + stop - start)
            self.rows[block] = x[start:stop]
            self.at[block] = labels[start:stop]
            self.filled, start = block.stop, stop
            if self.filled == len(self.rows):
                self._fold()

    def result(self) -> Moments:
        """Return the moments of all rows that were added."""
        if self.filled:
            self._fold()
        assert self.moments is not None, "at least one text was run, and every text gives a row"
        return self.moments

    def _fold(self) -> None:
        assert self.rows is not None
        block, labels = self.rows[: self.filled], self.at[: self.filled]
        self.filled = 0
        z = self.labels.concept.take(labels)
        # A tensor even on the CPU: threads of NumPy would compete with threads of torch for cores.
        if self.moments is None:
            self.moments = Moments.zeros(block, z)
        self.moments.update(block, z)


def _like(x: Tensor) -> Any:
    return np.float64 if x.dtype == torch.float64 else np.float32
