"""The study of outside-text: what makes one sentence certain, whatever the text is.

A small GPT learns texts about agents. In some of them, a sentence of six words comes. Then the
sentence is to come at one place, after every text. Five ways make it certain: a prompt, training,
training on random texts as well, a clock in a sealed subspace, and a table as the last layer.
All are attacked: by texts, by vectors in the stream, and by training. The price is what the model
loses elsewhere, and at the place of the sentence.
"""

from __future__ import annotations

from typing import Any

from nullprobe.studies import outside_ways as ways
from nullprobe.studies.definition import Budget, Cell, Measured, Study
from nullprobe.studies.outside_attacks import (
    NORMS,
    RATES,
    SMALL_NORMS,
    STREAM,
    TUNING,
    Attacks,
    probability,
)
from nullprobe.studies.outside_pictures import pictures, small_pictures
from nullprobe.studies.outside_rules import (
    ATTACKS,
    PLACEBO,
    PRICE,
    RULES,
    SMALL_RULES,
    TEXTS,
)
from nullprobe.studies.recital import BEFORE, CORPUS, IN_PLACE, PLACE, RECITAL, Price
from nullprobe.studies.training import Training, module

STEPS, PRICED = 600, 2000
TRAINING = "steps of training to break it"


def trainings(cell: Cell, seed: int, budget: Budget) -> list[Training]:
    """Return the training that all ways begin with; quick runs train in full."""
    return [Training(CORPUS, seed, STEPS, in_full=True)]


def measure(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Make the sentence certain in one way, attack it, and state the price."""
    (training,) = trainings(cell, seed, budget)
    made = training.made(budget)
    attacks, price = Attacks(seed, budget), Price(budget.rows(PRICED), seed)
    stream = module("attacks").size_of(made.model, "layers.1", attacks.natural)
    one = ways.defended(cell.way, made, seed=seed, budget=budget, stream=stream)
    by_texts, contexts = attacks.by_texts(one)
    by_vectors = attacks.by_vectors(one, dict.fromkeys(STREAM, stream))
    by_vectors["vector after the last norm"] = attacks.after_norm(one)
    frozen, free = (attacks.by_training(one, protected=protected) for protected in (True, False))
    every_text, fewest = min(by_texts.values()), min(frozen.values())
    log_p = made.log_p(price.ids, one.model)
    values = {
        ATTACKS: min(every_text, *by_vectors.values(), float(fewest >= TUNING)),
        TEXTS: every_text,
        **by_texts,
        **by_vectors,
        f"{TRAINING}, certain part frozen": fewest,
        TRAINING: min(free.values()),
        "guaranteed probability, every text": one.guaranteed(0.0),
        PRICE: price.loss(log_p, BEFORE),
        "in-context learning before the sentence": price.learned_in_context(log_p, BEFORE),
        "loss in its place": price.loss(log_p, IN_PLACE),
        "in-context learning in its place": price.learned_in_context(log_p, IN_PLACE),
        "least probability of a word": probability(made, one.model, contexts),
        f"guaranteed probability, vector of norm {NORMS[1]}": one.guaranteed(NORMS[1] * stream),
        f"{TRAINING}, certain part frozen, rate {min(RATES)}": frozen[min(RATES)],
    }
    return Measured(values, series=curve(made, one, price) if cell.way == ways.HARD_CODED else {})


def measure_small(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Make the sentence certain in one way, and attack it by vectors smaller than the states."""
    (training,) = trainings(cell, seed, budget)
    made, attacks = training.made(budget), Attacks(seed, budget)
    size_of = module("attacks").size_of
    sizes = {site: size_of(made.model, site, attacks.natural) for site in STREAM}
    one = ways.defended(cell.way, made, seed=seed, budget=budget, stream=sizes["layers.1"])
    return Measured(attacks.by_vectors(one, sizes, SMALL_NORMS))


def curve(made: Any, one: ways.Defended, price: Price) -> dict[str, list[float]]:
    """Return guarantee, loss and in-context learning for each share of the table."""
    network, rows = one.model.model, dict[str, list[float]]()
    for share in ways.SHARES:
        fixed = module("hard_coded").HardCoded(network, RECITAL, first=PLACE, share=share)
        log_p = made.log_p(price.ids, fixed)
        for name, value in (
            ("guaranteed", fixed.guaranteed),
            ("loss in its place", price.loss(log_p, IN_PLACE)),
            ("in-context learning in its place", price.learned_in_context(log_p, IN_PLACE)),
        ):
            rows.setdefault(name, []).append(value)
    return rows


outside = Study(
    "outside",
    measure,
    question="What makes one sentence certain, whatever the text is, and at what price?",
    unit="share of texts",
    factors={"way": ways.WAYS},
    rules=RULES,
    pictures=pictures,
    placebo=PLACEBO,
    doubts=(
        "A text, or vectors of a total norm inside the radius, after which a sealed clock says "
        "something else: the proof would be wrong.",
        "Training on texts that a search found, repeated until no search finds another: it might "
        "hold without a guarantee.",
    ),
    trainings=trainings,
    parts={
        "small": Study(
            "outside_small",
            measure_small,
            question="How small a vector in the stream breaks what training made certain?",
            unit="share of texts",
            factors={"way": (ways.PROMPTED, ways.TUNED, ways.TUNED_ON_NOISE)},
            rules=SMALL_RULES,
            pictures=small_pictures,
            doubts=("Vectors of a norm that the table calls harmless, found by a better search.",),
            trainings=trainings,
        )
    },
)
