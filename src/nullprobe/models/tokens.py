"""Batches of token ids, and the rows that are read from their hidden states.

Problem. Position −1 is padding in one batch and a word in the next.
Solution. This file pads texts on the right with any id and a mask, so a text begins at position 0
in every family of models. The tokens to read are chosen earlier, among the tokens of the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# A tokenizer without a limit reports 10³⁰.
NO_LIMIT = 10**9


@dataclass(frozen=True, eq=False)
class Encoded:
    """The tokens of a text, and the positions that are read.

    Attributes
    ----------
    ids : ndarray of shape (t,)
        Token ids.
    read : ndarray of shape (r,)
        Positions of the tokens that are read.
    rows : int
        Number of rows from this text: r, or 1 if the mean of the tokens is read.
    """

    ids: np.ndarray
    read: np.ndarray
    rows: int


@dataclass(frozen=True, eq=False)
class Batch:
    """Texts that run through a model together.

    Attributes
    ----------
    ids : Tensor of shape (b, t)
        Token ids, padded on the right.
    mask : Tensor of shape (b, t)
        1 for a token, 0 for padding.
    texts : ndarray of shape (b,)
        Number of the text in each row.
    lengths : ndarray of shape (b,)
        Number of tokens of each text.
    positions : ndarray of shape (sum of r,)
        The tokens that are read, as positions in the flattened (b t) batch.
    rows : ndarray of shape (b,)
        Number of rows from each text.
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
        """Number of the text of each row, (rows,)."""
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
            # Both give the same rows; a selection costs twice as much as a copy.
            whole = len(positions) == len(flat) and bool((np.diff(self.positions) == 1).all())
            rows = flat.to(dtype, copy=True) if whole else flat.index_select(0, positions)
            return rows.to(dtype)
        wide = states.detach().to(dtype)
        outside = torch.ones(wide.shape[:2].numel(), dtype=torch.bool, device=wide.device)
        outside[positions] = False
        # Not a product with the mask: states of padding may be infinite.
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
    """Yield batches of texts of similar lengths, the longest first.

    Parameters
    ----------
    encoded : sequence of Encoded
    size : int
        Largest number of texts in a batch.
    pad : int
        Token id of padding.
    first : int
        Number of the first text.
    mixed : bool
        Whether texts of different lengths may share a batch: True if the model takes a mask.
    """
    lengths = np.array([len(one.ids) for one in encoded])
    order = np.argsort(-lengths, kind="stable")
    while len(order):
        together, longest = order[:size], int(lengths[order[0]])
        if not mixed:
            together = together[lengths[together] == longest]
        order = order[len(together) :]
        ids = np.full((len(together), longest), pad, dtype=np.int64)
        members = [encoded[text] for text in together]
        for row, one in zip(ids, members, strict=True):
            row[: len(one.ids)] = one.ids
        mask = np.arange(longest) < lengths[together, None]
        yield Batch(
            torch.from_numpy(ids),
            torch.from_numpy(mask.astype(np.int64)),
            first + together,
            lengths[together],
            np.concatenate([one.read + i * longest for i, one in enumerate(members)]),
            np.array([one.rows for one in members]),
            any(one.rows != len(one.read) for one in members),
        )


def unread(ids: Sequence[np.ndarray]) -> list[Encoded]:
    """Return texts with these token ids, without positions to read."""
    return [Encoded(one, np.empty(0, dtype=np.int64), 0) for one in ids]
