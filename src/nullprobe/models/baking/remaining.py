"""Measure how much of a concept an edited model retains, in its last states or its predictions.

Problem. A baked model has the requested edit, and may still use the concept: the residual stream
bypasses the inputs of blocks, and later layers may read the concept from the words again.
Solution. The model and the edited model run on the same texts. A fresh probe for each reads the
concept from the input of the head. Or a metric of the predictions of both is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from nullprobe._core import validation
from nullprobe._core.frames import Line, Table
from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.data.concept import Concept, concept
from nullprobe.data.metric import Metric
from nullprobe.data.splits import group_codes, split
from nullprobe.heldout.fresh_probe import fresh
from nullprobe.models.behaviour import Metric as MetricOfLogits
from nullprobe.models.behaviour import Texts, log_probabilities, metrics
from nullprobe.models.capturing.states import capture
from nullprobe.stats.bootstrap import resampled_weights
from nullprobe.stats.observation import Observation

SITE = "final_norm"
N_RESAMPLES = 1000
LOG_PROBABILITY = Metric("log-probability of the answer (nats)", None, "change")


@dataclass(frozen=True, eq=False, repr=False)
class Effect:
    """A metric of a model and of the edited model, on the same texts.

    Attributes
    ----------
    metric : Metric
        Its name, and its chance level.
    before, after : float
    before_interval, after_interval : tuple of two floats or None
        95 % bootstrap intervals over texts or groups, given the fitted probes; None if too few
        replicates are usable.
    change_interval : tuple of two floats or None
        Interval of ``after`` less ``before``, from the same replicates.

    Examples
    --------
    >>> metric = Metric("AUC", 0.5)
    >>> print(Effect(metric, 0.91, 0.55, (0.88, 0.94), (0.49, 0.61), (-0.42, -0.30)))
    AUC: 0.910 [0.880, 0.940] before, 0.550 [0.490, 0.610] after (chance: 0.5)
    """

    metric: Metric
    before: float
    after: float
    before_interval: tuple[float, float] | None
    after_interval: tuple[float, float] | None
    change_interval: tuple[float, float] | None

    def __repr__(self) -> str:
        """Return the metric before and after in one line."""
        return f"Effect({self.metric.name}: {self.before:.3g} before, {self.after:.3g} after)"

    def __str__(self) -> str:
        """Return one line, such as "AUC of a linear probe at final_norm, held out: ..."."""
        sides = (self.before, self.before_interval), (self.after, self.after_interval)
        before, after = (
            f"{value:.3f}" + (f" [{span[0]:.3f}, {span[1]:.3f}]" if span else "")
            for value, span in sides
        )
        chance = "" if self.metric.chance is None else f" (chance: {self.metric.chance:g})"
        return f"{self.metric.name}: {before} before, {after} after{chance}"

    def to_frame(self, *, kind: str | None = None) -> Any:
        """Return a data frame with a row for the value before, after, and the change.

        ``kind`` is "pandas", "polars" or "pyarrow".
        """
        return MODELS.frame([self], kind)


def _models(one: Effect) -> Iterator[Line]:
    values = {
        "before": (one.before, one.before_interval),
        "after": (one.after, one.after_interval),
        "change": (one.after - one.before, one.change_interval),
    }
    for model, (value, ends) in values.items():
        low, high = ends or (None, None)
        yield {"metric": one.metric.name, "model": model, "value": value, "low": low, "high": high}


MODELS = Table(
    {"metric": str, "model": str, **dict.fromkeys(("value", "low", "high"), float)}, _models
)


def effect(
    model: nn.Module,
    edited: nn.Module,
    tokenizer: Any,
    texts: Sequence[str],
    y: Any = None,
    *,
    answers: Sequence[str] | None = None,
    metric: MetricOfLogits | None = None,
    groups: Any = None,
    tokens: str | int = "last",
    batch_size: int = 32,
    max_length: int | None = None,
    random_state: RandomState = 0,
    progress: Progress = False,
) -> Effect:
    """Return a metric of a model and of an edited model, such as the result of ``bake``.

    Parameters
    ----------
    model, edited : torch.nn.Module
        Hugging Face models with the same tokenizer.
    tokenizer : PreTrainedTokenizerBase
    texts : sequence of str
        n texts.
    y : array-like of shape (n,) or (n, k), optional
        A concept. The metric is the score of a fresh linear probe at ``final_norm`` on held-out
        texts (AUC, or R² of numbers).
    answers : sequence of n str, optional
        Instead: the right continuation of each text. The metric is its log-probability.
    metric : callable, optional
        Instead: a function that takes logits (b, vocabulary) after some texts, and the numbers of
        these texts (b,), and returns one value per text.
    groups : array-like of shape (n,), optional
        Texts of one group stay together in fitting or scoring, and are resampled together.
    tokens, batch_size, max_length
        As for :func:`capture`.
    random_state : int, Generator or None
        Seed of the halves and of the replicates.
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).

    Raises
    ------
    InputError
        If not exactly one of ``y``, ``answers`` and ``metric`` is passed, or texts cannot be split.

    Notes
    -----
    A concept that is readable need not affect predictions: the probe shows the former, answers the
    latter. An eraser at ``final_norm`` is baked into the head, after the states that the probe
    reads; only answers or a metric show its effect. ``audit_use`` also compares the effect with
    random subspaces.

    Examples
    --------
    The output of the last mlp no longer shows whether a text ends in "!", but the residual stream
    bypasses the mlp:

    >>> from nullprobe import LEACE, models, worlds
    >>> organism = worlds.language(n_entities=12, steps=1, cache=False)  # a small language model
    >>> model, tokenizer, drawn = organism.model, organism.tokenizer, organism.statements(40)
    >>> site, y = "layers.3.mlp_output", drawn.unrelated["exclaimed"]
    >>> eraser = LEACE().fit(capture(model, tokenizer, drawn.texts, site)[site], y)
    >>> after = models.bake(model, {site: eraser})
    >>> round(effect(model, after, tokenizer, drawn.texts, y).after, 2)
    1.0
    """
    if sum(one is not None for one in (y, answers, metric)) != 1:
        validation.complain(
            "exactly one of y, answers and metric is needed",
            f"{sum(one is not None for one in (y, answers, metric))} of them arrived",
            "pass the labels of the texts, their right continuations, or a metric",
        )
    rng, bars = np.random.default_rng([integer_seed(random_state)]), reporting(progress)
    options = {"batch_size": batch_size, "max_length": max_length}
    both, codes = (model, edited), group_codes(groups, len(texts))
    if y is not None:
        z = concept(y, n=len(texts))
        with bars as report:
            states = [
                capture(one, tokenizer, texts, SITE, tokens=tokens, progress=report, **options)
                for one in both
            ]
        text = states[0].text
        if codes is None and len(text) > len(texts):  # rows of a text form a group
            codes = np.arange(len(texts))
        of_row = None if codes is None else codes[text]
        return _probe_effect([one[SITE] for one in states], z.take(text), of_row, rng)
    encoded = [Texts(one, tokenizer, texts, **options) for one in both]
    with bars as report:
        if answers is not None:
            kind = LOG_PROBABILITY
            values = [log_probabilities(t, answers, [{}], report=report)[0] for t in encoded]
        else:
            assert metric is not None
            kind = Metric("metric", None, "change")
            values = [metrics(t, metric, [{}], report=report)[0] for t in encoded]
    weights = resampled_weights(None, codes, len(texts), N_RESAMPLES, rng)
    weights = np.vstack([np.ones(len(texts)), weights])
    return _effect(kind, *((weights @ one) / weights.sum(axis=1) for one in values))


def _probe_effect(
    both: Sequence[np.ndarray], z: Concept, groups: np.ndarray | None, rng: np.random.Generator
) -> Effect:
    """Return the effect on the scores of fresh linear probes for the rows of both models."""
    z.need_two_classes()
    parts = split(z, groups=groups, n_parts=2, rng=rng)
    (probe,) = fresh(["linear"], z, 0)
    scores = np.zeros((2, 1 + N_RESAMPLES))
    for fitted, scored in ((0, 1), (1, 0)):
        P, S = parts.rows(fitted), parts.rows(scored)
        z_scored = z.take(S)
        of_group = None if groups is None else groups[S]
        weights = resampled_weights(z_scored.codes, of_group, len(S), N_RESAMPLES, rng)
        weights = np.vstack([np.ones(len(S)), weights])
        target = z.take(P).data if z.codes is None else z.codes[P]
        for X, values in zip(both, scores, strict=True):
            values += probe.read((X[P], target), X[S], z_scored, weights) / 2
    name = f"{probe.metric.name} of a linear probe at {SITE}, on held-out texts"
    return _effect(Metric(name, probe.metric.chance), *scores)


def _effect(metric: Metric, before: np.ndarray, after: np.ndarray) -> Effect:
    """Return an effect from the values of each model, (1 + B,), the observed value first."""

    def interval(values: np.ndarray) -> tuple[float, float] | None:
        return Observation(float(values[0]), metric.name, 0.0, values[1:]).interval

    spans = (interval(one) for one in (before, after, after - before))
    return Effect(metric, float(before[0]), float(after[0]), *spans)
