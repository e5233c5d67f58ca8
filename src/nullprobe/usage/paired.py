"""Paired audits of use: interchange and adding next to erasing, on the same halves and sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from torch import nn

from nullprobe._core.progress import Report
from nullprobe.claims import Claim, Thresholds, Use
from nullprobe.claims.combined_use import combined_use
from nullprobe.claims.use_methods import ANSWER_UNIT
from nullprobe.data.concept import Concept, concept
from nullprobe.data.splits import Parts
from nullprobe.models.behaviour import Metric, Texts, metrics
from nullprobe.models.capturing.states import Captured
from nullprobe.models.scored_tokens import Edits
from nullprobe.nulls.permutation import Permutations
from nullprobe.usage.edits import Fit
from nullprobe.usage.interchange import Exchange, effects_of, exchange
from nullprobe.usage.later_layers import LaterLayers
from nullprobe.usage.methods import Sample, adjusted, erasing, interchange_and_adding
from nullprobe.usage.outcomes import Answers, Outcome, PairMetric
from nullprobe.usage.pairs import TextPairs, directed_pairs, joined_groups, pair_names
from nullprobe.usage.reading_matrices import last_output, read_at
from nullprobe.usage.subspaces import Subspaces, subspaces_of

MOST_EXAMPLES = 10


@dataclass(eq=False)
class Paired:
    """The part of an audit of use that needs pairs of texts.

    Attributes
    ----------
    z : Concept
        Of n texts.
    outcome : sequence of n str, or callable
        Answers, or the metric.
    names : ndarray of shape (n,) or None
        Pair of each text; None to match.
    groups : ndarray of shape (n,) or None
        Group of each text, within which texts are matched.
    clusters : ndarray of shape (n,) or None
        Groups, joined where a pair has texts of two; they are resampled together.
    others : dict of str to Concept
        Other concepts of the texts.
    n_draws, seed : int
    unit : str
        Unit of a metric.
    subspaces : dict of str to Subspaces
        Site → subspaces, once they are fitted.
    ready : Exchange or None
        Pairs of the scored texts, once they are prepared.
    later : LaterLayers or None
        Outputs behind each site, once they are prepared.
    """

    z: Concept
    outcome: Sequence[str] | Metric
    names: np.ndarray | None
    groups: np.ndarray | None
    clusters: np.ndarray | None
    others: Mapping[str, Concept]
    n_draws: int
    seed: int
    unit: str = ""
    subspaces: dict[str, Subspaces] = field(default_factory=dict)
    ready: Exchange | None = None
    later: LaterLayers | None = None

    @classmethod
    def of(  # noqa: PLR0913  what is checked together
        cls,
        pairs: Any,
        z: Concept,
        outcome: Sequence[str] | Metric,
        groups: np.ndarray | None,
        concepts: Mapping[str, Any] | None,
        n_draws: int,
        seed: int,
    ) -> Paired:
        """Return the part from checked arguments."""
        others = {
            name: concept(labels, n=len(z), name=name) for name, labels in (concepts or {}).items()
        }
        names = pair_names(pairs, len(z))
        clusters = None if groups is None else joined_groups(groups, names)
        return cls(z, outcome, names, groups, clusters, others, n_draws, seed)

    def of_halves(self) -> np.ndarray | None:
        """Return groups (n,) whose texts stay in one half; None if every text may go anywhere."""
        return joined_groups(self.groups, self.names)

    def prepare(
        self, model: nn.Module, tokenizer: Any, texts: Sequence[Any], halves: Sequence[np.ndarray],
        sites: Sequence[str], **how: Any,
    ) -> None:  # fmt: skip
        """Pair the scored texts, and capture states of both halves.

        ``halves`` holds the numbers of the texts that fit and of those that are scored; ``how`` is
        as for `exchange`. What cannot be interchanged is refused here, before the model runs under
        edits.
        """
        fitted, scored = halves
        outcome: Outcome
        if callable(self.outcome):
            values = self._metrics(model, tokenizer, texts, scored, how)
            pairs = directed_pairs(texts, self.z, values, scored, self.names, self.groups)
            outcome = PairMetric.of(self.outcome, values, pairs)
        else:
            pairs = directed_pairs(texts, self.z, self.outcome, scored, self.names, self.groups)
            outcome = Answers.of(self.outcome, pairs)
        self.later = LaterLayers.of(model, tokenizer, texts, self.z, fitted, sites, **how)
        every = list(dict.fromkeys([*sites, *self.later.means]))
        self.ready = exchange(model, tokenizer, texts, outcome, pairs, every, **how)

    def _metrics(
        self, model: nn.Module, tokenizer: Any, texts: Sequence[Any], rows: np.ndarray,
        how: Mapping[str, Any],
    ) -> Any:  # fmt: skip
        """Return the metric (n,) of the unedited model; 0 for texts that are not scored."""
        metric: Any = self.outcome
        limits = {key: how[key] for key in ("batch_size", "max_length") if key in how}
        encoded = Texts(model, tokenizer, [texts[i] for i in map(int, rows)], **limits)
        values = np.zeros(len(texts))
        (values[rows],) = metrics(
            encoded, lambda logits, which: metric(logits, rows[which]), [{}],
            layers=how.get("layers"), report=how["report"],
        )  # fmt: skip
        return values

    def fit(
        self, states: Captured, halves: Parts, fitted: np.ndarray, each: Mapping[str, list[Edits]],
        fit: Fit,
    ) -> dict[str, list[Edits]]:  # fmt: skip
        """Fit all subspaces of each site; return the erasers of permuted labels by site."""
        rows = fitted[states.text]
        orders = Permutations.of(self.z, halves, [self.seed, 4]).orders(range(self.n_draws))
        drawn = [self.z.take(order[rows]) for order in orders.T]
        for site, edits in each.items():
            self.subspaces[site] = subspaces_of(
                states[site],
                self.z.take(rows),
                fit,
                [edit[site] for edit in edits],  # type: ignore[misc]  erasers
                drawn,
                {name: other.take(rows) for name, other in self.others.items()},
            )
        return {
            site: [{site: one} for one in fits.permuted] for site, fits in self.subspaces.items()
        }

    def claims(
        self,
        model: nn.Module,
        uses: Mapping[str, Use],
        permuted: Mapping[str, np.ndarray],
        bar: Thresholds,
        report: Report,
    ) -> dict[str, tuple[Claim, ...]]:
        """Run the interchanges; return the claim of each site.

        Parameters
        ----------
        model : torch.nn.Module
        uses : mapping of str to Use
            What erasing does, by site.
        permuted : mapping of str to ndarray of shape (draws,)
            Mean change by erasers of permuted labels.
        bar : Thresholds
        report : callable
        """
        ready, later, sites = self.ready, self.later, list(uses)
        assert ready is not None, "pairs are prepared before they run"
        assert later is not None, "later layers are prepared with the pairs"
        effects = effects_of(
            ready,
            self.z,
            {site: self.subspaces[site] for site in sites},
            last={site: last_output(model, site, ready.layers) for site in sites},
            readers={site: read_at(model, site, ready.layers) for site in sites},
            report=report,
        )
        for site in sites:
            concept_map = self.subspaces[site].concept
            moved = later.moved(ready, self.z, site, concept_map, report)
            effects[site] = replace(effects[site], later=moved)
        pairs = ready.pairs
        clusters = pairs.pair if self.clusters is None else self.clusters[pairs.first]
        unit = f"shift towards the partner: {self.unit}" if callable(self.outcome) else ANSWER_UNIT
        sample = Sample(clusters, self.seed, unit)
        methods = adjusted(
            {
                site: [
                    erasing(uses[site], permuted[site], self.subspaces[site]),
                    *interchange_and_adding(effects[site], self.subspaces[site], sample, bar),
                ]
                for site in sites
            }
        )
        shown = pairs_document(pairs)
        return {site: (combined_use(uses[site], methods[site], bar, shown),) for site in sites}


def pairs_document(pairs: TextPairs) -> dict[str, Any]:
    """Return pairs as a document shows them."""
    return {
        "matched": pairs.is_matched,
        "distance": float(pairs.distance.mean()),
        "first": pairs.first,
        "second": pairs.second,
        "same_label": pairs.same_label,
        "examples": [
            {"first": pairs.texts[a], "second": pairs.texts[b]}
            for a, b in zip(
                pairs.first[:MOST_EXAMPLES].tolist(),
                pairs.second[:MOST_EXAMPLES].tolist(),
                strict=True,
            )
        ],
    }
