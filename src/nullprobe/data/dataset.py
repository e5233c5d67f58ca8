"""Dataset: representations, a concept and further properties of the rows, validated once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from nullprobe._core import arrays, parameters, sparse_rows, validation
from nullprobe._core.nested import is_mapping
from nullprobe.data.concept import Concept, concept
from nullprobe.data.confounds import Confounds
from nullprobe.data.pair_labels import need_truth, other_labels
from nullprobe.data.pairs import ContrastPairs
from nullprobe.data.splits import named_groups

ByLayer = dict[str, dict[str, np.ndarray]]
TRUTH = "truth"  # name of the labels of pairs, among other labels


@dataclass(frozen=True, eq=False)
class Dataset:
    """Representations of the same rows with a concept and further properties; validated once.

    Attributes
    ----------
    representations : dict of str to ndarray or csr_array of shape (n, d)
        By name, all finite; a single representation has the name "". For contrast pairs: the
        differences.
    z : Concept
        Two or more classes, or numbers that vary.
    feature_names : dict of str to tuple of d str
        Names of the columns, for representations that have such names.
    groups : ndarray of shape (n,) or None
        Code of each row's group.
    group_names : tuple of str
        Names of the groups, by code.
    pairs : dict of str to ContrastPairs
        The pairs of each representation; empty if the representations are not pairs.
    others : dict of str to ndarray of shape (n,)
        Other labels of the pairs.
    baselines, untrained : dict of str to ndarray of shape (n, d')
        Other representations of the same rows.
    confounds : Confounds or None
        Known properties of the rows.
    layer_baselines, layer_untrained : dict of str to dict of str to ndarray of shape (n, d')
        Other representations that one representation is compared with, such as the same layer of
        an untrained network; by name of the representation.
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
    layer_baselines: ByLayer = field(default_factory=dict[str, dict[str, np.ndarray]])
    layer_untrained: ByLayer = field(default_factory=dict[str, dict[str, np.ndarray]])

    @classmethod
    def of(  # noqa: PLR0913  the door: all data that an audit takes
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
        sparse: bool = False,
    ) -> Self:
        """Validate the input of an audit or a comparison.

        Parameters
        ----------
        X, y, groups, others, baselines, untrained, confounds, feature_names
            As in `audit`.
        truth : str
            Name of the labels of pairs, among other labels.
        sparse : bool
            Whether representations and baselines may be sparse; they stay so.

        Raises
        ------
        InputError
            If representations have different rows, pairs have different labels, or labels are
            missing.
        """
        named = _by_name(X)
        names = {name: _columns(one, feature_names) for name, one in named.items()}
        pairs = {name: one for name, one in named.items() if isinstance(one, ContrastPairs)}
        if pairs:
            y = _labels_of(pairs, named, y)
            named = {name: _difference(one) for name, one in pairs.items()}
        elif others is not None and len(others):
            validation.complain(
                "other labels need contrast pairs",
                "X is not ContrastPairs",
                "pass ContrastPairs, or audit each label separately",
            )
        matrices = {
            name: _matrix(one, repr(name) if name else "X", sparse=sparse)
            for name, one in named.items()
        }
        if y is None:
            validation.complain(
                "a concept is needed", "y is missing", "pass one label for each row"
            )
        _need_same_rows(matrices)
        n = int(next(iter(matrices.values())).shape[0])
        # Text numbers of captured states; a data frame may have a column of this name.
        texts = getattr(X, "text", None) if is_mapping(X) else None
        z = concept(y, n=n if texts is None else None, kind=kind)
        if texts is not None:
            z, groups = _by_row(z, groups, np.asarray(texts))
        z.need_two_classes()
        codes, group_names = named_groups(groups, n)
        shared, by_layer = _baselines(baselines, n, matrices, sparse=sparse)
        shared_untrained, layer_untrained = _baselines(
            untrained, n, matrices, "untrained", sparse=sparse
        )
        return cls(
            matrices,
            z,
            {name: _need_width(of, matrices[name]) for name, of in names.items() if of is not None},
            codes,
            group_names,
            pairs,
            other_labels(others, n, truth) if pairs else {},
            shared,
            shared_untrained,
            Confounds.of(confounds, n),
            by_layer,
            layer_untrained,
        )

    def take(self, rows: np.ndarray) -> Dataset:
        """Return the rows at the positions ``rows`` (m,)."""

        def selected(arrays: Mapping[str, Any]) -> dict[str, Any]:
            return {name: one[rows] for name, one in arrays.items()}

        return replace(
            self,
            representations=selected(self.representations),
            z=self.z.take(rows),
            groups=None if self.groups is None else self.groups[rows],
            pairs={name: one.take(rows) for name, one in self.pairs.items()},
            others=selected(self.others),
            baselines=selected(self.baselines),
            untrained=selected(self.untrained),
            confounds=None if self.confounds is None else self.confounds.take(rows),
            layer_baselines={name: selected(one) for name, one in self.layer_baselines.items()},
            layer_untrained={name: selected(one) for name, one in self.layer_untrained.items()},
        )

    def compared_with(self, representation: str) -> dict[str, dict[str, np.ndarray]]:
        """Return the other matrices that a representation is compared with, by source and name."""
        return {
            "inputs": self.baselines | self.layer_baselines.get(representation, {}),
            "architecture": self.untrained | self.layer_untrained.get(representation, {}),
        }

    @property
    def is_sparse(self) -> bool:
        """Whether a representation is sparse."""
        return any(validation.is_sparse(X) for X in self.representations.values())

    @property
    def X(self) -> np.ndarray:
        """The first representation (n, d)."""
        return next(iter(self.representations.values()))


def _by_name(X: Any) -> dict[str, Any]:
    if not is_mapping(X):
        return {"": X}
    if not X:
        validation.complain(
            "at least one representation is needed",
            "the mapping is empty",
            'pass arrays by name, such as {"layer 0": X0, "layer 1": X1}',
        )
    return parameters.by_name("representation", X)


def _by_row(z: Concept, groups: Any, texts: np.ndarray) -> tuple[Concept, Any]:
    """Return the concept and the groups per row, from values per text or per row."""
    n, n_texts = len(texts), int(texts.max()) + 1
    if len(z) != n and len(z) != n_texts:
        validation.complain(
            f"y must have one value for each of {n_texts} texts or {n} rows",
            f"it has {len(z)}",
            "pass one label for each text",
        )
    z = z if len(z) == n else z.take(texts)
    if groups is None:
        return z, texts if n_texts < n else None
    return z, np.asarray(groups)[texts] if len(groups) == n_texts else groups


def _columns(X: Any, feature_names: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the names of the columns; by default the columns of a data frame."""
    names = getattr(X, "columns", None) if feature_names is None else feature_names
    return None if names is None else tuple(map(str, names))


def _need_width(names: tuple[str, ...], X: np.ndarray) -> tuple[str, ...]:
    if len(names) != X.shape[1]:
        validation.complain(
            f"feature_names must name the {X.shape[1]} columns of X",
            f"{len(names)} names arrived",
        )
    return names


def _matrix(X: Any, name: str, *, sparse: bool = False) -> Any:
    """Return a representation as finite floats (n, d), or as CSR if it may be sparse."""
    if sparse and validation.is_sparse(X):
        return sparse_rows.csr(X, name=name)
    matrix = arrays.host_native(
        validation.finite(validation.representation(X, name=name), name=name)
    )
    is_float = np.issubdtype(matrix.dtype, np.floating)
    return matrix if is_float else matrix.astype(np.float64)


def _difference(pairs: ContrastPairs) -> np.ndarray:
    """Return the positive minus the negative sides (n, d), as floats: integers would overflow."""
    wide = np.result_type(pairs.negative, pairs.positive, np.float32)
    return np.subtract(pairs.positive, pairs.negative, dtype=wide)


def _need_same_rows(representations: Mapping[str, Any]) -> None:
    lengths = {
        name: len(one) if isinstance(one, ContrastPairs) else int(one.shape[0])
        for name, one in representations.items()
    }
    if len(set(lengths.values())) > 1:
        validation.complain(
            "all representations must have the same rows",
            f"they have {', '.join(f'{n} ({name!r})' for name, n in lengths.items())}",
            "compute them for the same inputs, in the same order",
        )


def _labels_of(pairs: Mapping[str, ContrastPairs], named: Mapping[str, Any], y: Any) -> np.ndarray:
    """Return the common labels of all pairs, or complain."""
    if len(pairs) < len(named):
        other = next(name for name in named if name not in pairs)
        validation.complain(
            "either all representations must be contrast pairs, or none of them",
            f"{other!r} is not ContrastPairs",
            "audit them separately, or pass ContrastPairs for each",
        )
    if y is not None:
        validation.complain(
            "the labels of contrast pairs must be in the pairs",
            "y arrived as well",
            "pass ContrastPairs(negative, positive, y) without another y",
        )
    _need_same_rows(pairs)
    (first, one), *rest = pairs.items()
    labels = need_truth(one.y, len(one))
    for name, other in rest:
        if not np.array_equal(need_truth(other.y, len(other)), labels):
            validation.complain(
                "all pairs must have the same labels",
                f"the labels of {name!r} and {first!r} differ",
                "compute them for the same pairs, in the same order",
            )
    return labels


def _baselines(
    baselines: Mapping[str, Any] | None,
    n: int,
    representations: Mapping[str, Any],
    what: str = "baselines",
    *,
    sparse: bool = False,
) -> tuple[dict[str, np.ndarray], ByLayer]:
    """Return baselines of all representations, and those of each representation alone."""
    if baselines is not None and not is_mapping(baselines):
        validation.complain(
            f"{what} must have names",
            f"{type(baselines).__name__} arrived",
            'pass a mapping, such as {"bag of words": B}',
        )
    shared: dict[str, np.ndarray] = {}
    by_layer: ByLayer = {}
    for name, B in parameters.by_name("baseline", baselines or {}).items():
        if not is_mapping(B):
            called = f"baseline {name!r}"
            shared[name] = _need_variation(_baseline(B, called, n, sparse=sparse), called)
            continue
        layers = parameters.by_name("representation", B)
        if set(layers) != set(representations) or [*representations] == [""]:
            validation.complain(
                f"baseline {name!r} must be an array, or have one for each representation of X",
                f"it has {', '.join(map(repr, layers)) or 'none'}",
                f"X has {', '.join(map(repr, representations))}"
                if [*representations] != [""]
                else "X is one array, so pass one array",
            )
        for representation, matrix in layers.items():
            called = f"baseline {name!r} of {representation!r}"
            one = _baseline(matrix, called, n, sparse=sparse)
            # The embedding of a token that all texts share is constant, trained or not.
            if sparse_rows.varies(representations[representation]):
                _need_variation(one, called)
            by_layer.setdefault(representation, {})[name] = one
    return shared, by_layer


def _baseline(B: Any, called: str, n: int, *, sparse: bool) -> np.ndarray:
    matrix = _matrix(B, called, sparse=sparse)
    if matrix.shape[0] != n:
        validation.complain(
            f"{called} must have the {n} rows of X",
            f"it has {matrix.shape[0]}",
            "compute it for the same inputs, in the same order",
        )
    return matrix


def _need_variation(B: Any, called: str) -> Any:
    """Return a baseline (n, d'), or complain if it is constant: it would explain no reading."""
    if not sparse_rows.varies(B):
        validation.complain(
            f"{called} must have a feature that varies",
            f"all of its {B.shape[0]:,} rows are equal",
        )
    return B
