"""Words of the page, for a reader who does not know the theory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nullprobe._core.nested import is_list, is_mapping

MOST_ITEMS = 24  # of a list that the page writes out; the JSON twin holds all
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


SPREAD = "± is the standard deviation of the draws."
VERDICTS = {"yes": "Holds", "no": "Does not hold", "unclear": "Unclear"}
NAMES = {
    "dependent": "Dependent",
    "readable": "Readable",
    "one_direction": "One direction",
    "erasure_holds": "Erasure holds",
    "no_halfspace": "No halfspace",
    "one_feature": "One feature",
    "few_features": "Few features",
    "gone": "Gone",
    "transfers": "Transfers",
    "consistent": "Consistent",
    "used": "Used",
}
# Words for the keys of `details`; where a key holds several numbers, "{}" is the name of each.
DETAILS = {
    "agreements": "agreement with “{}”",
    "before_erasing": "before erasing",
    "before_erasure": "before erasure",
    "covariance_p": "p of no covariance beyond the confounds",
    "directions_removed": "directions removed",
    "divergence": "KL on neutral texts (nats a token)",
    "expected_of_eraser": "expected by the number of rows that the eraser was fitted to",
    "expected_from_means": "expected from estimated means",
    "in_sample_after": "in-sample accuracy of logistic regression after",
    "in_sample_after_shuffled": "in-sample accuracy of logistic regression after, labels shuffled",
    "in_sample_before": "in-sample accuracy of logistic regression before",
    "in_sample_before_shuffled": (
        "in-sample accuracy of logistic regression before, labels shuffled"
    ),
    "information": "information (nats, lower bound)",
    "labelled_probe": "a probe with labels",
    "largest_auc": "AUC of any linear reader at most (97.5 %, Gaussian classes of one covariance)",
    "largest_class": "share of the largest class",
    "left_across_groups": "left across groups",
    "left_by_random_subspaces": "left by random subspaces",
    "left_within_groups": "left within groups, after erasing there",
    "logistic_accuracy": "accuracy of logistic regression",
    "loss": "reading of all features minus this reading",
    "loss_from": "its 95 % interval, from",
    "loss_to": "its 95 % interval, to",
    "n_features": "features that each probe may use",
    "odds_may_be_off_by": "factor by which odds given the confounds may be wrong",
    "parts_read_by": "parts read by {}",
    "probes_with": "share of the probes that used “{}”",
    "probe_rows": "rows that each probe was trained on",
    "random_change": "random subspaces, mean change",
    "random_divergence": "KL on neutral texts, random subspaces",
    "share_of_whole": "shift, as a share of the whole state's",
    "rank_correlation": "rank correlation of scores and numbers (few rows cannot decide it)",
    "rank_correlation_from": "its 95 % interval, from",
    "rank_correlation_to": "its 95 % interval, to",
    "reader_accuracy": "accuracy of the reader",
    "matched_pairs": "pairs of rows of different classes with equal confounds",
    "matched_gap": "matched gap of class means, as a share of the debiased one",
    "rows_open": "rows whose labels the confounds leave open",
    "with_all_features": "reading of all features",
    "within_groups": "within groups",
}
# Words for the keys of `provenance` that do not speak for themselves.
PROVENANCE = {
    "copies": "copied rows",
    "data_hash": "data hash",
    "dependence": "dependence of neighbouring rows",
    "draws": "draws of each null, at most",
    "depth": "depth",
    "draws_used": "draws of each null",
    "left_out": "left out",
    "method": "how rows are erased and read",
    "min_effect": "smallest effect of interest",
    "n_splits": "partitions of the rows",
    "other_labels": "other labels",
    "positive_shares": "positive shares",
    "set_aside": "features set aside",
}
ROWS = {
    "pair_differences": "differences of contrast pairs, positive less negative side",
    "texts": "texts, read and edited inside a model",
}
NO_INTERVAL = {
    "residual": "no interval: computed on the whole sample, not estimated from it",
    "association": "no interval: it says whether anything is there, not how much",
    "departure": "no interval: it is compared with the largest departures of the draws",
}
TOO_FEW = (
    "no interval: fewer than ten rows or five groups in a part, or too few usable bootstrap samples"
)
VIEWS = {"raw": "before erasure", "erased": "after erasure"}


def claim_name(key: str) -> str:
    """Return the short name of a claim.

    Examples
    --------
    >>> claim_name("erasure_holds")
    'Erasure holds'
    """
    return NAMES.get(key, key.replace("_", " ").capitalize())


def sentence(text: str) -> str:
    """Return the text with a capital at its start.

    Examples
    --------
    >>> sentence("held-out AUC 0.9")
    'Held-out AUC 0.9'
    """
    return text[:1].upper() + text[1:]


def number(value: Any) -> str:
    """Write a value of a document for a reader; "—" for None.

    Examples
    --------
    >>> number(0.94321), number(-0.5), number(None), number(1797)
    ('0.943', '−0.500', '—', '1,797')
    >>> number(3.1e-16), number(0.0)
    ('3.1 × 10⁻¹⁶', '0')
    """
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return "—"
    if value == 0.0 or (value.is_integer() and abs(value) >= 1000):
        return f"{value:,.0f}".replace("-", "−")
    if 5e-4 <= abs(value) < 1e6:
        return f"{value:,.3f}".replace("-", "−")
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits} × 10{str(int(exponent)).translate(SUPERSCRIPTS)}".replace("-", "−")


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the singular or the plural.

    Examples
    --------
    >>> counted(1, "feature"), counted(1200, "row")
    ('1 feature', '1,200 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def p_value(value: float | None) -> str:
    """Write a p-value; "·" for None.

    Examples
    --------
    >>> p_value(0.0251), p_value(0.0001), p_value(None)
    ('0.025', '1e-04', '·')
    """
    if value is None:
        return "·"
    return f"{value:.3f}" if value >= 5e-4 else f"{value:.0e}"


def interval(ends: Sequence[float] | None) -> str:
    """Write an interval, or "" for None.

    Examples
    --------
    >>> interval([0.91, 0.97])
    '0.910 to 0.970'
    """
    return "" if ends is None else f"{number(ends[0])} to {number(ends[1])}"


def percent(share: float) -> str:
    """Write a share in percent.

    Examples
    --------
    >>> percent(0.95), percent(0.999)
    ('95 %', '99.9 %')
    """
    return f"{100 * share:.4g} %"


def no_interval(kind: str) -> str:
    """Say why an estimate of this kind of metric may come without an interval."""
    return NO_INTERVAL.get(kind, TOO_FEW)


def heading(title: str, representation: str | None) -> str:
    """Return what a result of a data set, or of one representation of it, is called.

    Examples
    --------
    >>> heading("a model", "layer 0"), heading("digits", None)
    ('a model: layer 0', 'digits')
    """
    return title if representation is None else f"{title}: {representation}"


def details(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield further numbers of a claim with words for what they are.

    Examples
    --------
    >>> list(details({"largest_class": 0.5, "agreements": {"length": 0.7}}))
    [('share of the largest class', 0.5), ('agreement with “length”', 0.7)]
    """
    for key, value in values.items():
        words = DETAILS.get(key, key)
        if is_mapping(value) and "{}" in words:
            yield from ((words.format(name), each) for name, each in value.items())
        else:
            yield from flat(value, (words,))


def classes(labels: Sequence[Any]) -> list[Any]:
    """Return the distinct labels in order.

    Examples
    --------
    >>> classes(["b", "a", "b"]), classes([10, 9])
    (['a', 'b'], [9, 10])
    """
    distinct = list(dict.fromkeys(labels))
    try:
        return sorted(distinct)
    except TypeError:  # labels of several types, None among them
        return sorted(distinct, key=lambda label: (type(label).__name__, str(label)))


def flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a nested mapping with their paths, lists of plain values as text.

    Examples
    --------
    >>> list(flat({"seed": 0, "versions": {"numpy": "2"}, "sizes": [3, 4]}))
    [('seed', 0), ('versions › numpy', '2'), ('sizes', '3, 4')]
    """
    if is_mapping(value) and value:
        for key, inner in value.items():
            yield from flat(inner, (*path, str(key)))
    elif is_list(value) and any(isinstance(v, list | Mapping) for v in value):
        for position, inner in enumerate(value[:MOST_ITEMS], 1):
            yield from flat(inner, (*path, str(position)))
        if len(value) > MOST_ITEMS:
            yield " › ".join(path), f"… {len(value):,} in all; the JSON holds them"
    elif is_list(value) or is_mapping(value):
        text = ", ".join("—" if v is None else str(v) for v in list(value)[:MOST_ITEMS])
        more = f", … {len(value):,} in all" if len(value) > MOST_ITEMS else ""
        yield " › ".join(path), (text + more) if value else "none"
    else:
        yield " › ".join(path), value
