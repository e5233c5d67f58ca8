"""Later layers: how much of an interchange is left at their outputs.

Problem. A later layer may write the text's own value again, from another token or a second copy
(self-repair; McGrath et al. 2023, Rushing and Nanda 2024). Then the effect on the answer is small
although the subspace is read.

Solution. Let u be the difference between the class means of b and a at a later output. Of the
partner's difference x_b − x_a along u, which share has the edited text moved by? It is 1 if nothing
repairs the edit. The class means are those of texts that no effect is measured on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from nullprobe._core.progress import Report, silent
from nullprobe.data.concept import Concept
from nullprobe.erasers import AffineEraser
from nullprobe.models.capturing.states import capture
from nullprobe.models.edited_states import edited_states
from nullprobe.models.editing.patching import Patch
from nullprobe.models.finding import available
from nullprobe.models.hooks import plain
from nullprobe.models.site import OF_LAYER
from nullprobe.models.token_rules import Spans
from nullprobe.usage.interchange import Exchange
from nullprobe.usage.subspaces import class_means, mean_steps


def later_outputs(model: nn.Module, site: str, layers: str | None = None) -> list[str]:
    """Return outputs of later layers: 1, 2, 4, ... layers on, and the last.

    Empty for a site that is not in or before a layer.

    Examples
    --------
    >>> from transformers import GPT2Config, GPT2Model
    >>> model = GPT2Model(GPT2Config(vocab_size=9, n_embd=8, n_layer=6, n_head=1))
    >>> later_outputs(model, "layers.0.output")
    ['layers.1.output', 'layers.2.output', 'layers.4.output', 'layers.5.output']
    >>> later_outputs(model, "layers.4.mlp_input")
    ['layers.4.output', 'layers.5.output']
    """
    match = OF_LAYER.fullmatch(site)
    if match is None and site != "embeddings":
        return []
    first = 0 if match is None else int(match[1]) + (match[2] == "output")
    at = (OF_LAYER.fullmatch(name) for name in available(plain(model), [], layers))
    numbers = sorted(int(m[1]) for m in at if m is not None and m[2] == "output")
    behind = [k for k in numbers if k >= first]
    chosen = [k for i, k in enumerate(behind, 1) if i & (i - 1) == 0 or k == behind[-1]]
    return [f"layers.{k}.output" for k in chosen]


@dataclass(frozen=True, eq=False)
class LaterLayers:
    """Outputs of later layers, with the class means there.

    Attributes
    ----------
    outputs : dict of str to list of str
        Site → outputs of later layers that are examined.
    means : dict of str to ndarray of shape (K, d) or (k, d)
        Output → class means (of numbers, slopes) of the texts that fit the eraser.
    """

    outputs: Mapping[str, Sequence[str]]
    means: Mapping[str, np.ndarray]

    @classmethod
    def of(  # noqa: PLR0913  texts and how they are run
        cls, model: nn.Module, tokenizer: Any, texts: Sequence[Any], z: Concept, rows: np.ndarray,
        sites: Sequence[str], *, tokens: Any = "last", layers: str | None = None,
        report: Report = silent, **limits: Any,
    ) -> LaterLayers:  # fmt: skip
        """Return the outputs behind some sites; rows (k,) are the texts that fit the eraser."""
        outputs = {site: later_outputs(model, site, layers) for site in sites}
        every = list(dict.fromkeys(name for each in outputs.values() for name in each))
        if not every:
            return cls(outputs, {})
        states = capture(
            model, tokenizer, [texts[i] for i in map(int, rows)], every,
            tokens=tokens.take(rows) if isinstance(tokens, Spans) else tokens, layers=layers,
            add_generation_prompt=True, progress=report, **limits,
        )  # fmt: skip
        of_rows = z.take(rows[states.text])
        return cls(outputs, {site: class_means(X, of_rows) for site, X in states.items()})

    def moved(
        self, ready: Exchange, z: Concept, site: str, concept: AffineEraser, report: Report = silent
    ) -> dict[str, np.ndarray]:
        """Return for each later output how far an interchange moved each pair, and how far b is.

        Parameters
        ----------
        ready : Exchange
            With states at the later outputs.
        z : Concept
            Of all texts.
        site : str
            Where the interchange is.
        concept : AffineEraser
        report : callable

        Returns
        -------
        dict of str to ndarray of shape (2, m)
            Both along the difference of class means. The ratio of their means is the share of the
            partner's value that is left there.
        """
        if not self.outputs[site]:
            return {}
        pairs, places = ready.pairs, ready.places
        donors = ready.of(site, pairs.second)
        swap = Patch(donors, concept.reading, concept.writing, places=places)
        states = edited_states(
            ready.texts, places, {site: swap}, self.outputs[site], layers=ready.layers,
            report=report,
        )  # fmt: skip
        starts = places.starts[:-1]
        moved: dict[str, np.ndarray] = {}
        for name, (before, after) in states.items():
            means = self.means[name]
            u = ready.per_token(mean_steps(means, z, pairs.first, pairs.second))
            whole = ready.of(name, pairs.second).astype(np.float64) - before
            part = after.astype(np.float64) - before
            moved[name] = np.stack(
                [np.add.reduceat((step * u).sum(axis=1), starts) for step in (part, whole)]
            )
        return moved
