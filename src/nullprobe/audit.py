"""Audit: split, read, erase, read back, compare with nulls, and say what each result is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nullprobe import _array, _check, _record
from nullprobe._check import InputError
from nullprobe.audited import Audit, Layers
from nullprobe.claims import CLAIMS, Evidence, Thresholds
from nullprobe.concepts import Concept, rows
from nullprobe.evidence import Progress, Run, Settings
from nullprobe.nulls.null import among
from nullprobe.report.portrait import portrait
from nullprobe.splits import Parts, group_codes, split, split_within

N_PARTS = 3
LEAST_DRAWS = 39  # with fewer no two-sided p-value, 2 / (m + 1), could reach 5 %


def audit(
    X: Any,
    y: Any,
    *,
    groups: Any = None,
    baselines: Mapping[str, Any] | None = None,
    claims: Sequence[str] | None = None,
    alpha: float = 0.05,
    smallest_effect: float = 0.05,
    n_permutations: int = 999,
    n_surrogates: int = 99,
    random_state: int = 0,
    title: str = "data",
    progress: Progress | None = None,
) -> Audit | Layers:
    """Audit what a representation says about a concept, and what that is a fact about.

    Parameters
    ----------
    X : array of shape (n, d), or mapping of str to arrays of shape (n, d')
        Representation; or several of the same rows, such as the layers of a model.
    y : array-like of shape (n,) or (n, k)
        Concept: class labels (n,), or numbers; columns (n, k) are numbers of any type.
    groups : array-like of shape (n,), optional
        Rows of a group depend on each other; they stay in one part of the split. Where every
        group holds enough rows of every class, `transfers` asks what carries over among them.
    baselines : mapping of str to array of shape (n, d'), optional
        Other representations of the same rows: an untrained model, a bag of words.
    claims : sequence of str, optional
        Names of claims; by default all that apply.
    alpha : float
        Share of wrong alarms that a test may raise; of several representations, all together.
    smallest_effect : float
        Smallest effect of interest: how far above chance a reading must be to matter, in AUC,
        balanced accuracy or R².
    n_permutations, n_surrogates : int
        Draws of each null, at least 2/α − 1: 39 for α = .05.
    random_state : int
        Same seed, same verdicts.
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
    several = _several(X)
    first, z, _ = rows(next(iter(several.values())), y, None)
    z.need_two_classes()
    seed = _check.whole_number("random_state", random_state, least=0)
    thresholds = _thresholds(alpha, smallest_effect)
    least = max(LEAST_DRAWS, int(np.ceil(2.0 / thresholds.alpha - 1e-9)) - 1)
    n_permutations = _check.whole_number("n_permutations", n_permutations, least=least)
    n_surrogates = _check.whole_number("n_surrogates", n_surrogates, least=least)
    codes = group_codes(groups, len(z))
    # What carries over is asked within groups: two of them will do, and none is kept whole.
    whole = None if list(claims or ()) == ["transfers"] else codes
    parts = split(z, groups=whole, n_parts=N_PARTS, rng=np.random.default_rng([seed, 0]))
    domains, left_out = _domains(z, codes, groups, claims, seed)
    names = _claim_names(claims, z, domains)
    found = {}
    others = _baselines(baselines, len(z))
    for number, (name, one) in enumerate(several.items()):
        one = _array.host_native(_check.finite(rows(one, y, None)[0]))
        said = _progress(progress, name, len(several))
        settings = Settings(names, seed, n_permutations, n_surrogates, thresholds, said, number)
        run = Run(one, z, parts, settings)
        found[name] = one, run.scores, run.evidence(others, domains)
    labels = _array.host_labels(y) if z.codes is None else np.array(z.classes)[z.codes]
    evidence = _told_of_each_other([e for _, _, e in found.values()])
    audits = {}
    for (name, (one, scores, _)), told in zip(found.items(), evidence, strict=True):
        audits[name] = Audit(
            tuple(CLAIMS[claim](told) for claim in names),
            title if len(several) == 1 else f"{title}: {name}",
            labels,
            scores,
            portrait(one, z, random_state=seed),
            {
                **_record.data(one, z, parts),
                "baselines": list(baselines or ()),
                "random_state": seed,
                "alpha": thresholds.alpha,
                "smallest effect of interest": thresholds.effect,
                "permutations": n_permutations,
                "surrogates": n_surrogates,
                **({"representations": list(several)} if len(several) > 1 else {}),
                **({"left out": left_out} if left_out else {}),
                "versions": _record.versions(),
            },
        )
    return Layers(audits) if isinstance(X, Mapping) else next(iter(audits.values()))


def _several(X: Any) -> dict[str, Any]:
    """Return the representations by name; a single one has none."""
    if not isinstance(X, Mapping):
        return {"": X}
    if not X:
        _check.complain(
            "at least one representation is needed",
            "the mapping is empty",
            'pass arrays by name, such as {"layer 0": X0, "layer 1": X1}',
        )
    found = {str(name): _check.representation(one, name=repr(name)) for name, one in X.items()}
    lengths = {name: len(one) for name, one in found.items()}
    if len(set(lengths.values())) > 1:
        _check.complain(
            "all representations must have the same rows",
            f"they have {', '.join(f'{n} ({name!r})' for name, n in lengths.items())}",
            "compute them for the same inputs, in the same order",
        )
    return found


def _thresholds(alpha: float, effect: float) -> Thresholds:
    alpha = _check.share("alpha", alpha)
    if not 0.0 < alpha < 1.0:
        _check.complain("alpha must be above 0 and below 1", f"it is {alpha}", "pass .05, say")
    return Thresholds(alpha, _check.real_number("smallest_effect", effect, least=0.0))


def _domains(
    z: Concept,
    codes: np.ndarray | None,
    groups: Any,
    claims: Sequence[str] | None,
    seed: int,
) -> tuple[tuple[Parts, list[str]] | None, dict[str, str]]:
    """Return a split within each group, and what was left out of an audit that can have none."""
    if claims is not None and "transfers" not in claims:
        return None, {}
    if codes is None:
        if claims is not None:
            _check.complain(
                "the claim 'transfers' needs groups", "there are none", "pass groups, or another"
            )
        return None, {}
    labels = _array.host_labels(groups)
    names = [str(labels[i]) for i in np.unique(codes, return_index=True)[1]]
    rng = np.random.default_rng([seed, 10])
    try:
        parts = split_within(z, groups=codes, names=names, n_parts=N_PARTS, rng=rng)
    except InputError as error:
        if claims is not None:
            raise
        return None, {"transfers": str(error)}
    return (parts, names), {}


def _claim_names(claims: Sequence[str] | None, z: Concept, domains: Any) -> list[str]:
    apply = [
        name
        for name in CLAIMS
        if (z.is_classes or name != "no_halfspace") and (domains is not None or name != "transfers")
    ]
    if claims is None:
        return apply
    for name in claims:
        _check.choice("claim", name, apply)
    return list(claims)


def _progress(progress: Progress | None, name: str, several: int) -> Progress:
    if progress is None:
        return lambda *_: None
    if several == 1:
        return progress
    return lambda stage, done, total: progress(f"{name}: {stage}", done, total)


def _told_of_each_other(several: list[Evidence]) -> list[Evidence]:
    """Correct every null for the number of representations: the largest departure of all."""
    if len(several) == 1:
        return several
    found = [replace(one, chance=dict(one.chance), moments=dict(one.moments)) for one in several]
    for rung in ("chance", "moments"):
        for name in getattr(several[0], rung):
            told = among(
                [getattr(one, rung)[name] for one in several],
                [one.observed(name).value for one in several],
            )
            for one, null in zip(found, told, strict=True):
                getattr(one, rung)[name] = null
    if several[0].curve is not None:
        largest = [one.curve.largest() for one in several if one.curve is not None]
        told = among([null for _, null in largest], [value for value, _ in largest])
        found = [
            replace(one, curve=replace(one.curve, strongest=null.strongest))
            for one, null in zip(found, told, strict=True)
            if one.curve is not None
        ]
    if several[0].carried is not None:
        carried = [one.carried for one in several if one.carried is not None]
        told = among([c.random for c in carried], [c.left_across.value for c in carried])
        found = [
            replace(one, carried=replace(c, random=null))
            for one, c, null in zip(found, carried, told, strict=True)
        ]
    return found


def _baselines(baselines: Mapping[str, Any] | None, n: int) -> dict[str, np.ndarray]:
    found = {}
    for name, B in (baselines or {}).items():
        found[name] = _array.host_native(
            _check.finite(_check.representation(B, name=f"baseline {name!r}"))
        )
        if len(found[name]) != n:
            _check.complain(
                f"baseline {name!r} must have the {n} rows of X",
                f"it has {len(found[name])}",
                "compute it for the same inputs, in the same order",
            )
    return found
