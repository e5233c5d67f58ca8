"""Patch tokens in the forward pass: interchange with other texts, or add a vector.

Problem. An interchange intervention gives a token of text a what text b has in a subspace,
x_a ← x_a + (x_b − x_a) R W. Each text has its own donor and its own position, and texts share
batches with padding.

Solution. A patch holds one donor row for each edited token of each text. Bound to a batch, it is an
edit of states that replaces these tokens alone, out of place. Where nothing moves, states stay as
they are to the bit.

Reference. A. Geiger, H. Lu, T. Icard, C. Potts, "Causal abstractions of neural networks", 2021.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nullprobe._core import validation
from nullprobe.models.editing.erasing import Map, affine, full_precision, sites_of
from nullprobe.models.hooks import Edit, editing, plain
from nullprobe.models.site import Site
from nullprobe.models.tokens import Batch


@dataclass(frozen=True, eq=False)
class Places:
    """The tokens of n texts that a patch edits.

    Attributes
    ----------
    positions : ndarray of shape (rows,)
        Position of each token within its text, without padding.
    starts : ndarray of shape (n + 1,)
        Number of the first row of each text.

    Examples
    --------
    >>> places = Places.of([np.array([3]), np.array([1, 2])])
    >>> places.positions.tolist(), places.starts.tolist()
    ([3, 1, 2], [0, 1, 3])
    """

    positions: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, each: Sequence[np.ndarray]) -> Places:
        """Return the places of texts from the positions (r,) of each."""
        rows = np.cumsum([0, *map(len, each)])
        joined = np.concatenate([np.zeros(0, dtype=np.int64), *each]).astype(np.int64)
        return cls(joined, rows)

    def rows(self, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of some texts, and the place (0, 1, ...) of the text of each row."""
        sizes = self.starts[texts + 1] - self.starts[texts]
        member = np.repeat(np.arange(len(texts)), sizes)
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self.starts[texts][member] + within, member


class Patch:
    """An edit of some tokens of each text: part of a donor's state, or an added vector.

    Parameters
    ----------
    donors : ndarray of shape (rows, d)
        One row for each edited token, in the order of texts.
    reading : ndarray of shape (d, r), optional
    writing : ndarray of shape (r, d), optional
        x ← x + (donor − x) R W. Without them the whole state is replaced by the donor's.
    adds : bool
        Whether ``donors`` are added instead: x ← x + donor.
    places : Places, optional
        Which token each row is for; by default one token a text, whose position the block knows.

    Examples
    --------
    >>> axis = np.eye(4)[:, :1]
    >>> patch = Patch(np.full((1, 4), 7.0), axis, axis.T)
    >>> patch.moved(torch.zeros(1, 4), np.array([0])).tolist()
    [[7.0, 0.0, 0.0, 0.0]]
    """

    def __init__(
        self,
        donors: np.ndarray,
        reading: np.ndarray | None = None,
        writing: np.ndarray | None = None,
        *,
        adds: bool = False,
        places: Places | None = None,
    ) -> None:
        if (reading is None) != (writing is None) or (adds and reading is not None):
            validation.complain(
                "a patch takes reading and writing, or neither, and neither if it adds",
                "another combination arrived",
            )
        shape = (donors.shape[1], -1) if reading is None else reading.shape
        if reading is not None and (shape[0] != donors.shape[1] or writing.shape != shape[::-1]):  # type: ignore[union-attr]
            validation.complain(
                f"reading must be ({donors.shape[1]}, r) and writing (r, {donors.shape[1]})",
                f"they have shapes {reading.shape} and {writing.shape}",  # type: ignore[union-attr]
            )
        self.donors, self.reading, self.writing = donors, reading, writing
        self.adds, self.places = adds, places

    @property
    def d(self) -> int:
        """Number of features."""
        return self.donors.shape[1]

    def moved(self, states: Tensor, rows: np.ndarray) -> Tensor:
        """Return patched states (k, d) of the tokens with these rows (k,) of the donors."""
        dtype = torch.float64 if states.dtype == torch.float64 else torch.float32
        donors = torch.as_tensor(self.donors[rows], dtype=dtype, device=states.device)
        with full_precision(states.device.type):
            x = states.to(dtype)
            if self.adds:
                step = donors
            elif self.reading is None or self.writing is None:
                return donors.to(states.dtype)
            else:
                R, W = (
                    torch.tensor(a, dtype=dtype, device=states.device)
                    for a in (self.reading, self.writing)
                )
                step = (donors - x) @ R @ W
            # A sum with 0 would turn −0 into 0.
            still = (step == 0).all(dim=1, keepdim=True)
            return torch.where(still, states, (x + step).to(states.dtype))

    def edit(self, rows: np.ndarray, texts: np.ndarray, positions: np.ndarray, n: int) -> Edit:
        """Return an edit of the states of a batch of n texts.

        Parameters
        ----------
        rows : ndarray of shape (k,)
            Row of the donors for each edited token.
        texts, positions : ndarray of shape (k,)
            Its text and its position in the padded batch.
        n : int
            Number of texts in the batch.
        """

        def edited(states: Tensor) -> Tensor:
            if not len(rows):
                return states
            result = states.reshape(n, -1, states.shape[-1]).clone()
            at = (
                torch.from_numpy(texts).to(states.device),
                torch.from_numpy(positions).to(states.device),
            )
            result[at] = self.moved(result[at], rows)
            return result.view(states.shape)

        return edited

    def bound(self, batch: Batch) -> Edit:
        """Return the edit of a batch; needs places."""
        places = self.places
        assert places is not None, "a patch in a pass has places"
        rows, member = places.rows(batch.texts)
        return self.edit(rows, member, places.positions[rows], len(batch.texts))


def at_sites(
    model: nn.Module, edits: Sequence[Mapping[str, Any]], layers: str | None
) -> list[dict[Site, Any]]:
    """Return the Map or Patch at each site of each edit, after checks, in the order of the sites.

    Edits with the same names of sites share one search for them.
    """
    searched: dict[tuple[str, ...], list[Site]] = {}
    ready: list[dict[Site, Any]] = []
    for edit in edits:
        names = tuple(map(str, edit)) if isinstance(edit, Mapping) else ()
        if names not in searched:
            searched[names] = list(sites_of(model, edit, layers))
        by_name = dict(zip(names, edit.values(), strict=True))
        ready.append({site: _at_site(by_name[site.name], site) for site in searched[names]})
    return ready


def _at_site(one: Any, site: Site) -> Map | Patch:
    """Return what edits a site; raise InputError if it does not fit."""
    if not isinstance(one, Patch):
        return Map(affine(one, site), site)
    if one.d != site.width:
        validation.complain(
            f"donors at {site.name!r} must have the width of the states, {site.width}",
            f"they have {one.d}",
            "capture them at this site",
        )
    return one


@contextmanager
def patch(
    model: nn.Module,
    patches: Mapping[str, Patch],
    positions: Sequence[int] | np.ndarray,
    *,
    layers: str | None = None,
) -> Iterator[nn.Module]:
    """Patch one token of each text of a batch within the block, in ``generate`` as well.

    Parameters
    ----------
    model : torch.nn.Module
        A Hugging Face model, in any dtype; its weights do not change.
    patches : mapping of str to Patch
        Site → patch with b donors, one for each text of the batch.
    positions : array-like of shape (b,)
        Position of the token in the padded batch; negative ones count from its end, which is the
        end of the prompts in ``generate``.
    layers : str, optional
        Path of the list of layers, if the structure does not show it.

    Raises
    ------
    InputError
        If a site does not exist, or donors have another width or number.

    Notes
    -----
    Each block edits the first pass and later passes that contain the tokens. A pass of one token
    after the first pass, as in ``generate`` with a cache, is not edited: the patched state is in
    the cache.

    Examples
    --------
    >>> from transformers import GPT2Config, GPT2Model
    >>> model = GPT2Model(GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=1)).eval()
    >>> with patch(model, {"final_norm": Patch(np.ones((1, 8)))}, [-1]):
    ...     states = model(torch.tensor([[1, 2, 3]])).last_hidden_state
    >>> states[0, -1].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    at, model_ = np.asarray(positions, dtype=np.int64), plain(model)
    for site, one in patches.items():
        arrived = f"{len(one.donors)} arrived" if isinstance(one, Patch) else type(one).__name__
        if not isinstance(one, Patch) or len(one.donors) != len(at):
            validation.complain(
                f"site {site!r} needs a Patch with a donor for each of {len(at)} positions", arrived
            )
    edits = {
        site: _in_passes(one, at) for site, one in at_sites(model_, [patches], layers)[0].items()
    }
    with editing(model_, edits):
        yield model


def _in_passes(one: Patch, positions: np.ndarray) -> Edit:
    """Return an edit that leaves cached passes of one token alone."""
    width: list[int] = []  # tokens of the first pass

    def edited(states: Tensor) -> Tensor:
        b = len(positions)
        tokens = states.shape[1] if states.ndim == 3 else len(states) // b
        if width and tokens == 1:
            return states
        width.append(tokens)
        at = np.where(positions < 0, positions + width[0], positions)
        return one.edit(np.arange(b), np.arange(b), at, b)(states)

    return edited
