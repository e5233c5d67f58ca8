"""Reading: rows of texts with their labels, and everything that is captured of a model on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from nullprobe._core import validation
from nullprobe._core.progress import Report, silent
from nullprobe.data.captured import CapturedFolder
from nullprobe.data.text_baselines import text_baselines
from nullprobe.models.capturing.folder import capture_to
from nullprobe.models.random_weights import untrained as random_network
from nullprobe.models.text_batches import Options, Work
from nullprobe.texts.conclusions import RANDOM_LAYERS
from nullprobe.texts.plausibility import plausibility
from nullprobe.texts.text_rows import TextRows

EMBEDDINGS, MEAN = "embeddings", "mean:every"


@dataclass(frozen=True, eq=False)
class ModelReader:
    """What is read of a model, and where it is kept."""

    model: nn.Module
    tokenizer: Any
    rows: TextRows
    sites: str | Sequence[str]
    tokens: Any
    batch_size: int
    layers: str | None
    folder: Path
    report: Report

    def captured(
        self, name: str, model: nn.Module, sites: str | Sequence[str] = "", tokens: Any = None
    ) -> CapturedFolder:
        """Return the states at sites of a model, captured now or before."""
        path = capture_to(
            self.folder / name,
            model,
            self.tokenizer,
            self.rows.texts,
            sites or self.sites,
            tokens=self.tokens if tokens is None else tokens,
            batch_size=self.batch_size,
            layers=self.layers,
            progress=lambda _, done, total: self.report(name, done, total),
        )
        return CapturedFolder(path)

    def check(self) -> None:
        """Complain about texts that give several rows, or sites that do not exist."""
        options = Options(self.tokens, self.batch_size, None, self.layers, silent, False)
        texts = self.rows.texts
        work = Work.of(self.model, self.tokenizer, texts, self.sites, options)
        rows = sum(one.rows for one in work.encode(0, len(texts)))
        if rows != len(texts):
            validation.complain(
                "audit_model reads one row of each text",
                f"tokens={self.tokens!r} gives {rows:,} rows of {len(texts):,}",
                "choose one token, such as 'last', or a mean, such as 'mean'",
            )

    def inputs(self, seed: int) -> dict[str, Any]:
        """Return the baselines: texts without a model, and trained embeddings without layers."""
        words = self.rows.words()
        baselines: dict[str, Any] = {} if words is None else dict(text_baselines(words))
        embedded = self.captured("embeddings", self.model, EMBEDDINGS, MEAN)
        baselines["mean embedding"] = embedded[EMBEDDINGS]
        shallow = random_network(self.model, twin_seed(seed, -1), embeddings=True)
        baselines[RANDOM_LAYERS] = dict(self.captured("random-layers", shallow))
        return baselines

    def log_probabilities(self) -> np.ndarray:
        """Return how likely the model finds each text, (n, 4)."""
        texts = self.rows.texts
        return plausibility(
            self.model, self.tokenizer, texts, batch_size=self.batch_size, report=self.report
        )


def twin_seed(seed: int, k: int) -> int:
    """Return the seed of untrained network k; -1 is that with trained embeddings."""
    return int(np.random.default_rng([seed, 30, k + 1]).integers(2**31))
