"""Batches of token ids, and the rows that are read of their hidden states.

Problem. Position −1 is padding in one batch and a word in the next.
Solution. Texts are padded here, on the right, where no family has to know where a text begins, with
any id and a mask. Which tokens are read was chosen before, among the text's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# A tokenizer that knows of no limit says 10³⁰.
NO_LIMIT = 10**9


@dataclass(frozen=True, eq=False)
class Encoded:
    """The tokens of a text, and which of them are read.

    Attributes
    ----------
    ids : ndarray of shape (t,)
        Token ids.
    read : ndarray of shape (r,)
        Positions among them.
    rows : int
        Rows that the text gives: r, or 1 if their mean is read.
    """

    ids: np.ndarray
    read: np.ndarray
    rows: int


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
    positions : ndarray of shape (sum of r,)
        The tokens that are read, as positions in the flattened (b t) batch.
    rows : ndarray of shape (b,)
        Rows that each text gives.
    is_pooled : bool
        Whether the mean over the tokens of each text is read.
    """

    ids: Tensor
    mask: Tensor
    texts: np.ndarray
    lengths: np.ndarray
    positions: np.ndarray
    rows: np.ndarray
    is_pooled: bool = False

    @property
    def texts_of_rows(self) -> np.ndarray:
        """Which text each row is from, (rows,)."""
        return np.repeat(self.texts, self.rows)

    def read(self, states: Tensor, positions: Tensor) -> Tensor:
        """Return rows (rows, d) of hidden states (b, t, d): copies, in float32 or float64.

        Parameters
        ----------
        states : Tensor of shape (b, t, d)
        positions : Tensor
            ``self.positions`` on the device of the states.
        """
        dtype = torch.float64 if states.dtype == torch.float64 else torch.float32
        if not self.is_pooled:
            flat = states.detach().reshape(-1, states.shape[-1])
            # The same rows either way; picking costs twice as much as copying.
            whole = len(positions) == len(flat) and bool((np.diff(self.positions) == 1).all())
            rows = flat.to(dtype, copy=True) if whole else flat.index_select(0, positions)
            return rows.to(dtype)
        wide = states.detach().to(dtype)
        outside = torch.ones(wide.shape[:2].numel(), dtype=torch.bool, device=wide.device)
        outside[positions] = False
        # Not times the mask: what a model makes of padding may be infinite.
        wide = wide.masked_fill(outside.view(*wide.shape[:2], 1), 0.0)
        counts = (~outside).view(wide.shape[:2]).sum(dim=1, dtype=dtype)
        return wide.sum(dim=1) / counts[:, None]


def batches(
    encoded: Sequence[Encoded],
    size: int,
    pad: int,
    *,
    first: int = 0,
    mixed: bool = True,
) -> Iterator[Batch]:
    """Yield batches of texts of about one length, the longest first.

    Parameters
    ----------
    encoded : sequence of Encoded
    size : int
        Texts in a batch, at most.
    pad : int
        Token id to pad with.
    first : int
        Number of the first text.
    mixed : bool
        Whether texts of different lengths may share a batch; not if the model takes no mask.
    """
    lengths = np.array([len(one.ids) for one in encoded])
    order = np.argsort(-lengths, kind="stable")
    while len(order):
        together, longest = order[:size], int(lengths[order[0]])
        if not mixed:
            together = together[lengths[together] == longest]
        order = order[len(together) :]
        ids = np.full((len(together), longest), pad, dtype=np.int64)
        here = [encoded[text] for text in together]
        for row, one in zip(ids, here, strict=True):
            row[: len(one.ids)] = one.ids
        mask = np.arange(longest) < lengths[together, None]
        yield Batch(
            torch.from_numpy(ids),
            torch.from_numpy(mask.astype(np.int64)),
            first + together,
            lengths[together],
            np.concatenate([one.read + i * longest for i, one in enumerate(here)]),
            np.array([one.rows for one in here]),
            any(one.rows != len(one.read) for one in here),
        )


def unread(ids: Sequence[np.ndarray]) -> list[Encoded]:
    """Return texts of these token ids of which no token is read."""
    return [Encoded(one, np.empty(0, dtype=np.int64), 0) for one in ids]
