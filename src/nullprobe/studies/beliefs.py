"""Beliefs: how much of an ideal observer's belief a transformer holds, beyond its inputs.

Problem. Transformers trained on a hidden Markov model hold the ideal observer's belief, P(state |
words), linearly in their residual stream (Shai et al. 2024, arXiv:2405.15943). But a belief depends
mostly on the last words, and these are in the inputs.

Solution. R² of a linear map from the stream to the belief, on held-out texts, next to the same from
the untrained twin, and from the words themselves: how often each occurred, and the last three.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nullprobe.corpora.beliefs import Mess3
from nullprobe.corpora.corpus import FULL
from nullprobe.studies.definition import Budget, Cell, Measured, study
from nullprobe.studies.pictures import figure, series
from nullprobe.studies.result import StudyResult
from nullprobe.studies.rules import Rule
from nullprobe.studies.training import Training

STEPS, TEXTS, DRAWS, LAST = 800, 2000, 99, 3
READ = Rule(
    "belief_is_read",
    "The belief of the ideal observer is a linear function of the model's states.",
    {
        "yes": "The belief of the ideal observer is read from the trained model's states",
        "no": "The belief of the ideal observer is not read from the trained model's states",
        "unclear": "Whether the belief of the ideal observer is read from the states is unclear",
    },
    direction="more",
)
BEYOND = Rule(
    "beyond_inputs",
    "The trained model's states give more of the belief than its inputs and its twin do.",
    {
        "yes": "The states give more of it than the words and the untrained twin do, so training "
        "adds to what is read",
        "no": "The words or the untrained twin give as much of it, so the picture is a fact about "
        "inputs",
        "unclear": "Whether the states give more of it than words and untrained twin is unclear",
    },
    of="beyond",
    direction="more",
)


def pictures(result: StudyResult) -> tuple[dict[str, Any], ...]:
    """Return bars of R², and of what each leaves unexplained."""
    shown = ("model", "inputs", "twin")
    names = ["trained model", "words alone", "untrained twin"]
    read = [result.mean(name) for name in shown]
    left = [result.mean(f"{name}_left") for name in shown]
    return (
        figure(
            "read", "bars", "How much of the ideal belief is read?",
            "R² of the belief from the trained model, from words alone, and from the untrained "
            "twin, on held-out texts.",
            [series("R²", names, read)], y_label="R² on held-out texts",
        ),
        figure(
            "left", "bars", "How much is left unexplained?",
            "1 − R², the part of the belief that is not read, from the same three.",
            [series("1 − R²", names, left)], y_label="1 − R²",
        ),
    )  # fmt: skip


@study(
    question="Does a trained transformer hold the belief of an ideal observer, beyond its inputs?",
    unit="R²",
    rules=(READ, BEYOND),
    min_effect=0.01,
    pictures=pictures,
    trainings=lambda cell, seed, budget: [Training(Mess3(), seed, STEPS)],
    doubts=(
        "If words alone, with more of the past than the last three, gave as much of the belief as "
        "the states do, the picture would be a fact about inputs.",
        "If the belief were read as well from a model that predicts no better than the untrained "
        "one, what is read would not be what the model predicts with.",
    ),
)
def beliefs(cell: Cell, seed: int, budget: Budget) -> Measured:
    """Measure R² of the belief from the model, its twin, and words."""
    corpus = Mess3()
    model = Training(corpus, seed, STEPS).made(budget)
    ids = corpus.sample(budget.rows(TEXTS), np.random.default_rng([seed, 3])).ids
    full = corpus.observers(ids)[FULL]
    belief = full.posterior["state"][:, 1:]
    rows = {
        "model": model.states(ids)[:, 1:],
        "inputs": words_so_far(ids, len(corpus.words))[:, 1:],
        "twin": model.states(ids, model=model.twin)[:, 1:],
    }
    r2 = {name: readings(X, [belief])[0] for name, X in rows.items()}
    rng = np.random.default_rng([seed, 4])
    permuted = readings(rows["model"], [rng.permutation(belief) for _ in range(DRAWS)])
    log_p = model.log_p(ids)
    with np.errstate(invalid="ignore"):  # 0 · (−inf) of impossible words
        gap = np.nansum(np.exp(full.log_p) * (full.log_p - log_p), axis=-1)[:, 1:].mean()
    values = {
        **r2,
        "beyond": r2["model"] - max(r2["inputs"], r2["twin"]),
        **{f"{name}_left": 1 - value for name, value in r2.items()},
        "gap_to_ideal_in_nats": float(gap),
    }
    return Measured(values, nulls={"model": permuted})


def words_so_far(ids: np.ndarray, n_words: int) -> np.ndarray:
    """Return for each position how often each word occurred, and the last three: (n, T, 4 V).

    Examples
    --------
    >>> words_so_far(np.array([[0, 1, 1]]), 2)[0, :, :4]
    array([[1., 0., 1., 0.],
           [1., 1., 0., 1.],
           [1., 2., 0., 1.]])
    """
    one_hot = np.eye(n_words)[ids]
    parts = [one_hot.cumsum(axis=1)]
    for back in range(LAST):
        shifted = np.zeros_like(one_hot)
        shifted[:, back:] = one_hot[:, : one_hot.shape[1] - back]
        parts.append(shifted)
    return np.concatenate(parts, axis=2)


def readings(X: np.ndarray, targets: Sequence[np.ndarray]) -> list[float]:
    """Return R² of linear maps from rows (n, t, d) to targets (n, t, k), on the second half.

    The maps are fitted by least squares to the first half of the texts. R² is over all k columns.
    """
    half = len(X) // 2
    fit, new = _with_ones(X[:half]), _with_ones(X[half:])
    learned = [target[:half].reshape(len(fit), -1) for target in targets]
    weights = np.linalg.lstsq(fit, np.hstack(learned), rcond=1e-10)[0]
    predicted = np.split(new @ weights, len(targets), axis=1)
    r2: list[float] = []
    for target, guess in zip(targets, predicted, strict=True):
        truth = target[half:].reshape(guess.shape)
        off = ((truth - guess) ** 2).sum()
        r2.append(float(1 - off / ((truth - truth.mean(axis=0)) ** 2).sum()))
    return r2


def _with_ones(X: np.ndarray) -> np.ndarray:
    flat = X.reshape(-1, X.shape[-1])
    return np.hstack([flat, np.ones((len(flat), 1))])
