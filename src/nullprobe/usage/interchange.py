"""Interchange: give a text what its partner has in a subspace, and see whose answer follows.

Problem. Erasing leaves a state that no text has, so its effect may be damage. A direction can be
read without being used.

Solution. At a site and token, x_a ← x_a + (x_b − x_a) R W for pairs of texts that differ in label
and answer. The effect is by how many nats the answer moves from a's to b's. Directions that are not
used move it to both sides alike, so the effect is 0 on average. Placebos run through the same
code: a partner of the same label, subspaces of permuted labels, random ones, other concepts. The
whole state is the most that can be moved.

References. Geiger et al. 2021, "Causal abstractions of neural networks"; Makelov, Lange, Nanda
2024, "Is this the subspace you are looking for?".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import nn

from nullprobe._core import validation
from nullprobe._core.progress import Report, silent
from nullprobe.data.concept import Concept
from nullprobe.erasers import AffineEraser
from nullprobe.models.behaviour import Texts
from nullprobe.models.capturing.states import Captured, capture
from nullprobe.models.editing.patching import Patch, Places
from nullprobe.models.scored_tokens import Edits
from nullprobe.models.text_batches import Options, Work
from nullprobe.models.token_rules import Spans
from nullprobe.usage.outcomes import Outcome
from nullprobe.usage.pairs import TextPairs
from nullprobe.usage.subspaces import Subspaces, mean_steps

DOSES = (0.25, 0.5, 1.0, 2.0)


@dataclass(frozen=True, eq=False)
class Exchange:
    """Pairs that are ready to be run: texts a with both answers, and states of all texts.

    Attributes
    ----------
    pairs : TextPairs
    texts : Texts
        The first text of each directed pair.
    outcome : Answers or PairMetric
        What is measured of each first text under an edit.
    places : Places
        Tokens of the first texts that are edited.
    rows : ndarray of shape (k,)
        Numbers of the texts whose states were captured.
    states : Captured
        States (r, d) at these tokens of the captured texts.
    layers : str or None
        Path of the list of layers, if the structure does not show it.
    """

    pairs: TextPairs
    texts: Texts
    outcome: Outcome
    places: Places
    rows: np.ndarray
    states: Captured
    layers: str | None = None

    def of(self, site: str, texts: np.ndarray) -> np.ndarray:
        """Return the states (rows, d) of the edited tokens of some texts."""
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.states.text))])
        position = np.searchsorted(self.rows, texts)
        each = [np.arange(int(starts[i]), int(starts[i + 1])) for i in position]
        return self.states[site][np.concatenate(each)]

    def per_token(self, values: np.ndarray) -> np.ndarray:
        """Repeat one row for each pair (m, ...) for each of its edited tokens."""
        return np.repeat(values, np.diff(self.places.starts), axis=0)


def exchange(  # noqa: PLR0913  texts and how they are run
    model: nn.Module,
    tokenizer: Any,
    texts: Sequence[Any],
    outcome: Outcome,
    pairs: TextPairs,
    sites: Sequence[str],
    *,
    tokens: Any = "last",
    batch_size: int = 32,
    max_length: int | None = None,
    layers: str | None = None,
    report: Report = silent,
) -> Exchange:
    """Capture the states of all paired texts, and check that the tokens of pairs correspond.

    Raises
    ------
    InputError
        If a token rule pools tokens, or chooses different numbers of tokens in a pair.
    """
    used = np.unique(np.concatenate([pairs.first, pairs.second, pairs.same_label]))
    used = used[used >= 0]
    chosen = [texts[i] for i in map(int, used)]
    rule = tokens.take(used) if isinstance(tokens, Spans) else tokens
    limits = {"batch_size": batch_size, "max_length": max_length}
    options = Options(rule, layers=layers, add_generation_prompt=True, **limits)
    encoded = Work.of(model, tokenizer, chosen, list(sites), options).encode(0, len(chosen))
    place = {int(text): i for i, text in enumerate(used)}
    firsts = Texts(model, tokenizer, [texts[i] for i in map(int, pairs.first)], **limits)
    positions = []
    for j, (a, b, c) in enumerate(zip(pairs.first, pairs.second, pairs.same_label, strict=True)):
        one = encoded[place[int(a)]]
        others = [encoded[place[int(i)]] for i in (b, c) if i >= 0]
        if one.rows != len(one.read) or one.read.max() >= len(firsts.ids[j]):
            validation.complain(
                "an interchange needs tokens of the text itself",
                f"tokens={tokens!r} chooses a mean, or a token that follows the text",
                "pass tokens='last', positions, or spans without a mean",
            )
        if any(other.rows != one.rows for other in others):
            validation.complain(
                "an interchange needs as many tokens in both texts of a pair",
                f"tokens={tokens!r} chooses {one.rows} in text {int(a)} (counted from 0), and "
                "another number in a partner",
                "pass tokens='last', or spans of one token",
            )
        positions.append(one.read)
    states = capture(
        model, tokenizer, chosen, list(sites), tokens=rule, layers=layers,
        add_generation_prompt=True, progress=report, **limits,
    )  # fmt: skip
    return Exchange(
        pairs,
        firsts,
        outcome,
        Places.of(positions),
        used,
        states,
        layers,
    )


@dataclass(frozen=True, eq=False)
class Effects:
    """Effects (m,) of the edits of a site on each directed pair, towards b's answer or metric.

    Attributes
    ----------
    before : ndarray of shape (m,)
        By how many nats b's answer is more probable than a's, for the unedited model; of a metric,
        how far it is from b's, below 0.
    whole, interchange : ndarray of shape (m,)
    same_label : ndarray of shape (m,)
        NaN where a text has no partner of the same label.
    permuted, random : ndarray of shape (draws, m)
    others : dict of str to ndarray of shape (m,)
    doses : ndarray of shape (doses, m)
    permuted_doses : ndarray of shape (draws, m)
        Adding directions of permuted labels, as long as at t = 1.
    direct : ndarray of shape (m,) or None
        The interchange at the output of the last layer alone.
    read : ndarray of shape (m,) or None
        The interchange without the part that no later matrix reads.
    later : dict of str to ndarray of shape (2, m)
        How far later outputs moved, and how far the partner's are (`later_layers.arrivals`).
    """

    before: np.ndarray
    whole: np.ndarray
    interchange: np.ndarray
    same_label: np.ndarray
    permuted: np.ndarray
    random: np.ndarray
    others: Mapping[str, np.ndarray]
    doses: np.ndarray
    permuted_doses: np.ndarray
    direct: np.ndarray | None = None
    read: np.ndarray | None = None
    later: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])


def effects_of(
    ready: Exchange,
    z: Concept,
    subspaces: Mapping[str, Subspaces],
    *,
    last: Mapping[str, str | None] | None = None,
    readers: Mapping[str, np.ndarray | None] | None = None,
    report: Report = silent,
) -> dict[str, Effects]:
    """Run every edit of every site on the pairs; return the effects by site.

    Parameters
    ----------
    ready : Exchange
    z : Concept
        Of all texts.
    subspaces : mapping of str to Subspaces
        Site → its subspaces.
    last : mapping of str to str, optional
        Site → site of the output of the last layer, for the direct path.
    readers : mapping of str to ndarray of shape (d, q), optional
        Site → orthonormal basis of what later matrices read, for the dormant check.
    report : callable
    """
    keys: list[tuple[str, str]] = [("", "before")]
    edits: list[Edits] = [{}]
    for site, one in subspaces.items():
        for key, edit in _edits(
            ready, z, site, one, (last or {}).get(site), (readers or {}).get(site)
        ):
            keys.append((site, key))
            edits.append(edit)
    values = ready.outcome.under(ready.texts, edits, layers=ready.layers, report=report)
    by_site: dict[str, dict[str, list[np.ndarray]]] = {site: {} for site in subspaces}
    for (site, key), value in zip(keys[1:], values[1:], strict=True):
        by_site[site].setdefault(key, []).append(value - values[0])
    unplaced = ready.pairs.same_label < 0
    return {
        site: _effects(values[0], each, subspaces[site], unplaced) for site, each in by_site.items()
    }


def _edits(
    ready: Exchange,
    z: Concept,
    site: str,
    one: Subspaces,
    last: str | None,
    reader: np.ndarray | None,
) -> list[tuple[str, Edits]]:
    """Return the edits of a site, each with its name; draws of a null have the same name."""
    pairs, places = ready.pairs, ready.places
    a, b = (ready.of(site, texts) for texts in (pairs.first, pairs.second))
    # A text without a partner of the same label keeps its state, and is not counted.
    same = np.where(pairs.same_label < 0, pairs.first, pairs.same_label)
    c = ready.of(site, same)

    def swap(donors: np.ndarray, maps: AffineEraser | None) -> Edits:
        R, W = (None, None) if maps is None else (maps.reading, maps.writing)
        return {site: Patch(donors, R, W, places=places)}

    def add(means: np.ndarray, dose: float) -> Edits:
        steps = dose * mean_steps(means, z, pairs.first, pairs.second)
        return {site: Patch(ready.per_token(steps), adds=True, places=places)}

    concept = one.concept
    edits: list[tuple[str, Edits]] = [
        ("whole", swap(b, None)), ("interchange", swap(b, concept)),
        ("same_label", swap(c, concept)),
        *(("permuted", swap(b, maps)) for maps in one.permuted),
        *(("random", swap(b, maps)) for maps in one.random),
        *((f"other {name}", swap(b, maps)) for name, maps in one.others.items()),
        *(("doses", add(one.means, dose)) for dose in DOSES),
        *(("permuted_doses", add(means, 1.0)) for means in one.permuted_means),
    ]  # fmt: skip
    step = (b - a).astype(np.float64) @ concept.reading @ concept.writing
    if last is not None:
        edits.append(("direct", {last: Patch(step, adds=True, places=places)}))
    if reader is not None:
        within = (b - a).astype(np.float64) @ reader @ reader.T
        step = within @ concept.reading @ concept.writing @ reader @ reader.T
        edits.append(("read", {site: Patch(step, adds=True, places=places)}))
    return edits


def _effects(
    before: np.ndarray,
    each: Mapping[str, list[np.ndarray]],
    one: Subspaces,
    unplaced: np.ndarray,
) -> Effects:
    return Effects(
        before,
        each["whole"][0],
        each["interchange"][0],
        np.where(unplaced, np.nan, each["same_label"][0]),
        np.stack(each["permuted"]),
        np.stack(each["random"]),
        {name: each[f"other {name}"][0] for name in one.others},
        np.stack(each["doses"]),
        np.stack(each["permuted_doses"]),
        each["direct"][0] if "direct" in each else None,
        each["read"][0] if "read" in each else None,
    )
