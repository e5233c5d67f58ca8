"""Asked: what an audit is asked for, checked once, before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nullprobe._core import parameters, validation
from nullprobe._core.caller_warnings import warn
from nullprobe._core.validation import InputError
from nullprobe.claims import CLAIMS, Thresholds
from nullprobe.data.concept import Concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.partitions import MOST_SPLITS
from nullprobe.data.splits import Parts, split_within
from nullprobe.heldout.pair_agreement import HeldOut

N_PARTS = 3
DRAWS = 499  # at most, unless others are asked for
QUICK = ("readable", "one_direction")


def thresholds(alpha: float, effect: float) -> Thresholds:
    """Return what counts as evidence and as an effect, or complain."""
    alpha = parameters.share("alpha", alpha)
    if not 0.0 < alpha < 1.0:
        validation.complain("alpha must be above 0 and below 1", f"it is {alpha}", "pass .05, say")
    return Thresholds(alpha, parameters.real_number("min_effect", effect, least=0.0))


def claim_names(claims: Sequence[str] | None, depth: str) -> list[str] | None:
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


def checked_draws(
    draws: int, n_permutations: int | None, n_surrogates: int | None, bar: Thresholds
) -> tuple[int, bool]:
    """Return how many draws there are at most, and whether to draw more than permutations."""
    old = {"n_permutations": n_permutations, "n_surrogates": n_surrogates}
    named = {name: value for name, value in old.items() if value is not None}
    if named:
        warn(
            f"{' and '.join(named)} will go: pass draws=, of which no more are drawn than needed",
            FutureWarning,
        )
        if draws != DRAWS:
            validation.complain(
                "draws are asked for once",
                f"draws={draws!r} and {' and '.join(named)} arrived",
                f"leave {' and '.join(named)} out",
            )
        each = [parameters.whole_number(name, value, least=0) for name, value in named.items()]
        draws = max(each) or draws  # n_surrogates=0 alone left the permutations as they were
    draws = parameters.whole_number("draws", draws, least=1)
    if draws < bar.least_draws:
        validation.complain(
            f"alpha={bar.alpha:g} needs at least {bar.least_draws} draws of each null, since of "
            "fewer no p-value could be as small",
            f"draws is {draws}",
            f"pass draws={bar.least_draws}, or a larger alpha",
        )
    return draws, n_surrogates != 0


def check_independent(independent: bool, place: np.ndarray | None) -> None:
    """Complain about anything but True or False, and about True beside a declared order."""
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
    """Complain about confounds of a series, whose labels cannot be drawn row by row."""
    if dataset.confounds is not None and place is not None:
        validation.complain(
            "labels are drawn given confounds row by row, and rows of a series are not independent",
            "both confounds= and order= arrived",
            "leave one of them out, or name parts of the series as groups",
        )


def checked_splits(n_splits: int) -> int:
    """Return how many partitions are asked for, or complain that there are not so many."""
    n_splits = parameters.whole_number("n_splits", n_splits, least=1)
    if n_splits > MOST_SPLITS:
        validation.complain(
            f"n_splits must be {MOST_SPLITS} at most, the partitions that 27 blocks have",
            f"it is {n_splits}",
            f"pass n_splits={MOST_SPLITS}",
        )
    return n_splits


def check_claims(claims: Sequence[str], z: Concept, explain: bool) -> None:
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


def check_comparisons(claims: Sequence[str] | None, **comparisons: Any) -> None:
    """Complain about what is held against `readable` where that is not asked for."""
    arrived = [name for name, value in comparisons.items() if value is not None and len(value)]
    if claims is not None and "readable" not in claims and arrived:
        validation.complain(
            f"{arrived[0]} are held against the claim 'readable'",
            f"claims are {', '.join(claims)}",
            f"ask for 'readable' too, or leave {arrived[0]} out",
        )


def groups_to_compare(
    dataset: Dataset, claims: Sequence[str] | None, seed: int
) -> tuple[tuple[Parts, Sequence[str]] | None, dict[str, str]]:
    """Return a split within each group, and what was left out of an audit that can have none."""
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
    """Return the pairs ready to be held out, and what was left out where they cannot be."""
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
                "the claim 'consistent' takes pairs as independent",
                "groups say that they are not",
                "leave the claim out, or pass one pair of each group and no groups",
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
    """Return the names of all claims that these data can be asked about."""
    cannot = {
        "no_halfspace": not dataset.z.is_classes,
        "one_feature": not explain,
        "transfers": domains is None,
        "consistent": not pairs,
    }
    return [name for name in CLAIMS if not cannot.get(name, False)]


def order_of(order: Any, n: int, groups: np.ndarray | None) -> np.ndarray | None:
    """Return the place (n,) of each row in its series, or None where no order is declared."""
    if order is None:
        return None
    place = np.asarray(order)
    if place.shape != (n,):
        validation.complain(
            f"order must have one number for each of {n} rows",
            f"its shape is {place.shape}",
            "pass the time or the place of each row in its series",
        )
    if place.dtype.kind not in "iufmM" or (place.dtype.kind == "f" and np.isnan(place).any()):
        validation.complain(
            "order must be numbers or times, all known",
            f"it holds {place.dtype}",
            "pass the time or the place of each row in its series",
        )
    group = np.zeros(n, dtype=int) if groups is None else groups
    same = np.lexsort((place, group))
    tied = (np.diff(group[same]) == 0) & (place[same[1:]] == place[same[:-1]])
    if tied.any():
        first, second = np.sort(same[np.flatnonzero(tied)[0] :][:2])
        validation.complain(
            "order must tell the rows of a series apart",
            f"rows {first} and {second} both have {place[first]}",
            "pass the place of each row, or name the series that rows belong to as groups",
        )
    return np.argsort(np.argsort(place, kind="stable"), kind="stable")
