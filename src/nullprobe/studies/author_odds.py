"""Odds: how fast P(an author who never flips) can fall or rise with the length of a text.

A character who acts badly once may always have been bad, so an author who never flips should lose
more by one act than it can win back by another. The exact filter says how much, without a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nullprobe.corpora import Chains
from nullprobe.corpora.authors import authors as corpus_of
from nullprobe.studies.definition import Budget, Cell, Measured, Study
from nullprobe.studies.effects import Estimate
from nullprobe.studies.pictures import figure, series
from nullprobe.studies.result import StudyResult
from nullprobe.studies.rules import Rule

NEVER, DREAM = "steady", "dream"  # the author whose characters never change; one left out
LINES, TEXTS, LATE = 48, 2000, 16  # lines of a text; texts; lines at its end that are "late"
SEARCHED, BEAM = 12, 12  # lines of texts that are searched; how many are followed
FLIPPING = "the others"


def world(style: bool, lines: int) -> Chains:
    """Return the corpus of the study without bylines, with or without adverbs that tell.

    The author whose characters dream is left out: the word "woke" is hers alone, and would settle
    everything.
    """
    corpus = corpus_of(lines=lines, signed=0.0)
    authors = {name: table for name, table in corpus.authors.items() if name != DREAM}
    adverbs = {word: name for word, name in (corpus.style or {}).items() if name in authors}
    return replace(corpus, authors=authors, style=adverbs if style else None)


def log_odds(corpus: Chains, ids: np.ndarray) -> np.ndarray:
    """Return log P(never flips) − log P(another author) after each line, (n, 1 + lines).

    The first column is before any line.
    """
    full = corpus.observer("full", ids)
    p = full.posterior["author"][..., list(corpus.authors).index(NEVER)]
    after = [1, *range(1 + corpus.width, ids.shape[1], corpus.width)]
    return np.log(p[:, after]) - np.log1p(-p[:, after])


def measure(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Follow the odds over texts of both kinds of authors, and search for texts that move them."""
    corpus = world(cell.adverbs, LINES)
    drawn = corpus.sample(budget.rows(TEXTS), np.random.default_rng([seed, 1]))
    odds = log_odds(corpus, drawn.ids)
    mine = drawn.latents["author"] == list(corpus.authors).index(NEVER)
    first = np.stack([drawn.latents[name][:, 1] for name in corpus.characters])
    unlike = mine & (first[0] != first[1])
    step = np.diff(odds, axis=1)
    rise, fall = float(step.max()), float(-step.min())
    late = step[:, -LATE:].mean(axis=1)
    best, worst = (fastest(world(cell.adverbs, SEARCHED), sign) for sign in (1, -1))
    values = {
        "largest fall in a line, less the largest rise": fall - rise,
        "largest fall in a line": fall,
        "largest rise in a line": rise,
        f"{NEVER}: nats a line": float(step[mine].mean()),
        f"{FLIPPING}: nats a line": float(step[~mine].mean()),
        f"{NEVER}, late: nats a line": float(late[mine].mean()),
        f"{NEVER}, late, characters unlike: nats a line": float(late[unlike].mean()),
        f"{NEVER}, late, characters alike: nats a line": float(late[mine & ~unlike].mean()),
        f"{FLIPPING}, late: nats a line": float(late[~mine].mean()),
        "searched: rise": float(best[-1] - best[0]),
        "searched: fall": float(worst[0] - worst[-1]),
        "searched: fall, less the rise": float(worst[0] - worst[-1] - best[-1] + best[0]),
    }
    p = 1 / (1 + np.exp(-odds))
    curves = {"line": np.arange(LINES + 1), "searched line": np.arange(SEARCHED + 1)}
    for who, rows in ((NEVER, p[mine]), (FLIPPING, p[~mine])):
        curves[who] = rows.mean(axis=0)
    curves |= {"rise": best - best[0], "fall": worst - worst[0]}
    return Measured(values, {}, {name: line.tolist() for name, line in curves.items()})


def fastest(corpus: Chains, sign: int) -> np.ndarray:
    """Return the log-odds after each line of the text that a beam search finds to move them most.

    Parameters
    ----------
    corpus : Chains
    sign : int
        1 to raise the odds, −1 to lower them.
    """
    words, classes = corpus.words, dict[tuple[str, str], int]()
    for number, word in enumerate(words):
        character, _, _ = word.rpartition(".")
        if character:  # one verb of each kind: those of a kind tell the same
            key = (character, repr(corpus.tables.acts[:, :, number].max(axis=0)))
            classes.setdefault(key, number)
    acts = [[words.index(character), number] for (character, _), number in classes.items()]
    starts = [[words.index(adverb)] for adverb in corpus.style or {}] or [[]]
    lines = np.array([start + act for start in starts for act in acts])
    texts = np.array([[words.index("<bos>"), words.index("anon")]])
    for _ in range(corpus.lines):
        grown = [np.repeat(texts, len(lines), axis=0), np.tile(lines, (len(texts), 1))]
        texts = np.concatenate(grown, axis=1)
        texts = texts[_possible(corpus, texts)]
        ends = log_odds(corpus, texts)[:, -1]
        texts = texts[np.argsort(-sign * ends, kind="stable")[:BEAM]]
    return log_odds(corpus, texts[:1])[0]


def _possible(corpus: Chains, texts: np.ndarray) -> np.ndarray:
    """Return whether the texts, possible up to their last word, are possible with it."""
    following = corpus.predictor()(texts[:, :-1])
    return following[np.arange(len(texts)), texts[:, -1]] > -np.inf


RULES = (
    Rule(
        "falls_faster",
        "One line lowers the odds of an author who never flips by more than any line raises them.",
        {
            "yes": "One line can take more from an author who never flips than any line can give",
            "no": "No line takes more from an author who never flips than another line gives",
            "unclear": "Whether one line takes more from an author who never flips than another "
            "gives is unclear",
        },
        direction="more",
        min_effect=0.1,
    ),
    Rule(
        "falls_further",
        f"{SEARCHED} lines of acts can lower the odds by more than any as many can raise them.",
        {
            "yes": f"Over {SEARCHED} lines, acts can take more from it than acts can give",
            "no": f"Over {SEARCHED} lines, acts cannot take more from it than acts can give",
            "unclear": f"Whether acts take more from it over {SEARCHED} lines is unclear",
        },
        of="searched: fall, less the rise",
        levels={"adverbs": False},
        direction="more",
        min_effect=0.1,
    ),
    Rule(
        "keeps_rising",
        "In texts of an author who never flips, the odds still rise in the last lines.",
        {
            "yes": "In texts of such an author the odds still rise in the last lines: length alone "
            "goes on to tell",
            "no": "In texts of such an author the odds no longer rise in the last lines: length "
            "alone does not tell",
            "unclear": "Whether the odds still rise in the last lines of such an author is unclear",
        },
        of=f"{NEVER}, late: nats a line",
        direction="more",
        min_effect=0.005,
    ),
    Rule(
        "keeps_rising_if_alike",
        "Where both characters are alike, the odds still rise in the last lines, from acts alone.",
        {
            "yes": "Where both characters are alike, acts alone raise the odds there as well",
            "no": "Where both characters are alike, acts alone raise them no longer: an author "
            "whose characters cannot flip any more writes the same",
            "unclear": "Whether they rise where both characters are alike is unclear",
        },
        of=f"{NEVER}, late, characters alike: nats a line",
        levels={"adverbs": False},
        direction="more",
        min_effect=0.005,
    ),
)


def pictures(result: StudyResult) -> list[Mapping[str, Any]]:
    """Return P(never flips) by line, and what the fastest texts do to the odds."""
    names = {False: "acts alone", True: "acts and adverbs"}

    def lines(x: str, shown: tuple[str, ...]) -> list[Any]:
        made: list[Any] = []
        for adverbs, label in names.items():
            rows = [one.series for one in result.records if one.cell.adverbs == adverbs]
            places = [int(place) for place in rows[0][x]]
            made += [
                series(f"{who}, {label}", places, [
                    Estimate(tuple(row[who][k] for row in rows)) for k in range(len(places))
                ])
                for who in shown
            ]  # fmt: skip
        return made

    return [
        figure(
            "posterior", "lines", "How does P(an author who never flips) change with length?",
            "Mean of the exact posterior after each line, in texts of such an author and in texts "
            "of the three others; from acts alone, and with adverbs of the author's style.",
            lines("line", (NEVER, FLIPPING)), x_label="line", y_label="P(never flips)",
        ),
        figure(
            "fastest", "lines", "How fast can the odds rise, and how fast can they fall?",
            "Change of the log-odds in the texts that a search found to raise or lower them most.",
            lines("searched line", ("rise", "fall")), x_label="line", y_label="nats",
            rules={"no change": 0.0},
        ),
    ]  # fmt: skip


odds = Study(
    "authors_odds",
    measure,
    question="How fast can P(an author who never flips) fall or rise with length?",
    unit="nats",
    factors={"adverbs": (False, True)},
    rules=RULES,
    pictures=pictures,
    doubts=(
        "Other tables: with acts that show a state without error, one act would settle it.",
        "A longer search, or a wider one, that moves the odds faster.",
    ),
)
