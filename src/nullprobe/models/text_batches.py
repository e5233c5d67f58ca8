"""Texts on their way through a model: what was given is checked, then run batch by batch.

Problem. Capturing, folding, scrubbing and writing to disk put the same texts through a model, and
must choose the same tokens.
Solution. They share this: options, checked once, and passes that yield rows by site.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from nullprobe._core import parameters, validation
from nullprobe._core.caller_warnings import warn
from nullprobe.data.concept import Concept, concept
from nullprobe.models.finding import chosen
from nullprobe.models.forward import Progress, encoder_for, reached, running, takes_mask
from nullprobe.models.hooks import plain
from nullprobe.models.site import Site
from nullprobe.models.tokens import Batch, Encoder, Rule, batches, checked_texts, cut_in_words


@dataclass(frozen=True)
class Options:
    """How texts are read: see :func:`capture`."""

    tokens: str | int = "last"
    batch_size: int = 32
    max_length: int | None = None
    layers: str | None = None
    progress: Progress | None = None


@dataclass(frozen=True, eq=False)
class Work:
    """Texts that are to go through a model: checked, and resolved once for all of them."""

    model: nn.Module
    part: nn.Module  # of the model, to call
    texts: Sequence[str]
    sites: list[Site]
    rule: Rule
    encoder: Encoder
    given: Options

    @classmethod
    def of(
        cls,
        model: nn.Module,
        tokenizer: Any,
        texts: Sequence[str],
        sites: str | Sequence[str],
        given: Options,
    ) -> Work:
        """Check what was given."""
        model = plain(model)
        at = chosen(model, sites, given.layers)
        rule = Rule(given.tokens)
        parameters.whole_number("batch_size", given.batch_size, least=1)
        encoder = encoder_for(model, tokenizer, rule, given.max_length)
        part = reached(model, at)
        return cls(model, part, checked_texts(texts), at, rule, encoder, given)

    def concept(self, y: Any) -> Concept:
        """Return the concept of all texts, or complain that it is of others."""
        z = concept(y)
        if len(z) != len(self.texts):
            validation.complain(
                "every text needs one value of y",
                f"there are {len(self.texts)} texts and {len(z)} values",
                "pass one label or number for each text",
            )
        return z

    def encode(self, first: int, stop: int) -> list[np.ndarray]:
        """Return the token ids of the texts from ``first`` to ``stop``."""
        return self.encoder.encode(self.texts[first:stop], first)

    def passes(
        self, encoded: Sequence[np.ndarray], first: int
    ) -> Iterator[tuple[Batch, dict[str, Tensor]]]:
        """Run token ids, those of the texts from ``first`` on; yield batches and rows by site."""
        mixed = takes_mask(self.part)
        cut = batches(
            encoded, self.given.batch_size, self.encoder.padding, first=first, mixed=mixed
        )
        done = first
        with running(self.model, self.part, self.sites, self.rule) as run:
            for batch in cut:
                yield batch, run(batch)
                done += len(batch.texts)
                if self.given.progress is not None:
                    self.given.progress("capture", done, len(self.texts))

    def warn_of_cuts(self) -> None:
        """Warn of texts that were cut, in words."""
        cut = self.encoder.cut
        if cut:
            warn(cut_in_words(cut, len(self.texts), side=self.encoder.side))
