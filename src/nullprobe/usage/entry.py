"""Audit of use: whether a model uses a concept, or it is only there to be read.

An eraser of the concept is fitted to what passes a site for half of the texts. The model is asked
about the other half: as it is, with the concept erased, and with random subspaces removed, each as
large as what the eraser removes. The halves do not take turns: what is erased is one subspace, and
so is each that it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from nullprobe._core import parameters, validation
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.result import Audit
from nullprobe.claims import Observation, Thresholds, Use
from nullprobe.claims.used import NAME, used
from nullprobe.data import provenance
from nullprobe.data.concept import Concept, concept
from nullprobe.data.splits import Parts, group_codes, split
from nullprobe.erasers import AffineEraser
from nullprobe.erasers.leace import leace
from nullprobe.models.behaviour import Edits, Metric, Texts, divergences, log_probabilities, metrics
from nullprobe.models.capturing.states import Captured, capture
from nullprobe.models.forward import Progress
from nullprobe.models.texts import sequence, strings
from nullprobe.models.token_rules import Rule, Spans
from nullprobe.moments import Moments
from nullprobe.nulls.subspace import random_maps, random_subspaces
from nullprobe.stats.bootstrap import resampled_weights
from nullprobe.stats.null_distribution import Null, together

ROUNDING = 1e-9
FITTED, ASKED, N_PARTS = 0, 1, 2
N_RESAMPLES, LEAST_TEXTS, LEAST_GROUPS = 1000, 10, 5
RULE = "one half fits the eraser, the model is asked about the other"
DRAWN = "random subspaces of the same rank that remove as much variance at this site"
LOG_PROBABILITY = "change of the answer's log-probability (nats)"
Fit = Callable[[Moments], AffineEraser]


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
    neutral: Sequence[str] | None = None,
    groups: Any = None,
    tokens: str | int = "last",
    fit: Fit = leace,
    n_draws: int = 99,
    alpha: float = 0.05,
    min_effect: float = 0.05,
    batch_size: int = 32,
    max_length: int | None = None,
    layers: str | None = None,
    random_state: RandomState = 0,
    progress: Progress | None = None,
    title: str = "texts",
) -> Layers:
    """Judge whether erasing a concept in the forward pass changes what a model does about it.

    Parameters
    ----------
    model : torch.nn.Module
        A Hugging Face model that predicts tokens; it is left as it was.
    tokenizer : PreTrainedTokenizerBase
    texts : sequence of str
        n texts. What the model predicts after each of them is observed.
    y : array-like of shape (n,) or (n, k)
        The concept, of every text.
    sites : str or sequence of str
        Where to erase: names or patterns of sites. Each is judged by itself; p-values are over
        all of them.
    answers : sequence of n str, optional
        The right continuation of each text, whose log-probability is observed.
    metric : callable, optional
        Instead of answers: from logits (b, vocabulary) after some texts, and the numbers of these
        texts (b,), to one value for each.
    unit : str
        What the change of that metric is called.
    neutral : sequence of str, optional
        Texts that have nothing to do with the concept: how far erasing moves what is predicted at
        each of their tokens says what else is lost.
    groups : array-like of shape (n,), optional
        Texts of the same group lie in the same half, and are resampled together.
    tokens : {"last", "mean", "all"} or int
        At which tokens of a text the eraser is fitted. It edits all of them.
    fit : callable
        From Moments to AffineEraser.
    n_draws : int
        Random subspaces, at least 2/α − 1.
    alpha : float
        Share of wrong alarms, over all sites.
    min_effect : float
        Smallest change that matters, beyond that of random subspaces, in units of the metric.
    batch_size, max_length, layers
        As for :func:`nullprobe.models.capturing.states`.
    random_state : int, Generator or None
        Same seed, same verdicts; of a generator or None, a seed is drawn.
    progress : callable, optional
        Called with the stage, how much of it is done, and of how much.
    title : str
        Name of the texts on the page.

    Returns
    -------
    Layers
        By site an Audit with the claim ``used``: ``found["layers.3.output"]["used"]``. It prints,
        saves and renders as an audit of arrays does, and joins one of the same sites, ``a | b``.
        The audit of a site that cannot be judged has no claim, and the reason in
        ``found["embeddings"].left_out["used"]``.

    Raises
    ------
    InputError
        If a site does not exist, texts do not fit into the context, there are neither answers
        nor a metric, or both, or no site can be judged.

    Notes
    -----
    The test is exact if what is erased is like what is drawn: "used" says that it matters more than
    such subspaces do, not that no other part of the state matters. Intervals are conditional on
    the fitted eraser.
    """
    if (answers is None) == (metric is None):
        validation.complain(
            "either answers or a metric must say what is observed",
            "there are none" if answers is None else "there are both",
            "pass the right continuation of each text, or a metric",
        )
    if metric is not None and not callable(metric):
        validation.complain(
            "metric must be a function of logits (b, vocabulary) and the numbers of texts (b,)",
            f"{metric!r} arrived",
            "pass a function that returns one number for each",
        )
    bar = Thresholds(
        parameters.share("alpha", alpha),
        parameters.real_number("min_effect", min_effect, least=0.0),
    )
    n_draws = parameters.whole_number("n_draws", n_draws, least=bar.least_draws)
    seed = integer_seed(random_state)
    texts = sequence(texts)
    answers = None if answers is None else strings(answers, "answer")
    z = concept(y, n=len(texts))
    z.need_two_classes()
    codes = group_codes(groups, len(texts))
    halves = split(z, groups=codes, n_parts=N_PARTS, rng=np.random.default_rng([seed, 0]))
    told = {"batch_size": batch_size, "max_length": max_length}
    every = Texts(model, tokenizer, texts, **told)  # complains of what does not fit, in either half
    if answers is not None:
        every.answered(answers)
    fitted = halves.rows(FITTED)
    half = [texts[i] for i in map(int, fitted)]
    if isinstance(tokens, Spans):
        Rule(tokens).need_spans(len(texts))
    found = capture(
        model,
        tokenizer,
        half,
        sites,
        tokens=tokens.take(fitted) if isinstance(tokens, Spans) else tokens,
        layers=layers,
        add_generation_prompt=True,  # of a chat, what is predicted is the answer
        progress=progress,
        **told,
    )
    each, left_out = _edits(found, z.take(fitted[found.text]), fit, n_draws, seed)
    edits = [{}, *(edit for of_site in each.values() for edit in of_site)]
    rows = halves.rows(ASKED)
    asked = Texts(model, tokenizer, [texts[i] for i in map(int, rows)], **told)
    if answers is not None:
        right = [answers[i] for i in map(int, rows)]
        seen = log_probabilities(asked, right, edits, layers=layers, progress=progress)
    else:
        assert metric is not None
        seen = metrics(asked, _of_all(metric, rows), edits, layers=layers, progress=progress)
    moved = None
    if neutral is not None:
        apart = Texts(model, tokenizer, neutral, **told)
        moved = divergences(apart, edits[1:], layers=layers, progress=progress)
        moved = moved.mean(axis=1).reshape(len(each), -1)
    weights = _weights(z, halves, np.random.default_rng([seed, 1]))
    changes = (seen[1:] - seen[0]).reshape(len(each), 1 + n_draws, -1)
    uses = [
        _use(
            seen[0],
            changes[s],
            unit if metric is not None else LOG_PROBABILITY,
            weights,
            None if moved is None else moved[s],
        )
        for s in range(len(each))
    ]
    if len(uses) > 1:
        nulls = together([use.random for use in uses], [use.change.value for use in uses])
        uses = [replace(use, random=null) for use, null in zip(uses, nulls, strict=True)]
    record = _record(z, halves, found, bar, n_draws, seed)
    claims = {site: (used(use, bar),) for site, use in zip(each, uses, strict=True)}
    return Layers(
        {
            site: Audit(
                claims.get(site, ()), title, None, None, None,
                {**record, "features": X.shape[1]}
                | ({"left_out": {NAME: left_out[site]}} if site in left_out else {}),
                site, "texts", "labels" if z.is_classes else "numeric",
            )
            for site, X in found.items()
        }
    )  # fmt: skip


def _record(
    z: Concept, halves: Parts, found: Captured, bar: Thresholds, n_draws: int, seed: int
) -> dict[str, Any]:
    """Return what the audit was of and how it was run, but for the width of each site."""
    first = next(iter(found.values()))
    kept = {
        key: value
        for key, value in provenance.data(first, z, halves).items()
        if key in ("rows", "classes", "groups", "splits")
    }
    kept["splits"] |= {"rule": RULE}
    return {
        **kept,
        "random_state": seed,
        "alpha": bar.alpha,
        "min_effect": bar.min_effect,
        "random_subspaces": n_draws,
        **({"representations": list(found)} if len(found) > 1 else {}),
        "versions": provenance.versions(),
    }


def _edits(
    found: Captured, z: Concept, fit: Fit, n_draws: int, seed: int
) -> tuple[dict[str, list[Edits]], dict[str, str]]:
    """Return the eraser of each site, fitted to rows of the concept z, and then its likes.

    Sites that have no such eraser, or nothing like it, come second, with the reason. If all are
    such, the last reason is raised.
    """
    edits: dict[str, list[Edits]] = {}
    left_out: dict[str, str] = {}
    for s, (site, X) in enumerate(found.items()):
        rng = np.random.default_rng([seed, 2, s])
        try:
            moments = Moments.of(X, z)
            eraser = fit(moments)
            likes = _likes(eraser, X, moments.mean, n_draws, rng)
        except validation.InputError as error:
            if len(left_out) + 1 == len(found):  # nothing is left to judge
                raise
            left_out[site] = f"no eraser, or nothing to compare it with, is there: {error}"
        else:
            edits[site] = [{site: one} for one in (eraser, *likes)]
    return edits, left_out


def _likes(
    eraser: AffineEraser, X: np.ndarray, mean: np.ndarray, n_draws: int, rng: np.random.Generator
) -> list[AffineEraser]:
    """Return erasers of random subspaces, of the same kind, rank and size as one fitted to X.

    An eraser that is an orthogonal projection is compared with such; any other with maps that are
    orthogonal where all directions vary alike, as LEACE is. Compared with the other kind, labels
    that mean nothing would seem to be used.
    """
    lost = np.square(X - eraser.apply(X), dtype=np.float64).sum() / len(X)
    centred = (X - mean).astype(X.dtype)  # whose rounding says what is no direction of theirs
    told = {"rank": eraser.rank, "removed": float(lost), "n_draws": n_draws, "rng": rng}
    if _is_orthogonal(eraser):
        Q = random_subspaces(centred, **told)
        R, W = Q, Q.swapaxes(1, 2)
    else:
        R, W = random_maps(centred, **told)
    return [AffineEraser(mean, r, w, method="random") for r, w in zip(R, W, strict=True)]


def _is_orthogonal(eraser: AffineEraser) -> bool:
    """Return whether an eraser's R W is symmetric, without forming it."""
    R, W = eraser.reading, eraser.writing
    # |R W − (R W)ᵀ|² = 2 |R W|² − 2 tr(R W R W)
    square, crossed = np.sum((R.T @ R) * (W @ W.T)), np.sum((W @ R) * (W @ R).T)
    return bool(square - crossed <= ROUNDING * square)


def _of_all(metric: Metric, rows: np.ndarray) -> Metric:
    """Return a metric of some texts that is told their numbers among all."""
    return lambda logits, texts: metric(logits, rows[texts])


def _weights(z: Concept, halves: Parts, rng: np.random.Generator) -> np.ndarray | None:
    """Return bootstrap weights (B, m) of the texts that are asked about; None of too few."""
    rows = halves.rows(ASKED)
    codes = z.take(rows).codes
    groups = None if halves.groups is None else halves.groups[rows]
    few = len(rows) < LEAST_TEXTS if groups is None else len(np.unique(groups)) < LEAST_GROUPS
    return None if few else resampled_weights(codes, groups, len(rows), N_RESAMPLES, rng)


def _use(
    before: np.ndarray,
    changes: np.ndarray,
    unit: str,
    weights: np.ndarray | None,
    divergence: np.ndarray | None,
) -> Use:
    """Return what was seen at a site from changes (1 + m, n), those of the eraser first."""
    own, random = changes[0], changes[1:]

    def observed(values: np.ndarray) -> Observation:
        if weights is None:
            return Observation(float(values.mean()), unit, 0.0, np.full(N_RESAMPLES, np.nan))
        means = weights @ values / weights.sum(axis=1)
        return Observation(float(values.mean()), unit, 0.0, means)

    return Use(
        float(before.mean()),
        observed(own),
        Null("random_subspaces", DRAWN, random.mean(axis=1)),
        observed(own - random.mean(axis=0)),
        None
        if divergence is None
        else (float(divergence[0]), Null("random_subspaces", DRAWN, divergence[1:])),
    )
