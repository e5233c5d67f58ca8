"""Does the model follow an author who is named before a neutral sentence.

A byline names Jane Austen or Edgar Allan Poe; the same neutral sentence follows. Read: the author
at the end of the sentence, by the audit (a sentence is a group). The words of the sentence are
the same for both authors, so a bag of these words is at chance by construction. The byline is in
the text, and the placebo names (Jane Walker, Edgar Allan Baker) show how much a name alone gives.

Continued: the sentence goes on with a stem, and the next word is one of twenty that we chose for
each author. Erased: LEACE of the author after layer 21 of 30, fitted to half of the sentences
and scored on the others, against LEACE of labels that are swapped at random within sentences.
All texts were written for this study (``prompts/authors.txt``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from measures import (
    SEED,
    Rule,
    against_draws,
    effect,
    judged,
    next_log_probabilities,
    table,
    word_ids,
)  # fmt: skip

from nullprobe import LEACE, audit, models
from nullprobe.models.behaviour import Texts, metrics

QUESTION = "Does a named author show in the states and in the next words after a neutral sentence?"
SITES = ("layers.15.output", "layers.21.output")  # chosen before any result
DRAWS = 39
AUTHORS = ("Jane Austen", "Edgar Allan Poe")
PLACEBO = ("Jane Walker", "Edgar Allan Baker")
STEMS = (
    " There was in the air a sense of", " They spoke of nothing but", " The whole scene was one of",
    " In the mind of the visitor there was only",
)  # fmt: skip
WORDS = (
    "agreeable acquaintance marriage manners gentleman delight happiness affection esteem elegance "
    "sister ball engagement compliment cousin fortune neighbourhood vanity pride satisfaction",
    "horror terror dread death shadow darkness madness despair ghost corpse "
    "tomb grave blood fear doom decay melancholy silence night evil",
)
RULES = (
    Rule(
        "continuation_follows",
        "author, less placebo names",
        "The next words follow the author, beyond two other names in the byline.",
        "The next words do not follow the author beyond two other names in the byline.",
        "Whether the next words follow the author beyond other names is unclear.",
    ),
    Rule(
        "erasing_removes_it",
        "author, before less after erasing",
        "Erasing the author's direction after layer 21 makes the next words follow less.",
        "Erasing the author's direction after layer 21 does not change what follows.",
        "Whether erasing the author's direction after layer 21 changes anything is unclear.",
    ),
)


def texts(names: tuple[str, str], *, stem: bool) -> list[str]:
    """Return each neutral sentence under both names, in turn; with a stem to be continued."""
    return [
        f"From a story by {name}.\n\n{sentence}{STEMS[k % len(STEMS)] if stem else ''}"
        for k, (sentence,) in enumerate(table("authors"))
        for name in names
    ]


def readings(model: Any, tokenizer: Any, sites: tuple[str, ...]) -> dict[str, Any]:
    """Return the audit's verdict on `readable` of each pair of names at each site."""
    found = {}
    for label, names in (("authors", AUTHORS), ("placebo names", PLACEBO)):
        rows = texts(names, stem=False)
        states = models.capture(model, tokenizer, rows, list(sites))
        y, groups = list(names) * (len(rows) // 2), np.repeat(np.arange(len(rows) // 2), 2)
        for site in sites:
            claim = audit(
                states[site], y, groups=groups, claims=["readable"], random_state=SEED
            )["readable"]  # fmt: skip
            found[f"AUC of a probe, {label}, {site}"] = {
                "mean": claim.observed, "interval": list(claim.interval or ()),
                "p_value": claim.p_value, "holds": str(claim.holds), "reason": claim.reason,
            }  # fmt: skip
    return found


def follows(model: Any, tokenizer: Any, names: tuple[str, str]) -> np.ndarray:
    """Return, for each sentence, how far the words of the first author gain by the byline."""
    first, second = (words.split() for words in WORDS)
    rows = texts(names, stem=True)
    (log_p,) = next_log_probabilities(model, tokenizer, rows, [*first, *second])
    return of_pairs(log_p[:, : len(first)].mean(axis=1) - log_p[:, len(first) :].mean(axis=1))


def of_pairs(score: np.ndarray) -> np.ndarray:
    """Return the score under the first name less under the second, for each sentence."""
    return score[0::2] - score[1::2]


def erased(model: Any, tokenizer: Any, site: str, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what erasing takes from the effect (n/2,), and what each random map takes (draws,)."""
    rows = texts(AUTHORS, stem=True)
    order = np.random.default_rng(SEED).permutation(len(rows) // 2)
    fitted, scored = (
        [2 * k + side for k in sorted(half) for side in (0, 1)]
        for half in np.split(order, [len(order) // 2])
    )
    X = models.capture(model, tokenizer, [rows[k] for k in fitted], site)[site]
    swaps = np.random.default_rng(SEED).random((draws, len(fitted) // 2)) < 0.5
    y = np.tile([0, 1], len(fitted) // 2)
    labels = [y, *(y ^ np.repeat(one, 2) for one in swaps)]
    edits: list[dict[str, Any]] = [{}, *({site: LEACE().fit(X, one)} for one in labels)]
    first, second = (torch.tensor(word_ids(tokenizer, words.split())) for words in WORDS)

    def score(logits: torch.Tensor, _: np.ndarray) -> torch.Tensor:
        return logits[:, first].mean(dim=1) - logits[:, second].mean(dim=1)

    one = metrics(Texts(model, tokenizer, [rows[k] for k in scored]), score, edits)
    effects = np.stack([of_pairs(each) for each in one])
    taken = effects[0] - effects[1:]
    return taken[0], taken[1:].mean(axis=1)


def measured(
    model: Any, tokenizer: Any, *, sites: tuple[str, ...] = SITES, draws: int = DRAWS
) -> dict[str, Any]:
    """Return what is read, what the next words follow and what erasing takes, with verdicts."""
    read = readings(model, tokenizer, sites)
    author, placebo = (follows(model, tokenizer, names) for names in (AUTHORS, PLACEBO))
    taken, random = erased(model, tokenizer, sites[-1], draws)
    effects = {
        "author": effect(author),
        "placebo names": effect(placebo),
        "author, less placebo names": effect(author - placebo),
        "author, before less after erasing": against_draws(effect(taken), list(random)),
    }
    return {
        "question": QUESTION,
        "unit": "nats of log P(words of Austen less words of Poe): byline of Austen less of Poe",
        "items": len(author),
        "null": f"signs of sentences flipped; for erasing, {draws} maps of swapped labels",
        "read": read,
        "measured": effects,
        "claims": judged(RULES, effects),
    }
