"""Guards: features and rows that must not decide a reading are set aside or named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nullprobe._core import validation
from nullprobe.auditing.readings import LINEAR, Readings
from nullprobe.data.concept import Concept
from nullprobe.data.dataset import Dataset
from nullprobe.data.splits import Parts
from nullprobe.stats.outlying import outlying_rows
from nullprobe.stats.rare_features import aside_features

MOST_NAMED = 20  # features or rows that are listed one by one
ALL_RARE = (
    "every feature has its most common value in nearly all rows (see docs/methods/dependence.md), "
    "and draws of the noise would be dense where the data are not"
)


def without_aside(X: np.ndarray, seed: int) -> tuple[np.ndarray, dict[int, str]]:
    """Return the features (m,) that are read, and why each other feature is set aside.

    If no feature would be left, as with one-hot symbols, all are read, and no null of the shape of
    the noise is drawn (`ALL_RARE`).
    """
    features = aside_features(X, seed)
    if len(features.keep) == X.shape[1]:
        return features.keep, {}
    return features.keep if len(features.keep) else np.arange(X.shape[1]), features.reasons


def set_aside(
    dataset: Dataset, seed: int
) -> tuple[Dataset, dict[str, np.ndarray], dict[str, dict[str, str]]]:
    """Return the data without features that must not decide, the full rows, and the reasons."""
    representations, whole, aside, names = {}, {}, {}, dict(dataset.feature_names)
    for name, X in dataset.representations.items():
        representations[name] = X
        if validation.is_sparse(X):
            continue  # it matters after erasure only, and sparse rows are not erased
        keep, reasons = without_aside(X, seed)
        if reasons:
            feature_names = names.get(name) or range(X.shape[1])
            aside[name] = {str(feature_names[j]): why for j, why in reasons.items()}
        if len(keep) < X.shape[1]:
            whole[name] = X
            representations[name] = np.ascontiguousarray(X[:, keep])
            if name in names:
                names[name] = tuple(names[name][j] for j in keep)
    return replace(dataset, representations=representations, feature_names=names), whole, aside


def aside_record(reasons: Mapping[str, str]) -> dict[str, Any]:
    """Return which features were set aside and why, by name."""
    return {"features": dict(list(reasons.items())[:MOST_NAMED]), "how_many": len(reasons)}


def reading_with_them(X: np.ndarray, how: Readings) -> dict[str, float]:
    """Return the readings of all features, before and after erasure."""
    return _reading(X, how, "with_them")


def outlying_record(X: np.ndarray, how: Readings) -> dict[str, Any]:
    """Return the outlying rows, and the reading without them; empty if there are none."""
    far = outlying_rows(X)
    if not len(far):
        return {}
    rest = np.setdiff1d(np.arange(len(X)), far)
    how_rest = replace(
        how,
        z=how.z.take(rest),
        partitions=tuple(_take(parts, rest) for parts in how.partitions),
    )
    record: dict[str, Any] = {"rows": far[:MOST_NAMED].tolist(), "how_many": len(far)}
    if how.z.codes is not None and how.z.classes is not None:
        counts = np.bincount(how.z.codes[far])
        record["classes"] = {str(how.z.classes[k]): int(counts[k]) for k in np.flatnonzero(counts)}
    enough = all(_holds_classes(how_rest.z, parts) for parts in how_rest.partitions)
    return record | (_reading(X[rest], how_rest, "without_them") if enough else {})


def _reading(X: np.ndarray, how: Readings, when: str) -> dict[str, float]:
    read = how.of(X).read(how.asis, LINEAR)
    return {f"{key}_{when}": float(read[key][0]) for key in LINEAR}


def _take(parts: Parts, rows: np.ndarray) -> Parts:
    groups, block = parts.groups, parts.block
    return replace(
        parts,
        part=parts.part[rows],
        groups=None if groups is None else groups[rows],
        block=None if block is None else block[rows],
    )


def _holds_classes(z: Concept, parts: Parts) -> bool:
    """Return whether every part holds two rows of every class."""
    if z.codes is None:
        return True
    each = (
        np.bincount(z.codes[parts.rows(j)], minlength=z.n_columns) for j in range(parts.n_parts)
    )
    return all(counts.min() >= 2 for counts in each)
