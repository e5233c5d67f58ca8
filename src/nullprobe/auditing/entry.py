"""Audit: split, read, erase, read back, compare with nulls, and say what each result is about."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from nullprobe._core import parameters, validation
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe._core.validation import InputError
from nullprobe.auditing.evidence import evidence
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.measurement import Progress, Run, Settings
from nullprobe.auditing.projection import portrait
from nullprobe.auditing.result import Audit
from nullprobe.claims import CLAIMS, Thresholds
from nullprobe.data import provenance
from nullprobe.data.concept import Concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.partitions import partitions
from nullprobe.data.splits import Parts, split_within
from nullprobe.heldout.pair_agreement import HeldOut

N_PARTS = 3
QUICK = ("readable", "one_direction")


def audit(
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    order: Any = None,
    duplicates: str = "group",
    independent: bool = False,
    feature_names: Sequence[str] | None = None,
    others: Mapping[str, Any] | None = None,
    baselines: Mapping[str, Any] | None = None,
    untrained: Mapping[str, Any] | None = None,
    claims: Sequence[str] | None = None,
    depth: str = "full",
    kind: str | None = None,
    alpha: float = 0.05,
    min_effect: float = 0.05,
    draws: int = 499,
    n_splits: int = 4,
    random_state: RandomState = 0,
    title: str = "data",
    progress: Progress | None = None,
    n_permutations: int | None = None,
    n_surrogates: int | None = None,
) -> Audit | Layers:
    """Audit what a representation says about a concept, and what that is a fact about.

    Parameters
    ----------
    X : array of shape (n, d), ContrastPairs, or mapping of str to such
        Representation; or several of the same rows, such as the layers of a model. Of contrast
        pairs the differences are audited, and `consistent` asks what CCS finds in them.
    y : array-like of shape (n,) or (n, k)
        Concept: labels or numbers; several columns of labels are one-hot encoded together. Pairs
        bring their own.
    groups : array-like of shape (n,), optional
        Rows of a group depend on each other; they stay in one part of the split. Where every
        group holds enough rows of every class, `transfers` asks what carries over among them.
    feature_names : sequence of d str, optional
        Names of the columns of X; by default those of a frame.
    others : mapping of str to array-like of shape (n,), optional
        Other labels of contrast pairs, 1 where something else is so of the positive side: a probe
        without labels may follow one of these instead.
    baselines : mapping of str to array of shape (n, d'), optional
        Other representations of the inputs: a bag of words, lengths, an embedding layer.
    untrained : mapping of str to array of shape (n, d'), optional
        Representations of the same rows in networks of the same architecture that were not trained.
    claims : sequence of str, optional
        Names of claims; by default all that apply.
    depth : {"full", "quick"}
        "quick" judges `readable` and `one_direction` alone, against chance alone.
    kind : {"labels", "numeric"} or None
        What y is; None for the rule: floats are numbers, unless all are whole and few are distinct.
    alpha : float
        Share of wrong alarms that a test may raise; of several representations, all together.
    min_effect : float
        Smallest effect of interest: how far above chance a reading must be to matter, in AUC,
        balanced accuracy or R².
    draws : int
        Draws of each null at most, at least 2/α − 1: 39 for α = .05. No more are drawn once the
        99 % interval of every p-value excludes α.
    n_splits : int
        Partitions that readings are averaged over, from 1 to 13; fewer where classes are small.
    random_state : int, Generator or None
        Same seed, same verdicts; of a generator or None, a seed is drawn and recorded.
    title : str
        Name of the data set on the page.
    progress : callable, optional
        Called with the stage, how much of it is done, and of how much.
    n_permutations, n_surrogates : int, optional
        Old names of ``draws``, read until the next release, with a warning.

    Returns
    -------
    Audit, or Layers where X is a mapping
        ``.claims``, each with ``.holds``, ``.takes``, ``.comes_from`` and what they rest on.

    Raises
    ------
    InputError
        If the input is not finite, of lengths that differ, of one class, or too small to split.

    Notes
    -----
    Rows are split into three stratified parts that take turns as F (eraser), P (probe) and S
    (scores), in several partitions whose readings are averaged. Intervals are conditional on the
    fitted erasers and probes. p-values are adjusted over claims and representations (Westfall and
    Young's maximum statistic): labels are permuted alike for all of them.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> w = worlds.two_features(random_state=0)
    >>> result = audit(w.X, w.y, claims=["one_direction"])
    >>> str(result["one_direction"].holds), str(result["one_direction"].takes)
    ('yes', 'linear_algebra')
    """
    claims = _claim_names(claims, depth)
    seed = integer_seed(random_state)
    bar = _thresholds(alpha, min_effect)
    draws, explain = _draws(draws, n_permutations, n_surrogates, bar)
    n_splits = parameters.whole_number("n_splits", n_splits, least=1)
    given = Dataset.of(
        X,
        y,
        groups=groups,
        others=others,
        baselines=baselines,
        untrained=untrained,
        feature_names=feature_names,
        kind=kind,
    )
    z, several = given.z, given.representations
    _need_what_claims_need(claims or (), z, explain)
    # What carries over is asked within groups: two of them will do, and none is kept whole.
    whole = None if claims == ["transfers"] else given.groups
    rng = np.random.default_rng([seed, 0])
    splits = partitions(z, groups=whole, n_splits=n_splits, rng=rng)
    domains, left_out = _domains(given, claims, seed)
    pairs, unpaired = _held_out(given, claims, seed)
    left_out |= unpaired
    cannot = {
        "no_halfspace": not z.is_classes,
        "one_feature": not explain,
        "transfers": domains is None,
        "consistent": not pairs,
    }
    names = claims or [name for name in CLAIMS if not cannot.get(name, False)]
    with ExitStack() as stack:
        runs = {}
        for number, (name, one) in enumerate(several.items()):
            said = _progress(progress, name, len(several))
            settings = Settings(names, seed, draws, explain and depth == "full", bar, said, number)
            runs[name] = stack.enter_context(Run(one, z, splits, settings))
        others_ = {"inputs": given.baselines, "architecture": given.untrained}
        judged = evidence(runs, others_, domains, pairs, given.others)
        found = {
            name: (
                run.scores[0],
                portrait(
                    run.X,
                    z,
                    feature_names=given.feature_names.get(name),
                    random_state=seed,
                    whole=run.whole,
                ),
            )
            for name, run in runs.items()
        }
    audits = {}
    for (name, (scores, drawn)), own in zip(found.items(), judged, strict=True):
        audits[name] = Audit(
            tuple(CLAIMS[claim](own) for claim in names),
            title,
            z.labels,
            scores,
            drawn,
            {
                **provenance.data(
                    several[name],
                    z,
                    splits[0],
                    group_names=given.group_names,
                    feature_names=given.feature_names.get(name, ()),
                ),
                "baselines": list(given.baselines),
                "random_state": seed,
                **({"untrained": list(given.untrained)} if given.untrained else {}),
                "alpha": bar.alpha,
                "min_effect": bar.min_effect,
                "draws": draws,
                "n_splits": len(splits),
                **({"other_labels": list(given.others)} if given.others else {}),
                **({"representations": list(several)} if len(several) > 1 else {}),
                **({"left_out": left_out} if left_out else {}),
                "versions": provenance.versions(),
            },
            name or None,
            "pair_differences" if given.pairs else "rows",
            "labels" if z.is_classes else "numeric",
        )
    return Layers(audits) if isinstance(X, Mapping) else next(iter(audits.values()))


def _thresholds(alpha: float, effect: float) -> Thresholds:
    alpha = parameters.share("alpha", alpha)
    if not 0.0 < alpha < 1.0:
        validation.complain("alpha must be above 0 and below 1", f"it is {alpha}", "pass .05, say")
    return Thresholds(alpha, parameters.real_number("min_effect", effect, least=0.0))


def _claim_names(claims: Sequence[str] | None, depth: str) -> list[str] | None:
    """Return the names of claims that are asked for, or complain; None for all that apply."""
    parameters.choice("depth", depth, ["full", "quick"])
    if claims is None:
        return list(QUICK) if depth == "quick" else None
    if isinstance(claims, str) or not isinstance(claims, Sequence):
        validation.complain(
            "claims must be a list of names",
            f"{claims!r} arrived",
            'pass a list, such as ["readable"]',
        )
    if not claims:
        validation.complain(
            "at least one claim is needed",
            "none is named",
            f"name some of {', '.join(CLAIMS)}, or leave claims out for all that apply",
        )
    for position, name in enumerate(claims):
        parameters.choice("claim", name, list(CLAIMS))
        if name in claims[:position]:
            validation.complain(
                "every claim is judged once", f"{name!r} is named twice", "name each claim once"
            )
    return list(claims)


def _draws(
    draws: int, n_permutations: int | None, n_surrogates: int | None, bar: Thresholds
) -> tuple[int, bool]:
    """Return how many draws there are at most, and whether to draw more than permutations."""
    old = {"n_permutations": n_permutations, "n_surrogates": n_surrogates}
    named = {name: value for name, value in old.items() if value is not None}
    if named:
        warnings.warn(
            f"{' and '.join(named)} will go: pass draws=, of which no more are drawn than needed",
            FutureWarning,
            stacklevel=3,
        )
        draws = max(parameters.whole_number(name, value, least=0) for name, value in named.items())
    draws = parameters.whole_number("draws", draws, least=1)
    if draws < bar.least_draws:
        validation.complain(
            f"alpha={bar.alpha:g} needs at least {bar.least_draws} draws of each null, since of "
            "fewer no p-value could be as small",
            f"draws is {draws}",
            f"pass draws={bar.least_draws}, or a larger alpha",
        )
    return draws, n_surrogates != 0


def _need_what_claims_need(claims: Sequence[str], z: Concept, explain: bool) -> None:
    """Complain about a claim that these settings, or this concept, leave nothing to judge by."""
    if "no_halfspace" in claims and not z.is_classes:
        validation.complain(
            "the claim 'no_halfspace' needs classes",
            "the concept is numbers",
            "cut it into classes, or leave the claim out",
        )
    if "one_feature" in claims and not explain:
        validation.complain(
            "the claim 'one_feature' compares with data of the same means and covariances",
            "n_surrogates is 0",
            "leave n_surrogates out, or the claim",
        )


def _domains(
    given: Dataset, claims: Sequence[str] | None, seed: int
) -> tuple[tuple[Parts, Sequence[str]] | None, dict[str, str]]:
    """Return a split within each group, and what was left out of an audit that can have none."""
    if claims is not None and "transfers" not in claims:
        return None, {}
    if given.groups is None:
        if claims is not None:
            validation.complain(
                "the claim 'transfers' needs groups",
                "there are none",
                "pass the group of each row, or leave the claim out",
            )
        return None, {}
    rng, names = np.random.default_rng([seed, 10]), given.group_names
    try:
        parts = split_within(given.z, groups=given.groups, names=names, n_parts=N_PARTS, rng=rng)
    except InputError as error:
        if claims is not None:
            raise
        return None, {"transfers": str(error)}
    return (parts, names), {}


def _held_out(
    given: Dataset, claims: Sequence[str] | None, seed: int
) -> tuple[dict[str, HeldOut], dict[str, str]]:
    """Return the pairs ready to be held out, and what was left out where they cannot be."""
    if claims is not None and "consistent" not in claims:
        return {}, {}
    try:
        if not given.pairs and claims is not None:
            validation.complain(
                "the claim 'consistent' needs contrast pairs",
                "the representation is none",
                "pass ContrastPairs(negative, positive, y), or leave the claim out",
            )
        if given.pairs and given.groups is not None:
            validation.complain(
                "the claim 'consistent' takes pairs as independent",
                "groups say that they are not",
                "leave the claim out, or pass one pair of each group and no groups",
            )
        return {name: HeldOut(one, seed) for name, one in given.pairs.items()}, {}
    except InputError as error:
        if claims is not None:
            raise
        return {}, {"consistent": str(error)}


def _progress(progress: Progress | None, name: str, several: int) -> Progress:
    if progress is None:
        return lambda *_: None
    if several == 1:
        return progress
    return lambda stage, done, total: progress(f"{name}: {stage}", done, total)
