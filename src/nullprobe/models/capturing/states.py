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

from nullprobe.data.concept import Concept
from nullprobe.models.forward import Progress, rows_of
from nullprobe.models.site import known
from nullprobe.models.text_batches import Options, Work
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
    tokens : str or int
        The rule by which tokens were chosen.
    """

    arrays: dict[str, np.ndarray]
    text: np.ndarray
    cut: dict[int, tuple[int, int]]
    tokens: str | int

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
    texts: Sequence[str],
    sites: str | Sequence[str],
    *,
    tokens: str | int = "last",
    batch_size: int = 32,
    max_length: int | None = None,
    layers: str | None = None,
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
    texts : sequence of str
        n texts, none of them empty.
    sites : str or sequence of str
        Names of sites (see :func:`sites`) or patterns such as ``"layers.*.output"``.
    tokens : {"last", "mean", "all"} or int
        Which tokens of a text are read; special ones count. A number is a position among the
        text's own tokens, padding apart, negative from the end.
    batch_size : int
        Texts in a batch. It makes no difference but to speed and memory.
    max_length : int, optional
        Longest text in tokens; the context of model and tokenizer if not given. Longer ones are
        cut, with a warning.
    layers : str, optional
        Path of the list of layers, where the structure does not tell.
    progress : callable, optional
        Called with ``("capture", texts done, n)`` after each batch.

    Returns
    -------
    Captured
        Site → (n, d), or (number of tokens, d) for ``tokens="all"``.

    Raises
    ------
    InputError
        If a site does not exist, a text is empty or has no token at the position, the
        tokenizer is not this model's, or hidden states are not finite.

    Notes
    -----
    Of a causal model the head is not run. Half precision is read into float32, not made better.
    """
    given = Options(tokens, batch_size, max_length, layers, progress)
    work = Work.of(model, tokenizer, texts, sites, given)
    found = captured(work, 0, len(work.texts))
    work.warn_of_cuts()
    return found


def captured(work: Work, first: int, stop: int) -> Captured:
    """Return what passes the sites for the texts from ``first`` to ``stop``."""
    encoded = work.encode(first, stop)
    rows = work.rule.rows(np.array([len(ids) for ids in encoded]))
    starts = np.concatenate([[0], np.cumsum(rows)])
    values: dict[str, np.ndarray] = {}
    for batch, passed in work.passes(encoded, first):
        here = batch.texts - first
        where = _positions(starts[here], rows[here])
        for name, x in passed.items():
            if name not in values:
                values[name] = np.empty((starts[-1], x.shape[1]), dtype=_like(x))
            values[name][where] = x.cpu().numpy()
    values = {site.name: values[site.name] for site in work.sites}
    which = np.repeat(first + np.arange(len(rows)), rows)
    return Captured(values, which, work.encoder.cut, work.rule.tokens)


def capture_moments(
    model: nn.Module,
    tokenizer: Any,
    texts: Sequence[str],
    y: Any,
    sites: str | Sequence[str],
    *,
    tokens: str | int = "last",
    batch_size: int = 32,
    max_length: int | None = None,
    layers: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Moments]:
    """Return the moments of what passes the sites of a model, and of a concept of the texts.

    Parameters
    ----------
    model, tokenizer, texts, sites, tokens, batch_size, max_length, layers, progress
        As for :func:`capture`.
    y : array-like of shape (n,) or (n, k)
        Labels or numbers, one for each text; with ``tokens="all"`` every token has its text's.

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
    given = Options(tokens, batch_size, max_length, layers, progress)
    work = Work.of(model, tokenizer, texts, sites, given)
    z = work.concept(y)
    collected = {site.name: Collected(site.name, z) for site in work.sites}
    step = WINDOW * batch_size
    for first in range(0, len(work.texts), step):
        for batch, passed in work.passes(work.encode(first, first + step), first):
            texts_of_rows = rows_of(batch, work.rule)
            for name, x in passed.items():
                collected[name].add(x, texts_of_rows)
    work.warn_of_cuts()
    return {name: rows.result() for name, rows in collected.items()}


class Collected:
    """Moments of one site, to which rows are added a few thousand at a time.

    Parameters
    ----------
    site : str
        What a complaint calls it.
    z : Concept
        The concept of all texts.
    """

    def __init__(self, site: str, z: Concept) -> None:
        self.site = site
        self.z = z
        self.moments: Moments | None = None
        self.filled = 0
        self.rows: Tensor | None = None
        self.texts = np.empty(0, dtype=np.int64)

    def add(self, x: Tensor, texts: np.ndarray) -> None:
        """Take rows (m, d), and which texts they are from (m,)."""
        if self.rows is None:
            # No more memory than the (d, d) totals take, unless these are very small.
            most = min(max(x.shape[1], LEAST_ROWS), MOST_ROWS)
            self.rows = torch.empty((most, x.shape[1]), dtype=x.dtype, device=x.device)
            self.texts = np.empty(most, dtype=np.int64)
        start = 0
        while start < len(x):
            stop = min(start + len(self.rows) - self.filled, len(x))
            here = slice(self.filled, self.filled + stop - start)
            self.rows[here] = x[start:stop]
            self.texts[here] = texts[start:stop]
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
        block, texts = self.rows[: self.filled], self.texts[: self.filled]
        self.filled = 0
        z = self.z.take(texts)
        # As a tensor, on the CPU, too: threads of NumPy's would wait on the cores of torch's.
        if self.moments is None:
            self.moments = Moments.zeros(block, z)
        self.moments.update(block, z)


def _positions(starts: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return where the rows of several texts go: each text's from its start on."""
    before = np.cumsum(rows) - rows
    return np.repeat(starts - before, rows) + np.arange(rows.sum())


def _like(x: Tensor) -> Any:
    return np.float64 if x.dtype == torch.float64 else np.float32
