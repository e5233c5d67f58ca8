"""Dataset: what is examined, validated once: representations, a concept, what else is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from nullprobe._core import arrays, parameters, validation
from nullprobe.data.concept import Concept, concept
from nullprobe.data.confounds import Confounds
from nullprobe.data.pair_labels import need_truth, other_labels
from nullprobe.data.pairs import ContrastPairs
from nullprobe.data.splits import named_groups

TRUTH = "truth"  # what the labels of pairs are called among other labels


@dataclass(frozen=True, eq=False)
class Dataset:
    """Representations of the same rows, and what is known of these; nobody validates them again.

    Attributes
    ----------
    representations : dict of str to ndarray of shape (n, d)
        By name, all finite; a single one has none. Of contrast pairs they are the differences.
    z : Concept
        Of two classes or more, or numbers that vary.
    feature_names : dict of str to tuple of d str
        Names of the columns of each representation that has some.
    groups : ndarray of shape (n,) or None
        Code of each row's group.
    group_names : tuple of str
        What the groups are called, by code.
    pairs : dict of str to ContrastPairs
        The pairs of each representation; empty where there are no pairs.
    others : dict of str to ndarray of shape (n,)
        Other labels of the pairs.
    baselines, untrained : dict of str to ndarray of shape (n, d')
    confounds : Confounds or None
    """

    representations: dict[str, np.ndarray]
    z: Concept
    feature_names: dict[str, tuple[str, ...]]
    groups: np.ndarray | None
    group_names: tuple[str, ...]
    pairs: dict[str, ContrastPairs]
    others: dict[str, np.ndarray]
    baselines: dict[str, np.ndarray]
    untrained: dict[str, np.ndarray]
    confounds: Confounds | None = None

    @classmethod
    def of(
        cls,
        X: Any,
        y: Any = None,
        *,
        groups: Any = None,
        others: Mapping[str, Any] | None = None,
        baselines: Mapping[str, Any] | None = None,
        untrained: Mapping[str, Any] | None = None,
        confounds: Any = None,
        feature_names: Sequence[str] | None = None,
        kind: str | None = None,
        truth: str = TRUTH,
    ) -> Self:
        """Validate what an audit or a comparison was given.

        Parameters
        ----------
        X, y, groups, others, baselines, untrained, confounds, feature_names
            As `audit` takes them.
        truth : str
            What the labels of pairs are called among other labels.

        Raises
        ------
        InputError
            If representations differ in their rows, pairs in their labels, or labels are missing.
        """
        several = _by_name(X)
        names = {name: _columns(one, feature_names) for name, one in several.items()}
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
        found = {name: _matrix(one, repr(name) if name else "X") for name, one in several.items()}
        if y is None:
            validation.complain(
                "a concept is needed", "y is missing", "pass one label for each row"
            )
        _need_same_rows(found)
        n = len(next(iter(found.values())))
        # Of states that were captured from texts; a frame may have a column of this name.
        texts = getattr(X, "text", None) if isinstance(X, Mapping) else None
        z = concept(y, n=n if texts is None else None, kind=kind)
        if texts is not None:
            z, groups = _by_row(z, groups, np.asarray(texts))
        z.need_two_classes()
        codes, group_names = named_groups(groups, n)
        return cls(
            found,
            z,
            {name: _need_width(of, found[name]) for name, of in names.items() if of is not None},
            codes,
            group_names,
            pairs,
            other_labels(others, n, truth) if pairs else {},
            _baselines(baselines, n),
            _baselines(untrained, n, "untrained"),
            Confounds.of(confounds, n),
        )

    def take(self, rows: np.ndarray) -> Dataset:
        """Return some of the rows, by their positions (m,)."""

        def some(several: Mapping[str, Any]) -> dict[str, Any]:
            return {name: one[rows] for name, one in several.items()}

        return replace(
            self,
            representations=some(self.representations),
            z=self.z.take(rows),
            groups=None if self.groups is None else self.groups[rows],
            pairs={name: one.take(rows) for name, one in self.pairs.items()},
            others=some(self.others),
            baselines=some(self.baselines),
            untrained=some(self.untrained),
            confounds=None if self.confounds is None else self.confounds.take(rows),
        )

    @property
    def X(self) -> np.ndarray:
        """The first representation (n, d)."""
        return next(iter(self.representations.values()))


def _by_name(X: Any) -> dict[str, Any]:
    if not isinstance(X, Mapping):
        return {"": X}
    if not X:
        validation.complain(
            "at least one representation is needed",
            "the mapping is empty",
            'pass arrays by name, such as {"layer 0": X0, "layer 1": X1}',
        )
    return parameters.by_name("representation", X)


def _by_row(z: Concept, groups: Any, texts: np.ndarray) -> tuple[Concept, Any]:
    """Return the concept and the groups of rows where those of their texts (n,) were given."""
    n, several = len(texts), int(texts.max()) + 1
    if len(z) != n and len(z) != several:
        validation.complain(
            f"y must have one value for each of {several} texts or of {n} rows",
            f"it has {len(z)}",
            "pass one label for each text",
        )
    z = z if len(z) == n else z.take(texts)
    if groups is None:
        return z, texts if several < n else None
    return z, np.asarray(groups)[texts] if len(groups) == several else groups


def _columns(X: Any, feature_names: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the names of the columns, those of a frame where nobody says them."""
    names = getattr(X, "columns", None) if feature_names is None else feature_names
    return None if names is None else tuple(map(str, names))


def _need_width(names: tuple[str, ...], X: np.ndarray) -> tuple[str, ...]:
    if len(names) != X.shape[1]:
        validation.complain(
            f"feature_names must name the {X.shape[1]} columns of X",
            f"{len(names)} names arrived",
            "pass one name for each column",
        )
    return names


def _matrix(X: Any, name: str) -> np.ndarray:
    """Return a representation as a finite NumPy array (n, d)."""
    return arrays.host_native(validation.finite(validation.representation(X, name=name), name=name))


def _difference(pairs: ContrastPairs) -> np.ndarray:
    """Return the positive less the negative sides (n, d); whole numbers would wrap around."""
    wide = np.result_type(pairs.negative, pairs.positive, np.float32)
    return np.subtract(pairs.positive, pairs.negative, dtype=wide)


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


def _baselines(
    baselines: Mapping[str, Any] | None, n: int, what: str = "baselines"
) -> dict[str, np.ndarray]:
    if baselines is not None and not isinstance(baselines, Mapping):
        validation.complain(
            f"{what} must have names",
            f"{type(baselines).__name__} arrived",
            'pass a mapping, such as {"bag of words": B}',
        )
    found = {}
    for name, B in parameters.by_name("baseline", baselines or {}).items():
        found[name] = _matrix(B, f"baseline {name!r}")
        if len(found[name]) != n:
            validation.complain(
                f"baseline {name!r} must have the {n} rows of X",
                f"it has {len(found[name])}",
                "compute it for the same inputs, in the same order",
            )
    return found
