"""Scrub: fit one eraser after another, each on states that earlier erasers have edited.

Problem. An eraser at one layer changes the states of all later layers, so each eraser must be
fitted on the edited stream. The naive method needs a forward pass over all texts for each site.
Solution. All batches stop at a site. Their rows are read, the eraser is fitted, and each batch
continues with the edited states. So every layer runs once for each batch.
Reference. N. Belrose et al. 2023, arXiv 2306.03819, section 6 (concept scrubbing).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nullprobe._core import validation
from nullprobe._core.progress import Progress, reporting
from nullprobe.erasers import AffineEraser
from nullprobe.erasers.leace import leace
from nullprobe.models.capturing.states import Collected
from nullprobe.models.editing.alternating_threads import Turn
from nullprobe.models.editing.erasing import Map, affine
from nullprobe.models.forward import (
    by_token,
    evaluating,
    input_device,
    inputs,
    need_finite,
    takes_mask,
)
from nullprobe.models.hooks import editing
from nullprobe.models.site import Site
from nullprobe.models.text_batches import Labelled, Options, Work
from nullprobe.models.tokens import Batch, batches
from nullprobe.moments import Moments


def scrub(
    model: nn.Module,
    tokenizer: Any,
    texts: Sequence[Any],
    y: Any,
    sites: str | Sequence[str],
    *,
    tokens: Any = "last",
    fit: Callable[[Moments], AffineEraser] = leace,
    batch_size: int = 32,
    max_length: int | None = None,
    layers: str | None = None,
    add_generation_prompt: bool = False,
    progress: Progress = False,
) -> dict[str, AffineEraser]:
    """Return erasers, each fitted while the erasers at earlier sites are active.

    Parameters
    ----------
    model, tokenizer, texts, sites, tokens, max_length, layers, add_generation_prompt
        As for :func:`capture`.
    y : array-like of shape (n,) or (n, k)
        Labels or numbers, one per text or row, as for :func:`capture_moments`.
    fit : callable
        Takes Moments, returns an AffineEraser, such as :func:`nullprobe.leace`.
    batch_size : int
        Texts in a batch. Each batch has its own thread, and one thread runs at a time. With many
        texts, a larger batch_size means fewer threads.
    progress : bool or callable
        True shows a bar on stderr; a function is called with ``("scrub", stops done, all stops)``:
        each batch stops at each site.

    Returns
    -------
    dict of str to AffineEraser
        Site → eraser, in the order in which states pass the sites: for :func:`erase`, and for
        :func:`bake` if the sites allow it.

    Raises
    ------
    InputError
        As for :func:`capture_moments`, or if y is constant, or if ``fit`` does not return an
        eraser for the site.

    Notes
    -----
    An eraser is fitted on the rows that ``tokens`` chooses, but edits every token: with
    ``tokens="last"`` other tokens are edited, too, without any guarantee.

    Time: each layer runs once for each batch. After the last site, only the first batch continues.
    The head does not run. Memory: the hidden states of *all* texts at one site, and the other
    tensors of a block: together 2 to 4 numbers for each token and feature.

    The result is equal, up to rounding, to fitting one site after another under :func:`erase`. On
    one machine it is reproducible.

    Examples
    --------
    >>> import numpy as np
    >>> from nullprobe import models, worlds
    >>> organism = worlds.language(n_entities=12, steps=1, cache=False)  # a small language model
    >>> drawn = organism.statements(40)
    >>> args, y = (organism.model, organism.tokenizer, drawn.texts), drawn.negated
    >>> erasers = scrub(*args, y, "layers.*.output")
    >>> with models.erase(organism.model, erasers):
    ...     X = models.capture(*args, "layers.3.output")["layers.3.output"]
    >>> np.allclose(X[y == 1].mean(axis=0), X[y == 0].mean(axis=0), atol=1e-3 * X.std())
    True
    """
    with reporting(progress) as report:
        options = Options(tokens, batch_size, max_length, layers, report, add_generation_prompt)
        work = Work.of(model, tokenizer, texts, sites, options)
        work, labels = work.labelled(y)
        labels.concept.need_two_classes()
        scrubbing = _Scrubbing(work, labels, fit)
        with evaluating(model), editing(model, {s: scrubbing.edit_at(s) for s in work.sites}):
            scrubbing.run()
    work.warn_of_texts()
    return {name: one.eraser for name, one in scrubbing.maps.items()}


class _Pass:
    """The forward pass of one batch."""

    def __init__(self, batch: Batch, turn: Turn, first: bool) -> None:
        self.batch, self.turn, self.first = batch, turn, first
        self.sites: set[str] = set()


class _Scrubbing:
    """All batches, which move from site to site together."""

    def __init__(
        self, work: Work, labels: Labelled, fit: Callable[[Moments], AffineEraser]
    ) -> None:
        self.work, self.fit = work, fit
        self.collected = {site.name: Collected(site.name, labels) for site in work.sites}
        self.sites = {site.name: site for site in work.sites}
        self.maps: dict[str, Map] = {}
        self.thread = threading.local()  # .passing, in the thread of a batch
        self.stops = 0

    def run(self) -> None:
        """Run all batches from site to site; fit an eraser when all have arrived."""
        encoded = self.work.encode(0, len(self.work.texts))
        part = self.work.part
        size, pad = self.work.options.batch_size, self.work.encoder.padding
        cut = batches(encoded, size, pad, mixed=takes_mask(part))
        turns = [Turn(self._forward(part, batch, first=not i)) for i, batch in enumerate(cut)]
        try:
            for _ in list(self.sites):
                self._to_next_site(turns)
            # The other batches end at the last site. The first checks that it passes only once.
            turns[0].go_on()
        finally:
            for turn in turns:
                turn.end()

    def edit_at(self, site: Site) -> Callable[[Tensor], Tensor]:
        """Return a function that reads the states at a site, stops, and then edits them."""

        def edit(states: Tensor) -> Tensor:
            passing: _Pass | None = getattr(self.thread, "passing", None)
            if passing is None:  # another thread uses the model
                return states
            self._read(site, states, passing)
            if len(passing.sites) == len(self.sites) and not passing.first:
                passing.turn.stop_for_good(site.name)
            passing.turn.stop(site.name)
            return self.maps[site.name](states)

        return edit

    def _forward(self, part: nn.Module, batch: Batch, *, first: bool) -> Callable[[Turn], None]:
        """Return the work of one batch: a forward pass that stops at every site."""
        device = input_device(self.work.model)
        # Autocasting, like the mode of gradients, is a state of each thread.
        casting = torch.is_autocast_enabled(device.type)
        dtype = torch.get_autocast_dtype(device.type) if casting else None

        def forward(turn: Turn) -> None:
            self.thread.passing = _Pass(batch, turn, first)
            with torch.no_grad(), torch.autocast(device.type, dtype, enabled=casting):
                part(**inputs(part, batch, device))

        return forward

    def _read(self, site: Site, states: Tensor, passing: _Pass) -> None:
        if site.name in passing.sites:
            validation.complain(
                f"states must pass {site.name!r} once in a forward pass",
                f"{site.path!r} is called more than once",
                "choose another site: a model with shared layers has no states of one layer",
            )
        passing.sites.add(site.name)
        batch = passing.batch
        at = torch.from_numpy(batch.positions).to(states.device)
        rows = batch.read(by_token(site, states, batch), at)
        need_finite(site.name, rows, batch.texts_of_rows)
        self.collected[site.name].add(rows, batch)

    def _to_next_site(self, turns: list[Turn]) -> None:
        arrived: set[str | None] = set()
        for turn in turns:
            arrived.add(turn.go_on())
            self.stops += 1
            self.work.options.report("scrub", self.stops, len(turns) * len(self.sites))
        name = next(iter(arrived))
        if name is None or len(arrived) > 1:
            missed = next(name for name in self.sites if name not in self.maps)
            validation.complain(
                f"states of every text must pass {missed!r} in a forward pass",
                f"{self.sites[missed].path!r} is not called for every text",
            )
        # The rows are not needed after the fit.
        moments = self.collected.pop(name).result()
        eraser = affine(self.fit(moments), self.sites[name])
        self.maps[name] = Map(eraser, self.sites[name])
