"""Does the model use what a probe reads? Erasing, interchange and adding, on minimal pairs.

Four concepts. Three of them the model is expected to master: the number of a subject, the language
of a text, and the country of a capital. The fourth is whether an answer to a question about a city
is right, and the model is asked to judge it.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
import statements

from nullprobe import audit, audit_use, models
from nullprobe.models.behaviour import Texts, log_probabilities

LAYERS = (9, 15, 21, 27)  # chosen before any result
SITES = [f"layers.{k}.output" for k in LAYERS]
DRAWS, SEED = 39, 0


class Pairs(NamedTuple):
    """Texts with a concept, right answers, and the name of each text's pair."""

    question: str
    texts: list[str]
    y: list[str]
    answers: list[str]
    pairs: list[str]
    groups: list[str]
    neutral: tuple[str, ...] = (
        "The weather was fine, and we walked along the shore until it grew dark.",
        "Water boils at a lower temperature on a high mountain.",
        "She wrote a long letter to her sister, who lived on the other side of the town.",
        "To bake bread you need flour, water, salt and some patience.",
    )


FRENCH = {
    "dog": "chien", "cat": "chat", "horse": "cheval", "book": "livre", "bread": "pain",
    "wine": "vin", "king": "roi", "castle": "château", "garden": "jardin", "tree": "arbre",
    "hat": "chapeau", "fish": "poisson", "bird": "oiseau", "train": "train", "cake": "gâteau",
    "coat": "manteau",
}  # fmt: skip
CAPITALS = {
    "France": " Paris", "Italy": " Rome", "Japan": " Tokyo", "Germany": " Berlin",
    "Spain": " Madrid", "Russia": " Moscow",
}  # fmt: skip
# A form is a group: an interval needs five of them in the half that is scored.
ASKING = (
    "The capital of {} is", "The capital city of {} is", "The seat of the government of {} is",
    "The largest city of {} is", "The best known city of {} is", "The central city of {} is",
    "The main airport of {} is in", "The parliament of {} meets in",
    "The president of {} lives in", "The national museum of {} is in",
    "The embassies in {} are in", "The central bank of {} is in",
)  # fmt: skip


def agreement() -> Pairs:
    """Return subjects in both numbers; the verb agrees with them."""
    rows = [row for row in statements.agreement() if row[2] in NOUNS and row[0][-1] != "s"]
    texts = [text for text, _, _ in rows]
    # A pair has the same noun and the same place.
    names = [f"{noun} {text.rpartition(' ')[2]}" for text, _, noun in rows]
    y = ["plural" if verb == "are" else "singular" for _, verb, _ in rows]
    answers = [f" {verb}" for _, verb, _ in rows]
    asked = "Is the number of the subject used for the verb?"
    return Pairs(asked, texts, y, answers, names, [noun for *_, noun in rows])


NOUNS = "key door book dog car boy girl king tree ship cup clock bird lamp coat star".split()


def language() -> Pairs:
    """Return the same list of nouns in English and in French; it goes on with "and" or "et"."""
    texts, y, answers, names, groups = [], [], [], [], []
    words = list(FRENCH)
    for i, word in enumerate(words):
        for step in (1, 3, 5):
            others = [words[(i + k * step) % len(words)] for k in (1, 2)]
            english = f"the {word} and the {others[0]}, the {others[1]}"
            french = f"{_le(word)} et {_le(others[0])}, {_le(others[1])}"
            for text, tongue, answer in (
                (english, "English", " and"), (french, "French", " et")
            ):  # fmt: skip
                texts.append(text)
                y.append(tongue)
                answers.append(answer)
                names.append(f"{word} {step}")
                groups.append(word)
    return Pairs("Is the language used for the next word?", texts, y, answers, names, groups)


def _le(word: str) -> str:
    noun = FRENCH[word]
    return f"l'{noun}" if noun[0] in "aeiou" else f"le {noun}"


def capitals() -> Pairs:
    """Return questions about two countries each; the answer is a city of one of them."""
    texts, y, answers, names, groups = [], [], [], [], []
    countries = list(CAPITALS)
    for form in ASKING:
        for k in range(0, len(countries), 2):
            for country in countries[k : k + 2]:
                texts.append(form.format(country))
                y.append(country)
                answers.append(CAPITALS[country])
                names.append(f"{form} {k}")
                groups.append(form)
    return Pairs("Is the country used for the name of the city?", texts, y, answers, names, groups)


def judged() -> Pairs:
    """Return answers to questions about cities, right and wrong; then the model is to judge."""
    # One city of each country; the other one names a country as often.
    rows = [s for k, s in enumerate(statements.cities((0,))) if s.affirmed and k % 8 < 4]
    texts = [
        f"Question: Which country is {s.entity} in?\nAnswer: {s.other}\n"
        "Is this answer right, yes or no?\nIt is:"
        for s in rows
    ]
    y = ["right" if s.match else "wrong" for s in rows]
    answers = [" yes" if s.match else " no" for s in rows]
    names = [s.entity for s in rows]
    asked = "Does the model say what a probe reads: that an answer is wrong?"
    return Pairs(asked, texts, y, answers, names, names)


CASES = {
    "number of the subject": agreement,
    "language": language,
    "country of a capital": capitals,
    "an answer is right or wrong": judged,
}


def measured(model: Any, tokenizer: Any, case: Pairs) -> dict[str, Any]:
    """Return what the model says, what a probe reads and what is used, at each site."""
    start = time.process_time()
    margin = margins(model, tokenizer, case)
    states = dict(models.capture(model, tokenizer, case.texts, SITES))
    read = {
        site: audit(
            X, case.y, groups=case.groups, claims=["readable"], random_state=SEED
        )["readable"]
        for site, X in states.items()
    }  # fmt: skip
    found = audit_use(
        model, tokenizer, case.texts, case.y, SITES, answers=case.answers, pairs=case.pairs,
        groups=case.groups, neutral=case.neutral, n_draws=DRAWS, random_state=SEED, progress=True,
    )  # fmt: skip
    return {
        "question": case.question,
        "texts": len(case.texts),
        "seconds": time.process_time() - start,
        "says": {
            "right answer is likelier than the partner's": float(np.mean(margin > 0)),
            "margin (nats)": float(margin.mean()),
        },
        "sites": {
            site: {"readable": verdict(read[site]), "used": verdict(found[site]["used"])}
            for site in SITES
        },
    }


def margins(model: Any, tokenizer: Any, case: Pairs) -> np.ndarray:
    """Return log p(right answer) - log p(the partner's answer) of each text (n,), in nats."""
    partner = {}
    for k, name in enumerate(case.pairs):
        partner.setdefault(name, []).append(k)
    other = np.arange(len(case.texts))
    for a, b in partner.values():
        other[a], other[b] = b, a
    texts = Texts(model, tokenizer, case.texts)
    right, wrong = (
        log_probabilities(texts, answers, [{}])[0]
        for answers in (case.answers, [case.answers[k] for k in other])
    )
    return right - wrong


def verdict(claim: Any) -> dict[str, Any]:
    """Return the verdict of a claim, and the effect of each method of use."""
    return {
        "holds": str(claim.holds), "observed": claim.observed, "interval": claim.interval,
        "p_value": claim.p_value, "reason": claim.reason,
        **(
            {key: claim.shown["use"][key] for key in ("verdict_from", "methods")}
            if "use" in claim.shown
            else {}
        ),
    }  # fmt: skip
