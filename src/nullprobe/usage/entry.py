"""Audit of use: whether a model uses a concept, or whether the concept can only be read.

An eraser of the concept is fitted to the hidden states of half of the texts. The model is scored on
the other half: unchanged, with the concept erased, and with random subspaces removed, each as
large as what the eraser removes. The halves do not take turns: the eraser removes one subspace, and
each random draw removes one as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from nullprobe._core import parameters, validation
from nullprobe._core.frames import kind_of
from nullprobe._core.progress import Progress, reporting
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.result import Audit
from nullprobe.claims import Thresholds
from nullprobe.claims.use_methods import LOG_PROBABILITY
from nullprobe.claims.used import NAME, used
from nullprobe.data import provenance
from nullprobe.data.concept import Concept, concept
from nullprobe.data.splits import Parts, group_codes, split
from nullprobe.erasers.leace import leace
from nullprobe.models.behaviour import Metric, Texts, divergences, log_probabilities, metrics
from nullprobe.models.capturing.states import Captured, capture
from nullprobe.models.texts import sequence, strings
from nullprobe.models.token_rules import Rule, Spans
from nullprobe.stats.null_distribution import together
from nullprobe.usage.edits import Fit, edits_of
from nullprobe.usage.erasing import resampling_weights, use_of
from nullprobe.usage.neutral import divergence_of, neutral_texts
from nullprobe.usage.paired import Paired

FITTED, SCORED, N_PARTS = 0, 1, 2
RULE = "one half fits the eraser, the model is scored on the other"


def audit_use(
    model: nn.Module,
    tokenizer: Any,
    texts: Sequence[str],
    y: Any,
    sites: str | Sequence[str],
    *,
    answers: Sequence[str] | None = None,
    metric: Metric | None = None,
    unit: str = "change of the metric",
    neutral: Sequence[str] | str | None = None,
    groups: Any = None,
    pairs: Any = None,
    concepts: Mapping[str, Any] | None = None,
    tokens: str | int = "last",
    fit: Fit = leace,
    n_draws: int = 99,
    alpha: float = 0.05,
    min_effect: float = 0.05,
    batch_size: int = 32,
    max_length: int | None = None,
    layers: str | None = None,
    random_state: RandomState = 0,
    progress: Progress = False,
    title: str = "texts",
) -> Layers:
    """Judge whether erasing a concept in the forward pass changes what a model does about it.

    Parameters
    ----------
    model : torch.nn.Module
        A Hugging Face model that predicts tokens; it is left as it was.
    tokenizer : PreTrainedTokenizerBase
    texts : sequence of str
        n texts. The model's prediction after each of them is scored.
    y : array-like of shape (n,) or (n, k)
        The concept of every text.
    sites : str or sequence of str
        Where to erase: names or patterns of sites. Each site is judged separately; p-values are
        adjusted over all of them.
    answers : sequence of n str, optional
        The right continuation of each text. Its log-probability is the score.
    metric : callable, optional
        Instead of answers: takes logits (b, vocabulary) and the numbers of their texts (b,), and
        returns one score for each text.
    unit : str
        Name and unit of the change of that metric.
    neutral : sequence of str or "default", optional
        Texts that are unrelated to the concept. How far erasing moves the predictions at their
        tokens shows what else is lost. "default": 24 everyday sentences in English.
    groups : array-like of shape (n,), optional
        Texts of one group stay in one half and are resampled together.
    pairs : {"match"}, array-like of shape (m, 2) or (n,), optional
        Pairs of texts that differ in the concept and in their answer or metric: numbers of texts,
        or the name of each text's pair (None for a text without one). "match" pairs the nearest
        texts, by their words, within groups. With pairs, interchange and adding run as well as
        erasing, each against the nulls that have power, and ``used`` is the combined verdict.
        With a metric,
        its shift towards the metric of the partner is measured. Texts whose y is a number are
        matched if they differ by a standard deviation.
    concepts : mapping of str to array-like of shape (n,), optional
        Other concepts of the texts, by name. The interchange also runs in their subspaces.
    tokens : {"last", "mean", "all"} or int
        Tokens of a text that the eraser is fitted to. It edits all tokens. An interchange edits
        these tokens alone.
    fit : callable
        Takes Moments, returns an AffineEraser.
    n_draws : int
        Number of random subspaces, at least 2/α − 1.
    alpha : float
        Significance level, over all sites.
    min_effect : float
        Smallest change of interest beyond the change by random subspaces, in units of the metric.
    batch_size, max_length, layers
        As for :func:`nullprobe.models.capturing.states`.
    random_state : int, Generator or None
        Same seed, same verdicts; of a generator or None, a seed is drawn.
    progress : bool or callable
        True shows bars on stderr; a function is called with (stage, amount done, total).
    title : str
        Name of the texts on the page.

    Returns
    -------
    Layers
        An Audit for each site, with the claim ``used``: ``result["layers.3.output"]["used"]``. It
        prints, saves and renders like an audit of arrays, and joins another of the same sites,
        ``a | b``. The audit of a site that cannot be judged has no claim; the reason is in
        ``result["embeddings"].left_out["used"]``.

    Raises
    ------
    InputError
        If a site does not exist, texts do not fit into the context, there are neither answers
        nor a metric, or both, or no site can be judged.

    Notes
    -----
    The test is exact if the erased subspace is exchangeable with the drawn ones. "Used" means that
    erasing the concept matters more than removing such subspaces. It does not mean that no other
    part of the state matters. Intervals are conditional on the fitted eraser.
    """
    if (answers is None) == (metric is None):
        validation.complain(
            "the model needs either answers or a metric to be scored",
            "neither was passed" if answers is None else "both were passed",
            "pass answers (the right continuation of each text) or metric",
        )
    if metric is not None and not callable(metric):
        validation.complain(
            "metric must be a function of logits (b, vocabulary) and the numbers of texts (b,)",
            f"{metric!r} arrived",
            "pass a function that returns one number for each text",
        )
    bar = Thresholds(
        parameters.share("alpha", alpha),
        parameters.real_number("min_effect", min_effect, least=0.0),
    )
    n_draws = parameters.whole_number("n_draws", n_draws, least=bar.least_draws)
    seed, bars = integer_seed(random_state), reporting(progress)
    frames, texts = kind_of(y, texts), sequence(texts)
    answers = None if answers is None else strings(answers, "answer")
    z = concept(y, n=len(texts))
    z.need_two_classes()
    codes = group_codes(groups, len(texts))
    paired = None
    if pairs is not None:
        outcome = metric if answers is None else answers
        assert outcome is not None, "one of the two was passed"
        paired = Paired.of(pairs, z, outcome, codes, concepts, n_draws, seed)
        paired.unit = unit
        codes = paired.of_halves()
    halves = split(z, groups=codes, n_parts=N_PARTS, rng=np.random.default_rng([seed, 0]))
    limits = {"batch_size": batch_size, "max_length": max_length}
    every = Texts(model, tokenizer, texts, **limits)  # refuses what does not fit, in either half
    if answers is not None:
        every.answered(answers)
    fitted = halves.rows(FITTED)
    half = [texts[i] for i in map(int, fitted)]
    if isinstance(tokens, Spans):
        Rule(tokens).need_spans(len(texts))
    weights = resampling_weights(z, halves, SCORED, np.random.default_rng([seed, 1]))
    with bars as report:
        states = capture(
            model,
            tokenizer,
            half,
            sites,
            tokens=tokens.take(fitted) if isinstance(tokens, Spans) else tokens,
            layers=layers,
            add_generation_prompt=True,  # of a chat, the answer is predicted
            progress=report,
            **limits,
        )
        rows = halves.rows(SCORED)
        if paired is not None:
            paired.prepare(
                model, tokenizer, texts, (fitted, rows), list(states), tokens=tokens,
                layers=layers, report=report, **limits,
            )  # fmt: skip
        each, left_out = edits_of(states, z.take(fitted[states.text]), fit, n_draws, seed)
        if paired is not None:
            permuted = paired.fit(states, halves, fitted, each, fit)
            each = {site: [*of_site, *permuted[site]] for site, of_site in each.items()}
        edits = [{}, *(edit for of_site in each.values() for edit in of_site)]
        scored = Texts(model, tokenizer, [texts[i] for i in map(int, rows)], **limits)
        if answers is not None:
            right = [answers[i] for i in map(int, rows)]
            scores = log_probabilities(scored, right, edits, layers=layers, report=report)
        else:
            assert metric is not None
            scores = metrics(scored, _of_all(metric, rows), edits, layers=layers, report=report)
        moved = None
        if neutral is not None:
            unrelated = Texts(model, tokenizer, neutral_texts(neutral), **limits)
            erased = [edit for of_site in each.values() for edit in of_site[: 1 + n_draws]]
            moved = divergences(unrelated, erased, layers=layers, report=report)
            moved = moved.reshape(len(each), 1 + n_draws, -1)
        changes = (scores[1:] - scores[0]).reshape(len(each), -1, len(rows))
        measured = unit if metric is not None else LOG_PROBABILITY
        uses = [
            use_of(
                scores[0],
                changes[s, : 1 + n_draws],
                measured,
                weights,
                None if moved is None else divergence_of(moved[s], seed),
            )
            for s in range(len(each))
        ]
        if len(uses) > 1:
            nulls = together([use.random for use in uses], [use.change.value for use in uses])
            uses = [replace(use, random=null) for use, null in zip(uses, nulls, strict=True)]
        by_site = dict(zip(each, uses, strict=True))
        if paired is None:
            claims = {site: (used(use, bar),) for site, use in by_site.items()}
        else:
            shuffled = {
                s: c[1 + n_draws :].mean(axis=1) for s, c in zip(each, changes, strict=True)
            }
            claims = paired.claims(model, by_site, shuffled, bar, report)
    record = _record(z, halves, states, bar, n_draws, seed)
    return Layers(
        {
            site: Audit(
                claims.get(site, ()), title, None, None, None,
                {**record, "features": X.shape[1]}
                | ({"left_out": {NAME: left_out[site]}} if site in left_out else {}),
                site, "texts", "labels" if z.is_classes else "numeric", frame_kind=frames,
            )
            for site, X in states.items()
        }
    )  # fmt: skip


def _record(
    z: Concept, halves: Parts, states: Captured, bar: Thresholds, n_draws: int, seed: int
) -> dict[str, Any]:
    """Return the data and settings of the audit, without the width of each site."""
    first = next(iter(states.values()))
    record = {
        key: value
        for key, value in provenance.data(first, z, halves).items()
        if key in ("rows", "classes", "groups", "splits")
    }
    record["splits"] |= {"rule": RULE}
    return {
        **record,
        "random_state": seed,
        "alpha": bar.alpha,
        "min_effect": bar.min_effect,
        "random_subspaces": n_draws,
        **({"representations": list(states)} if len(states) > 1 else {}),
        "versions": provenance.versions(),
    }


def _of_all(metric: Metric, rows: np.ndarray) -> Metric:
    """Return a metric that gets the numbers of its texts among all texts."""
    return lambda logits, texts: metric(logits, rows[texts])
