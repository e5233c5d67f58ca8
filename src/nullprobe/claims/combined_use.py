"""Combined verdict on use: the verdict of the method that has power at a site.

Interchange decides wherever the whole state moves the answer and a null has power, and wherever
the whole state is shown not to move it: then nothing at these tokens is used. Otherwise erasing,
which edits all tokens, decides if a null of it has power. The order is fixed, and which method has
power does not depend on its result, so no correction for several methods is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nullprobe.claims.explanations import Explanation, Outcome
from nullprobe.claims.neutral import neutral_in_words, neutral_shown
from nullprobe.claims.observation import Observation, Thresholds, Use
from nullprobe.claims.rows_needed import NO_NUMBER
from nullprobe.claims.sentences import MAKES
from nullprobe.claims.use_methods import (
    ERASING,
    INTERCHANGE,
    Method,
    Placebo,
    in_words,
    judged,
    powerless_in_words,
)
from nullprobe.claims.use_paths import path_in_words, repairs_in_words
from nullprobe.claims.used import NAME
from nullprobe.claims.verdict import Claim, Holds, no_sources
from nullprobe.data.metric import Metric

STATEMENT = "The model uses the concept: its answers follow what it reads of it at this site."
CONCLUSIONS = {
    (INTERCHANGE, Holds.YES): (
        "The model uses the concept: with a partner's value of it, it answers as for the partner, "
        "and no placebo does as much."
    ),
    (INTERCHANGE, Holds.NO): (
        "The model does not use the concept as this subspace holds it: with a partner's value "
        "there, its answer does not follow the partner."
    ),
    (INTERCHANGE, Holds.UNCLEAR): "Whether the model uses the concept is unclear.",
    (ERASING, Holds.YES): (
        "The model uses the concept: erasing it changes what the model does more than erasing "
        "other subspaces does."
    ),
    (ERASING, Holds.NO): (
        "Erasing the concept changes what the model does no more than erasing other subspaces does."
    ),
    (ERASING, Holds.UNCLEAR): "Whether the model uses the concept is unclear.",
}
NO_POWER = "Whether the model uses the concept is unclear: no method has power at this site."


def combined_use(
    use: Use, methods: Sequence[Method], bar: Thresholds, pairs: Mapping[str, Any]
) -> Claim:
    """Return the verdict on whether a model uses a concept, by all methods.

    Parameters
    ----------
    use : Use
        What erasing does.
    methods : sequence of Method
        Erasing, interchange and adding.
    bar : Thresholds
    pairs : mapping
        The pairs of the interchange, as a document shows them.
    """
    by_name = {one.name: one for one in methods}
    exchanged = by_name[INTERCHANGE]
    empty = exchanged.is_empty(bar) and bool(exchanged.counted(bar))
    decisive = next(
        (one for one in (exchanged, by_name[ERASING]) if one.is_alive(bar)),
        None,
    )
    decisive = exchanged if empty else decisive
    chosen = by_name[INTERCHANGE] if decisive is None else decisive
    holds, why = judged(chosen, bar)
    if decisive is None:
        holds, conclusion = Holds.UNCLEAR, NO_POWER
    else:
        conclusion = CONCLUSIONS[chosen.name, holds]
    if chosen.name == ERASING:
        why = f"{judged(by_name[INTERCHANGE], bar)[1]} So erasing decides. {why}"
    powerless = powerless_in_words(methods, bar)
    numbers = " ".join([
        *(in_words(one, bar) for one in methods), *([f"{powerless}."] if powerless else []),
    ])  # fmt: skip
    unclear = holds is Holds.UNCLEAR
    nulls = tuple(one.null for one in chosen.placebos if one.name != "same_label")
    effect = chosen.effect
    return Claim(
        NAME,
        STATEMENT,
        holds,
        _explanations(chosen, holds, bar),
        effect.value,
        Metric(effect.unit, 0.0, "change", None),
        effect.interval,
        nulls,
        nulls[0].p_value(effect.value),
        f"{conclusion} {why} {numbers}{neutral_in_words(use.divergence, bar)}"
        f"{path_in_words(exchanged, bar)}",
        abs(bar.detectable(effect, nulls[0])) if unclear else None,
        _details(use, by_name[INTERCHANGE]),
        {"use": {
            "verdict_from": None if decisive is None else chosen.name,
            "methods": [method_document(one, bar) for one in methods],
            "pairs": pairs,
        }} | neutral_shown(use.divergence, bar),
        rows_reason=NO_NUMBER[NAME] if unclear else "",
        warnings=tuple(text for text in (powerless, *repairs_in_words(exchanged, bar)) if text),
    )  # fmt: skip


def _explanations(chosen: Method, holds: Holds, bar: Thresholds) -> tuple[Explanation, ...]:
    """Judge the nulls of the method that decides; one without power explains nothing."""
    made: list[Explanation] = []
    for one in chosen.placebos:
        if one.name == "same_label":
            continue
        reason = one.without_power(bar.alpha)
        if reason:
            made.append(Explanation.not_tried(one.null.rung, reason))
            continue
        outcome = Outcome.REJECTED if one.p_value <= bar.alpha else Outcome.UNDECIDED
        if holds is Holds.NO:
            outcome = Outcome.SUFFICIENT
        judged_one = Explanation.of(one.compared.value, one.null, bar)
        made.append(replace(judged_one, outcome=outcome))
    return (
        *made,
        *(Explanation.not_tried(name, "the model was not run on draws") for name in MAKES),
        *no_sources(),
    )


def _details(use: Use, interchange: Method) -> dict[str, Any]:
    details: dict[str, Any] = {"before_erasing": use.before, "random_change": use.random.mean}
    if use.divergence is not None:
        details |= use.divergence.details
    if interchange.share is not None:
        details["share_of_whole"] = interchange.share
    return details


def method_document(method: Method, bar: Thresholds) -> dict[str, Any]:
    """Return a method as a document shows it."""
    holds, reason = judged(method, bar)
    return {
        "name": method.name,
        "holds": holds.value,
        "reason": reason,
        "unit": method.effect.unit,
        **_reading("effect", method.effect),
        "share_of_whole": method.share,
        "whole": _or_none(method.whole),
        "nulls": [_placebo_document(one, bar) for one in method.placebos],
        "doses": [{"dose": dose, **_value(one)} for dose, one in method.doses],
        "others": [{"name": name, **_value(one)} for name, one in method.others.items()],
        "same_label": _or_none(method.same_label),
        "direct": _or_none(method.direct),
        "added": _or_none(method.added),
        "later": [{"site": site, **_value(one)} for site, one in method.later],
        "read": _or_none(method.details.get("read")),
        "pairs_needed": method.details.get("pairs_needed"),
        **({"spread": method.details["spread"]} if method.details.get("spread") else {}),
    }


def _placebo_document(one: Placebo, bar: Thresholds) -> dict[str, Any]:
    values = one.null.values
    low, high = (float(np.quantile(values, q)) for q in (0.025, 0.975))
    return {
        "name": one.name,
        "compared": one.compared.value,
        "mean": one.null.mean,
        "low": low,
        "high": high,
        "p_value": one.null.p_value(one.compared.value),
        "adjusted_p": one.null.adjusted,
        "overlap": None if one.overlap is None else float(one.overlap.mean()),
        "no_power": one.without_power(bar.alpha),
    }


def _reading(key: str, one: Observation) -> dict[str, Any]:
    return {key: one.value, "interval": one.interval}


def _value(one: Observation) -> dict[str, Any]:
    return {"value": one.value, "interval": one.interval}


def _or_none(one: Observation | None) -> dict[str, Any] | None:
    return None if one is None else _value(one)
