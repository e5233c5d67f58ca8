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
from nullprobe._core.progress import Bars
from nullprobe.auditing.entry import audit
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.result import Audit
from nullprobe.claims import Claim, ComesFrom, Holds
from nullprobe.claims.sentences import p_text
from nullprobe.data.pairs import ContrastPairs
from nullprobe.report.text.answer import ABOUT, TESTED
from nullprobe.report.text.tables import Table
from nullprobe.usage.entry import audit_use
from nullprobe.worlds.language_models import organism
from nullprobe.worlds.language_models.facts import ATTRIBUTES, CORRECTED, Statements
from nullprobe.worlds.language_models.organism import Organism

N, N_PAIRS, N_NEUTRAL = 800, 240, 100
MOST_SUBSPACES = 99  # for each, the model reads all texts
SITES = "layers.*.output"
TRUTH, ENDING, WORDS = "truth", 'ends in "!"', "bag of words"
TRAINED, UNTRAINED = "trained", "untrained"
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
    seed, draws, subspaces : int
        Draws of each null at most, and how many random subspaces are removed from the model.
    command : str
        The command line that does it again.
    n, n_pairs, n_neutral : int
        Statements, those of them that CCS is given with either verdict, and others, of whose words
        but the last the damage is measured.
    """

    seed: int
    draws: int
    subspaces: int
    command: str
    n: int = N
    n_pairs: int = N_PAIRS
    n_neutral: int = N_NEUTRAL


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
            for name, model in ((TRAINED, one.model), (UNTRAINED, one.untrained))
        }
    others = {
        "untrained": {f"{UNTRAINED}, {site}": X for site, X in layers[UNTRAINED].items()},
        "baselines": {WORDS: one.bag_of_words(drawn.texts)},
    }
    audited = []
    concepts = {TRUTH: drawn.truth == 1, ENDING: drawn.unrelated["exclaimed"] == 1}
    for concept, y in concepts.items():
        joined = _read(layers[TRAINED], y, drawn.entity, others, concept, settings)
        if concept == TRUTH:
            joined |= _consistent(one, settings)
        joined |= _used(one, drawn, y, concept, settings)
        for result in joined.audits.values():
            audited.append(replace(result, provenance=_origin(result, settings)))
    return audited


def _read(
    layers: Mapping[str, np.ndarray],
    y: np.ndarray,
    groups: np.ndarray,
    others: Mapping[str, Mapping[str, np.ndarray]],
    concept: str,
    settings: Settings,
) -> Layers:
    """Audit whether a concept can be read in each layer."""
    with Bars(concept) as bars:
        layered: Any = audit(
            layers,
            _named(y),
            groups=groups,
            baselines=others["baselines"],
            untrained=others["untrained"],
            claims=["readable"],
            draws=settings.draws,
            random_state=settings.seed,
            title=_title(concept),
            progress=bars,
        )
    return layered


def _consistent(one: Organism, settings: Settings) -> Layers:
    """Audit what CCS finds in the states at either verdict, in each layer."""
    pairs = one.pairs(settings.n_pairs, settings.seed)
    with Bars("pairs") as bars:
        below, above = (
            models.capture(one.model, one.tokenizer, side, SITES, progress=bars)
            for side in (pairs.negative, pairs.positive)
        )
        sides = {site: ContrastPairs(below[site], above[site], pairs.truth) for site in below}
        followed: Any = audit(
            sides,
            claims=["consistent"],
            draws=settings.draws,
            random_state=settings.seed,
            progress=bars,
        )
    return followed


def _used(
    one: Organism, drawn: Statements, y: np.ndarray, concept: str, settings: Settings
) -> Layers:
    """Audit whether the model uses a concept at each layer to say what is true.

    What else erasing does is measured where no verdict is due: within other statements.
    """
    others = one.statements(settings.n_neutral, settings.seed + 1).texts
    with Bars(concept) as bars:
        return audit_use(
            one.model,
            one.tokenizer,
            drawn.texts,
            _named(y),
            SITES,
            answers=drawn.right,
            neutral=[text.rpartition(" ")[0] for text in others],
            groups=drawn.entity,
            n_draws=settings.subspaces,
            batch_size=256,
            random_state=settings.seed,
            progress=bars,
        )


def _origin(result: Audit, settings: Settings) -> dict[str, Any]:
    source = {"world": "a GPT of four layers, trained on statements about a small world of facts"}
    return {"command": settings.command, "source": source, **result.provenance}


def point(one: Organism, results: Sequence[Audit], settings: Settings) -> list[tuple[str, str]]:
    """Return the point of the demo, each part with what it answers and the numbers found."""
    truth, ending = _by_concept(results)
    above = [result for result in truth if _beyond(result["readable"])]
    best = max(truth, key=lambda result: result["readable"].observed)
    simpler = max(best["readable"].beside, key=lambda other: other.value)
    return [
        (TESTED, _organism(one, settings)),
        (
            "Read",
            f"At the last word of {settings.n} statements that it never saw, truth is read best in "
            f"{_layer(best)}, with an AUC of {best['readable'].observed:.2f}, on entities that the "
            f"probe was not fitted to; of what it is compared with, “{simpler.name}” reads most, "
            f"{simpler.value:.2f}.",
        ),
        ("Read without labels", _without_labels(truth)),
        ("Used", _use(truth, ending)),
        (
            ABOUT,
            f"In {_count(above, truth)} layers neither inputs nor architecture are enough for what "
            "is read, so that training put it there. What can be read is not what is used.",
        ),
    ]


def layer_by_layer(results: Sequence[Audit]) -> Table:
    """Return what was found, one column a layer."""
    truth, ending = _by_concept(results)
    names = [_layer(one) for one in truth]
    readings = [{other.name: other.value for other in one["readable"].beside} for one in truth]
    pairs, used = ([one[name] for one in truth] for name in ("consistent", "used"))
    rows = {
        "truth, AUC": [one["readable"].observed for one in truth],
        "of the untrained twin": [
            reading[f"{UNTRAINED}, {site}"] for site, reading in zip(names, readings, strict=True)
        ],
        f"of a {WORDS}": [reading[WORDS] for reading in readings],
        "pairs that CCS gets right": [claim.observed for claim in pairs],
        "that random directions get right": [claim.nulls[1].mean for claim in pairs],
        "that a probe with labels gets right": [claim.details["labelled_probe"] for claim in pairs],
        "truth erased, change in nats": [claim.observed for claim in used],
        "random subspaces removed, the same": [claim.nulls[0].mean for claim in used],
        f"{ENDING}, AUC": [one["readable"].observed for one in ending],
        "that erased, change in nats": [one["used"].observed for one in ending],
    }
    note = "Change: of the log-probability of the right verdict. Intervals and nulls stand below."
    lines = tuple((name, *values) for name, values in rows.items())
    columns = ("", *(name.removesuffix(".output") for name in names))
    return Table("Layer by layer", columns, lines, note=note)


def _organism(one: Organism, settings: Settings) -> str:
    """Describe the model and its training."""
    config, example = one.model.config, one.statements(settings.n, settings.seed).texts[0]
    return (
        "Here it is known what a model knows. A GPT of "
        f"{config.n_layer} layers, {config.n_embd} wide, was trained from scratch on statements "
        f"about {len(one.facts.values)} entities with {len(ATTRIBUTES)} attributes each, such as "
        f"“{example}”. “true” or “false” follows {1 - CORRECTED:.0%} of them, and the value that "
        "is right the others. Its untrained twin has the weights that it began with."
    )


def _named(y: np.ndarray) -> np.ndarray:
    """Return the labels of both audits of a layer, as a page shows them."""
    return np.where(y, "yes", "no")


def _without_labels(truth: Sequence[Audit]) -> str:
    """Say what CCS finds, next to what could be found where it looks."""
    best = max(truth, key=lambda result: result["consistent"].observed)
    claim = best["consistent"]
    random = claim.nulls[1]
    agreeing = [result for result in truth if result["consistent"].holds is Holds.YES]
    return (
        "CCS uses no labels, and looks elsewhere: at the word “true” or “false” after each "
        "statement. It agrees with truth in "
        f"{claim.observed:.0%} of held-out pairs in {_layer(best)}, where it does so most; random "
        f"directions do in {random.mean:.0%} ± {random.sd:.0%} "
        f"({p_text(random.p_value(claim.observed))}), and a probe fitted with labels in "
        f"{claim.details['labelled_probe']:.0%}. The claim that CCS finds truth holds in "
        f"{_count(agreeing, truth)} layers."
    )


def _use(truth: Sequence[Audit], ending: Sequence[Audit]) -> str:
    """Say what erasing changes."""
    used = [result for result in truth if result["used"].holds is Holds.YES]
    unclear = [result for result in truth if result["used"].holds is Holds.UNCLEAR]
    idle = [result for result in ending if result["used"].holds is not Holds.YES]
    most = max(truth, key=lambda result: abs(result["used"].observed))
    spared = max(ending, key=lambda result: abs(result["used"].observed))
    claim = most["used"]
    rest = f", and in {len(unclear)} it is unclear" if unclear else ""
    damage, of_random = (claim.details[name] for name in ("divergence", "random_divergence"))
    return (
        f"The model uses truth in {_count(used, truth)} layers{rest}: erasing it in "
        f"{_layer(most)} changes the log-probability of the right verdict by "
        f"{claim.observed:+.2f} nats, random subspaces of the same size change it by "
        f"{claim.nulls[0].mean:+.2f}. (Without erasing it is "
        f"{claim.details['before_erasing']:.2f}; because of the corrections, "
        f"{np.log(1 - CORRECTED):.2f} is the best there is.) Within other "
        f"statements, where no verdict is due, predictions move by {damage:.2f} nats a word, and "
        f"by {of_random:.2f} after random subspaces. How a statement ends is there to be read, "
        f"too, but nothing depends on it: in {_count(idle, ending)} layers erasing it "
        f"is no different from erasing anything else, and changes it by "
        f"{spared['used'].observed:+.2f} nats at most."
    )


def _by_concept(results: Sequence[Audit]) -> tuple[list[Audit], list[Audit]]:
    """Return the audits of truth, and those of how statements end, layer by layer."""
    truth = [one for one in results if one.title == _title(TRUTH)]
    return truth, [one for one in results if one.title != _title(TRUTH)]


def _beyond(claim: Claim) -> bool:
    return claim.holds is Holds.YES and claim.comes_from is ComesFrom.TRAINING


def _title(concept: str) -> str:
    return f"{concept[0].upper()}{concept[1:]}"


def _layer(one: Audit) -> str:
    return one.representation or ""


def _count(part: Sequence[Audit], every: Sequence[Audit]) -> str:
    return f"{len(part)} of {len(every)}"
