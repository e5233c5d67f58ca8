"""Demo of a model: a small GPT that must know whether statements are true, layer by layer.

It is trained from scratch, so that what it knows is known: whether a statement is true. Each layer
is asked four things: can truth be read, more than before training and more than from words; does
CCS find it without labels; does the model use it; and is as much so of how a statement ends, which
the text shows and the task has no use for?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nullprobe import models
from nullprobe.audit import audit
from nullprobe.audited import Audit, Layers
from nullprobe.claims import Claim, FactAbout, Holds
from nullprobe.cli.subject import Bars
from nullprobe.model_audit import audit_use
from nullprobe.pairs import ContrastPairs
from nullprobe.worlds import organism
from nullprobe.worlds.facts import Statements
from nullprobe.worlds.organism import Organism

N, N_PAIRS = 800, 240
SITES = "layers.*.output"
TRUTH, ENDING = "truth", 'ends in "!"'
QUESTION = (
    "A small language model is trained from scratch to tell true statements from false ones. In "
    "which layers can truth be read, did training put it there, does CCS find it without labels, "
    "and does the model use it?"
)


@dataclass(frozen=True)
class Settings:
    """How to audit the organism: its seed, and the draws of each null.

    Attributes
    ----------
    seed, permutations, draws : int
        Draws are those of random subspaces.
    command : str
        The command line that does it again.
    n, n_pairs : int
        Statements, and those of them that CCS is given with either verdict.
    """

    seed: int
    permutations: int
    draws: int
    command: str
    n: int = N
    n_pairs: int = N_PAIRS


def grown(settings: Settings) -> Organism:
    """Return the organism, trained now or before."""
    with Bars("language model") as bars:
        return organism.language(random_state=settings.seed, progress=bars)


def audits(one: Organism, settings: Settings) -> list[Audit]:
    """Return an audit of each layer for truth, and then of each for how statements end."""
    drawn = one.statements(settings.n, settings.seed)
    with Bars("layers") as bars:
        layers = {
            name: dict(models.capture(model, one.tokenizer, drawn.texts, SITES, progress=bars))
            for name, model in (("trained", one.model), ("untrained", one.untrained))
        }
    baselines = {f"untrained, {site}": X for site, X in layers["untrained"].items()}
    baselines["bag of words"] = one.bag_of_words(drawn.texts)
    found = []
    concepts = {TRUTH: drawn.truth == 1, ENDING: drawn.unrelated["exclaimed"] == 1}
    for concept, y in concepts.items():
        read = _read(layers["trained"], y, baselines, concept, settings)
        further = [_used(one, drawn, y, concept, settings)]
        if concept == TRUTH:
            further.insert(0, _consistent(one, settings))
        for site, result in read.audits.items():
            claims = (*result.claims, *(claims[site] for claims in further))
            found.append(replace(result, claims=claims, provenance=_origin(result, settings)))
    return found


def _read(
    layers: Mapping[str, np.ndarray],
    y: np.ndarray,
    baselines: Mapping[str, np.ndarray],
    concept: str,
    settings: Settings,
) -> Layers:
    """Audit whether a concept can be read in each layer."""
    with Bars(concept) as bars:
        found: Any = audit(
            layers,
            np.where(y, "yes", "no"),
            baselines=baselines,
            claims=["readable"],
            n_permutations=settings.permutations,
            random_state=settings.seed,
            title=f"{concept[0].upper()}{concept[1:]}",
            progress=bars,
        )
    return found


def _consistent(one: Organism, settings: Settings) -> dict[str, Claim]:
    """Audit what CCS finds in the states at either verdict, in each layer."""
    pairs = one.pairs(settings.n_pairs, settings.seed)
    with Bars("pairs") as bars:
        below, above = (
            models.capture(one.model, one.tokenizer, side, SITES, progress=bars)
            for side in (pairs.negative, pairs.positive)
        )
        sides = {site: ContrastPairs(below[site], above[site], pairs.truth) for site in below}
        found: Any = audit(
            sides,
            claims=["consistent"],
            n_permutations=settings.permutations,
            random_state=settings.seed,
            progress=bars,
        )
    return {site: found[site]["consistent"] for site in sides}


def _used(
    one: Organism, drawn: Statements, y: np.ndarray, concept: str, settings: Settings
) -> dict[str, Claim]:
    """Audit whether the model uses a concept at each layer to say what is true."""
    with Bars(concept) as bars:
        return audit_use(
            one.model,
            one.tokenizer,
            drawn.texts,
            y,
            SITES,
            answers=drawn.right,
            n_draws=settings.draws,
            batch_size=256,
            random_state=settings.seed,
            progress=bars,
        )


def _origin(result: Audit, settings: Settings) -> dict[str, Any]:
    source = {"world": "a GPT of four layers, trained on statements about a small world of facts"}
    return {"command": settings.command, "source": source, **result.provenance}


def point(results: Sequence[Audit]) -> list[str]:
    """Return the point of the demo in three paragraphs, with the numbers that were found."""
    truth = [one for one in results if one.title.startswith(TRUTH.capitalize())]
    ending = [one for one in results if one not in truth]
    above = [one for one in truth if _beyond(one["readable"])]
    used = [one for one in truth if one["used"].holds is Holds.YES]
    idle = [one for one in ending if one["used"].holds is not Holds.YES]
    best = max(truth, key=lambda one: one["readable"].observed)
    simpler = max(best["readable"].beside, key=lambda other: other.value)
    ccs = max(truth, key=lambda one: one["consistent"].observed)
    harmed = max(truth, key=lambda one: abs(one["used"].observed))
    spared = max(ending, key=lambda one: abs(one["used"].observed))
    return [
        "Here it is known what a model knows: it was trained to say whether statements about a "
        "small world are true. At the last word of statements that it never saw, truth is read "
        f"best in {_layer(best)}, with an AUC of {best['readable'].observed:.2f}; of what it is "
        f"compared with, {simpler.name} reads most, {simpler.value:.2f}. In {_count(above, truth)} "
        "layers that is a fact about what training put there.",
        f"CCS, which is told no labels, agrees with truth in {ccs['consistent'].observed:.0%} of "
        f"held-out pairs in {_layer(ccs)}, where it does so most; random directions do on average "
        f"in {ccs['consistent'].nulls[1].mean:.0%}.",
        f"The model uses truth in {_count(used, truth)} layers: erasing it in {_layer(harmed)} "
        f"changes the log-probability of the right answer by {harmed['used'].observed:+.2f} nats, "
        "random subspaces of the same size change it by "
        f"{harmed['used'].nulls[0].mean:+.2f}. How a statement ends is there to be read, too, but "
        f"nothing depends on it: in {_count(idle, ending)} layers erasing it is not told from "
        f"erasing anything else, and changes it by {spared['used'].observed:+.2f} nats at most. "
        "What can be read is not what is used.",
    ]


def _beyond(claim: Claim) -> bool:
    return claim.holds is Holds.YES and claim.fact_about is FactAbout.REPRESENTATION


def _layer(one: Audit) -> str:
    return one.title.partition(": ")[2]


def _count(some: Sequence[Audit], every: Sequence[Audit]) -> str:
    return f"{len(some)} of {len(every)}"
