"""Given: what an audit is asked about, checked: representations, a concept, what else is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from nullprobe._core import arrays, validation
from nullprobe.data.concept import Concept, rows
from nullprobe.data.pair_labels import need_truth, other_labels
from nullprobe.data.pairs import ContrastPairs

TRUTH = "truth"  # what the labels of pairs are called among other labels


@dataclass(frozen=True, eq=False)
class Given:
    """Representations of the same rows, and what is known of these.

    Attributes
    ----------
    representations : dict of str to ndarray of shape (n, d)
        By name; a single one has none. Of contrast pairs they are the differences.
    z : Concept
    labels : ndarray of shape (n,) or (n, k)
        The concept, as a page should name it.
    pairs : dict of str to ContrastPairs
        The pairs of each representation; empty where they are none.
    others : dict of str to ndarray of shape (n,)
        Other labels of the pairs.
    baselines : dict of str to ndarray of shape (n, d')
    """

    representations: dict[str, np.ndarray]
    z: Concept
    labels: np.ndarray
    pairs: dict[str, ContrastPairs]
    others: dict[str, np.ndarray]
    baselines: dict[str, np.ndarray]

    @classmethod
    def of(
        cls,
        X: Any,
        y: Any,
        *,
        others: Mapping[str, Any] | None,
        baselines: Mapping[str, Any] | None,
        kind: str | None = None,
    ) -> Self:
        """Check what `audit` was given.

        Raises
        ------
        InputError
            If representations differ in their rows, pairs in their labels, or labels are missing.
        """
        several = _by_name(X)
        pairs = {name: one for name, one in several.items() if isinstance(one, ContrastPairs)}
        if pairs:
            y = _labels_of(pairs, several, y)
            several = {name: _difference(one) for name, one in pairs.items()}
        elif others is not None and len(others):
            validation.complain(
                "other labels are those of contrast pairs",
                "the representation is none",
                "pass ContrastPairs, or audit each label by itself",
            )
        found = {
            name: validation.representation(one, name=_called(name))
            for name, one in several.items()
        }
        if y is None:
            validation.complain(
                "a concept is needed", "y is missing", "pass one label for each row"
            )
        _need_same_rows(found)
        z = rows(next(iter(found.values())), y, None, kind=kind)[1]
        z.need_two_classes()
        return cls(
            {
                name: arrays.host_native(validation.finite(one, name=_called(name)))
                for name, one in found.items()
            },
            z,
            _named(z),
            pairs,
            other_labels(others, len(z), TRUTH) if pairs else {},
            _baselines(baselines, len(z)),
        )


def _named(z: Concept) -> np.ndarray:
    """Return what a page should show of each row: labels, as text where they are floats."""
    labels = z.labels
    return labels.astype(str) if z.is_classes and labels.dtype.kind == "f" else labels


def _by_name(X: Any) -> dict[str, Any]:
    if not isinstance(X, Mapping):
        return {"": X}
    if not X:
        validation.complain(
            "at least one representation is needed",
            "the mapping is empty",
            'pass arrays by name, such as {"layer 0": X0, "layer 1": X1}',
        )
    return validation.by_name("representation", X)


def _difference(pairs: ContrastPairs) -> np.ndarray:
    """Return the positive less the negative sides (n, d); whole numbers would wrap around."""
    wide = np.result_type(pairs.negative, pairs.positive, np.float32)
    return np.subtract(pairs.positive, pairs.negative, dtype=wide)


def _called(name: str) -> str:
    return repr(name) if name else "X"


def _need_same_rows(found: Mapping[str, Any]) -> None:
    lengths = {name: len(one) for name, one in found.items()}
    if len(set(lengths.values())) > 1:
        validation.complain(
            "all representations must have the same rows",
            f"they have {', '.join(f'{n} ({name!r})' for name, n in lengths.items())}",
            "compute them for the same inputs, in the same order",
        )


def _labels_of(
    pairs: Mapping[str, ContrastPairs], several: Mapping[str, Any], y: Any
) -> np.ndarray:
    """Return the labels that all pairs bring, or complain."""
    if len(pairs) < len(several):
        strange = next(name for name in several if name not in pairs)
        validation.complain(
            "representations must all be contrast pairs, or none",
            f"{strange!r} is none",
            "audit them one by one, or pass ContrastPairs for each",
        )
    if y is not None:
        validation.complain(
            "contrast pairs bring their own labels",
            "y arrived as well",
            "pass the pairs alone, made with ContrastPairs(negative, positive, y)",
        )
    _need_same_rows(pairs)
    (first, one), *rest = pairs.items()
    found = need_truth(one.y, len(one))
    for name, other in rest:
        if not np.array_equal(need_truth(other.y, len(other)), found):
            validation.complain(
                "all pairs must have the same labels",
                f"those of {name!r} differ from those of {first!r}",
                "compute them for the same pairs, in the same order",
            )
    return found


def _baselines(baselines: Mapping[str, Any] | None, n: int) -> dict[str, np.ndarray]:
    if baselines is not None and not isinstance(baselines, Mapping):
        validation.complain(
            "baselines must have names",
            f"{type(baselines).__name__} arrived",
            'pass a mapping, such as {"bag of words": B}',
        )
    found = {}
    for name, B in validation.by_name("baseline", baselines or {}).items():
        called = f"baseline {name!r}"
        found[name] = arrays.host_native(
            validation.finite(validation.representation(B, name=called), name=called)
        )
        if len(found[name]) != n:
            validation.complain(
                f"baseline {name!r} must have the {n} rows of X",
                f"it has {len(found[name])}",
                "compute it for the same inputs, in the same order",
            )
    return found
