"""Five programs for networks with known circuits, after InterpBench (Gupta et al. 2024).

Each has variables from which the answer is computed, and one that the algorithm has consumed
earlier, or never reads: the state at the site need not hold it, and the answer does not follow it.

References
----------
Gupta, Arcuschin, Kwa and Garriga-Alonso (2024), "InterpBench: Semi-synthetic transformers for
evaluating mechanistic interpretability techniques", arXiv 2407.14494.
"""

from __future__ import annotations

import numpy as np

from nullprobe.worlds.zoo.programs import FIRST, HEAD, BitWords, Program, Values, both, sign

FORMS = 3  # words of one meaning
N_WORDS, N_NUMBERS, LENGTH = 8, 10, 5
BRACKETS, FRACTION = 6, 7  # words of a text


def _named(name: str, n: int) -> tuple[str, ...]:
    return tuple(f"{name}{k}" for k in range(n))


def _any(ids: np.ndarray) -> np.ndarray:
    return np.ones(len(ids), dtype=bool)


def _draw_duplicates(n: int, rng: np.random.Generator) -> np.ndarray:
    ids = rng.integers(N_WORDS, size=(n, LENGTH)) + FIRST
    rows = np.flatnonzero(rng.random(n) < 0.5)
    ids[rows, rng.integers(1, LENGTH, size=len(rows))] = ids[rows, 0]
    return ids


def _read_duplicates(ids: np.ndarray) -> Values:
    return {
        "repeated": sign((ids[:, 1:] == ids[:, :1]).any(axis=1)),
        "early": sign(ids[:, 0] < FIRST + N_WORDS // 2),
    }


PARITY_WORDS = BitWords(("a", "b", "c"), forms=FORMS, fillers=6)


def _read_parity(ids: np.ndarray) -> Values:
    bits = PARITY_WORDS.read(ids)
    return {"parity": bits["a"] * bits["b"], "third": bits["c"], "first": bits["a"]}


def _steps(ids: np.ndarray, start: int) -> np.ndarray:
    """Return 1 for words of the first meaning, −1 for the second, 0 for others."""
    meaning = (ids - start) // FORMS
    return np.select([meaning == 0, meaning == 1], [1, -1], 0)


def _draw_brackets(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(3 * FORMS, size=(n, BRACKETS)) + FIRST


def _read_brackets(ids: np.ndarray) -> Values:
    steps = _steps(ids, FIRST)
    depth = steps.cumsum(axis=1)
    return {
        "closed": sign(depth[:, -1] == 0),
        "never below": sign(np.min(depth, axis=1) >= 0),
        "second opens": sign(steps[:, 1] == 1),
    }


def _draw_numbers(n: int, rng: np.random.Generator) -> np.ndarray:
    numbers = rng.integers(N_NUMBERS, size=(n, 3))
    fillers = rng.integers(N_NUMBERS, N_NUMBERS + 6, size=(n, LENGTH - 3))
    return np.concatenate([numbers, fillers], axis=1) + FIRST


def _read_numbers(ids: np.ndarray) -> Values:
    return {
        "rises": sign(ids[:, 0] <= ids[:, 1]),
        "rises again": sign(ids[:, 1] <= ids[:, 2]),
        "large": sign(ids[:, 1] >= FIRST + N_NUMBERS // 2),
    }


def _draw_fractions(n: int, rng: np.random.Generator) -> np.ndarray:
    ids = rng.integers(3 * FORMS, size=(n, FRACTION)) + FIRST + 1
    ids[np.arange(n), rng.integers(3, FRACTION, size=n)] = FIRST
    return ids


def _read_fractions(ids: np.ndarray) -> Values:
    before = (ids == FIRST).cumsum(axis=1) == 0
    steps = _steps(ids, FIRST + 1)
    return {"most": sign((steps * before).sum(axis=1) > 0), "first is x": sign(steps[:, 0] == 1)}


def _one_mark(ids: np.ndarray) -> np.ndarray:
    mark = ids == FIRST
    return (mark.sum(axis=1) == 1) & (mark.argmax(axis=1) >= 3)


CIRCUITS = {
    program.name: program
    for program in (
        Program(
            "duplicate", (*HEAD, *_named("word", N_WORDS)), ("repeated",), _draw_duplicates,
            _read_duplicates, lambda v: v["repeated"], _any, "blocks", steps=700,
        ),
        Program(
            "parity", PARITY_WORDS.words, ("parity", "third"), PARITY_WORDS.draw, _read_parity,
            lambda v: both(v["parity"], v["third"]), PARITY_WORDS.legal, "blocks", steps=800,
        ),
        Program(
            "brackets", (*HEAD, *_named("(", FORMS), *_named(")", FORMS), *_named("other", FORMS)),
            ("closed", "never below"), _draw_brackets, _read_brackets,
            lambda v: both(v["closed"], v["never below"]), _any, "blocks", steps=500,
        ),
        Program(
            "sorted", (*HEAD, *_named("number", N_NUMBERS), *_named("other", 6)),
            ("rises", "rises again"), _draw_numbers, _read_numbers,
            lambda v: both(v["rises"], v["rises again"]), _any, "blocks", steps=500,
        ),
        Program(
            "fraction",
            (*HEAD, "mark", *_named("x", FORMS), *_named("o", FORMS), *_named("other", FORMS)),
            ("most",), _draw_fractions, _read_fractions, lambda v: v["most"], _one_mark,
            "blocks", steps=500,
        ),
    )
}  # fmt: skip
