"""The options of an audit, validated once, before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe._core import parameters, validation
from nullprobe._core.caller_warnings import warn
from nullprobe._core.validation import InputError
from nullprobe.auditing.sparse_run import CLAIMS as SPARSE_CLAIMS
from nullprobe.claims import CLAIMS, Thresholds
from nullprobe.data.concept import Concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.partitions import MOST_SPLITS
from nullprobe.data.splits import Parts, split_within
from nullprobe.heldout.pair_agreement import HeldOut

N_PARTS = 3
DRAWS = 499  # default limit
QUICK = ("readable", "one_direction")
DEPTHS = ("full", "survey", "quick")
SURVEYED = 5  # of the draws, one in so many explains a reading in a survey


def thresholds(alpha: float, effect: float) -> Thresholds:
    """Return the significance level and the smallest effect of interest, or complain."""
    alpha = parameters.share("alpha", alpha)
    if not 0.0 < alpha < 1.0:
        validation.complain("alpha must be above 0 and below 1", f"it is {alpha}")
    return Thresholds(alpha, parameters.real_number("min_effect", effect, least=0.0))


def check_effect(bar: Thresholds, z: Concept) -> None:
    """Complain of a smallest effect that no reading of the concept can have."""
    most, metrics = (0.5, "AUC and balanced accuracy") if z.is_classes else (1.0, "R²")
    if bar.min_effect >= most:
        validation.complain(
            f"min_effect must be below {most:g}: {metrics} cannot be further above chance",
            f"it is {bar.min_effect:g}",
        )


def claim_names(claims: Sequence[str] | None, depth: str) -> list[str] | None:
    """Return the names of the requested claims, or complain; None means all that apply."""
    parameters.choice("depth", depth, list(DEPTHS))
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
            "claims must hold at least one name",
            "the list is empty",
            f"name some of {', '.join(CLAIMS)}, or leave claims out for all that apply",
        )
    for position, name in enumerate(claims):
        parameters.choice("claim", name, list(CLAIMS))
        if name in claims[:position]:
            validation.complain("each claim must be named once", f"{name!r} is named twice")
    return list(claims)


def checked_draws(
    draws: int, n_permutations: int | None, n_surrogates: int | None, bar: Thresholds
) -> tuple[int, bool]:
    """Return the limit of draws, and whether nulls other than permutations are drawn."""
    old = {"n_permutations": n_permutations, "n_surrogates": n_surrogates}
    named = {name: value for name, value in old.items() if value is not None}
    if named:
        warn(
            f"{' and '.join(named)} will be removed: pass draws=, the most draws that are made",
            FutureWarning,
        )
        if draws != DRAWS:
            validation.complain(
                f"draws= replaces {' and '.join(named)}",
                "both arrived",
                f"leave {' and '.join(named)} out",
            )
        each = [parameters.whole_number(name, value, least=0) for name, value in named.items()]
        draws = max(each) or draws  # n_surrogates=0 alone did not change the permutations
    draws = parameters.whole_number("draws", draws, least=1)
    if draws < bar.least_draws:
        validation.complain(
            f"alpha={bar.alpha:g} needs at least {bar.least_draws} draws of each null: with fewer, "
            "no p-value is as small as alpha",
            f"draws is {draws}",
            f"pass draws={bar.least_draws}" + (", or a larger alpha" if bar.alpha < 0.05 else ""),
        )
    return draws, n_surrogates != 0


def draws_to_explain(draws: int, depth: str, bar: Thresholds) -> int:
    """Return the limit of draws of the nulls after chance, which factor the rows of each draw."""
    return max(bar.least_draws, draws // SURVEYED) if depth == "survey" else draws


def check_independent(independent: bool, place: np.ndarray | None) -> None:
    """Complain unless `independent` is True or False, and if it is True with an order."""
    if not isinstance(independent, (bool, np.bool_)):
        validation.complain(
            "independent must be True or False",
            f"{independent!r} arrived",
            "pass independent=True if rows have nothing in common",
        )
    if independent and place is not None:
        validation.complain(
            "rows of a series are not independent",
            "both order= and independent=True arrived",
            "leave one of them out",
        )


def check_confounds_and_order(dataset: Dataset, place: np.ndarray | None) -> None:
    """Complain about confounds with an order: labels of a series cannot be drawn row by row."""
    if dataset.confounds is not None and place is not None:
        validation.complain(
            "confounds need independent rows, since labels are drawn from confounds row by row",
            "both confounds= and order= arrived",
            "leave one of them out, or name parts of the series as groups",
        )


def checked_splits(n_splits: int) -> int:
    """Return the requested number of partitions, or complain that there are not so many."""
    n_splits = parameters.whole_number("n_splits", n_splits, least=1)
    if n_splits > MOST_SPLITS:
        validation.complain(
            f"n_splits must be at most {MOST_SPLITS}, the number of partitions of 27 blocks",
            f"it is {n_splits}",
            f"pass n_splits={MOST_SPLITS}",
        )
    return n_splits


def check_claims(claims: Sequence[str], z: Concept, explain: bool) -> None:
    """Complain about a claim that this concept or these settings cannot judge."""
    if "no_halfspace" in claims and not z.is_classes:
        validation.complain(
            "the claim 'no_halfspace' needs a concept of classes",
            "the concept is numeric",
            "cut the numbers into classes, or leave the claim out",
        )
    if "one_feature" in claims and not explain:
        validation.complain(
            "the claim 'one_feature' needs draws with the same means and covariances",
            "n_surrogates is 0",
            "leave n_surrogates out, or the claim",
        )


def check_comparisons(claims: Sequence[str] | None, **comparisons: Any) -> None:
    """Complain about data for the claim `readable` if that claim is not requested."""
    arrived = [name for name, value in comparisons.items() if value is not None and len(value)]
    if claims is not None and "readable" not in claims and arrived:
        validation.complain(
            f"{arrived[0]} need the claim 'readable', whose reading is compared with them",
            f"the claims are {', '.join(claims)}",
            f"add 'readable' to the claims, or leave {arrived[0]} out",
        )


def groups_to_compare(
    dataset: Dataset, claims: Sequence[str] | None, seed: int
) -> tuple[tuple[Parts, Sequence[str]] | None, dict[str, str]]:
    """Return a split within each group, and the reason if `transfers` is left out."""
    if claims is not None and "transfers" not in claims:
        return None, {}
    if dataset.groups is None:
        if claims is not None:
            validation.complain(
                "the claim 'transfers' needs groups",
                "there are none",
                "pass the group of each row, or leave the claim out",
            )
        return None, {}
    rng, names = np.random.default_rng([seed, 10]), dataset.group_names
    try:
        parts = split_within(
            dataset.z, groups=dataset.groups, names=names, n_parts=N_PARTS, rng=rng
        )
    except InputError as error:
        if claims is not None:
            raise
        return None, {"transfers": str(error)}
    return (parts, names), {}


def pairs_to_hold_out(
    dataset: Dataset, claims: Sequence[str] | None, seed: int
) -> tuple[dict[str, HeldOut], dict[str, str]]:
    """Return the pairs, ready to be held out, and the reason if `consistent` is left out."""
    if claims is not None and "consistent" not in claims:
        return {}, {}
    try:
        if not dataset.pairs and claims is not None:
            validation.complain(
                "the claim 'consistent' needs contrast pairs",
                "the representation is an array of rows",
                "pass ContrastPairs(negative, positive, y), or leave the claim out",
            )
        if dataset.pairs and dataset.groups is not None:
            validation.complain(
                "the claim 'consistent' needs pairs that are independent of each other",
                "groups declare that some depend on each other",
                "leave the claim out, or pass one pair per group and no groups",
            )
        return {name: HeldOut(one, seed) for name, one in dataset.pairs.items()}, {}
    except InputError as error:
        if claims is not None:
            raise
        return {}, {"consistent": str(error)}


def claims_that_apply(
    dataset: Dataset,
    explain: bool,
    domains: tuple[Parts, Sequence[str]] | None,
    pairs: Mapping[str, HeldOut],
) -> list[str]:
    """Return the names of all claims that these data can judge."""
    if dataset.is_sparse:
        return list(SPARSE_CLAIMS)
    cannot = {
        # It is judged if it is named: another claim would change the adjusted p-values.
        "few_features": True,
        "no_halfspace": not dataset.z.is_classes,
        "one_feature": not explain,
        "transfers": domains is None,
        "consistent": not pairs,
    }
    return [name for name in CLAIMS if not cannot.get(name, False)]


def order_of(order: Any, n: int, groups: np.ndarray | None) -> np.ndarray | None:
    """Return the place (n,) of each row in its series, or None without a declared order."""
    if order is None:
        return None
    place = np.asarray(order)
    if place.shape != (n,):
        validation.complain(
            f"order must have one number for each of {n} rows, the time or place in its series",
            f"its shape is {place.shape}",
        )
    is_known = place.dtype.kind in "iufmM"
    if not is_known or not np.isfinite(place).all():
        validation.complain(
            "order must hold finite numbers or times without missing values, one per row",
            "it has missing or infinite values" if is_known else f"it holds {place.dtype}",
        )
    group = np.zeros(n, dtype=int) if groups is None else groups
    same = np.lexsort((place, group))
    tied = (np.diff(group[same]) == 0) & (place[same[1:]] == place[same[:-1]])
    if tied.any():
        first, second = np.sort(same[np.flatnonzero(tied)[0] :][:2])
        validation.complain(
            "order must be different for all rows of a series",
            f"it is {place[first]} for rows {first} and {second}",
            "pass the place of each row, or name the series that rows belong to as groups",
        )
    return np.argsort(np.argsort(place, kind="stable"), kind="stable")
