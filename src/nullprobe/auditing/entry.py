"""Audit: split, read, erase, read back, compare with nulls, and say what each result is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe._core import parameters, validation
from nullprobe._core.random_state import RandomState, integer_seed
from nullprobe._core.validation import InputError
from nullprobe.auditing.layers import Layers
from nullprobe.auditing.measurement import Progress, Run, Settings
from nullprobe.auditing.multiplicity import told_of_each_other
from nullprobe.auditing.projection import portrait
from nullprobe.auditing.result import Audit
from nullprobe.claims import CLAIMS, Thresholds
from nullprobe.data import provenance
from nullprobe.data.concept import Concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.splits import Parts, split, split_within
from nullprobe.heldout.pair_agreement import HeldOut
from nullprobe.stats.thresholds import LEAST_DRAWS

N_PARTS = 3


def audit(
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    feature_names: Sequence[str] | None = None,
    others: Mapping[str, Any] | None = None,
    baselines: Mapping[str, Any] | None = None,
    claims: Sequence[str] | None = None,
    kind: str | None = None,
    alpha: float = 0.05,
    min_effect: float = 0.05,
    n_permutations: int = 999,
    n_surrogates: int = 99,
    random_state: RandomState = 0,
    title: str = "data",
    progress: Progress | None = None,
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
        Other representations of the same rows: an untrained model, a bag of words.
    claims : sequence of str, optional
        Names of claims; by default all that apply.
    kind : {"labels", "numeric"} or None
        What y is; None for the rule: floats are numbers, unless all are whole and few are distinct.
    alpha : float
        Share of wrong alarms that a test may raise; of several representations, all together.
    min_effect : float
        Smallest effect of interest: how far above chance a reading must be to matter, in AUC,
        balanced accuracy or R².
    n_permutations, n_surrogates : int
        Draws of each null, at least 2/α − 1: 39 for α = .05. With 0 surrogates the rung of the
        moments is not tried: a quick look, which leaves `one_feature` out.
    random_state : int, Generator or None
        Same seed, same verdicts; of a generator or None, a seed is drawn and recorded.
    title : str
        Name of the data set on the page.
    progress : callable, optional
        Called with the stage, how much of it is done, and of how much.

    Returns
    -------
    Audit, or Layers where X is a mapping
        ``.claims``, each with ``.holds``, ``.fact_about`` and what they rest on.

    Raises
    ------
    InputError
        If the input is not finite, of lengths that differ, of one class, or too small to split.

    Notes
    -----
    Rows are split into three stratified parts that take turns as F (eraser), P (probe) and S
    (scores). Intervals are conditional on the fitted erasers and probes. Among several
    representations, a p-value is that of the largest departure of all: labels are permuted alike
    for each of them.

    Examples
    --------
    >>> from nullprobe import worlds
    >>> w = worlds.two_features(random_state=0)
    >>> result = audit(w.X, w.y, claims=["one_direction"], n_permutations=99, n_surrogates=39)
    >>> str(result["one_direction"].holds), str(result["one_direction"].fact_about)
    ('yes', 'linear_algebra')
    """
    claims = _claim_names(claims)
    seed = integer_seed(random_state)
    thresholds = _thresholds(alpha, min_effect)
    n_permutations, n_surrogates = _draws(n_permutations, n_surrogates, thresholds)
    given = Dataset.of(
        X,
        y,
        groups=groups,
        others=others,
        baselines=baselines,
        feature_names=feature_names,
        kind=kind,
    )
    z, several = given.z, given.representations
    _need_what_claims_need(claims or (), z, n_surrogates, thresholds)
    # What carries over is asked within groups: two of them will do, and none is kept whole.
    whole = None if claims == ["transfers"] else given.groups
    parts = split(z, groups=whole, n_parts=N_PARTS, rng=np.random.default_rng([seed, 0]))
    domains, left_out = _domains(given, claims, seed)
    pairs, unpaired = _held_out(given, claims, seed)
    left_out |= unpaired
    cannot = {
        "no_halfspace": not z.is_classes,
        "one_feature": n_surrogates == 0,
        "transfers": domains is None,
        "consistent": not pairs,
    }
    names = claims or [name for name in CLAIMS if not cannot.get(name, False)]
    found = {}
    for number, (name, one) in enumerate(several.items()):
        said = _progress(progress, name, len(several))
        settings = Settings(names, seed, n_permutations, n_surrogates, thresholds, said, number)
        run = Run(one, z, parts, settings)
        paired = (pairs[name], given.others) if pairs else None
        evidence = run.evidence(given.baselines, domains, paired)
        columns = given.feature_names.get(name)
        drawn = portrait(one, z, feature_names=columns, random_state=seed, whole=run.whole)
        found[name] = evidence, run.scores, drawn
    judged = told_of_each_other([evidence for evidence, _, _ in found.values()])
    audits = {}
    for (name, (_, scores, drawn)), evidence in zip(found.items(), judged, strict=True):
        audits[name] = Audit(
            tuple(CLAIMS[claim](evidence) for claim in names),
            title,
            z.labels,
            scores,
            drawn,
            {
                **provenance.data(
                    several[name],
                    z,
                    parts,
                    group_names=given.group_names,
                    feature_names=given.feature_names.get(name, ()),
                ),
                "baselines": list(given.baselines),
                "random_state": seed,
                "alpha": thresholds.alpha,
                "min_effect": thresholds.min_effect,
                "permutations": n_permutations,
                "surrogates": n_surrogates,
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


def _claim_names(claims: Sequence[str] | None) -> list[str] | None:
    """Return the names of claims that are asked for, or complain; None for all that apply."""
    if claims is None:
        return None
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


def _draws(n_permutations: int, n_surrogates: int, thresholds: Thresholds) -> tuple[int, int]:
    """Return how many draws of each null are asked for, or complain that these are too few."""
    drawn = {"n_permutations": n_permutations, "n_surrogates": n_surrogates}
    if n_surrogates == 0:
        del drawn["n_surrogates"]
    for name, number in drawn.items():
        drawn[name] = parameters.whole_number(name, number, least=LEAST_DRAWS)
    least = thresholds.least_draws
    few = [name for name, number in drawn.items() if number < least]
    if few:
        validation.complain(
            f"alpha={thresholds.alpha:g} needs at least {least} draws of each null, since of fewer "
            "no p-value could be as small",
            " and ".join(f"{name} is {drawn[name]}" for name in few),
            f"pass {' and '.join(f'{name}={least}' for name in few)}, or a larger alpha",
        )
    return drawn["n_permutations"], drawn.get("n_surrogates", 0)


def _need_what_claims_need(
    claims: Sequence[str], z: Concept, n_surrogates: int, thresholds: Thresholds
) -> None:
    """Complain about a claim that these settings, or this concept, leave nothing to judge by."""
    if "no_halfspace" in claims and not z.is_classes:
        validation.complain(
            "the claim 'no_halfspace' needs classes",
            "the concept is numbers",
            "cut it into classes, or leave the claim out",
        )
    if "one_feature" in claims and n_surrogates == 0:
        validation.complain(
            "the claim 'one_feature' compares with surrogates",
            "n_surrogates is 0",
            f"ask for {thresholds.least_draws} or more, or leave the claim out",
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
